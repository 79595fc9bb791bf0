"""Real processes for the tests: a script that ends however it likes, and what it printed.

A newcomer's mistake: to let a child inherit the test's own spool by accident. Each script is given its folder
and its server's address by argument.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLIENT = """
import os, signal, sys, threading, time
from sentrial import SentrialClient
client = SentrialClient(api_url=sys.argv[1], spool_dir=sys.argv[2], max_retries=0)
"""
"""How each script begins: a client for the server and the spool it was given."""


def start(script: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start a script in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], timeout: float = 20) -> tuple[int, str, str]:
    """Wait for a process; its status, and what it wrote."""
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


def run(script: str, *arguments: str | Path, timeout: float = 20) -> tuple[int, str, str]:
    """Run a script in a process of its own; its status, and what it wrote."""
    return finish(start(script, *arguments), timeout)


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_until(holds: Callable[[], object], seconds: float = 10) -> bool:
    """Ask again and again until something holds; False where it did not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.01)
    return False
