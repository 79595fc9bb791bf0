"""A bell wakes the one thread that waits for it.

Why not a threading.Event: a signal handler that tracks may interrupt the very function that sets it, and an
Event's lock is not reentrant. To release a plain lock is one step, which nothing interrupts.
"""

from __future__ import annotations

import contextlib
import threading


class Bell:
    """Rung by anybody, heard by one thread."""

    __slots__ = ("_silent",)

    def __init__(self) -> None:
        self._silent = threading.Lock()
        self._silent.acquire()

    def ring(self) -> None:
        """Wake who waits, or who waits next. Again changes nothing."""
        if self._silent.locked():
            with contextlib.suppress(RuntimeError):  # rung by somebody else just now
                self._silent.release()

    def wait(self, seconds: float) -> bool:
        """Wait for it, at most so long; whether it rang. It is silent again then."""
        return self._silent.acquire(timeout=max(0.0, seconds))

    def silence(self) -> None:
        """Forget that it was rung."""
        self._silent.acquire(blocking=False)
