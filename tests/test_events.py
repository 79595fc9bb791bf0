"""Events as they go over the wire, and as they are read back: pure, with time and ids given."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentrial import _checks, _events, _reading
from sentrial._redact import Redactor
from sentrial._values import Shaper

NOW = 1_800_000_000.25
NOW_TEXT = "2027-01-15T08:00:00.250000Z"


def complete(event: dict[str, Any], **given: Any) -> dict[str, Any]:
    """An event with its envelope."""
    settings = {"event_id": "evt_1", "now": NOW, "timestamp": None, "parent_id": None, "metadata": None} | given
    _events.envelope(event, Shaper(Redactor()), **settings)
    return event


def shape() -> Shaper:
    """A shaper for one event."""
    return Shaper(Redactor())


def test_a_tool_call_on_the_wire() -> None:
    """Each argument has its documented name; what was not given is not there, but for an empty input."""
    event = _events.tool_call(shape(), "s", "search", None, None, None, None, "success", None)
    full = _events.tool_call(shape(), "s", "search", {"q": 1}, [2], "why", 1.5, "error", "it broke")

    assert complete(event) == {
        "eventType": "tool_call",
        "sessionId": "s",
        "toolName": "search",
        "toolInput": {},
        "status": "success",
        "id": "evt_1",
        "timestamp": NOW_TEXT,
    }
    assert {key: full[key] for key in ("toolInput", "toolOutput", "reasoning", "durationMs", "toolError")} == {
        "toolInput": {"q": 1},
        "toolOutput": [2],
        "reasoning": "why",
        "durationMs": 1.5,
        "toolError": {"message": "it broke"},
    }


def test_a_cost_that_is_not_known_is_null_and_not_zero() -> None:
    """No cost is null; a cost of zero is zero."""
    unknown = _events.llm_call(shape(), "s", "m", None, None, {}, None, None, None, "success")
    free = _events.llm_call(shape(), "s", "m", None, None, {"tokens_used": 0}, 0, None, None, "success")

    assert unknown["estimatedCost"] is None
    assert (free["estimatedCost"], free["totalTokens"]) == (0, 0)


def test_the_envelope_carries_what_it_is_given() -> None:
    """Parent, metadata and id are the caller's; metadata that is no dict is kept under "value"."""
    event = complete({}, parent_id="evt_0", metadata=[1])

    assert event == {"id": "evt_1", "timestamp": NOW_TEXT, "parentId": "evt_0", "metadata": {"value": [1]}}


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 6, UTC), "2026-01-02T03:04:05.000006Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T01:04:05.000000Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.5+02:00", "2026-01-02T03:04:05.5+02:00"),
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_800_000_000.25, NOW_TEXT),
        (-1.5, "1969-12-31T23:59:58.500000Z"),
    ],
)
def test_a_timestamp_of_the_callers_own_is_taken(given: Any, written: str) -> None:
    """Datetimes, RFC 3339 text and seconds since 1970 are written as they are meant."""
    event = complete({}, timestamp=given)

    assert event["timestamp"] == written
    assert "metadata" not in event


@pytest.mark.parametrize(
    "given",
    [
        "yesterday",
        "",
        "2026-13-01T00:00:00Z",
        "2026-01-01T25:00:00Z",
        math.nan,
        math.inf,
        1e300,
        True,
        [],
        {},
        b"x",
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_a_timestamp_that_cant_be_read_is_kept_beside_the_event(given: Any) -> None:
    """The event is from now, and what was given stands in its metadata."""
    event = complete({}, timestamp=given, metadata={"k": 1})

    assert event["timestamp"] == NOW_TEXT
    assert event["metadata"] == {"k": 1, "unreadable_timestamp": str(given)}


@given(st.text(max_size=40))
def test_any_text_as_timestamp_gives_a_time(text: str) -> None:
    """Whatever text comes as a time, the event has one that reads as RFC 3339."""
    event = complete({}, timestamp=text)

    assert _events._RFC3339.fullmatch(event["timestamp"])
    assert datetime.fromisoformat(event["timestamp"]).tzinfo is not None


def test_what_is_read_back_is_in_pythons_words() -> None:
    """The wire's names become Python's, an error's detail is laid flat, and unknown names are kept."""
    wire = {
        "eventType": "error",
        "sessionId": "s",
        "toolError": {"type": "E", "message": "m", "stack_trace": "t"},
        "recoveryAction": "retry",
        "someNewField": 1,
    }

    read = _reading.from_wire(wire)

    assert read == {
        "type": "error",
        "session_id": "s",
        "error_type": "E",
        "error_message": "m",
        "stack_trace": "t",
        "recovery_action": "retry",
        "some_new_field": 1,
        "metadata": {},
    }


def test_kinds_are_named_as_documented() -> None:
    """`llm_decision` reads as "decision", and a kind that is not known stays what it is."""
    kinds = [_reading.from_wire({"eventType": kind})["type"] for kind in ("llm_decision", "tool_call", "handoff")]

    assert kinds == ["decision", "tool_call", "handoff"]


@given(st.text(max_size=140))
def test_an_id_is_taken_only_in_its_alphabet(text: str) -> None:
    """What passes is 1 to 128 letters, digits and `_.:-` of ASCII; all else is a ValueError."""
    import re

    good = re.fullmatch(r"[A-Za-z0-9_.:-]{1,128}", text, re.ASCII) is not None and not text.endswith("\n")

    if good:
        assert _checks.identifier("session_id", text) == text
    else:
        with pytest.raises(ValueError, match="session_id"):
            _checks.identifier("session_id", text)


def test_numbers_beyond_the_contract_are_bounded() -> None:
    """A number larger than JSON can tell apart becomes the largest that it can."""
    assert _checks.count("tokens", 10**40) == 2**53 - 1
    assert _checks.number("duration_ms", 1e300) == 2**53 - 1
    assert _checks.number("duration_ms", 7) == 7
    assert type(_checks.number("duration_ms", 7)) is int
