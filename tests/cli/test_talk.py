"""What the commands say about a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from sentrial.cli.talk import plain, session_line, short_path
from sentrial.server.store.rows import Failure, SessionRow


def row(**fields: Any) -> SessionRow:
    """A session as the store gives it."""
    return SessionRow(**{"project": "p", "id": "sess_1", "status": "success", "started_us": 0} | fields)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"summary": "Refunded."}, ["✓ ok", "Refunded."]),
        (
            {"status": "error", "failure": Failure("PolicyViolation", "over the limit", "issue_refund", "evt_1")},
            ["✕ failed", "PolicyViolation in issue_refund: over the limit"],
        ),
        ({"status": "error", "failure": Failure(None, "gone", None, "evt_1")}, ["✕ failed", "Error: gone"]),
        ({"status": "active", "user_input": "Label the issues"}, ["… running", "Label the issues"]),
        ({"status": "waiting", "waiting_for": "an approval"}, ["… waiting", "for an approval"]),
        ({"status": "cancelled"}, ["○ cancelled"]),
        ({"status": "other"}, ["· other"]),
    ],
)
def test_line_says_what_happened(fields: dict[str, Any], shown: list[str]) -> None:
    """One line: the mark, the name, what happened, and the address at its end."""
    line = click.unstyle(session_line(row(name="Refund agent", **fields), "http://127.0.0.1:7777/"))

    assert all(words in line for words in [*shown, "Refund agent"])
    assert line.endswith("http://127.0.0.1:7777/sessions/sess_1?project=p")
    assert "\n" not in line


def test_usual_project_is_not_in_the_address() -> None:
    """The page of a session shows the usual project by itself."""
    line = click.unstyle(session_line(row(project="default"), "http://127.0.0.1:7777"))

    assert line.endswith("http://127.0.0.1:7777/sessions/sess_1")


def test_recorded_text_can_not_move_the_cursor() -> None:
    """Escapes, line breaks and invisible controls of recorded text do not reach the terminal."""
    line = plain("a\x1b[2Jb\nc\u202ed\x00e\u200bf", 80)

    assert line == "a [2Jb c d e f"


def test_long_text_is_cut() -> None:
    """A text of any length is at most as wide as asked."""
    line = plain("x" * 1_000_000, 20)

    assert line == "x" * 19 + "…"


def test_home_is_a_tilde() -> None:
    """A path below the home folder is written with ~, another as it is."""
    assert short_path(Path.home() / "a" / "b.db") == "~/a/b.db"
    assert short_path(Path("/elsewhere/b.db")) == "/elsewhere/b.db"
