"""The quick look says the same as the thorough way, whatever it is shown."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentrial._quick import QuickShaper
from sentrial._redact import Redactor
from sentrial._values import Shaper

TOKEN = "sk-proj-abcDEF0123456789abcDEF0123456789"

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["a-b_c K z J r", f"use {TOKEN}", "x" * 50_000, "\ud800", b"bytes", {1, 2}, "Bearer " + "q" * 30]
    ),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=20) | st.sampled_from(["password", "apiKey", "max_tokens", TOKEN, 7]), inner)
    ),
    max_leaves=25,
)


def quickly(value: Any, redactor: Redactor) -> Any:
    """What a client records of a value."""
    shape = QuickShaper(redactor)
    event = {"toolInput": shape.value(value)}
    with contextlib.suppress(UnicodeEncodeError, OverflowError):
        if shape.passes():
            return json.loads(msgspec.json.encode(event))["toolInput"]
    return thoroughly(value, redactor)


def thoroughly(value: Any, redactor: Redactor) -> Any:
    """What the thorough way alone makes of it."""
    return json.loads(msgspec.json.encode(Shaper(redactor).value(value)))


@given(plain)
@settings(max_examples=200, deadline=None)
def test_the_quick_look_changes_nothing(value: Any) -> None:
    """What comes out is what the thorough way gives: for plain values, odd ones, secrets, and much text."""
    redactor = Redactor()

    assert quickly(value, redactor) == thoroughly(value, redactor)


@given(plain)
@settings(max_examples=60, deadline=None)
def test_names_of_the_callers_own_hold_in_the_quick_look(value: Any) -> None:
    """A name that the caller calls secret is redacted, also when it was seen as harmless elsewhere."""
    redactor = Redactor(names=["a", "b"])

    assert quickly({"a": value, "c": value}, redactor) == thoroughly({"a": value, "c": value}, redactor)


@pytest.mark.parametrize(
    "hide", [{"hook": lambda _name, value: "hidden" if value == "secret" else value}, {"patterns": []}]
)
def test_a_hook_of_the_callers_own_sees_everything(hide: dict[str, Any]) -> None:
    """With a hook nothing passes unseen."""
    redactor = Redactor(**hide)

    kept = quickly({"x": "secret"}, redactor)

    assert kept == ({"x": "hidden"} if "hook" in hide else {"x": "secret"})


def test_a_token_beside_much_else_is_found() -> None:
    """A token in the last of many texts, split from others by nothing but the look, is redacted."""
    value = {
        "rows": [{"text": f"a plain line of text, number {number}"} for number in range(100)],
        "last": f"key {TOKEN}",
    }

    kept = quickly(value, Redactor())

    assert TOKEN not in json.dumps(kept)
    assert kept["rows"] == value["rows"]


def test_two_harmless_texts_do_not_make_a_token() -> None:
    """Texts are searched together, but nothing that only their joining makes is taken for a token."""
    value = ["Bearer", "x" * 40, "and sk-", "y" * 40]

    assert quickly(value, Redactor()) == value


def test_a_bomb_of_shared_references_is_cut() -> None:
    """Forty lists that expand to a billion nodes go the thorough way, which cuts them."""
    bomb: list[Any] = ["x"]
    for _ in range(40):
        bomb = [bomb, bomb]

    kept = quickly(bomb, Redactor())

    assert "_truncated" in json.dumps(kept)


def test_a_wide_bomb_is_cut() -> None:
    """So does a shallow one that is wide."""
    bomb: list[Any] = ["some text of more than sixteen characters"] * 60
    for _ in range(6):
        bomb = [bomb] * 60

    kept = quickly(bomb, Redactor())

    assert len(json.dumps(kept)) < 512 * 1024


def test_many_long_names_stay_within_bounds() -> None:
    """Harmless names are counted too: what is encoded never passes the bound by much."""
    value = [{f"n{number:03}" + "é" * 120: 1 for number in range(500)} for _ in range(3)]

    assert len(json.dumps(quickly(value, Redactor()), ensure_ascii=False).encode()) < 1 << 20
