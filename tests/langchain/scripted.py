"""Stand-ins at the edges of the journeys: a chat model that follows a script, and a client that keeps what it is told.

The frameworks between the two are the real ones.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, PrivateAttr

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_core.messages.ai import UsageMetadata


class ScriptedChatModel(BaseChatModel):
    """Answers with one scripted turn after the other; an exception among them is raised."""

    turns: list[Any] = Field(default_factory=list)
    model_name: str = "scripted-1"
    _next: int = PrivateAttr(default=0)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        """Say which tools there are, as an OpenAI model would."""
        kwargs.pop("tool_choice", None)
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _turn(self) -> AIMessage:
        with self._lock:
            turn = self.turns[self._next]
            self._next += 1
        if isinstance(turn, BaseException):
            raise turn
        return turn.model_copy(deep=True)

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        return ChatResult(generations=[ChatGeneration(message=self._turn())])

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        turn = self._turn()
        calls = [
            tool_call_chunk(name=call["name"], args=_json(call["args"]), id=call["id"], index=index)
            for index, call in enumerate(turn.tool_calls)
        ]
        pieces = [AIMessageChunk(content=turn.content, id="turn")]
        if calls:
            pieces.append(AIMessageChunk(content="", tool_call_chunks=calls, id="turn"))
        # Providers send the usage last, with nothing else.
        last = AIMessageChunk(content="", id="turn", usage_metadata=turn.usage_metadata, chunk_position="last")
        last.response_metadata = turn.response_metadata
        for piece in (*pieces, last):
            chunk = ChatGenerationChunk(message=piece)
            if run_manager is not None:
                run_manager.on_llm_new_token(str(piece.content), chunk=chunk)
            yield chunk


def says(
    content: Any, *calls: tuple[str, dict[str, Any], str], usage: UsageMetadata | None = None, **more: Any
) -> AIMessage:
    """One turn of a model: what it says and the tools it asks for, as (name, arguments, id)."""
    return AIMessage(
        content=content,
        tool_calls=[tool_call(name=name, args=args, id=call_id) for name, args, call_id in calls],
        usage_metadata=usage or {"input_tokens": 20, "output_tokens": 5, "total_tokens": 25},
        response_metadata={"model_name": "scripted-1-2026"},
        **more,
    )


class RecordingClient:
    """Keeps every event as (kind, fields)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def track_tool_call(self, session_id: str, tool_name: str, **fields: Any) -> str:
        """Keep a tool call."""
        return self._keep("tool", session_id=session_id, tool_name=tool_name, **fields)

    def track_decision(self, session_id: str, reasoning: str, **fields: Any) -> str:
        """Keep a decision."""
        return self._keep("decision", session_id=session_id, reasoning=reasoning, **fields)

    def track_llm_call(self, session_id: str, model: str, **fields: Any) -> str:
        """Keep a model call."""
        return self._keep("model", session_id=session_id, model=model, **fields)

    def track_error(self, session_id: str, error_type: str, error_message: str, **fields: Any) -> str:
        """Keep an error."""
        return self._keep("error", session_id=session_id, error_type=error_type, error_message=error_message, **fields)

    def _keep(self, kind: str, **fields: Any) -> str:
        self.events.append((kind, fields))
        return f"evt_{len(self.events)}"

    @property
    def kinds(self) -> list[str]:
        """The kinds of events, in order."""
        return [kind for kind, _ in self.events]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [fields for found, fields in self.events if found == kind]

    @property
    def outline(self) -> list[Any]:
        """The events without ids and times: what two runs of the same agent have in common."""
        return [(kind, _without_chance(fields)) for kind, fields in self.events]


_CHANCE = {"duration_ms", "time_to_first_token_ms", "run_id", "parent_run_id", "stack_trace", "decision_id"}


def _without_chance(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_chance(item) for key, item in value.items() if key not in _CHANCE}
    return [_without_chance(item) for item in value] if isinstance(value, list) else value


def _json(value: Any) -> str:
    import json

    return json.dumps(value)
