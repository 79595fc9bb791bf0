"""The caller's side of the spool: one record, one write, and what happens where the disk does not take it.

Nearly every append is the first few lines of `append`, none of which gives up the GIL. A newcomer's mistake: to add
a call there that does (a file, a lock that the worker holds while it waits for the disk): beside a busy thread that
costs 5 ms an event.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from typing import TYPE_CHECKING

from sentrial._forcing import Forcer
from sentrial._homes import make_folder
from sentrial._pace import SLOW_SECONDS, Pace, Rung
from sentrial._records import frame, scan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sentrial._disk import Calls, Disk
    from sentrial._folder import Folder
    from sentrial._ring import Ring

SEGMENT_BYTES = 4 << 20
_REOPEN_SECONDS = 1.0
_CLOSED = -1


class Appender:
    """Appends to this process's own folder, or to memory while no disk takes it.

    Args:
        roots: Where the folder of all spools may be, the best place first. It is made at the first append.
        destination: The name of the server and project that the events are for.
        about: What the destination is, for people.
        fsync: "never", "interval" or "always".
        segment_bytes: How large a segment grows.
        ring: The memory.
        disk: The calls to the disk, and the clock.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        destination: str,
        about: Mapping[str, str | None] | None,
        fsync: str,
        segment_bytes: int,
        ring: Ring,
        disk: Disk,
    ) -> None:
        self._roots = roots
        self._destination = destination
        self._about = about
        self._fsync = fsync
        self._segment_bytes = segment_bytes
        self._disk = disk
        self._clock = disk.clock
        # Here and not at the first append: what it imports must not be half imported when somebody forks.
        self._swift_calls = disk.swift()
        self._write = self._swift_calls.write
        self._forcer = Forcer(disk)
        self.ring = ring
        self.pace = Pace(disk.clock, disk.blocks)
        self._begin()

    def _begin(self) -> None:
        # A signal handler that tracks may interrupt this thread anywhere: the lock lets it in again.
        self._lock = threading.RLock()
        self._busy = False
        self._swift = False
        self._descriptor = _CLOSED
        self._left = 0
        self._refused = False
        self._reopen_at = 0.0
        self._segment: Path | None = None
        self.folder: Folder | None = None
        self._writes = itertools.count(1)
        self._written = 0
        self._moved = 0

    @property
    def appended(self) -> int:
        """How many payloads were appended so far."""
        return self._written + self.ring.pushed - self._moved

    def append(self, payload: bytes) -> None:
        """Keep one payload. Never raises: where the disk refuses, memory holds it until the disk takes it.

        Args:
            payload: One event, encoded; at most 1 MiB.
        """
        record = frame(payload)
        if self._swift:
            size = len(record)
            with self._lock:
                left = self._left - size
                if left >= 0:
                    self._left = left
                    begun = self._clock()
                    written = self._write(self._descriptor, record, size)
                    seconds = self._clock() - begun
                    if written == size:
                        self._written = next(self._writes)
                    else:
                        self._undo(size, written)
                        self.ring.push(payload)
                    if seconds > SLOW_SECONDS:
                        self._swift = False
                        self.pace.climb(seconds)
                    return
        self._append_slowly(payload, record)

    def spill(self) -> None:
        """Bring what memory holds to the disk, as far as the disk takes it. For the worker."""
        while len(self.ring):
            with self._lock:
                payload = self.ring.take()
                if payload is None:
                    return
                try:
                    self._put(frame(payload), may_open=True)
                except BaseException as problem:
                    self.ring.put_back(payload)
                    if isinstance(problem, OSError):
                        return
                    raise

    def rescue(self) -> None:
        """Where somebody deleted the folder under us, bring what its last segment held to a new one. For the worker."""
        # Without the lock at first: the system is asked here, and no caller may wait for that.
        if not _is_deleted(self._descriptor):
            return
        with self._lock:
            descriptor, folder = self._descriptor, self.folder
            if folder is None or not _is_deleted(descriptor):
                return
            try:
                unread = folder.unread(descriptor)
            except OSError:
                return
            self._close_folder()
            folder.release()
            for record in scan(unread, 0, lambda _begin, _end: None, sealed=True):
                try:
                    self._put(frame(record.payload), may_open=True)
                except OSError:
                    self.ring.push(record.payload)
                    self._moved += 1

    def begin_anew(self) -> bool:
        """Where the disk took no more, begin a new segment; whether one was begun. For the worker.

        To be called when all that the disk took is done with: the segment that is written to is never unlinked, and
        only a new one gives its space back.
        """
        if not self._refused:
            return False
        with self._lock, contextlib.suppress(OSError):
            if self._refused and os.fstat(self._descriptor).st_size:
                self._next_segment(0)
                self._refused = False
                return True
        return False

    def close(self) -> Folder | None:
        """Close the files, what is in memory brought to the disk; the folder that was ours. An append opens anew."""
        with self._lock:
            self.spill()
            self._forcer.stop()
            if self._segment is not None and self._fsync != "never":
                self._forcer.force(self._segment)
            folder = self.folder
            self._close_folder()
            return folder

    def after_fork(self) -> None:
        """In the child: the parent's folder stays the parent's; the child makes its own at its first append."""
        descriptor, folder = self._descriptor, self.folder
        self._begin()
        self._forcer.after_fork()
        self.ring.after_fork()
        if descriptor != _CLOSED:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        if folder is not None:
            folder.release()

    def _close_folder(self) -> None:
        descriptor, self._descriptor = self._descriptor, _CLOSED
        self._swift, self._left, self._segment, self.folder, self._reopen_at = False, 0, None, None, 0.0
        if descriptor != _CLOSED:
            os.close(descriptor)

    def _append_slowly(self, payload: bytes, record: bytes) -> None:
        self.pace.settle()
        with self._lock:
            again = self._busy
            try:
                self._busy = True  # in here: a signal handler may raise at any step
                self._put(record, may_open=not again)
                self._written = next(self._writes)
            except OSError as problem:
                self.ring.push(payload)
                if isinstance(problem, TimeoutError) and problem.errno is None:
                    raise  # not the disk's: a signal handler's, which is for the caller
            finally:
                self._busy = again

    def _put(self, record: bytes, *, may_open: bool) -> None:
        size = len(record)
        if self._left < size:
            if may_open:
                self._next_segment(size)
            elif self._descriptor == _CLOSED:
                raise OSError("interrupted while the spool was being opened")
        self._left -= size
        begun = self.pace.begin()
        try:
            written = self._calls().write(self._descriptor, record, size)
        except OSError:
            written = -1
        self.pace.end(begun)
        self._swift = self._fsync == "never" and self.pace.rung is Rung.SWIFT
        if written != size:
            self._undo(size, written)
            raise OSError("the disk does not take the record")
        if self._segment is not None and self._fsync != "never":
            act = self._forcer.note if self._fsync == "interval" else self._forcer.force
            act(self._segment)

    def _undo(self, size: int, written: int) -> None:
        self._refused = True
        # Half a record would be counted as damage, though memory holds it whole.
        self._left += size
        if written > 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)

    def _calls(self) -> Calls:
        return self._swift_calls if self.pace.rung < Rung.PATIENT else self._disk.patient

    def _next_segment(self, needed: int) -> None:
        folder = self.folder or self._open()
        calls = self._calls()
        previous, self._descriptor = self._descriptor, folder.new_segment(calls)
        self._left = max(self._segment_bytes, needed)
        self._segment = folder.newest
        if previous != _CLOSED:
            calls.close(previous)

    def _open(self) -> Folder:
        if self._clock() < self._reopen_at:
            raise OSError("no folder could be made a moment ago")
        self._reopen_at = self._clock() + _REOPEN_SECONDS
        self.folder = self._make_folder()
        if self._disk.far(self.folder.path):
            self.pace.keep_from(Rung.PATIENT)
        return self.folder

    def _make_folder(self) -> Folder:
        refused = OSError("there is no folder for the spool")
        for root in self._roots:
            try:
                return make_folder(root, self._destination, self._about)
            except OSError as problem:
                refused = problem
        raise refused


def _is_deleted(descriptor: int) -> bool:
    try:
        return descriptor != _CLOSED and os.fstat(descriptor).st_nlink == 0
    except OSError:  # another segment has begun meanwhile
        return False
