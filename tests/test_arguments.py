"""What the verbs take: their signatures as documented, what they refuse, and what they take whatever it is."""

from __future__ import annotations

import inspect
import itertools
import math
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import AsyncSentrialClient, SentrialClient
from tests.journey.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGNATURES = {
    "__init__": "api_key=None, project_id=None, api_url=None, timeout=None, max_retries=None, *, enabled=None, "
    "redact=None, spool_dir=None, fsync=None",
    "create_session": "name, metadata=None, *, agent=None, user_id=None, tags=None, version=None, input=None, "
    "session_id=None",
    "get_session": "session_id",
    "list_events": "session_id",
    "update_session": "session_id, *, status=None, metadata=None, tags=None, waiting_for=None, timestamp=None",
    "delete_session": "session_id",
    "close_session": "session_id, status='success', summary=None",
    "track_tool_call": "session_id, tool_name, tool_input=None, tool_output=None, reasoning=None, duration_ms=None, "
    "status='success', *, error=None, metadata=None, parent_id=None, timestamp=None",
    "track_decision": "session_id, reasoning, alternatives=None, chosen=None, confidence=None, metadata=None, *, "
    "name=None, parent_id=None, timestamp=None",
    "track_llm_call": "session_id, model, prompt=None, response=None, tokens_used=None, prompt_tokens=None, "
    "completion_tokens=None, cost=None, duration_ms=None, *, cache_read_tokens=None, cache_write_tokens=None, "
    "reasoning_tokens=None, time_to_first_token_ms=None, status='success', metadata=None, parent_id=None, "
    "timestamp=None",
    "track_error": "session_id, error_type, error_message, stack_trace=None, recoverable=True, "
    "recovery_action=None, *, tool_name=None, metadata=None, parent_id=None, timestamp=None",
    "flush": "timeout=None",
    "stats": "",
}
"""The documented parameters, in order. More may follow, keyword-only and with a default."""


@pytest.fixture
def client() -> Iterator[SentrialClient]:
    """A client that records nothing: what is checked is checked before."""
    with SentrialClient(api_url=f"http://127.0.0.1:{free_port()}", enabled=False) as made:
        yield made


def written(parameters: list[inspect.Parameter]) -> list[str]:
    """Parameters as one writes them, without their annotations; "*" before the keyword-only ones."""
    shown: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        shown.append(parameter.name + default)
    return shown


@pytest.mark.parametrize("kind", [SentrialClient, AsyncSentrialClient])
@pytest.mark.parametrize(("verb", "documented"), SIGNATURES.items())
def test_a_signature_is_the_documented_one(kind: type[Any], verb: str, documented: str) -> None:
    """Names, order, defaults and what is keyword-only are as documented; anything further is optional."""
    parameters = [p for p in inspect.signature(getattr(kind, verb)).parameters.values() if p.name != "self"]

    shown = written(parameters)

    expected = documented.split(", ") if documented else []
    assert shown[: len(expected)] == expected
    further = [p for p in parameters if p.name not in documented]
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in further)


def test_close_takes_its_timeout() -> None:
    """`close` and `aclose` wait two seconds unless told otherwise."""
    close = written(list(inspect.signature(SentrialClient.close).parameters.values()))
    aclose = written(list(inspect.signature(AsyncSentrialClient.aclose).parameters.values()))

    assert close == aclose == ["self", "timeout=2"]


STATUSES = r"'success', 'error', 'cancelled'"
REFUSED: list[tuple[Callable[[SentrialClient, Any], Any], Any, type[Exception], str]] = [
    (lambda c, v: c.close_session("s", v), "done", ValueError, STATUSES),
    (lambda c, v: c.close_session("s", v), None, ValueError, STATUSES),
    (lambda c, v: c.track_tool_call("s", "t", status=v), "failed", ValueError, STATUSES),
    (lambda c, v: c.track_tool_call("s", "t", status=v), ["success"], ValueError, STATUSES),
    (lambda c, v: c.track_llm_call("s", "m", status=v), "SUCCESS", ValueError, STATUSES),
    (lambda c, v: c.update_session("s", status=v), "success", ValueError, "'active', 'waiting'"),
    *[
        (lambda c, v: c.track_decision("s", "r", confidence=v), value, ValueError, "confidence must be")
        for value in (1.0001, -0.1, math.nan, math.inf, 85, Decimal("NaN"))
    ],
    *[
        (lambda c, v: c.track_decision("s", "r", confidence=v), value, TypeError, "confidence must be a number")
        for value in (True, "0.5", [0.5], b"1")
    ],
    *[
        (lambda c, v: c.track_tool_call("s", "t", duration_ms=v), value, ValueError, "duration_ms must be 0 or more")
        for value in (-1, -0.5, math.nan, math.inf, -math.inf)
    ],
    *[
        (lambda c, v: c.track_tool_call("s", "t", duration_ms=v), value, TypeError, "duration_ms must be a number")
        for value in (True, "150", {}, 1j)
    ],
    *[
        (lambda c, v: c.track_llm_call("s", "m", cost=v), value, kind, "cost must be")
        for value, kind in ((-0.01, ValueError), (math.nan, ValueError), ("0.5", TypeError), (False, TypeError))
    ],
    *[
        (
            lambda c, v, name=name: c.track_llm_call("s", "m", **{name: v}),
            value,
            kind,
            rf"{name} must be .*(whole|0 or)",
        )
        for name in (
            "tokens_used",
            "prompt_tokens",
            "completion_tokens",
            "cache_read_tokens",
            "cache_write_tokens",
            "reasoning_tokens",
        )
        for value, kind in (
            (-1, ValueError),
            (1.5, TypeError),
            ("9", TypeError),
            (True, TypeError),
            (math.nan, TypeError),
        )
    ],
    (lambda c, v: c.track_llm_call("s", "m", time_to_first_token_ms=v), -1, ValueError, "time_to_first_token_ms"),
    *[
        (lambda c, v, verb=verb, extra=extra: getattr(c, verb)(v, *["x"] * extra), value, kind, "session_id must be")
        for verb, extra in (
            ("track_tool_call", 1),
            ("track_decision", 1),
            ("track_llm_call", 1),
            ("track_error", 2),
            ("close_session", 0),
            ("update_session", 0),
            ("get_session", 0),
            ("delete_session", 0),
        )
        for value, kind in (
            ("", ValueError),
            (None, TypeError),
            (7, TypeError),
            (b"s", TypeError),
            ("a b", ValueError),
            ("a/b", ValueError),
            ("s\n", ValueError),
            ("x" * 129, ValueError),
            ("ü", ValueError),
        )
    ],
    *[
        (lambda c, v, call=call: call(c, v), value, kind, rf"{name} must")
        for name, call in (
            ("name", lambda c, v: c.create_session(v)),
            ("tool_name", lambda c, v: c.track_tool_call("s", v)),
            ("model", lambda c, v: c.track_llm_call("s", v)),
            ("error_type", lambda c, v: c.track_error("s", v, "m")),
        )
        for value, kind in (("", ValueError), (None, TypeError), (7, TypeError), (b"x", TypeError))
    ],
    (lambda c, v: c.track_tool_call("s", "t", parent_id=v), "", ValueError, "parent_id must be"),
    (lambda c, v: c.track_tool_call("s", "t", parent_id=v), 5, TypeError, "parent_id must be a string"),
    (lambda c, v: c.track_tool_call("s", "t", event_id=v), "no spaces", ValueError, "event_id must be"),
    (lambda c, v: c.create_session("n", session_id=v), "", ValueError, "session_id must be"),
]


