"""Damage on the disk: only the records that it touches are lost, and they are counted exactly.

What must come out is told by an oracle that knows where each record lay and never looks at a frame.
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from sentrial._disk import Calls, Disk
from sentrial._records import HEADER, MAGIC, frame
from sentrial._spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = 40
PAYLOADS = [b'{"eventType":"tool_call","i":%d,"text":"%s"}' % (i, b"x" * (i * 37 % 200)) for i in range(RECORDS)]


def drain(spool: Spool) -> list[bytes]:
    """Everything there is to read, each batch acknowledged."""
    seen: list[bytes] = []
    while (batch := spool.read(7, 1 << 20)) is not None:
        seen += batch.payloads
        spool.ack(batch, len(batch.payloads))
    return seen


class DeadFolder:
    """What a dead process left, and the bytes of its one segment: to be damaged again and again."""

    def __init__(self, root: Path, payloads: list[bytes]) -> None:
        self._root = root
        first = Spool([root], "home")
        for payload in payloads:
            first.append(payload)
        first.close()
        (self._folder,) = (root / "home").iterdir()
        (segment,) = self._folder.glob("*.seg")
        self._name = segment.name
        self.data = segment.read_bytes()

    def read_damaged(self, data: bytes) -> tuple[list[bytes], int, int]:
        """What the next process reads where the segment holds these bytes, how many it counts as lost, as waiting."""
        self._folder.mkdir(exist_ok=True)
        (self._folder / "lock").touch()
        (self._folder / self._name).write_bytes(data)
        spool = Spool([self._root], "home")
        assert spool.adopt() == 1
        seen = drain(spool)
        lost, pending = spool.lost(), spool.pending()
        spool.close()
        assert not self._folder.exists()
        return seen, lost.pop("corrupt", 0) + sum(lost.values()), pending


def bounds(payloads: list[bytes]) -> list[tuple[int, int]]:
    """Where each record begins and ends."""
    found, position = [], 0
    for payload in payloads:
        found.append((position, position + HEADER.size + len(payload)))
        position = found[-1][1]
    return found


def expected_losses(data: bytes, touched: list[bool]) -> int:
    """How many losses can be counted: each touched record whose beginning can still be seen, or that none precedes.

    Two records that follow one another and have both lost their beginning look like one.
    """
    count = 0
    for index, (begin, _) in enumerate(bounds(PAYLOADS)):
        visible = data[begin : begin + len(MAGIC)] == MAGIC
        count += touched[index] and (visible or not (index and touched[index - 1]))
    return count


def test_every_cut_of_a_segment_costs_the_cut_record_alone(tmp_path: Path) -> None:
    """Cut off at any byte, a segment gives every record before the cut; the one that was cut counts as one loss."""
    payloads = PAYLOADS[:6]
    dead, ends = DeadFolder(tmp_path, payloads), [end for _, end in bounds(payloads)]
    cuts = 0
    for cut in range(len(dead.data)):
        seen, lost, pending = dead.read_damaged(dead.data[:cut])
        cuts += 1

        assert seen == [payload for payload, end in zip(payloads, ends, strict=True) if end <= cut]
        assert (lost, pending) == (0 if cut in {0, *ends} else 1, 0)

    assert cuts == len(dead.data) > 500


@pytest.mark.parametrize("index", [0, 3, 5])
def test_every_gap_in_a_segment_costs_the_torn_record_alone(tmp_path: Path, index: int) -> None:
    """Where one record's write was cut short, and others follow, it alone is lost."""
    payloads = PAYLOADS[:6]
    dead = DeadFolder(tmp_path, payloads)
    begin, end = bounds(payloads)[index]
    for size in range(1, end - begin):
        seen, lost, _ = dead.read_damaged(dead.data[: begin + size] + dead.data[end:])

        assert [payload for payload in seen if payload != payloads[index]] == payloads[:index] + payloads[index + 1 :]
        assert lost == (payloads[index] not in seen)


