"""The command line as a user has it: a process of its own, its stdout and stderr read apart."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

ENTRY = [sys.executable, "-c", "from sentrial.cli import main; main()"]

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run() -> Command:
    """Run `sentrial ARGUMENTS` to its end; keyword arguments are environment variables."""

    def run_command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*ENTRY, *map(str, arguments)],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_command


@pytest.fixture
def entry() -> list[str]:
    """The words that start the command line, for tests that need a process still running."""
    return ENTRY
