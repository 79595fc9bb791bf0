"""The TypedDicts that a user writes and reads.

Reads return them with snake_case keys; `openapi.yaml` has the same facts in the wire's camelCase, and a test
compares the two both ways. A kind of event that this version does not know comes back as a dict with the
same common keys and its own `type`.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

SessionStatus: TypeAlias = Literal["active", "waiting", "success", "error", "cancelled", "abandoned"]
Outcome: TypeAlias = Literal["success", "error", "cancelled"]


class Session(TypedDict):
    """One run of an agent, as its events tell it."""

    id: str
    """The session's id."""
    name: str | None
    """What it was called; None for a session known only by its events."""
    status: SessionStatus
    """Where it stands: "active" until it is closed."""
    created_at: str
    """When it started: RFC 3339 in UTC, such as "2025-01-01T00:00:00Z"."""
    metadata: dict[str, Any]
    """What was given with it, later updates merged in."""
    closed_at: str | None
    """When it ended, RFC 3339 in UTC; None while it has not."""
    summary: str | None
    """How it ended, in words."""
    waiting_for: NotRequired[str | None]
    """What it waits for while its status is "waiting"."""
    agent: NotRequired[str | None]
    """The agent that ran."""
    user_id: NotRequired[str | None]
    """The user it ran for."""
    tags: NotRequired[list[str] | None]
    """Words to find it by."""
    version: NotRequired[str | None]
    """The version of the agent."""
    input: NotRequired[Any]
    """What the agent was asked."""
    event_count: int
    """Tool calls, model calls, decisions, errors and steps so far."""
    tool_call_count: NotRequired[int]
    """Tool calls so far."""
    llm_call_count: NotRequired[int]
    """Model calls so far."""
    decision_count: NotRequired[int]
    """Decisions so far."""
    error_count: NotRequired[int]
    """Errors and failed tool calls so far."""
    tokens_used: NotRequired[int | None]
    """Tokens of all events; None where none reported any."""
    cost: NotRequired[float | None]
    """US dollars, of the events whose cost is known; None where none is."""
    duration_ms: NotRequired[float | None]
    """Milliseconds from start to end."""


class Alternative(TypedDict):
    """Something that could have been chosen."""

    name: str
    """What it is."""
    score: NotRequired[float | None]
    """How it was weighed, on the scale of the decision's confidence."""


class ChatMessage(TypedDict, total=False):
    """One message of a prompt or a response."""

    role: str
    """Who speaks: "system", "user", "assistant" or "tool"."""
    content: Any
    """What is said: text, or a list of content parts."""
    tool_calls: list[Any]
    """The tool calls that an assistant asks for."""
    tool_call_id: str
    """The call that a tool message answers."""


class ErrorDetail(TypedDict):
    """What went wrong in a tool call."""

    message: str
    """What was said."""
    type: NotRequired[str | None]
    """The kind of error: a class name, say."""
    stack_trace: NotRequired[str | None]
    """The stack, as text."""


class EventBase(TypedDict):
    """What every event has, whatever its kind."""

    id: str
    """The event's id."""
    session_id: str
    """The session it belongs to."""
    timestamp: str
    """When it happened: RFC 3339 in UTC."""
    metadata: dict[str, Any]
    """What was given with it."""
    parent_id: NotRequired[str | None]
    """The event it happened in."""
    producer_id: NotRequired[str | None]
    """The process that recorded it."""
    sequence: NotRequired[int | None]
    """Its number among those of its producer."""
    trace_id: NotRequired[str | None]
    """The trace id of OpenTelemetry, where there is one."""
    span_id: NotRequired[str | None]
    """The span id of OpenTelemetry, where there is one."""
    branch_name: NotRequired[str | None]
    """The branch of the agent's code."""
    duration_ms: NotRequired[float | None]
    """Milliseconds; None where not known."""


class ToolCall(EventBase):
    """A tool or function that the agent called."""

    type: Literal["tool_call"]
    """The kind of event."""
    tool_name: str
    """The tool's name."""
    tool_input: NotRequired[Any]
    """What went in."""
    tool_output: NotRequired[Any]
    """What came out."""
    error: NotRequired[ErrorDetail | None]
    """What went wrong, if anything."""
    reasoning: NotRequired[str | None]
    """Why the agent called it."""
    status: NotRequired[Outcome]
    """How it went."""
    cost: NotRequired[float | None]
    """US dollars; None where not known."""
    tokens_used: NotRequired[int | None]
    """Tokens the tool itself used."""
    state_before: NotRequired[Any]
    """The agent's state before it."""
    state_after: NotRequired[Any]
    """The agent's state after it."""


class Decision(EventBase):
    """A choice the agent made: what it weighed, what it took, and why."""

    type: Literal["decision"]
    """The kind of event."""
    name: NotRequired[str | None]
    """What was being decided."""
    reasoning: NotRequired[str | None]
    """Why it chose so."""
    alternatives: NotRequired[list[Any] | None]
    """What could have been chosen: strings, or `Alternative`s."""
    chosen: NotRequired[str | None]
    """What was chosen."""
    confidence: NotRequired[float | None]
    """How sure the agent was, from 0 to 1."""
    cost: NotRequired[float | None]
    """US dollars; None where not known."""
    tokens_used: NotRequired[int | None]
    """Tokens the decision took."""
    state_before: NotRequired[Any]
    """The agent's state before it."""
    state_after: NotRequired[Any]
    """The agent's state after it."""


