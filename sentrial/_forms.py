"""The documented JSON form of each type that is not plain JSON. Imported when the first such value comes.

| type | form |
|---|---|
| str, int, float, dict, list subclasses | as their base |
| set, frozenset, deque, array, other iterables with a length (never an iterator) | list |
| bytes, bytearray, memoryview | {"_bytes": length, "base64": the first 256 bytes} |
| date, datetime, time; timedelta; Enum; exception | ISO 8601; seconds; its value; {"type", "message"} |
| UUID, Path, Decimal, Fraction, complex; type, function | its text; its qualified name |
| dataclass, attrs, msgspec, pydantic, namedtuple, SimpleNamespace, partial | dict of its fields |
| numpy scalar; array; anything else, pandas and torch too | its item; list; its repr, at most 2,000 characters |
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# What is looked at here is of any type, and narrowing Any leaves pyright with half-known ones.

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import json
import pathlib
import types
import uuid
from array import array
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import TYPE_CHECKING, Any

from sentrial._texts import REDACTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# One more than the walk over them will take, so that it sees that something was left out.
MAX_ITEMS = 20_001
_MOST_ELEMENTS = 10_000
_MOST_REPR = 2000
_SHOWN_BYTES = 256
_AROUND_CUT = 1024
# Python writes no longer ones in decimal, and takes quadratic time where it is told to.
_MOST_BITS = 14_000

_UNKNOWN = object()


def plain(value: Any, late: Callable[[], bool], clean: Callable[[str], str]) -> Any:
    """One step towards JSON: what comes back is a plain value, or a dict or list of values still to be shaped.

    Args:
        value: Any value.
        late: Whether time is up. It is asked between the items of what the caller's own code gives out.
        clean: Takes out of a text what must not be kept. Bytes that it would change are not shown.
    """
    form = _known(value, late, clean)
    if form is not _UNKNOWN:
        return form
    if _is_collection(type(value)):
        return _taken(value, late)
    text = repr(value)
    return text if len(text) <= _MOST_REPR else text[: _MOST_REPR - 1] + "…"


def spoken(value: Any, late: Callable[[], bool], clean: Callable[[str], str]) -> Any:
    """What stands for a value where a text is wanted: a str, or a dict or list whose JSON is the text.

    The text of a container is made of its shaped form, not by `str`: that would tell secrets, and of a few shared
    references make gigabytes.
    """
    if isinstance(value, BaseException):
        message = _message(value)
        return message if type(message) in {str, dict, list} else [message]
    if isinstance(value, (bytes, bytearray)) and len(value) <= _SHOWN_BYTES:
        return str(value)
    form = _known(value, late, clean)
    if type(form) is int:
        return big(form)
    kind: Any = type(value)
    if form is _UNKNOWN and kind.__str__ is object.__str__ and _is_collection(kind):
        return _taken(value, late)
    return form if type(form) in {dict, list} else str(value)


def written(form: Any) -> str:
    """The JSON of a form that is shaped, as text."""
    return json.dumps(form, ensure_ascii=False)


def big(value: int) -> str:
    """An integer that JSON's readers would round, as text."""
    return str(value) if value.bit_length() <= _MOST_BITS else f"<int of {value.bit_length()} bits>"


def _known(value: Any, late: Callable[[], bool], clean: Callable[[str], str]) -> Any:  # noqa: C901, PLR0911, PLR0912 - a table of types is read best in one piece
    match value:
        case enum.Enum():
            return value.value
        case bool() | str():
            return str.__str__(value) if isinstance(value, str) else bool(value)
        case int():
            return int.__int__(value)
        case float():
            return float.__float__(value)
        case bytes() | bytearray() | memoryview():
            return _bytes(memoryview(value), clean)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case dt.timedelta():
            return value.total_seconds()
        case decimal.Decimal() | fractions.Fraction() | uuid.UUID() | pathlib.PurePath() | complex():
            return str(value)
        case BaseException():
            return {"type": type(value).__name__, "message": _message(value)}
        case type():
            return f"{value.__module__}.{value.__qualname__}"
        case tuple() if hasattr(value, "_fields"):
            return dict(zip(getattr(value, "_fields", ()), value, strict=False))
        case Mapping():
            return dict(_taken(value.items(), late))
        case array():
            return value[:MAX_ITEMS].tolist()
        case Sequence() | AbstractSet():
            return _taken(value, late)
        case types.SimpleNamespace():
            return dict(islice(vars(value).items(), MAX_ITEMS))
        case functools.partial():
            return {"partial": value.func, "args": list(value.args), "kwargs": dict(value.keywords)}
        case slice():
            return {"slice": [value.start, value.stop, value.step]}
        case _:
            return _record(value)


def _record(value: Any) -> Any:  # noqa: PLR0911 - the same
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        return _fields(value, [field.name for field in dataclasses.fields(kind)])
    if hasattr(kind, "model_fields") and callable(getattr(value, "model_dump", None)):
        return _fields(value, kind.model_fields) | (value.model_extra or {})
    if hasattr(kind, "__attrs_attrs__"):
        return _fields(value, [field.name for field in kind.__attrs_attrs__])
    if hasattr(kind, "__struct_fields__"):
        return _fields(value, kind.__struct_fields__)
    if kind.__module__ == "numpy":
        return _numbers(value)
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return _UNKNOWN


def _fields(value: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: _attribute(value, name) for name in names}


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception as error:  # noqa: BLE001 - the user's own code runs here
        return f"<{name}: {type(error).__name__} while reading it>"


def _taken(values: Iterable[Any], late: Callable[[], bool]) -> list[Any]:
    taken: list[Any] = []
    for value in islice(values, MAX_ITEMS):
        taken.append(value)
        if late():
            break
    return taken


def _bytes(view: memoryview, clean: Callable[[str], str]) -> dict[str, Any]:
    with view:
        size = view.nbytes
        if view.c_contiguous and view.ndim:
            with view.cast("B") as flat:
                data = bytes(flat[: _SHOWN_BYTES + _AROUND_CUT])
        else:
            data = view.tobytes() if size <= _MOST_ELEMENTS else b""
    # In base64 a secret would be seen by nobody but who looks for it. What lies across the cut is looked at as well.
    text = data.decode("latin-1")
    shown = base64.b64encode(data[:_SHOWN_BYTES]).decode() if clean(text) == text else REDACTED
    return {"_bytes": size, "base64": shown}


def _numbers(value: Any) -> Any:
    if not value.ndim:
        item = value.item()
        return str(item) if type(item) is type(value) else item  # a longdouble gives itself
    if value.size <= _MOST_ELEMENTS:
        return value.tolist()
    head = value.flat[:1000].tolist()
    return {"_truncated": type(value).__name__, "shape": list(value.shape), "dtype": str(value.dtype), "head": head}


def _message(error: BaseException) -> Any:
    """What an exception says: what its class makes of it, else its arguments."""
    own = type(error).__str__
    if own is BaseException.__str__ or own is KeyError.__str__:
        # Python's own would write out whatever is in the arguments, however much that is.
        arguments = [*error.args]
        if not all(argument is None or type(argument) in {str, int, float, bool} for argument in arguments):
            return arguments[0] if len(arguments) == 1 else arguments
    return str(error)


def _is_collection(kind: type) -> bool:
    """Whether it has items to show. An iterator would be used up, and a table says more in its own words."""
    if any(hasattr(kind, name) for name in ("__next__", "__array__", "__dataframe__")):
        return False
    return hasattr(kind, "__len__") and hasattr(kind, "__iter__")
