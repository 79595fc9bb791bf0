"""The durable queue between `track_*` and the network: append, read, ack, reject, adopt.

One process owns one folder and proves that it lives by an flock on the folder's lock file, never by a pid
or a time. A folder whose lock is free belongs to a dead process: any living one with the same destination
adopts it. An ack is advisory: lost, it means that an event is sent again, and the server knows its id.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from typing import TYPE_CHECKING

from sentrial._acks import Position
from sentrial._appender import SEGMENT_BYTES, Appender
from sentrial._births import machine_name, sweep
from sentrial._disk import Disk
from sentrial._folder import Batch, Folder
from sentrial._homes import is_ours, state_folders
from sentrial._patience import PatientLock
from sentrial._ring import Ring
from sentrial._room import crowded, drop_oldest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Batch", "Spool", "state_folders"]

ADOPT_AT_ONCE = 32
"""How many folders of dead processes are held at a time: each costs the program a file descriptor."""

_REAL_DISK = Disk()
_CLOSE_SECONDS = 1.0


class Spool:
    """The queue of one destination, as one process sees it.

    Args:
        roots: Where the folder of all spools may be, the best place first. It is made at the first event.
        destination: The name of the server and project that these events are for.
        about: What the destination is, for people who look into the folder: never a key.
        fsync: When events are forced to the disk: "never" (the kernel decides), "interval" (at most 200 ms later,
            by a thread) or "always" (before `append` returns).
        segment_bytes: How large a file grows before the next one begins.
        ring: What holds events while no disk takes them.
        disk: The calls to the disk, and the clock.

    Attributes:
        append: Keeps one payload, encoded, of at most 1 MiB. Never raises: where the disk refuses, memory holds it.
        rejected: How many events the server refused for good.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        destination: str,
        *,
        fsync: str = "never",
        about: Mapping[str, str | None] | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        ring: Ring | None = None,
        disk: Disk = _REAL_DISK,
    ) -> None:
        self._roots = tuple(roots)
        self._destination = destination
        self._ring = Ring() if ring is None else ring
        self._appender = Appender(self._roots, destination, about, fsync, segment_bytes, self._ring, disk)
        # The same for ever, a fork's child included: whoever keeps it does not have to ask again.
        self.append = self._appender.append
        self._lost: dict[str, int] = {}
        self._begin()
        _living.add(self)

    def _begin(self) -> None:
        # Held by the worker while it looks into folders, and by who closes them; never while it sends.
        self._reading = PatientLock(_CLOSE_SECONDS)
        self._adopted: list[Folder] = []
        self._more_to_adopt = False
        self._done = 0
        self._left_behind = 0
        self.rejected = 0

    @property
    def appended(self) -> int:
        """How many events this process has appended."""
        return self._appender.appended

    @property
    def in_memory(self) -> int:
        """How many events are in memory alone, because the disk takes none."""
        return len(self._ring)

    @property
    def slow_appends(self) -> int:
        """How many appends took more than 20 ms."""
        return self._appender.pace.slow

    @property
    def home(self) -> Path:
        """Where the events of this destination are: of the roots, the one in use."""
        own = self._appender.folder
        return self._roots[0] / self._destination if own is None else own.path.parent

    def read(self, most_records: int, most_bytes: int) -> Batch | None:
        """The oldest payloads that are not acknowledged: of dead processes first; None when there are none."""
        self._appender.rescue()
        self._appender.spill()
        with self._reading.held():
            return self._read(most_records, most_bytes)

    def _read(self, most_records: int, most_bytes: int) -> Batch | None:
        appended = self.appended
        complete = True
        own = self._appender.folder
        for folder in self._folders(own):
            try:
                batch = folder.read(most_records, most_bytes, sealed=folder is not own)
            except OSError:
                # Out of file descriptors, say: what is in it is still to be sent, another time.
                complete = False
                continue
            self._count_damage(folder)
            if batch is not None:
                return batch
            if folder is own:
                if self._appender.begin_anew():
                    return self._read(most_records, most_bytes)
            else:
                folder.remove()
                with contextlib.suppress(ValueError):  # a close that did not wait has let go of all
                    self._adopted.remove(folder)
        payloads, mark = self._ring.peek(most_records, most_bytes)
        if payloads:
            return Batch(payloads, (mark,), 0, None)
        if complete and self._more_to_adopt and self.adopt():
            return self._read(most_records, most_bytes)
        if complete:
            self._account(appended)
        return None

    def ack(self, batch: Batch, count: int) -> None:
        """Forget the first payloads of a batch: the server has them, or the dead letters do."""
        if count <= 0:
            return
        folder = batch.folder
        if folder is None:
            # Some of them may have gone meanwhile: an overflow drops the oldest, a disk that is back takes them.
            self._done += self._ring.drop(count, batch.ends[0])
            return
        with self._reading.held():
            folder.ack(Position(batch.segment, batch.ends[count - 1]))
            if folder is self._appender.folder:
                self._done += count
            else:
                folder.remaining -= count

    def reject(self, payload: bytes, code: str, reason: str) -> None:
        """Put a payload that the server refused into the dead letters, with the reason."""
        self.rejected += 1
        folder = self._appender.folder or next(iter(self._adopted), None)
        if folder is not None:
            folder.bury(payload, code, reason)

    def adopt(self) -> int:
        """Take over folders of dead processes of this machine, wherever spools are kept; how many were taken."""
        taken = 0
        with self._reading.held():
            self._left_behind = 0
            self._more_to_adopt = False
            for path in self._candidates():
                if len(self._adopted) >= ADOPT_AT_ONCE:
                    self._more_to_adopt = True
                    break
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
        own = self._appender.folder
        folders = self._folders(own)
        with self._reading.held(), contextlib.suppress(OSError):
            while folders and crowded(folders, most_bytes, free_bytes):
                found = drop_oldest(folders)
                if found is None:
                    return
                folder, dropped = found
                self._lose("spool_full", dropped)
                if folder is own:
                    self._done += dropped
                else:
                    folder.remaining -= dropped

    def pending(self, recorded: int | None = None) -> int:
        """How many events are not yet acknowledged, those of adopted folders included.

        Where more folders of dead processes wait than are held at a time, they count as one event.

        Args:
            recorded: Only so many of this process's own, the first ones; None: all.
        """
        appended = self.appended if recorded is None else recorded
        own = max(0, appended - self._ring.dropped - self._done)
        adopted = sum(max(0, folder.remaining) for folder in self._adopted)
        return own + adopted + self._left_behind + self._more_to_adopt

    def lost(self) -> dict[str, int]:
        """How many events were lost, by reason: spool_full, memory_full, corrupt."""
        lost = dict(self._lost)
        if self._ring.dropped:
            lost["memory_full"] = self._ring.dropped
        return lost

    def close(self) -> None:
        """Close the files and free the folder for others to adopt. Again is harmless; a later append opens anew."""
        with self._reading.held():
            own = self._appender.close()
            in_memory = len(self._ring)
            # From here on what is in the folders is for whoever adopts them: that may be ourselves.
            left_behind = self.pending() - in_memory
            self._done = self.appended - self._ring.dropped - in_memory
            self._left_behind, self._more_to_adopt = left_behind, False
            adopted, self._adopted = self._adopted, []
            for folder in (*adopted, own):
                if folder is not None:
                    _leave(folder)

    def after_fork(self) -> None:
        """In the child: what is pending is the parent's to send."""
        adopted = self._adopted
        self._appender.after_fork()
        self._begin()
        for folder in adopted:
            folder.release()

    def _folders(self, own: Folder | None) -> list[Folder]:
        """Those of dead processes first: what lies in them is older."""
        return self._adopted[:] if own is None else [*self._adopted, own]

    def _candidates(self) -> list[Path]:
        own = self._appender.folder
        found: list[Path] = []
        for root in self._roots:
            with contextlib.suppress(OSError):
                if is_ours(root):
                    sweep(root / self._destination)
                    found += sorted((root / self._destination).glob(f"{machine_name()}-*"))
        held = {folder.path for folder in self._folders(own)}
        return [path for path in found if path not in held]

    def _count_damage(self, folder: Folder) -> None:
        damaged, folder.damaged = folder.damaged, 0
        if damaged:
            self._lose("corrupt", damaged)
            if folder is self._appender.folder:
                self._done += damaged

    def _account(self, appended: int) -> None:
        """Nothing is left of what was appended before: what was neither acknowledged nor counted as lost has gone."""
        ours = appended - self._ring.dropped
        if ours > self._done:
            self._lose("corrupt", ours - self._done)
        self._done = ours

    def _lose(self, reason: str, count: int) -> None:
        self._lost[reason] = self._lost.get(reason, 0) + count


def _leave(folder: Folder) -> None:
    with contextlib.suppress(OSError):
        if folder.is_empty():
            folder.remove()
    folder.release()


def _forget_parents() -> None:
    for spool in list(_living):
        spool.after_fork()


_living: weakref.WeakSet[Spool] = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents)
