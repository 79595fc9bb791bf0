"""A wire event as the store keeps it: its place in the order, and its body in one form.

A newcomer's mistake: to sort by arrival. The order of a session is (timestamp, producer, sequence, id), which
every machine computes alike, whatever came first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import msgspec

from sentrial.server.ids import new_event_id
from sentrial.server.store.times import format_us, parse_us

if TYPE_CHECKING:
    from collections.abc import Mapping

OrderKey: TypeAlias = tuple[int, str, int, str]
"""(timestamp in microseconds, producer, sequence, event id): unique in a project."""

NO_SEQUENCE = -1


@dataclass(frozen=True, slots=True)
class Record:
    """One event, ready to be inserted and folded."""

    id: str
    session_id: str
    type: str
    order: OrderKey
    body: dict[str, Any]
    encoded: bytes


_WITH_ERROR = frozenset({"tool_call", "error"})


def make_record(event: Mapping[str, Any], now_us: int) -> Record:
    """Turn an event that the contract has checked into a record; `now_us` stands in for a missing timestamp.

    An event without an id gets one; an event without a session (a client report) belongs to the session "".
    """
    body = dict(event)
    event_id = body["id"] = event.get("id") or new_event_id()
    timestamp = event.get("timestamp")
    timestamp_us = now_us if timestamp is None else parse_us(timestamp)
    body["timestamp"] = format_us(timestamp_us)
    # A kind that the contract does not know may hold anything under this name: it is kept as it came.
    if event["eventType"] in _WITH_ERROR and isinstance(error := event.get("toolError"), dict):
        body["toolError"] = _stored_error(cast("dict[str, Any]", error))
    sequence = event.get("sequence")
    return Record(
        id=event_id,
        session_id=event.get("sessionId") or "",
        type=event["eventType"],
        order=(
            timestamp_us,
            event.get("producerId") or "",
            # 1.0 is an integer in JSON Schema, and a float here.
            NO_SEQUENCE if sequence is None else int(sequence),
            event_id,
        ),
        body=body,
        encoded=msgspec.json.encode(body),
    )


def _stored_error(error: dict[str, Any]) -> dict[str, Any]:
    first = {"type": error.get("type"), "message": error["message"], "stack_trace": error.get("stack_trace")}
    return {**first, **error}