@pytest.mark.parametrize(("trials", "seed"), [(300, 11), pytest.param(3000, 12, marks=pytest.mark.long)])
def test_random_flips_cost_what_they_touch(tmp_path: Path, trials: int, seed: int) -> None:
    """One to twelve flipped bits a time: what none of them touches comes out in order, all else counts as lost."""
    dead, chance = DeadFolder(tmp_path, PAYLOADS), random.Random(seed)
    lost_in_all = 0
    for _ in range(trials):
        data = bytearray(dead.data)
        flips = {(chance.randrange(len(data)), chance.randrange(8)) for _ in range(chance.choice((1, 1, 2, 5, 12)))}
        for position, bit in flips:
            data[position] ^= 1 << bit
        touched = [any(begin <= position < end for position, _ in flips) for begin, end in bounds(PAYLOADS)]

        seen, lost, pending = dead.read_damaged(bytes(data))

        assert seen == [payload for payload, hit in zip(PAYLOADS, touched, strict=True) if not hit]
        assert (lost, pending) == (expected_losses(bytes(data), touched), 0)
        lost_in_all += lost

    assert lost_in_all > trials


@pytest.mark.parametrize("filler", [b"\x00", MAGIC, b"\xff\xf5S"])
def test_a_hole_costs_what_lay_in_it(tmp_path: Path, filler: bytes) -> None:
    """A page that never reached the disk, or holds something else, costs the records that it touches, and no more."""
    dead = DeadFolder(tmp_path, PAYLOADS)
    hole = (1000, 1000 + 1200)
    data = dead.data[: hole[0]] + (filler * 1200)[:1200] + dead.data[hole[1] :]
    kept = [
        payload
        for payload, (begin, end) in zip(PAYLOADS, bounds(PAYLOADS), strict=True)
        if end <= hole[0] or begin >= hole[1]
    ]

    seen, lost, pending = dead.read_damaged(data)

    assert seen == kept
    assert 0 < len(kept) < RECORDS - 1
    assert (lost >= 1, pending) == (True, 0)


def test_damage_in_a_living_processes_segment_is_counted_too(tmp_path: Path) -> None:
    """What is damaged under the process that wrote it is lost, counted, and waited for by nobody."""
    spool = Spool([tmp_path], "home")
    for payload in PAYLOADS:
        spool.append(payload)
    (segment,) = tmp_path.rglob("*.seg")
    begin, end = bounds(PAYLOADS)[5]
    with segment.open("r+b") as file:
        file.seek((begin + end) // 2)
        file.write(b"\xff")

    first = drain(spool)
    spool.append(b"later")
    later = drain(spool)
    lost, pending = spool.lost(), spool.pending()
    spool.close()

    assert first == PAYLOADS[:5] + PAYLOADS[6:]
    assert (later, lost, pending) == ([b"later"], {"corrupt": 1}, 0)


def test_sealed_segments_that_somebody_deleted_are_counted(tmp_path: Path) -> None:
    """Files that vanish under a living process are lost events: as many as they held, and nobody waits for them."""
    spool = Spool([tmp_path], "home", segment_bytes=1000)
    for number in range(100):
        spool.append(b"%04d" % number + b"x" * 84)
    sealed = sorted(tmp_path.rglob("*.seg"))[:-1]
    for segment in sealed[2:5]:
        segment.unlink()

    seen = drain(spool)
    lost, pending = spool.lost(), spool.pending()
    spool.close()

    assert len(seen) == 100 - 30
    assert (lost, pending) == ({"corrupt": 30}, 0)


@pytest.mark.parametrize("swift", [True, False])
def test_short_writes_lose_nothing_and_damage_nothing(tmp_path: Path, swift: bool) -> None:
    """Where the disk takes a part of a record, the part is taken back, and the whole record waits in memory."""
    chance = random.Random(5)

    def write(descriptor: int, data: bytes, size: int) -> int:
        return os.write(descriptor, data[: chance.randrange(size + 1)] if chance.random() < 0.3 else data)

    calls = Calls(write=write)
    disk = Disk(swift=lambda: calls, patient=calls, far=lambda _path: not swift)
    spool = Spool([tmp_path], "home", segment_bytes=5000, disk=disk)
    seen: list[bytes] = []
    for number in range(1000):
        spool.append(b"%d" % number)
        if number % 100 == 99:
            seen += drain(spool)
    seen += drain(spool)
    lost, pending = spool.lost(), spool.pending()
    spool.close()

    assert sorted(map(int, seen)) == list(range(1000))
    assert (lost, pending) == ({}, 0)


def test_what_is_framed_begins_with_a_byte_that_no_text_holds() -> None:
    """The oracle's premise: a record's beginning can't be mistaken for what is in a payload."""
    assert frame(b"x").startswith(MAGIC)
    with pytest.raises(UnicodeDecodeError):
        MAGIC.decode()
