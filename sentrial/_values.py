"""Any Python value in bounded, JSON-safe form. Nothing here raises, whatever the value does.

The bounds hold before anything is encoded: a list of forty shared references can expand to a billion nodes.
What was cut is marked: `{"_truncated": type, "length": ..., "head": ..., "tail": ...}` for a value, and
"… [N characters left out] …" inside a text. The table in `_leaf` is the documented form of each type.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# What is looked at here is of any type, and narrowing Any leaves pyright with half-known ones.

from __future__ import annotations

import contextlib
import re
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
_NAME_OF = type.__dict__["__name__"].__get__
_CONTROL = re.compile(r"[\x00-\x1f]")


class Shaper:
    """Shapes the values of one event: make one for each, they share its bounds."""

    __slots__ = ("_clock", "_deadline", "_event_left", "_left", "_nodes", "_path", "_redactor")

    def __init__(self, redactor: Redactor, clock: Any = time.perf_counter) -> None:
        self._redactor = redactor
        self._clock = clock
        self._deadline: float | None = None
        self._event_left = MAX_EVENT_BYTES

    def value(self, value: Any) -> Any:
        """Any value as JSON: at most 20,000 nodes, 32 levels and 256 KiB, in 50 ms."""
        if self._deadline is None:
            # Made late: an event of plain values never gets here.
            self._deadline = self._clock() + MAX_SECONDS
            self._nodes = MAX_NODES
            self._path: set[int] = set()
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
        text = _exact(value) if isinstance(value, str) else _said(value)
        limit = max(min(MAX_FIELD_BYTES, self._event_left), 64)
        if len(text) <= limit:
            text = self._clean(text)
        size = limit + 1 if len(text) > limit else _size(text)
        if size > limit:
            head, tail = self._ends(text)
            text = f"{head}… [{len(text) - _HEAD - _TAIL:,} characters left out] …{tail}" if len(text) > 3000 else head
            size = _size(text)
        self._event_left -= size
        return text

    def name(self, value: Any) -> str:
        """Any value as a name of at most 1,024 characters."""
        text = _exact(value) if isinstance(value, str) else _said(value)
        if len(text) > MAX_NAME_CHARACTERS:
            text = self._clean(text[: MAX_NAME_CHARACTERS + _AROUND_CUT])
        text = self._clean(text)
        if len(text) > MAX_NAME_CHARACTERS:
            text = text[: MAX_NAME_CHARACTERS - 1] + "…"
        self._event_left -= _size(text)
        return text

    def names(self, values: Any, most: int) -> list[str]:
        """Any values as names; a text is one name. What cannot be gone through is one name too."""
        if isinstance(values, str):
            return [self.name(values)]
        try:
            taken = list(islice(values, most))
        except Exception:  # noqa: BLE001 - no iterable, or one of the user's own that raises
            taken = [values]
        enough = self._event_left - MAX_FIELD_BYTES
        return [self.name(value) for value in taken if self._event_left > enough]

    def _walk(self, value: Any, depth: int) -> Any:  # noqa: PLR0911 - a table of types, the most frequent first
        kind = type(value)
        if kind is str:
            return self._string(value)
        if value is None or kind is bool:
            self._left -= 6
            return value
        if kind is int:
            self._left -= 8 if -99_999 <= value <= 999_999 else 18
            return value if -MAX_INTEGER <= value <= MAX_INTEGER else self._string(_big(value))
        if kind is float:
            self._left -= 26
            return value if value - value == 0 else _not_finite(value)
        if kind is dict:
            return self._container(value, depth, self._members)
        if kind is list or kind is tuple:
            return self._container(value, depth, self._items)
        return self._leaf(value, depth)

    def _container(self, value: Any, depth: int, fill: Any) -> Any:
        self._left -= 4
        key = id(value)
        if key in self._path:
            return self._mark("_cycle", value)
        if depth >= MAX_DEPTH or self._exhausted():
            return self._cut(value)
        self._path.add(key)
        try:
            return fill(value, depth + 1)
        except Exception as error:  # noqa: BLE001 - a container of the user's own may raise anything
            return self._mark("_unreadable", value) | {"reason": type(error).__name__}
        finally:
            self._path.discard(key)

    def _members(self, value: Any, depth: int) -> dict[str, Any]:
        redactor, hook = self._redactor, self._redactor.hook
        shaped: dict[str, Any] = {}
        # A copy: another thread may add a key while we look. Bounded, so that a huge dict costs no more.
        for key, member in list(islice(value.items(), MAX_NODES)):
            if self._exhausted():
                break
            name = self._key(key)
            if name in shaped:
                name = f"{name} ({type(key).__name__})"
            self._left -= _size(name) + 4
            if redactor.is_secret(name) and not _is_number(member):
                self._left -= 14
                shaped[name] = "[redacted]"
                continue
            if hook is not None:
                try:
                    kept = hook(name, member)
                except Exception as error:  # noqa: BLE001 - the user's own code; unseen means unsent
                    kept = f"[redacted: the redact hook raised {type(error).__name__}]"
                shaped[name] = self._walk(kept, depth)
            else:
                shaped[name] = self._walk(member, depth)
        if len(shaped) < len(value):
            shaped["_truncated"] = self._cut(value)
        return shaped

    def _items(self, value: Any, depth: int) -> list[Any]:
        shaped: list[Any] = []
        for item in list(islice(value, MAX_NODES)):
            if self._exhausted():
                break
            shaped.append(self._walk(item, depth))
        if len(shaped) < len(value):
            shaped.append(self._cut(value))
        return shaped

    def _key(self, key: Any) -> str:
        text = self._clean((_exact(key) if isinstance(key, str) else _said(key))[:_AROUND_CUT])
        return text if len(text) <= 256 else text[:255] + "…"

    def _string(self, text: str) -> Any:
        limit = max(self._left, 64)
        if len(text) <= limit:
            text = self._clean(text)
            size = _size(text)
            if size <= limit:
                self._left -= size + 3
                return text
        head, tail = self._ends(text)
        self._left -= _size(head) + _size(tail) + 64
        return {"_truncated": "str", "length": len(text), "head": head, "tail": tail}

    def _clean(self, text: str) -> str:
        if len(text) >= self._redactor.shortest:
            text = self._redactor.text(text)
        return _without_surrogates(text)

    def _ends(self, text: str) -> tuple[str, str]:
        return self._clean(text[: _HEAD + _AROUND_CUT])[:_HEAD], self._clean(text[-_TAIL - _AROUND_CUT :])[-_TAIL:]

    def _exhausted(self) -> bool:
        self._nodes -= 1
        if self._nodes <= 0 or self._left <= 0:
            return True
        # The clock is asked now and then: it costs more than a node.
        if not self._nodes % 64 and self._clock() > (self._deadline or 0):
            self._nodes = 0
            return True
        return False

    def _cut(self, value: Any) -> dict[str, Any]:
        cut = self._mark("_truncated", value)
        with contextlib.suppress(Exception):  # without a length the mark says the type alone
            cut["length"] = len(value)
        return cut

    def _mark(self, word: str, value: Any) -> dict[str, Any]:
        name = _kind_of(value)
        self._left -= len(name) + 40
        return {word: name}

    def _leaf(self, value: Any, depth: int) -> Any:
        """Everything that is not plain JSON: the documented form of each type."""
        from sentrial import _forms  # noqa: PLC0415 - most events hold plain values only, and never need it

        if depth > MAX_DEPTH:  # an enum whose value is itself, say
            return self._cut(value)
        try:
            plain = _forms.plain(value)
        except Exception as error:  # noqa: BLE001 - the user's own code runs here
            return self._string(f"<{_kind_of(value)}: {type(error).__name__} while reading it>")
        if type(plain) in {dict, list}:
            # The value itself is on the path too: its attributes may lead back to it.
            if id(value) in self._path:
                return self._mark("_cycle", value)
            self._path.add(id(value))
            try:
                return self._walk(plain, depth)
            finally:
                self._path.discard(id(value))
        return self._walk(plain, depth + 1)


def _exact(text: str) -> str:
    # The encoder refuses subclasses of str; this makes a plain one without calling their methods.
    return text if type(text) is str else str.__str__(text)


def _said(value: Any) -> str:
    try:
        return _exact(str(value))
    except Exception as error:  # noqa: BLE001 - the user's own code runs here
        return f"<{_kind_of(value)}: {type(error).__name__} while reading it>"


def _kind_of(value: Any) -> str:
    # As the interpreter knows it: a metaclass of the user's own may raise when asked.
    name: str = _NAME_OF(type(value))
    return _without_surrogates(name[:128])


def _size(text: str) -> int:
    """The bytes that a text takes as JSON, without its quotes."""
    size = len(text) if text.isascii() else len(text.encode())
    size += text.count('"') + text.count("\\")
    return size if text.isprintable() else size + 5 * len(_CONTROL.findall(text))


def _without_surrogates(text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, (int, float))


def _big(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python refuses to write very long integers in decimal
        return f"<int of {value.bit_length()} bits>"


def _not_finite(value: float) -> str:
    if value > 0:
        return "Infinity"
    return "-Infinity" if value < 0 else "NaN"
