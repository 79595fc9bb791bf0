"""Real disks that refuse: full, read-only, deleted, shared with others. The caller never sees it, and all arrives.

They are mounted for the test, and played by other users, so most of this needs root; see `as_root`.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import _spools
from sentrial.server.serve import EmbeddedServer
from tests.journey.battery import deliver, leftovers, quiet_port, read_ids
from tests.journey.processes import finish, run, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACKER = """
import json, os, sys
from sentrial import SentrialClient

url, spool, ledger = sys.argv[1:4]
book = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
client = SentrialClient(api_url=url, spool_dir=spool or None, max_retries=0)

def track(count, text="x" * 1000):
    for _ in range(count):
        os.write(book, client.track_tool_call("s", "t", {"text": text}).encode() + b"\\n")

def tell(**more):
    stats = client.stats()
    print(json.dumps({"appended": stats.appended, "pending": stats.pending, "lost": stats.lost} | more), flush=True)

def wait(): sys.stdin.readline()
"""
"""Tracks, and notes each event's id in a ledger once its call has returned; it does what comes next line by line."""


@pytest.fixture
def as_root() -> None:
    """Skip on a user's machine, where one is not root; in CI there is no excuse."""
    if os.name != "posix" or os.geteuid() or not shutil.which("mount"):
        reason = "it mounts filesystems and becomes other users: run it as root"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def small_disk(as_root: None, tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """What has been tracked; on a disk with room."""
    return tmp_path / "ledger"


def tracked(ledger: Path) -> set[str]:
    """The ids of all events whose call has returned; each is noted once."""
    lines = ledger.read_text("ascii").splitlines()
    assert len(lines) == len(set(lines))
    return set(lines)


def say(process: subprocess.Popen[str]) -> None:
    """Let a child go on."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a child tells next."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    told: dict[str, Any] = json.loads(line)
    return told


def used(disk: Path) -> int:
    """How many bytes of a disk are taken."""
    found = os.statvfs(disk)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def test_a_full_disk_is_never_felt_and_gives_its_space_back(small_disk: Path, tmp_path: Path, ledger: Path) -> None:
    """Three times what the disk holds: the rest waits in memory; with the server, all arrives and the disk is free."""
    port = quiet_port()
    script = TRACKER + (
        "track(3000); tell(); wait()\n"
        "left = client.flush(30); tell(left=left); wait()\n"
        "track(100); left = client.flush(30); tell(left=left); wait()\n"
    )
    process = start(script, f"http://127.0.0.1:{port}", small_disk, ledger)

    full = hear(process)
    used_when_full = used(small_disk)
    acks = [path.stat().st_size for path in small_disk.rglob("ack")]
    with EmbeddedServer(tmp_path / "db", port=port):
        say(process)
        emptied = hear(process)
        freed = wait_until(lambda: used(small_disk) < 100_000, 10)
        say(process)
        again = hear(process)
        say(process)
        status, _, err = finish(process)

    assert (full["appended"], full["pending"], full["lost"]) == (3000, 3000, {})
    assert (used_when_full > 900_000, acks) == (True, [])
    assert (emptied["left"], emptied["pending"], emptied["lost"]) == (0, 0, {})
    assert freed
    assert (again["left"], again["lost"]) == (0, {})
    assert (status, "Traceback" in err) == (0, False)
    assert len(tracked(ledger)) == 3100
    assert read_ids(tmp_path / "db") == tracked(ledger)
    assert leftovers(small_disk) == []


def test_where_even_the_ack_cant_be_written_the_space_comes_back(
    small_disk: Path, tmp_path: Path, ledger: Path
) -> None:
    """A disk filled to the last byte by somebody else: what is delivered is unlinked though no ack can be kept."""
    port = quiet_port()
    script = TRACKER + "track(300); tell(); wait(); left = client.flush(30); tell(left=left); wait()"
    process = start(script, f"http://127.0.0.1:{port}", small_disk, ledger)
    hear(process)
    fill(small_disk / "filler")
    full = used(small_disk)

    with EmbeddedServer(tmp_path / "db", port=port):
        say(process)
        emptied = hear(process)
        acks = [path.stat().st_size for path in small_disk.rglob("ack")]
        say(process)
        status, _, _ = finish(process)

    assert full == 1 << 20
    assert (status, emptied["left"], emptied["lost"]) == (0, 0, {})
    assert sum(acks) == 0
    assert read_ids(tmp_path / "db") == tracked(ledger)
    assert len(tracked(ledger)) == 300
    assert used(small_disk) < full - 250_000
    assert leftovers(small_disk) == []


def test_memory_spills_back_as_soon_as_there_is_room(small_disk: Path, tmp_path: Path, ledger: Path) -> None:
    """What had to wait in memory goes to the disk once there is room; then a kill costs none of it."""
    port = quiet_port()
    url = f"http://127.0.0.1:{port}"
    process = start(TRACKER + "track(1, ''); tell(); wait(); track(200); tell(); wait()", url, small_disk, ledger)
    hear(process)
    fill(small_disk / "filler")
    say(process)
    kept = hear(process)
    on_disk_when_full = waiting(small_disk)

    (small_disk / "filler").unlink()
    spilled = wait_until(lambda: waiting(small_disk) == 201, 60)
    process.kill()
    finish(process)
    with EmbeddedServer(tmp_path / "db", port=port):
        left, stats = deliver(url, small_disk)

    assert (kept["pending"], kept["lost"]) == (201, {})
    assert on_disk_when_full < 10
    assert spilled
    assert (left, stats.lost) == (0, {})
    assert read_ids(tmp_path / "db") == tracked(ledger)
    assert len(tracked(ledger)) == 201


def test_a_read_only_home_falls_back_to_the_temporary_folder(
    as_root: None, tmp_path: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the user's state folder can't be written, the events lie in a private folder; the next process has them."""
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,ro", "tmpfs", home], check=True)
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(temporary))
    port = quiet_port()
    url = f"http://127.0.0.1:{port}"
    try:
        status, _, err = run(TRACKER + "track(50, ''); os._exit(0)", url, "", ledger)
        lying = {path.suffix: path.stat().st_mode & 0o077 for path in temporary.rglob("*")}
        with EmbeddedServer(tmp_path / "db", port=port):
            next_status, told, _ = run(TRACKER + "left = client.flush(20); tell(left=left)", url, "", ledger)
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)

    assert (status, err) == (0, "")
    assert (".seg" in lying, set(lying.values())) == (True, {0})
    assert (next_status, json.loads(told)["left"]) == (0, 0)
    assert len(tracked(ledger)) == 50
    assert read_ids(tmp_path / "db") == tracked(ledger)


