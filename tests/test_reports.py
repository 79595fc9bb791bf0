"""What is lost becomes a report: when, how often, and what it must never do to the events beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sentrial._delivery import Worker
from sentrial._outcomes import Delivered, Outcome, Rejected, Unreachable
from sentrial._reports import Reports, is_report
from sentrial._ring import MEMORY_RECORDS
from sentrial._spool import Spool
from tests.journey.processes import wait_until
from tests.test_delivery import Script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

AWAY = Unreachable("nothing listens")


class Told:
    """Reports whose clocks and losses a test holds."""

    def __init__(self) -> None:
        self.totals: dict[str, int] = {}
        self.seconds = 0.0
        self.reports = Reports(
            lambda: self.totals, lambda: "p_1", clock=lambda: self.seconds, now=lambda: 1_800_000_000 + self.seconds
        )

    def due(self, **how: bool) -> list[dict[str, Any]]:
        """Look, and decode what is due."""
        self.reports.look()
        return [json.loads(payload) for payload in self.reports.due(**how)]


def test_a_report_says_what_why_and_when() -> None:
    """Each reason has a report of its own, with its quantity and the times of its first and last loss."""
    told = Told()
    told.reports.note("rejected", 2)
    told.seconds = 7
    told.reports.note("rejected", 1)
    told.totals = {"spool_full": 5}

    full, rejected = sorted(told.due(), key=lambda report: report["reason"], reverse=True)

    assert (full["reason"], full["quantity"], full["firstAt"]) == ("spool_full", 5, full["lastAt"])
    assert (rejected["reason"], rejected["quantity"], rejected["producerId"]) == ("rejected", 3, "p_1")
    assert rejected["eventType"] == "client_report"
    assert (rejected["firstAt"][-10:], rejected["lastAt"][-10:]) == ("00.000000Z", "07.000000Z")
    assert full["id"] != rejected["id"]


def test_reports_are_made_once_a_minute_at_most() -> None:
    """However often something is lost, the next report comes a minute later and tells all of it; at the end at once."""
    told = Told()
    quantities: list[int] = []
    for second in (0, 1, 59, 60, 61, 119, 121):
        told.seconds = second
        told.totals = {"corrupt": told.totals.get("corrupt", 0) + 1}
        quantities.append(sum(report["quantity"] for report in told.due()))
    told.totals = {"corrupt": 8}
    last = told.due(at_once=True)
    nothing = told.due(at_once=True)

    assert quantities == [1, 0, 0, 3, 0, 0, 3]
    assert [report["quantity"] for report in last] == [1]
    assert nothing == []


def test_what_was_told_is_not_told_again() -> None:
    """Without a new loss there is no new report, and a count that began anew is a new loss."""
    told = Told()
    told.totals = {"corrupt": 4}
    first = told.due()
    told.seconds = 1000
    again = told.due()
    told.totals = {"corrupt": 1}
    anew = told.due()

    assert [len(first), len(again), len(anew)] == [1, 0, 1]
    assert anew[0]["quantity"] == 1


def test_a_forks_child_does_not_tell_what_the_parent_lost() -> None:
    """The child begins with what the counts are, and reports what comes after."""
    told = Told()
    told.totals = {"corrupt": 4}
    told.reports.note("rejected", 3)

    told.reports.forget()
    inherited = told.due()
    told.totals = {"corrupt": 5}
    own = told.due()

    assert inherited == []
    assert [report["quantity"] for report in own] == [1]


def test_a_full_memory_is_not_made_fuller() -> None:
    """While something waits in a memory that overflowed, a report would cost an event its place: it waits too."""
    told = Told()
    told.totals = {"memory_full": 2}

    waiting = told.due(room=False, at_once=True)
    told.totals = {"memory_full": 3}
    back = told.due()

    assert waiting == []
    assert [report["quantity"] for report in back] == [3]


class Delivery:
    """A spool, its worker, its reports and a scripted sender."""

    def __init__(self, folder: Path, answer: Callable[[int, Sequence[bytes]], Outcome], care_seconds: float) -> None:
        self.spool = Spool([folder], "home")
        self.script = Script(answer)
        self.reports = Reports(self.spool.lost, lambda: "p_1")
        self.worker = Worker(
            self.spool, lambda: self.script, reports=self.reports, chance=lambda: 0.0, care_seconds=care_seconds
        )

    def sent(self) -> list[dict[str, Any]]:
        """The reports that were sent, each as often as it was."""
        return [json.loads(payload) for batch in self.script.batches for payload in batch if is_report(payload)]


@pytest.fixture
def deliver(tmp_path: Path) -> Iterator[Callable[..., Delivery]]:
    """Makes deliveries that report, and takes them down."""
    made: list[Delivery] = []

    def make(
        answer: Callable[[int, Sequence[bytes]], Outcome] = lambda *_: Delivered(), care_seconds: float = 0.01
    ) -> Delivery:
        made.append(Delivery(tmp_path / str(len(made)), answer, care_seconds))
        return made[-1]

    yield make
    for delivery in made:
        delivery.worker.stop(0)
        delivery.spool.close()


def refuse(bad: bytes) -> Callable[[int, Sequence[bytes]], Outcome]:
    """Reject each event that is `bad`, and reports where `bad` is their beginning."""
    return lambda _, payloads: Delivered(
        tuple(Rejected(i, "c", "r") for i, payload in enumerate(payloads) if payload.startswith(bad))
    )


def test_a_rejected_event_is_reported_with_the_next_delivery(deliver: Callable[..., Delivery]) -> None:
    """The report follows by itself, once, and counts neither as recorded nor as delivered."""
    delivery = deliver(refuse(b"bad"))
    for payload in (b"a", b"bad", b"b"):
        delivery.spool.append(payload)

    left = delivery.worker.flush(5)
    wait_until(delivery.sent)
    wait_until(lambda: not delivery.spool.pending())

    assert [(report["reason"], report["quantity"]) for report in delivery.sent()] == [("rejected", 1)]
    assert (left, delivery.worker.delivered, delivery.spool.rejected) == (0, 2, 1)
    assert delivery.spool.appended - delivery.reports.made == 3


def test_a_rejected_report_is_not_reported(deliver: Callable[..., Delivery]) -> None:
    """A server that knows no reports rejects them: no dead letter, no count, and no report about the report."""
    delivery = deliver(lambda number, payloads: refuse(b"bad" if number == 1 else b"{")(number, payloads))
    delivery.spool.append(b"bad")

    delivery.worker.flush(5)
    wait_until(delivery.sent)
    wait_until(lambda: not delivery.spool.pending())
    requests = len(delivery.script.batches)
    delivery.worker.stop(1)

    assert requests == len(delivery.script.batches) == 2
    assert delivery.spool.rejected == 1
    assert len((delivery.spool.home / "dead-letters.ndjson").read_text().splitlines()) == 1


def test_an_idle_worker_with_a_report_does_not_run_in_circles(deliver: Callable[..., Delivery]) -> None:
    """A report wakes nobody who then makes the next one: round after round there is one request, for one report."""
    delivery = deliver(refuse(b"bad"))
    delivery.spool.append(b"bad")

    delivery.worker.flush(5)
    ended = wait_until(lambda: len(delivery.script.batches) > 2, 0.5)

    assert not ended
    assert len(delivery.sent()) == 1


def test_closing_tells_what_is_new(deliver: Callable[..., Delivery]) -> None:
    """What is rejected within a minute of a report, by the very last delivery even, is told before `stop` returns."""
    delivery = deliver(refuse(b"bad"))
    delivery.spool.append(b"bad")
    delivery.worker.flush(5)
    wait_until(delivery.sent)
    delivery.spool.append(b"bad")
    delivery.spool.append(b"bad too")

    delivery.worker.stop(5)

    assert [(report["reason"], report["quantity"]) for report in delivery.sent()] == [("rejected", 1), ("rejected", 2)]
    assert delivery.spool.pending() == 0


def test_closing_without_a_server_leaves_the_report_to_the_next_process(
    deliver: Callable[..., Delivery], tmp_path: Path
) -> None:
    """Nobody waits for a report, and none is lost: it lies in the spool with the events."""
    delivery = deliver(lambda *_: AWAY, care_seconds=60)
    delivery.spool.append(b"a")
    delivery.worker.flush(5, one_attempt=True)
    delivery.reports.note("corrupt", 3)
    delivery.worker.stop(0.1)
    delivery.spool.close()

    later = Spool([tmp_path / "0"], "home")
    later.adopt()
    batch = later.read(10, 1 << 20)
    later.close()

    assert batch is not None
    assert [is_report(payload) for payload in batch.payloads] == [False, True]


def test_flush_does_not_wait_for_a_report(deliver: Callable[..., Delivery]) -> None:
    """Where only a report waits for a server that is away, `flush` says at once that nothing of the user's waits."""
    delivery = deliver(lambda number, payloads: AWAY if number > 1 else refuse(b"bad")(number, payloads))
    delivery.spool.append(b"bad")
    delivery.worker.flush(5)
    wait_until(delivery.sent)

    left = delivery.worker.flush(None)

    assert left == 0
    assert delivery.spool.pending() == 1


