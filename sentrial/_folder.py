"""One process's folder of the spool: its lock, its numbered segments, its ack and its dead letters.

Whoever holds the lock owns the folder, and nobody else may change what is in it. Segments are only ever appended to,
and unlinked whole. A newcomer's mistake: to do something to a folder after `release`. It may be another's by then.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from sentrial import _births, _locks
from sentrial._acks import Ack, Position
from sentrial._disk import Calls
from sentrial._segments import SegmentReader, Stretch, unheeded

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

_MAX_DEAD_BYTES = 64 << 20
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_USUAL_CALLS = Calls()
_MOST_RECORDS, _MOST_BYTES = 1 << 30, 1 << 60  # of one segment, which is a few MiB


class Batch(NamedTuple):
    """Payloads to send, in order, and the way to acknowledge them.

    Attributes:
        payloads: What to send.
        ends: Where each of them ends in the segment; of payloads in memory, the mark to drop them by.
        segment: The number of the segment that they lie in.
        folder: The folder that they lie in, or None for memory.
    """

    payloads: tuple[bytes, ...]
    ends: tuple[int, ...]
    segment: int
    folder: Folder | None


class Folder:
    """A folder whose lock this process holds. Made by `make` or `seize`."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.damaged = 0
        self.remaining = 0
        self._lock: int | None = lock
        self._damage_seen = Position(0, -1)
        self._ack = Ack(path / "ack")
        self._reader: SegmentReader | None = None
        self._numbers = deque(self._list())
        self._newest = self._numbers[-1] if self._numbers else 0

    @classmethod
    def make(cls, home: Path) -> Self:
        """A new folder below `home`.

        Raises:
            OSError: The disk refuses.
        """
        return cls(*_births.create(home))

    @classmethod
    def seize(cls, path: Path) -> Self | None:
        """The folder of a dead process, now ours; None while its owner lives, or where nobody can tell."""
        if not _locks.CAN_LOCK:
            return None
        try:
            lock = _locks.acquire(path / "lock")
        except OSError:
            return None
        try:
            if (path / "lock").exists():  # else its last owner removed it while we asked
                folder = cls(path, lock)
                folder.remaining = folder.count()
                return folder
        except OSError:  # it can't be read just now: another time
            pass
        _locks.release(lock)
        return None

    def new_segment(self, calls: Calls = _USUAL_CALLS) -> int:
        """Open the next segment for appending; its descriptor.

        Raises:
            OSError: The disk refuses.
        """
        descriptor = calls.open(self.path_of(self._newest + 1))
        # Only now: where it can't be made, the segment before it is still the one that is written to.
        self._numbers.append(self._newest + 1)
        self._newest += 1
        return descriptor

    @property
    def newest(self) -> Path:
        """The segment that is written to."""
        return self.path_of(self._newest)

    def path_of(self, number: int) -> Path:
        """Where a segment is."""
        return self.path / f"{number:08}.seg"

    def unread(self, descriptor: int) -> bytes:
        """What the newest segment holds after the ack, read through its descriptor: the folder itself may be gone."""
        start = self._ack.position.offset if self._ack.position.segment == self._newest else 0
        return os.pread(descriptor, max(0, os.fstat(descriptor).st_size - start), start)

    def read(self, most_records: int, most_bytes: int, *, sealed: bool) -> Batch | None:
        """The oldest payloads after the ack, of one segment; segments that are done with go.

        Args:
            most_records: How many payloads to give at most, and always one.
            most_bytes: How large they may be together.
            sealed: Whether nobody writes to this folder any more.

        Raises:
            OSError: It can't be read just now. That says nothing about what is in it.
        """
        while self._numbers and self._lock is not None:
            number = self._numbers[0]
            done = sealed or number < self._newest
            if number >= self._ack.position.segment:
                reader = self._reader = self._reader or SegmentReader(self.path_of(number))
                found = reader.read(self._start_of(number), most_records, most_bytes, self._damage, sealed=done)
                if found is not None:
                    return Batch(found.payloads, found.ends, number, self)
                if not done:
                    return None
            self._forget_oldest()
        return None

    def ack(self, position: Position) -> None:
        """Remember that everything up to a position is done with.

        Where the disk does not take that, a segment is unlinked all the same once it is read: it is what frees a
        full disk.
        """
        if self._lock is not None:
            self._ack.move(position)

    def bury(self, payload: bytes, code: str, reason: str) -> None:
        """Append a payload to the dead letters, up to 64 MiB of them."""
        letter = {"code": code, "reason": reason[:2048], "event": payload.decode("utf-8", "replace")}
        target = self.path.parent / "dead-letters.ndjson"
        with contextlib.suppress(OSError):
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _CLOEXEC, 0o600)
            try:
                if os.fstat(descriptor).st_size < _MAX_DEAD_BYTES:
                    os.write(descriptor, json.dumps(letter).encode() + b"\n")
            finally:
                os.close(descriptor)

    def count(self) -> int:
        """How many whole records come after the ack. It reads them all: ask once.

        Raises:
            OSError: It can't be read just now.
        """
        return sum(self._count(number) for number in list(self._numbers))

    def is_empty(self) -> bool:
        """Whether no whole record comes after the ack.

        Raises:
            OSError: It can't be read just now.
        """
        return self.first() is None

    def first(self) -> bytes | None:
        """The payload that waits longest.

        Raises:
            OSError: It can't be read just now.
        """
        for number in list(self._numbers):
            found = self._look(number, self._start_of(number), 1) if number >= self._ack.position.segment else None
            if found is not None:
                return found.payloads[0]
        return None

    def bytes_held(self) -> int:
        """How large all segments are together."""
        total = 0
        for number in list(self._numbers):
            with contextlib.suppress(OSError):
                total += self.path_of(number).stat().st_size
        return total

    def drop_oldest(self) -> int | None:
        """Delete the oldest segment, if nobody writes to it any more; how many waiting records that cost, or None.

        Raises:
            OSError: It can't be read just now.
        """
        if len(self._numbers) < 2:
            return None
        waiting = self._count(self._numbers[0])
        self._forget_oldest()
        return waiting

    def remove(self) -> None:
        """Delete a folder that is done with. Its lock goes last, and only after everything else has gone.

        Without a lock file nobody would ever adopt what is left.
        """
        if self._lock is None:
            return
        with contextlib.suppress(OSError):
            for number in self._list():
                self.path_of(number).unlink(missing_ok=True)
            for name in ("about", "ack", "lock"):
                (self.path / name).unlink(missing_ok=True)
            self.path.rmdir()
        self.release()

    def release(self) -> None:
        """Close the files and give up the lock: from now on others may adopt the folder. Again is harmless."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
        self._ack.close()
        lock, self._lock = self._lock, None
        if lock is not None:
            self._unlock(lock)

    def _unlock(self, lock: int) -> None:
        _locks.release(lock)

    def _start_of(self, number: int) -> int:
        return self._ack.position.offset if number == self._ack.position.segment else 0

    def _count(self, number: int) -> int:
        if number < self._ack.position.segment:
            return 0
        total, start = 0, self._start_of(number)
        while (found := self._look(number, start, _MOST_RECORDS)) is not None:
            total += len(found.payloads)
            start = found.ends[-1]
        return total

    def _look(self, number: int, start: int, most_records: int) -> Stretch | None:
        """Read without touching anything."""
        reader = SegmentReader(self.path_of(number))
        try:
            return reader.read(start, most_records, _MOST_BYTES, unheeded, sealed=False)
        finally:
            reader.close()

    def _forget_oldest(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
        number = self._numbers.popleft()
        with contextlib.suppress(OSError):
            self.path_of(number).unlink()

    def _damage(self, begin: int, lost: int) -> None:
        # The same stretch is met again with each attempt to send what lies before it.
        met = Position(self._numbers[0], begin)
        if met > self._damage_seen:
            self._damage_seen = met
            self.damaged += lost

    def _list(self) -> list[int]:
        try:
            names = os.listdir(self.path)  # noqa: PTH208 - names alone
        except FileNotFoundError:
            return []
        return sorted(int(name[:-4]) for name in names if name.endswith(".seg") and name[:-4].isdigit())
