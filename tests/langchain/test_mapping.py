"""The pure half: what LangChain's values become, whatever they look like."""

from __future__ import annotations

import subprocess
import sys
import uuid
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, Generation, LLMResult
from langgraph.errors import GraphInterrupt, ParentCommand
from langgraph.types import Command, Interrupt
from pydantic import BaseModel

from sentrial.langchain import failures, mapping, messages
from sentrial.langchain.callbacks import Started
from sentrial.langchain.mapping import ToolResult, Usage


def _result(*answers: AIMessage, **output: Any) -> LLMResult:
    return LLMResult(generations=[[ChatGeneration(message=answer) for answer in answers]], llm_output=output or None)


def _asked(metadata: dict[str, Any] | None = None, **params: Any) -> Started:
    return Started("model", uuid.uuid4(), None, "ChatThing", [], metadata or {}, {"invocation_params": params})


@pytest.mark.parametrize(
    ("started", "result", "name"),
    [
        (_asked(model="asked"), _result(AIMessage("", response_metadata={"model_name": "answered"})), "answered"),
        (_asked(model="asked"), _result(AIMessage("", response_metadata={"model": "answered"})), "answered"),
        (_asked(model="asked"), _result(AIMessage(""), model_name="output"), "output"),
        (_asked({"ls_model_name": "meta"}, model_id="bedrock-1"), _result(AIMessage("")), "bedrock-1"),
        (_asked({"ls_model_name": "meta"}), _result(AIMessage("")), "meta"),
        (_asked(), LLMResult(generations=[]), "ChatThing"),
        (_asked(model="asked"), None, "asked"),
    ],
)
def test_the_model_is_named_by_the_most_exact_source(started: Started, result: LLMResult | None, name: str) -> None:
    """The class name comes last, when nothing else has a name."""
    assert mapping.model_name(started, result) == name


STANDARD: Any = {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14}
RAW = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}


@pytest.mark.parametrize(
    ("result", "usage"),
    [
        (_result(AIMessage("", usage_metadata=STANDARD), token_usage=RAW), Usage(10, 4, 14)),
        (_result(AIMessage(""), token_usage=RAW), Usage(7, 2, 9)),
        (_result(AIMessage(""), usage={"input_tokens": 7, "output_tokens": 2}), Usage(7, 2, 9)),
        (_result(AIMessage("", response_metadata={"token_usage": RAW})), Usage(7, 2, 9)),
        (_result(AIMessage("", usage_metadata=STANDARD), AIMessage("", usage_metadata=STANDARD)), Usage(20, 8, 28)),
        (_result(AIMessage("", usage_metadata=STANDARD), AIMessage("", usage_metadata=STANDARD), token_usage=RAW),
         Usage(7, 2, 9)),
        (_result(AIMessage("")), Usage()),
        (LLMResult(generations=[[]]), Usage()),
        (LLMResult(generations=[[Generation(text="x")]], llm_output={"token_usage": RAW}), Usage(7, 2, 9)),
        (None, Usage()),
    ],
)  # fmt: skip
def test_usage_is_what_was_reported_and_nothing_else(result: LLMResult | None, usage: Usage) -> None:
    """Every place that integrations use is read, and nothing reported is nothing known."""
    assert mapping.usage(result) == usage


def test_an_answer_from_the_cache_costs_nothing() -> None:
    """LangChain marks it with a cost of zero; any other cost is unknown here, which is not zero."""
    cached: Any = {**STANDARD, "total_cost": 0}

    assert mapping.usage(_result(AIMessage("", usage_metadata=cached))).cost == 0
    assert mapping.usage(_result(AIMessage("", usage_metadata=STANDARD))).cost is None


@pytest.mark.parametrize(
    "message",
    [
        AIMessage([{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "So."}]),
        AIMessage([{"type": "reasoning", "reasoning": "Hm."}, {"type": "text", "text": "So."}]),
        AIMessage([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}, "So."]),
        AIMessage([{"type": "reasoning_content", "reasoning_content": {"text": "Hm."}}, "So."]),
        AIMessage("So.", additional_kwargs={"reasoning_content": "Hm."}),
    ],
)
def test_the_thought_is_the_reasoning_and_then_the_text(message: AIMessage) -> None:
    """Reasoning is found in the forms of all providers; the answer itself is without it."""
    assert messages.thought(message) == "Hm.\nSo."
    assert messages.response(message) == "So."


