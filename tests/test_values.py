"""Any Python value becomes bounded JSON: nothing raises, nothing hangs, each type has its form."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import gc
import itertools
import json
import math
import pathlib
import time
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentrial import _values
from sentrial._redact import Redactor
from sentrial._values import Shaper
from tests.journey import rude

if TYPE_CHECKING:
    from collections.abc import Callable


def shaped(value: Any) -> Any:
    """A value as it would be kept."""
    return Shaper(Redactor()).value(value)


def encoded(value: Any) -> bytes:
    """A value as it would lie on the disk."""
    return msgspec.json.encode(shaped(value))


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(10**300, 10**301),
    st.floats(),
    st.text(st.characters()),
    st.text(st.characters(categories=["Cs", "Cc", "So"])),
    st.binary(),
    st.decimals(),
    st.fractions(),
    st.complex_numbers(),
    st.uuids(),
    st.dates(),
    st.times(),
    st.datetimes(timezones=st.timezones()),
    st.timedeltas(),
    st.sampled_from([rude.Colour.RED, rude.Level.HIGH, KeyError("x"), BaseException(), range(10**9), ..., int, print]),
    st.integers(0, len(rude.KINDS) - 1).map(lambda index: rude.KINDS[index]()),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text(), st.integers(), st.none(), st.binary(), st.floats()), inner),
        st.lists(inner).map(collections.deque),
        st.lists(inner).map(iter),
        inner.map(rude.Refund),
    ),
    max_leaves=25,
)


@settings(max_examples=120, deadline=None)
@given(values)
def test_any_value_becomes_bounded_json(value: Any) -> None:
    """Nothing raises, what comes out encodes, decodes to itself, and is not beyond the bound."""
    shaper = Shaper(Redactor())

    out = [shaper.value(value), shaper.text(value), shaper.name(value), shaper.mapping(value), shaper.names(value, 9)]

    data = msgspec.json.encode(out)
    assert json.loads(data) == msgspec.json.decode(data)
    assert len(data) < 1 << 20
    assert len(out[2]) <= 1024
    assert isinstance(out[3], dict)


FORMS: list[tuple[Any, Any]] = [
    ({1: 2, None: 3, (1, 2): 4, b"x": 5}, {"1": 2, "None": 3, "[1, 2]": 4, "b'x'": 5}),
    ({1: "a", "1": "b"}, {"1": "a", "1 (str)": "b"}),
    ((1, [2, (3,)]), [1, [2, [3]]]),
    ({7}, [7]),
    (collections.deque([1, 2]), [1, 2]),
    (collections.OrderedDict(a=1), {"a": 1}),
    (range(3), [0, 1, 2]),
    (math.nan, "NaN"),
    ([math.inf, -math.inf], ["Infinity", "-Infinity"]),
    (2**53 - 1, 2**53 - 1),
    (2**53, "9007199254740992"),
    (-(2**53), "-9007199254740992"),
    (True, True),
    (b"ab", {"_bytes": 2, "base64": "YWI="}),
    (bytearray(b"ab"), {"_bytes": 2, "base64": "YWI="}),
    (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "2026-01-02T03:04:05+00:00"),
    (dt.date(2026, 1, 2), "2026-01-02"),
    (dt.timedelta(seconds=1.5), 1.5),
    (decimal.Decimal("1.10"), "1.10"),
    (fractions.Fraction(1, 3), "1/3"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (pathlib.PurePosixPath("/a/b"), "/a/b"),
    (rude.Colour.RED, "red"),
    (rude.Level.HIGH, 3),
    (rude.Order(7), {"id": 7, "password": "[redacted]"}),
    (rude.Refund(rude.Order(7)), {"order": {"id": 7, "password": "[redacted]"}}),
    (rude.Ticket(number=7, more="x"), {"number": 7, "more": "x"}),  # type: ignore[call-arg]  # extra is allowed
    (rude.Point(1, 2), {"x": 1, "y": 2}),
    (rude.Row(1), {"a": 1}),
    (KeyError("k"), {"type": "KeyError", "message": "'k'"}),
    (rude.Shout("a text"), "a text"),
    (int, "builtins.int"),
    ("\ud800 lone", "? lone"),
]


@pytest.mark.parametrize(("value", "form"), FORMS, ids=lambda value: type(value).__name__)
def test_a_type_has_its_documented_form(value: Any, form: Any) -> None:
    """Each type is kept in the form that its table says, at the top and within."""
    assert shaped(value) == form
    assert shaped([value]) == [form]


@pytest.mark.parametrize("name", rude.FIGHTING)
def test_a_value_that_raises_is_marked(name: str) -> None:
    """What can't be read is said to be so, and what stands beside it is kept."""
    value = rude.FIGHTING[name]()

    kept = shaped({"bad": value, "good": 1})

    assert kept["good"] == 1
    assert kept["bad"]


def test_cycles_are_marked() -> None:
    """A list, a dict or an object that holds itself is cut where it comes again."""
    items: list[Any] = [1]
    items.append(items)
    members: dict[str, Any] = {}
    members["self"] = members
    refund = rude.Refund(rude.Order(1))
    refund.order = refund  # type: ignore[assignment]

    assert shaped(items) == [1, {"_cycle": "list"}]
    assert shaped(members) == {"self": {"_cycle": "dict"}}
    assert "_cycle" in str(shaped(refund))


def test_a_dict_that_the_collector_changes_is_looked_at_again() -> None:
    """A finalizer may run, and change a dict, in the middle of the look at it."""
    value: dict[Any, Any] = {number: number for number in range(5000)}

    class Last:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            value[object()] = "last"

    gc.collect()
    Last()
    kept = shaped(value)
    gc.collect()

    assert kept["4999"] == 4999


