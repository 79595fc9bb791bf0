"""The documented JSON form of each type that is not plain JSON. Imported when the first such value comes.

| type | form |
|---|---|
| str, int, float, dict, list subclasses | as their base |
| set, frozenset, deque, other iterables with a length | list |
| bytes, bytearray, memoryview | {"_bytes": length, "base64": the first 256 bytes} |
| date, datetime, time, timedelta (seconds) | ISO 8601; a number |
| Enum, UUID, Path, Decimal, Fraction, complex, type, function | its value; its text; its qualified name |
| dataclass, attrs, msgspec, pydantic, namedtuple | dict of its fields |
| numpy scalar, array; pandas; exception | its item; list; its text; {"type", "message"} |
| anything else | its repr, at most 2,000 characters |
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
import pathlib
import uuid
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Any

# One more than the walk over them will take, so that it sees that something was left out.
MAX_ITEMS = 20_001


def plain(value: Any) -> Any:  # noqa: C901, PLR0911, PLR0912 - a table of types is read best in one piece
    """One step towards JSON: what comes back is a plain value, or a dict or list of values still to be shaped."""
    match value:  # pyright: ignore[reportMatchNotExhaustive]
        case enum.Enum():
            return value.value
        case bool() | str():
            return str.__str__(value) if isinstance(value, str) else bool(value)
        case int():
            return int.__int__(value)
        case float():
            return float.__float__(value)
        case bytes() | bytearray() | memoryview():
            data = bytes(value[:256])
            return {"_bytes": len(value), "base64": base64.b64encode(data).decode()}
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case dt.timedelta():
            return value.total_seconds()
        case decimal.Decimal() | fractions.Fraction() | uuid.UUID() | pathlib.PurePath() | complex():
            return str(value)
        case BaseException():
            return {"type": type(value).__name__, "message": str(value)}
        case type():
            return f"{value.__module__}.{value.__qualname__}"
        case tuple() if hasattr(value, "_fields"):
            return dict(zip(getattr(value, "_fields", ()), value, strict=False))
        case Mapping():
            return dict(islice(value.items(), MAX_ITEMS))
        case Sequence() | AbstractSet():
            return list(islice(value, MAX_ITEMS))
    return _object(value)


def _object(value: Any) -> Any:  # noqa: PLR0911 - the same
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
    if hasattr(kind, "model_fields") and callable(getattr(value, "model_dump", None)):
        return {name: getattr(value, name, None) for name in kind.model_fields} | (value.model_extra or {})
    if hasattr(kind, "__attrs_attrs__"):
        return {field.name: getattr(value, field.name, None) for field in kind.__attrs_attrs__}
    if hasattr(kind, "__struct_fields__"):
        return {name: getattr(value, name, None) for name in kind.__struct_fields__}
    if kind.__module__ == "numpy":
        return value.item() if getattr(value, "ndim", 0) == 0 else value[:1000].tolist()
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    if hasattr(value, "__len__") and hasattr(value, "__iter__"):
        return list(islice(value, MAX_ITEMS))  # pyright: ignore[reportArgumentType]
    text = repr(value)
    return text if len(text) <= 2000 else text[:1999] + "…"
