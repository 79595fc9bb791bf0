"""The worker with a scripted sender: what each outcome does to events, waiting, logs and `flush`."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentrial import _delivery
from sentrial._backoff import backoff
from sentrial._delivery import Worker
from sentrial._outcomes import Blocked, Delivered, Outcome, Refused, Rejected, Unreachable
from sentrial._reports import Reports
from sentrial._spool import Spool
from tests.journey.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

AWAY = Unreachable("nothing listens")


class Script:
    """A sender that answers as it is told, and keeps what it was sent."""

    def __init__(self, answer: Callable[[int, Sequence[bytes]], Outcome] = lambda *_: Delivered()) -> None:
        self.answer = answer
        self.batches: list[tuple[bytes, ...]] = []
        self.closed = threading.Event()

    def send(self, payloads: Sequence[bytes]) -> Outcome:
        """Answer the next batch."""
        self.batches.append(tuple(payloads))
        return self.answer(len(self.batches), payloads)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed.set()


class Delivery:
    """A spool, a worker and its sender, put together for one test."""

    def __init__(self, folder: Path, script: Script, max_retries: int = 3) -> None:
        self.spool = Spool([folder], "home")
        self.script = script
        # The least chance makes each back-off as short as it can be.
        self.worker = Worker(self.spool, lambda: script, max_retries=max_retries, chance=lambda: 0.0)

    def put(self, *payloads: bytes) -> None:
        """Append without a word to the worker."""
        for payload in payloads:
            self.spool.append(payload)


@pytest.fixture
def deliver(tmp_path: Path) -> Iterator[Callable[..., Delivery]]:
    """Makes deliveries, and takes them down."""
    made: list[Delivery] = []

    def make(answer: Callable[[int, Sequence[bytes]], Outcome] = lambda *_: Delivered(), retries: int = 3) -> Delivery:
        made.append(Delivery(tmp_path / str(len(made)), Script(answer), retries))
        return made[-1]

    yield make
    for delivery in made:
        delivery.worker.stop(0)
        delivery.spool.close()


def test_everything_is_sent_once_and_in_order(deliver: Callable[..., Delivery]) -> None:
    """The worker empties the spool in batches, in the order of the appends."""
    delivery = deliver()
    payloads = [b"%d" % i for i in range(2500)]
    delivery.put(*payloads)

    left = delivery.worker.flush(5)

    assert left == 0
    assert [p for batch in delivery.script.batches for p in batch] == payloads
    assert max(map(len, delivery.script.batches)) == _delivery.BATCH_RECORDS
    assert delivery.worker.delivered == 2500


def test_a_new_event_wakes_an_idle_worker(deliver: Callable[..., Delivery]) -> None:
    """What is appended while the worker idles is sent at once."""
    delivery = deliver()
    delivery.put(b"a")
    delivery.worker.flush(5)

    delivery.put(b"b")
    delivery.worker.notice()
    sent = wait_until(lambda: delivery.script.batches[-1] == (b"b",), 2)

    assert sent


def test_a_stream_of_events_makes_few_requests(deliver: Callable[..., Delivery]) -> None:
    """A worker that was woken gathers for a moment: events that follow each other closely share a request."""
    delivery = deliver()
    begun = time.monotonic()

    for number in range(150):
        delivery.put(b"%d" % number)
        delivery.worker.notice()
        time.sleep(0.001)
    took = time.monotonic() - begun
    delivery.worker.flush(5)

    assert sum(map(len, delivery.script.batches)) == 150
    assert len(delivery.script.batches) <= took / _delivery.GATHER_SECONDS + 3


def test_a_full_batch_is_not_waited_for(deliver: Callable[..., Delivery]) -> None:
    """Where a batch's worth of events waits, it goes at once, and so does the next: a backlog is not paced."""
    delivery = deliver()
    delivery.put(*[b"%d" % i for i in range(20_000)])
    begun = time.monotonic()

    delivery.worker.notice()
    sent = wait_until(lambda: len(delivery.script.batches) == 20, 5)
    took = time.monotonic() - begun

    assert sent
    assert took < 20 * _delivery.GATHER_SECONDS


