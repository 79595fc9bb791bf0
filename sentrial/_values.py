"""Any Python value in bounded, JSON-safe form. Nothing here raises, whatever the value does.

The bounds hold before anything is encoded: a list of forty shared references can expand to a billion nodes.
What was cut is marked: `{"_truncated": type, "length": ..., "head": ..., "tail": ...}` for a value, and
"… [N characters left out] …" inside a text. The form of each type stands in `_forms`. What is no Exception
(KeyboardInterrupt, SystemExit) passes through: it is meant for the program, not for the value.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# What is looked at here is of any type, and narrowing Any leaves pyright with half-known ones.

from __future__ import annotations

import contextlib
import time
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from sentrial import _texts
from sentrial._texts import REDACTED

if TYPE_CHECKING:
    from types import ModuleType

    from sentrial._redact import Redactor

MAX_NODES = 20_000
MAX_DEPTH = 32
MAX_FIELD_BYTES = 256 * 1024
MAX_EVENT_BYTES = 768 * 1024
MAX_SECONDS = 0.050
MAX_NAME_CHARACTERS = 1024
MAX_INTEGER = 2**53 - 1

_HEAD, _TAIL = 2048, 512
# A token may lie across a cut: this much more is looked at on the other side of it.
_AROUND_CUT = 8192
_TRIES = 10
# A text as long as this takes time to search: when time is up, it is cut like one that is too long.
_LONG = 16_384


class Shaper:
    """Shapes the values of one event: make one for each, they share its bounds."""

    __slots__ = ("_clock", "_deadline", "_event_left", "_left", "_nodes", "_path", "_redactor")

    def __init__(self, redactor: Redactor, clock: Any = time.perf_counter) -> None:
        self._redactor = redactor
        self._clock = clock
        self._deadline: float | None = None
        self._event_left = MAX_EVENT_BYTES
        self._left = 0

    def value(self, value: Any) -> Any:
        """Any value as JSON: at most 20,000 nodes, 32 levels and 256 KiB, in 50 ms."""
        self._begin()
        self._left = given = min(MAX_FIELD_BYTES, self._event_left)
        try:
            shaped = self._walk(value, 0)
        except Exception as error:  # noqa: BLE001 - a type of the user's own may fight even being named
            shaped = {"_unreadable": "value", "reason": type(error).__name__}
        self._event_left -= given - self._left
        return shaped

    def mapping(self, value: Any) -> dict[str, Any]:
        """A dict as JSON; anything else under the key "value"."""
        shaped = self.value(value)
        return shaped if isinstance(shaped, dict) else {"value": shaped}

    def text(self, value: Any) -> str:
        """Any value as text of at most 256 KiB."""
        text = self._said(value)
        limit = max(min(MAX_FIELD_BYTES, self._event_left), 64)
        if len(text) > _LONG:
            self._begin()
            limit = min(limit, _LONG) if self._late() else limit
        if len(text) <= limit:
            text = self._clean(text)
        size = limit + 1 if len(text) > limit else _texts.size_of(text)
        if size > limit:
            head, tail = self._ends(text)
            text = f"{head}… [{len(text) - _HEAD - _TAIL:,} characters left out] …{tail}" if len(text) > 3000 else head
            size = _texts.size_of(text)
        self._event_left -= size
        return text

    def name(self, value: Any) -> str:
        """Any value as a name of at most 1,024 characters."""
        text = self._said(value)
        if len(text) > MAX_NAME_CHARACTERS:
            text = self._clean(text[: MAX_NAME_CHARACTERS + _AROUND_CUT])
        text = self._clean(text)
        if len(text) > MAX_NAME_CHARACTERS:
            text = text[: MAX_NAME_CHARACTERS - 1] + "…"
        self._event_left -= _texts.size_of(text)
        return text

    def names(self, values: Any, most: int) -> list[str]:
        """Any values as names; a text is one name. What cannot be gone through is one name too."""
        if issubclass(type(values), str):
            return [self.name(values)]
        self._begin()
        taken: list[Any] = []
        try:
            for value in islice(values, most):
                taken.append(value)
                if self._late():
                    break
        except Exception:  # noqa: BLE001 - no iterable, or one of the user's own that raises
            taken = taken or [values]
        enough = self._event_left - MAX_FIELD_BYTES
        return [self.name(value) for value in taken if self._event_left > enough and not self._late()]

    def _begin(self) -> None:
        if self._deadline is None:
            # Made late: an event of plain values never gets here.
            self._deadline = self._clock() + MAX_SECONDS
            self._nodes = MAX_NODES
            self._path: set[int] = set()

    def _walk(self, value: Any, depth: int) -> Any:  # noqa: PLR0911 - a table of types, the most frequent first
        kind = type(value)
        if kind is str:
            return self._string(value)
        if value is None or kind is bool:
            self._left -= 6
            return value
        if kind is int:
            self._left -= 8 if -99_999 <= value <= 999_999 else 18
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                return self._string(_forms().big(value))
            return value if self._redactor.simple else self._redactor.number(value)
        if kind is float:
            self._left -= 26
            return value if value - value == 0 else _texts.not_finite(value)
        if kind is dict:
            return self._container(value, depth, self._members, value)
        if kind is list or kind is tuple:
            return self._container(value, depth, self._items, value)
        return self._leaf(value, depth)

    def _container(self, value: Any, depth: int, fill: Any, origin: Any) -> Any:
        """Shape what is in a dict, list or tuple.

        Args:
            value: The container.
            depth: How deep it lies.
            fill: What shapes its members.
            origin: The caller's value that it is the plain form of; mostly itself.
        """
        self._left -= 4
        key = id(origin)
        if key in self._path:
            # The value itself is on the path, not its form: its attributes may lead back to it.
            return self._mark("_cycle", origin)
        if depth >= MAX_DEPTH or self._exhausted():
            return self._cut(origin)
        self._path.add(key)
        try:
            return fill(value, depth + 1, origin)
        except Exception as error:  # noqa: BLE001 - a container of the user's own may raise anything
            return self._mark("_unreadable", origin) | {"reason": type(error).__name__}
        finally:
            self._path.discard(key)

    def _members(self, value: dict[Any, Any], depth: int, origin: Any) -> dict[str, Any]:
        redactor, hook = self._redactor, self._redactor.hook
        shaped: dict[str, Any] = {}
        for key, member in _snapshot(value.items()):
            if self._exhausted():
                break
            name = self._key(key)
            if name in shaped:
                name = _another(name, key, shaped)
            self._left -= _texts.size_of(name) + 4
            if redactor.is_secret(name) and not (_texts.is_number(member) and not redactor.is_personal(name, member)):
                self._left -= 14
                shaped[name] = REDACTED
            elif hook is not None:
                shaped[name] = self._walk(redactor.through_hook(name, member), depth)
            else:
                shaped[name] = self._walk(member, depth)
        if "value" in shaped and redactor.is_told_secret(shaped):
            shaped["value"] = REDACTED
        if len(shaped) < len(value):
            shaped["_truncated"] = self._cut(origin)
        return shaped

    def _items(self, value: Any, depth: int, origin: Any) -> list[Any]:
        redactor = self._redactor
        shaped: list[Any] = []
        secret = False
        for item in _snapshot(value):
            if self._exhausted():
                break
            if secret and not _texts.is_number(item):
                shaped.append(REDACTED)
            elif (type(item) is list or type(item) is tuple) and len(item) == 2 and redactor.is_secret_pair(item):
                shaped.append([self._walk(item[0], depth), REDACTED])
            else:
                shaped.append(self._walk(item, depth))
            secret = type(item) is str and item.startswith("--") and redactor.is_secret(item)
        if len(shaped) < len(value):
            shaped.append(self._cut(origin))
        return shaped

    def _key(self, key: Any) -> str:
        text = self._clean(self._said(key)[:_AROUND_CUT])
        return text if len(text) <= 256 else text[:255] + "…"

    def _said(self, value: Any) -> str:
        """Any value as text, as long as it is; a container as the JSON of its form, which is bounded."""
        kind = type(value)
        if kind is str:
            return cast("str", value)
        if issubclass(kind, str):
            return _texts.exact(value)
        if kind is int and -MAX_INTEGER <= value <= MAX_INTEGER:
            return str(value)
        self._begin()
        try:
            form = _forms().spoken(value, self._late, self._clean)
            if type(form) is not dict and type(form) is not list:
                return _texts.exact(form)
        except Exception as error:  # noqa: BLE001 - the user's own code runs here
            return _texts.unreadable(value, error)
        left, event_left = self._left, self._event_left
        self._left = min(MAX_FIELD_BYTES, event_left)
        try:
            if type(form) is list and len(form) == 2 and self._redactor.is_secret_pair(form):
                form = [form[0], REDACTED]
            fill = self._members if type(form) is dict else self._items
            text: str = _forms().written(self._container(form, 0, fill, value))
            return text
        finally:
            self._left, self._event_left = left, event_left  # whoever asked counts the text

    def _string(self, text: str) -> Any:
        limit = max(self._left, 64)
        if len(text) <= limit and not (len(text) > _LONG and self._late()):
            text = self._clean(text)
            size = _texts.size_of(text)
            if size <= limit:
                self._left -= size + 3
                return text
        head, tail = self._ends(text)
        self._left -= _texts.size_of(head) + _texts.size_of(tail) + 64
        return {"_truncated": "str", "length": len(text), "head": head, "tail": tail}

    def _clean(self, text: str) -> str:
        if len(text) >= self._redactor.shortest:
            text = self._redactor.text(text)
        return _texts.without_surrogates(text)

    def _ends(self, text: str) -> tuple[str, str]:
        return self._clean(text[: _HEAD + _AROUND_CUT])[:_HEAD], self._clean(text[-_TAIL - _AROUND_CUT :])[-_TAIL:]

    def _exhausted(self) -> bool:
        self._nodes -= 1
        if self._nodes <= 0 or self._left <= 0:
            return True
        # The clock is asked now and then: it costs more than a node.
        return not self._nodes % 64 and self._late()

    def _late(self) -> bool:
        if self._clock() > (self._deadline or 0):
            self._nodes = 0
            return True
        return False

    def _cut(self, value: Any) -> dict[str, Any]:
        cut = self._mark("_truncated", value)
        with contextlib.suppress(Exception):  # without a length the mark says the type alone
            cut["length"] = len(value)
        return cut

    def _mark(self, word: str, value: Any) -> dict[str, Any]:
        name = _texts.kind_of(value)
        self._left -= len(name) + 40
        return {word: name}

    def _leaf(self, value: Any, depth: int) -> Any:
        """Everything that is not plain JSON: its documented form, shaped."""
        if depth > MAX_DEPTH:  # an enum whose value is itself, say
            return self._cut(value)
        try:
            plain = _forms().plain(value, self._late, self._clean)
        except Exception as error:  # noqa: BLE001 - the user's own code runs here
            return self._string(_texts.unreadable(value, error))
        if type(plain) is dict:
            return self._container(plain, depth, self._members, value)
        if type(plain) is list:
            return self._container(plain, depth, self._items, value)
        return self._walk(plain, depth + 1)


def _forms() -> ModuleType:
    from sentrial import _forms  # noqa: PLC0415 - most events hold plain values only, and never need it

    return _forms


def _snapshot(values: Any) -> list[Any]:
    """What is in a container now, as much as is ever kept: another thread may change it while we look."""
    for _ in range(_TRIES):
        try:
            return list(islice(values, MAX_NODES))
        except RuntimeError:  # it was changed just then
            continue
    return list(islice(values, MAX_NODES))


def _another(name: str, key: Any, taken: dict[str, Any]) -> str:
    """A name for a key that looks like one before it: 1 beside "1"."""
    name = f"{name} ({_texts.kind_of(key)})"
    if name in taken:
        name = f"{name} {len(taken)}"
    return name
