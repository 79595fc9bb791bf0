"""How an append reaches the disk: with the GIL kept, patiently where the disk is slow or far, and forced when asked."""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from sentrial._disk import Calls, Disk, is_far, keeping_gil
from sentrial._homes import state_folders
from sentrial._pace import QUIET_SECONDS, Rung
from sentrial._spool import Spool
from tests.journey.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class SlowDisk:
    """A real disk whose writes take as long as a test says, by a clock that the test holds.

    Attributes:
        now: The time, in seconds.
        takes: How long a write takes.
        waits: Whether the thread has to wait meanwhile, or only loses its turn.
        used: Which write each append used.
    """

    def __init__(self) -> None:
        self.now, self.takes, self.waits = 100.0, 0.0, True
        self.used: list[str] = []
        self._blocks = 0

    def disk(self, *, far: bool = False) -> Disk:
        """What a spool is to be given."""
        return Disk(
            swift=lambda: Calls(write=self._writing("swift")),
            patient=Calls(write=self._writing("patient")),
            clock=lambda: self.now,
            blocks=lambda: self._blocks,
            far=lambda _path: far,
        )

    def _writing(self, name: str):  # noqa: ANN202 - the write of `Calls`
        def write(descriptor: int, data: bytes, _size: int) -> int:
            self.used.append(name)
            self.now += self.takes
            self._blocks += self.waits
            return os.write(descriptor, data)

        return write


@pytest.fixture
def slow() -> SlowDisk:
    """A disk that is not slow yet."""
    return SlowDisk()


@pytest.fixture
def spool(tmp_path: Path, slow: SlowDisk) -> Iterator[Spool]:
    """A spool on that disk."""
    made = Spool([tmp_path], "home", disk=slow.disk())
    yield made
    made.close()


def drain(spool: Spool) -> list[bytes]:
    """Everything there is to read, each batch acknowledged."""
    seen: list[bytes] = []
    while (batch := spool.read(100, 1 << 20)) is not None:
        seen += batch.payloads
        spool.ack(batch, len(batch.payloads))
    return seen


def rung(spool: Spool) -> Rung:
    """The rung that a spool is on."""
    return spool._appender.pace.rung


def test_a_quick_disk_is_written_to_with_the_gil_kept(spool: Spool, slow: SlowDisk) -> None:
    """Appends that take less than 20 ms change nothing."""
    slow.takes = 0.019

    for number in range(10):
        spool.append(b"%d" % number)

    assert (set(slow.used), rung(spool), spool.slow_appends) == ({"swift"}, Rung.SWIFT, 0)


def test_a_slow_disk_is_written_to_patiently_but_always(spool: Spool, slow: SlowDisk) -> None:
    """Each slow append climbs a rung: watched, patient. However slow it is, the event is on the disk at once."""
    spool.append(b"first")
    slow.takes = 0.03

    rungs = []
    for number in range(5):
        spool.append(b"%d" % number)
        rungs.append(rung(spool))
    in_memory = len(spool._ring)
    slow.takes = 0.0
    seen = drain(spool)

    assert rungs == [Rung.WATCHED, *[Rung.PATIENT] * 4]
    assert slow.used[1:] == ["swift", "swift", "patient", "patient", "patient"]
    assert (spool.slow_appends, in_memory) == (5, 0)
    assert seen == [b"first", *(b"%d" % number for number in range(5))]


def test_slow_patience_is_no_reason_for_more_of_it(spool: Spool, slow: SlowDisk) -> None:
    """Beside busy threads a patient append waits for its turn: after 30 seconds the swift way is tried again."""
    spool.append(b"first")
    slow.takes = 0.03
    for _ in range(2):
        spool.append(b"slow")

    rungs = []
    for _ in range(4):
        slow.now += QUIET_SECONDS / 2
        spool.append(b"still slow")
        rungs.append(rung(spool))

    assert rungs == [Rung.PATIENT, Rung.PATIENT, Rung.PATIENT, Rung.PATIENT]
    assert slow.used[3:] == ["patient", "swift", "patient", "swift"]


def test_a_disk_that_is_quick_again_is_trusted_again(spool: Spool, slow: SlowDisk) -> None:
    """After 30 seconds without a slow append it goes down one rung, and so on to the first."""
    spool.append(b"first")
    slow.takes = 0.03
    for _ in range(3):
        spool.append(b"slow")
    slow.takes = 0.0

    rungs = []
    for _ in range(3):
        slow.now += QUIET_SECONDS
        spool.append(b"quick")
        rungs.append(rung(spool))
    slow.now += QUIET_SECONDS - 1
    seen = drain(spool)

    assert rungs == [Rung.WATCHED, Rung.SWIFT, Rung.SWIFT]
    assert slow.used[-1] == "swift"
    assert len(seen) == 7


