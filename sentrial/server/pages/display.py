"""Values as the text a person reads: durations, tokens, cost, times, JSON cut to size. Pure.

A newcomer's mistake: to format a stored value anywhere else. An agent's values are written by whoever can
talk to the agent; everything a template prints passes `visible`, which leaves no character that hides
or turns the text around it.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeGuard

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Control characters, the marks that turn the direction of text, the invisible ones, and halves of surrogate pairs.
_HIDDEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Clip:
    """A text, cut to what the page has room for."""

    text: str
    cut: bool = False


class Room:
    """How many characters a page may still spend on values: a huge session must not make a huge page."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def clip(self, value: Any, limit: int) -> Clip:
        """Give the value as text of at most `limit` characters, or of 200 once the room is used up."""
        clipped = clip(value, min(limit, max(self._left, 200)))
        self._left -= len(clipped.text)
        return clipped


def visible(value: Any) -> Any:
    r"""Name the characters that can't be seen, as `\u202e`; leave markup and everything else as it is."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", value.replace("\r\n", "\n"))
    return value


def clip(value: Any, limit: int) -> Clip:
    """Give any JSON value as text of at most `limit` characters; no more of it is formatted than that."""
    fields = as_mapping(value)
    if "_truncated" in fields and isinstance(fields.get("head"), str):
        value = _cut_by_client(fields)
    if isinstance(value, str):
        return Clip(value[:limit], cut=len(value) > limit)
    text, over = _gather(json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value), limit)
    return Clip(text, cut=over)


def line(value: Any, limit: int = 160) -> str:
    """Give any JSON value as one line of at most `limit` characters."""
    if value is None:
        return ""
    text = (
        value
        if isinstance(value, str)
        else _gather(json.JSONEncoder(ensure_ascii=False).iterencode(value), limit + 1)[0]
    )
    # Four times the limit is enough to begin with, whatever white space there is to fold.
    folded = " ".join(text[: 4 * limit + 4].split())
    return folded if len(folded) <= limit and len(text) <= 4 * limit else folded[: limit - 1] + "…"


def arguments(value: Any, limit: int = 120) -> str:
    """Give a call's input in short: `order_id=4412 amount=1249.0`."""
    if not isinstance(value, dict):
        return line(value, limit)
    parts: list[str] = []
    room = limit
    for name, argument in as_mapping(value).items():
        if room <= 0:
            break
        parts.append(f"{line(name, 40)}={line(argument, 48)}")
        room -= len(parts[-1])
    return line(" ".join(parts), limit)


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Give the value where it is an object, else an empty one."""
    return value if _is_object(value) else {}


def as_list(value: Any) -> list[Any]:
    """Give the value where it is an array, else an empty one."""
    return value if _is_array(value) else []


def number(value: Any) -> float | None:
    """Give the value where it is a finite number (a boolean is none)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        real = float(value)
    except OverflowError:
        return None
    return real if math.isfinite(real) else None


def is_text(value: Any) -> TypeGuard[str]:
    """Whether the value is a string with something in it."""
    return isinstance(value, str) and bool(value.strip())


def duration(microseconds: float | None) -> str:
    """Give a length of time: `16 ms`, `2.10 s`, `1m 20s`, `2h 05m`, `3d 4h`."""
    if microseconds is None:
        return ""
    seconds = max(microseconds, 0) / 1_000_000
    if seconds < 0.9995:
        milliseconds = seconds * 1000
        return f"{milliseconds:.0f} ms" if milliseconds >= 0.5 or milliseconds == 0 else "<1 ms"
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours < 48 else f"{hours // 24}d {hours % 24}h"


def offset(microseconds: float) -> str:
    """Give a time since the start: `0:02.1`, `39:10.4`, `1:02:10`; before it with a minus."""
    sign = "-" if microseconds < 0 else ""
    tenths = round(abs(microseconds) / 100_000)
    if tenths < 36_000:
        return f"{sign}{tenths // 600}:{tenths // 10 % 60:02}.{tenths % 10}"
    seconds = tenths // 10
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def count(value: float | None) -> str:
    """Give a count in few characters: `7,680`, `22.1k`, `9.09M`."""
    if value is None:
        return ""
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= (10_000 if unit == "k" else size):
            scaled = value / size
            return f"{scaled:,.0f}{unit}" if abs(scaled) >= 99.95 else f"{scaled:#.3g}{unit}"
    return f"{value:,.0f}"


def cost(dollars: float | None) -> str:
    """Give US dollars with as many digits as say something; nothing where the cost is not known."""
    if dollars is None:
        return ""
    if dollars == 0:
        return "$0"
    if dollars < 0.0001:
        return "<$0.0001"
    if dollars < 0.01:
        return f"${dollars:.4f}"
    return f"${dollars:.3f}" if dollars < 1 else f"${dollars:,.2f}"


def percent(share: float) -> str:
    """Give a share from 0 to 1 in per cent."""
    return f"{share * 100:.0f} %"


def moment(microseconds: int) -> datetime | None:
    """Give a stored time as a datetime (UTC), or None where the calendar does not reach."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


def when(microseconds: int, pattern: str = "%d %b %H:%M:%S") -> str:
    """Give a stored time in UTC: `21 Nov 14:02:08`."""
    at = moment(microseconds)
    return at.strftime(pattern) if at else str(microseconds)


def short_id(identifier: str) -> str:
    """Give the end of an id, which is what differs between two of them."""
    bare = identifier.removeprefix("sess_").removeprefix("evt_")
    return bare if len(bare) <= 10 else bare[-7:]


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_array(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _gather(chunks: Iterable[str], limit: int) -> tuple[str, bool]:
    parts: list[str] = []
    room = limit
    for chunk in chunks:
        parts.append(chunk[: max(room, 0)])
        room -= len(chunk)
        if room < 0:
            return "".join(parts), True
    return "".join(parts), False


def _cut_by_client(value: Mapping[str, Any]) -> str:
    tail = value.get("tail")
    note = f"[cut by the client: {line(value['_truncated'], 40)}, {line(value.get('length'), 20) or '?'} long]"
    return f"{value['head']}\n{note}\n{tail if isinstance(tail, str) else ''}".rstrip()
