"""The group of commands: quick help, one line for what users can meet, exit codes."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sentrial.cli.group import COMMANDS, sentrial
from sentrial.cli.problems import CommandError, explain

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_table_and_command_say_the_same(name: str) -> None:
    """The help in the table of commands is the first sentence of the command's own help."""
    entry = COMMANDS[name]

    command = getattr(importlib.import_module(f"sentrial.cli.{entry.module}"), entry.name)

    assert isinstance(command, click.Command)
    assert (command.help or "").splitlines()[0] == entry.help


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str) -> None:
    """Each command prints its usage and ends well."""
    result = CliRunner().invoke(sentrial, [name, "--help"])

    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: sentrial {name}")


def test_help_imports_no_command() -> None:
    """`sentrial --help` starts fast: neither the server, nor the client, nor HTTP is imported for it."""
    script = (
        "import sys\n"
        "from sentrial.cli import main\n"
        "sys.argv = ['sentrial', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in sys.modules if name in {'uvicorn', 'starlette', 'httpx', 'sentrial.client'}])\n"
    )

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)

    assert "Commands:" in result.stdout
    assert result.stdout.splitlines()[-1] == "[]"


def test_version_is_the_packages(run: Command) -> None:
    """`--version` says the installed version."""
    from importlib.metadata import version

    result = run("--version")

    assert result.stdout == f"sentrial {version('sentrial')}\n"


def test_base_install_is_told_what_to_install() -> None:
    """Without click, as in the base install, the command says in one line what is missing."""
    script = "import sys; sys.modules['click'] = None; from sentrial.cli import main; main()"

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=30)

    assert result.returncode == 2
    assert result.stderr == "The sentrial command needs the server extra: pip install 'sentrial[server]'\n"


def test_unknown_command_is_a_usage_error() -> None:
    """A command that does not exist is exit code 2."""
    result = CliRunner().invoke(sentrial, ["nonsense"])

    assert result.exit_code == 2
    assert "No such command 'nonsense'" in result.stderr


def test_expected_errors_are_explained() -> None:
    """What users can meet has a line of its own."""
    from sentrial.errors import ConnectionFailed
    from sentrial.server.serve import ServeError
    from sentrial.server.store import StoreError

    lines = [
        explain(error)
        for error in (
            CommandError("wrong; do this"),
            ServeError("port 1 is in use"),
            StoreError("foreign"),
            ConnectionFailed("no answer"),
            PermissionError(13, "Permission denied", "x.db"),
            ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn"),
        )
    ]

    assert lines == [
        "wrong; do this",
        "port 1 is in use",
        "foreign",
        "no answer",
        "x.db: Permission denied",
        "the Python module uvicorn is missing; pip install 'sentrial[server]'",
    ]


@pytest.mark.parametrize("bug", [KeyError("x"), ModuleNotFoundError("no", name="sentrial.x"), BrokenPipeError(32, "")])
def test_bugs_keep_their_traceback(bug: Exception) -> None:
    """What no user should meet is not explained away."""
    line = explain(bug)

    assert line is None


def test_default_port_is_the_servers() -> None:
    """The command line and the server agree on the usual port."""
    from sentrial.cli.options import DEFAULT_PORT
    from sentrial.server.serve import DEFAULT_PORT as SERVERS_PORT

    assert DEFAULT_PORT == SERVERS_PORT


def test_default_database_follows_the_users_data_folder(tmp_path: Path) -> None:
    """Without --db, the data is in the user's data folder."""
    from sentrial.cli.options import default_database

    path = default_database()

    assert path == Path(tmp_path) / "xdg_data_home" / "sentrial" / "sentrial.db"