def test_a_read_only_spool_is_never_felt(as_root: None, tmp_path: Path, ledger: Path) -> None:
    """Where nothing can be written at all, memory holds the events until the server has them."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,ro", "tmpfs", folder], check=True)
    try:
        with EmbeddedServer(tmp_path / "db") as server:
            script = TRACKER + "track(500); left = client.flush(20); tell(left=left)"
            status, told, err = run(script, server.url, folder, ledger)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)

    assert (status, err) == (0, "")
    assert json.loads(told) == {"appended": 500, "pending": 0, "lost": {}, "left": 0}
    assert len(tracked(ledger)) == 500
    assert read_ids(tmp_path / "db") == tracked(ledger)


def test_a_deleted_spool_costs_a_running_client_nothing(tmp_path: Path, ledger: Path) -> None:
    """Somebody deletes the folder while the server is away: what it held and what comes later arrives all the same."""
    port, spool = quiet_port(), tmp_path / "spool"
    script = TRACKER + "track(300); tell(); wait(); track(300); left = client.flush(30); tell(left=left); wait()"
    process = start(script, f"http://127.0.0.1:{port}", spool, ledger)
    hear(process)
    lay = waiting(spool)
    shutil.rmtree(spool)

    with EmbeddedServer(tmp_path / "db", port=port):
        say(process)
        told = hear(process)
        say(process)
        status, _, err = finish(process)

    assert lay == 300
    assert (status, told["left"], told["lost"], "Traceback" in err) == (0, 0, {}, False)
    assert len(tracked(ledger)) == 600
    assert read_ids(tmp_path / "db") == tracked(ledger)
    assert leftovers(spool) == []


USERS = """
import contextlib, json, os, sys, tempfile
from pathlib import Path
from sentrial import SentrialClient

url, elsewhere, shared, ledgers = sys.argv[1:5]
# Everything is loaded while it can be read: the other users may not even see where Python is.
with SentrialClient(api_url=elsewhere, spool_dir=sys.argv[5]) as client:
    client.track_tool_call("s", "t")
    assert client.flush(20) == 0
os.environ["XDG_STATE_HOME"], os.environ["TMPDIR"] = "/proc/none", shared
tempfile.tempdir = None

