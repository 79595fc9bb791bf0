"""Reads a file of chat logs, one conversation after the other.

Taken are: an object with `messages` a line, a bare list of messages a line, and one JSON text that holds such an
object or an array of them. A newcomer's mistake: sending while reading. Read a file through once before: a fault in
its last line must stop the import before its first event.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from sentrial.cli.problems import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Message = dict[str, Any]

_EXPECTED = 'expected an object with "messages", each message with a "role"'


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation of a file: its messages, whatever else the file says of it, and a digest of all that."""

    messages: list[Message]
    fields: dict[str, Any]
    digest: str


def read_conversations(path: Path) -> Iterator[Conversation]:
    """Give the conversations of a file in its order.

    Raises:
        CommandError: A part of the file is no conversation; the message names the line and what was expected.
        OSError: The file can't be read.
    """
    for place, value in _values(path):
        yield _conversation(f"{path.name}, {place}", value)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a JSON value is an array."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a JSON value is an object."""
    return isinstance(value, dict)


def _values(path: Path) -> Iterator[tuple[str, Any]]:
    """Give each value that should be a conversation, with the place it was found at."""
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as lines:
            first_is_open = True
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                value = _parse(line)
                if value is _NO_JSON and first_is_open:
                    break  # one JSON text over many lines, or no JSON at all
                if value is _NO_JSON:
                    raise CommandError(f"{path.name}, line {number} is no JSON; {_EXPECTED} a line")
                first_is_open = False
                yield from _unpacked(f"line {number}", value)
            else:
                return
        yield from _unpacked("the file", _whole(path))
    except UnicodeDecodeError as error:
        raise CommandError(f"{path.name}, after line {number}: it is no UTF-8 text; {_EXPECTED}") from error


_NO_JSON = object()


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # also numbers of thousands of digits and hostile nesting
        return _NO_JSON


def _whole(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise CommandError(f"{path.name}, line {error.lineno} is no JSON ({error.msg}); {_EXPECTED} a line") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path.name}, line 1 is no JSON that can be read ({error}); {_EXPECTED} a line") from error


def _unpacked(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """An array of conversations is as good as one conversation a line; a list of messages is one conversation."""
    if is_array(value) and not _is_message(next(iter(value), None)):
        for index, item in enumerate(value, start=1):
            yield f"{place}, conversation {index}", item
    else:
        yield place, value


def _is_message(value: Any) -> bool:
    return is_object(value) and isinstance(value.get("role"), str)


def _conversation(place: str, value: Any) -> Conversation:
    fields: dict[str, Any] = value if is_object(value) else {"messages": value}
    messages = fields.get("messages")
    if not is_array(messages):
        raise CommandError(f"{place} is no conversation; {_EXPECTED}")
    for index, message in enumerate(messages, start=1):
        if not _is_message(message):
            raise CommandError(f'{place}: message {index} is no object with a "role"; {_EXPECTED}')
    return Conversation(messages, {name: fields[name] for name in fields if name != "messages"}, _digest(value))


def _digest(value: Any) -> str:
    # Keys sorted and no spaces: the same conversation written by another program has the same digest.
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
