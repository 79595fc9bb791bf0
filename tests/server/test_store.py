"""The store keeps each event once, in one order, in a file that is ours alone."""

from __future__ import annotations

import sqlite3
import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest

from sentrial.server.store import Store, StoreError, StoreUnavailable
from sentrial.server.store.schema import MIGRATIONS

if TYPE_CHECKING:
    from pathlib import Path


def step(event_id: str, **fields: Any) -> dict[str, Any]:
    """Return a step of the session `sess_1`."""
    return {"eventType": "step", "sessionId": "sess_1", "id": event_id, "name": "plan", **fields}


def test_an_event_sent_again_is_a_duplicate_and_counts_once(store: Store) -> None:
    """A retry changes nothing: the primary key is (project, id), for ever."""
    outcomes = [*store.ingest("p", [step("evt_1"), step("evt_1")]), *store.ingest("p", [step("evt_1")])]

    assert outcomes == ["accepted", "duplicate", "duplicate"]
    session = store.session("p", "sess_1")
    assert session is not None
    assert session.event_count == 1
    assert len(store.events("p", "sess_1").rows) == 1


def test_projects_do_not_see_each_other(store: Store) -> None:
    """The same ids in two projects are two sessions."""
    store.ingest("p", [step("evt_1")])
    store.ingest("q", [step("evt_1"), step("evt_2")])

    p, q = store.session("p", "sess_1"), store.session("q", "sess_1")

    assert p is not None
    assert q is not None
    assert (p.event_count, q.event_count) == (1, 2)
    assert store.session("r", "sess_1") is None
    assert store.projects() == ["p", "q"]
    assert len(store.sessions(None).rows) == 2


def test_events_come_in_their_order_whatever_arrived_first(store: Store) -> None:
    """The order is (timestamp, producer, sequence, id), never the arrival's."""
    same = "2026-11-21T14:00:00Z"
    store.ingest("p", [step("evt_z", timestamp="2026-11-21T14:00:01Z"), step("evt_c", timestamp=same, sequence=2)])
    store.ingest("p", [step("evt_d", timestamp=same, sequence=1), step("evt_b", timestamp=same, producerId="b")])
    store.ingest("p", [step("evt_a", timestamp=same), step("evt_0", timestamp="2026-11-21T15:30:00+02:00")])

    listed = [event.id for event in store.events("p", "sess_1").rows]

    assert listed == ["evt_0", "evt_a", "evt_d", "evt_c", "evt_b", "evt_z"]


