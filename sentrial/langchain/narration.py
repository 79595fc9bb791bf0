"""What `verbose=True` prints: one tidy line for each event, and nothing else ever.

Text from models and tools is cut, and its control characters are shown, not obeyed: a terminal takes them as commands.
"""

from __future__ import annotations

import sys
from typing import Any

from sentrial.langchain.mapping import as_text

_WIDTH = 72


class Narrator:
    """Prints one line an event to stdout, if it is on."""

    def __init__(self, *, on: bool) -> None:
        self._on = on

    def say(self, kind: str, *facts: str | None) -> None:
        """Print the kind of event and those facts that are there."""
        if not self._on:
            return
        line = f"[sentrial] {kind:<9}" + "  ".join(fact for fact in facts if fact)
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        print(line.encode(encoding, "backslashreplace").decode(encoding))  # noqa: T201  # what verbose=True asks for


def brief(value: Any) -> str:
    """A value on one line of at most 72 characters."""
    line = " ".join(as_text(value).split())
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line[: _WIDTH + 1])
    return shown if len(shown) <= _WIDTH else shown[: _WIDTH - 3] + "..."


def took(milliseconds: float) -> str:
    """A duration for a reader: "12 ms", "1.2 s"."""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
