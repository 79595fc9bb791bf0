"""A spool that can't be read or written just now has lost nothing, and says so."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from sentrial._disk import Disk, keeping_gil
from sentrial._folder import Folder
from sentrial._spool import Spool
from tests.journey.processes import CLIENT, free_port, run

if TYPE_CHECKING:
    from pathlib import Path

STARVED = """
import os, resource, sys
from pathlib import Path
from sentrial._spool import Spool

dead = Spool([Path(sys.argv[1])], "home")
for number in range(100): dead.append(b"%d" % number)
dead.close()
spool = Spool([Path(sys.argv[1])], "home")
for number in range(100, 112): spool.append(b"%d" % number)
assert spool.adopt() == 1

limit = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, limit[1]))
taken = []
try:
    while True: taken.append(os.dup(0))
except OSError: pass
assert spool.read(1000, 1 << 20) is None
print("starved", spool.pending())
for descriptor in taken: os.close(descriptor)

seen = []
while (batch := spool.read(1000, 1 << 20)) is not None:
    seen += batch.payloads; spool.ack(batch, len(batch.payloads))
print(len(seen), sorted(map(int, seen)) == list(range(112)), spool.pending(), spool.lost())
spool.close()
"""


def drain(spool: Spool) -> list[bytes]:
    """Everything there is to read, each batch acknowledged."""
    seen: list[bytes] = []
    while (batch := spool.read(100, 1 << 20)) is not None:
        seen += batch.payloads
        spool.ack(batch, len(batch.payloads))
    return seen


def test_out_of_file_descriptors_nothing_counts_as_empty(tmp_path: Path) -> None:
    """What can't be read for a moment still waits: a dead process's folder is kept, and `pending` tells the truth."""
    status, out, err = run(STARVED, tmp_path)

    assert (status, err) == (0, "")
    assert out.splitlines() == ["starved 112", "112 True 0 {}"]


def test_a_segment_that_cant_be_made_leaves_the_last_one_in_use(tmp_path: Path) -> None:
    """Where the disk refuses a new segment, what still fits goes into the old one, and each event is read once."""
    usual, refusing = keeping_gil(), False

    def refuse(path: Path) -> int:
        if refusing:
            raise OSError(errno.ENOSPC, "no space")
        return usual.open(path)

    disk = Disk(swift=lambda: usual._replace(open=refuse))
    spool = Spool([tmp_path], "home", segment_bytes=400, disk=disk)
    spool.append(b"first" * 20)
    refusing = True
    seen: list[bytes] = []
    for number in range(30):
        spool.append(b"%d" % number + b"x" * (300 if number % 7 == 3 else 10))
        seen += drain(spool)
    refusing = False
    seen += drain(spool)
    spool.close()

    assert len(seen) == len(set(seen)) == 31
    assert spool.lost() == {}


def test_a_folder_that_cant_be_emptied_keeps_its_lock_file(tmp_path: Path) -> None:
    """A segment that can't be deleted leaves a folder that others can still adopt."""
    spool = Spool([tmp_path], "home")
    spool.append(b"a")
    spool.close()
    (own,) = (tmp_path / "home").iterdir()
    folder = Folder.seize(own)
    assert folder is not None
    (segment,) = own.glob("*.seg")
    segment.unlink()
    segment.mkdir()  # stands in for a file that the disk refuses to delete

    folder.remove()

    assert (own / "lock").exists()


def test_what_goes_with_the_process_is_said_at_its_end(tmp_path: Path) -> None:
    """No disk took the events and no server did: the last line of the process says how many are gone."""
    (tmp_path / "file").touch()
    script = CLIENT.replace("max_retries=0", "exit_timeout=0.2") + "for i in range(3): client.track_tool_call('s', 't')"

    status, _, err = run(script, f"http://127.0.0.1:{free_port()}", tmp_path / "file" / "spool")

    assert status == 0
    assert err == "sentrial: 3 events go with this process: neither a disk nor a server took them\n"
