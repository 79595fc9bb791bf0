"""All ways out of a process: what was tracked arrives, the status stays what it was, and nobody says a word about it.

The ways stand in `ways.py`. In the long form they are walked with every Python that can be found.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sentrial import SentrialClient
from sentrial.server.serve import EmbeddedServer
from tests.journey.battery import TRACKING, audit, deliver, leftovers
from tests.journey.peers import Peer, drip, hang
from tests.journey.ways import BEGIN, OPEN, WAYS, Way

if TYPE_CHECKING:
    import socket
    import threading
    from collections.abc import Callable

    Behaviour = Callable[[socket.socket, threading.Event], None]

ROOT = Path(__file__).parent.parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def leave(python: str | Path, script: str, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script to its end, whichever that is."""
    program = folder / "program.py"
    program.write_text(script if BEGIN in script else BEGIN + script, "utf-8")
    command = [python, program, TRACKING.parent, url, folder / "spool", folder / "ledger"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, cwd=folder)


def expect_nothing_lost(server: EmbeddedServer, folder: Path, tracked: int) -> None:
    """Let a next process deliver what is left, and compare."""
    left, stats = deliver(server.url, folder / "spool", 20)
    report = audit(folder / "ledger", server.store.path)

    assert (report.faults, left, stats.lost, stats.rejected) == ({}, 0, {}, 0)
    assert report.tracked >= tracked
    assert leftovers(folder / "spool") == []


def expect_a_quiet_way_out(python: str | Path, way: Way, server: EmbeddedServer, folder: Path) -> None:
    """Walk a way and look at its status, at what it said, and at what arrived."""
    done = leave(python, way.script, server.url, folder)

    assert done.returncode == way.status, done.stderr
    assert way.says in done.stderr
    assert done.stderr == "" or way.says, done.stderr
    assert "/sentrial/" not in done.stderr, done.stderr
    expect_nothing_lost(server, folder, way.tracked)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if way.rare else name for name, way in WAYS.items()]
)
def test_no_way_out_loses_anything(server: EmbeddedServer, tmp_path: Path, name: str) -> None:
    """Whichever way a process ends, its status and its standard error are its own, and everything arrives once."""
    expect_a_quiet_way_out(sys.executable, WAYS[name], server, tmp_path)


HANGING = (
    OPEN
    + """
from sentrial import AsyncSentrialClient, SentrialClient
clients = [kind(api_url=url, spool_dir=spool, project_id=f"p{i}") for i in range(3)
           for kind in (SentrialClient, AsyncSentrialClient)]
trackers = [main, *(Tracker(client, ledger, f"s{i}") for i, client in enumerate(clients))]
for tracker in trackers: tracker.track(20)
if DAEMONS:
    others = [Tracker(client, ledger, f"d{i}") for i in range(3)]
    def go(other):
        while True: other.track(5); time.sleep(0.002)
    for other in others: threading.Thread(target=go, args=(other,), daemon=True).start()
time.sleep(0.3)
print(time.time(), flush=True)
"""
)


@pytest.mark.parametrize(
    ("behave", "daemons", "end", "status"),
    [
        (hang, True, "raise RuntimeError", 1),
        pytest.param(hang, False, "", 0, marks=pytest.mark.long),
        pytest.param(hang, False, "sys.exit(5)", 5, marks=pytest.mark.long),
        pytest.param(drip, True, "", 0, marks=pytest.mark.long),
        pytest.param(drip, False, "async def go(): sys.exit(5)\nasyncio.run(go())", 5, marks=pytest.mark.long),
    ],
    ids=["uncaught, beside threads", "end", "sys.exit", "a drip, beside threads", "a drip, in a coroutine"],
)
def test_no_way_out_waits_for_a_server_that_hangs(
    tmp_path: Path, behave: Behaviour, daemons: bool, end: str, status: int
) -> None:
    """Seven clients of both kinds end within three seconds together, and a later server gets everything."""
    script = f"DAEMONS = {daemons}\n{BEGIN}{HANGING}{end}"
    with Peer(behave) as peer:
        done = leave(sys.executable, script, peer.url, tmp_path)
        took = time.time() - float(done.stdout)
        port = int(peer.url.rpartition(":")[2])
    with EmbeddedServer(tmp_path / "server.db", port=port) as later:
        for number in range(3):
            with SentrialClient(api_url=later.url, spool_dir=tmp_path / "spool", project_id=f"p{number}") as client:
                client.flush(20)
        assert done.returncode == status, done.stderr
        assert ("Traceback" in done.stderr) == end.startswith("raise"), done.stderr
        assert took < 3
        expect_nothing_lost(later, tmp_path, 7 * 20)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, for interpreters of other versions."""
    folder = tmp_path_factory.mktemp("exits")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session", params=PYTHONS)
def python(request: pytest.FixtureRequest, wheel: Path) -> Path:
    """Another Python with the wheel in an environment of its own; skipped where there is none of that version."""
    version: str = request.param
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        pytest.skip(f"Python {version} is what runs all other tests")
    found = find_python(version)
    if found is None:
        pytest.skip(f"there is no Python {version} on this machine")
    environment = wheel.parent / version
    subprocess.run([found, "-m", "venv", environment], check=True, capture_output=True)
    install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--constraint",
        ROOT / "constraints.txt",
    ]
    own = environment / "bin" / "python"
    subprocess.run([own, *install, wheel], check=True, capture_output=True)
    return own


def find_python(version: str) -> Path | None:
    """A Python of a version, on the path or among those that pyenv has."""
    candidates = [Path(found)] if (found := shutil.which(f"python{version}")) else []
    candidates += sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
    for candidate in candidates:
        probe = [candidate, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"]
        told = subprocess.run(probe, capture_output=True, text=True, check=False)
        if told.returncode == 0 and told.stdout.strip() == version:
            return candidate
    return None


@pytest.mark.long
@pytest.mark.parametrize("name", WAYS)
def test_no_way_out_of_another_python_loses_anything(
    python: Path, server: EmbeddedServer, tmp_path: Path, name: str
) -> None:
    """How an interpreter shuts down differs from version to version; what arrives does not."""
    expect_a_quiet_way_out(python, WAYS[name], server, tmp_path)
