"""A lock that nobody waits for without an end.

A signal handler may interrupt whoever holds a lock: to record, and so to wait for a second lock, which somebody
holds who waits for the first; or to raise, right between the taking of the lock and the note of it. Whoever has
waited long enough goes on with a new lock. At worst a count is off by one then.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


class PatientLock:
    """A lock that one thread may take more than once.

    Args:
        seconds: How long anybody waits for it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.RLock()

    @contextlib.contextmanager
    def held(self) -> Generator[None]:
        """Hold it until the block ends."""
        lock = self._lock
        if not lock.acquire(timeout=self._seconds):
            lock = self._lock = threading.RLock()
            lock.acquire()
        try:
            yield
        finally:
            lock.release()
