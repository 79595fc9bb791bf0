"""`sentrial dev`: a real server, real commands beside it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from sentrial.server.serve import EmbeddedServer

Command = Callable[..., "subprocess.CompletedProcess[str]"]

AGENT = """
from sentrial import SentrialClient
print("the agent's own output")
with SentrialClient() as client:
    good = client.create_session("Good run", input="Do well")
    client.close_session(good, "success", "All went well.")
    bad = client.create_session("Bad run")
    client.track_tool_call(bad, "issue_refund", {"amount": 1249}, status="error",
                           error={"type": "PolicyViolation", "message": "refund of 1,249.00 EUR exceeds the limit"})
    client.close_session(bad, "error")
    client.create_session("Long run")
"""


@pytest.fixture
def agent(tmp_path: Path) -> list[object]:
    """A command that records a good session, a bad one, and one that never ends."""
    script = tmp_path / "agent.py"
    script.write_text(AGENT)
    return [sys.executable, script]


def test_links_to_each_new_session(run: Command, agent: list[object], tmp_path: Path) -> None:
    """Each session is told once: how it ended, why it failed, where to look; stdout is the command's own."""
    result = run("dev", "--db", tmp_path / "dev.db", "--port", "0", "--once", "--", *agent)

    lines = result.stderr.splitlines()
    assert result.returncode == 0
    assert result.stdout == "the agent's own output\n"
    assert re.fullmatch(r"Sentrial is at http://127\.0\.0\.1:\d+", lines[0])
    url = lines[0].split()[-1]
    told = {line.split("  ")[0]: line for line in lines[1:]}
    assert sorted(told) == ["… running", "✓ ok", "✕ failed"]
    assert "Good run" in told["✓ ok"]
    assert "All went well." in told["✓ ok"]
    assert "PolicyViolation in issue_refund: refund of 1,249.00 EUR" in told["✕ failed"]
    assert all(f"{url}/sessions/sess_" in line for line in told.values())
    assert len(lines) == 4


def test_sessions_of_an_earlier_time_are_not_told(run: Command, agent: list[object], tmp_path: Path) -> None:
    """A second run on the same database tells its own three sessions only."""
    arguments = ["dev", "--db", tmp_path / "dev.db", "--port", "0", "--once", "--", *agent]
    run(*arguments)

    again = run(*arguments)

    assert len(again.stderr.splitlines()) == 4


def test_fresh_leaves_nothing(run: Command, agent: list[object], tmp_path: Path) -> None:
    """With --fresh the database and the spool are temporary: the user's own folders stay as they were."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    result = run("dev", "--fresh", "--port", "0", "--once", "--", *agent, TMPDIR=str(temporary))

    assert result.returncode == 0
    assert "✓ ok" in result.stderr
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "xdg_data_home").exists()
    assert not (tmp_path / "xdg_state_home").exists()


def test_fresh_and_a_database_exclude_each_other(run: Command, tmp_path: Path) -> None:
    """Asking for both is a usage error."""
    result = run("dev", "--fresh", "--db", tmp_path / "x.db", "--", "true")

    assert result.returncode == 2
    assert "exclude each other" in result.stderr


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_once_has_the_exit_code_of_the_command(run: Command, script: str, code: int) -> None:
    """With --once the exit code is the command's, 128 + N where signal N ended it."""
    result = run("dev", "--fresh", "--port", "0", "--once", "--", "sh", "-c", script)

    assert result.returncode == code


def test_options_of_the_command_are_its_own(run: Command) -> None:
    """What stands after the command belongs to it, with or without `--` before it."""
    result = run("dev", "--fresh", "--port", "0", "--once", sys.executable, "-c", "import sys; print(sys.argv)", "--db")

    assert result.stdout == "['-c', '--db']\n"


def test_unknown_command_is_one_line(run: Command) -> None:
    """A command that does not exist is named in one line."""
    result = run("dev", "--fresh", "--port", "0", "--once", "--", "no-such-command-here")

    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("Error: no-such-command-here can't be run")
    assert "Traceback" not in result.stderr


def test_port_that_was_asked_for_is_not_replaced(run: Command, server: EmbeddedServer) -> None:
    """A busy port is an error where it was named: another one would be a surprise."""
    port = server.url.rpartition(":")[2]

    result = run("dev", "--fresh", "--port", port, "--once", "--", "true")

    assert result.returncode == 2
    assert result.stderr == f"Error: {result.stderr[len('Error: ') :].splitlines()[0]}\n"
    assert port in result.stderr


def test_serves_on_until_it_is_interrupted(entry: list[str], agent: list[object], tmp_path: Path) -> None:
    """Without --once the server stays when the command has ended, and Ctrl-C ends it well."""
    command = [*entry, "dev", "--db", str(tmp_path / "dev.db"), "--port", "0", "--", *map(str, agent)]

    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in range(5)]
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=20)

    assert lines[-1] == "Serving until Ctrl-C\n"
    assert code == 0


def test_sigterm_ends_the_command_too(entry: list[str], tmp_path: Path) -> None:
    """A supervisor's SIGTERM reaches the command, and leaves neither it nor a temporary folder behind."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    script = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('told to end')))\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [*entry, "dev", "--fresh", "--port", "0", "--", sys.executable, "-c", script]

    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=20)
        said = process.stdout.read()

    assert code == 143
    assert said == "told to end\n"
    assert list(temporary.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
