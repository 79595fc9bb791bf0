"""The times of a chat log: read where the file has them, made from its content where it has none.

A newcomer's mistake: taking the clock, or the file's own date, for a run without times. A second import would then
tell the same events at other times.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("created_at", "timestamp", "created")
_MOST_SECONDS = 100_000_000_000  # in the year 5138; a larger number counts milliseconds
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
_DAYS = 366
_END = datetime(9999, 12, 31, tzinfo=UTC)  # events go on after a time; the calendar does not


def time_of(fields: Mapping[str, Any]) -> datetime | None:
    """Give the time that a conversation or a message names in `created_at`, `timestamp` or `created`.

    Taken are ISO 8601 texts (without an offset: UTC) and seconds or milliseconds since 1970, up to the last day of
    the calendar, on which a session could not go on.
    """
    times = (_time(fields.get(name)) for name in _NAMES)
    return next((time for time in times if time is not None and time < _END), None)


def undated(first_digest: str, position: int) -> datetime:
    """Give the start of a conversation without times: a day of the year 2000, and one second a position in the file.

    The day comes from the digest of the file's first conversation, so files keep apart, a file keeps its order,
    and a file that has grown keeps the times of what it held before.
    """
    return _UNDATED + timedelta(days=int(first_digest[:8], 16) % _DAYS, seconds=position)


def _time(value: Any) -> datetime | None:
    try:
        match value:
            case bool():
                return None
            case int() | float():
                seconds = value / 1000 if value > _MOST_SECONDS else value
                return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
            case str():
                time = datetime.fromisoformat(value)
                return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
            case _:
                return None
    except (ValueError, OverflowError, OSError):  # no date, or one beyond the calendar
        return None
