"""A real Chromium without a window: it opens one page and says what became of it.

A newcomer's mistake: to believe that a browser started for a test is silent. Chromium calls home on its own, so
every host but this machine is made unknown to it, and only what the page itself asks for is counted.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.browser.document import Element, read_document

if TYPE_CHECKING:
    from pathlib import Path

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--enable-logging=stderr", "--v=0", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)
_TIMEOUT_SECONDS = 60
_MESSAGE = re.compile(r"^\[[^\]]*:CONSOLE[^\]]*\] (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Visit:
    """What became of a page: its document, what the console says, and what the page asked for, from where."""

    document: Element
    title: str
    messages: list[str]
    requests: list[str]


def find_chromium() -> str:
    """Return the browser's command; skip the test where there is none, or fail it in CI, where there must be one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    command = next((found for name in names if (found := shutil.which(name))), None)
    if command is None:
        reason = f"no browser here: install one of {', '.join(names)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return command


def visit(address: str, folder: Path) -> Visit:
    """Open a page, wait until it has loaded, and say what became of it; `folder` takes the browser's profile."""
    log = folder / "requests.json"
    done = subprocess.run(
        [
            find_chromium(),
            *_FLAGS,
            f"--user-data-dir={folder / 'profile'}",
            f"--log-net-log={log}",
            "--dump-dom",
            address,
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=_TIMEOUT_SECONDS,
        check=True,
    )
    document = read_document(done.stdout.removeprefix("<!DOCTYPE html>"))
    return Visit(document, document.one("title").text, _MESSAGE.findall(done.stderr), _requests(log, address))


def _requests(log: Path, address: str) -> list[str]:
    recorded = json.loads(log.read_text(encoding="utf-8"))
    begins = recorded["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    begun = [event["params"] for event in recorded["events"] if event["type"] == begins and "params" in event]
    # What Chromium asks for on its own has no origin.
    return [params["url"] for params in begun if params.get("initiator") not in (None, "not an origin")]
