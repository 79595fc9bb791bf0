"""What a call's arguments must be. Nothing else that a caller tracks is ever refused.

Each check gives the value back as it is kept; its message names the parameter and says what is allowed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Protocol

STATUSES = ("active", "waiting", "success", "error", "cancelled", "abandoned")
_MAX_NUMBER = 2**53 - 1
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class Shape(Protocol):
    """What takes the values of one event: `QuickShaper` as they are, `Shaper` thoroughly."""

    def value(self, value: Any) -> Any:
        """Any value as JSON."""

    def mapping(self, value: Any) -> dict[str, Any]:
        """A dict as JSON; anything else under a key."""
        ...

    def text(self, value: Any) -> str:
        """Any value as text."""
        ...

    def name(self, value: Any) -> str:
        """Any value as a name."""
        ...

    def names(self, values: Any, most: int) -> list[str]:
        """Any values as names."""
        ...


def session_status(value: str | None) -> str | None:
    """A status to look for.

    Raises:
        ValueError: There is no such status.
    """
    return None if value is None else choice("status", value, STATUSES)


def identifier(parameter: str, value: str) -> str:
    """An id as a plain string.

    Raises:
        TypeError: It is no string.
        ValueError: It is empty, too long, or holds other characters than letters, digits and `_.:-`.
    """
    if type(value) is str and _is_identifier(value):
        return value
    if not isinstance(value, str):
        raise TypeError(f"{parameter} must be a string, not {type(value).__name__}")
    if _ID.fullmatch(value) is None:
        raise ValueError(f"{parameter} must be 1 to 128 letters, digits, '_', '.', ':' or '-', not {value[:200]!r}")
    return str.__str__(value)


@lru_cache(maxsize=1024)
def _is_identifier(value: str) -> bool:
    # Many events name the same session.
    return _ID.fullmatch(value) is not None


def name(shape: Shape, parameter: str, value: str) -> str:
    """A name that is not empty, as it is kept."""
    if type(value) is not str and not isinstance(value, str):
        raise TypeError(f"{parameter} must be a string, not {type(value).__name__}")
    if not value:
        raise ValueError(f"{parameter} must not be empty")
    return shape.name(value)


def choice(parameter: str, value: str, allowed: tuple[str, ...]) -> str:
    """One of the allowed words, as a plain string."""
    if value not in allowed:
        raise ValueError(f"{parameter} must be one of {', '.join(map(repr, allowed))}, not {value!r}")
    return value if type(value) is str else str.__str__(value)


def number(parameter: str, value: float, *, most: float = _MAX_NUMBER) -> float:
    """A number of 0 or more; what is beyond the most that can be kept counts as that.

    Raises:
        TypeError: It is no number.
        ValueError: It is below 0, or not finite.
    """
    if (type(value) is int or type(value) is float) and 0 <= value <= most:
        return value
    if isinstance(value, bool) or not hasattr(type(value), "__float__"):
        raise TypeError(f"{parameter} must be a number, not {type(value).__name__}")
    try:
        plain = float(value)
    except (OverflowError, TypeError, ValueError) as problem:
        raise ValueError(f"{parameter} must be a number: {problem}") from None
    if plain - plain != 0 or plain < 0:
        raise ValueError(f"{parameter} must be 0 or more, not {value!r}")
    plain = min(plain, most)
    return int(plain) if isinstance(value, int) else plain


def share(parameter: str, value: float) -> float:
    """A number from 0 to 1.

    Raises:
        TypeError: It is no number.
        ValueError: It is outside of 0 to 1.
    """
    plain = number(parameter, value)
    if plain > 1:
        raise ValueError(f"{parameter} must be from 0 to 1, not {value!r}")
    return plain


def count(parameter: str, value: int) -> int:
    """A whole number of 0 or more."""
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise TypeError(f"{parameter} must be a whole number, not {type(value).__name__}")
    plain = value.__index__()
    if plain < 0:
        raise ValueError(f"{parameter} must be 0 or more, not {value!r}")
    return min(plain, _MAX_NUMBER)


def truth(value: Any) -> bool | None:
    """Whether something is so; None where it can't be told."""
    try:
        return None if value is None else bool(value)
    except Exception:  # noqa: BLE001 - an array, or a type of the user's own: not known
        return None
