"""How a process's folder comes into being, and what is left where the process was killed in the middle of it.

The lock exists and is held before there is a folder: `.new-NAME.lock`, then `.new-NAME/`, then the lock moves into
it, then the folder gets its name. So at each moment somebody else can tell a living maker from a dead one.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import secrets
from pathlib import Path

from sentrial import _locks

_TRIES = 5


@functools.cache
def machine_name() -> str:
    """A short name of this machine: flocks and dead processes mean nothing on another."""
    for source in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with contextlib.suppress(OSError):
            return hashlib.sha256(Path(source).read_bytes()).hexdigest()[:12]
    return hashlib.sha256(repr(os.uname() if hasattr(os, "uname") else os.name).encode()).hexdigest()[:12]


def create(home: Path) -> tuple[Path, int]:
    """Make a new folder below `home`; the folder and its lock, which is held.

    Raises:
        OSError: The disk refuses.
    """
    for _ in range(_TRIES):
        # Somebody's `sweep` may come between the lock's file and the lock, and take both.
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            return _create(home)
    return _create(home)


def _create(home: Path) -> tuple[Path, int]:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{machine_name()}-{secrets.token_hex(8)}"
    hidden, first_lock = home / f".new-{name}", home / f".new-{name}.lock"
    lock = _locks.acquire(first_lock, new=True)
    try:
        hidden.mkdir(mode=0o700)
        first_lock.rename(hidden / "lock")
        hidden.rename(home / name)
    except OSError:
        _locks.release(lock)
        with contextlib.suppress(OSError):
            hidden.rmdir()
        raise
    return home / name, lock


def sweep(home: Path) -> None:
    """Remove what processes of this machine were making or removing when they were killed; it held no event."""
    for path in home.glob(f".new-{machine_name()}-*.lock"):
        with contextlib.suppress(OSError):
            _remove_lock(path)
    for path in home.glob(f".new-{machine_name()}-*"):
        with contextlib.suppress(OSError):
            # In this order: the lock moves from beside the folder into it.
            if not path.with_name(f"{path.name}.lock").exists():
                if (path / "lock").exists():
                    _remove_lock(path / "lock")
                path.rmdir()
    for path in home.glob(f"{machine_name()}-*"):
        if not (path / "lock").exists():
            with contextlib.suppress(OSError):
                path.rmdir()  # which refuses where there is anything in it


def _remove_lock(path: Path) -> None:
    lock = _locks.acquire(path)
    try:
        path.unlink()
    finally:
        _locks.release(lock)
