"""The `sentrial` command: `main` is the console script, each module beside it one group of commands.

A newcomer's mistake: importing click, or a command's module, up here. The base install has no click, and
`sentrial --help` must not wait for a web server's imports.
"""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Run the command line, and leave with its exit code: 0 ok, 1 a check failed, 2 usage, 3 a session failed."""
    try:
        from sentrial.cli.group import sentrial
    except ModuleNotFoundError as missing:
        if missing.name != "click":
            raise
        sys.stderr.write("The sentrial command needs the server extra: pip install 'sentrial[server]'\n")
        sys.exit(2)

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ✓ shows ?, and the command goes on
    sentrial.main(prog_name="sentrial")
