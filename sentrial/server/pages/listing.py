"""The list of sessions, as the template shows it: what happened in each, in one line.

A newcomer's mistake: to read events here. A row is made of the session's roll-up alone, so the list costs
the same whatever the sessions hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentrial.server.pages import display

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentrial.server.pages.links import Links
    from sentrial.server.store.rows import SessionRow

# Status to the word shown. What is not here is shown as it is.
STATUS_WORDS = {
    "error": "Failed",
    "active": "Running",
    "success": "OK",
    "waiting": "Waiting",
    "cancelled": "Cancelled",
    "abandoned": "Abandoned",
}
_ALWAYS = ("error", "active", "success")


@dataclass(frozen=True, slots=True)
class Tab:
    """A status to narrow the list to."""

    word: str
    href: str
    current: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One row of the list."""

    id: str
    short_id: str
    href: str
    status: str
    status_word: str
    title: str
    happened: Happened
    events: str
    length: str
    tokens: str
    cost: str
    user: str
    user_href: str
    started: str
    started_iso: str
    project: str


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened, in parts that are drawn differently.

    Attributes:
        state: A word for a session that did not simply end: "running", "waiting for ...".
        error: The error's type, where it failed.
        tool: The tool that error came from.
        text: The message, the summary or the task.
        recovered: How many errors it recovered from, where it ended well.
    """

    text: str
    state: str = ""
    error: str = ""
    tool: str = ""
    recovered: int = 0


def session_line(row: SessionRow, links: Links) -> SessionLine:
    """Give a session as a row of the list."""
    started = display.moment(row.started_us)
    return SessionLine(
        id=row.id,
        short_id=display.short_id(row.id),
        href=links.session(row.id),
        status=status_class(row.status),
        status_word=STATUS_WORDS.get(row.status, row.status),
        title=session_title(row),
        happened=happened(row),
        events=f"{row.event_count:,}",
        length=display.duration(length_us(row)),
        tokens=display.count(row.tokens),
        cost=display.cost(row.cost),
        user=display.line(row.user, 60),
        user_href=links.sessions(user=row.user),
        started=display.when(row.started_us),
        started_iso=started.isoformat() if started else "",
        project=row.project,
    )


def session_title(row: SessionRow) -> str:
    """Give what a session is called: its agent, else its name, else plainly a session."""
    return display.line(row.agent, 80) or display.line(row.name, 80) or "session"


def status_class(status: str) -> str:
    """Give how a status is drawn; one that is not known is drawn as `other`."""
    return status if status in STATUS_WORDS else "other"


def length_us(row: SessionRow) -> int | None:
    """Give how long a session took, or has taken as far as its events tell, in microseconds."""
    end = row.ended_us if row.ended_us is not None else row.last_event_us
    return None if end is None else end - row.started_us


def happened(row: SessionRow) -> Happened:
    """Say what happened in a session, in one line."""
    task = display.line(row.user_input)
    summary = display.line(row.summary)
    match row.status:
        case "error" if row.failure is not None:
            failure = row.failure
            return Happened(
                display.line(failure.message),
                error=display.line(failure.type) or "Error",
                tool=display.line(failure.tool),
            )
        case "error":
            return Happened(summary or task, error="Failed")
        case "active":
            return Happened(task or summary, state="running")
        case "waiting":
            reason = display.line(row.waiting_for)
            return Happened(task or summary, state=f"waiting for {reason}" if reason else "waiting")
        case "success":
            return Happened(summary or task, recovered=row.errors)
        case _:
            return Happened(summary or task, state=STATUS_WORDS.get(row.status, row.status).lower())


def tabs(
    counts: Mapping[str, int], links: Links, *, status: str | None, filters: Mapping[str, str | None]
) -> tuple[Tab, ...]:
    """Give the tabs: all, the three that matter, and others while there are sessions in them.

    Args:
        counts: Sessions by status; shown only while nothing else narrows the list.
        links: Makes the links.
        status: The one the list is narrowed to.
        filters: What else narrows it; kept in each link.
    """
    narrowed = any(filters.values())
    shown = [name for name in STATUS_WORDS if name in _ALWAYS or counts.get(name) or name == status]
    made = [Tab("All", links.sessions(**filters), status is None, None if narrowed else sum(counts.values()))]
    for name in shown:
        found = None if narrowed else counts.get(name, 0)
        made.append(Tab(STATUS_WORDS[name], links.sessions(status=name, **filters), name == status, found))
    return tuple(made)