def play(user, count, seconds):
    os.setgroups([]); os.setgid(user); os.setuid(user)
    client = SentrialClient(api_url=url, max_retries=0)
    book = os.open(f"{ledgers}/{user}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for _ in range(count):
        os.write(book, client.track_tool_call(f"user-{user}", "t").encode() + b"\\n")
    left = client.flush(seconds) if seconds else 0
    print(json.dumps({"user": user, "left": left, "delivered": client.stats().delivered}), flush=True)
    os._exit(0)

for line in sys.stdin:
    children = []
    for user, count, seconds in json.loads(line):
        pid = os.fork()
        if not pid:
            try: play(user, count, seconds)
            finally: os._exit(1)
        children.append(pid)
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]), flush=True)
"""
"""Plays several users: for each line, a list of `[user, how many events, seconds to flush]`, all at once."""


class Users:
    """Users of one machine, who share a folder for temporary files and have no home.

    Attributes:
        shared: That folder.
        ledgers: What each of them has tracked, in a file of the user's number.
    """

    def __init__(self, folder: Path, url: str, elsewhere: str) -> None:
        self.shared, self.ledgers = folder / "tmp", folder / "ledgers"
        for made in (self.shared, self.ledgers):
            made.mkdir()
            made.chmod(0o1777)
        self.process = start(USERS, url, elsewhere, self.shared, self.ledgers, folder / "warm")

    def play(self, *parts: tuple[int, int, float]) -> dict[int, dict[str, Any]]:
        """Let them track so many events, all at once, flush for so long, and die; what each tells."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(parts) + "\n")
        self.process.stdin.flush()
        told = [hear(self.process) for _ in parts]
        ends: Any = hear(self.process)
        assert ends == [0] * len(parts)
        return {each["user"]: each for each in told}

    def folder(self, user: int) -> Path:
        """Where a user's spools are."""
        return self.shared / f"sentrial-{user}"


@pytest.fixture
def users(as_root: None, tmp_path: Path) -> Iterator[tuple[Users, int]]:
    """Users of one machine, and the port of their server, which is not there yet."""
    port = quiet_port()
    folder = Path(tempfile.mkdtemp(prefix="users-"))
    folder.chmod(0o755)
    with EmbeddedServer(tmp_path / "elsewhere.db") as elsewhere:
        made = Users(folder, f"http://127.0.0.1:{port}", elsewhere.url)
        yield made, port
        status, _, err = finish(made.process)
    shutil.rmtree(folder)
    assert (status, err) == (0, "")


ANN, BEN = 41001, 41002


def test_users_of_one_machine_neither_see_nor_block_each_other(users: tuple[Users, int], tmp_path: Path) -> None:
    """Each sends what is one's own, though both use one folder for temporary files; nobody else can look into it."""
    machine, port = users
    machine.play((ANN, 30, 0), (BEN, 40, 0))
    owners = {user: machine.folder(user).stat() for user in (ANN, BEN)}

    with EmbeddedServer(tmp_path / "db", port=port):
        told = machine.play((ANN, 1, 20), (BEN, 2, 20))

    assert {user: (found.st_uid, stat.S_IMODE(found.st_mode)) for user, found in owners.items()} == {
        ANN: (ANN, 0o700),
        BEN: (BEN, 0o700),
    }
    assert told == {
        ANN: {"user": ANN, "left": 0, "delivered": 31},
        BEN: {"user": BEN, "left": 0, "delivered": 42},
    }
    assert read_ids(tmp_path / "db") == tracked(machine.ledgers / str(ANN)) | tracked(machine.ledgers / str(BEN))


@pytest.mark.parametrize("trap", ["open folder", "link", "link to nowhere", "file", "folder of one's own"])
def test_what_somebody_prepared_under_our_name_is_not_used(users: tuple[Users, int], tmp_path: Path, trap: str) -> None:
    """Whatever lies there under Ann's name, nothing of hers goes into it, and what she flushes arrives."""
    machine, port = users
    bens = machine.shared / "bens"
    bens.mkdir(mode=0o777)
    os.chown(bens, BEN, BEN)
    match trap:
        case "open folder":
            machine.folder(ANN).mkdir()
            machine.folder(ANN).chmod(0o777)
        case "link":
            machine.folder(ANN).symlink_to(bens)
        case "link to nowhere":
            machine.folder(ANN).symlink_to(machine.shared / "nowhere")
        case "file":
            machine.folder(ANN).touch()
        case _:
            machine.folder(ANN).mkdir(mode=0o700)
    if not trap.startswith("link"):
        os.chown(machine.folder(ANN), BEN, BEN)

    with EmbeddedServer(tmp_path / "db", port=port):
        told = machine.play((ANN, 20, 20), (BEN, 10, 20))
    lying = [path for trapped in (bens, machine.folder(ANN)) for path in trapped.rglob("*")]

    assert (told[ANN]["left"], told[ANN]["delivered"]) == (0, 20)
    assert (told[BEN]["left"], told[BEN]["delivered"]) == (0, 10)
    assert lying == []
    assert not (machine.shared / "nowhere").exists()
    assert read_ids(tmp_path / "db") == tracked(machine.ledgers / str(ANN)) | tracked(machine.ledgers / str(BEN))


def fill(path: Path) -> None:
    """Fill a disk to the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            while True:
                try:
                    file.write(b"x" * size)
                except OSError:
                    break


def waiting(spool: Path) -> int:
    """How many events wait on the disk."""
    return sum(destination.events for destination in _spools.survey([spool]))
