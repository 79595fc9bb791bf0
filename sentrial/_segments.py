"""Reading a segment: the file stays open, and what was read of it and is not acknowledged yet stays in memory.

A segment may be appended to while it is read, so what is not whole at its end is neither damage nor kept: it is
read anew the next time. A newcomer's mistake: to ask only after a read whether the segment was sealed. What was
appended in between would never be sent.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sentrial import _records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Damage: TypeAlias = Callable[[int, int], None]
    """Called with where a damaged stretch begins, and how many records it held."""


class Stretch(NamedTuple):
    """Payloads of one segment that follow one another, and where each of them ends in it."""

    payloads: tuple[bytes, ...]
    ends: tuple[int, ...]


def unheeded(_begin: int, _lost: int) -> None:
    """Damage is counted where it is read to be sent, nowhere else."""


class SegmentReader:
    """One segment, open for reading. Where the file is missing it counts as empty.

    Args:
        path: The file.

    Raises:
        OSError: It can't be opened just now. That says nothing about what is in it.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = None
        self._data = b""
        self._base = 0  # where in the file the data begin
        self._complete = False  # whether the data go to the end of a sealed segment
        try:
            self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except FileNotFoundError:
            return

    def read(self, start: int, most_records: int, most_bytes: int, damage: Damage, *, sealed: bool) -> Stretch | None:
        """The payloads from an offset on, at least one; None where there is none.

        Args:
            start: Where a record begins.
            most_records: How many payloads to give at most.
            most_bytes: How large they may be together, a line end for each included.
            damage: Told of each stretch that holds no whole record.
            sealed: Whether nothing more will be written to the segment.

        Raises:
            OSError: It can't be read just now.
        """
        if not self._base <= start <= self._base + len(self._data):
            self._load(start, start, sealed=sealed)
        fresh, position = self._complete, start
        while True:
            run = _records.take(self._data, position - self._base, most_records, most_bytes)
            if run.full or (run.payloads and fresh):
                return Stretch(tuple(run.payloads), tuple([self._base + end for end in run.ends]))
            if not fresh:
                # There may be more by now, and what was not whole may have been undone and written anew.
                self._load(position, self._base + run.stopped, sealed=sealed)
                fresh = True
                continue
            begin = run.stopped
            following = _records.find(self._data, begin + 1)
            if begin == len(self._data) or (following is None and not sealed):
                return None
            end = len(self._data) if following is None else following
            damage(self._base + begin, _records.count_lost(self._data, begin, end))
            position = self._base + end

    def close(self) -> None:
        """Close the file. Again is harmless."""
        # Forgotten first: the child of a fork must not close what has another owner by then.
        descriptor, self._descriptor = self._descriptor, None
        self._data, self._base, self._complete = b"", 0, False
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _load(self, start: int, trusted: int, *, sealed: bool) -> None:
        """Have everything from an offset on at hand, what is before `trusted` as it is. A segment is a few MiB."""
        kept = self._data[start - self._base : trusted - self._base]
        descriptor = self._descriptor
        if descriptor is not None:
            more = os.fstat(descriptor).st_size - trusted
            kept += os.pread(descriptor, max(0, more), trusted)
        self._data, self._base, self._complete = kept, start, sealed
