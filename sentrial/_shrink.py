"""An event made smaller, for a server that takes none as large: its long values are cut once, and marked.

A newcomer's mistake: cutting a text into a marker. What the contract wants as text stays text.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec

_LONG_BYTES = 4096
_HEAD, _TAIL = 2048, 512


def shrink(payload: bytes) -> bytes | None:
    """The event with each long value cut to its head and tail; None where it has none, or is no event."""
    try:
        event: dict[str, Any] = msgspec.json.decode(payload, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None
    smaller = {name: _cut(name, value) for name, value in event.items()}
    return None if smaller == event else msgspec.json.encode(smaller)


def _cut(name: str, value: Any) -> Any:
    encoded = msgspec.json.encode(value)
    if len(encoded) <= _LONG_BYTES:
        return value
    if isinstance(value, str):
        return f"{value[:_HEAD]}… [{len(value) - _HEAD - _TAIL:,} characters left out] …{value[-_TAIL:]}"
    if name == "toolError" and isinstance(value, dict):
        return {key: _cut(key, member) for key, member in cast("dict[str, Any]", value).items()}
    text = encoded.decode()
    mark = {"_truncated": type(value).__name__, "length": len(text), "head": text[:_HEAD], "tail": text[-_TAIL:]}
    if name == "tags":
        return [text[:_HEAD]]
    return [mark] if name == "alternativesConsidered" else mark
