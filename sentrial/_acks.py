"""The ack of a folder: up to where everything is done with. It is advisory: lost, it means replay.

It is sealed by a checksum. One that can't be believed counts as none, because replay is harmless, and skipping what
was never sent is not.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from struct import Struct, error
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_FORM = Struct("<QQI")


class Position(NamedTuple):
    """A place in a folder: everything before it is done with."""

    segment: int
    offset: int


class Ack:
    """The ack of one folder, as it was found there.

    Args:
        path: Its file, which need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self.position = Position(0, 0)
        with contextlib.suppress(OSError, error):
            segment, offset, seal = _FORM.unpack(path.read_bytes())
            if seal == _seal(Position(segment, offset)):
                self.position = Position(segment, offset)

    def move(self, position: Position) -> None:
        """Remember a position here, and on the disk if it takes it."""
        self.position = position
        with contextlib.suppress(OSError):
            if self._descriptor is None:
                flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
                self._descriptor = os.open(self._path, flags, 0o600)
            os.pwrite(self._descriptor, _FORM.pack(*position, _seal(position)), 0)

    def close(self) -> None:
        """Close the file. Again is harmless."""
        # Forgotten first: the child of a fork must not close what has another owner by then.
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _seal(position: Position) -> int:
    return zlib.crc32(b"%d %d" % position)
