"""What the writer does with events: insert the new ones, and fold exactly those into their sessions.

A newcomer's mistake: to fold what was sent. Only a row that was really inserted counts, or a retry would count
twice; a session that was deleted takes nothing, and says `duplicate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from sentrial.server.store.fold import Fold

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from sentrial.server.store.record import Record

Outcome: TypeAlias = Literal["accepted", "duplicate"]

_INSERT = """
    INSERT INTO event (project, id, session_id, type, timestamp_us, producer, sequence, received_us, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING
"""
_UPSERT_SESSION = """
    INSERT INTO session (project, id, status, started_us, agent, user, fold) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (project, id) DO UPDATE SET
        status = excluded.status, started_us = excluded.started_us, agent = excluded.agent,
        user = excluded.user, fold = excluded.fold
"""

_decoder = msgspec.json.Decoder(Fold)
_encoder = msgspec.json.Encoder()


def ingest(connection: sqlite3.Connection, project: str, records: Sequence[Record], received_us: int) -> list[Outcome]:
    """Insert what is new and return an outcome for each record, in their order."""
    deleted = {
        session_id
        for session_id in {record.session_id for record in records}
        if connection.execute(
            "SELECT 1 FROM tombstone WHERE project = ? AND session_id = ?", (project, session_id)
        ).fetchone()
    }
    outcomes: list[Outcome] = []
    folds: dict[str, Fold] = {}
    for record in records:
        if record.session_id in deleted or not _insert(connection, project, record, received_us):
            outcomes.append("duplicate")
            continue
        outcomes.append("accepted")
        if record.session_id:
            if record.session_id not in folds:
                folds[record.session_id] = _load(connection, project, record.session_id)
            folds[record.session_id].add(record)
    for session_id, fold in folds.items():
        _save(connection, project, session_id, fold)
    return outcomes


def delete_session(connection: sqlite3.Connection, project: str, session_id: str) -> bool:
    """Delete the session with its events, and leave a tombstone; False where there is none."""
    found = connection.execute("DELETE FROM session WHERE project = ? AND id = ?", (project, session_id)).rowcount
    if found:
        connection.execute("DELETE FROM event WHERE project = ? AND session_id = ?", (project, session_id))
        connection.execute("INSERT INTO tombstone VALUES (?, ?) ON CONFLICT DO NOTHING", (project, session_id))
    return bool(found)


def read_fold(encoded: bytes) -> Fold:
    """Return the fold as its session's row keeps it."""
    return _decoder.decode(encoded)


def _insert(connection: sqlite3.Connection, project: str, record: Record, received_us: int) -> bool:
    timestamp_us, producer, sequence, event_id = record.order
    row = (project, event_id, record.session_id, record.type, timestamp_us, producer, sequence, received_us)
    return connection.execute(_INSERT, (*row, record.encoded)).rowcount == 1


def _load(connection: sqlite3.Connection, project: str, session_id: str) -> Fold:
    found = connection.execute("SELECT fold FROM session WHERE project = ? AND id = ?", (project, session_id))
    row = found.fetchone()
    return Fold() if row is None else read_fold(row[0])


def _save(connection: sqlite3.Connection, project: str, session_id: str, fold: Fold) -> None:
    row = fold.row(project, session_id)
    connection.execute(
        _UPSERT_SESSION,
        (project, session_id, row.status, row.started_us, row.agent, row.user, _encoder.encode(fold)),
    )