def test_a_thread_that_lost_its_turn_says_nothing_about_the_disk(spool: Spool, slow: SlowDisk) -> None:
    """A long append in which the thread never had to wait is a busy machine: it goes on with the GIL kept."""
    spool.append(b"first")
    slow.takes, slow.waits = 0.03, False

    for number in range(10):
        spool.append(b"%d" % number)

    assert (set(slow.used), rung(spool)) == ({"swift"}, Rung.WATCHED)


def test_a_disk_on_another_machine_is_never_waited_for_with_the_gil_kept(tmp_path: Path, slow: SlowDisk) -> None:
    """On a network's filesystem the very first write is patient already, and it never becomes swift."""
    spool = Spool([tmp_path], "home", disk=slow.disk(far=True))

    spool.append(b"a")
    slow.now += 10 * QUIET_SECONDS
    spool.append(b"b")
    spool.close()

    assert slow.used == ["patient", "patient"]


@pytest.mark.parametrize(
    ("kind", "far"),
    [("ext4", False), ("tmpfs", False), ("fuseblk", False), ("btrfs", False)]
    + [(kind, True) for kind in ("nfs4", "nfs", "cifs", "smb3", "fuse.sshfs", "fuse", "9p", "lustre", "gpfs", "ceph")],
)
def test_the_kernels_list_of_mounts_says_what_is_far(tmp_path: Path, kind: str, far: bool) -> None:
    """A path, even one yet to be made, is far if the filesystem that it lies on, by its device, is a network's."""
    device = tmp_path.stat().st_dev
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "21 1 9999:1 / / rw shared:1 - nfs server:/ rw\n"
        f"36 35 {os.major(device)}:{os.minor(device)} / /x rw,noatime master:1 - {kind} source rw\n"
    )

    found = is_far(tmp_path / "not" / "there", mounts), is_far(tmp_path, mounts), is_far(tmp_path, tmp_path / "none")

    assert found == (far, far, False)


def test_a_home_on_another_machine_gives_way_to_a_folder_on_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the user's state folder is far, a private folder that outlives a restart comes first; else it does not."""
    home, lasting = tmp_path / "home", tmp_path / "lasting"
    lasting.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    mine = f"sentrial-{os.getuid()}"

    far = state_folders(None, far=lambda path: path.is_relative_to(home), lasting=lasting)
    near = state_folders(None, far=lambda _path: False, lasting=lasting)
    all_far = state_folders(None, far=lambda _path: True, lasting=lasting)

    assert far[:2] == (lasting / mine / "spool", home / "sentrial" / "spool")
    assert near[0] == all_far[0] == home / "sentrial" / "spool"


def test_the_calls_that_keep_the_gil_do_what_the_usual_ones_do(tmp_path: Path) -> None:
    """They make a private file, append bytes with zeros in them, close it, and -1 stands for what does not work."""
    calls, path = keeping_gil(), tmp_path / "file"

    descriptor = calls.open(path)
    written = calls.write(descriptor, b"a\x00b", 3), calls.write(descriptor, b"x" * 70_000, 70_000)
    found = os.fstat(descriptor)
    inherited = os.get_inheritable(descriptor)
    calls.close(descriptor)

    assert written == (3, 70_000)
    assert path.read_bytes() == b"a\x00b" + b"x" * 70_000
    assert (stat.S_IMODE(found.st_mode), inherited) == (0o600, False)
    assert calls.write(descriptor, b"x", 1) == -1
    with pytest.raises(FileNotFoundError):
        calls.open(tmp_path / "none" / "file")


@pytest.mark.skipif(sys.platform != "linux", reason="only there a segment is opened with the GIL kept")
def test_no_append_gives_up_the_gil(tmp_path: Path) -> None:
    """Beside a busy thread an append never waits for its turn, not even where a new segment begins."""
    # Large records, two in a segment: what gives up the GIL for some time meets a thread that is quick to take it.
    spool, payload = Spool([tmp_path], "home", segment_bytes=450_000), b"x" * 200_000
    spool.append(payload)
    ends = threading.Event()

    def keep_busy() -> None:
        while not ends.is_set():
            sum(range(1000))

    usual = sys.getswitchinterval()
    busy = threading.Thread(target=keep_busy)
    busy.start()
    # Whoever gives up the GIL waits so long for it: 80 times that is 8 seconds.
    sys.setswitchinterval(0.1)
    try:
        begun = time.monotonic()
        for _ in range(80):
            spool.append(payload)
        took = time.monotonic() - begun
    finally:
        sys.setswitchinterval(usual)
        ends.set()
        busy.join()
    seen = drain(spool)
    spool.close()

    assert seen == [payload] * 81
    assert took < 2