@pytest.mark.parametrize(("call", "value", "kind", "said"), REFUSED)
def test_wrong_use_is_refused_and_says_what_is_allowed(
    client: SentrialClient, call: Callable[[Any, Any], Any], value: Any, kind: type[Exception], said: str
) -> None:
    """A value out of range is a ValueError, one of a wrong type a TypeError; the message says what is allowed."""
    with pytest.raises(kind, match=said):
        call(client, value)


class Status(StrEnum):
    """A status as a program of some size has it."""

    SUCCESS = "success"


class Hostile:
    """Raises whatever is asked of it."""

    def __bool__(self) -> bool:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__

    def __iter__(self) -> Any:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError


COERCED: list[Callable[[SentrialClient], str | None]] = [
    lambda c: c.track_tool_call("s", "t", status=Status.SUCCESS),  # type: ignore[arg-type]
    lambda c: c.track_tool_call("s", "t", duration_ms=Fraction(1, 3)),  # type: ignore[arg-type]
    lambda c: c.track_tool_call("s", "t", duration_ms=Decimal("1.5")),  # type: ignore[arg-type]
    lambda c: c.track_tool_call("s", "t", duration_ms=10**300),
    lambda c: c.track_tool_call("s", "t", reasoning=7),  # type: ignore[arg-type]
    lambda c: c.track_tool_call("s", "t", reasoning=Hostile()),  # type: ignore[arg-type]
    lambda c: c.track_tool_call("s", "t", error=Hostile()),
    lambda c: c.track_tool_call("s", "t", error={"message": Hostile(), "type": 5, "stack_trace": []}),
    lambda c: c.track_tool_call("s", "t", metadata=[1, 2]),  # type: ignore[arg-type]
    lambda c: c.track_tool_call("s", "t", metadata=Hostile()),  # type: ignore[arg-type]
    lambda c: c.track_tool_call("s", "t", timestamp=Hostile()),  # type: ignore[arg-type]
    lambda c: c.track_tool_call("s", "t", timestamp=math.nan),
    lambda c: c.track_tool_call("s", "t", timestamp="yesterday"),
    lambda c: c.track_decision("s", None, alternatives=Hostile()),  # type: ignore[arg-type]
    lambda c: c.track_decision("s", "r", alternatives="one", chosen=Hostile()),  # type: ignore[arg-type]
    lambda c: c.track_llm_call("s", "m", tokens_used=10**40, cost=10**300),
    lambda c: c.track_error("s", "E", Hostile(), recoverable=Hostile()),  # type: ignore[arg-type]
    lambda c: c.track_error("s", "E", "m", stack_trace=Hostile(), recovery_action=Hostile()),  # type: ignore[arg-type]
    lambda c: c.create_session("n", tags=5),  # type: ignore[arg-type]
    lambda c: c.create_session("n", tags=Hostile()),  # type: ignore[arg-type]
    lambda c: c.create_session("n", tags=itertools.count()),  # type: ignore[arg-type]
    lambda c: c.create_session("n", tags="one", agent=3, user_id=Hostile()),  # type: ignore[arg-type]
    lambda c: c.update_session("s", tags={1: 2}, metadata=3),  # type: ignore[arg-type]
    lambda c: c.close_session("s", "success", Hostile()),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("call", COERCED)
def test_everything_else_is_taken_as_it_comes(client: SentrialClient, call: Callable[[SentrialClient], str]) -> None:
    """Values of any type are recorded where a type is only documented, whatever they raise when looked at."""
    result = call(client)

    assert result is None or isinstance(result, str)
