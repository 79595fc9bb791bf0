"""The bytes of the spool: how one record is framed, written and found again.

A record is magic, length, crc32, payload, in one write. A reader that meets damage goes on at the next
magic, so a torn or flipped record costs only itself. Writing keeps the GIL: `os.write` gives it up, and
beside a busy thread waits 5 ms to get it back.
"""

from __future__ import annotations

import os
import zlib
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAGIC = b"\xf5SN1"
HEADER = Struct("<4sII")
MAX_PAYLOAD_BYTES = 1 << 20

# zlib lets go of the GIL for more than 5 kB at a time.
_CRC_STRIDE = 4096


class Record(NamedTuple):
    """One payload, and where the record after it begins."""

    payload: bytes
    end: int


def frame(payload: bytes) -> bytes:
    """The bytes of one record."""
    crc = zlib.crc32(payload) if len(payload) <= _CRC_STRIDE else checksum(payload)
    return HEADER.pack(MAGIC, len(payload), crc) + payload


def checksum(payload: bytes) -> int:
    """The crc32 of a payload, computed without giving up the GIL."""
    if len(payload) <= _CRC_STRIDE:
        return zlib.crc32(payload)
    view = memoryview(payload)
    crc = 0
    for start in range(0, len(payload), _CRC_STRIDE):
        crc = zlib.crc32(view[start : start + _CRC_STRIDE], crc)
    return crc


def scan(data: bytes, start: int, damage: Callable[[int, int], None], *, sealed: bool) -> Iterator[Record]:
    """Every whole record of a segment, from an offset on.

    Args:
        data: The segment's bytes.
        start: Where to begin.
        damage: Called with the begin and the end of each stretch that holds no record.
        sealed: Whether nothing more will be written; if so, what is cut off at the end is damage too.
    """
    position = start
    while position < len(data):
        end = _whole(data, position)
        if end is not None:
            yield Record(data[position + HEADER.size : end], end)
            position = end
            continue
        following = _next_whole(data, position + 1)
        if following is None:
            if sealed:
                damage(position, len(data))
            return
        damage(position, following)
        position = following


def _whole(data: bytes, position: int) -> int | None:
    if position + HEADER.size > len(data):
        return None
    magic, length, crc = HEADER.unpack_from(data, position)
    end = position + HEADER.size + length
    if magic != MAGIC or length > MAX_PAYLOAD_BYTES or end > len(data):
        return None
    return end if checksum(data[position + HEADER.size : end]) == crc else None


def _next_whole(data: bytes, position: int) -> int | None:
    while (position := data.find(MAGIC, position)) != -1:
        if _whole(data, position) is not None:
            return position
        position += 1
    return None


def keeping_gil() -> Callable[[int, bytes], int]:
    """A `write(descriptor, data) -> bytes written` that keeps the GIL; `os.write` where there is no libc to call.

    It raises OSError, as `os.write` does.
    """
    try:
        import ctypes  # noqa: PLC0415 - loaded with the first event, not at import

        library = ctypes.PyDLL(None, use_errno=True)
        write = library.write
    except (ImportError, OSError, AttributeError, TypeError):
        return os.write
    write.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)
    write.restype = ctypes.c_ssize_t
    get_errno = ctypes.get_errno

    def append(descriptor: int, data: bytes) -> int:
        written: int = write(descriptor, data, len(data))
        if written < 0:
            code = get_errno()
            raise OSError(code, os.strerror(code))
        return written

    return append
