"""What the commands say: talk goes to stderr, so that stdout holds data alone; a session is always told the same way.

A newcomer's mistake: printing recorded text as it is. It was written by a model or a stranger: control characters
could move the cursor or hide a line, so `plain` takes them out first.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import click

if TYPE_CHECKING:
    from sentrial.server.store.rows import SessionRow

_USUAL_PROJECT = "default"
_MARKS = {
    "success": ("✓ ok", "green"),
    "error": ("✕ failed", "red"),
    "cancelled": ("○ cancelled", "yellow"),
    "abandoned": ("○ abandoned", "yellow"),
    "waiting": ("… waiting", "yellow"),
    "active": ("… running", "blue"),
}


def say(text: str) -> None:
    """Print a line of talk on stderr."""
    click.echo(text, err=True)


def plain(text: str, width: int) -> str:
    """Make recorded text one printable line of at most `width` characters."""
    shown = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in text[: width * 8])
    line = " ".join(shown.split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def short_path(path: Path) -> str:
    """Write a path with `~` for the home folder."""
    try:
        return f"~/{path.absolute().relative_to(Path.home())}"
    except (ValueError, RuntimeError):  # elsewhere, or a user without a home
        return str(path)


def session_line(row: SessionRow, url: str) -> str:
    """Tell a session in one line: its mark, its name, what happened, where to look at it."""
    mark, colour = _MARKS.get(row.status, (f"· {plain(row.status, 12)}", "white"))
    parts = [
        click.style(f"{mark:<11}", fg=colour),
        click.style(f"{plain(row.name or row.agent or row.id, 28):<28}", bold=True),
        f"{plain(_what_happened(row), 64):<64}",
        session_url(url, row),
    ]
    return "  ".join(parts)


def session_url(url: str, row: SessionRow) -> str:
    """Give the address of a session's page on the server at `url`; it names the project, unless that is the usual."""
    query = "" if row.project == _USUAL_PROJECT else f"?{urlencode({'project': row.project})}"
    return f"{url.rstrip('/')}/sessions/{row.id}{query}"


def _what_happened(row: SessionRow) -> str:
    if row.status == "waiting":
        awaited = row.waiting_for
        return f"for {awaited}" if awaited else ""
    failure = row.failure
    if row.status == "error" and failure is not None:
        kind = failure.type or "Error"
        return f"{kind} in {failure.tool}: {failure.message}" if failure.tool else f"{kind}: {failure.message}"
    if row.summary:
        return row.summary
    return row.user_input if isinstance(row.user_input, str) else ""