class Forced:
    """Forces nothing, but remembers when it was asked to, and whether for a file or a folder."""

    def __init__(self) -> None:
        self.files: list[float] = []
        self.folders: list[int] = []
        self.threads: set[str] = set()

    def __call__(self, descriptor: int) -> None:  # noqa: D102 - like os.fsync
        found = os.fstat(descriptor)
        self.threads.add(threading.current_thread().name)
        if stat.S_ISDIR(found.st_mode):
            self.folders.append(found.st_ino)
        else:
            self.files.append(time.monotonic())


def above(spool: Spool) -> set[int]:
    """The folders whose names must be on the disk for an event to be found there."""
    own = next(path.parent for path in spool.home.rglob("*.seg"))
    return {folder.stat().st_ino for folder in (own, own.parent, own.parent.parent, own.parent.parent.parent)}


def test_an_interval_forces_within_200_ms_and_not_while_idle(tmp_path: Path) -> None:
    """After an append a thread of its own forces the file, and the folders the first time; then it rests."""
    forced = Forced()
    spool = Spool([tmp_path / "root"], "home", fsync="interval", disk=Disk(force=forced))
    delays: list[float] = []
    for number in range(3):
        before = len(forced.files)
        begun = time.monotonic()
        for _ in range(50):
            spool.append(b"%d" % number)
        assert wait_until(lambda before=before: len(forced.files) > before, 5)
        delays.append(forced.files[before] - begun)
    time.sleep(0.15)
    after_last = len(forced.files)
    time.sleep(0.3)
    idle = len(forced.files) - after_last
    folders = above(spool)
    spool.close()

    assert sorted(delays)[1] < 0.2  # a busy machine may stand still once
    assert (idle, after_last >= 3) == (0, True)
    assert sorted(forced.folders) == sorted(folders)
    assert forced.threads - {"sentrial-fsync"} == {threading.current_thread().name}  # that of close


def test_an_interval_forces_every_segment(tmp_path: Path) -> None:
    """Where segments follow one another faster than they are forced, each one is forced all the same."""
    forced = Forced()
    spool = Spool([tmp_path], "home", fsync="interval", segment_bytes=200, disk=Disk(force=forced))

    for number in range(40):
        spool.append(b"%d" % number + b"x" * 80)
    segments = len(list(tmp_path.rglob("*.seg")))
    forced_soon = wait_until(lambda: len(forced.files) >= segments, 5)
    spool.close()

    assert segments == 20
    assert forced_soon


def test_close_forces_what_the_interval_has_not(tmp_path: Path) -> None:
    """A process that ends right after an append leaves it on the disk."""
    forced = Forced()
    spool = Spool([tmp_path], "home", fsync="interval", disk=Disk(force=forced))

    spool.append(b"a")
    before = len(forced.files)
    spool.close()

    assert (before, len(forced.files) >= 1) == (0, True)
    assert not [thread for thread in threading.enumerate() if thread.name == "sentrial-fsync"]


def test_always_forces_before_append_returns(tmp_path: Path) -> None:
    """Each append is one force, in the caller's thread; with the first one the folders are forced too."""
    forced = Forced()
    spool = Spool([tmp_path / "root"], "home", fsync="always", disk=Disk(force=forced))

    counts = []
    for number in range(3):
        spool.append(b"%d" % number)
        counts.append(len(forced.files))
    folders = above(spool)
    seen = drain(spool)
    spool.close()

    assert counts == [1, 2, 3]
    assert sorted(forced.folders) == sorted(folders)
    assert forced.threads == {threading.current_thread().name}
    assert seen == [b"0", b"1", b"2"]


@pytest.mark.parametrize("fsync", ["interval", "always"])
def test_a_disk_that_cant_force_costs_no_event(tmp_path: Path, fsync: str, caplog: pytest.LogCaptureFixture) -> None:
    """The event is in the kernel's memory all the same; it is said once, and nothing raises or arrives twice."""

    def refuse(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    spool = Spool([tmp_path], "home", fsync=fsync, disk=Disk(force=refuse))

    for number in range(5):
        spool.append(b"%d" % number)
    seen = drain(spool)
    spool.close()

    assert seen == [b"0", b"1", b"2", b"3", b"4"]
    assert [record.getMessage() for record in caplog.records] == [
        "sentrial: the disk can't be made to keep what it took: Input/output error"
    ]


def test_never_forces_nothing(tmp_path: Path) -> None:
    """By default the kernel decides, and no thread is started."""
    forced = Forced()
    spool = Spool([tmp_path], "home", disk=Disk(force=forced))

    spool.append(b"a")
    threads = [thread.name for thread in threading.enumerate()]
    spool.close()

    assert (forced.files, forced.folders, "sentrial-fsync" in threads) == ([], [], False)
