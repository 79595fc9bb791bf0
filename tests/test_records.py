"""The framing of the spool: every cut, and many flips, cost only the record they hit."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from sentrial import _records

PAYLOADS = [b'{"i":%d,"text":"%s"}' % (i, b"x" * (i * 7 % 40)) for i in range(12)]
SEGMENT = b"".join(map(_records.frame, PAYLOADS))


def read(data: bytes, *, sealed: bool = True) -> tuple[list[bytes], list[int]]:
    """The payloads of a segment, and the sizes of what was damaged."""
    damaged: list[int] = []
    found = _records.scan(data, 0, lambda begin, end: damaged.append(end - begin), sealed=sealed)
    return [record.payload for record in found], damaged


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_what_is_framed_is_read_back(payloads: list[bytes]) -> None:
    """Any payloads come back, in order, without damage, also those that look like frames."""
    payloads += [_records.MAGIC * 3, _records.frame(b"inner")]

    found, damaged = read(b"".join(map(_records.frame, payloads)))

    assert (found, damaged) == (payloads, [])


def test_a_record_ends_where_the_next_begins() -> None:
    """Reading goes on from the end of any record."""
    ends = [record.end for record in _records.scan(SEGMENT, 0, lambda *_: None, sealed=True)]

    rest = [record.payload for record in _records.scan(SEGMENT, ends[4], lambda *_: None, sealed=True)]

    assert ends[-1] == len(SEGMENT)
    assert rest == PAYLOADS[5:]


def test_every_cut_costs_the_cut_record_alone() -> None:
    """However a segment is cut off, the whole records before the cut are read, and the rest counts as one damage."""
    for cut in range(len(SEGMENT)):
        whole = [payload for payload, end in zip(PAYLOADS, _ends(), strict=True) if end <= cut]

        found, damaged = read(SEGMENT[:cut])
        growing, nothing = read(SEGMENT[:cut], sealed=False)

        assert found == growing == whole
        assert len(damaged) == (0 if cut in {0, *_ends()} else 1)
        assert nothing == []


def test_every_gap_costs_the_torn_record_alone() -> None:
    """A record that was torn in the middle of a segment costs itself; all the others are found."""
    for index, end in enumerate(_ends()):
        begin = end - _records.HEADER.size - len(PAYLOADS[index])
        for size in range(1, end - begin):
            found, damaged = read(SEGMENT[: begin + size] + SEGMENT[end:])

            assert [p for p in found if p != PAYLOADS[index]] == PAYLOADS[:index] + PAYLOADS[index + 1 :]
            assert len(damaged) == 1


def test_flipped_bits_cost_the_flipped_record_alone() -> None:
    """A flipped bit anywhere costs at most its own record, and never gives a payload that was not written."""
    chance = random.Random(7)
    for _ in range(600):
        position, bit = chance.randrange(len(SEGMENT)), chance.randrange(8)
        data = bytearray(SEGMENT)
        data[position] ^= 1 << bit
        hit = next(i for i, end in enumerate(_ends()) if position < end)

        found, damaged = read(bytes(data))

        assert found == PAYLOADS[:hit] + PAYLOADS[hit + 1 :]
        assert len(damaged) == 1


def test_noise_holds_no_record() -> None:
    """Bytes that nobody framed give nothing, in time that grows with their number alone."""
    noise = random.Random(3).randbytes(200_000) + _records.MAGIC * 20_000

    found, damaged = read(noise)

    assert (found, damaged) == ([], [len(noise)])


@given(st.binary(max_size=20_000))
def test_the_checksum_in_strides_is_crc32(data: bytes) -> None:
    """The checksum that keeps the GIL is crc32 all the same."""
    import zlib

    assert _records.checksum(data) == zlib.crc32(data)


def _ends() -> list[int]:
    ends, position = [], 0
    for payload in PAYLOADS:
        position += _records.HEADER.size + len(payload)
        ends.append(position)
    return ends