def test_event_pages_meet_without_gap_or_overlap(store: Store) -> None:
    """Each page begins after the last event of the one before, even among equal timestamps."""
    ids = [f"evt_{number:02}" for number in range(25)]
    store.ingest("p", [step(event_id, timestamp="2026-11-21T14:00:00Z") for event_id in reversed(ids)])

    seen: list[str] = []
    cursor = None
    while True:
        page = store.events("p", "sess_1", limit=10, cursor=cursor)
        seen += [event.id for event in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == ids


def test_a_cursor_past_the_end_is_an_empty_page(store: Store) -> None:
    """A cursor whose event is gone gives nothing, not everything."""
    store.ingest("p", [step("evt_1")])

    page = store.events("p", "sess_1", cursor="evt_unknown")

    assert (page.rows, page.next_cursor) == ((), None)


@pytest.mark.parametrize("project", ["p", None])
def test_session_pages_run_from_the_newest_start(store: Store, project: str | None) -> None:
    """Pages of sessions meet without gap or overlap, also where starts are equal."""
    starts = {f"sess_{number:02}": f"2026-11-21T14:00:{number // 3:02}Z" for number in range(17)}
    store.ingest(
        "p",
        [
            {"eventType": "session_start", "sessionId": one, "id": f"evt_{one}", "timestamp": at}
            for one, at in starts.items()
        ],
    )

    seen: list[str] = []
    cursor = None
    while True:
        page = store.sessions(project, limit=5, cursor=cursor)
        seen += [session.id for session in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == sorted(starts, reverse=True)


def test_sessions_are_filtered_by_status_agent_and_user(store: Store) -> None:
    """Each filter keeps exactly the sessions that have the value."""
    for number, (agent, user) in enumerate([("a", "u"), ("a", "v"), ("b", "u")]):
        session_id = f"sess_{number}"
        store.ingest(
            "p",
            [
                {
                    "eventType": "session_start",
                    "sessionId": session_id,
                    "agentName": agent,
                    "metadata": {"user_id": user},
                },
                *([{"eventType": "session_end", "sessionId": session_id, "status": "failed"}] if number == 1 else []),
            ],
        )

    def found(**filters: str) -> list[str]:
        return sorted(session.id for session in store.sessions("p", **filters).rows)

    assert found(agent="a") == ["sess_0", "sess_1"]
    assert found(user="u") == ["sess_0", "sess_2"]
    assert found(status="error") == ["sess_1"]
    assert store.status_counts("p") == {"active": 2, "error": 1}
    assert store.status_counts(None) == {"active": 2, "error": 1}


def test_a_deleted_session_never_comes_back(store: Store) -> None:
    """Late events of a deleted session answer duplicate, and nothing of it is left."""
    store.ingest("p", [step("evt_1")])

    first, again = store.delete_session("p", "sess_1"), store.delete_session("p", "sess_1")
    late = store.ingest("p", [step("evt_1"), step("evt_2")])

    assert (first, again) == (True, False)
    assert late == ["duplicate", "duplicate"]
    assert store.session("p", "sess_1") is None
    assert store.events("p", "sess_1").rows == ()


def test_a_report_without_a_session_is_kept_and_makes_none(store: Store) -> None:
    """A client report stands for the client, not for a session."""
    outcomes = store.ingest("p", [{"eventType": "client_report", "id": "evt_1", "reason": "spool_full", "quantity": 2}])

    assert outcomes == ["accepted"]
    assert store.sessions("p").rows == ()


def test_what_was_accepted_is_there_after_opening_again(tmp_path: Path) -> None:
    """Events, sessions and keys are in the file, not in the process."""
    path = tmp_path / "sentrial.db"
    with Store.open(path) as store:
        store.ingest("p", [step("evt_1", eventType="error", toolError={"message": "no"})])
        key = store.create_key("p")

    with Store.open(path) as store:
        event = store.events("p", "sess_1").rows[0]
        found = store.find_key(key)

    assert event.body["toolError"] == {"type": None, "message": "no", "stack_trace": None}
    assert found is not None
    assert found.project == "p"


def test_numbers_beyond_64_bits_are_kept_exactly(store: Store) -> None:
    """JSON has no limit on integers, and neither has what is stored of a payload."""
    store.ingest("p", [step("evt_1", input=[2**63, -(2**70), 10**30])])

    assert store.events("p", "sess_1").rows[0].body["input"] == [2**63, -(2**70), 10**30]


def test_callers_in_many_threads_each_get_their_own_outcomes(store: Store) -> None:
    """What waits together is committed together, and nobody gets another's answer."""
    results: dict[int, list[str]] = {}

    def send(number: int) -> None:
        results[number] = list(store.ingest("p", [step("evt_shared"), step(f"evt_{number}")]))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(result[1] == "accepted" for result in results.values())
    assert [result[0] for result in results.values()].count("accepted") == 1
    session = store.session("p", "sess_1")
    assert session is not None
    assert session.event_count == 17


def test_a_session_that_grows_by_batches_does_not_slow_down(store: Store) -> None:
    """The totals are kept, not counted again: the work of a batch does not depend on what is there."""
    operations = [0]

    def batch(number: int) -> list[dict[str, Any]]:
        return [step(f"evt_{number}_{index}") for index in range(100)]

    def steps_of(number: int) -> int:
        events = batch(number)
        operations[0] = 0
        store.ingest("p", events)
        return operations[0]

    def count() -> None:
        operations[0] += 1

    store._writer._connection.set_progress_handler(count, 100)
    first = [steps_of(number) for number in range(3)]
    for number in range(3, 30):
        store.ingest("p", batch(number))
    last = [steps_of(number) for number in range(30, 33)]

    assert sum(last) < 2 * sum(first)


def test_a_failed_write_undoes_itself_alone(store: Store) -> None:
    """One caller's broken event reaches that caller, and the next write goes through."""
    with pytest.raises(KeyError):
        store.ingest("p", [{"sessionId": "sess_1"}])

    assert store.ingest("p", [step("evt_1")]) == ["accepted"]


def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    """Prompts are private: 0600 files in a 0700 directory."""
    folder = tmp_path / "new"

    with Store.open(folder / "sentrial.db") as store:
        store.ingest("p", [step("evt_1")])
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes
    assert set(modes.values()) == {0o600}


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    """A database copied back with lax rights is ours alone again."""
    path = tmp_path / "sentrial.db"
    Store.open(path).close()
    path.chmod(0o644)

    Store.open(path).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_store_on_the_same_file_is_refused(tmp_path: Path) -> None:
    """Two writers could corrupt the file, so the second one gets a clear sentence."""
    path = tmp_path / "sentrial.db"

    with Store.open(path), pytest.raises(StoreError, match="in use by another Sentrial server"):
        Store.open(path)

    Store.open(path).close()


@pytest.mark.parametrize("kind", ["text", "sqlite"])
def test_a_foreign_file_is_refused_and_left_as_it_was(tmp_path: Path, kind: str) -> None:
    """Nobody's notes or database are turned into ours."""
    path = tmp_path / "notes.db"
    if kind == "text":
        path.write_text("dear diary")
    else:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE diary (entry TEXT)")
        connection.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="is not a Sentrial database"):
        Store.open(path)

    assert path.read_bytes() == before


def test_a_database_of_a_newer_sentrial_is_refused(tmp_path: Path) -> None:
    """Migrations go forward only; an old program does not touch new tables."""
    path = tmp_path / "sentrial.db"
    Store.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()

    with pytest.raises(StoreError, match="newer Sentrial"):
        Store.open(path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A link that someone else laid may point anywhere."""
    target = tmp_path / "target.db"
    (tmp_path / "sentrial.db").symlink_to(target)

    with pytest.raises(StoreError, match="symbolic link"):
        Store.open(tmp_path / "sentrial.db")

    assert not target.exists()


def test_an_unwritable_place_is_one_clear_error(tmp_path: Path) -> None:
    """What the operating system says is part of the message."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="can't open the database"):
        Store.open(tmp_path / "file" / "sentrial.db")


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    """Closing is final and may be repeated; what comes after is refused, not lost in silence."""
    store = Store.open(tmp_path / "sentrial.db")
    store.close()
    store.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        store.ingest("p", [step("evt_1")])
    with pytest.raises(StoreUnavailable, match="closed"):
        store.session("p", "sess_1")


def test_a_key_is_found_by_its_whole_text_and_not_stored(tmp_path: Path) -> None:
    """The file holds a digest: whoever reads it can't use the key."""
    path = tmp_path / "sentrial.db"
    with Store.open(path) as store:
        assert not store.has_keys()
        key = store.create_key("support", scopes=("read",))
        found, wrong = store.find_key(key), store.find_key(key[:-1] + ("0" if key[-1] != "0" else "1"))
        assert store.has_keys()
        written = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    assert found is not None
    assert (found.project, found.scopes) == ("support", frozenset({"read"}))
    assert wrong is None
    assert key.rpartition("_")[2].encode() not in written


@pytest.mark.parametrize("project", ["", "a b", "x" * 129, "../etc"])
def test_a_key_needs_a_project_name_that_a_header_can_carry(store: Store, project: str) -> None:
    """The name must fit the contract's Sentrial-Project header."""
    with pytest.raises(ValueError, match="project"):
        store.create_key(project)
