"""What may go wrong on the command line, each as one line: what is wrong; what to do.

A newcomer's mistake: catching errors inside a command. Raise, or let the library's error pass: `explain` is asked
at the one edge (`group.py`) and turns what is expected into a line, and leaves a bug its traceback.
"""

from __future__ import annotations

import errno


class CommandError(Exception):
    """A command can't go on. The message is one line for the user: what is wrong; what to do."""


def explain(error: Exception) -> str | None:
    """Give the line to print for an error that users meet, or None for one that is a bug of ours."""
    match error:
        case CommandError():
            return str(error)
        case ModuleNotFoundError(name=str(name)) if not name.startswith("sentrial"):
            return f"the Python module {name} is missing; pip install 'sentrial[server]'"
        case OSError() if error.errno == errno.EPIPE:
            return None  # the reader of our output has gone: click ends quietly
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return f"{where}{error.strerror or error}"
        case _ if isinstance(error, _library_errors()):
            return str(error)
        case _:
            return None


def _library_errors() -> tuple[type[Exception], ...]:
    # Imported here, on the way out: a command that works never pays for them.
    from sentrial.errors import SentrialError
    from sentrial.server.serve import ServeError
    from sentrial.server.store import StoreError

    return (SentrialError, ServeError, StoreError)