def test_a_prompt_is_a_list_of_chat_messages_with_binary_data_cut() -> None:
    """Roles are those of the chat APIs; an image is named, not stored; nothing given is changed."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 9000}}
    link = {"type": "image_url", "image_url": {"url": "https://example.com/" + "a" * 900}}
    question = HumanMessage([{"type": "text", "text": "What is it?"}, image, link])

    prompt = messages.prompt([SystemMessage("Be kind."), question, ToolMessage("42", tool_call_id="call_1")])

    assert prompt[0] == {"role": "system", "content": "Be kind."}
    assert prompt[1]["content"][1]["image_url"]["url"] == "data:image/png;base64,AAAAAAAAAA... (9022 characters)"
    assert prompt[1]["content"][2] == link
    assert prompt[2] == {"role": "tool", "content": "42", "tool_call_id": "call_1"}
    assert len(image["image_url"]["url"]) == 9022


class Order(BaseModel):
    """A tool's output."""

    number: int


@pytest.mark.parametrize(
    ("output", "result"),
    [
        ({"a": 1}, ToolResult({"a": 1})),
        ("text", ToolResult({"output": "text"})),
        (None, ToolResult({"output": None})),
        ([Order(number=1)], ToolResult({"output": [{"number": 1}]})),
        (Order(number=1), ToolResult({"number": 1})),
        (ToolMessage("ok", tool_call_id="c", artifact=Order(number=1)),
         ToolResult({"output": "ok", "artifact": {"number": 1}})),
        (ToolMessage("no", tool_call_id="c", status="error"), ToolResult({"output": "no"}, "error")),
        (Command(update={"messages": [ToolMessage("ok", tool_call_id="c")]}), ToolResult({"output": "ok"})),
        (Command(goto="next"), ToolResult({"command": {"goto": "next"}})),
    ],
)  # fmt: skip
def test_a_tools_output_in_every_form(output: Any, result: ToolResult) -> None:
    """Dicts stay, messages give their content and status, commands their message, models their fields."""
    assert mapping.tool_result(output) == result


def test_a_ring_of_values_and_a_bomb_of_shared_ones_are_survived() -> None:
    """The walk ends at its bounds; the client's own bounds do the rest."""
    ring: list[Any] = []
    ring.append(ring)
    bomb: list[Any] = []
    for _ in range(60):
        bomb = [bomb] * 40

    assert isinstance(messages.plain(ring), list)
    assert isinstance(messages.plain(bomb), list)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (ValueError("x"), "failure"),
        (KeyboardInterrupt(), "cancelled"),
        (GeneratorExit(), "cancelled"),
        (GraphInterrupt([Interrupt("go on?")]), "interrupt"),
        (ParentCommand(Command(goto="x")), "jump"),
        (type("GraphInterrupt", (Exception,), {})(), "failure"),
        (type("GraphBubbleUp", (Exception,), {"__module__": "langgraphish.errors"})(), "failure"),
    ],
)
def test_what_an_exception_means(error: BaseException, meaning: str) -> None:
    """LangGraph's own exceptions are known by class and module; a stranger of the same name is a failure."""
    assert failures.meaning(error) == meaning


def test_an_exception_that_cannot_speak_still_has_a_message() -> None:
    """Even `str(error)` is foreign code."""

    class Mute(Exception):  # noqa: N818  # a foreign name
        def __str__(self) -> str:
            raise RuntimeError

    assert failures.message(Mute()) == "<Mute without a message>"
    assert "Mute" in failures.stack(Mute())


def test_without_langchain_the_import_says_what_to_install() -> None:
    """`import sentrial` works; the handler names its extra."""
    code = (
        "import sys; sys.modules['langchain_core'] = None\n"
        "import sentrial\n"
        "try: sentrial.SentrialCallbackHandler\n"
        "except ImportError as error: print(error)"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "pip install 'sentrial[langchain]'" in told.stdout
