"""What the handler needs of a client: the four `track_*` verbs, as `SentrialClient` has them.

Any object with these verbs will do. They are called on the agent's own thread or event loop, so they must never wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentrial.types import Alternative, Outcome


class Tracker(Protocol):
    """Records events of a session, each verb returning the new event's id at once."""

    def track_tool_call(
        self,
        session_id: str,
        tool_name: str,
        tool_input: Any = None,
        tool_output: Any = None,
        reasoning: str | None = None,
        duration_ms: float | None = None,
        status: Outcome = "success",
        *,
        error: Any = None,
        metadata: dict[str, Any] | None = None,
    ) -> str:
        """Record a tool that ran, whatever came of it."""
        ...

    def track_decision(
        self,
        session_id: str,
        reasoning: str,
        alternatives: Sequence[str | Alternative] | None = None,
        chosen: str | None = None,
        confidence: float | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> str:
        """Record what the agent chose, and why."""
        ...

    def track_llm_call(
        self,
        session_id: str,
        model: str,
        prompt: Any = None,
        response: Any = None,
        tokens_used: int | None = None,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
        cost: float | None = None,
        duration_ms: float | None = None,
        *,
        cache_read_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        reasoning_tokens: int | None = None,
        time_to_first_token_ms: float | None = None,
        status: Outcome = "success",
        metadata: dict[str, Any] | None = None,
    ) -> str:
        """Record one call of a model, with what it took."""
        ...

    def track_error(
        self,
        session_id: str,
        error_type: str,
        error_message: str,
        stack_trace: str | None = None,
        recoverable: bool | None = True,
        recovery_action: str | None = None,
        *,
        tool_name: str | None = None,
        metadata: dict[str, Any] | None = None,
        parent_id: str | None = None,
    ) -> str:
        """Record an exception."""
        ...
