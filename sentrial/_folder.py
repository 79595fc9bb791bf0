"""One process's folder of the spool: its lock, its numbered segments, its ack and its dead letters.

Whoever holds the flock on `lock` owns the folder. The lock is taken before the folder becomes visible:
made as `.new-*`, locked, renamed. Segments are only ever appended to, and unlinked whole.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import secrets
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from sentrial import _records

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    import fcntl
except ImportError:  # Windows: without locks nothing is adopted while its owner might live
    fcntl = None  # type: ignore[assignment]

_CAN_LOCK = fcntl is not None
_ACK = struct.Struct("<QQI")
_MOST_READ_BYTES = 8 << 20
_MAX_DEAD_BYTES = 64 << 20


@functools.cache
def machine_name() -> str:
    """A short name of this machine: flocks and dead processes mean nothing on another."""
    for source in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with contextlib.suppress(OSError):
            return hashlib.sha256(Path(source).read_bytes()).hexdigest()[:12]
    return hashlib.sha256(repr(os.uname() if hasattr(os, "uname") else os.name).encode()).hexdigest()[:12]


class Folder:
    """A folder whose lock this process holds. Made by `make` or `seize`."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.damaged = 0
        self._damage_seen = (0, -1)
        self._lock: int | None = lock
        self._acked = self._read_ack()
        self._segment = max(self._segments(), default=0)
        self.remaining = 0

    @classmethod
    def make(cls, home: Path) -> Folder:
        """A new folder below `home`.

        Raises:
            OSError: The disk refuses.
        """
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{machine_name()}-{secrets.token_hex(8)}"
        hidden = home / f".new-{name}"
        hidden.mkdir(mode=0o700)
        lock = _open_lock(hidden / "lock", os.O_CREAT | os.O_EXCL)
        hidden.rename(home / name)
        return cls(home / name, lock)

    @classmethod
    def seize(cls, path: Path) -> Folder | None:
        """The folder of a dead process, now ours; None while its owner lives, or where nobody can tell."""
        if not _CAN_LOCK:
            return None
        try:
            lock = _open_lock(path / "lock", 0)
        except OSError:
            return None
        if not (path / "lock").exists():  # its last owner removed it while we asked
            os.close(lock)
            return None
        try:
            folder = cls(path, lock)
            folder.remaining = folder.count()
        except OSError:  # it can't be read just now: another time
            os.close(lock)
            return None
        return folder

    def new_segment(self) -> int:
        """Open the next segment for appending; its descriptor.

        Raises:
            OSError: The disk refuses.
        """
        # For reading too: where somebody deletes the folder, this is the only way to what it held.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self._path_of(self._segment + 1), flags, 0o600)
        # Only now: where it can't be made, the segment before it is still the one that is written to.
        self._segment += 1
        return descriptor

    def unread(self, descriptor: int) -> bytes:
        """What the newest segment holds after the ack, read through its descriptor: the folder itself may be gone."""
        start = self._acked[1] if self._acked[0] == self._segment else 0
        return os.pread(descriptor, max(0, os.fstat(descriptor).st_size - start), start)

    def read(self, most_records: int, most_bytes: int, *, sealed: bool) -> list[tuple[bytes, tuple[int, int]]]:
        """The oldest payloads after the ack, each with the position to acknowledge it by.

        Raises:
            OSError: It can't be read just now. That says nothing about what is in it.
        """
        segment, offset = self._acked
        for number in self._segments():
            if number < segment:
                continue
            start = offset if number == segment else 0
            last = number >= self._segment
            records = self._read_segment(
                number, start, most_records, most_bytes, self._damage, sealed=sealed or not last
            )
            if records:
                return records
            if not last or sealed:
                self._unlink(number)
        return []

    def ack(self, position: tuple[int, int]) -> None:
        """Remember that everything up to a position is done with, and unlink the segments before it."""
        self._acked = position
        # The ack first, then the unlinking, which goes on where the ack can't be written: it is what frees a full disk.
        with contextlib.suppress(OSError):
            descriptor = os.open(self.path / "ack", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(descriptor, _ACK.pack(*position, _seal(position)), 0)
            finally:
                os.close(descriptor)
        with contextlib.suppress(OSError):
            for number in self._segments():
                if number < position[0]:
                    self._unlink(number)

    def bury(self, payload: bytes, code: str, reason: str) -> None:
        """Append a payload to the dead letters, up to 64 MiB of them."""
        letter = {"code": code, "reason": reason[:2048], "event": payload.decode("utf-8", "replace")}
        target = self.path.parent / "dead-letters.ndjson"
        with contextlib.suppress(OSError):
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
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
        total = 0
        position = self._acked
        for number in self._segments():
            start = position[1] if number == position[0] else 0
            while number >= position[0]:
                records = self._read_segment(number, start, 1 << 20, _MOST_READ_BYTES, _ignore, sealed=False)
                if not records:
                    break
                total += len(records)
                start = records[-1][1][1]
        return total

    def bytes_held(self) -> int:
        """How large all segments are together."""
        total = 0
        for number in self._segments():
            with contextlib.suppress(OSError):
                total += self._path_of(number).stat().st_size
        return total

    def drop_oldest(self) -> int | None:
        """Delete the oldest segment, if nobody writes to it any more; how many waiting records that cost, or None."""
        numbers = self._segments()
        if len(numbers) < 2:
            return None
        oldest = numbers[0]
        start = self._acked[1] if oldest == self._acked[0] else 0
        waiting = self._read_segment(oldest, start, 1 << 30, _MOST_READ_BYTES, _ignore, sealed=True)
        self._unlink(oldest)
        return len(waiting) if oldest >= self._acked[0] else 0

    def remove(self) -> None:
        """Delete a folder that is done with. Its lock goes last, and only after everything else has gone.

        Without a lock file nobody would ever adopt what is left.
        """
        with contextlib.suppress(OSError):
            for number in self._segments():
                self._path_of(number).unlink(missing_ok=True)
            for name in ("ack", "lock"):
                (self.path / name).unlink(missing_ok=True)
            self.path.rmdir()
        self.release()

    def release(self) -> None:
        """Give up the lock: from now on others may adopt the folder. Again is harmless."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _read_segment(
        self,
        number: int,
        start: int,
        most_records: int,
        most_bytes: int,
        damage: Callable[[int, int], None],
        *,
        sealed: bool,
    ) -> list[tuple[bytes, tuple[int, int]]]:
        try:
            with self._path_of(number).open("rb") as file:
                file.seek(start)
                data = file.read(max(_MOST_READ_BYTES, most_bytes))
        except FileNotFoundError:  # another error says nothing about what is in it
            return []
        found: list[tuple[bytes, tuple[int, int]]] = []
        size = 0
        for record in _records.scan(data, 0, lambda begin, _end: damage(number, start + begin), sealed=sealed):
            size += len(record.payload) + 1
            if found and (len(found) >= most_records or size > most_bytes):
                break
            found.append((record.payload, (number, start + record.end)))
        return found

    def _damage(self, segment: int, begin: int) -> None:
        # The same stretch is met again with each attempt to send what lies before it.
        if (segment, begin) > self._damage_seen:
            self._damage_seen = (segment, begin)
            self.damaged += 1

    def _segments(self) -> list[int]:
        try:
            names = os.listdir(self.path)  # noqa: PTH208 - names alone, thousands of times
        except FileNotFoundError:
            return []
        return sorted(int(name[:-4]) for name in names if name.endswith(".seg") and name[:-4].isdigit())

    def _path_of(self, number: int) -> Path:
        return self.path / f"{number:08}.seg"

    def _unlink(self, number: int) -> None:
        with contextlib.suppress(OSError):
            self._path_of(number).unlink()

    def _read_ack(self) -> tuple[int, int]:
        try:
            data = (self.path / "ack").read_bytes()
            segment, offset, seal = _ACK.unpack(data)
        except (OSError, struct.error):
            return (0, 0)
        # An ack that can't be believed means replay, which is harmless; believed, it could skip what was never sent.
        return (segment, offset) if seal == _seal((segment, offset)) else (0, 0)


def _seal(position: tuple[int, int]) -> int:
    return zlib.crc32(b"%d %d" % position)


def _ignore(_segment: int, _begin: int) -> None:
    """Damage is counted where it is read to be sent, not where it is counted."""


def _open_lock(path: Path, flags: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
