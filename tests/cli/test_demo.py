"""`sentrial demo`: the recorded runs, in a real server."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner

from sentrial.cli.group import sentrial
from sentrial.cli.options import DEFAULT_PORT
from sentrial.cli.recording import play, recorded_calls
from sentrial.client import SentrialClient

if TYPE_CHECKING:
    from pathlib import Path

    from sentrial.server.serve import EmbeddedServer
    from sentrial.server.store import Store

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def played(server: EmbeddedServer) -> Store:
    """A store in which the recorded runs were played just now."""
    with SentrialClient(api_url=server.url) as client:
        play(client, recorded_calls(), datetime.now(UTC))
        assert client.flush(timeout=30) == 0
        assert client.stats().rejected == 0
    return server.store


def test_once_prints_each_run_and_ends(run: Command, tmp_path: Path) -> None:
    """The demo shows every kind of ending with an address each, and leaves nothing behind."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    # Settings for a server of the user's own, even wrong ones, do not reach the demo.
    settings = {"SENTRIAL_API_URL": "http://192.0.2.1:9", "SENTRIAL_ENABLED": "false", "TMPDIR": str(temporary)}

    result = run("demo", "--once", "--port", "0", **settings)

    assert result.returncode == 0
    marks = Counter(re.split(r"\s{2,}", line)[0] for line in result.stdout.splitlines())
    assert marks == {"✓ ok": 4, "✕ failed": 2, "… waiting": 1, "… running": 1}
    assert all(re.search(r"http://127\.0\.0\.1:\d+/sessions/sess_\w+$", line) for line in result.stdout.splitlines())
    assert result.stderr.startswith("Sentrial is at http://127.0.0.1:")
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "xdg_data_home").exists()
    assert not (tmp_path / "xdg_state_home").exists()


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_no_color_is_honoured(no_color: str, coloured: bool) -> None:
    """A terminal gets colours, unless NO_COLOR says otherwise."""
    environment = {"NO_COLOR": no_color}

    result = CliRunner().invoke(sentrial, ["demo", "--once", "--port", "0"], env=environment, color=True)

    assert result.exit_code == 0
    assert ("\x1b[" in result.stdout) is coloured


def test_busy_usual_port_is_replaced() -> None:
    """Where the usual port is taken and none was asked for, a free one serves."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # somebody else has it: as good
            stack.enter_context(socket.create_server(("127.0.0.1", DEFAULT_PORT)))

        result = CliRunner().invoke(sentrial, ["demo", "--once"])

    assert result.exit_code == 0
    assert f":{DEFAULT_PORT}/" not in result.stdout
    assert "http://127.0.0.1:" in result.stdout


def test_pages_answer_while_it_serves(entry: list[str]) -> None:
    """Without --once the printed address answers until Ctrl-C."""
    command = [*entry, "demo", "--port", "0", "--no-open"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while process.stderr.readline() != "Serving until Ctrl-C\n":
            pass
        address = process.stdout.readline().split()[-1]
        answer = httpx.get(address, trust_env=False)
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=20)

    assert answer.status_code == 200
    assert code == 0


def test_failed_run_has_its_decision(played: Store) -> None:
    """The refund that failed was chosen at 34 %, one point ahead of asking for the policy."""
    (failed,) = [row for row in played.sessions(None, status="error").rows if row.name == "Refund order 4412"]

    events = [event.body for event in played.events(failed.project, failed.id).rows]
    (decision,) = [event for event in events if event["eventType"] == "llm_decision"]

    assert failed.failure is not None
    assert (failed.failure.type, failed.failure.tool) == ("PolicyViolation", "issue_refund")
    assert decision["confidence"] == 0.34
    assert decision["alternativesConsidered"][:2] == [
        {"name": "issue_refund", "score": 0.34},
        {"name": "check_policy", "score": 0.33},
    ]
    (error,) = [event for event in events if event["eventType"] == "error"]
    (call,) = [event for event in events if event.get("toolName") == "issue_refund" and event is not error]
    assert error["parentId"] == call["id"]


def test_runs_show_what_they_are_there_for(played: Store) -> None:
    """One run loops, one is slow, one is dear, one recovered from an error."""
    rows = {row.name: row for row in played.sessions(None).rows}
    research, report, coder = (
        rows[name] for name in ("Survey of battery recycling", "Monthly revenue report", "Fix failing test in billing")
    )

    searches = [
        event.body["toolInput"]
        for event in played.events(research.project, research.id).rows
        if event.body.get("toolName") == "search_papers"
    ]

    assert len(searches) == 14
    assert all(inputs == searches[0] for inputs in searches)
    assert report.ended_us is not None
    assert report.ended_us - report.started_us > 30 * 60 * 1_000_000
    assert coder.cost is not None
    assert coder.cost > 5
    assert (coder.status, coder.errors > 0) == ("success", True)


def test_runs_are_of_just_now(played: Store) -> None:
    """Nothing lies in the future, nothing is older than a few hours, and the newest is a minute old at most."""
    now = datetime.now(UTC)

    started = [datetime.fromtimestamp(row.started_us / 1e6, UTC) for row in played.sessions(None).rows]

    assert all(now - timedelta(hours=3) < time <= now for time in started)
    assert max(started) > now - timedelta(minutes=1)


def test_recording_is_whole() -> None:
    """Each run starts once and first, in the past; every parent has been told before; the file stays small."""
    calls = recorded_calls()

    assert sum(len(str(call)) for call in calls) < 80_000
    labels = {call["label"] for call in calls if "label" in call}
    assert all(call["at"] < 0 for call in calls)
    assert all(call["parent"] in labels for call in calls if "parent" in call)
    for run in dict.fromkeys(call["run"] for call in calls):
        own = [call for call in calls if call["run"] == run]
        assert [call["call"] for call in own].count("start") == 1
        assert own[0]["call"] == "start"
        assert [call["at"] for call in own] == sorted(call["at"] for call in own)
