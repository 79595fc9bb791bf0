"""Every example, and every Python block of the README, run as a reader would run it: against a live server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sentrial.server.serve import EmbeddedServer

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
README_BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


def run(program: list[str], url: str) -> subprocess.CompletedProcess[str]:
    """Run a program with this interpreter; leaked files and sockets are errors in it."""
    environment = os.environ | {"SENTRIAL_API_URL": url}
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", *program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_says_something(path: Path, server: EmbeddedServer) -> None:
    """Each example ends well, says what it did on stdout, and leaves a session behind or needs no server."""
    done = run([str(path)], server.url)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "Traceback" not in done.stderr
    if path.stem != "offline":
        assert server.store.sessions(None).rows, "no session reached the server"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_fits_on_a_screen(path: Path) -> None:
    """No example is longer than 60 lines."""
    assert len(path.read_text("utf-8").splitlines()) <= 60


@pytest.mark.parametrize("number", range(len(README_BLOCKS)))
def test_a_block_of_the_readme_runs(number: int, server: EmbeddedServer, tmp_path: Path) -> None:
    """Each Python block of the README runs alone as it is written, but for the port."""
    program = tmp_path / "block.py"
    program.write_text(README_BLOCKS[number].replace("http://127.0.0.1:7777", server.url), "utf-8")

    done = run([str(program)], server.url)

    assert done.returncode == 0, done.stderr
    assert server.store.sessions(None).rows, "no session reached the server"


def test_the_readme_names_every_setting() -> None:
    """The README's table has each setting with its variable and its help, word for word."""
    from sentrial._config import SETTINGS

    readme = (ROOT / "README.md").read_text("utf-8")
    missing = [setting.name for setting in SETTINGS if f"`{setting.name}` | `{setting.variable}`" not in readme]

    assert not missing
    assert [s.name for s in SETTINGS if s.name != "spool_dir" and s.help not in readme] == []
