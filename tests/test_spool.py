"""The durable queue: append, read, ack, reject, adopt, with real folders, threads and processes."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sentrial._config import resolve
from sentrial._pipe import destination
from sentrial._ring import Ring
from sentrial._spool import Spool, state_folders
from tests.journey.processes import finish, run, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER = """
import os, sys
from pathlib import Path
from sentrial._spool import Spool
spool = Spool([Path(sys.argv[1])], "home")
for i in range(int(sys.argv[2])): spool.append(b"%d" % i)
print("ready", flush=True)
"""


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """A spool of its own."""
    made = Spool([tmp_path], "home")
    yield made
    made.close()


def drain(spool: Spool, most: int = 100) -> list[bytes]:
    """Everything there is to read, each batch acknowledged."""
    seen: list[bytes] = []
    while (batch := spool.read(most, 1 << 20)) is not None:
        seen += batch.payloads
        spool.ack(batch, len(batch.payloads))
    return seen


def test_what_is_appended_is_read_in_order(spool: Spool) -> None:
    """Payloads come out as they went in, and acknowledged ones do not come again."""
    payloads = [b"%d" % i for i in range(250)]
    for payload in payloads:
        spool.append(payload)

    pending = spool.pending()
    seen = drain(spool)

    assert (pending, seen, spool.pending(), spool.appended) == (250, payloads, 0, 250)


def test_what_is_not_acknowledged_comes_again(spool: Spool) -> None:
    """A batch that was read and not acknowledged is read again; one in part from where the ack stands."""
    for payload in (b"a", b"b", b"c"):
        spool.append(payload)

    first, again = spool.read(10, 100), spool.read(10, 100)
    assert first is not None
    spool.ack(first, 2)
    rest = spool.read(10, 100)

    assert again == first
    assert rest is not None
    assert (rest.payloads, spool.pending()) == ((b"c",), 1)


def test_a_batch_is_bounded(spool: Spool) -> None:
    """A batch holds at most so many records and bytes, but always one."""
    for _ in range(10):
        spool.append(b"x" * 100)

    few, small, one = spool.read(3, 1 << 20), spool.read(100, 450), spool.read(100, 1)

    assert [len(batch.payloads) for batch in (few, small, one) if batch] == [3, 4, 1]


def test_a_whole_folder_survives_its_owner(tmp_path: Path) -> None:
    """After `close` another spool of the same destination takes over exactly what was not acknowledged."""
    first = Spool([tmp_path], "home")
    for i in range(10):
        first.append(b"%d" % i)
    batch = first.read(4, 100)
    assert batch is not None
    first.ack(batch, 4)
    first.close()
    second = Spool([tmp_path], "home")

    taken = second.adopt()
    pending = second.pending()
    seen = drain(second)
    second.close()

    assert (taken, pending) == (1, 6)
    assert seen == [b"%d" % i for i in range(4, 10)]
    assert list((tmp_path / "home").iterdir()) == []


def test_a_dead_process_is_adopted_and_a_living_one_never(tmp_path: Path) -> None:
    """Only the death of its owner frees a folder: not time, and not a pid."""
    living = start(OWNER + "sys.stdin.read()", tmp_path, "3")
    assert living.stdout is not None
    living.stdout.readline()
    run(OWNER + "os.kill(os.getpid(), 9)", tmp_path, "5")
    spool = Spool([tmp_path], "home")

    while_alive = spool.adopt(), spool.adopt()
    from_dead = drain(spool)
    living.kill()
    finish(living)
    after_death = spool.adopt()
    from_killed = drain(spool)
    spool.close()

    assert (while_alive, len(from_dead)) == ((1, 0), 5)
    assert (after_death, len(from_killed)) == (1, 3)


def test_two_living_processes_never_take_the_same_folder(tmp_path: Path) -> None:
    """Of many spools that adopt at once, exactly one gets the dead one's folder."""
    run(OWNER + "os.kill(os.getpid(), 9)", tmp_path, "5")
    spools = [Spool([tmp_path], "home") for _ in range(8)]
    ready = threading.Barrier(8)
    taken: list[int] = []

    def adopt(spool: Spool) -> None:
        ready.wait()
        taken.append(spool.adopt())

    threads = [threading.Thread(target=adopt, args=(spool,)) for spool in spools]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for spool in spools:
        spool.close()

    assert sorted(taken) == [0] * 7 + [1]