def test_flush_does_not_wait_while_the_worker_gathers(deliver: Callable[..., Delivery]) -> None:
    """Gathering is for streams: who asks for a flush gets it now."""
    delivery = deliver()
    begun = time.monotonic()

    for _ in range(20):
        delivery.put(b"a")
        delivery.worker.flush(5)
    took = time.monotonic() - begun

    assert took < 10 * _delivery.GATHER_SECONDS


def test_the_size_of_the_spool_is_looked_after_while_backing_off(tmp_path: Path) -> None:
    """A server that asks to be left alone for an hour does not let the spool grow beyond its size meanwhile."""
    script = Script(lambda *_: Unreachable("busy", 3600))
    spool = Spool([tmp_path], "home")
    worker = Worker(spool, lambda: script, max_spool_bytes=6 << 20, care_seconds=0.02)
    spool.append(b"a")
    worker.notice()
    wait_until(lambda: script.batches)

    for _ in range(9):
        spool.append(b"x" * (1 << 20))
    dropped = wait_until(lambda: spool.lost().get("spool_full"), 5)
    requests = len(script.batches)
    worker.stop(0)
    spool.close()

    assert dropped
    assert requests == 1


def test_a_new_event_does_not_wake_a_worker_that_backs_off(tmp_path: Path) -> None:
    """A busy host does not hammer a dead server: only `flush` and `close` cut a back-off short."""
    script = Script(lambda *_: Unreachable("busy", 30))
    spool = Spool([tmp_path], "home")
    worker = Worker(spool, lambda: script)
    spool.append(b"a")
    worker.notice()
    wait_until(lambda: len(script.batches) == 1)

    for _ in range(20):
        spool.append(b"b")
        worker.notice()
        time.sleep(0.005)
    before = len(script.batches)
    worker.flush(2, one_attempt=True)
    after = len(script.batches)
    worker.stop(0)
    spool.close()

    assert (before, after) == (1, 2)


def test_what_the_server_rejects_is_buried_and_the_rest_is_done(deliver: Callable[..., Delivery]) -> None:
    """Rejected events go to the dead letters with their reason; the others are delivered, and counted apart."""
    delivery = deliver(lambda *_: Delivered((Rejected(1, "validation_failed", "no name"),)))
    delivery.put(b"a", b"b", b"c")

    left = delivery.worker.flush(5)

    letters = (delivery.spool.home / "dead-letters.ndjson").read_text()
    assert (left, delivery.worker.delivered, delivery.spool.rejected) == (0, 2, 1)
    assert '"event": "b"' in letters
    assert "no name" in letters


@pytest.mark.parametrize("place", [0, 1, 250, 498, 499])
def test_one_poison_event_among_500_is_found_in_few_requests(deliver: Callable[..., Delivery], place: int) -> None:
    """A batch refused as a whole is halved until the one event is found; it alone is buried, nothing is sent thrice."""
    delivery = deliver(lambda _, payloads: Refused("bad") if b"poison" in payloads else Delivered())
    payloads = [b"%d" % i for i in range(500)]
    payloads[place] = b"poison"
    delivery.put(*payloads)

    left = delivery.worker.flush(5)

    letters = (delivery.spool.home / "dead-letters.ndjson").read_text().splitlines()
    assert (left, delivery.spool.rejected, delivery.worker.delivered) == (0, 1, 499)
    assert len(delivery.script.batches) <= 1 + 18
    assert len(letters) == 1
    assert "poison" in letters[0]


def test_rejections_within_a_halved_batch_are_the_right_ones(deliver: Callable[..., Delivery]) -> None:
    """An event rejected inside a half is buried as itself, not as its neighbour at the same place of the batch."""

    def answer(_: int, payloads: Sequence[bytes]) -> Outcome:
        if b"poison" in payloads:
            return Refused("bad")
        return Delivered(tuple(Rejected(i, "c", "r") for i, p in enumerate(payloads) if p == b"wrong"))

    delivery = deliver(answer)
    delivery.put(b"a", b"poison", b"b", b"c", b"wrong", b"d", b"e")

    left = delivery.worker.flush(5)

    letters = (delivery.spool.home / "dead-letters.ndjson").read_text().splitlines()
    assert left == 0
    assert [("poison" in line, "wrong" in line) for line in letters] == [(True, False), (False, True)]


