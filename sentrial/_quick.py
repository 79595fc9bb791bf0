"""The quick look: most events hold small values of JSON's own types, and need no walk that copies them.

What passes is encoded as it is, at once. Whatever is odd (a type of the caller's own, a key-like name, much
text, depth, a token in it) goes the thorough way of `_values.Shaper`, and comes out the same as it always did.
The values of an event are only collected while it is built: `passes` looks at all of them in one loop.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# What is looked at here is of any type, and narrowing Any leaves pyright with half-known ones.

from __future__ import annotations

from gc import get_referents
from typing import TYPE_CHECKING, Any

from sentrial._values import MAX_INTEGER

if TYPE_CHECKING:
    from sentrial._redact import Redactor

# Worth at most a third of an event's bytes, even if every character is escaped.
_MOST_CHARACTERS = 40_000
_MOST_LEVELS = 16
_MEMBER_CHARACTERS = 24


class QuickShaper:
    """Takes the values of one event as they are. Ask `passes` before the event is encoded."""

    __slots__ = ("_names_known", "_redactor", "_values")

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._values: list[Any] = []
        # Rules of the caller's own may look at anything: then nothing passes.
        self._names_known = redactor.simple

    def value(self, value: Any) -> Any:
        """Any value, to be looked at later."""
        self._values.append(value)
        return value

    def mapping(self, value: Any) -> dict[str, Any]:
        """A dict, to be looked at later."""
        self._values.append(value if type(value) is dict else _ODD)
        return value  # type: ignore[no-any-return]  # anything else does not pass

    def text(self, value: Any) -> str:
        """A text, to be looked at later."""
        self._values.append(value if type(value) is str else _ODD)
        return value  # type: ignore[no-any-return]  # the same

    def name(self, value: Any) -> str:
        """A name: one that is not known to be harmless does not pass."""
        if type(value) is not str or (value not in self._redactor.harmless and not self._redactor.learn(value)):
            self._names_known = False
        return value  # type: ignore[no-any-return]  # the same

    def names(self, values: Any, most: int) -> list[str]:
        """A list of names; anything else does not pass."""
        if type(values) is not list or len(values) > most:
            self._names_known = False
            return []
        return [self.name(value) for value in list(values)]

    def passes(self) -> bool:
        """Whether the event may be encoded as it is: it is small, of JSON's own types alone, and holds no secret."""
        if not self._names_known:
            return False
        try:
            return self._is_plain()
        except Exception:  # noqa: BLE001 - a key of the caller's own, or another thread changed it while we looked
            return False

    def _is_plain(self) -> bool:  # noqa: C901, PLR0911, PLR0912 - one loop, kept flat for speed
        redactor = self._redactor
        are_harmless, learn, shortest = redactor.harmless.issuperset, redactor.learn, redactor.shortest
        left, containers = _MOST_CHARACTERS, 0
        texts: list[str] = []
        # It grows while it is gone through: what a container holds is looked at after its siblings.
        line = self._values.copy()
        for value in line:
            kind = type(value)
            if kind is str:
                length = len(value)
                if length >= shortest:
                    left -= length
                    texts.append(value)
            elif kind is dict or kind is list:
                containers += 1
                left -= _MEMBER_CHARACTERS * len(value)
                if left < 0:
                    return False
                if kind is list:
                    if value and type(value[0]) is str and self._is_told(value):
                        return False
                    line += value
                    continue
                if not are_harmless(value):
                    for name in value:
                        if type(name) is str and (name in redactor.harmless or learn(name)):
                            continue
                        # What "value" holds may be told by its sibling "name": it is never learnt.
                        if name != "value" or redactor.is_told_secret(value):
                            return False
                line += value.values()
            elif kind is int or kind is float:
                # What is not a number is not between two either.
                if not -MAX_INTEGER <= value <= MAX_INTEGER:
                    return False
            elif value is not None and kind is not bool:
                return False
        if left < 0 or (containers > _MOST_LEVELS and _is_deep(self._values)):
            return False
        return not texts or not redactor.suspects("\n".join(texts))

    def _is_told(self, values: list[Any]) -> bool:
        """Whether a list that begins with a text may hold a secret beside its name: a header, or a command line."""
        is_secret = self._redactor.is_secret
        for value in values:
            if type(value) is str and value[:2] == "--" and is_secret(value):
                return True
        return len(values) == 2 and self._redactor.is_secret_pair(values)


_ODD = object()


def _is_deep(values: list[Any]) -> bool:
    """Whether containers lie in each other more than 16 deep."""
    level = values
    for _ in range(_MOST_LEVELS + 1):
        level = get_referents(*[value for value in level if type(value) is dict or type(value) is list])
        if not level:
            return False
    return True
