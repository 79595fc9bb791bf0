"""The bytes of the spool: how one record is framed and found again.

A record is magic, length, crc32, payload, in one write. A reader that meets damage goes on at the next whole
record, so a torn or flipped one costs only itself. A newcomer's mistake: `zlib.crc32` of a large payload on the
caller's thread. It gives up the GIL for more than 5 kB; only whoever reads may do that.
"""

from __future__ import annotations

import zlib
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAGIC = b"\xf5SN1"
"""No UTF-8 text holds its first byte: within a spool, it is always the beginning of a record."""

HEADER = Struct("<4sII")
MAX_PAYLOAD_BYTES = 1 << 20
MAX_RECORD_BYTES = HEADER.size + MAX_PAYLOAD_BYTES
CRC_STRIDE_BYTES = 4096
"""The largest piece whose checksum keeps the GIL, with room to spare."""

_HEADER_BYTES = HEADER.size
_pack = HEADER.pack
_unpack = HEADER.unpack_from


class Record(NamedTuple):
    """One payload, and where the record after it begins."""

    payload: bytes
    end: int


class Run(NamedTuple):
    """Records that lie one after the other.

    Attributes:
        payloads: What they hold.
        ends: Where each of them ends.
        stopped: Where the first one that was not taken begins.
        full: Whether it was not taken because of a limit. Else no whole record begins there.
    """

    payloads: list[bytes]
    ends: list[int]
    stopped: int
    full: bool


def frame(payload: bytes) -> bytes:
    """The bytes of one record."""
    crc = zlib.crc32(payload) if len(payload) <= CRC_STRIDE_BYTES else checksum(payload)
    return _pack(MAGIC, len(payload), crc) + payload


def checksum(payload: bytes) -> int:
    """The crc32 of a payload, computed without giving up the GIL."""
    view = memoryview(payload)
    crc = 0
    for start in range(0, len(payload), CRC_STRIDE_BYTES):
        crc = zlib.crc32(view[start : start + CRC_STRIDE_BYTES], crc)
    return crc


def take(data: bytes, start: int, most_records: int, most_bytes: int) -> Run:
    """Whole records from an offset on: at least one, and no more than the limits allow.

    Args:
        data: Bytes of a segment.
        start: Where in them a record begins.
        most_records: How many to take.
        most_bytes: How large their payloads may be together, a line end for each included.
    """
    payloads: list[bytes] = []
    ends: list[int] = []
    position, size, crc32 = start, len(data), zlib.crc32
    while (begin := position + _HEADER_BYTES) <= size:
        magic, length, crc = _unpack(data, position)
        end = begin + length
        if magic != MAGIC or end > size or length > MAX_PAYLOAD_BYTES:
            break
        most_bytes -= length + 1
        if payloads and (most_bytes < 0 or len(payloads) >= most_records):
            return Run(payloads, ends, position, full=True)
        payload = data[begin:end]
        if crc32(payload) != crc:
            break
        payloads.append(payload)
        ends.append(end)
        position = end
    return Run(payloads, ends, position, full=False)


def find(data: bytes, start: int) -> int | None:
    """Where the first whole record begins at or after an offset, or None."""
    position = start
    while (position := data.find(MAGIC, position)) != -1:
        if take(data, position, 1, 0).payloads:
            return position
        position += 1
    return None


def count_lost(data: bytes, begin: int, end: int) -> int:
    """How many records a damaged stretch held, at least: the one it begins with, and each whose magic can be seen."""
    return 1 + data.count(MAGIC, begin + 1, end)


def scan(data: bytes, start: int, damage: Callable[[int, int], None], *, sealed: bool) -> Iterator[Record]:
    """Every whole record of a segment, from an offset on.

    Args:
        data: The segment's bytes, all of them.
        start: Where to begin.
        damage: Called with the begin and the end of each stretch that holds no record.
        sealed: Whether nothing more will be written; if so, what is cut off at the end is damage too.
    """
    position = start
    while True:
        run = take(data, position, 1 << 30, 1 << 60)
        yield from map(Record, run.payloads, run.ends)
        if run.stopped >= len(data):
            return
        following = find(data, run.stopped + 1)
        if following is None:
            if sealed:
                damage(run.stopped, len(data))
            return
        damage(run.stopped, following)
        position = following
