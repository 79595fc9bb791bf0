"""`sentrial dev`: a server, an agent that reports to it, and a link to each of its sessions.

A newcomer's mistake: printing on stdout here. That belongs to the command that runs: all of our talk is on stderr.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentrial.cli.embedded import Terminated, running_server, serve_until_interrupted, stoppable
from sentrial.cli.options import database_option, default_database
from sentrial.cli.problems import CommandError
from sentrial.cli.talk import say, session_line
from sentrial.cli.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sentrial.server.store.rows import SessionRow

_POLL_SECONDS = 0.25
_GRACE_SECONDS = 5.0  # longer than a client's own farewell, which delivers its last events


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@database_option
@click.option("--port", type=click.IntRange(0, 65535), help="The port.  [default: 7777, or a free one]")
@click.option("--once", is_flag=True, help="End with the command, and with its exit code.")
@click.option("--fresh", is_flag=True, help="Use a database of its own, gone afterwards.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def dev(database: Path | None, port: int | None, once: bool, fresh: bool, command: tuple[str, ...]) -> None:
    """Run COMMAND beside a server and link to each of its sessions.

    SENTRIAL_API_URL is set for it, so SentrialClient() finds the server by itself:

      sentrial dev -- python agent.py
    """
    if fresh and database is not None:
        raise click.UsageError("--fresh and --db exclude each other")
    with contextlib.ExitStack() as stack:
        stack.enter_context(stoppable())
        environment = dict(os.environ)
        path = database or default_database()
        if fresh:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sentrial-")))
            path = folder / "sentrial.db"
            # What an earlier run left in the usual spool is not for a database that is soon gone.
            environment.setdefault("SENTRIAL_SPOOL_DIR", str(folder / "spool"))
        server = stack.enter_context(running_server(path, port))
        environment["SENTRIAL_API_URL"] = server.url
        say(f"Sentrial is at {server.url}")
        watch = Watch(server.store)
        code = _run(command, environment, watch, server.url)
        _tell([*watch.ended(), *watch.still_open()], server.url)
        if once or code is None:
            stack.close()
            raise click.exceptions.Exit(code if code is not None else 128 + 15)
        serve_until_interrupted()


def _run(command: Sequence[str], environment: dict[str, str], watch: Watch, url: str) -> int | None:
    """Run the command to its end, and give its exit code; None where SIGTERM ended it all."""
    try:
        process = subprocess.Popen(command, env=environment)  # noqa: S603  # running it is what the user asks for
    except OSError as error:
        raise CommandError(
            f"{command[0]} can't be run ({error.strerror}); is it installed, and on the path?"
        ) from error
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return _exit_code(process.wait(_POLL_SECONDS))
            _tell(watch.ended(), url)
    except Terminated:
        process.terminate()
        _wait(process)
        return None
    except KeyboardInterrupt:
        # The terminal has sent it to the command too. One more ends the server.
        return _exit_code(_wait(process))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _exit_code(code: int) -> int:
    # Python gives -N for a command that signal N ended; shells, and whoever asks us, expect 128 + N.
    return 128 - code if code < 0 else code


def _tell(rows: Iterable[SessionRow], url: str) -> None:
    for row in rows:
        say(session_line(row, url))
