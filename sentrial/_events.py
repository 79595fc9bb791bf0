"""Build an event as it goes over the wire, and read one back. Pure: time and ids come in as arguments.

The caller's words are snake_case, the wire's camelCase; the pairs stand once, in `KEYS`. Values are shaped
here (bounded, redacted), so what comes out shares nothing with what the caller may change later.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentrial._values import Shaper

Timestamp: TypeAlias = datetime | str | float

OUTCOMES = ("success", "error", "cancelled")
ENDS = ("success", "error", "cancelled")
UPDATES = ("active", "waiting")
STATUSES = ("active", "waiting", "success", "error", "cancelled", "abandoned")

KINDS = {"llm_decision": "decision"}
"""Kinds whose name differs on the wire."""

KEYS = {
    "eventType": "type",
    "estimatedCost": "cost",
    "totalCost": "cost",
    "totalTokens": "tokens_used",
    "tokenCount": "tokens_used",
    "toolError": "error",
    "alternativesConsidered": "alternatives",
    "agentName": "agent",
    "userInput": "input",
    "endedAt": "closed_at",
}
"""Wire names whose Python name is more than the same words in snake_case."""

_MAX_NUMBER = 2**53 - 1
_MAX_COST = 1e9
_MOST_TAGS = 1000
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_CAPITAL = re.compile(r"(?<!^)([A-Z])")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


# ---- what the verbs of the client record ------------------------------------------------------------


def tool_call(
    shape: Shaper,
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
        "sessionId": identifier("session_id", session_id),
        "toolName": _name(shape, "tool_name", tool_name),
        "toolInput": shape.value({} if tool_input is None else tool_input),
        "status": _choice("status", status, OUTCOMES),
    }
    if tool_output is not None:
        event["toolOutput"] = shape.value(tool_output)
    if error is not None:
        event["toolError"] = _error_detail(shape, error)
    if reasoning is not None:
        event["reasoning"] = shape.text(reasoning)
    if duration_ms is not None:
        event["durationMs"] = _number("duration_ms", duration_ms)
    return event


def decision(
    shape: Shaper,
    session_id: str,
    reasoning: Any,
    alternatives: Any,
    chosen: Any,
    confidence: float | None,
    name: Any,
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "eventType": "llm_decision",
        "sessionId": identifier("session_id", session_id),
    }
    if reasoning is not None:
        event["reasoning"] = shape.text(reasoning)
    if alternatives is not None:
        shaped = shape.value(
            alternatives if isinstance(alternatives, (list, tuple, set, frozenset)) else [alternatives]
        )
        event["alternativesConsidered"] = shaped if isinstance(shaped, list) else [shaped]
    if chosen is not None:
        event["chosen"] = shape.text(chosen)
    if confidence is not None:
        event["confidence"] = _number("confidence", confidence, most=1)
    if name is not None:
        event["name"] = shape.name(name)
    return event


def llm_call(
    shape: Shaper,
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
        "sessionId": identifier("session_id", session_id),
        "model": _name(shape, "model", model),
        "status": _choice("status", status, OUTCOMES),
        # None says "not known", which is not zero.
        "estimatedCost": None if cost is None else _number("cost", cost, most=_MAX_COST, clamp=True),
    }
    if prompt is not None:
        event["prompt"] = shape.value(prompt)
    if response is not None:
        event["response"] = shape.value(response)
    for key, count in counts.items():
        if count is not None:
            event[_TOKEN_FIELDS[key]] = _count(key, count)
    if duration_ms is not None:
        event["durationMs"] = _number("duration_ms", duration_ms)
    if time_to_first_token_ms is not None:
        event["timeToFirstTokenMs"] = _number("time_to_first_token_ms", time_to_first_token_ms)
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
    shape: Shaper,
    session_id: str,
    error_type: str,
    error_message: Any,
    stack_trace: Any,
    recoverable: bool | None,
    recovery_action: Any,
    tool_name: Any,
) -> dict[str, Any]:
    detail = {"type": _name(shape, "error_type", error_type), "message": shape.text(error_message)}
    if stack_trace is not None:
        detail["stack_trace"] = shape.text(stack_trace)
    event: dict[str, Any] = {
        "eventType": "error",
        "sessionId": identifier("session_id", session_id),
        "toolError": detail,
        "recoverable": _truth(recoverable),
    }
    if recovery_action is not None:
        event["recoveryAction"] = shape.text(recovery_action)
    if tool_name is not None:
        event["toolName"] = shape.name(tool_name)
    return event


def session_start(
    shape: Shaper,
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
        "sessionId": identifier("session_id", session_id),
        "name": _name(shape, "name", name),
    }
    for key, value in (("agentName", agent), ("userId", user_id), ("version", version)):
        if value is not None:
            event[key] = shape.name(value)
    if tags is not None:
        event["tags"] = shape.names(tags, _MOST_TAGS)
    if input is not None:
        event["userInput"] = shape.value(input)
    return event


def session_update(shape: Shaper, session_id: str, status: str | None, tags: Any, waiting_for: Any) -> dict[str, Any]:
    event: dict[str, Any] = {"eventType": "session_update", "sessionId": identifier("session_id", session_id)}
    if status is not None:
        event["status"] = _choice("status", status, UPDATES)
    if tags is not None:
        event["tags"] = shape.names(tags, _MOST_TAGS)
    if waiting_for is not None:
        event["waitingFor"] = shape.text(waiting_for)
    return event


def session_end(shape: Shaper, session_id: str, status: str, summary: Any) -> dict[str, Any]:
    event = {
        "eventType": "session_end",
        "sessionId": identifier("session_id", session_id),
        "status": _choice("status", status, ENDS),
    }
    if summary is not None:
        event["summary"] = shape.text(summary)
    return event


# ---- the envelope -----------------------------------------------------------------------------------


def envelope(
    event: dict[str, Any],
    shape: Shaper,
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
        event["parentId"] = identifier("parent_id", parent_id)


def rfc3339(seconds: float) -> str:
    """A time in seconds since 1970 as RFC 3339 in UTC, with microseconds."""
    global _last_second  # noqa: PLW0603 - one tuple, replaced as a whole: most events share their second
    second = int(seconds // 1)
    known, text = _last_second
    if known != second:
        text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        _last_second = (second, text)
    return f"{text}{int((seconds - second) * 1e6):06}Z"


_last_second = (0, "1970-01-01T00:00:00.")


def session_status(value: str | None) -> str | None:
    """A status to look for.

    Raises:
        ValueError: There is no such status.
    """
    return None if value is None else _choice("status", value, STATUSES)


def identifier(parameter: str, value: str) -> str:
    """An id as a plain string.

    Raises:
        TypeError: It is no string.
        ValueError: It is empty, too long, or holds other characters than letters, digits and `_.:-`.
    """
    if type(value) is str and _is_identifier(value):
        return value
    if not isinstance(value, str):
        raise TypeError(f"{parameter} must be a string, not {type(value).__name__}")
    if _ID.fullmatch(value) is None:
        raise ValueError(f"{parameter} must be 1 to 128 letters, digits, '_', '.', ':' or '-', not {value[:200]!r}")
    return str.__str__(value)


@lru_cache(maxsize=1024)
def _is_identifier(value: str) -> bool:
    # Many events name the same session.
    return _ID.fullmatch(value) is not None


# ---- reading back -----------------------------------------------------------------------------------


def from_wire(body: Mapping[str, Any]) -> dict[str, Any]:
    """An event or a session of the wire in Python's words. What is not known is kept under its snake_case name."""
    read: dict[str, Any] = {}
    for key, value in body.items():
        read.setdefault(python_key(key), value)
    if "type" in read:
        read["type"] = KINDS.get(read["type"], read["type"])
        if read["type"] == "error" and isinstance(read.get("error"), dict):
            detail = read.pop("error")
            read["error_type"] = detail.get("type")
            read["error_message"] = detail.get("message")
            if "stack_trace" in detail:
                read["stack_trace"] = detail["stack_trace"]
    if not isinstance(read.get("metadata"), dict):
        read["metadata"] = {}
    return read


