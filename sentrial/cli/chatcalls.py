"""The tool calls of a chat log, and which result belongs to which call. Pure.

A newcomer's mistake: matching by id alone. Ids repeat inside real conversations, so a result belongs to the nearest
call before it that has that id and no answer yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sentrial.cli.chatfile import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentrial.cli.chatfile import Message

RESULT_ROLES = frozenset({"tool", "function"})


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call as the log holds it; the older form of a single function has no id."""

    id: str | None
    name: str
    arguments: Any


def calls_of(message: Message) -> list[Call]:
    """Give the tool calls of an assistant's message, in today's form and in the older one of a single function."""
    if message["role"] != "assistant":
        return []
    calls = [_call(call) for call in objects_of(message.get("tool_calls"))]
    older = message.get("function_call")
    if is_object(older):
        calls.append(_call({"function": older}))
    return calls


def answers_of(messages: Sequence[Message]) -> dict[tuple[int, int], Message]:
    """Match each result to the nearest unanswered call before it: by id, else by name, else the nearest of all.

    Returns:
        The results by the place of their call: the index of its message, and its index in that message.
    """
    answers: dict[tuple[int, int], Message] = {}
    waiting: list[tuple[tuple[int, int], Call]] = []
    for index, message in enumerate(messages):
        waiting.extend(((index, position), call) for position, call in enumerate(calls_of(message)))
        if message["role"] not in RESULT_ROLES:
            continue
        for at in range(len(waiting) - 1, -1, -1):
            place, call = waiting[at]
            if _answers(message, call):
                answers[place] = message
                del waiting[at]
                break
    return answers


def name_of_tool(listed: dict[str, Any]) -> str:
    """Name a tool that a log lists, in either form."""
    return _call(listed).name


def text_of(message: Message) -> str | None:
    """Give a message's text: its content, or the text parts of it, or None."""
    content = message.get("content")
    if is_array(content):
        content = "\n".join(text for part in objects_of(content) if isinstance(text := part.get("text"), str))
    return content if isinstance(content, str) and content else None


def objects_of(value: Any) -> list[dict[str, Any]]:
    """Give the objects of a list, or none where there is no list."""
    return [item for item in value if is_object(item)] if is_array(value) else []


def _answers(result: Message, call: Call) -> bool:
    call_id = _text_or_none(result.get("tool_call_id"))
    if call_id is not None:
        return call.id == call_id
    name = _text_or_none(result.get("name"))
    return name is None or call.name == name


def _call(held: dict[str, Any]) -> Call:
    inner = held.get("function") or held.get("custom") or held
    function: dict[str, Any] = inner if is_object(inner) else {}
    return Call(
        id=_text_or_none(held.get("id")),
        name=_text_or_none(function.get("name")) or "unknown",
        arguments=function.get("arguments", function.get("input")),
    )


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
