"""The quick look: most events hold small values of JSON's own types, and need no walk that copies them.

What passes is encoded as it is, at once. Whatever is odd (a type of the caller's own, a key-like name, much
text, depth, a token in it) goes the thorough way of `_values.Shaper`, and comes out the same as it always did.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# What is looked at here is of any type, and narrowing Any leaves pyright with half-known ones.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sentrial._values import MAX_INTEGER, Shaper

if TYPE_CHECKING:
    from sentrial._redact import Redactor

# Worth at most a third of an event's bytes, even if every character is escaped.
_MOST_CHARACTERS = 40_000
_MOST_LEVELS = 16
_MEMBER_CHARACTERS = 24


class QuickShaper(Shaper):
    """Shapes the values of one event, most of them by a look. Ask `passes` before the event is encoded."""

    __slots__ = ("_characters_left", "_unseen")

    def __init__(self, redactor: Redactor) -> None:
        super().__init__(redactor)
        # Rules of the caller's own may look at anything: then nothing passes.
        self._characters_left = _MOST_CHARACTERS if redactor.simple else 0
        self._unseen: list[str] = []

    def value(self, value: Any) -> Any:
        """Any value as JSON; a small plain one comes back as it is."""
        return value if self._is_plain(value) else super().value(value)

    def text(self, value: Any) -> str:
        """Any value as text; a small one comes back as it is."""
        if type(value) is str and len(value) <= self._characters_left:
            self._characters_left -= len(value)
            self._unseen.append(value)
            return value
        return super().text(value)

    def name(self, value: Any) -> str:
        """Any value as a name; one that is known to be harmless comes back as it is."""
        if type(value) is str and (value in self._redactor.harmless or self._redactor.learn(value)):
            return value
        return super().name(value)

    def passes(self) -> bool:
        """Whether the event may be encoded as it is: the texts that passed are searched for tokens, all at once."""
        return not self._unseen or not self._redactor.suspects("\n".join(self._unseen))

    def _is_plain(self, value: Any) -> bool:  # noqa: C901, PLR0911, PLR0912 - one loop, kept flat for speed
        """Whether a value is small, of JSON's own types alone, and has only harmless names. The most frequent case.

        It goes level by level and gives up early: whatever is odd is left to the thorough way.
        """
        left = self._characters_left
        kind = type(value)
        if kind is str:
            if len(value) > left:
                return False
            self._characters_left = left - len(value)
            self._unseen.append(value)
            return True
        if kind is not dict and kind is not list:
            return value is None or kind is bool
        harmless, learn, shortest = self._redactor.harmless, self._redactor.learn, self._redactor.shortest
        unseen: list[str] = []
        level: list[Any] = [value]
        try:
            for _ in range(_MOST_LEVELS):
                deeper: list[Any] = []
                for container in level:
                    members = container
                    left -= _MEMBER_CHARACTERS * len(container)
                    if left < 0:
                        return False
                    if type(container) is dict:
                        if not harmless.issuperset(container):
                            for name in container:
                                if type(name) is not str or (name not in harmless and not learn(name)):
                                    return False
                        members = container.values()
                    for member in members:
                        kind = type(member)
                        if kind is str:
                            length = len(member)
                            if length >= shortest:
                                left -= length
                                unseen.append(member)
                        elif kind is int:
                            if not -MAX_INTEGER <= member <= MAX_INTEGER:
                                return False
                        elif kind is dict or kind is list:
                            deeper.append(member)
                        elif kind is float:
                            if member - member != 0:
                                return False
                        elif member is not None and kind is not bool:
                            return False
                if left < 0:
                    return False
                if not deeper:
                    self._characters_left = left
                    self._unseen += unseen
                    return True
                level = deeper
        except RuntimeError:  # another thread changed it while we looked
            return False
        return False
