"""`sentrial spool flush --foreign`: after a key was replaced, what was recorded with the old one is sent on purpose."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.journey.processes import finish, start
from tests.journey.processes import run as run_script

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import KeyedServer

Command = Callable[..., "subprocess.CompletedProcess[str]"]

LEAVE = """
import os, sys
from sentrial import SentrialClient
url, spool, key, project, count = sys.argv[1:]
client = SentrialClient(api_url=url, spool_dir=spool, api_key=key, project_id=project or None, max_retries=0)
for n in range(int(count)): client.track_tool_call("s-" + key[-4:], "t", {"n": n})
"""
"""Records with a key; its server takes nothing with it."""

DIE = "os._exit(0)"
LIVE = "print(flush=True); sys.stdin.read()"
OLD_KEY = "snt_old_0123456789abcdef"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """A folder for spools."""
    return tmp_path / "spool"


@pytest.fixture
def settings(keyed_server: KeyedServer, spool: Path) -> dict[str, str]:
    """The environment after the key was replaced."""
    return {
        "SENTRIAL_SPOOL_DIR": str(spool),
        "SENTRIAL_API_URL": keyed_server.url,
        "SENTRIAL_API_KEY": keyed_server.key,
    }


def leave(spool: Path, url: str, count: int, key: str = OLD_KEY, project: str = "") -> None:
    """Let a process record events with a key that the server does not know, and die."""
    status, _, err = run_script(LEAVE + DIE, url, spool, key, project, str(count))
    assert status == 0, err


def waiting(run_command: Command, settings: dict[str, str]) -> dict[bool, int]:
    """How many events wait, by whether the settings mean their destination."""
    found: list[dict[str, Any]] = json.loads(run_command("spool", "status", "--json", **settings).stdout)[
        "destinations"
    ]
    counted = {True: 0, False: 0}
    for destination in found:
        counted[destination["configured"]] += destination["events"]
    return counted


def stored(server: KeyedServer) -> int:
    """How many events the server has."""
    return sum(row.event_count for row in server.store.sessions(server.project).rows)


def test_what_an_old_key_left_is_sent_on_purpose_and_once(
    run: Command, spool: Path, keyed_server: KeyedServer, settings: dict[str, str]
) -> None:
    """Flush alone sends nothing of it; --foreign says how many go where and sends each once; then none is left."""
    leave(spool, keyed_server.url, 5)
    leave(spool, keyed_server.url, 3)

    plain = run("spool", "flush", "--json", **settings)
    after_plain = stored(keyed_server), waiting(run, settings)
    done = run("spool", "flush", "--foreign", "--yes", "--json", **settings)
    again = run("spool", "flush", "--foreign", "--yes", "--json", **settings)

    assert json.loads(plain.stdout) == {"delivered": 0, "rejected": 0, "left": 0}
    assert after_plain == (0, {True: 0, False: 8})
    assert (done.returncode, json.loads(done.stdout)) == (0, {"delivered": 8, "rejected": 0, "left": 0})
    assert "8 events recorded with another key, in " in done.stderr
    assert json.loads(again.stdout) == {"delivered": 0, "rejected": 0, "left": 0}
    assert stored(keyed_server) == 8
    assert waiting(run, settings) == {True: 0, False: 0}
    assert OLD_KEY not in done.stderr + done.stdout


def test_without_a_yes_nothing_moves(
    run: Command, spool: Path, keyed_server: KeyedServer, settings: dict[str, str]
) -> None:
    """Where nobody can be asked, one line says what would be sent, and where to."""
    leave(spool, keyed_server.url, 2, project="other")

    done = run("spool", "flush", "--foreign", **settings)

    assert done.returncode == 2
    assert "2 events recorded for project other, in " in done.stderr
    assert done.stderr.splitlines()[-1] == (
        f"Error: 2 events of other keys or projects would be sent to {keyed_server.url} with the present key; "
        "add --yes to do it"
    )
    assert (stored(keyed_server), waiting(run, settings)) == (0, {True: 0, False: 2})


@pytest.mark.parametrize(("answer", "sent"), [(b"y\n", 2), (b"n\n", 0)])
def test_somebody_at_a_terminal_is_asked(
    run: Command,
    entry: list[str],
    spool: Path,
    keyed_server: KeyedServer,
    settings: dict[str, str],
    answer: bytes,
    sent: int,
) -> None:
    """At a terminal the question is asked, and the answer counts."""
    leave(spool, keyed_server.url, 2)
    ours, theirs = pty.openpty()

    os.write(ours, answer)
    done = subprocess.run(
        [*entry, "spool", "flush", "--foreign"],
        stdin=theirs,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)

    assert "Do it?" in done.stderr
    assert (done.returncode == 0, stored(keyed_server)) == (bool(sent), sent)
    assert waiting(run, settings) == {True: 0, False: 2 - sent}


def test_another_server_and_a_living_process_keep_what_they_have(
    run: Command, spool: Path, keyed_server: KeyedServer, settings: dict[str, str]
) -> None:
    """Only what dead processes left for the same address goes; where the address is not known it stays, and is told."""
    leave(spool, f"{keyed_server.url}/elsewhere", 4)
    leave(spool, keyed_server.url, 1, key="snt_unknown_0123456789")
    for about in spool.glob("*/destination.json"):
        if json.loads(about.read_text())["api_url"] == keyed_server.url:
            about.unlink()
    leave(spool, keyed_server.url, 2)
    living = start(LEAVE + LIVE, keyed_server.url, spool, "snt_living_0123456789", "", "3")
    assert living.stdout is not None
    living.stdout.readline()

    done = run("spool", "flush", "--foreign", "--yes", **settings)
    left = waiting(run, settings)
    living.kill()
    finish(living)

    assert "left where it is, for an unknown server: 1 event" in done.stderr
    assert (stored(keyed_server), left) == (2, {True: 0, False: 4 + 1 + 3})
