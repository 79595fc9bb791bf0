"""What dead processes left: found wherever spools are kept, held a few at a time, and nothing remains of them."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sentrial._births import machine_name
from sentrial._folder import Folder
from sentrial._spool import ADOPT_AT_ONCE, Spool
from tests.journey.processes import finish, run, start

if TYPE_CHECKING:
    from collections.abc import Sequence

MAKE_FOR_EVER = """
import sys
from pathlib import Path
from sentrial._folder import Folder
print(flush=True)
while True: Folder.make(Path(sys.argv[1])).remove()
"""

SWEEP_FOR_EVER = """
import sys
from pathlib import Path
from sentrial._births import sweep
print(flush=True)
while True: sweep(Path(sys.argv[1]))
"""

FORK_MEANWHILE = """
import os, sys, threading
from pathlib import Path
from sentrial._folder import Folder

ends = threading.Event()
def work():
    while not ends.is_set(): Folder.make(Path(sys.argv[1])).remove()
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()

def locks():
    found = []
    for name in os.listdir("/proc/self/fd"):
        try: target = os.readlink(f"/proc/self/fd/{name}")
        except OSError: continue
        if target.removesuffix(" (deleted)").endswith("lock"): found.append(target)
    return found

inherited = 0
for _ in range(100):
    child = os.fork()
    if child == 0: os._exit(min(100, len(locks())))
    inherited += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
ends.set()
for thread in threads: thread.join()
print(inherited, len(locks()))
"""


def drain(spool: Spool) -> list[bytes]:
    """Everything there is to read, each batch acknowledged."""
    seen: list[bytes] = []
    while (batch := spool.read(100, 1 << 20)) is not None:
        seen += batch.payloads
        spool.ack(batch, len(batch.payloads))
    return seen


def leave(roots: Sequence[Path], *payloads: bytes) -> None:
    """Leave payloads as a dead process would."""
    spool = Spool(roots, "home")
    for payload in payloads:
        spool.append(payload)
    spool.close()


def private(folder: Path) -> Path:
    """A root for spools as it is made among everybody's temporary files."""
    return folder / f"sentrial-{os.getuid()}" / "spool"


def test_what_was_left_in_any_root_is_adopted(tmp_path: Path) -> None:
    """Events that had to go to the second or third root are sent by a process that uses the first."""
    roots = [tmp_path / "state", tmp_path / "lasting", private(tmp_path)]
    for number, root in enumerate(roots):
        leave([root], b"%d" % number)
    spool = Spool(roots, "home")
    spool.append(b"own")

    taken = spool.adopt()
    pending = spool.pending()
    seen = drain(spool)
    after = spool.pending()
    spool.close()

    assert (taken, pending, after) == (3, 4, 0)
    assert sorted(seen) == [b"0", b"1", b"2", b"own"]
    assert list(tmp_path.rglob("*.seg")) == []


def test_a_root_that_somebody_else_prepared_is_not_adopted_from(tmp_path: Path) -> None:
    """Among everybody's temporary files a folder open to others holds nothing that we would send."""
    root = private(tmp_path)
    leave([root], b"forged")
    root.parent.chmod(0o777)
    spool = Spool([tmp_path / "state", root], "home")

    taken = spool.adopt()
    spool.close()

    assert taken == 0
    assert len(list(root.rglob("*.seg"))) == 1


def test_many_dead_processes_cost_few_descriptors(tmp_path: Path) -> None:
    """However many folders wait, a few are held at a time; `pending` is never 0 before the last one is empty."""
    count = 3 * ADOPT_AT_ONCE
    for number in range(count):
        leave([tmp_path], b"%d" % number)
    before = len(list(Path("/proc/self/fd").iterdir()))
    spool = Spool([tmp_path], "home")

    spool.adopt()
    held = len(list(Path("/proc/self/fd").iterdir())) - before
    seen: list[bytes] = []
    never_zero = True
    while (batch := spool.read(100, 1 << 20)) is not None:
        never_zero = never_zero and spool.pending() > 0
        seen += batch.payloads
        spool.ack(batch, len(batch.payloads))
    pending = spool.pending()
    spool.close()

    assert held <= ADOPT_AT_ONCE
    assert sorted(map(int, seen)) == list(range(count))
    assert (never_zero, pending) == (True, 0)
    assert list((tmp_path / "home").iterdir()) == []