def test_a_server_that_takes_nothing_buries_nothing(deliver: Callable[..., Delivery]) -> None:
    """Where every event is refused it is the server that is wrong: all are kept."""
    delivery = deliver(lambda *_: Refused("not here"))
    delivery.put(*[b"%d" % i for i in range(7)])

    left = delivery.worker.flush(5, one_attempt=True)

    assert (left, delivery.spool.rejected, delivery.worker.delivered) == (7, 0, 0)
    assert not (delivery.spool.home / "dead-letters.ndjson").exists()


@pytest.mark.parametrize("outcome", [AWAY, Blocked("a wrong key")])
def test_trouble_in_the_middle_of_halving_loses_nothing(deliver: Callable[..., Delivery], outcome: Outcome) -> None:
    """When the server goes away while a poison event is searched, all is kept and the search begins anew."""

    def answer(number: int, payloads: Sequence[bytes]) -> Outcome:
        if number == 3:
            return outcome
        return Refused("bad") if b"poison" in payloads else Delivered()

    delivery = deliver(answer)
    delivery.put(b"a", b"b", b"poison", b"c")

    kept = delivery.worker.flush(5, one_attempt=True)
    left = delivery.worker.flush(5)

    assert (kept, left) == (4, 0)
    assert (delivery.spool.rejected, delivery.worker.delivered) == (1, 3)


@pytest.mark.parametrize("outcome", [Blocked("HTTP 401"), AWAY, Unreachable("busy", 0.01)])
def test_no_trouble_costs_an_event(deliver: Callable[..., Delivery], outcome: Outcome) -> None:
    """However often it fails, and whatever `max_retries` says, nothing is given up; then all is delivered."""
    delivery = deliver(lambda number, _: outcome if number <= 6 else Delivered(), retries=0)
    delivery.put(*[b"%d" % i for i in range(30)])

    for _ in range(6):
        delivery.worker.flush(2, one_attempt=True)
    left = delivery.worker.flush(5)

    assert (left, delivery.worker.delivered, delivery.spool.rejected) == (0, 30, 0)


def test_after_a_failure_a_small_probe_goes_first(deliver: Callable[..., Delivery]) -> None:
    """A server that comes back is asked with a few events before it gets a whole batch."""
    delivery = deliver(lambda number, _: AWAY if number == 1 else Delivered())
    delivery.put(*[b"%d" % i for i in range(100)])

    delivery.worker.flush(5)

    assert [len(batch) for batch in delivery.script.batches] == [100, 10, 90]


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_backoff_stays_within_its_edges(attempt: int, chance: float) -> None:
    """However many attempts failed, the wait is never negative and never beyond the limit."""
    wait = backoff(attempt, chance, longest=30)

    assert 0 <= wait <= 30
    assert backoff(1, 1, longest=30) == 0.1
    assert backoff(2, 1, longest=30) == 0.2
    assert backoff(10, 1, longest=30) == 30
    assert backoff(attempt, 0, longest=30) == 0


def test_what_the_server_asks_for_is_honoured_within_a_limit(tmp_path: Path) -> None:
    """Retry-After is waited for at least, an hour at most; a blocked client probes every 5 s up to 5 min."""
    spool = Spool([tmp_path], "home")
    worker = Worker(spool, Script, chance=lambda: 1.0)

    asked = worker._retry("busy", 7)
    absurd = worker._retry("busy", 1e12)
    negative = worker._retry("busy", -5)
    blocked = Worker(spool, Script, chance=lambda: 1.0)
    waits = [blocked._hold("wrong key") for _ in range(40)]

    assert 7 <= asked <= 7.1
    assert 3600 <= absurd <= 3631
    assert 0 < negative <= 30
    assert (waits[0], waits[-1]) == (5, 300)


def test_flush_waits_only_for_what_was_recorded_before_it(deliver: Callable[..., Delivery]) -> None:
    """Beside a thread that records without end, flush returns as soon as what came before it is sent."""
    done = threading.Event()

    def record() -> None:
        while not done.is_set():
            delivery.put(*[b"later"] * 20)

    def slowly(*_: object) -> Outcome:
        # Sending takes longer than recording: there is never nothing left.
        done.wait(0.02)
        return Delivered()

    delivery = deliver(slowly)
    delivery.put(b"before")
    recorder = threading.Thread(target=record)
    recorder.start()
    begun = time.monotonic()
    left = delivery.worker.flush(10)
    took = time.monotonic() - begun
    done.set()
    recorder.join()

    assert took < 5
    assert left == 0
    assert delivery.spool.pending() > 0


