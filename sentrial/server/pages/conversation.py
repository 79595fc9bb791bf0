"""A model call's prompt and response as messages, whatever form they were recorded in. Pure.

A newcomer's mistake: to expect one form. A prompt is a string, a list of `{role, content}`, a list of
parts, or anything else a framework hands over; what is not understood is shown as its JSON, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sentrial.server.pages.display import Clip, Room, as_list, as_mapping, clip, is_text, line

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant"}
_CONTENT = ("content", "text", "value")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: who says what."""

    role: str
    content: Clip


def messages(value: Any, role: str, room: Room, *, limit: int, most: int = 60) -> tuple[tuple[Message, ...], int]:
    """Give the last `most` messages, and how many stand before them.

    Args:
        value: A prompt or a response, of any form.
        role: Who speaks where the value does not say.
        room: What the page has left for text.
        limit: How many characters of one message at most.
        most: How many messages at most: the latest say the most.
    """
    turns = _turns(value)
    shown = turns[-most:]
    return tuple(_message(turn, role, room, limit) for turn in shown), len(turns) - len(shown)


def gist(value: Any, limit: int = 120) -> str:
    """Give what the last message says, in one line."""
    turns = _turns(value)
    if not turns:
        return ""
    return line(" ".join(text for _, text in _parts(turns[-1], limit * 4) if text), limit)


def _turns(value: Any) -> list[Any]:
    """Split a prompt into its messages, each still in its own form."""
    inner = as_mapping(value).get("messages")
    turns = as_list(inner if isinstance(inner, list) else value)
    if turns and all(isinstance(turn, (dict, list)) for turn in turns):
        # A batch of one conversation is wrapped in one more list.
        return as_list(turns[0]) if len(turns) == 1 and isinstance(turns[0], list) else turns
    return [] if value is None or value == [] else [value]


def _message(turn: Any, role: str, room: Room, limit: int) -> Message:
    fields = as_mapping(turn)
    named = fields.get("role") or fields.get("type")
    if is_text(named) and named not in {"text", "message"}:
        role = _ROLES.get(named, line(named, 40))
    text = "\n".join(f"[{label}] {part}" if label else part for label, part in _parts(turn, limit))
    return Message(role, room.clip(text, limit))


def _parts(turn: Any, limit: int) -> Iterator[tuple[str, str]]:
    """Yield the parts of a message as (label, text); the label of plain text is empty."""
    fields = as_mapping(turn)
    content = next((fields[name] for name in _CONTENT if name in fields), None)
    if isinstance(turn, str) or (not fields and turn != {}):
        content = turn
    elif content is None and not fields.get("tool_calls"):
        content = {name: kept for name, kept in fields.items() if name not in {"role", "type"}}
    for part in as_list(content) if isinstance(content, list) else [content]:
        label = as_mapping(part).get("type")
        text = as_mapping(part).get("text")
        if isinstance(text, str):
            yield "", clip(text, limit + 1).text
        elif part is not None:
            yield (line(label, 40) if is_text(label) else ""), clip(part, limit + 1).text
    for call in as_list(fields.get("tool_calls")):
        yield "calls", clip(call, limit + 1).text
