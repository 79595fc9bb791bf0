"""Lock files: whoever holds the flock on one lives, and owns the folder that it lies in.

A flock belongs to an open file, and a fork's child shares that: it would hold a dead parent's locks for ever. So
every lock of this process is known here, and a child closes them all at once, which does not unlock them.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

from sentrial._patience import PatientLock

if TYPE_CHECKING:
    from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: who lives can't be told
    fcntl = None  # type: ignore[assignment]

CAN_LOCK = fcntl is not None
_LONGEST_WAIT_SECONDS = 0.25


class _Held:
    """The locks of this process, and what keeps a fork from coming between an open file and the note of it."""

    def __init__(self) -> None:
        self.guard = PatientLock(_LONGEST_WAIT_SECONDS)
        self.descriptors: set[int] = set()
        self.forking = threading.local()


_held = _Held()


def acquire(path: Path, *, new: bool = False) -> int:
    """Open a lock file and lock it; the descriptor, for `release`.

    Args:
        path: The lock file.
        new: Whether to make it. It must not be there yet.

    Raises:
        OSError: Somebody else holds it, it is not there, or the disk refuses.
    """
    flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | (os.O_CREAT | os.O_EXCL if new else 0)
    with _held.guard.held():
        descriptor = os.open(path, flags, 0o600)
        _held.descriptors.add(descriptor)
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        release(descriptor)
        raise
    return descriptor


def is_locked(descriptor: int) -> bool:
    """Whether somebody holds the lock of a file that is open for reading."""
    locked = False
    if fcntl is not None:
        try:
            # Shared, so that two who look do not take each other for the owner.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        except OSError:
            locked = True
    return locked


def release(descriptor: int) -> None:
    """Give up a lock. In a fork's child, which holds none of its parent's, nothing happens."""
    with _held.guard.held():
        if descriptor in _held.descriptors:
            _held.descriptors.discard(descriptor)
            os.close(descriptor)


def _before_fork() -> None:
    _held.forking.holds = contextlib.ExitStack()
    _held.forking.holds.enter_context(_held.guard.held())


def _in_parent() -> None:
    holds = getattr(_held.forking, "holds", None)  # none where the fork began before this module was here
    if holds is not None:
        holds.close()


def _in_child() -> None:
    inherited, _held.descriptors = _held.descriptors, set()
    _held.guard = PatientLock(_LONGEST_WAIT_SECONDS)  # whoever held it does not live here
    for descriptor in inherited:
        with contextlib.suppress(OSError):
            os.close(descriptor)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)
