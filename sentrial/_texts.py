"""Texts as JSON takes them: exact strings, without lone surrogates, of known size. None of it calls a caller's code.

A newcomer's mistake: `isinstance`. A value may say that it is of another class; `type` can't be lied to.
"""

from __future__ import annotations

import re
from typing import Any

REDACTED = "[redacted]"
"""What stands where something must not be kept."""

_NAME_OF = type.__dict__["__name__"].__get__
_CONTROL = re.compile(r"[\x00-\x1f]")


def exact(text: str) -> str:
    """The text as a plain str: the encoder refuses subclasses. Their methods are not called."""
    return text if type(text) is str else str.__str__(text)


def unreadable(value: Any, error: Exception) -> str:
    """What stands for a value that raised when it was looked at."""
    return f"<{kind_of(value)}: {type(error).__name__} while reading it>"


def kind_of(value: Any) -> str:
    """The name of a value's class as the interpreter knows it: a metaclass of the user's own may raise when asked."""
    name: str = _NAME_OF(type(value))
    return without_surrogates(name[:128])


def size_of(text: str) -> int:
    """The bytes that a text takes as JSON, without its quotes."""
    size = len(text) if text.isascii() else len(text.encode())
    size += text.count('"') + text.count("\\")
    return size if text.isprintable() else size + 5 * len(_CONTROL.findall(text))


def without_surrogates(text: str) -> str:
    """The text with "?" for each lone surrogate, which no encoding takes."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def is_number(value: Any) -> bool:
    """Whether a value can be no secret: a number, a truth or nothing."""
    return value is None or issubclass(type(value), (int, float))


def not_finite(value: float) -> str:
    """The name of a number that JSON does not have."""
    if value > 0:
        return "Infinity"
    return "-Infinity" if value < 0 else "NaN"
