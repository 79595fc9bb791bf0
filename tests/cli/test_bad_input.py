"""What users get wrong on the command line: one line that says what to do, exit code 2, nothing left behind."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from sentrial.cli.group import sentrial

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def assert_one_line(arguments: list[object], *words: str) -> None:
    """The command fails with exit code 2, says so in one line with these words, and prints no data."""
    result = CliRunner().invoke(sentrial, [str(argument) for argument in arguments])

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Error: ")
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], ["No such command 'nonsense'", "see `sentrial --help`"]),
        (["--nonsense"], ["No such option '--nonsense'", "see `sentrial --help`"]),
        (["serve", "--nonsense"], ["--nonsense", "see `sentrial serve --help`"]),
        (["serve", "more"], ["more", "see `sentrial serve --help`"]),
        (["key", "create"], ["Missing option '--project'", "see `sentrial key create --help`"]),
        (["serve", "--port", "70000"], ["'--port'", "0<=x<=65535"]),
    ],
)
def test_mistakes_in_the_words_are_one_line(arguments: list[object], words: list[str]) -> None:
    """A usage error names the help of its command, unless it says itself what a value must be."""
    assert_one_line(arguments, *words)


def test_no_words_at_all_print_the_help() -> None:
    """`sentrial` alone is no mistake to be explained in a line."""
    result = CliRunner().invoke(sentrial, [])

    assert "Commands:" in result.output
    assert "Error" not in result.output


@pytest.mark.parametrize(
    "arguments", [["serve", "--port", "0"], ["key", "create", "--project", "p"], ["dev", "--once", "--", "true"]]
)
def test_database_without_a_name_is_one_line(arguments: list[object]) -> None:
    """`--db ""`, as an unset variable in a script gives it, is refused by each command."""
    at = 2 if arguments[0] == "key" else 1

    assert_one_line([*arguments[:at], "--db", "", *arguments[at:]], "'--db'", "empty")


@pytest.mark.parametrize("name", ["pipe", "socket"])
def test_database_that_is_no_file_is_left_alone(tmp_path: Path, name: str) -> None:
    """What is no regular file is neither opened nor changed: a device would even have its mode set."""
    path = tmp_path / name
    with socket.socket(socket.AF_UNIX) as listener:
        if name == "socket":
            listener.bind(os.path.relpath(path))
        else:
            os.mkfifo(path)
        path.chmod(0o666)

        assert_one_line(["serve", "--db", path, "--port", "0"], "no regular file", "--db")

    assert stat.S_IMODE(path.stat().st_mode) == 0o666
    assert list(tmp_path.iterdir()) == [path]


def test_place_where_no_database_can_be_made_is_one_line(tmp_path: Path) -> None:
    """It says that the place is wrong, in words and not with a number."""
    (tmp_path / "file").write_text("no folder")

    assert_one_line(["serve", "--db", tmp_path / "file" / "x.db", "--port", "0"], "can't be made there", "--db")


@pytest.mark.parametrize("project", ["a b", "", "ü", "x" * 129, "a\nb"])
def test_project_name_that_is_none_makes_no_database(tmp_path: Path, project: str) -> None:
    """The line says what a project's name may be."""
    path = tmp_path / "below" / "x.db"

    assert_one_line(["key", "create", "--project", project, "--db", path], "1 to 128 letters, digits")

    assert not path.parent.exists()


def test_busy_port_leaves_no_database(tmp_path: Path) -> None:
    """A start that a taken port stops has not begun."""
    path = tmp_path / "below" / "x.db"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert_one_line(["serve", "--db", path, "--port", taken.getsockname()[1]], "--port")

    assert not path.parent.exists()


def test_network_without_keys_leaves_no_database(tmp_path: Path) -> None:
    """A start that a missing key stops has not begun."""
    path = tmp_path / "below" / "x.db"

    assert_one_line(["serve", "--db", path, "--port", "0", "--host", "0.0.0.0"], "sentrial key create")

    assert not path.parent.exists()


def test_network_with_a_database_without_keys_is_refused(run: Command, tmp_path: Path) -> None:
    """A database that is there is looked into, and one without a key is as good as none."""
    path = tmp_path / "x.db"
    run("dev", "--once", "--db", path, "--port", "0", "--", "true")

    assert path.exists()
    assert_one_line(["serve", "--db", path, "--port", "0", "--host", "0.0.0.0"], "sentrial key create")
