"""Rows as the contract's shapes: what the API answers with.

A newcomer's mistake: to leave a field out where it is not known. Null says "not known"; a field that comes and
goes makes every reader guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sentrial.server.store.times import format_us

if TYPE_CHECKING:
    from sentrial.server.store import EventRow, Page, SessionRow


def session_to_wire(row: SessionRow) -> dict[str, Any]:
    """Return a session as the schema Session."""
    ended = row.ended_us
    return {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "createdAt": format_us(row.started_us),
        "endedAt": None if ended is None else format_us(ended),
        "summary": row.summary,
        "waitingFor": row.waiting_for,
        "agentName": row.agent,
        "userId": row.user,
        "metadata": row.metadata,
        "tags": list(row.tags),
        "version": row.version,
        "userInput": row.user_input,
        "eventCount": row.event_count,
        "toolCallCount": row.tool_calls,
        "llmCallCount": row.llm_calls,
        "decisionCount": row.decisions,
        "errorCount": row.errors,
        "totalTokens": row.tokens,
        "totalCost": row.cost,
        "durationMs": None if ended is None else max(ended - row.started_us, 0) / 1000,
    }


def session_page_to_wire(page: Page[SessionRow]) -> dict[str, Any]:
    """Return a page of sessions as the schema SessionPage."""
    return {"items": [session_to_wire(row) for row in page.rows], "nextCursor": page.next_cursor}


def event_page_to_wire(page: Page[EventRow]) -> dict[str, Any]:
    """Return a page of events as the schema EventPage: each as it was stored."""
    return {"items": [row.body for row in page.rows], "nextCursor": page.next_cursor}