def test_an_answer_that_got_lost_makes_no_second_report(deliver: Callable[..., Delivery]) -> None:
    """A report that is sent again has the same id, so the server knows it."""
    delivery = deliver(lambda number, payloads: AWAY if number in {2, 3} else refuse(b"bad")(number, payloads))
    delivery.spool.append(b"bad")

    delivery.worker.flush(5)
    wait_until(lambda: len(delivery.script.batches) >= 4)

    assert len(delivery.sent()) == 3
    assert len({report["id"] for report in delivery.sent()}) == 1


def test_a_report_costs_no_event_its_place_in_memory(deliver: Callable[..., Delivery], tmp_path: Path) -> None:
    """Without a disk, memory overflowing and the server away, only events push events out; then it is told."""
    (tmp_path / "0").write_text("no folder can be made here")
    away = [True]
    delivery = deliver(lambda *_: AWAY if away[0] else Delivered())
    for i in range(MEMORY_RECORDS + 3):
        delivery.spool.append(b"%d" % i)

    for _ in range(5):
        delivery.worker.flush(5, one_attempt=True)
    lost = delivery.spool.lost()
    away[0] = False
    delivery.worker.flush(5)
    wait_until(delivery.sent)

    assert lost == delivery.spool.lost() == {"memory_full": 3}
    assert [(report["reason"], report["quantity"]) for report in delivery.sent()] == [("memory_full", 3)]
    assert delivery.worker.delivered == MEMORY_RECORDS
