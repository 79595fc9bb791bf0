"""A server beside a command: on the usual port if it can be had, and gone when the command ends.

A newcomer's mistake: leaving SIGTERM alone. Its default ends Python at once, with the temporary database, and a
child process, left behind; `stoppable` makes it an exception that unwinds.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

from sentrial.cli.options import DEFAULT_PORT
from sentrial.cli.talk import say

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from types import FrameType

    from sentrial.server.serve import EmbeddedServer


class Terminated(KeyboardInterrupt):
    """The command was told to end by SIGTERM, which, unlike Ctrl-C, its child process has not seen."""


@contextlib.contextmanager
def running_server(database: Path, port: int | None) -> Generator[EmbeddedServer]:
    """Run a server on 127.0.0.1 until the block ends.

    Args:
        database: Its database; made where it does not exist.
        port: The port it must have. None: the usual one, or a free one where that is taken.

    Raises:
        ServeError: The port is taken, or the database can't be used.
    """
    from sentrial.server.serve import EmbeddedServer, ServeError

    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(EmbeddedServer(database, port=DEFAULT_PORT if port is None else port))
        except ServeError:
            if port is not None:
                raise
            server = stack.enter_context(EmbeddedServer(database, port=0))
        yield server


@contextlib.contextmanager
def stoppable() -> Generator[None]:
    """Let SIGTERM end the block as Ctrl-C does, by an exception."""
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def serve_until_interrupted() -> None:
    """Say so, and wait for Ctrl-C or SIGTERM."""
    with contextlib.suppress(KeyboardInterrupt):
        say("Serving until Ctrl-C")
        threading.Event().wait()


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated
