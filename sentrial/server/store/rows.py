"""What the store gives back: plain values, times in microseconds since 1970 (UTC).

A newcomer's mistake: `EventRow.body` is the event as it goes over the wire (camelCase), already checked by
the contract; the columns beside it are copies for sorting and counting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a session failed, or last stumbled: its last error event, or last failed tool call."""

    type: str | None
    message: str
    tool: str | None
    event_id: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session with its roll-up: the fold of its events."""

    project: str
    id: str
    status: str
    started_us: int
    name: str | None = None
    agent: str | None = None
    user: str | None = None
    version: str | None = None
    ended_us: int | None = None
    last_event_us: int | None = None
    summary: str | None = None
    waiting_for: str | None = None
    user_input: Any = None
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    tags: tuple[str, ...] = ()
    event_count: int = 0
    tool_calls: int = 0
    llm_calls: int = 0
    decisions: int = 0
    errors: int = 0
    tokens: int | None = None
    cost: float | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One stored event."""

    project: str
    session_id: str
    id: str
    type: str
    timestamp_us: int
    received_us: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and where the next ones begin (None: there are none)."""

    rows: tuple[Row, ...]
    next_cursor: str | None