def test_flush_waits_for_a_worker_that_is_just_being_started(deliver: Callable[..., Delivery]) -> None:
    """Another thread's first event may be starting the worker at this moment: that is no reason to give up."""
    delivery = deliver()
    delivery.put(b"a")
    # As another thread leaves it that has been interrupted right before it starts the worker.
    delivery.worker._started_at = time.monotonic()

    starter = threading.Timer(0.2, threading.Thread(target=delivery.worker._run, daemon=True).start)
    starter.start()
    left = delivery.worker.flush(5)
    starter.join()

    assert left == 0


def test_an_interrupted_start_is_made_up_for(deliver: Callable[..., Delivery]) -> None:
    """A signal handler that raised in the middle of starting the worker costs a second, and no event."""
    delivery = deliver()
    delivery.put(b"a")
    delivery.worker._started_at = time.monotonic()

    left = delivery.worker.flush(5)

    assert left == 0


def test_many_first_events_at_once_start_one_worker(deliver: Callable[..., Delivery]) -> None:
    """Threads that all record their first event at this moment get one worker between them."""
    names: list[str] = []

    def answer(*_: object) -> Outcome:
        names.append(str(threading.get_ident()))
        return Delivered()

    delivery = deliver(answer)
    barrier = threading.Barrier(16)

    def record() -> None:
        barrier.wait()
        delivery.put(b"a")
        delivery.worker.notice()

    threads = [threading.Thread(target=record) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(5):
        delivery.put(b"b")
        delivery.worker.flush(5)
    working = [thread for thread in threading.enumerate() if thread.name == "sentrial-delivery"]

    assert len(set(names)) == 1
    assert wait_until(lambda: sum(thread.is_alive() for thread in working) == 1, 2)


def test_flush_says_what_is_left_when_time_is_up(deliver: Callable[..., Delivery]) -> None:
    """`flush(timeout)` returns in time, with the true number of events that still wait."""
    delivery = deliver(lambda *_: AWAY)
    delivery.put(b"a", b"b", b"c")
    begun = time.monotonic()

    left = delivery.worker.flush(0.2)
    took = time.monotonic() - begun
    at_once = delivery.worker.flush(0)

    assert (left, at_once) == (3, 3)
    assert 0.15 < took < 1


def test_flush_with_one_attempt_ends_after_a_failure(deliver: Callable[..., Delivery]) -> None:
    """Before a read one failed attempt is enough, also where the worker was backing off."""
    delivery = deliver(lambda *_: Unreachable("busy", 60))
    delivery.put(b"a")
    begun = time.monotonic()

    left = delivery.worker.flush(10, one_attempt=True), delivery.worker.flush(10, one_attempt=True)
    took = time.monotonic() - begun

    assert left == (1, 1)
    assert took < 1
    assert len(delivery.script.batches) == 2


def test_flush_counts_what_dead_processes_left(tmp_path: Path) -> None:
    """A worker that has just started looks for orphaned folders before it says that all is there."""
    orphan = Spool([tmp_path], "home")
    orphan.append(b"left behind")
    orphan.close()
    spool, script = Spool([tmp_path], "home"), Script(lambda number, _: AWAY if number == 1 else Delivered())
    worker = Worker(spool, lambda: script)

    waiting = worker.flush(5, one_attempt=True)
    left = worker.flush(5)
    worker.stop(0)
    spool.close()

    assert (waiting, left) == (1, 0)
    assert script.batches == [(b"left behind",)] * 2


def test_stop_ends_the_thread_and_closes_the_sender(deliver: Callable[..., Delivery]) -> None:
    """After `stop` there is no thread, the sender is closed, and a new event starts a new one."""
    delivery = deliver()
    delivery.put(b"a")
    delivery.worker.flush(5)
    threads = {thread.name for thread in threading.enumerate()}

    delivery.worker.stop(2)
    ended = {thread.name for thread in threading.enumerate()}
    closed = delivery.script.closed.is_set()
    delivery.put(b"b")
    left = delivery.worker.flush(5)

    assert "sentrial-delivery" in threads
    assert "sentrial-delivery" not in ended
    assert (closed, left) == (True, 0)


def test_stop_waits_no_longer_than_told(deliver: Callable[..., Delivery]) -> None:
    """A sender that hangs holds `stop` up for its time-out and a moment, and what it had stays."""
    released = threading.Event()

    def hang(*_: object) -> Outcome:
        released.wait(10)
        return AWAY

    delivery = deliver(hang)
    delivery.put(b"a")
    delivery.worker.notice()
    wait_until(lambda: delivery.script.batches)
    begun = time.monotonic()

    delivery.worker.stop(0.3)
    took = time.monotonic() - begun
    released.set()

    assert took < 1
    assert delivery.spool.pending() == 1


def test_the_same_trouble_is_logged_once_a_minute(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Trouble is said once, held back for a minute, and said again; another trouble waits for its minute too."""
    now = [1000.0]
    worker = Worker(Spool([tmp_path], "home"), Script, max_retries=1, clock=lambda: now[0], chance=lambda: 0.0)

    said: list[int] = []
    for step in (0, 1, 58, 0, 2, 59, 60):
        now[0] += step
        worker._retry("away", None)
        said.append(len(caplog.records))
    worker._hold("wrong key")
    held_back = len(caplog.records)
    now[0] += 60
    worker._hold("wrong key")

    assert said == [0, 1, 1, 1, 2, 2, 3]
    assert held_back == 3
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3 + [logging.ERROR]
    assert all(record.name == "sentrial" for record in caplog.records)


def test_no_payload_comes_into_a_log_line(deliver: Callable[..., Delivery], caplog: pytest.LogCaptureFixture) -> None:
    """Whatever happens to an event, what is in it is in no log line."""
    caplog.set_level(logging.DEBUG)
    for outcome in (Delivered((Rejected(0, "c", "r"),)), Refused("bad"), Blocked("key"), AWAY):
        delivery = deliver(lambda *_, outcome=outcome: outcome, retries=0)
        delivery.put(b"the payload")
        delivery.worker.flush(1, one_attempt=True)

    assert caplog.records
    assert "the payload" not in caplog.text


def test_a_sender_that_breaks_its_promise_stops_delivery_and_nothing_else(
    deliver: Callable[..., Delivery], caplog: pytest.LogCaptureFixture
) -> None:
    """Should a sender raise after all, the host goes on, the events stay, and `flush` does not wait for ever."""

    def fail(*_: object) -> Outcome:
        raise RuntimeError("never raises, it said")

    delivery = deliver(fail)
    delivery.put(b"a")

    left = delivery.worker.flush(5)

    assert left == 1
    assert "delivery stopped" in caplog.text


def test_flush_looks_for_what_a_sibling_left_just_now(tmp_path: Path) -> None:
    """A process that died a moment ago, long before the next regular look: its events are delivered too."""
    script = Script()
    spool = Spool([tmp_path], "home")
    worker = Worker(spool, lambda: script, care_seconds=3600)
    spool.append(b"own")
    worker.flush(5)
    sibling = Spool([tmp_path], "home")
    sibling.append(b"left behind")
    sibling.close()

    left = worker.flush(5)
    worker.stop(0)
    spool.close()

    assert left == 0
    assert [p for batch in script.batches for p in batch] == [b"own", b"left behind"]


def test_a_worker_that_outlives_its_stop_leaves_nothing_locked(tmp_path: Path) -> None:
    """It ends after the spool was closed, and still reports a loss: the next process can take that over."""
    answered = threading.Event()

    def late(*_: object) -> Outcome:
        answered.wait(10)
        return Delivered()

    lost = 0
    spool = Spool([tmp_path], "home")
    worker = Worker(spool, lambda: Script(late), reports=Reports(lambda: {"too_large": lost}, lambda: "p_1"))
    worker.flush(0.1)
    spool.append(b"a")
    worker.flush(0.1)
    thread = worker._thread
    assert thread is not None
    lost = 1
    worker.stop(0)
    spool.close()

    answered.set()
    thread.join(10)
    following = Spool([tmp_path], "home")
    following.adopt()
    seen: list[bytes] = []
    while (batch := following.read(10, 1 << 20)) is not None:
        seen += batch.payloads
        following.ack(batch, len(batch.payloads))
    following.close()

    assert any(b"client_report" in payload for payload in seen)