def test_the_same_value_twice_is_no_cycle() -> None:
    """A value that stands in two places is kept in both."""
    shared = {"a": 1}

    assert shaped([shared, shared]) == [{"a": 1}, {"a": 1}]


def bomb() -> Any:
    """Forty lists that expand to a billion nodes."""
    value: Any = ["x"]
    for _ in range(40):
        value = [value, value]
    return value


def wide() -> Any:
    """Many references to one list of many members."""
    return [[0] * 20_000] * 20_000


LARGE: dict[str, Callable[[], Any]] = {
    "shared references": bomb,
    "wide": wide,
    "deep": lambda: json.loads("[" * 900 + "]" * 900),
    "long text": lambda: "x" * 50_000_000,
    "long texts": lambda: ["é" * 500_000] * 1000,
    "escapes": lambda: ["\x00" * 1000] * 100_000,
    "many keys": lambda: dict.fromkeys(map(str, range(300_000)), "v"),
    "huge numbers": lambda: [10**4000] * 20_000,
    "floats": lambda: [-1.2345678901234567e-300] * 1_000_000,
    "marks": lambda: [[[]] * 19_000] * 3,
    "endless": rude.Endless,
    "boastful": lambda: rude.Boastful([1] * 100_000),
    "range": lambda: range(10**12),
    "bytes": lambda: b"x" * 100_000_000,
    "tokens": lambda: ["sk-" + "a" * 200_000 + " eyJ" * 20_000] * 500,
    "long class name": lambda: [type("N" * 1_000_000, (), {"__repr__": rude.Rude._raise})()] * 1000,
}


@pytest.mark.parametrize("name", LARGE)
def test_large_values_are_cut_in_time_and_size(name: str) -> None:
    """However large, a value is kept in a small part of a second and within the bound of a field."""
    value = LARGE[name]()
    begun = time.perf_counter()

    kept = encoded(value)
    took = time.perf_counter() - begun

    assert len(kept) < 300 * 1024
    assert took < 0.2


def test_slow_values_are_cut_at_the_deadline() -> None:
    """After fifty milliseconds by the clock the walk ends everywhere, not in one list alone."""
    now = itertools.count()
    shaper = Shaper(Redactor(), clock=lambda: next(now) * 0.01)

    kept = shaper.value([[i] * 100 for i in range(190)])

    assert "_truncated" in str(kept)
    assert len(str(kept)) < 10_000


def test_long_texts_are_cut_at_the_deadline() -> None:
    """Texts that take long to search are searched no more when time is up: their ends are kept."""
    now = itertools.count()
    shaper = Shaper(Redactor(), clock=lambda: next(now) * 0.02)
    text = "https://a:b@" * 8000

    kept = [*(shaper.text(text) for _ in range(6)), shaper.value([text] * 3)]

    assert len(kept[0]) > 50_000
    assert all(len(str(cut)) < 6000 for cut in kept[3:])


def test_nodes_are_bounded_however_small() -> None:
    """Even empty lists are kept only so many."""
    kept = shaped([[[]] * 50] * 5000)

    assert 5000 < str(kept).count("[") <= _values.MAX_NODES


def test_what_is_cut_says_what_it_was() -> None:
    """A long text shows its head and tail, a long list and dict what was kept, each with its whole length."""
    text = shaped(["a" * 2048 + "b" * 400_000 + "c" * 512])[0]
    items = shaped(list(range(30_000)))
    members = shaped({str(i): i for i in range(30_000)})

    assert text == {"_truncated": "str", "length": 402_560, "head": "a" * 2048, "tail": "c" * 512}
    assert items[:3] == [0, 1, 2]
    assert items[-1] == {"_truncated": "list", "length": 30_000}
    assert members["_truncated"] == {"_truncated": "dict", "length": 30_000}


def test_a_long_text_field_says_what_was_left_out() -> None:
    """A text field is cut in its middle, and stays a text."""
    text = Shaper(Redactor()).text("a" * 300_000 + "z")

    assert text.startswith("a" * 2048 + "… [297,441 characters left out] …")
    assert text.endswith("az")


def test_the_fields_of_an_event_share_its_bound() -> None:
    """Many large fields together stay within what the server takes of one event."""
    shaper = Shaper(Redactor())

    fields = [shaper.value("\x00" * 250_000) for _ in range(5)] + [shaper.text("\x00" * 250_000) for _ in range(5)]
    fields += [shaper.names(["\x00" * 1000] * 5000, 1000), shaper.mapping({"k": ["\x00"] * 100_000})]

    assert len(msgspec.json.encode(fields)) < 1 << 20


def test_what_was_shaped_shares_nothing_with_the_value() -> None:
    """Later changes of a value change nothing of what was kept."""
    value = {"a": [1, {"b": 2}]}
    kept = shaped(value)

    value["a"][1]["b"] = 3  # type: ignore[index]
    value["a"].append(4)

    assert kept == {"a": [1, {"b": 2}]}


def test_the_bounds_are_the_documented_ones() -> None:
    """Nodes, depth, bytes and time as the design says."""
    bounds = (
        _values.MAX_NODES,
        _values.MAX_DEPTH,
        _values.MAX_FIELD_BYTES,
        _values.MAX_EVENT_BYTES,
        _values.MAX_SECONDS,
    )

    assert bounds == (20_000, 32, 256 * 1024, 768 * 1024, 0.050)
