"""What is read: pages by keyset, each on a read-only connection of a small pool.

A newcomer's mistake: OFFSET. A page begins after the last row of the page before, so it costs the same
wherever it lies, and rows that arrive meanwhile neither repeat nor vanish.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec

from sentrial.server.store.errors import StoreUnavailable
from sentrial.server.store.ingest import read_fold
from sentrial.server.store.rows import EventRow, Page, SessionRow
from sentrial.server.store.schema import open_reader

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_KEPT = 8  # idle connections; a rush opens more and closes them again


class Readers:
    """Read-only connections, lent to one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def connection(self) -> Generator[sqlite3.Connection]:
        """Lend a connection for one read.

        Raises:
            StoreUnavailable: the database can't be read just now, or the store is closed.
        """
        with self._lock:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            idle = self._idle.pop() if self._idle else None
        try:
            connection = idle or open_reader(self._path)
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(f"the database can't be opened: {error}") from error
        try:
            yield connection
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(f"the database can't be read: {error}") from error
        finally:
            with self._lock:
                keep = not self._closed and len(self._idle) < _KEPT
                if keep:
                    self._idle.append(connection)
            if not keep:
                connection.close()

    def close(self) -> None:
        """Close what is idle; what is lent closes when it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def session(connection: sqlite3.Connection, project: str, session_id: str) -> SessionRow | None:
    """Return one session, or None."""
    found = connection.execute("SELECT fold FROM session WHERE project = ? AND id = ?", (project, session_id))
    row = found.fetchone()
    return None if row is None else read_fold(row[0]).row(project, session_id)


def sessions(
    connection: sqlite3.Connection, project: str | None, filters: dict[str, str | None], limit: int, cursor: str | None
) -> Page[SessionRow]:
    """Return a page of sessions, the newest start first; `filters` holds columns of ours and wanted values."""
    where, values = ["1"], list[Any]()
    for column, wanted in {"project": project, **filters}.items():
        if wanted is not None:
            where.append(f"{column} = ?")
            values.append(wanted)
    order = ("started_us", "id") if project is not None else ("started_us", "id", "project")
    if cursor is not None:
        started, *rest = cursor.split("~")
        after: list[Any] = [int(started), *rest]
        # A cursor of the other kind of list has one part more or less; the parts both have suffice.
        width = min(len(order), len(after))
        where.append(f"({', '.join(order[:width])}) < ({', '.join('?' * width)})")
        values += after[:width]
    found = connection.execute(
        f"SELECT project, id, started_us, fold FROM session WHERE {' AND '.join(where)} "  # noqa: S608 - our own names
        f"ORDER BY {', '.join(f'{column} DESC' for column in order)} LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        rows=tuple(read_fold(row[3]).row(row[0], row[1]) for row in found[:limit]),
        next_cursor=None if last is None else "~".join([str(last[2]), last[1], *([] if project else [last[0]])]),
    )


def events(
    connection: sqlite3.Connection, project: str, session_id: str, limit: int, cursor: str | None
) -> Page[EventRow]:
    """Return a page of a session's events in their order; the cursor is the id of the last event seen."""
    after: tuple[Any, ...] | None = None
    if cursor is not None:
        after = connection.execute(
            "SELECT timestamp_us, producer, sequence, id FROM event WHERE project = ? AND id = ? AND session_id = ?",
            (project, cursor, session_id),
        ).fetchone()
        if after is None:
            return Page(rows=(), next_cursor=None)
    beyond = "" if after is None else "AND (timestamp_us, producer, sequence, id) > (?, ?, ?, ?)"
    found = connection.execute(
        "SELECT id, type, timestamp_us, received_us, body FROM event "  # noqa: S608 - our own text
        f"WHERE project = ? AND session_id = ? {beyond} ORDER BY timestamp_us, producer, sequence, id LIMIT ?",
        (project, session_id, *(after or ()), limit + 1),
    ).fetchall()
    rows = tuple(
        EventRow(project, session_id, row[0], row[1], row[2], row[3], msgspec.json.decode(row[4]))
        for row in found[:limit]
    )
    return Page(rows=rows, next_cursor=rows[-1].id if len(found) > limit else None)


def status_counts(connection: sqlite3.Connection, project: str | None) -> dict[str, int]:
    """Return how many sessions stand in each status that any has."""
    if project is None:
        return dict(connection.execute("SELECT status, count(*) FROM session GROUP BY status").fetchall())
    return dict(
        connection.execute(
            "SELECT status, count(*) FROM session WHERE project = ? GROUP BY status", (project,)
        ).fetchall()
    )


def projects(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the projects that have sessions, sorted."""
    return [row[0] for row in connection.execute("SELECT DISTINCT project FROM session ORDER BY project")]


def project_of(connection: sqlite3.Connection, session_id: str) -> str | None:
    """Return the first project that has a session of this id, or None."""
    row = connection.execute("SELECT project FROM session WHERE id = ? ORDER BY project LIMIT 1", (session_id,))
    found = row.fetchone()
    return None if found is None else found[0]
