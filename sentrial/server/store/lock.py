"""The lock beside the database: one server, or one command that writes, at a time.

A newcomer's mistake: to lock the database file itself. Closing any descriptor of a file drops the locks SQLite
holds on it, so the lock is a file of its own.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from sentrial.server.store.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform != "win32":
    import fcntl


class DatabaseInUse(StoreError):  # noqa: N818 - a state of the database, not a fault of it
    """Another server, or another command that writes, holds the database."""


class DatabaseLock:
    """An flock that ends with the process, however it ends."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}.lock")
        self._descriptor: int | None = None
        self._database = database

    def acquire(self) -> None:
        """Take the lock or fail at once.

        Raises:
            DatabaseInUse: another process, or another store in this one, holds it.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(self._path, flags, 0o600)
        if sys.platform != "win32":
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
                raise DatabaseInUse(
                    f"{self._database} is in use by another Sentrial server: stop it, or choose another file with --db"
                ) from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; again is harmless. The file stays: unlinking it would let two hold it at once."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
