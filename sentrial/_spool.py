"""The durable queue between `track_*` and the network: append, read, ack, reject, adopt.

One process owns one folder and proves that it lives by an flock on the folder's lock file, never by a pid
or a time. A folder whose lock is free belongs to a dead process: any living one with the same destination
adopts it. An ack is advisory: lost, it means that an event is sent again, and the server knows its id.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import stat
import threading
import weakref
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sentrial import _records
from sentrial._folder import Folder, machine_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SEGMENT_BYTES = 4 << 20
MEMORY_RECORDS = 10_000
MEMORY_BYTES = 64 << 20


class Batch(NamedTuple):
    """Payloads to send, in order, and the way to acknowledge them."""

    payloads: tuple[bytes, ...]
    ends: tuple[tuple[int, int], ...]
    folder: Folder | None


class Spool:
    """The queue of one destination, as one process sees it.

    Args:
        roots: Where the folder of all spools may be, the best place first. It is made at the first event.
        destination: The name of the server and project that these events are for.
        about: What the destination is, for people who look into the folder: never a key.
        fsync: "never" leaves it to the kernel when events reach the disk; "always" forces each one.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        destination: str,
        *,
        fsync: str = "never",
        about: Mapping[str, str | None] | None = None,
    ) -> None:
        self._homes = tuple(root / destination for root in roots)
        self.home = self._homes[0]
        self._fsync = fsync == "always"
        self._about = about
        self._lost: dict[str, int] = {}
        self._fresh()
        _living.add(self)

    def _fresh(self) -> None:
        """The state of a process that has recorded nothing yet: at the start, and in a fork's child."""
        # A signal handler that tracks may interrupt this thread anywhere: the lock lets it in again.
        self._lock = threading.RLock()
        self._busy = False
        self._own: Folder | None = None
        self._adopted: list[Folder] = []
        self._descriptor: int | None = None
        self._write: Callable[[int, bytes], int] = os.write
        self._left_in_segment = 0
        self._memory: deque[bytes] = deque()
        self._memory_bytes = 0
        self._memory_taken = 0
        self._appends = itertools.count(1)
        self._done = 0
        self.appended = 0
        self.rejected = 0

    def append(self, payload: bytes) -> None:
        """Keep one payload. Never raises: where the disk refuses, memory holds it until the disk takes it.

        Args:
            payload: One event, encoded; at most 1 MiB.
        """
        record = _records.frame(payload)
        size = len(record)
        with self._lock:
            descriptor = self._descriptor
            if descriptor is not None and self._left_in_segment >= size and not self._fsync:
                # Nearly always: one write that keeps the GIL.
                self._left_in_segment -= size
                try:
                    written = self._write(descriptor, record)
                except OSError:
                    written = 0
                if written != size:
                    self._undo(descriptor, written)
                    self._remember(payload)
            else:
                self._append_slowly(payload, record)
            self.appended = next(self._appends)

    def read(self, most_records: int, most_bytes: int) -> Batch | None:
        """The oldest payloads that are not acknowledged: of dead processes first; None when there are none."""
        self._rescue()
        self._spill()
        appended = self.appended
        complete = True
        for folder in (*self._adopted, self._own):
            if folder is None:
                continue
            try:
                records = folder.read(most_records, most_bytes, sealed=folder is not self._own)
            except OSError:
                # Out of file descriptors, say: what is in it is still to be sent, another time.
                complete = False
                continue
            if records:
                payloads = tuple(payload for payload, _ in records)
                return Batch(payloads, tuple(end for _, end in records), folder)
            if folder is not self._own:
                self._count_damage(folder)
                folder.remove()
                self._adopted.remove(folder)
        if self._memory:
            with self._lock:
                held = tuple(itertools.islice(self._memory, most_records))
                return Batch(held, ((0, self._memory_taken),), None)
        if complete:
            # Nothing is left of what was appended before: what is not done by now was damaged, and is counted there.
            self._done = max(self._done, appended)
        return None

    def ack(self, batch: Batch, count: int) -> None:
        """Forget the first payloads of a batch: the server has them, or the dead letters do."""
        if count <= 0:
            return
        if batch.folder is None:
            with self._lock:
                # Some of them may have gone meanwhile: an overflow drops the oldest, a disk that is back takes them.
                for _ in range(count - (self._memory_taken - batch.ends[0][1])):
                    self._take()
            self._done += count
            return
        batch.folder.ack(batch.ends[count - 1])
        self._count_damage(batch.folder)
        if batch.folder is self._own:
            self._done += count
        else:
            batch.folder.remaining -= count

    def reject(self, payload: bytes, code: str, reason: str) -> None:
        """Put a payload that the server refused into the dead letters, with the reason."""
        self.rejected += 1
        folder = self._own or next(iter(self._adopted), None)
        if folder is not None:
            folder.bury(payload, code, reason)

    def adopt(self) -> int:
        """Take over the folders of dead processes of this machine; how many were taken."""
        taken = 0
        with contextlib.suppress(OSError):
            for path in sorted(self.home.glob(f"{machine_name()}-*")):
                if self._own is not None and path == self._own.path:
                    continue
                folder = Folder.seize(path)
                if folder is not None:
                    self._adopted.append(folder)
                    taken += 1
        return taken

    def trim(self, most_bytes: int, free_bytes: int) -> None:
        """Drop the oldest segments, and count their events, while the spool is larger than it may be.

        Args:
            most_bytes: How large all folders of this destination may be together.
            free_bytes: How much of the disk must stay free.
        """
        with contextlib.suppress(OSError):
            self._trim(most_bytes, free_bytes)

    def _trim(self, most_bytes: int, free_bytes: int) -> None:
        while self._crowded(most_bytes, free_bytes):
            for folder in (*self._adopted, self._own):
                dropped = None if folder is None else folder.drop_oldest()
                if folder is not None and dropped is not None:
                    break
            else:
                return
            self._lost["spool_full"] = self._lost.get("spool_full", 0) + dropped
            if folder is self._own:
                self._done += dropped
            else:
                folder.remaining -= dropped

    def pending(self) -> int:
        """How many events are not yet acknowledged, those of adopted folders included."""
        return max(0, self.appended - self._done) + sum(max(0, folder.remaining) for folder in self._adopted)

    def lost(self) -> dict[str, int]:
        """How many events were lost, by reason: spool_full, memory_full, corrupt."""
        return dict(self._lost)

    def close(self) -> None:
        """Close the files and free the folder for others to adopt. Again is harmless; a later append opens anew."""
        with self._lock:
            self._spill()
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
            for folder in (*self._adopted, self._own):
                if folder is None:
                    continue
                with contextlib.suppress(OSError):
                    if folder.count() == 0:
                        folder.remove()
                folder.release()
            self._own, self._adopted, self._left_in_segment = None, [], 0

    # ---- the caller's side --------------------------------------------------------------------------

    def _append_slowly(self, payload: bytes, record: bytes) -> None:
        again, self._busy = self._busy, True
        try:
            self._put(record, may_open=not again)
        except OSError:
            self._remember(payload)
        finally:
            self._busy = again

    def _undo(self, descriptor: int, written: int) -> None:
        # Half a record would be counted as damage, though memory holds it whole.
        if written:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)

    def _put(self, record: bytes, *, may_open: bool) -> None:
        if self._descriptor is None or self._left_in_segment < len(record):
            if may_open:
                self._next_segment(len(record))
            elif self._descriptor is None:
                raise OSError("interrupted while the spool was being opened")
        descriptor = self._descriptor
        if descriptor is None:
            raise OSError("the spool is not open")
        self._left_in_segment -= len(record)
        written = self._write(descriptor, record)
        if written != len(record):
            self._undo(descriptor, written)
            raise OSError("the disk took half a record")
        if self._fsync:
            os.fsync(descriptor)

    def _next_segment(self, needed: int) -> None:
        if self._own is None:
            self._write = _records.keeping_gil()
            self._own = self._make_folder()
            self._describe()
        previous, self._descriptor = self._descriptor, self._own.new_segment()
        self._left_in_segment = max(SEGMENT_BYTES, needed)
        if previous is not None:
            os.close(previous)

    def _describe(self) -> None:
        if self._about is None or (self.home / "destination.json").exists():
            return
        with contextlib.suppress(OSError):
            written = self.home / f".about-{self._own.path.name if self._own else ''}"
            descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(dict(self._about), file)
            written.rename(self.home / "destination.json")

    def _make_folder(self) -> Folder:
        for home in self._homes[:-1]:
            with contextlib.suppress(OSError):
                folder = Folder.make(home)
                self.home = home
                return folder
        self.home = self._homes[-1]
        if len(self._homes) > 1:
            _claim(self.home.parent.parent)
        return Folder.make(self.home)

    def _remember(self, payload: bytes) -> None:
        self._memory.append(payload)
        self._memory_bytes += len(payload)
        while len(self._memory) > MEMORY_RECORDS or self._memory_bytes > MEMORY_BYTES:
            self._take()
            self._lost["memory_full"] = self._lost.get("memory_full", 0) + 1

    def _take(self) -> bytes:
        payload = self._memory.popleft()
        self._memory_bytes -= len(payload)
        self._memory_taken += 1
        return payload

    # ---- the worker's side --------------------------------------------------------------------------

    def _spill(self) -> None:
        """Bring what memory holds back to the disk, as far as the disk takes it."""
        while self._memory:
            with self._lock, contextlib.suppress(OSError):
                self._put(_records.frame(self._memory[0]), may_open=True)
                self._take()
                continue
            return

    def _rescue(self) -> None:
        """Where somebody deleted the folder under us, take what its last segment held to a new one."""
        with self._lock, contextlib.suppress(OSError):
            descriptor, folder = self._descriptor, self._own
            if descriptor is None or folder is None or os.fstat(descriptor).st_nlink:
                return
            unread = folder.unread(descriptor)
            self._own, self._descriptor, self._left_in_segment = None, None, 0
            folder.release()
            os.close(descriptor)
            for record in _records.scan(unread, 0, lambda _begin, _end: None, sealed=True):
                try:
                    self._put(_records.frame(record.payload), may_open=True)
                except OSError:
                    self._remember(record.payload)

    def _crowded(self, most_bytes: int, free_bytes: int) -> bool:
        folders = [folder for folder in (*self._adopted, self._own) if folder is not None]
        if not folders:
            return False
        if sum(folder.bytes_held() for folder in folders) > most_bytes:
            return True
        try:
            disk = os.statvfs(self.home)
        except (OSError, AttributeError):  # Windows has no statvfs
            return False
        return disk.f_bavail * disk.f_frsize < min(free_bytes, disk.f_blocks * disk.f_frsize // 20)

    def _count_damage(self, folder: Folder) -> None:
        if folder.damaged:
            self._lost["corrupt"] = self._lost.get("corrupt", 0) + folder.damaged
            folder.damaged = 0

    def after_fork(self) -> None:
        """In the child: the parent's folder stays the parent's; the child makes its own at its first event."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        for folder in (*self._adopted, self._own):
            if folder is not None:
                folder.release()
        self._fresh()


def _forget_parents() -> None:
    for spool in list(_living):
        spool.after_fork()


def _claim(folder: Path) -> None:
    """Make a folder below the shared one for temporary files, or prove that it is ours: anybody may write there.

    Raises:
        OSError: It is a link, somebody else's, or open to others.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077 or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not a private folder of this user")


_living: weakref.WeakSet[Spool] = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents)


def state_folders(given: str | None) -> Sequence[Path]:
    """The folders to try for the spool, the best first.

    Args:
        given: The folder the user asked for, or None for the user's state folder.
    """
    import tempfile  # noqa: PLC0415 - loaded with the first event, not at import

    import platformdirs  # noqa: PLC0415

    if given is not None:
        return (Path(given),)
    folders = [platformdirs.user_state_path("sentrial") / "spool"]
    with contextlib.suppress(OSError):  # there may be no folder for temporary files that can be written
        own = f"sentrial-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
        folders.append(Path(tempfile.gettempdir(), own, "spool"))
    return folders