def test_what_a_killed_process_began_is_swept_away(tmp_path: Path) -> None:
    """Killed anywhere while it makes or removes a folder, a process leaves nothing behind for long."""
    home, name = tmp_path / "home", machine_name()
    for kills in range(15):
        process = start(MAKE_FOR_EVER, home)
        assert process.stdout is not None
        process.stdout.readline()
        threading.Event().wait(0.003 * kills)
        process.kill()
        finish(process)
    (home / f".new-{name}-aa").mkdir()  # killed before the lock was in it, its lock swept already
    (home / f".new-{name}-bb").mkdir()
    (home / f".new-{name}-bb.lock").touch()
    (home / f".new-{name}-cc").mkdir()
    (home / f".new-{name}-cc" / "lock").touch()
    (home / f"{name}-dd").mkdir()  # killed between the lock and the folder
    spool = Spool([tmp_path], "home")

    spool.adopt()
    drain(spool)
    spool.close()

    assert list(home.iterdir()) == []


def test_what_a_living_process_is_making_is_not_swept(tmp_path: Path) -> None:
    """However often another process sweeps meanwhile, making a folder works, and it is whole."""
    home = tmp_path / "home"
    home.mkdir()
    sweeper = start(SWEEP_FOR_EVER, home)
    assert sweeper.stdout is not None
    sweeper.stdout.readline()

    whole = 0
    for _ in range(1500):
        folder = Folder.make(home)
        whole += (folder.path / "lock").exists()
        folder.remove()
    sweeper.kill()
    finish(sweeper)

    assert whole == 1500
    assert list(home.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not list open files")
def test_no_child_inherits_a_lock(tmp_path: Path) -> None:
    """Whatever other threads do with folders at the moment of a fork, the child holds none of their locks."""
    status, out, err = run(FORK_MEANWHILE, tmp_path / "home")

    assert (status, out.split(), err) == (0, ["0", "0"], "")


def test_what_close_leaves_behind_is_pending_until_it_is_adopted(tmp_path: Path) -> None:
    """A close that could not wait says what it left; the same process counts and sends it when it records again."""
    spool = Spool([tmp_path], "home")
    for number in range(5):
        spool.append(b"%d" % number)

    spool.close()
    spool.close()
    left = spool.pending()
    spool.append(b"5")
    more = spool.pending()
    taken = spool.adopt()
    pending = spool.pending()
    seen = drain(spool)
    after = spool.pending()
    spool.close()

    assert (left, more, taken, pending, after) == (5, 6, 1, 6, 0)
    assert seen == [b"%d" % number for number in range(6)]
    assert spool.lost() == {}


def test_a_late_ack_changes_nothing_for_the_next_owner(tmp_path: Path) -> None:
    """An answer that comes after close does not touch a folder that is another's by then."""
    first, second = Spool([tmp_path], "home"), Spool([tmp_path], "home")
    for number in range(5):
        first.append(b"%d" % number)
    late = first.read(10, 1 << 20)
    assert late is not None
    first.close()
    second.adopt()

    first.ack(late, 5)
    again = first.read(10, 1 << 20)
    acks = list(tmp_path.rglob("ack"))
    seen = drain(second)
    second.close()

    assert (again, acks) == (None, [])
    assert len(seen) == 5


def test_closing_beside_a_reader_and_writers_loses_nothing(tmp_path: Path) -> None:
    """While others append, read and acknowledge, a spool may be closed again and again: each event comes out."""
    spool, ends = Spool([tmp_path], "home"), threading.Event()
    seen: list[bytes] = []
    failed: list[BaseException] = []

    def read() -> None:
        try:
            while not ends.is_set():
                spool.adopt()
                seen.extend(drain(spool))
        except BaseException as problem:  # noqa: BLE001 - told below
            failed.append(problem)

    def append(thread: int) -> None:
        for number in range(300):
            spool.append(b"%d %d" % (thread, number))

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=append, args=(number,)) for number in range(3)]
    for thread in (reader, *writers):
        thread.start()
    while any(thread.is_alive() for thread in writers):
        spool.close()
    ends.set()
    reader.join()
    spool.adopt()
    seen += drain(spool)
    spool.close()

    assert failed == []
    assert set(seen) == {b"%d %d" % (thread, number) for thread in range(3) for number in range(300)}
    assert spool.lost() == {}
    assert list((tmp_path / "home").iterdir()) == []
