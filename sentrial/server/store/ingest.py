"""What the writer does with events: insert the new ones, and fold exactly those into their sessions.

A newcomer's mistake: to fold what was sent. Only a row that was really inserted counts, or a retry would count
twice; a session that was deleted takes nothing, and says `duplicate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

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
_INSERT_SESSION = (
    "INSERT INTO session (project, id, status, started_us, agent, user, fold) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_UPDATE_SESSION = "UPDATE session SET status = ?, started_us = ?, agent = ?, user = ?, fold = ? WHERE number = ?"

_decoder = msgspec.json.Decoder(Fold)
_encoder = msgspec.json.Encoder()


class _Stored(NamedTuple):
    """A session as its row has it: the row's number (None: there is no row yet), the indexed columns, the fold."""

    number: int | None
    columns: tuple[Any, ...]
    fold: Fold


def ingest(connection: sqlite3.Connection, project: str, records: Sequence[Record], received_us: int) -> list[Outcome]:
    """Insert what is new and return an outcome for each record, in their order."""
    deleted = {
        session_id
        for session_id in {record.session_id for record in records}
        if connection.execute(
            "SELECT 1 FROM tombstone WHERE project = ? AND session_id = ?", (project, session_id)
        ).fetchone()
    }
    wanted = [record for record in records if record.session_id not in deleted] if deleted else records
    new = _insert(connection, project, wanted, received_us)
    _fold(connection, project, new)
    if len(new) == len(records):
        return ["accepted"] * len(records)
    accepted = {id(record) for record in new}
    return ["accepted" if id(record) in accepted else "duplicate" for record in records]


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


def _insert(
    connection: sqlite3.Connection, project: str, records: Sequence[Record], received_us: int
) -> Sequence[Record]:
    """Insert the records and return those that were new."""
    # Most batches hold nothing but new events, and one count says so; else the rows after the last one tell which.
    (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM event").fetchone()
    rows = (
        (project, record.id, record.session_id, record.type, *record.order[:3], received_us, record.encoded)
        for record in records
    )
    if connection.executemany(_INSERT, rows).rowcount == len(records):
        return records
    inserted = {event_id for (event_id,) in connection.execute("SELECT id FROM event WHERE number > ?", (last,))}
    new: dict[str, Record] = {}
    for record in records:
        if record.id in inserted:
            new.setdefault(record.id, record)  # of two with one id, the first was inserted
    return [*new.values()]


def _fold(connection: sqlite3.Connection, project: str, records: Sequence[Record]) -> None:
    stored: dict[str, _Stored] = {}
    for record in records:
        if record.session_id:
            session = stored.get(record.session_id)
            if session is None:
                session = stored[record.session_id] = _load(connection, project, record.session_id)
            session.fold.add(record)
    for session_id, session in stored.items():
        _save(connection, project, session_id, session)


def _load(connection: sqlite3.Connection, project: str, session_id: str) -> _Stored:
    found = connection.execute(
        "SELECT number, status, started_us, agent, user, fold FROM session WHERE project = ? AND id = ?",
        (project, session_id),
    )
    row = found.fetchone()
    return _Stored(None, (), Fold()) if row is None else _Stored(row[0], row[1:5], read_fold(row[5]))


def _save(connection: sqlite3.Connection, project: str, session_id: str, session: _Stored) -> None:
    row = session.fold.row(project, session_id)
    columns = (row.status, row.started_us, row.agent, row.user)
    encoded = _encoder.encode(session.fold)
    if session.number is None:
        connection.execute(_INSERT_SESSION, (project, session_id, *columns, encoded))
    elif columns == session.columns:
        # The columns stand in five indexes, and most batches change none of them.
        connection.execute("UPDATE session SET fold = ? WHERE number = ?", (encoded, session.number))
    else:
        connection.execute(_UPDATE_SESSION, (*columns, encoded, session.number))
