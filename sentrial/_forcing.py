"""`fsync`: forcing to the disk what was appended, at once or by a thread that does so within 200 ms.

The thread opens files by their path, so nobody hands it descriptors; a file that has gone was delivered and needs
no forcing. A newcomer's mistake: to take back the mark "this one is noted" before the notes are read, or after
forcing. What was appended in between would never be forced.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sentrial._disk import Disk

logger = logging.getLogger("sentrial")

GATHER_SECONDS = 0.1
"""How long appends are gathered before they are forced: what is left of the 200 ms is for the disk."""

_STOP_SECONDS = 0.25
_QUIET_SECONDS = 60.0
_FOLDERS_ABOVE = 3
"""Above a process's folder: the destination's, the one of all spools, and what that one lies in."""


class Forcer:
    """Forces segments, and the lists of names that lead to them.

    Args:
        disk: What forces, and the clock.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._quiet_until = 0.0
        self.after_fork()

    def after_fork(self) -> None:
        """In the child: the parent's thread does not live here, and its files are its own."""
        self._reached: Path | None = None
        self._rest()

    def _rest(self) -> None:
        # The one queue of the library whose `put` a signal handler may call while this very thread is in it.
        self._notes: queue.SimpleQueue[tuple[float, Path] | None] = queue.SimpleQueue()
        self._noted: Path | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, segment: Path) -> None:
        """Have a segment forced soon. Called after each append to it, with the same object each time."""
        if self._noted is not segment:
            self._noted = segment
            self._notes.put((self._disk.clock(), segment))
            if self._thread is None:
                self._start()

    def force(self, segment: Path) -> None:
        """Force a segment in the thread that calls, and its folders where they are new. Never raises.

        A disk that refuses has the event all the same, in the kernel's memory; it is said once a minute at most.
        """
        try:
            self._force(segment)
            if segment != self._reached:
                known = self._reached is not None and self._reached.parent == segment.parent
                for folder in segment.parents[: 1 if known else 1 + _FOLDERS_ABOVE]:
                    self._force(folder)
                self._reached = segment
        except FileNotFoundError:
            return  # delivered, and gone
        except OSError as problem:
            if self._disk.clock() >= self._quiet_until:
                self._quiet_until = self._disk.clock() + _QUIET_SECONDS
                logger.warning("sentrial: the disk can't be made to keep what it took: %s", problem.strerror)

    def stop(self) -> None:
        """End the thread. What is noted and not forced yet is the caller's to force."""
        thread, self._thread, self._noted = self._thread, None, None
        if thread is not None:
            self._stopping.set()
            self._notes.put(None)
            thread.join(_STOP_SECONDS)
            self._rest()

    def _force(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        try:
            self._disk.force(descriptor)
        finally:
            os.close(descriptor)

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, args=(self._notes, self._stopping), name="sentrial-fsync")
        thread.daemon = True
        self._thread = thread  # before it runs: a signal handler may come to this place again
        try:
            thread.start()
        except RuntimeError:
            # The interpreter is shutting down and takes no new thread: `close` forces what there is.
            self._thread = self._noted = None

    def _run(self, notes: queue.SimpleQueue[tuple[float, Path] | None], stopping: threading.Event) -> None:
        while (note := notes.get()) is not None:
            since, segment = note
            stopping.wait(min(GATHER_SECONDS, max(0.0, since + GATHER_SECONDS - self._disk.clock())))
            segments = [segment]
            while not notes.empty():
                if (note := notes.get()) is None:
                    return
                segments.append(note[1])
            self._noted = None
            for each in dict.fromkeys(segments):
                self.force(each)
