"""LangChain's messages and values in plain form: dicts, lists and text, as they are at the moment of the call.

Pure, and takes whatever comes: other people's subclasses, None, half-filled chunks. What it does not know it passes on
as it is; bounding and JSON are the client's part. Nothing given is ever changed, and nothing given is kept.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from pydantic import BaseModel

from sentrial.langchain.foreign import is_mapping, is_sequence, mapping_of, sequence_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_DEPTH = 12
_MAX_NODES = 20_000
_MAX_BINARY_CHARS = 256
_BINARY_KEYS = frozenset({"data", "base64", "url", "image_url", "file_data"})
_ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant", "HumanMessageChunk": "user"}


def plain(value: Any) -> Any:
    """A copy of `value` in which later changes don't show, with LangChain's own types as dicts.

    Beyond 12 levels or 20,000 values the rest is passed on as it is.
    """
    return _plain(value, 0, [_MAX_NODES])


def chat_message(message: Any) -> Any:
    """A message as `{"role", "content"}`, with `tool_calls` and `tool_call_id` where it has them."""
    if not isinstance(message, BaseMessage):
        return plain(message)
    facts: dict[str, Any] = {"role": _role(message), "content": _content(message.content)}
    if calls := tool_calls(message):
        facts["tool_calls"] = plain(calls)
    if call_id := getattr(message, "tool_call_id", None):
        facts["tool_call_id"] = call_id
    return facts


def prompt(value: Any) -> Any:
    """What a model was asked: a list of chat messages, or the text of a text model."""
    return [chat_message(message) for message in sequence_of(value)] or value


def text(message: BaseMessage) -> str:
    """What the message says: its text blocks, joined. Reasoning and tool calls are no part of it."""
    return "".join(_block_text(block) for block in _blocks(message))


def thought(message: BaseMessage) -> str:
    """The chain of thought: reasoning blocks, then the text; empty if the model gave neither."""
    parts = [_block_reasoning(block) for block in _blocks(message)]
    if not any(parts):
        parts = [_extra_reasoning(message.additional_kwargs)]
    return "\n".join(part.strip() for part in (*parts, text(message)) if part.strip())


def tool_calls(message: BaseMessage) -> list[dict[str, Any]]:
    """The tool calls of a message as `{"name", "args", "id"}`."""
    calls: list[Any] = getattr(message, "tool_calls", None) or []
    return [{key: mapping_of(call).get(key) for key in ("name", "args", "id")} for call in calls]


def response(message: BaseMessage) -> str:
    """What a model answered: its text, or its tool calls as JSON where it said nothing else."""
    said = text(message)
    calls = tool_calls(message)
    return json.dumps(calls, default=str) if calls and not said else said


def _role(message: BaseMessage) -> str:
    return getattr(message, "role", None) or _ROLES.get(message.type, message.type)


def _blocks(message: BaseMessage) -> list[Any]:
    content: Any = message.content
    return [content] if isinstance(content, str) else list(content or [])


def _content(content: Any) -> Any:
    return content if isinstance(content, str) else plain(content)


def _block_text(block: Any) -> str:
    if isinstance(block, str):
        return block
    facts = mapping_of(block)
    return str(facts.get("text") or "") if facts.get("type") in ("text", "output_text", None) else ""


def _block_reasoning(block: Any) -> str:
    """The reasoning in one block: standard, Anthropic, OpenAI Responses or Bedrock form."""
    facts = mapping_of(block)
    match facts.get("type"):
        case "thinking":
            return str(facts.get("thinking") or "")
        case "reasoning":
            return str(facts.get("reasoning") or "") or _summary(facts)
        case "reasoning_content":
            return str(mapping_of(facts.get("reasoning_content")).get("text") or "")
        case _:
            return ""


def _extra_reasoning(extra: Mapping[str, Any]) -> str:
    """The reasoning that older integrations leave beside the content (DeepSeek's and OpenAI's forms)."""
    beside = extra.get("reasoning_content")
    return beside if isinstance(beside, str) else _summary(mapping_of(extra.get("reasoning")))


def _summary(facts: Mapping[str, Any]) -> str:
    return "\n".join(str(mapping_of(part).get("text") or "") for part in sequence_of(facts.get("summary")))


def _plain(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if depth > _MAX_DEPTH or left[0] < 0:
        return value
    copy: Any = value
    match value:
        case BaseMessage():
            copy = chat_message(value)
        case Document():
            copy = {"page_content": value.page_content, "metadata": _plain(value.metadata, depth + 1, left)}
        case BaseModel():
            copy = _dumped(value, depth, left)
        case _ if is_mapping(value):
            copy = {key: _short(key, _plain(item, depth + 1, left)) for key, item in list(value.items())}
        case _ if is_sequence(value):
            copy = [_plain(item, depth + 1, left) for item in value]
        case _:
            pass
    return copy


def _dumped(model: BaseModel, depth: int, left: list[int]) -> Any:
    try:
        return _plain(model.model_dump(), depth + 1, left)
    except (TypeError, ValueError, AttributeError, RecursionError):  # a model's own serializer may refuse
        return repr(model)


def _short(key: Any, value: Any) -> Any:
    """Cut binary data in text form; a plain link or a long text stays whole."""
    if key not in _BINARY_KEYS or not isinstance(value, str) or len(value) <= _MAX_BINARY_CHARS:
        return value
    if key in ("url", "image_url") and not value.startswith("data:"):
        return value
    if " " in value[:_MAX_BINARY_CHARS]:
        return value
    return f"{value[:32]}... ({len(value)} characters)"
