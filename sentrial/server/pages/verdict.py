"""Why a session failed: its last error, the call it came from, and the decision before that. Pure.

A newcomer's mistake: to look for meaning. This is arithmetic on the order of events: no guess, no model,
the same answer every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentrial.server.pages.decision import Option, chosen_option
from sentrial.server.pages.display import Clip, Room, clip, line
from sentrial.server.pages.events import describe
from sentrial.server.pages.sections import sections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentrial.server.pages.events import EventLine
    from sentrial.server.pages.sections import Section
    from sentrial.server.store.rows import EventRow, SessionRow

_MESSAGE = 600
_DETAIL = 4_000


@dataclass(frozen=True, slots=True)
class Link:
    """One event of the chain that led to the failure."""

    id: str
    line: EventLine
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the session failed.

    Attributes:
        type: The kind of error; "Failed" where nothing more is known.
        tool: The tool it came from; empty where there is none.
        message: What was said.
        error: The event that failed, where it was found.
        call: The tool call it came from, where that is another event.
        decision: The nearest decision before it.
        choice: What that decision chose, and how close it was.
        ending: What became of the run, in a few words.
    """

    type: str
    tool: str
    message: Clip
    error: Link | None = None
    call: Link | None = None
    decision: Link | None = None
    choice: Option | None = None
    ending: str = "run stopped"


def explain(session: SessionRow, events: Sequence[EventRow]) -> Verdict | None:
    """Say why the session failed; None where it did not.

    Args:
        session: The session with its roll-up.
        events: Its events in order, as far as its failure at least.
    """
    if session.status != "error":
        return None
    failure = session.failure
    if failure is None:
        return Verdict("Failed", "", clip(session.summary or "No error was recorded.", _MESSAGE))
    title, tool, message = line(failure.type) or "Error", line(failure.tool), clip(failure.message, _MESSAGE)
    at = next((place for place, event in enumerate(events) if event.id == failure.event_id), None)
    if at is None:
        return Verdict(title, tool, message)
    error = events[at]
    call_at = _call(events, at, failure.tool)
    before = at if call_at is None else call_at
    decision = next((event for event in reversed(events[:before]) if event.type == "llm_decision"), None)
    return Verdict(
        title,
        tool,
        message,
        error=_link(error),
        call=None if call_at is None or call_at == at else _link(events[call_at]),
        decision=_link(decision) if decision else None,
        choice=chosen_option(decision.body) if decision else None,
        ending=_ending(error),
    )


def _call(events: Sequence[EventRow], at: int, tool: str | None) -> int | None:
    """Find the tool call an error came from: itself, its parent, or the nearest one before it of that tool."""
    error = events[at]
    if error.type == "tool_call":
        return at
    parent = error.body.get("parentId")
    calls = [place for place in range(at - 1, -1, -1) if events[place].type == "tool_call"]
    by_parent = (place for place in calls if events[place].id == parent)
    by_name = (place for place in calls if tool is not None and events[place].body.get("toolName") == tool)
    return next(by_parent, next(by_name, None))


def _link(event: EventRow) -> Link:
    return Link(event.id, describe(event), sections(event.body, Room(4 * _DETAIL), _DETAIL))


def _ending(error: EventRow) -> str:
    match error.body.get("recoverable"):
        case False:
            return "not recoverable, run stopped"
        case True:
            return "recoverable, yet the run stopped"
        case _:
            return "run stopped"
