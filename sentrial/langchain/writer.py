"""Writes events to the client, and says each one aloud if asked to: one method a kind of event.

Every event carries in its metadata where it happened (`run_id`, `parent_run_id`, `langgraph_node`): LangChain's own
ids, never guessed from threads or order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sentrial.langchain import failures, mapping
from sentrial.langchain.narration import Narrator, brief, took

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.outputs import LLMResult

    from sentrial.langchain.mapping import ToolResult
    from sentrial.langchain.runs import Choice, Run, Runs
    from sentrial.langchain.tracker import Tracker
    from sentrial.types import Outcome


class EventWriter:
    """Writes the events of one session."""

    def __init__(self, tracker: Tracker, session_id: str, runs: Runs, narrator: Narrator) -> None:
        self._tracker = tracker
        self._session_id = session_id
        self._runs = runs
        self._narrator = narrator

    def llm_call(self, run: Run, result: LLMResult | None, status: Outcome) -> None:
        """Record one call of a model, whole or broken off."""
        model = mapping.model_name(run.started, result)
        usage = mapping.usage(result)
        duration_ms = self._runs.elapsed_ms(run)
        self._tracker.track_llm_call(
            self._session_id,
            model,
            prompt=run.value,
            response=mapping.response_of(result),
            tokens_used=usage.tokens_used,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost=usage.cost,
            duration_ms=duration_ms,
            cache_read_tokens=usage.cache_read_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            time_to_first_token_ms=run.first_token_ms,
            status=status,
            metadata=_place(run),
        )
        tokens = None if usage.tokens_used is None else f"{usage.tokens_used} tokens"
        self._narrator.say("model", model, tokens, took(duration_ms), _unless_success(status))

    def decision(
        self, run: Run, chosen: str, reasoning: str, alternatives: list[str] | None, facts: Mapping[str, Any]
    ) -> str:
        """Record a choice, or how an agent ended. Returns the event's id."""
        decision_id = self._tracker.track_decision(
            self._session_id,
            reasoning,
            alternatives=alternatives,
            chosen=chosen,
            metadata={**_place(run), **facts},
        )
        self._narrator.say("decision", chosen, f"({brief(reasoning)})")
        return decision_id

    def tool_call(  # the facts of one event
        self,
        run: Run,
        tool: str,
        tool_input: Any,
        result: ToolResult,
        *,
        choice: Choice | None,
        error: BaseException | None = None,
    ) -> str:
        """Record a tool that ran. Returns the event's id."""
        duration_ms = self._runs.elapsed_ms(run)
        facts = _place(run)
        if choice is not None and choice.tool_call_id is not None:
            facts["tool_call_id"] = choice.tool_call_id
        if choice is not None and choice.decision_id is not None:
            facts["decision_id"] = choice.decision_id
        event_id = self._tracker.track_tool_call(
            self._session_id,
            tool,
            tool_input=tool_input,
            tool_output=result.output,
            reasoning=choice.thought if choice is not None else None,
            duration_ms=duration_ms,
            status=result.status,
            error=None if error is None else {"type": type(error).__name__, "message": failures.message(error)},
            metadata=facts,
        )
        self._narrator.say(
            "tool", f"{tool}({brief(tool_input)})", f"-> {brief(result.output)}", took(duration_ms),
            _unless_success(result.status),
        )  # fmt: skip
        return event_id

    def error(
        self, run: Run, error: BaseException, *, recoverable: bool | None, tool: str | None, parent_id: str | None
    ) -> None:
        """Record an exception. `recoverable` None: whether the agent goes on is not known yet."""
        said = failures.message(error)
        self._tracker.track_error(
            self._session_id,
            type(error).__name__,
            said,
            stack_trace=failures.stack(error),
            recoverable=recoverable,
            tool_name=tool,
            metadata=_place(run),
            parent_id=parent_id,
        )
        self._narrator.say("error", f"{type(error).__name__}: {brief(said)}")


def _place(run: Run) -> dict[str, Any]:
    started = run.started
    place: dict[str, Any] = {"run_id": str(started.run_id)}
    if started.parent_run_id is not None:
        place["parent_run_id"] = str(started.parent_run_id)
    node = started.metadata.get("langgraph_node")
    if node is not None:
        place["langgraph_node"] = node
    return place


def _unless_success(status: str) -> str | None:
    return None if status == "success" else status