def test_a_forks_child_does_not_take_the_parents(tmp_path: Path) -> None:
    """The child of a fork has nothing pending, appends to a folder of its own, and leaves the parent's locked."""
    script = OWNER + (
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    assert spool.pending() == 0 and spool.adopt() == 0\n"
        "    spool.append(b'child'); assert spool.read(10, 100).payloads == (b'child',)\n"
        "    os._exit(0)\n"
        "assert os.waitpid(pid, 0)[1] == 0\n"
        "assert spool.read(10, 100).payloads == (b'0', b'1')\n"
        "assert spool.adopt() == 1 and spool.pending() == 3\n"
    )

    status, _, err = run(script, tmp_path, "2")

    assert (status, err) == (0, "")


def test_a_child_does_not_keep_a_dead_parents_lock(tmp_path: Path) -> None:
    """A child that never tracks does not hold its dead parent's folder."""
    script = OWNER + (
        "pid = os.fork()\nif pid == 0: sys.stdin.read(); os._exit(0)\nprint(pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    process = start(script, tmp_path, "2")
    assert process.stdout is not None
    process.stdout.readline()
    child = int(process.stdout.readline())
    process.wait()
    spool = Spool([tmp_path], "home")

    taken = wait_until(lambda: spool.adopt() == 1, 5)
    os.kill(child, 9)
    finish(process)
    spool.close()

    assert taken


def test_segments_rotate_and_nothing_is_lost_under_threads(tmp_path: Path) -> None:
    """Eight threads append through many small segments while a reader empties them: all arrive, in order."""
    spool = Spool([tmp_path], "home", segment_bytes=4096)

    def append(thread: int) -> None:
        for i in range(500):
            spool.append(b"%d %d %s" % (thread, i, b"x" * (i % 90)))

    threads = [threading.Thread(target=append, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    seen: list[bytes] = []
    while any(thread.is_alive() for thread in threads):
        seen += drain(spool, 37)
    seen += drain(spool, 37)
    segments = list(tmp_path.rglob("*.seg"))
    spool.close()

    for n in range(8):
        assert [int(p.split()[1]) for p in seen if p.startswith(b"%d " % n)] == list(range(500))
    assert len(seen) == 4000
    assert ([int(path.stem) > 20 for path in segments], spool.lost()) == ([True], {})


def test_a_record_larger_than_a_segment_is_kept(tmp_path: Path) -> None:
    """A payload does not have to fit a segment."""
    spool = Spool([tmp_path], "home", segment_bytes=100)
    spool.append(b"x" * 1000)
    spool.append(b"y")

    seen = drain(spool)
    spool.close()

    assert seen == [b"x" * 1000, b"y"]


def test_a_torn_end_costs_itself_and_is_counted(tmp_path: Path) -> None:
    """What a crash cut off is counted as corrupt; all before it is delivered."""
    first = Spool([tmp_path], "home")
    for i in range(5):
        first.append(b"payload %d" % i)
    first.close()
    (segment,) = tmp_path.rglob("*.seg")
    segment.write_bytes(segment.read_bytes()[:-3])
    second = Spool([tmp_path], "home")

    second.adopt()
    again = [batch.payloads[0] for batch in (second.read(10, 1000), second.read(10, 1000)) if batch][1:]
    seen = drain(second)
    second.close()

    assert seen == [b"payload %d" % i for i in range(4)]
    assert again == [b"payload 0"]
    assert second.lost() == {"corrupt": 1}


@pytest.mark.parametrize("ack", [b"", b"short", b"\xff" * 16, b"\x00" * 20, b"\xff" * 20, b"x" * 99])
def test_a_broken_ack_means_replay_and_never_a_crash(tmp_path: Path, ack: bytes) -> None:
    """An ack that can't be believed sends again or skips nothing that it should not; nothing raises."""
    first = Spool([tmp_path], "home")
    first.append(b"a")
    first.close()
    (folder,) = (tmp_path / "home").iterdir()
    (folder / "ack").write_bytes(ack)
    second = Spool([tmp_path], "home")

    second.adopt()
    seen = drain(second)
    second.close()

    assert seen == [b"a"]


def test_a_folder_that_refuses_falls_to_memory_and_comes_back(tmp_path: Path) -> None:
    """While no folder can be made, memory holds the payloads; when one can, they go to the disk in order."""
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    spool = Spool([blocked], "home")
    for payload in (b"a", b"b"):
        spool.append(payload)
    in_memory = spool.read(10, 100)
    blocked.unlink()

    spool.append(b"c")
    held = spool.pending()
    seen = drain(spool)
    spool.close()

    assert in_memory is not None
    assert in_memory.payloads == (b"a", b"b")
    assert held == 3
    assert sorted(seen) == [b"a", b"b", b"c"]


def test_memory_is_bounded_and_its_overflow_is_counted(tmp_path: Path) -> None:
    """Where memory overflows the oldest goes, counted; a batch on its way is not acknowledged in another's place."""
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    spool = Spool([blocked], "home", ring=Ring(most_records=10))
    for i in range(10):
        spool.append(b"%d" % i)
    on_its_way = spool.read(5, 100)
    assert on_its_way is not None
    for i in range(10, 13):
        spool.append(b"%d" % i)

    spool.ack(on_its_way, 5)
    seen = drain(spool)

    assert on_its_way.payloads == (b"0", b"1", b"2", b"3", b"4")
    assert seen == [b"%d" % i for i in range(5, 13)]
    assert spool.lost() == {"memory_full": 3}
    assert spool.pending() == 0


def test_a_full_disk_falls_to_memory(tmp_path: Path) -> None:
    """Where the disk takes no more bytes nothing raises, and everything is still delivered, in whatever order."""
    script = OWNER + (
        "import resource, signal\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60, resource.RLIM_INFINITY))\n"
        "for i in range(10, 30): spool.append(b'%d' % i)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "seen = []\n"
        "while (batch := spool.read(100, 1 << 20)) is not None:\n"
        "    seen += batch.payloads; spool.ack(batch, len(batch.payloads))\n"
        "assert sorted(map(int, seen)) == [0, *range(10, 30)], seen\n"
        "assert spool.pending() == 0\n"
    )

    status, _, err = run(script, tmp_path, "1")

    assert (status, err) == (0, "")


def test_the_next_best_folder_is_taken(tmp_path: Path) -> None:
    """Where the state folder refuses, the next root is used."""
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    spool = Spool([blocked, tmp_path / "second"], "home")

    spool.append(b"a")
    spool.close()

    assert [path.suffix for path in (tmp_path / "second").rglob("*.seg")] == [".seg"]


def test_a_folder_is_private(tmp_path: Path) -> None:
    """Nobody else may look into the folder or its files."""
    spool = Spool([tmp_path], "home")
    spool.append(b"a")
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "home").rglob("*")}
    modes.add((tmp_path / "home").stat().st_mode & 0o077)
    spool.close()

    assert modes == {0}


def test_what_is_rejected_lies_in_the_dead_letters(tmp_path: Path, spool: Spool) -> None:
    """A refused payload is kept with its reason, and outlives its folder."""
    spool.append(b'{"id":"evt_1"}')
    spool.reject(b'{"id":"evt_1"}', "validation_failed", "no name")
    drain(spool)
    spool.close()

    (line,) = (tmp_path / "home" / "dead-letters.ndjson").read_text().splitlines()

    assert json.loads(line) == {"code": "validation_failed", "reason": "no name", "event": '{"id":"evt_1"}'}
    assert spool.rejected == 1


def test_destinations_are_kept_apart(tmp_path: Path) -> None:
    """Another address, project or key is another folder; the key does not show in its name."""
    told = [
        {"api_url": "http://127.0.0.1:1"},
        {"api_url": "http://127.0.0.1:2"},
        {"api_url": "http://127.0.0.1:1", "api_key": "key-a"},
        {"api_url": "http://127.0.0.1:1", "api_key": "key-b"},
        {"api_url": "http://127.0.0.1:1", "project_id": "a"},
        {"api_url": "http://127.0.0.1:1", "project_id": "b"},
    ]

    names = [destination(resolve(**settings)) for settings in told]
    same = destination(resolve(api_url="http://127.0.0.1:1", project_id="a", api_key="any"))

    assert len(set(names)) == len(told)
    assert same == names[4]
    assert not any("key" in name for name in names)


def test_the_state_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder of the caller's own it is the user's state folder; with one it is that alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    best = state_folders(None)[0]

    assert best == tmp_path / "sentrial" / "spool"
    assert list(state_folders("/somewhere")) == [Path("/somewhere")]
