"""The batteries can fail: what is lost, doubled or made up in a database is seen by the audit that judges them."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from sentrial import SentrialClient
from sentrial.server.serve import EmbeddedServer
from tests.journey.battery import audit, leftovers
from tests.journey.tracking import Tracker

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = "project, session_id, type, timestamp_us, producer, sequence, received_us, body"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A closed database that has all that a ledger beside it says."""
    with (
        EmbeddedServer(tmp_path / "server.db") as server,
        SentrialClient(api_url=server.url, spool_dir=tmp_path / "spool") as client,
    ):
        tracker = Tracker(client, str(tmp_path / "ledger"), "s")
        tracker.track(12)
        tracker.end()
        client.flush(10)
    return tmp_path / "server.db"


def change(database: Path, statement: str) -> None:
    """Do something to a database that no server would."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        assert connection.execute(statement).rowcount == 1


def test_what_is_whole_has_no_faults(database: Path) -> None:
    """All thirteen calls are there, once, and nothing lies in the spool."""
    report = audit(database.with_name("ledger"), database)

    assert (report.faults, report.tracked, report.unfinished) == ({}, 13, 0)
    assert leftovers(database.with_name("spool")) == []


@pytest.mark.parametrize(
    ("statement", "faults"),
    [
        ("DELETE FROM event WHERE type = 'session_end'", {"1 lost": ["('s', 12)"]}),
        ("DELETE FROM event WHERE sequence = 4", {"1 lost": ["('s', 4)"]}),
        ("DELETE FROM event WHERE sequence = 7", {"1 lost": ["('s', 7)"], "1 doubled": ["s counts 9"]}),
        ("UPDATE event SET id = 'another' WHERE sequence = 7", {"1 lost": ["('s', 7)"]}),
        (
            f"INSERT INTO event (id, {COLUMNS}) SELECT 'another', {COLUMNS} FROM event WHERE sequence = 7",
            {"2 doubled": ["('s', 7) 2 times", "s counts 9"]},
        ),
        (
            "UPDATE session SET fold = json_set(CAST(fold AS TEXT), '$.event_count', 10)",
            {"1 doubled": ["s counts 10"]},
        ),
    ],
    ids=["lost end", "lost update", "lost call", "another id", "twice under two ids", "counted twice"],
)
def test_a_fault_in_a_database_is_seen(database: Path, statement: str, faults: dict[str, list[str]]) -> None:
    """Whatever is missing, there twice, or counted wrong stands in the report by its session and number."""
    change(database, statement)

    report = audit(database.with_name("ledger"), database)

    assert report.faults == faults


def test_one_call_that_was_not_over_is_no_fault_and_two_are(database: Path) -> None:
    """A killed thread may have one event more than it noted; a second one must have come from nowhere."""
    ledger = database.with_name("ledger")
    lines = [line for line in ledger.read_text().splitlines(keepends=True) if line.strip()]
    reports = []
    for missing in (1, 2):
        ledger.write_text("".join(lines[:-missing]))
        reports.append(audit(ledger, database))

    assert [(report.faults, report.unfinished) for report in reports] == [({}, 1), ({"1 strange": ["2 of s"]}, 0)]


def test_a_note_that_was_cut_short_is_no_note(database: Path) -> None:
    """A child killed while it wrote leaves half a line, which neither counts nor spoils the next child's."""
    ledger = database.with_name("ledger")
    notes = ledger.read_text().split("\n\n")
    ledger.write_text("\n".join([notes[0][:-9], *notes[1:]]))

    report = audit(ledger, database)

    assert (report.faults, report.tracked, report.unfinished) == ({}, 12, 1)


def test_what_a_spool_still_holds_is_seen(tmp_path: Path) -> None:
    """Segments, folders of dead processes, half-made ones and dead letters all count as left over."""
    home = tmp_path / "destination"
    for name in ("machine-1/00000001.seg", ".new-machine-2/lock", "dead-letters.ndjson", "destination.json"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")

    found = leftovers(tmp_path)

    assert found == ["destination/.new-machine-2", "destination/dead-letters.ndjson", "destination/machine-1"]
