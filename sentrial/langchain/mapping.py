"""From what LangChain reports to the fields of an event. Pure functions, no state, nothing invented.

A number that was not reported is None, never an estimate. Token details (cached, reasoning) are parts of the input and
output counts by LangChain's contract: they are reported beside them, never added or subtracted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage, ToolMessage

from sentrial.langchain.foreign import mapping_of, sequence_of
from sentrial.langchain.messages import plain, response, text

if TYPE_CHECKING:
    from langchain_core.outputs import LLMResult

    from sentrial.langchain.callbacks import Started
    from sentrial.types import Outcome


@dataclass(frozen=True, slots=True)
class Usage:
    """What a model call took. None: not reported."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tokens_used: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a tool call."""

    output: Any
    status: Outcome = "success"


def message_of(result: LLMResult | None) -> BaseMessage | None:
    """The message of the first answer; None for text models and where nothing came."""
    message = getattr(_first(result), "message", None)
    return message if isinstance(message, BaseMessage) else None


def has_answer(result: LLMResult) -> bool:
    """Whether any part of an answer arrived."""
    return _first(result) is not None


def response_of(result: LLMResult | None) -> str | None:
    """What the model answered; None where nothing came."""
    message = message_of(result)
    if message is not None:
        return response(message)
    said = getattr(_first(result), "text", None)
    return said if isinstance(said, str) else None


def model_name(started: Started, result: LLMResult | None) -> str:
    """The model's name, from the most exact source that has one; the run's name if none has."""
    message = message_of(result)
    answered: Mapping[str, Any] = message.response_metadata if message is not None else {}
    asked = mapping_of(started.extra.get("invocation_params"))
    candidates = (
        answered.get("model_name"),
        answered.get("model"),
        mapping_of(getattr(result, "llm_output", None)).get("model_name"),
        *(asked.get(key) for key in ("model", "model_name", "model_id", "deployment", "deployment_name")),
        started.metadata.get("ls_model_name"),
    )
    return next((name for name in candidates if isinstance(name, str) and name), started.name)


def usage(result: LLMResult | None) -> Usage:
    """The tokens of a call: from the messages, else from the call's own figures, else from the answer's metadata."""
    answers = list(result.generations[0]) if result is not None and result.generations else []
    said: list[Any] = [getattr(answer, "message", None) for answer in answers]
    messages = [message for message in said if isinstance(message, BaseMessage)]
    output = mapping_of(getattr(result, "llm_output", None))
    whole = _raw_usage(output.get("token_usage") or output.get("usage"))
    # With several answers some integrations put the figures of the whole call on each of them.
    if whole is not None and len(answers) > 1:
        return whole
    reported = [mapping_of(m) for message in messages if (m := getattr(message, "usage_metadata", None))]
    if reported:
        return _standard_usage(reported)
    if whole is not None:
        return whole
    for message in messages:
        extra = message.response_metadata
        beside = _raw_usage(extra.get("token_usage") or extra.get("usage"))
        if beside is not None:
            return beside
    return Usage()


def bound_tools(started: Started) -> list[str]:
    """The names of the tools the model could choose from."""
    tools = mapping_of(started.extra.get("invocation_params")).get("tools")
    names = [_tool_name(tool) for tool in sequence_of(tools)]
    return list(dict.fromkeys(name for name in names if name))


def tool_input(value: Any) -> Any:
    """A tool's arguments: the dict as it is, a plain string as `{"input": ...}`."""
    if isinstance(value, Mapping):
        return plain(value)
    return {} if value is None else {"input": plain(value)}


def tool_result(output: Any) -> ToolResult:
    """What a tool returned. A ToolMessage may say that the tool failed, though it ended like any other."""
    match output:
        case ToolMessage():
            facts = {"output": plain(output.content)}
            if output.artifact is not None:
                facts["artifact"] = plain(output.artifact)
            return ToolResult(facts, "error" if getattr(output, "status", None) == "error" else "success")
        case Mapping():
            return ToolResult(plain(output))
        case _ if type(output).__name__ == "Command" and hasattr(output, "update"):
            return _command_result(output)
        case _:
            value = plain(output)
            return ToolResult(value if isinstance(value, dict) else {"output": value})


