"""What clients report as lost, on the page a person looks at and in its JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.browser.visits import START, get, ingest

if TYPE_CHECKING:
    import httpx

    from sentrial.server.store import Store


def report(reason: str, quantity: int, at: str, producer: str = "p_1") -> dict[str, Any]:
    """A client report of one minute."""
    return {
        "eventType": "client_report",
        "id": f"evt_{uuid4().hex}",
        "producerId": producer,
        "sessionId": None,
        "reason": reason,
        "quantity": quantity,
        "firstAt": f"2026-11-21T{at}:00.000000Z",
        "lastAt": f"2026-11-21T{at}:30.000000Z",
    }


def send(client: httpx.Client, *events: dict[str, Any]) -> None:
    """Record reports, which belong to no session."""
    import json

    lines = "\n".join(json.dumps({k: v for k, v in event.items() if v is not None}) for event in events)
    headers = {"Content-Type": "application/x-ndjson"}
    assert client.post("/api/sdk/events/batch", content=lines, headers=headers).json()["rejected"] == []


def test_a_person_sees_what_was_lost(client: httpx.Client) -> None:
    """One line above the sessions: how many, why, when, and who says so."""
    send(client, report("spool_full", 1, "14:02"), report("spool_full", 1, "14:04"), report("rejected", 1, "14:05"))
    ingest(client, [START])

    line = get(client, "/").one("p", "lost").text

    assert "3 events were lost on the way: spool_full 2, rejected 1" in line
    assert "14:02" in line
    assert "14:05" in line
    assert "producer p_1" in line


def test_it_is_seen_before_the_first_session(client: httpx.Client) -> None:
    """Where all events were rejected there is no session, and the line matters most."""
    send(client, report("rejected", 1, "14:02"))

    page = get(client, "/")

    assert "1 event was lost on the way: rejected 1" in page.one("p", "lost").text


def test_no_loss_no_line(client: httpx.Client) -> None:
    """A project whose clients lost nothing has no such line, and an empty list in the JSON."""
    send(client, report("rejected", 0, "14:02"))
    ingest(client, [START])

    page = get(client, "/")

    assert page.all("p", "lost") == []


def test_the_json_tells_each_producer_and_reason(client: httpx.Client) -> None:
    """The same for a program: one entry a producer and reason, the newest loss first."""
    send(
        client,
        report("spool_full", 2, "14:02"),
        report("spool_full", 3, "14:00"),
        report("corrupt", 1, "14:05", producer="p_2"),
    )

    lost = client.get("/index.json", params={"project": client.headers["Sentrial-Project"]}).json()["lost"]

    assert [(row["producerId"], row["reason"], row["quantity"]) for row in lost] == [
        ("p_2", "corrupt", 1),
        ("p_1", "spool_full", 5),
    ]
    assert (lost[1]["firstAt"], lost[1]["lastAt"]) == ("2026-11-21T14:00:00.000000Z", "2026-11-21T14:02:30.000000Z")


def test_many_producers_are_not_all_named(client: httpx.Client) -> None:
    """However many clients report, the line stays one line."""
    send(client, *[report("rejected", 1, "14:02", producer=f"p_{i}") for i in range(5)])

    line = get(client, "/").one("p", "lost").text

    assert "5 events were lost" in line
    assert "and 2 more" in line


def test_a_report_that_says_it_oddly_is_still_shown(client: httpx.Client) -> None:
    """Whole numbers as floats, no times, hidden characters in the reason: what the contract lets in, the page shows."""
    event = report("a\u202eb", 1, "14:02") | {"quantity": 2.0, "firstAt": None, "lastAt": None}
    send(client, {name: value for name, value in event.items() if value is not None})

    line = get(client, "/").one("p", "lost").text

    assert "2 events were lost on the way: a\\u202eb 2" in line


@pytest.mark.parametrize("project", ["a", None])
def test_reports_of_all_projects_are_shown_where_all_sessions_are(store: Store, project: str | None) -> None:
    """Without a key and a choice, the page shows all projects' losses; with one, its own."""
    for name in ("a", "b"):
        store.ingest(name, [{"eventType": "client_report", "id": f"evt_{name}", "reason": "rejected", "quantity": 1}])

    lost = store.losses(project)

    assert {row.project for row in lost} == ({project} if project else {"a", "b"})


def test_after_a_week_nothing_is_said(store: Store, tmp_path: Any) -> None:
    """What was lost long ago is no news: the page is for what is going on."""
    from sentrial.server.store import Store as AnyStore

    now = [1_800_000_000.0]
    with AnyStore.open(tmp_path / "old.db", clock=lambda: now[0]) as old:
        old.ingest("p", [{"eventType": "client_report", "id": "evt_1", "reason": "rejected", "quantity": 1}])
        fresh = old.losses("p")
        now[0] += 8 * 24 * 3600
        stale = old.losses("p")

    assert len(fresh) == 1
    assert stale == ()