class LLMCall(EventBase):
    """One call of a language model."""

    type: Literal["llm_call"]
    """The kind of event."""
    model: str
    """The model's name."""
    prompt: NotRequired[Any]
    """What was asked: a string, or a list of `ChatMessage`s."""
    response: NotRequired[Any]
    """What came back: a string, or a list of `ChatMessage`s."""
    tokens_used: NotRequired[int | None]
    """All tokens; None where not known."""
    prompt_tokens: NotRequired[int | None]
    """Tokens of the prompt."""
    completion_tokens: NotRequired[int | None]
    """Tokens of the answer."""
    cache_read_tokens: NotRequired[int | None]
    """Tokens read from the provider's cache."""
    cache_write_tokens: NotRequired[int | None]
    """Tokens written to the provider's cache."""
    reasoning_tokens: NotRequired[int | None]
    """Tokens the model spent on reasoning."""
    cost: NotRequired[float | None]
    """US dollars; None where not known, which is not zero."""
    time_to_first_token_ms: NotRequired[float | None]
    """Milliseconds until the first token came."""
    status: NotRequired[Outcome]
    """How it went."""


class ErrorEvent(EventBase):
    """Something that went wrong, whether or not the agent recovered from it."""

    type: Literal["error"]
    """The kind of event."""
    error_type: NotRequired[str | None]
    """The kind of error: a class name, say."""
    error_message: str
    """What was said."""
    stack_trace: NotRequired[str | None]
    """The stack, as text."""
    tool_name: NotRequired[str | None]
    """The tool it happened in."""
    recoverable: NotRequired[bool | None]
    """Whether the agent could go on; None where not known."""
    recovery_action: NotRequired[str | None]
    """What it did then."""
    state_before: NotRequired[Any]
    """The agent's state before it."""
    state_after: NotRequired[Any]
    """The agent's state after it."""


class Step(EventBase):
    """A named span of the run that other events nest under."""

    type: Literal["step"]
    """The kind of event."""
    name: str
    """What it is called."""
    input: NotRequired[Any]
    """What went in."""
    output: NotRequired[Any]
    """What came out."""
    status: NotRequired[Outcome]
    """How it went."""


class SessionStart(EventBase):
    """The start of a session."""

    type: Literal["session_start"]
    """The kind of event."""
    name: NotRequired[str | None]
    """What the session is called."""
    agent: NotRequired[str | None]
    """The agent that runs."""
    user_id: NotRequired[str | None]
    """The user it runs for."""
    tags: NotRequired[list[str] | None]
    """Words to find it by."""
    version: NotRequired[str | None]
    """The version of the agent."""
    input: NotRequired[Any]
    """What the agent was asked."""
    parent_session_id: NotRequired[str | None]
    """The session that started this one."""
    convo_id: NotRequired[str | None]
    """The conversation it belongs to."""


class SessionUpdate(EventBase):
    """A change to a session that goes on."""

    type: Literal["session_update"]
    """The kind of event."""
    status: NotRequired[Literal["active", "waiting"]]
    """Where it stands from now on."""
    waiting_for: NotRequired[str | None]
    """What it waits for."""
    name: NotRequired[str | None]
    """What the session is called."""
    agent: NotRequired[str | None]
    """The agent that runs."""
    user_id: NotRequired[str | None]
    """The user it runs for."""
    tags: NotRequired[list[str] | None]
    """Words to find it by."""
    version: NotRequired[str | None]
    """The version of the agent."""
    input: NotRequired[Any]
    """What the agent was asked."""


class SessionEnd(EventBase):
    """The end of a session. The first end stands."""

    type: Literal["session_end"]
    """The kind of event."""
    status: Literal["success", "error", "cancelled", "completed", "failed"]
    """How it ended."""
    summary: NotRequired[str | None]
    """How it ended, in words."""
    failure_reason: NotRequired[str | None]
    """Why it failed, as the published clients say it."""
    assistant_output: NotRequired[Any]
    """What the agent answered, as the published clients say it."""
    success: NotRequired[bool | None]
    """What the published clients send beside the status."""
    cost: NotRequired[float | None]
    """US dollars for the whole session, as the published clients say it."""
    custom_metrics: NotRequired[Any]
    """Figures of the caller's own."""
    prompt_tokens: NotRequired[int | None]
    """Tokens of all prompts."""
    completion_tokens: NotRequired[int | None]
    """Tokens of all answers."""
    tokens_used: NotRequired[int | None]
    """All tokens."""
    input: NotRequired[Any]
    """What the agent was asked."""


Event: TypeAlias = ToolCall | Decision | LLMCall | ErrorEvent | Step | SessionStart | SessionUpdate | SessionEnd
"""One recorded fact: `event["type"]` tells which kind, and type checkers narrow by it."""
