"""`sentrial import`: whole files or nothing, once or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from sentrial.cli.group import sentrial

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sentrial.server.serve import EmbeddedServer
    from tests.conftest import KeyedServer

Invoke = Callable[..., Result]

ASK = {"role": "user", "content": "Where is order 7?"}
CALL = {
    "role": "assistant",
    "content": "I look.",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "get_order", "arguments": '{"order": 7}'}}],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": '{"status": "sent"}'}
SAY = {"role": "assistant", "content": "It is on its way."}


@pytest.fixture
def invoke() -> Invoke:
    """Run `sentrial import ARGUMENTS` in this process; keyword arguments are environment variables."""

    def invoke_import(*arguments: object, **environment: str) -> Result:
        return CliRunner().invoke(sentrial, ["import", *map(str, arguments)], env=environment)

    return invoke_import


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file of two conversations, one of them failed."""
    path = tmp_path / "support.jsonl"
    runs = [{"messages": [ASK, CALL, RESULT, SAY], "reward": 1.0}, {"messages": [ASK, SAY], "reward": 0.0}]
    path.write_text("".join(json.dumps(value) + "\n" for value in runs))
    return path


def spooled(tmp_path: Path) -> list[Path]:
    """The files of the spool, if there is one."""
    return [path for path in (tmp_path / "xdg_state_home").rglob("*") if path.is_file()]


def test_conversations_become_sessions(invoke: Invoke, server: EmbeddedServer, log: Path) -> None:
    """One line says what was imported; the sessions hold what the file says."""
    result = invoke(log, "--api-url", server.url)

    assert result.exit_code == 0
    assert result.stdout == f"2 sessions, 3 model calls, 1 tool call imported into {server.url}\n"
    assert result.stderr == ""
    rows = {row.status: row for row in server.store.sessions(None).rows}
    assert (rows["success"].name, rows["success"].agent) == ("support", "support")
    assert rows["success"].user_input == "Where is order 7?"
    assert (rows["success"].llm_calls, rows["success"].decisions, rows["success"].tool_calls) == (2, 1, 1)
    assert rows["error"].metadata["reward"] == 0.0


def test_second_import_adds_nothing(invoke: Invoke, server: EmbeddedServer, log: Path) -> None:
    """Importing again leaves sessions and events exactly as they were."""
    invoke(log, "--api-url", server.url)
    before = [server.store.events(row.project, row.id) for row in server.store.sessions(None).rows]

    again = invoke(log, "--api-url", server.url)

    after = [server.store.events(row.project, row.id) for row in server.store.sessions(None).rows]
    assert again.exit_code == 0
    assert after == before


def test_equal_conversations_are_sessions_of_their_own(invoke: Invoke, server: EmbeddedServer, tmp_path: Path) -> None:
    """A file that holds a conversation three times has three sessions, however often it is imported."""
    path = tmp_path / "same.jsonl"
    path.write_text((json.dumps({"messages": [ASK, SAY]}) + "\n") * 3)

    for _ in range(2):
        invoke(path, "--api-url", server.url)

    assert len(server.store.sessions(None).rows) == 3


def test_agent_and_project_are_taken(invoke: Invoke, keyed_server: KeyedServer, log: Path) -> None:
    """The agent's name and the key's project are those of the sessions."""
    result = invoke(
        log,
        "--agent",
        "airline-agent",
        "--project",
        keyed_server.project,
        SENTRIAL_API_URL=keyed_server.url,
        SENTRIAL_API_KEY=keyed_server.key,
        SENTRIAL_ENABLED="false",  # is about agents; an import that is asked for takes place
    )

    rows = keyed_server.store.sessions(keyed_server.project).rows
    assert result.exit_code == 0
    assert {row.agent for row in rows} == {"airline-agent"}
    assert len(rows) == 2


@pytest.mark.parametrize("fault", ["no json", '{"no": "messages"}'])
def test_file_with_a_fault_imports_nothing(
    invoke: Invoke, server: EmbeddedServer, log: Path, tmp_path: Path, fault: str
) -> None:
    """The last line is checked before the first is sent: one line names it, and nothing is there."""
    with log.open("a") as file:
        file.write(fault + "\n")

    result = invoke(log, "--api-url", server.url)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: support.jsonl, line 3 ")
    assert result.stderr.count("\n") == 1
    assert server.store.sessions(None).rows == ()
    assert spooled(tmp_path) == []


def test_empty_file_is_one_line(invoke: Invoke, tmp_path: Path) -> None:
    """A file without a conversation is an error: nobody means to import nothing."""
    path = tmp_path / "empty.jsonl"
    path.touch()

    result = invoke(path)

    assert (result.exit_code, result.stderr) == (2, "Error: empty.jsonl holds no conversation; nothing was imported\n")


def test_server_that_is_not_there_is_one_line(
    invoke: Invoke, server: EmbeddedServer, log: Path, tmp_path: Path
) -> None:
    """Where no server answers, nothing is put into the spool, and one line says so."""
    server.stop()

    result = invoke(log, "--api-url", server.url)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert server.url in result.stderr
    assert spooled(tmp_path) == []


def test_wrong_key_is_one_line(invoke: Invoke, keyed_server: KeyedServer, log: Path) -> None:
    """A key that the server does not know ends it before anything is recorded."""
    result = invoke(log, "--api-url", keyed_server.url, SENTRIAL_API_KEY="snt_wrong_key")

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr
    assert "snt_wrong_key" not in result.stderr


class Overloaded(BaseHTTPRequestHandler):
    """A server that can be read, and takes no event."""

    def do_GET(self) -> None:
        """Answer with an empty page."""
        self._answer(200, {"items": [], "nextCursor": None})

    def do_POST(self) -> None:
        """Refuse for now."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(503, {"type": "about:blank", "title": "Busy", "status": 503, "code": "unavailable"})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Keep quiet."""


@pytest.fixture
def overloaded() -> Iterator[str]:
    """The address of a server that takes no event."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Overloaded) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.server_port}"
        finally:
            listener.shutdown()
            thread.join()


def test_events_that_could_not_be_sent_wait(invoke: Invoke, overloaded: str, log: Path, tmp_path: Path) -> None:
    """A server that takes nothing: the number that waits is said, exit code 2, and they are on the disk."""
    result = invoke(log, "--api-url", overloaded, "--timeout", "1")

    lines = result.stderr.splitlines()
    assert result.exit_code == 2
    assert result.stdout == ""
    # Two sessions: 2 starts, 3 model calls, 1 decision, 1 tool call, 2 ends.
    assert lines[-1].startswith(f"Error: 9 events could not be sent to {overloaded} and wait in the spool")
    assert b"It is on its way." in b"".join(path.read_bytes() for path in spooled(tmp_path))
