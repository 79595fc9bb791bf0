"""The one thread that writes: callers hand it work and wait until it is on the disk.

A newcomer's mistake: to answer before the commit. What waits together is committed together, so a caller's
result counts only when the whole transaction is through; a job that fails undoes itself alone.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias, TypeVar

from sentrial.server.store.errors import StoreUnavailable

Result = TypeVar("Result")
Job: TypeAlias = Callable[[sqlite3.Connection], Result]

_GROUP = 64  # jobs in one transaction: more would make the first of them wait too long


class Writer:
    """Runs jobs on one connection, in one thread, in order."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queue: SimpleQueue[tuple[Job[Any], Future[Any]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="sentrial-store-writer", daemon=True)
        self._thread.start()

    def run(self, job: Job[Result]) -> Result:
        """Run the job in a transaction and return its result once that is committed.

        Raises:
            StoreUnavailable: the database can't be written just now, or the store is closed.
        """
        future: Future[Result] = Future()
        with self._lock:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            self._queue.put((job, future))
        try:
            return future.result()
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(f"the database can't be written: {error}") from error

    def close(self) -> None:
        """Finish what was handed in, then close the connection; again is harmless."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        going = True
        while going:
            group = [self._queue.get()]
            try:
                while len(group) < _GROUP:
                    group.append(self._queue.get_nowait())
            except Empty:
                pass
            jobs = [entry for entry in group if entry is not None]
            going = len(jobs) == len(group)
            if jobs:
                self._commit(jobs)
        self._connection.close()

    def _commit(self, jobs: list[tuple[Job[Any], Future[Any]]]) -> None:
        answers: list[Callable[[], None]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job, future in jobs:
                answers.append(self._attempt(job, future))
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for _, future in jobs:
                future.set_exception(error)
            return
        for answer in answers:
            answer()

    def _attempt(self, job: Job[Any], future: Future[Any]) -> Callable[[], None]:
        self._connection.execute("SAVEPOINT job")
        try:
            result = job(self._connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller who waits
            failure = error
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
            return lambda: future.set_exception(failure)
        self._connection.execute("RELEASE job")
        return lambda: future.set_result(result)
