"""`sentrial import` where the file, the server, the key or the patience is wrong: one line, exit code 2."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from sentrial.cli.group import sentrial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sentrial.server.serve import EmbeddedServer
    from tests.conftest import KeyedServer

RUN = {"messages": [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "Here."}]}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file of one conversation."""
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(RUN) + "\n")
    return path


def assert_one_line(arguments: list[object], *words: str, **environment: str) -> None:
    """The import fails with exit code 2, says so in one line with these words, and prints no data."""
    result = CliRunner().invoke(sentrial, ["import", *map(str, arguments)], env=environment)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Error: ")
    for word in words:
        assert word in result.stderr


@contextmanager
def answering(status: int, body: bytes, before: Callable[[], object] = lambda: None) -> Iterator[str]:
    """A server that answers every read alike, after doing something; the address of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            before()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.server_port}"
        finally:
            listener.shutdown()
            thread.join()


def test_pipe_is_to_be_saved_first(entry: list[str], server: EmbeddedServer, log: Path) -> None:
    """A pipe gives what it holds once, and the file is read twice: it is refused before it is read."""
    command = [*entry, "import", "/dev/stdin", "--api-url", server.url]

    result = subprocess.run(command, input=log.read_text(), capture_output=True, text=True, timeout=30, check=False)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: /dev/stdin is no regular file")
    assert result.stderr.endswith("save it to a file first\n")
    assert server.store.sessions(None).rows == ()


def test_file_that_changes_meanwhile_is_said(log: Path) -> None:
    """What was recorded is compared with what was checked before: a file that shrank is no success."""
    with answering(200, b'{"items": [], "nextCursor": null}', before=lambda: log.write_text("")) as url:
        assert_one_line([log, "--api-url", url], "p.jsonl changed", "0 conversations read of 1", "again")


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"{}"), (405, b""), (301, b""), (200, b"<p>Hello</p>"), (200, b'{"hello": 1}')]
)
def test_server_of_another_kind_is_named(log: Path, status: int, body: bytes) -> None:
    """Whatever else listens at the address, the line says that it is no Sentrial server, and what to check."""
    with answering(status, body) as url:
        assert_one_line([log, "--api-url", url], f"{url} is no Sentrial server", "--api-url or SENTRIAL_API_URL")


@pytest.mark.parametrize("key", [None, "snt_of_another_server"])
def test_key_that_is_missing_or_unknown_is_asked_for(keyed_server: KeyedServer, log: Path, key: str | None) -> None:
    """The line names the variable and the command that makes a key."""
    environment = {} if key is None else {"SENTRIAL_API_KEY": key}

    assert_one_line(
        [log, "--api-url", keyed_server.url], "set SENTRIAL_API_KEY", "`sentrial key create`", **environment
    )


def test_silent_server_is_waited_for_no_longer_than_asked(log: Path) -> None:
    """The timeout holds for the first read too: a listener that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        begun = time.monotonic()

        assert_one_line([log, "--api-url", url, "--timeout", "0.5"], "no answer", "0.5 s")

    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("timeout", ["nan", "inf", "1e300", "0", "-1"])
def test_timeout_that_is_no_time_is_refused(log: Path, timeout: str) -> None:
    """Nothing that is no number of seconds gets as far as a wait."""
    assert_one_line([log, f"--timeout={timeout}"], "'--timeout'")


def test_calendars_last_moment_is_imported_undated(server: EmbeddedServer, log: Path) -> None:
    """A conversation dated at the end of the calendar is imported as one without a time."""
    log.write_text(json.dumps(RUN | {"created_at": "9999-12-31T23:59:59.999999Z"}) + "\n")

    result = CliRunner().invoke(sentrial, ["import", str(log), "--api-url", server.url])

    (row,) = server.store.sessions(None).rows
    assert (result.exit_code, row.metadata["times"]) == (0, "not in the file")
