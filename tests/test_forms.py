"""The forms of types that are less common: each as the table of `_forms` has it, and none looked at too closely."""

from __future__ import annotations

import array
import functools
import types
from typing import Any

import pytest

from sentrial._redact import Redactor
from sentrial._values import Shaper
from tests.journey import odd

FORMS: list[tuple[str, Any, Any]] = [
    ("namespace", types.SimpleNamespace(a=1, token="secret"), {"a": 1, "token": "[redacted]"}),
    (
        "partial",
        functools.partial(print, 1, sep="-"),
        {"partial": "builtins.print", "args": [1], "kwargs": {"sep": "-"}},
    ),
    ("slice", slice(1, 2), {"slice": [1, 2, None]}),
    ("array", array.array("i", [1, 2]), [1, 2]),
    ("views", [{"a": 1}.keys(), {"a": 1}.values()], [["a"], [1]]),
    ("proxy of a dict", types.MappingProxyType({"password": "x"}), {"password": "[redacted]"}),
    ("table", odd.Frame(), "   a  b\n0  1  2"),
    ("view in pieces", memoryview(b"abcd")[::2], {"_bytes": 2, "base64": "YWM="}),
    ("view of numbers", memoryview(array.array("h", [1, 2])), {"_bytes": 4, "base64": "AQACAA=="}),
    ("huge number", odd.huge_number(), "<int of 332194 bits>"),
    ("exception of arguments", ValueError("a", 5), {"type": "ValueError", "message": "('a', 5)"}),
    ("exception of a dict", ValueError({"token": "x"}), {"type": "ValueError", "message": {"token": "[redacted]"}}),
]


@pytest.mark.parametrize(("value", "form"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS])
def test_a_rare_type_has_its_form(value: Any, form: Any) -> None:
    """At the top, and within."""
    assert Shaper(Redactor()).value(value) == form
    assert Shaper(Redactor()).value([value]) == [form]


def test_a_large_array_shows_its_head() -> None:
    """Its shape is told, and its first thousand numbers; it is never made into lists as a whole."""
    kept = Shaper(Redactor()).value(odd.Array())

    assert (kept["_truncated"], kept["shape"], kept["dtype"]) == ("Array", [1000, 10**9], "float32")
    assert kept["head"] == [0.5] * 1000


def test_one_attribute_that_raises_costs_only_itself() -> None:
    """The others of its object are kept."""

    class Half:
        __struct_fields__ = ("good", "bad")
        good = 1

        @property
        def bad(self) -> int:
            raise KeyError

    assert Shaper(Redactor()).value(Half()) == {"good": 1, "bad": "<bad: KeyError while reading it>"}


@pytest.mark.parametrize("value", [[1, {"a": "ü"}], {"a": [1]}, (1,), {5}])
def test_a_container_as_a_text_is_its_json(value: Any) -> None:
    """Where a text is wanted, and as the key of a dict."""
    shaper = Shaper(Redactor())

    assert shaper.text(value) in {'[1, {"a": "ü"}]', '{"a": [1]}', "[1]", "[5]"}
