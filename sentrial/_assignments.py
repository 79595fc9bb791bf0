"""The first look for secrets that a text tells beside their name; the search itself is `_told`.

A newcomer's mistake: to import the search here at the top. Its patterns take milliseconds to compile, and most
programs never need them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentrial import _texts

if TYPE_CHECKING:
    from collections.abc import Callable

REDACTED = _texts.REDACTED

# One of these stands in every text that has something to find here, in lower case.
SIGNS = (
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "key",
    "authorization",
    "credential",
    "cookie",
    "basic ",
    "://",
)


def might_hold(text: str) -> bool:
    """Whether there may be something to find: a look that costs a fraction of the search."""
    if "KIA" in text or "SIA" in text:
        return True
    lower = text.lower()
    for sign in SIGNS:  # noqa: SIM110 - a generator costs more than the search
        if sign in lower:
            return True
    return False


def clean(text: str, is_secret: Callable[[str], bool]) -> str:
    """The text with the value of each secret name replaced; see `_told.clean`."""
    from sentrial import _told  # noqa: PLC0415 - see above

    return _told.clean(text, is_secret)
