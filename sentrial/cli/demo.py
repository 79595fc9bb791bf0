"""`sentrial demo`: recorded runs in a server of their own, to look at before writing a line.

A newcomer's mistake: opening a browser in a pipe or in a test. Only a terminal gets one.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

import click

from sentrial.cli.embedded import running_server, serve_until_interrupted, stoppable
from sentrial.cli.problems import CommandError
from sentrial.cli.talk import say, session_line

_FLUSH_SECONDS = 30.0


@click.command
@click.option("--port", type=click.IntRange(0, 65535), help="The port.  [default: 7777, or a free one]")
@click.option("--once", is_flag=True, help="Print the runs and end: a check that everything works.")
@click.option("--no-open", is_flag=True, help="Open no browser.")
def demo(port: int | None, once: bool, no_open: bool) -> None:
    """Look at recorded runs: no agent, no key, no network.

    The database is a temporary one; yours is left alone.
    """
    from datetime import UTC, datetime

    from sentrial.cli.recording import play, recorded_calls
    from sentrial.client import SentrialClient

    with contextlib.ExitStack() as stack:
        stack.enter_context(stoppable())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sentrial-")))
        server = stack.enter_context(running_server(folder / "sentrial.db", port))
        with SentrialClient(api_url=server.url, enabled=True, spool_dir=str(folder / "spool")) as client:
            play(client, recorded_calls(), datetime.now(UTC))
            left = client.flush(timeout=_FLUSH_SECONDS)
        if left:
            raise CommandError(f"{left:,} recorded events did not arrive; the machine may be too busy: try again")
        say(f"Sentrial is at {server.url}  (recorded runs; nothing is kept)")
        for row in server.store.sessions(None).rows:
            click.echo(session_line(row, server.url))
        if once:
            return
        if not no_open and sys.stdout.isatty():
            click.launch(server.url)
        serve_until_interrupted()