def python_key(wire: str) -> str:
    """The Python name of a field of the wire."""
    return KEYS.get(wire) or _CAPITAL.sub(r"_\1", wire).lower()


# ---- checks -----------------------------------------------------------------------------------------


def _name(shape: Shaper, parameter: str, value: str) -> str:
    if type(value) is not str and not isinstance(value, str):
        raise TypeError(f"{parameter} must be a string, not {type(value).__name__}")
    if not value:
        raise ValueError(f"{parameter} must not be empty")
    return shape.name(value)


def _choice(parameter: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{parameter} must be one of {', '.join(map(repr, allowed))}, not {value!r}")
    return value if type(value) is str else str.__str__(value)


def _number(parameter: str, value: float, *, most: float = _MAX_NUMBER, clamp: bool | None = None) -> float:
    if (type(value) is int or type(value) is float) and 0 <= value <= most:
        return value
    if isinstance(value, bool) or not hasattr(type(value), "__float__"):
        raise TypeError(f"{parameter} must be a number, not {type(value).__name__}")
    try:
        number = float(value)
    except (OverflowError, TypeError, ValueError) as problem:
        raise ValueError(f"{parameter} must be a number: {problem}") from None
    if number - number != 0 or number < 0:
        raise ValueError(f"{parameter} must be 0 or more, not {value!r}")
    if number > most:
        if clamp is None and most == 1:
            raise ValueError(f"{parameter} must be from 0 to 1, not {value!r}")
        number = most
    return int(number) if isinstance(value, int) else number


def _count(parameter: str, value: int) -> int:
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise TypeError(f"{parameter} must be a whole number, not {type(value).__name__}")
    number = value.__index__()
    if number < 0:
        raise ValueError(f"{parameter} must be 0 or more, not {value!r}")
    return min(number, _MAX_NUMBER)


def _truth(value: Any) -> bool | None:
    try:
        return None if value is None else bool(value)
    except Exception:  # noqa: BLE001 - an array, or a type of the user's own: not known
        return None


def _error_detail(shape: Shaper, problem: Any) -> dict[str, Any]:
    if isinstance(problem, BaseException):
        return {"type": shape.name(type(problem).__name__), "message": shape.text(problem)}
    if isinstance(problem, dict) and "message" in problem:
        given = cast("dict[str, Any]", problem)
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
            if _RFC3339.fullmatch(text) is None:
                text = f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
            datetime.fromisoformat(text)
            return text
        if isinstance(timestamp, (int, float)) and not isinstance(timestamp, bool):
            return rfc3339(timestamp).rjust(27, "0")
    except (ValueError, OverflowError, OSError):
        pass
    return None
