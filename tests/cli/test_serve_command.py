"""`sentrial serve` and `sentrial key`: real processes, real ports, real files."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from pathlib import Path

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Serving = tuple["subprocess.Popen[str]", str]


@pytest.fixture
def serving(entry: list[str], tmp_path: Path) -> Iterator[Serving]:
    """A `sentrial serve` that runs, and the address it said it has."""
    command = [*entry, "serve", "--db", str(tmp_path / "served.db"), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        line = process.stderr.readline()
        try:
            yield process, line
        finally:
            process.kill()


def assert_one_line(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """It failed with exit code 2, said so in one line, and printed no data."""
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Error: ")
    for word in words:
        assert word in result.stderr


def test_serve_says_where_it_is_when_it_answers(serving: Serving, tmp_path: Path) -> None:
    """The one line of start-up has an address that already answers, and names the data."""
    _, line = serving

    answer = httpx.get(line.split()[3] + "/api/sdk/health", trust_env=False)

    assert line.startswith("Sentrial is at http://127.0.0.1:")
    assert str(tmp_path / "served.db") in line
    assert answer.status_code in {200, 404}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_quietly(serving: Serving, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end the server with exit code 0 and without a word more."""
    process, _ = serving

    process.send_signal(number)
    code = process.wait(timeout=20)

    assert code == 0
    assert process.stderr.read() == ""


def test_busy_port_is_one_line(run: Command, tmp_path: Path) -> None:
    """A port that is taken is named, and so is the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = run("serve", "--db", tmp_path / "x.db", "--port", port)

    assert_one_line(result, str(port), "--port")


def test_foreign_database_is_one_line(run: Command, tmp_path: Path) -> None:
    """A database of another program is refused, and left as it was."""
    path = tmp_path / "foreign.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()

    result = run("serve", "--db", path, "--port", "0")

    assert_one_line(result, str(path), "--db")
    assert path.read_bytes() == before


def test_network_without_keys_is_one_line(run: Command, tmp_path: Path) -> None:
    """A server that others can reach needs a key first, and is told how to make one."""
    result = run("serve", "--db", tmp_path / "x.db", "--port", "0", "--host", "0.0.0.0")

    assert_one_line(result, "sentrial key create --project")


def test_unwritable_folder_is_one_line(run: Command, tmp_path: Path) -> None:
    """A database below something that is no folder is one line."""
    (tmp_path / "file").write_text("no folder")

    result = run("serve", "--db", tmp_path / "file" / "x.db", "--port", "0")

    assert_one_line(result)


def test_port_that_is_none_is_usage(run: Command) -> None:
    """A port beyond 65535 is a usage error."""
    result = run("serve", "--port", "70000")

    assert result.returncode == 2
    assert "--port" in result.stderr


def test_key_is_the_only_data(run: Command, tmp_path: Path) -> None:
    """Standard output is the key and nothing else, so that a script can take it; the explanation is talk."""
    result = run("key", "create", "--project", "support", "--db", tmp_path / "x.db")

    assert result.returncode == 0
    assert result.stdout.startswith("snt_")
    assert result.stdout.count("\n") == 1
    assert "support" in result.stderr
    assert result.stdout.strip() not in result.stderr


def test_key_opens_the_server(run: Command, entry: list[str], tmp_path: Path) -> None:
    """A server with the key's database takes that key, and asks everyone else for one."""
    database = tmp_path / "keyed.db"
    key = run("key", "create", "--project", "support", "--db", database).stdout.strip()
    command = [*entry, "serve", "--db", str(database), "--port", "0"]

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            url = process.stderr.readline().split()[3] + "/api/sdk/sessions"
            without = httpx.get(url, trust_env=False)
            with_key = httpx.get(url, headers={"Authorization": f"Bearer {key}"}, trust_env=False)
        finally:
            process.kill()

    assert (without.status_code, with_key.status_code) == (401, 200)


def test_key_beside_a_running_server_says_so(run: Command, serving: Serving, tmp_path: Path) -> None:
    """While a server holds the file, no key can be made in it, and the line says what to do."""
    result = run("key", "create", "--project", "support", "--db", tmp_path / "served.db")

    assert_one_line(result, "stop it, make the key, start it again")


@pytest.mark.parametrize("project", ["", "  "])
def test_key_needs_a_project(run: Command, tmp_path: Path, project: str) -> None:
    """A key without a project's name is a usage error, and makes no database."""
    result = run("key", "create", "--project", project, "--db", tmp_path / "x.db")

    assert result.returncode == 2
    assert not (tmp_path / "x.db").exists()
