"""What a client holds while it goes on and on: threads, descriptors, files and memory."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sentrial.server.serve import EmbeddedServer
from tests.journey.battery import deliver, leftovers
from tests.journey.processes import finish
from tests.journey.scene import Scene

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what a process holds is read from /proc")

MOST_FILES = 5
"""Files of a spool at rest: the lock, the segment that is written to, the ack, whose it is, the dead letters."""
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "million.py"


@pytest.mark.parametrize(
    ("sessions", "most_growth"), [(500, 250_000), pytest.param(10_000, 2_000_000, marks=pytest.mark.long)]
)
def test_session_after_session_holds_no_more_than_the_first(tmp_path: Path, sessions: int, most_growth: int) -> None:
    """Threads and descriptors stay as many, files few, and memory level, from the second tenth of the run on."""
    scene = Scene(tmp_path)
    with EmbeddedServer(scene.database) as server:
        status, out, err = finish(scene.start("sessions", sessions, url=server.url), 100)
        left, stats = deliver(server.url, scene.spool)
    held = [json.loads(line) for line in out.splitlines()]

    assert (status, err, len(held)) == (0, "", 10)
    assert {(part["threads"], part["tasks"]) for part in held[1:]} == {(held[1]["threads"], held[1]["tasks"])}
    descriptors = [part["descriptors"] for part in held]
    assert max(descriptors) - min(descriptors) <= 2  # the worker may have a file open just now
    assert max(part["files"] for part in held) <= MOST_FILES
    assert held[-1]["traced_bytes"] - held[1]["traced_bytes"] < most_growth
    assert held[-1]["resident_bytes"] - held[1]["resident_bytes"] < 10_000_000
    assert [part["left"] for part in held] == [0] * 10
    assert (left, stats.lost, leftovers(scene.spool)) == (0, {}, [])
    assert counts(scene.database) == (sessions, sessions * 5)


@pytest.mark.long
def test_many_events_wait_on_the_disk_and_not_in_memory(tmp_path: Path) -> None:
    """The benchmark of a million events, with 30,000: memory hardly grows while the server is away, and all arrive."""
    done = subprocess.run(
        [sys.executable, BENCHMARK, "--events", "30000", "--folder", tmp_path],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout.splitlines()[-1])

    assert (found["recorded"], found["waiting"], found["stored"], found["lost"]) == (30_000, 30_000, 30_000, {})
    assert found["spool_bytes"] > 30_000 * 800
    assert found["growth_bytes"] < 50_000_000


def counts(database: Path) -> tuple[int, int]:
    """How many sessions and events a database holds."""
    with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        (sessions,) = connection.execute("SELECT count(*) FROM session").fetchone()
        (events,) = connection.execute("SELECT count(*) FROM event").fetchone()
        return sessions, events
