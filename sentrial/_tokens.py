"""Tokens of known formats, and the cheap looks that come before a search.

Every text that is recorded is looked at, on the caller's thread: so first for single characters, then for what
stands right before one of them, and only then with a pattern. Everything here is linear in the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sentrial import _assignments

if TYPE_CHECKING:
    from collections.abc import Iterable


class Sign:
    """What stands in every match of some formats, and what comes right before it.

    To look for one character costs a fraction of looking for a word, and that a fraction of a pattern.

    Args:
        sign: A text that rarely occurs.
        before: The words, one of which comes right before the sign; without any, the sign itself is telling.
        patterns: The formats.
    """

    __slots__ = ("_before", "_ends", "_width", "patterns", "sign")

    def __init__(self, sign: str, before: Iterable[str] = (), *patterns: str) -> None:
        self.sign = sign
        self.patterns = tuple(re.compile(pattern) for pattern in patterns)
        self._before = tuple(before)
        self._width = min(map(len, self._before), default=0)
        self._ends = frozenset(word[-self._width :] for word in self._before)

    def tells(self, text: str) -> bool:
        """Whether one of the words comes right before the sign, anywhere in a text that has the sign."""
        width, ends, before = self._width, self._ends, self._before
        if not width:
            return True
        parts = text.split(self.sign, _MOST_SIGNS)
        if len(parts) > _MOST_SIGNS:
            return any(word + self.sign in text for word in before)
        for part in parts:  # noqa: SIM110 - a generator costs more than the loop
            # To ask for the end alone costs a fraction of asking for each word.
            if part[-width:] in ends and part.endswith(before):
                return True
        return False


_MOST_SIGNS = 1000
FORMATS = (
    Sign(
        "-",
        ("sk", "glpat", *(f"xox{kind}" for kind in "abeoprs"), "PRIVATE KEY", "PRIVATE KEY BLOCK"),
        r"\bsk-[A-Za-z0-9_-]{16,512}",
        r"\bglpat-[A-Za-z0-9_-]{16,255}",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,255}",
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\:,-]{1,65536}",
    ),
    Sign(
        "_",
        ("snt", *(f"gh{kind}" for kind in "opsur"), "pat"),
        r"\bsnt_[A-Za-z0-9]{1,64}_[A-Za-z0-9_-]{8,256}",
        r"\bgh[opsur]_[A-Za-z0-9]{20,255}",
        r"\bgithub_pat_[A-Za-z0-9_]{20,255}",
    ),
    Sign("K", ("A",), r"\bAKIA[A-Z0-9]{16}\b"),
    Sign("S", ("A",), r"\bASIA[A-Z0-9]{16}\b"),
    Sign("z", ("AI",), r"\bAIza[A-Za-z0-9_-]{35}"),
    Sign(
        "J",
        ("ey",),
        r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,4096}+\.[A-Za-z0-9_-]{8,65536}+\.[A-Za-z0-9_-]{8,4096}",
    ),
    Sign("earer ", (), r"(?<=earer )[A-Za-z0-9._~+/=-]{16,8192}"),
)
_DASH, _UNDERSCORE, _K, _S, _Z, _J, _ = FORMATS
# A name with everything that may stand between its telling word and the separator.
_NEAR = 80


def may_hold(text: str) -> bool:
    """Whether a text may hold anything to redact. It says yes too often, and never no too often."""
    return (
        ("-" in text and (_DASH.tells(text) or "--" in text))
        or ("_" in text and _UNDERSCORE.tells(text))
        or ("K" in text and _K.tells(text))
        or ("S" in text and _S.tells(text))
        or ("z" in text and _Z.tells(text))
        or ("J" in text and _J.tells(text))
        or "earer " in text
        or ((":" in text or "=" in text or ">" in text) and may_tell(text))
    )


def may_tell(text: str) -> bool:
    """Whether a text may hold a secret beside its name: only what stands around separators is searched for names."""
    near: list[str] = []
    if ":" in text:
        near += [part[-_NEAR:] for part in text.split(":")]
    if "=" in text:
        near += [part[-_NEAR:] for part in text.split("=")]
    if ">" in text:
        near += [part[-_NEAR:] for part in text.split(">")]
    if "-" in text and "--" in text:
        near += [part[:_NEAR] for part in text.split("--")]
    if near and ("asic " in text or "://" in text or _assignments.might_hold("\n".join(near))):
        return True
    # The ids that an AWS secret stands beside begin with AKIA or ASIA.
    return ("K" in text and _K.tells(text)) or ("S" in text and _S.tells(text))
