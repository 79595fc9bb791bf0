"""Maps one conversation of a chat log to the events of a session. Pure: no file, no clock, no client.

A newcomer's mistake: filling gaps. What the log does not say (durations, tokens, cost) is left out, never guessed;
and ids come from the content, so the same conversation is the same session for ever.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sentrial.cli.chatcalls import RESULT_ROLES, answers_of, calls_of, name_of_tool, objects_of, text_of
from sentrial.cli.chatfile import is_object
from sentrial.cli.chattime import time_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sentrial.cli.chatcalls import Call
    from sentrial.cli.chatfile import Conversation, Message

Status: TypeAlias = Literal["success", "error", "cancelled"]

_TICK = timedelta(microseconds=1)
_SMALL_FIELD_CHARACTERS = 1_000
_SUMMARY_CHARACTERS = 2_000
_MOST_ALTERNATIVES = 50
_PROMPT_NOTE = "only what is new since the previous model call"


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One turn of the model."""

    event_id: str
    timestamp: datetime
    model: str
    prompt: list[Message]
    response: str | list[Message]
    prompt_tokens: int | None
    completion_tokens: int | None
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """The choice of tools that a model's turn made."""

    event_id: str
    timestamp: datetime
    reasoning: str | None
    alternatives: list[str]
    chosen: str
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call with its result. Without a result its output is None, and it counts as cancelled."""

    event_id: str
    timestamp: datetime
    tool_name: str
    tool_input: Any
    tool_output: Any
    status: Status
    error: str | None
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """A conversation as a session: what starts it, its events in order, what ends it."""

    session_id: str
    started: datetime
    user_input: str | None
    metadata: dict[str, Any]
    events: tuple[ModelCall | Decision | ToolCall, ...]
    ended: datetime
    status: Status
    summary: str | None

    @property
    def start_event_id(self) -> str:
        """The id of the event that starts it."""
        return _event_id(self.session_id, "start")

    @property
    def end_event_id(self) -> str:
        """The id of the event that ends it."""
        return _event_id(self.session_id, "end")


def session_of(
    conversation: Conversation, *, repeat: int, base: datetime, tools: Sequence[str] = ()
) -> ImportedSession:
    """Map a conversation to a session.

    Args:
        conversation: What the file holds.
        repeat: How many equal conversations stood before it in the file: equal ones become sessions of their own.
        base: The time of its start where the file tells none.
        tools: Tool names called anywhere in the file: the alternatives of a conversation that lists no tools.
    """
    session_id = f"sess_imp{hashlib.sha256(f'{conversation.digest}:{repeat}'.encode()).hexdigest()[:32]}"
    started = time_of(conversation.fields) or _first_time(conversation.messages) or base
    walk = _Walk(session_id, started, conversation, tools)
    events = tuple(walk.events())
    status, summary = _ending(conversation)
    return ImportedSession(
        session_id=session_id,
        started=started,
        user_input=next((text_of(m) for m in conversation.messages if m["role"] == "user"), None),
        metadata=_session_metadata(conversation, has_times=walk.has_times),
        events=events,
        ended=walk.now + _TICK,
        status=status,
        summary=summary,
    )


def tool_names(conversation: Conversation) -> Iterator[str]:
    """Name the tool of each tool call, in order."""
    for message in conversation.messages:
        for call in calls_of(message):
            yield call.name


@dataclass(slots=True)
class _Walk:
    """The way through the messages of one conversation, with its clock, which never stands still."""

    session_id: str
    now: datetime
    conversation: Conversation
    tools: Sequence[str]
    has_times: bool = False
    _count: int = field(default=0, init=False)

    def events(self) -> Iterator[ModelCall | Decision | ToolCall]:
        messages = self.conversation.messages
        answers = answers_of(messages)
        alternatives, basis = self._alternatives()
        new: list[Message] = []
        for index, message in enumerate(messages):
            self._advance(time_of(message))
            if message["role"] != "assistant":
                new.append(message)
                continue
            calls = calls_of(message)
            yield self._model_call(message, new, index, has_calls=bool(calls))
            new = []
            if calls:
                yield self._decision(message, calls, alternatives, basis)
            for position, call in enumerate(calls):
                yield self._tool_call(call, answers.get((index, position)))

    def _advance(self, time: datetime | None) -> None:
        if time is not None:
            self.has_times = True
            self.now = max(self.now, time)

    def _next(self) -> tuple[str, datetime]:
        self._count += 1
        self.now += _TICK
        return _event_id(self.session_id, str(self._count)), self.now

    def _alternatives(self) -> tuple[list[str], str]:
        fields = self.conversation.fields
        listed = [name_of_tool(tool) for name in ("tools", "functions") for tool in objects_of(fields.get(name))]
        if listed:
            return listed, "the tools that the log lists"
        if len(self.tools) <= _MOST_ALTERNATIVES:
            return list(self.tools), "the tools called anywhere in the file"
        return list(dict.fromkeys(tool_names(self.conversation))), "the tools called in the conversation"

    def _model_call(self, message: Message, prompt: list[Message], index: int, *, has_calls: bool) -> ModelCall:
        event_id, timestamp = self._next()
        model = message.get("model") or self.conversation.fields.get("model")
        usage = message.get("usage")
        counts: dict[str, Any] = usage if is_object(usage) else {}
        return ModelCall(
            event_id=event_id,
            timestamp=timestamp,
            model=model if isinstance(model, str) else "unknown",
            prompt=prompt,
            response=[message] if has_calls else text_of(message) or "",
            prompt_tokens=_count_of(counts.get("prompt_tokens")),
            completion_tokens=_count_of(counts.get("completion_tokens")),
            metadata={"prompt": _PROMPT_NOTE, "messages_before": index},
        )

    def _decision(self, message: Message, calls: Sequence[Call], alternatives: list[str], basis: str) -> Decision:
        event_id, timestamp = self._next()
        chosen = list(dict.fromkeys(call.name for call in calls))
        reasoning = message.get("reasoning_content")
        return Decision(
            event_id=event_id,
            timestamp=timestamp,
            reasoning=reasoning if isinstance(reasoning, str) and reasoning else text_of(message),
            alternatives=[*alternatives, *(name for name in chosen if name not in alternatives)],
            chosen=", ".join(chosen),
            metadata={"alternatives": basis},
        )

    def _tool_call(self, call: Call, answer: Message | None) -> ToolCall:
        event_id, timestamp = self._next()
        text = text_of(answer) if answer is not None else None
        reason = text.removeprefix("Error").lstrip(": ") or text if text and text.startswith("Error") else None
        return ToolCall(
            event_id=event_id,
            timestamp=timestamp,
            tool_name=call.name,
            tool_input=_json_or_text(call.arguments),
            tool_output=_json_or_text(answer.get("content") if text is None else text) if answer is not None else None,
            status="cancelled" if answer is None else "error" if reason else "success",
            error=reason,
            metadata=({"call_id": call.id} if call.id else {})
            | ({"answer": "none in the log"} if answer is None else {}),
        )


def _ending(conversation: Conversation) -> tuple[Status, str | None]:
    reward = conversation.fields.get("reward")
    if isinstance(reward, int | float) and reward <= 0:
        return "error", f"The run ended with a reward of {reward}."
    last = next((text_of(m) for m in reversed(conversation.messages) if m["role"] == "assistant" and text_of(m)), None)
    return "success", last[:_SUMMARY_CHARACTERS] if last else None


def _session_metadata(conversation: Conversation, *, has_times: bool) -> dict[str, Any]:
    metadata: dict[str, Any] = {"reward": None}
    left_out: list[str] = []
    for name, value in conversation.fields.items():
        if name in {"tools", "functions"} or len(json.dumps(value)) > _SMALL_FIELD_CHARACTERS:
            left_out.append(name)
        else:
            metadata[name] = value
    if left_out:
        metadata["not_imported"] = left_out
    if not has_times and time_of(conversation.fields) is None:
        metadata["times"] = "not in the file"
    # Results are told with their calls; what a user said last is in no prompt, and would be lost.
    rest = conversation.messages[_after_last_turn(conversation.messages) :]
    if unanswered := [message for message in rest if message["role"] not in RESULT_ROLES]:
        metadata["after_the_last_turn"] = unanswered
    return metadata


def _after_last_turn(messages: Sequence[Message]) -> int:
    return max((index for index, message in enumerate(messages) if message["role"] == "assistant"), default=-1) + 1


def _first_time(messages: Sequence[Message]) -> datetime | None:
    return next((time for message in messages if (time := time_of(message)) is not None), None)


def _event_id(session_id: str, name: str) -> str:
    return f"{session_id.replace('sess_', 'evt_', 1)}.{name}"


def _json_or_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _count_of(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
