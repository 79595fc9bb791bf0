"""LangChain's callbacks as signals: every `on_*` becomes one value, handed to `receive`.

The handler and the bridge hear the same callbacks, so the methods stand here once.
`run_inline` is no optimisation: only an inline handler runs in the agent's own context under asyncio, and the bridge
lives in that context (see bridge.py). It also means that nothing called from here may wait.
"""

# ruff: noqa: ARG002 - LangChain calls these with everything it has; each takes what it needs

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from langchain_core.callbacks import BaseCallbackHandler

from sentrial.langchain.foreign import mapping_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from langchain_core.agents import AgentAction, AgentFinish
    from langchain_core.outputs import LLMResult

Kind = Literal["chain", "model", "tool", "retriever"]


@dataclass(frozen=True, slots=True)
class Started:
    """A run began. `value` is what went in: inputs, messages, a prompt or a query; `extra` the other keywords."""

    kind: Kind
    run_id: UUID
    parent_run_id: UUID | None
    name: str
    value: Any
    metadata: Mapping[str, Any]
    extra: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Streamed:
    """A model run gave a piece of its answer."""

    run_id: UUID


@dataclass(frozen=True, slots=True)
class Ended:
    """A run ended with `value`: outputs, an LLMResult, a tool's output or documents."""

    run_id: UUID
    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """A run ended with an exception; `partial` is the part of a model's answer that had arrived."""

    run_id: UUID
    error: BaseException
    partial: LLMResult | None = None


@dataclass(frozen=True, slots=True)
class Acted:
    """An AgentExecutor is about to run a tool. `run_id` is the executor's own."""

    run_id: UUID
    action: AgentAction


@dataclass(frozen=True, slots=True)
class Finished:
    """An AgentExecutor has its answer. `run_id` is the executor's own."""

    run_id: UUID
    finish: AgentFinish


Signal = Started | Streamed | Ended | Failed | Acted | Finished


class Callbacks(BaseCallbackHandler):
    """Turns every callback into a `Signal` for `receive`. Copies are the object itself: its state can't be split."""

    run_inline = True
    raise_error = False

    def receive(self, signal: Signal) -> None:
        """Take one signal. Must not raise and must not wait."""
        raise NotImplementedError

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def on_chain_start(
        self, serialized: Any, inputs: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """A chain, graph or node began."""
        self.receive(_started("chain", serialized, inputs, run_id, parent_run_id, kwargs))

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """A chain ended."""
        self.receive(Ended(run_id, outputs))

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A chain raised; also how a stream left early and LangGraph's control flow show."""
        self.receive(Failed(run_id, error))

    def on_chat_model_start(
        self, serialized: Any, messages: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """A chat model was asked. LangChain gives every prompt a run of its own: `messages` holds one list."""
        self.receive(_started("model", serialized, _only(messages), run_id, parent_run_id, kwargs))

    def on_llm_start(
        self, serialized: Any, prompts: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """A text model was asked."""
        self.receive(_started("model", serialized, _only(prompts), run_id, parent_run_id, kwargs))

    def on_llm_new_token(self, token: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """A model streamed; the token itself comes again with the whole answer."""
        self.receive(Streamed(run_id))

    def on_stream_event(self, event: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """A model streamed, in the event form of `stream_events(version="v3")`."""
        if mapping_of(event).get("event") == "content-block-delta":
            self.receive(Streamed(run_id))

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """A model answered."""
        self.receive(Ended(run_id, response))

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A model raised, perhaps in the middle of its answer."""
        self.receive(Failed(run_id, error, kwargs.get("response")))

    def on_tool_start(
        self, serialized: Any, input_str: str, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """A tool began. `inputs` has its arguments; for a tool called with a plain string there is only that."""
        inputs = kwargs.get("inputs")
        value = input_str if inputs is None else inputs
        self.receive(_started("tool", serialized, value, run_id, parent_run_id, kwargs))

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """A tool returned, or handled its own error."""
        self.receive(Ended(run_id, output))

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A tool raised."""
        self.receive(Failed(run_id, error))

    def on_retriever_start(
        self, serialized: Any, query: str, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """A retriever was asked."""
        self.receive(_started("retriever", serialized, query, run_id, parent_run_id, kwargs))

    def on_retriever_end(self, documents: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """A retriever answered."""
        self.receive(Ended(run_id, documents))

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A retriever raised."""
        self.receive(Failed(run_id, error))

    def on_agent_action(self, action: AgentAction, *, run_id: UUID, **kwargs: Any) -> None:
        """An AgentExecutor chose a tool."""
        self.receive(Acted(run_id, action))

    def on_agent_finish(self, finish: AgentFinish, *, run_id: UUID, **kwargs: Any) -> None:
        """An AgentExecutor has its answer, or was stopped."""
        self.receive(Finished(run_id, finish))


def _started(
    kind: Kind, serialized: Any, value: Any, run_id: UUID, parent_run_id: UUID | None, extra: dict[str, Any]
) -> Started:
    name = extra.get("name") or mapping_of(serialized).get("name") or kind  # serialized is None for chains
    return Started(kind, run_id, parent_run_id, str(name), value, mapping_of(extra.get("metadata")), extra)


def _only(batch: Any) -> Any:
    return batch[0] if batch else []
