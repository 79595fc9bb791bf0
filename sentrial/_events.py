"""Build an event as it goes over the wire. Pure: time and ids come in as arguments.

The caller's words are snake_case, the wire's camelCase. Values are shaped
here (bounded, redacted), so what comes out shares nothing with what the caller may change later.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from sentrial import _checks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentrial._checks import Shape

Timestamp: TypeAlias = datetime | str | float

OUTCOMES = ("success", "error", "cancelled")
ENDS = ("success", "error", "cancelled")
UPDATES = ("active", "waiting")

_MAX_COST = 1e9
_MOST_TAGS = 1000
_LONGEST_TIMESTAMP = 64
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


# ---- what the verbs of the client record ------------------------------------------------------------


def tool_call(
    shape: Shape,
    session_id: str,
    tool_name: str,
    tool_input: Any,
    tool_output: Any,
    reasoning: Any,
    duration_ms: float | None,
    status: str,
    error: Any,
) -> dict[str, Any]:
    event = {
        "eventType": "tool_call",
        "sessionId": _checks.identifier("session_id", session_id),
        "toolName": _checks.name(shape, "tool_name", tool_name),
        "toolInput": shape.value({} if tool_input is None else tool_input),
        "status": _checks.choice("status", status, OUTCOMES),
    }
    if tool_output is not None:
        event["toolOutput"] = shape.value(tool_output)
    if error is not None:
        event["toolError"] = _error_detail(shape, error)
    if reasoning is not None:
        event["reasoning"] = shape.text(reasoning)
    if duration_ms is not None:
        event["durationMs"] = _checks.number("duration_ms", duration_ms)
    return event


def decision(
    shape: Shape,
    session_id: str,
    reasoning: Any,
    alternatives: Any,
    chosen: Any,
    confidence: float | None,
    name: Any,
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "eventType": "llm_decision",
        "sessionId": _checks.identifier("session_id", session_id),
    }
    if reasoning is not None:
        event["reasoning"] = shape.text(reasoning)
    if alternatives is not None:
        shaped = shape.value(
            alternatives if issubclass(type(alternatives), (list, tuple, set, frozenset)) else [alternatives]
        )
        event["alternativesConsidered"] = shaped if isinstance(shaped, list) else [shaped]
    if chosen is not None:
        event["chosen"] = shape.text(chosen)
    if confidence is not None:
        event["confidence"] = _checks.share("confidence", confidence)
    if name is not None:
        event["name"] = shape.name(name)
    return event


def llm_call(
    shape: Shape,
    session_id: str,
    model: str,
    prompt: Any,
    response: Any,
    counts: Mapping[str, int | None],
    cost: float | None,
    duration_ms: float | None,
    time_to_first_token_ms: float | None,
    status: str,
) -> dict[str, Any]:
    event = {
        "eventType": "llm_call",
        "sessionId": _checks.identifier("session_id", session_id),
        "model": _checks.name(shape, "model", model),
        "status": _checks.choice("status", status, OUTCOMES),
        # None says "not known", which is not zero.
        "estimatedCost": None if cost is None else _checks.number("cost", cost, most=_MAX_COST),
    }
    if prompt is not None:
        event["prompt"] = shape.value(prompt)
    if response is not None:
        event["response"] = shape.value(response)
    for key, count in counts.items():
        if count is not None:
            event[_TOKEN_FIELDS[key]] = _checks.count(key, count)
    if duration_ms is not None:
        event["durationMs"] = _checks.number("duration_ms", duration_ms)
    if time_to_first_token_ms is not None:
        event["timeToFirstTokenMs"] = _checks.number("time_to_first_token_ms", time_to_first_token_ms)
    return event


_TOKEN_FIELDS = {
    "tokens_used": "totalTokens",
    "prompt_tokens": "promptTokens",
    "completion_tokens": "completionTokens",
    "cache_read_tokens": "cacheReadTokens",
    "cache_write_tokens": "cacheWriteTokens",
    "reasoning_tokens": "reasoningTokens",
}


def error(
    shape: Shape,
    session_id: str,
    error_type: str,
    error_message: Any,
    stack_trace: Any,
    recoverable: bool | None,
    recovery_action: Any,
    tool_name: Any,
) -> dict[str, Any]:
    detail = {"type": _checks.name(shape, "error_type", error_type), "message": shape.text(error_message)}
    if stack_trace is not None:
        detail["stack_trace"] = shape.text(stack_trace)
    event: dict[str, Any] = {
        "eventType": "error",
        "sessionId": _checks.identifier("session_id", session_id),
        "toolError": detail,
        "recoverable": _checks.truth(recoverable),
    }
    if recovery_action is not None:
        event["recoveryAction"] = shape.text(recovery_action)
    if tool_name is not None:
        event["toolName"] = shape.name(tool_name)
    return event


def session_start(
    shape: Shape,
    session_id: str,
    name: str,
    agent: Any,
    user_id: Any,
    tags: Any,
    version: Any,
    input: Any,  # noqa: A002 - the documented name
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "eventType": "session_start",
        "sessionId": _checks.identifier("session_id", session_id),
        "name": _checks.name(shape, "name", name),
    }
    for key, value in (("agentName", agent), ("userId", user_id), ("version", version)):
        if value is not None:
            event[key] = shape.name(value)
    if tags is not None:
        event["tags"] = shape.names(tags, _MOST_TAGS)
    if input is not None:
        event["userInput"] = shape.value(input)
    return event


def session_update(shape: Shape, session_id: str, status: str | None, tags: Any, waiting_for: Any) -> dict[str, Any]:
    event: dict[str, Any] = {"eventType": "session_update", "sessionId": _checks.identifier("session_id", session_id)}
    if status is not None:
        event["status"] = _checks.choice("status", status, UPDATES)
    if tags is not None:
        event["tags"] = shape.names(tags, _MOST_TAGS)
    if waiting_for is not None:
        event["waitingFor"] = shape.text(waiting_for)
    return event


def session_end(shape: Shape, session_id: str, status: str, summary: Any) -> dict[str, Any]:
    event = {
        "eventType": "session_end",
        "sessionId": _checks.identifier("session_id", session_id),
        "status": _checks.choice("status", status, ENDS),
    }
    if summary is not None:
        event["summary"] = shape.text(summary)
    return event


# ---- the envelope -----------------------------------------------------------------------------------


def envelope(
    event: dict[str, Any],
    shape: Shape,
    event_id: str,
    now: float,
    timestamp: Timestamp | None,
    parent_id: str | None,
    metadata: Any,
) -> None:
    """Add what every event has, whatever its kind.

    Args:
        event: The event to complete.
        shape: The shaper that the event's values share.
        event_id: The event's own id.
        now: The time, in seconds since 1970, for an event that has none of its own.
        timestamp: When it happened: a datetime (a naive one is local time), RFC 3339 text, or seconds since 1970.
            One that can't be read is kept in the metadata, and the event is from now.
        parent_id: The event it happened in.
        metadata: Whatever the caller wants to keep with it.
    """
    event["id"] = event_id
    event["timestamp"] = rfc3339(now)
    if metadata is not None:
        event["metadata"] = shape.mapping(metadata)
    if timestamp is not None:
        written = _written(timestamp)
        if written is not None:
            event["timestamp"] = written
        else:
            event["metadata"] = {**event.get("metadata", {}), "unreadable_timestamp": shape.text(timestamp)}
    if parent_id is not None:
        event["parentId"] = _checks.identifier("parent_id", parent_id)


def rfc3339(seconds: float) -> str:
    """A time in seconds since 1970 as RFC 3339 in UTC, with microseconds."""
    global _last_second  # noqa: PLW0603 - one tuple, replaced as a whole: most events share their second
    second = int(seconds // 1)
    known, text = _last_second
    if known != second:
        # Not strftime, which imports late: at the interpreter's end it no longer can.
        text = datetime.fromtimestamp(second, UTC).isoformat()[:19] + "."
        _last_second = (second, text)
    return "%s%06dZ" % (text, (seconds - second) * 1e6)  # noqa: UP031 - less time than an f-string's


_last_second = (0, "1970-01-01T00:00:00.")


# ---- parts of events -----------------------------------------------------------------------------------------


def _error_detail(shape: Shape, problem: Any) -> dict[str, Any]:
    if issubclass(type(problem), BaseException):  # isinstance would ask the value, which may raise
        return {"type": shape.name(type(problem).__name__), "message": shape.text(problem)}
    given = cast("dict[str, Any]", problem)
    # Not as a type of the caller's own would have it.
    if issubclass(type(problem), dict) and "message" in dict[str, Any].keys(given):
        detail = {"message": shape.text(given["message"])}
        if given.get("type") is not None:
            detail["type"] = shape.name(given["type"])
        if given.get("stack_trace") is not None:
            detail["stack_trace"] = shape.text(given["stack_trace"])
        return detail
    return {"message": shape.text(problem)}


def _written(timestamp: Timestamp) -> str | None:
    try:
        if isinstance(timestamp, datetime):
            return timestamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
        if isinstance(timestamp, str):
            text = str.__str__(timestamp)
            if len(text) > _LONGEST_TIMESTAMP:
                return None  # Python would write it out in an error
            if _RFC3339.fullmatch(text) is None:
                text = f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
            datetime.fromisoformat(text)
            return text
        if isinstance(timestamp, (int, float)) and not isinstance(timestamp, bool):
            return rfc3339(timestamp).rjust(27, "0")
    except Exception:  # noqa: BLE001 - out of range, or a type of the caller's own
        return None
    return None
