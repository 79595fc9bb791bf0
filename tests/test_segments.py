"""Reading segments: each byte once, whatever is appended, undone or acknowledged meanwhile."""

from __future__ import annotations

import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sentrial import _records
from sentrial._delivery import Worker
from sentrial._outcomes import Delivered
from sentrial._segments import SegmentReader, unheeded
from sentrial._spool import Spool

if TYPE_CHECKING:
    from collections.abc import Sequence

PAYLOADS = [b'{"i":%d,"text":"%s"}' % (i, b"x" * (i * 7 % 40)) for i in range(12)]
MANY = (1000, 1 << 20)


def test_a_segment_is_read_while_it_grows(tmp_path: Path) -> None:
    """However a record is cut in two writes, it is read once it is whole, once, and is no damage before."""
    path = tmp_path / "segment"
    record = _records.frame(PAYLOADS[1])
    damage: list[tuple[int, int]] = []

    def note(begin: int, lost: int) -> None:
        damage.append((begin, lost))

    for cut in range(1, len(record)):
        path.write_bytes(_records.frame(PAYLOADS[0]) + record[:cut])
        reader = SegmentReader(path)

        first = reader.read(0, *MANY, note, sealed=False)
        assert first is not None
        cut_off = reader.read(first.ends[-1], *MANY, note, sealed=False)
        with path.open("ab") as file:
            file.write(record[cut:])
        whole = reader.read(first.ends[-1], *MANY, note, sealed=False)
        reader.close()

        assert (first.payloads, cut_off) == ((PAYLOADS[0],), None)
        assert whole is not None
        assert (whole.payloads, whole.ends, damage) == ((PAYLOADS[1],), (path.stat().st_size,), [])


@pytest.mark.parametrize("sealed", [False, True])
def test_what_was_undone_is_not_remembered(tmp_path: Path, sealed: bool) -> None:
    """Half a record that was read, taken back and overwritten by a smaller one neither hides nor damages that one."""
    path = tmp_path / "segment"
    whole, half = _records.frame(PAYLOADS[0]), _records.frame(b"y" * 900)[:700]
    path.write_bytes(whole + half)
    reader = SegmentReader(path)
    damage: list[tuple[int, int]] = []
    first = reader.read(0, 1, 1 << 20, unheeded, sealed=False)
    path.write_bytes(whole + _records.frame(PAYLOADS[1]))

    rest = reader.read(len(whole), *MANY, lambda *met: damage.append(met), sealed=sealed)
    reader.close()

    assert first is not None
    assert rest is not None
    assert (rest.payloads, damage) == ((PAYLOADS[1],), [])


def test_a_read_may_begin_again_anywhere_before(tmp_path: Path) -> None:
    """A probe after a failure, and a batch acknowledged in part, read the same bytes again."""
    path = tmp_path / "segment"
    path.write_bytes(b"".join(map(_records.frame, PAYLOADS)))
    reader = SegmentReader(path)

    everything = reader.read(0, *MANY, unheeded, sealed=False)
    assert everything is not None
    late = reader.read(everything.ends[8], *MANY, unheeded, sealed=False)
    probe = reader.read(0, 3, 1 << 20, unheeded, sealed=False)
    middle = reader.read(everything.ends[3], 2, 1 << 20, unheeded, sealed=True)
    reader.close()

    assert list(everything.payloads) == PAYLOADS
    assert late is not None
    assert list(late.payloads) == PAYLOADS[9:]
    assert probe is not None
    assert (list(probe.payloads), probe.ends) == (PAYLOADS[:3], everything.ends[:3])
    assert middle is not None
    assert (list(middle.payloads), middle.ends) == (PAYLOADS[4:6], everything.ends[4:6])


def test_the_largest_record_is_read_however_little_is_asked_for(tmp_path: Path) -> None:
    """A payload of 1 MiB between small ones comes out whole, and one beyond that is no record."""
    path = tmp_path / "segment"
    largest, beyond = b"x" * _records.MAX_PAYLOAD_BYTES, b"y" * (_records.MAX_PAYLOAD_BYTES + 1)
    path.write_bytes(b"".join(map(_records.frame, (b"a", largest, beyond, b"b"))))
    reader, damage = SegmentReader(path), []
    seen: list[bytes] = []
    start = 0

    while (found := reader.read(start, 10, 100, lambda *met: damage.append(met), sealed=True)) is not None:
        seen += found.payloads
        start = found.ends[-1]
    reader.close()

    assert seen == [b"a", largest, b"b"]
    assert [lost for _, lost in damage] == [1]


class Taking:
    """A sender that takes everything."""

    def __init__(self) -> None:
        self.taken = 0

    def send(self, payloads: Sequence[bytes]) -> Delivered:
        """Take a batch."""
        self.taken += len(payloads)
        return Delivered()

    def close(self) -> None:
        """Nothing to free."""


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not say how much a process has read")
def test_delivery_reads_each_byte_once_and_costs_little(tmp_path: Path) -> None:
    """100,000 events: hardly more is read than was written, and the worker's work is a few times one checksum."""
    payload = b'{"text":"' + b"x" * 1000 + b'"}'
    spool, sender = Spool([tmp_path], "home"), Taking()
    for _ in range(100_000):
        spool.append(payload)
    begun = time.process_time()
    for _ in range(100_000):
        zlib.crc32(payload[:])
        bytes(memoryview(payload))
    floor = time.process_time() - begun
    read_before = bytes_read()

    begun = time.process_time()
    worker = Worker(spool, lambda: sender)
    left = worker.flush(60)
    took = time.process_time() - begun
    read = bytes_read() - read_before
    worker.stop(1)
    spool.close()

    assert (left, sender.taken) == (0, 100_000)
    assert read < 1.2 * 100_000 * len(payload)
    assert took < 8 * floor


def bytes_read() -> int:
    """How many bytes this process has asked the system for so far."""
    words = Path("/proc/self/io").read_text("ascii").split()
    return int(words[words.index("rchar:") + 1])
