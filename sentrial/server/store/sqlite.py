"""The store in one SQLite file: what the server asks for, put together from the writer and the readers.

A newcomer's mistake: to open the file a second time for writing. One thread does all writes and checkpoints
(SQLite before 3.51.3 can corrupt a WAL otherwise), and a lock beside the file keeps other processes out.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sentrial.server.store import ingest, keys, reads, reports
from sentrial.server.store.errors import StoreError
from sentrial.server.store.ingest import Outcome
from sentrial.server.store.keys import ALL_SCOPES, Key, Scope
from sentrial.server.store.lock import DatabaseLock
from sentrial.server.store.reads import Readers
from sentrial.server.store.record import make_record
from sentrial.server.store.schema import open_writer, prepare_file
from sentrial.server.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from sentrial.server.store.record import Record
    from sentrial.server.store.reports import LossRow
    from sentrial.server.store.rows import EventRow, Page, SessionRow

__all__ = ["Outcome", "Store"]

_WEEK_US = 7 * 24 * 3600 * 1_000_000


class Store:
    """Sessions, events and keys in one file. Every method may be called from any thread, and waits."""

    def __init__(self, path: Path, lock: DatabaseLock, writer: Writer, clock: Callable[[], float]) -> None:
        self.path = path
        self._lock = lock
        self._writer = writer
        self._readers = Readers(path)
        self._clock = clock

    @classmethod
    def open(cls, path: Path | str, *, clock: Callable[[], float] = time.time) -> Self:
        """Open the database, or make it; `clock` gives seconds since 1970.

        Raises:
            StoreError: the file is not ours, is newer than this program, is in use, or can't be opened or made.
        """
        path = Path(path)
        existed = path.exists()
        if existed and not path.is_file():  # nothing may be tried on a device: not even its mode is ours to set
            raise StoreError(f"{path} is no regular file: choose another with --db")
        lock = DatabaseLock(path)
        try:
            prepare_file(path)
            lock.acquire()
            return cls(path, lock, Writer(open_writer(path)), clock)
        except StoreError:
            lock.release()
            raise
        except (OSError, sqlite3.Error) as error:
            lock.release()
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            problem = f"{reason}" if existed else f"it can't be made there ({reason})"
            raise StoreError(f"can't open the database {path}: {problem}; choose another with --db") from error

    def close(self) -> None:
        """Finish what is being written and free the file; again is harmless."""
        self._readers.close()
        self._writer.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ingest(self, project: str, events: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Store events that the contract has checked, durably, and say of each whether it was new."""
        now_us = self.now_us()
        return self.write(project, [make_record(event, now_us) for event in events], now_us)

    def write(self, project: str, records: Sequence[Record], received_us: int) -> list[Outcome]:
        """Store records, durably, and say of each whether it was new."""
        return self._writer.run(lambda connection: ingest.ingest(connection, project, records, received_us))

    def delete_session(self, project: str, session_id: str) -> bool:
        """Delete a session for good; False where there is none. Its late events will answer `duplicate`."""
        return self._writer.run(lambda connection: ingest.delete_session(connection, project, session_id))

    def session(self, project: str, session_id: str) -> SessionRow | None:
        """Return a session as its events tell it, or None."""
        with self._readers.connection() as connection:
            return reads.session(connection, project, session_id)

    def sessions(
        self,
        project: str | None,
        *,
        status: str | None = None,
        agent: str | None = None,
        user: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[SessionRow]:
        """Return a page of sessions, the newest start first; project None is all of them (keyless pages only)."""
        filters = {"status": status, "agent": agent, "user": user}
        with self._readers.connection() as connection:
            return reads.sessions(connection, project, filters, limit, cursor)

    def events(self, project: str, session_id: str, *, limit: int = 200, cursor: str | None = None) -> Page[EventRow]:
        """Return a page of a session's events by (timestamp, producer, sequence, id)."""
        with self._readers.connection() as connection:
            return reads.events(connection, project, session_id, limit, cursor)

    def status_counts(self, project: str | None) -> dict[str, int]:
        """Return how many sessions stand in each status that any has."""
        with self._readers.connection() as connection:
            return reads.status_counts(connection, project)

    def losses(self, project: str | None) -> tuple[LossRow, ...]:
        """Return what clients reported as lost in the last week; project None is all of them (keyless pages only)."""
        with self._readers.connection() as connection:
            return reports.losses(connection, project, self.now_us() - _WEEK_US)

    def projects(self) -> list[str]:
        """Return the names of the projects that have sessions, sorted."""
        with self._readers.connection() as connection:
            return reads.projects(connection)

    def project_of(self, session_id: str) -> str | None:
        """Return a project that has this session (keyless servers only: elsewhere the key decides)."""
        with self._readers.connection() as connection:
            return reads.project_of(connection, session_id)

    def create_key(self, project: str, *, scopes: Iterable[Scope] = ALL_SCOPES) -> str:
        """Make a key of the project and return its text, `snt_<id>_<secret>`, this once.

        Raises:
            ValueError: the project's name or a scope is not one.
        """
        scopes = tuple(scopes)
        if keys.PROJECT_NAME.fullmatch(project) is None:
            raise ValueError(f"a project's name is 1 to 128 letters, digits, '_', '.' or '-', not {project[:200]!r}")
        if unknown := set(scopes) - set(ALL_SCOPES):
            raise ValueError(f"no such scope: {', '.join(sorted(unknown))}")
        now_us = self.now_us()
        return self._writer.run(lambda connection: keys.create_key(connection, project, scopes, now_us))

    def find_key(self, text: str) -> Key | None:
        """Return what a key opens, or None where it is unknown."""
        with self._readers.connection() as connection:
            return keys.find_key(connection, text)

    def has_keys(self) -> bool:
        """Say whether any key exists: from the first one on, every request needs one."""
        with self._readers.connection() as connection:
            return connection.execute("SELECT 1 FROM key LIMIT 1").fetchone() is not None

    def now_us(self) -> int:
        """Return the time by the store's clock, in microseconds since 1970."""
        return int(self._clock() * 1_000_000)