def final_output(outputs: Any) -> Any:
    """What an agent answered: the text of its last message, its `output`, or all of it in plain form."""
    facts = mapping_of(outputs)
    messages = sequence_of(facts.get("messages"))
    last = messages[-1] if messages else outputs
    if isinstance(last, BaseMessage):
        return text(last)
    return plain(facts["output"]) if "output" in facts else plain(outputs)


def as_text(value: Any) -> str:
    """A value as text for a reader: a string as it is, else JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, default=str, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):  # odd keys, rings
        return repr(value)


def _command_result(command: Any) -> ToolResult:
    update: Any = command.update
    messages = mapping_of(update).get("messages")
    answers = [message for message in sequence_of(messages) if isinstance(message, ToolMessage)]
    if answers:
        return tool_result(answers[-1])
    facts = {"update": update, "goto": getattr(command, "goto", None), "resume": getattr(command, "resume", None)}
    return ToolResult({"command": {key: plain(value) for key, value in facts.items() if value not in (None, ())}})


def _first(result: LLMResult | None) -> Any:
    generations: Any = getattr(result, "generations", None)
    return generations[0][0] if generations and generations[0] else None


def _tool_name(tool: Any) -> str | None:
    """The name of a bound tool: OpenAI's form, Anthropic's form, or an object of the provider's."""
    facts = mapping_of(tool)
    name = mapping_of(facts.get("function")).get("name") or facts.get("name") or getattr(tool, "name", None)
    return name if isinstance(name, str) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _sum(reported: list[Mapping[str, Any]], *path: str) -> int | None:
    counts: list[int] = []
    for facts in reported:
        value: Any = facts
        for key in path:
            value = mapping_of(value).get(key)
        count = _count(value)
        if count is not None:
            counts.append(count)
    return sum(counts) if counts else None


def _standard_usage(reported: list[Mapping[str, Any]]) -> Usage:
    return Usage(
        prompt_tokens=_sum(reported, "input_tokens"),
        completion_tokens=_sum(reported, "output_tokens"),
        tokens_used=_sum(reported, "total_tokens"),
        cache_read_tokens=_sum(reported, "input_token_details", "cache_read"),
        cache_write_tokens=_sum(reported, "input_token_details", "cache_creation"),
        reasoning_tokens=_sum(reported, "output_token_details", "reasoning"),
        # LangChain's cache answered: the call was never made. Prices of real calls are not known here.
        cost=0.0 if all(facts.get("total_cost") == 0 for facts in reported) else None,
    )


def _raw_usage(value: Any) -> Usage | None:
    """Usage as providers report it themselves (OpenAI's and Anthropic's names); None if it says nothing."""
    reported = [mapping_of(value)]
    found = Usage(
        prompt_tokens=_either(reported, "prompt_tokens", "input_tokens"),
        completion_tokens=_either(reported, "completion_tokens", "output_tokens"),
        tokens_used=_sum(reported, "total_tokens"),
        cache_read_tokens=_sum(reported, "prompt_tokens_details", "cached_tokens"),
        reasoning_tokens=_sum(reported, "completion_tokens_details", "reasoning_tokens"),
    )
    if found == Usage():
        return None
    if found.tokens_used is None and found.prompt_tokens is not None and found.completion_tokens is not None:
        return Usage(found.prompt_tokens, found.completion_tokens, found.prompt_tokens + found.completion_tokens)
    return found


def _either(reported: list[Mapping[str, Any]], first: str, second: str) -> int | None:
    count = _sum(reported, first)
    return _sum(reported, second) if count is None else count
