"""A wire event as the store keeps it: its place in the order, what its session is folded from, and its bytes.

A newcomer's mistake: to sort by arrival. The order of a session is (timestamp, producer, sequence, id), which
every machine computes alike, whatever came first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

import msgspec

from sentrial.server.ids import new_event_id
from sentrial.server.store.times import format_us, parse_stored_us, parse_us

if TYPE_CHECKING:
    from collections.abc import Mapping

OrderKey: TypeAlias = tuple[int, str, int, str]
"""(timestamp in microseconds, producer, sequence, event id): unique in a project."""

NO_SEQUENCE = -1

_LIFECYCLE = ("metadata", "userInput")
_NAMED = ("name", "agentName", "userId", "version", "tags")
_TOKENS = ("totalTokens", "promptTokens", "completionTokens")
# Only what the contract declares for a kind: under any other name there can be anything, and nobody has checked it.
FACTS: dict[str, tuple[str, ...]] = {
    "tool_call": ("toolName", "toolError", "status", "estimatedCost", "tokenCount"),
    "llm_call": ("estimatedCost", "tokenCount", *_TOKENS),
    "llm_decision": ("estimatedCost", "tokenCount"),
    "error": ("toolName", "toolError"),
    "session_start": (*_LIFECYCLE, *_NAMED),
    "session_update": (*_LIFECYCLE, *_NAMED, "status", "waitingFor"),
    "session_end": (*_LIFECYCLE, *_TOKENS, "estimatedCost", "status", "summary", "failureReason", "assistantOutput"),
}
"""By kind, the fields that a session is folded from."""

_WITH_ERROR = frozenset({"tool_call", "error"})
_ERROR_FIELDS = frozenset({"type", "message", "stack_trace"})

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Record(msgspec.Struct, frozen=True, gc=False):
    """One event, ready to be inserted and folded.

    It holds few objects, and the collector does not look at it: a thousand wait together for their commit.
    """

    id: str
    session_id: str
    type: str
    order: OrderKey
    facts: dict[str, Any]
    encoded: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The event as it is stored, decoded anew."""
        return cast("dict[str, Any]", _decode(self.encoded))


def make_record(event: Mapping[str, Any], now_us: int, line: bytes | None = None) -> Record:
    """Turn an event that the contract has checked into a record; `now_us` stands in for a missing timestamp.

    An event without an id gets one; an event without a session (a client report) belongs to the session "".

    Args:
        event: The event.
        now_us: Microseconds since 1970.
        line: The JSON text that the event was decoded from. Where the event has its stored form already, as our
            own clients send it, these bytes are kept, and it is not encoded again.
    """
    kind: str = event["eventType"]
    event_id: str = event.get("id") or new_event_id()
    timestamp: str | None = event.get("timestamp")
    at_us = None if timestamp is None else parse_stored_us(timestamp)
    # A kind that the contract does not know may hold anything under this name: it is kept as it came.
    error = event.get("toolError") if kind in _WITH_ERROR else None
    stored_error = _stored_error(cast("dict[str, Any]", error)) if isinstance(error, dict) else None
    if line is None or at_us is None or stored_error is not error or "id" not in event:
        if at_us is None:
            at_us = now_us if timestamp is None else parse_us(timestamp)
        body = {**event, "id": event_id, "timestamp": format_us(at_us)}
        if stored_error is not None:
            body["toolError"] = stored_error
        line = _encode(body)
    sequence = event.get("sequence")
    return Record(
        event_id,
        event.get("sessionId") or "",
        kind,
        (
            at_us,
            event.get("producerId") or "",
            # 1.0 is an integer in JSON Schema, and a float here.
            NO_SEQUENCE if sequence is None else int(sequence),
            event_id,
        ),
        {name: event[name] for name in FACTS.get(kind, ()) if name in event},
        line,
    )


def _stored_error(error: dict[str, Any]) -> dict[str, Any]:
    """Return the error with all its fields: the same object where none is missing."""
    if error.keys() >= _ERROR_FIELDS:
        return error
    first = {"type": error.get("type"), "message": error["message"], "stack_trace": error.get("stack_trace")}
    return {**first, **error}
