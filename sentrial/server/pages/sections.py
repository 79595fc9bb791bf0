"""What an event's details are made of: an event's wire form to a few shapes the template knows. Pure.

A newcomer's mistake: to read a field and forget that it may hold anything. Fields are taken by name; what
no line here takes is shown under "Other fields", so nothing recorded is ever hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from sentrial.server.pages.conversation import Message, messages
from sentrial.server.pages.decision import Option, weigh
from sentrial.server.pages.display import (
    Clip,
    Room,
    as_list,
    as_mapping,
    cost,
    duration,
    is_text,
    line,
    number,
    percent,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What the row itself shows, or what only machines read.
_ENVELOPE = frozenset({"eventType", "sessionId", "id", "timestamp", "durationMs", "parentId", "sequence"})
# How a field's figure is written, by how its name ends.
_UNITS: tuple[tuple[str, Callable[[float], str]], ...] = (
    ("Cost", cost),
    ("Ms", lambda milliseconds: duration(milliseconds * 1000)),
    ("confidence", percent),
    ("quantity", "{:,.0f}".format),
    ("Tokens", "{:,.0f}".format),
    ("tokenCount", "{:,.0f}".format),
)
_PLAIN_FACTS = (("Branch", "branchName"), ("Trace", "traceId"), ("Span", "spanId"), ("Producer", "producerId"))


@dataclass(frozen=True, slots=True)
class Text:
    """A text or a value. Tones: plain (data), reason (what the agent thought), error, stack."""

    form: ClassVar[str] = "text"
    label: str
    clip: Clip
    tone: str = "plain"

    def clips(self) -> tuple[Clip, ...]:
        """Give what of it may be cut."""
        return (self.clip,)


@dataclass(frozen=True, slots=True)
class Facts:
    """Short facts, each with its name."""

    form: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, str], ...]

    def clips(self) -> tuple[Clip, ...]:
        """Give what of it may be cut: nothing."""
        return ()


@dataclass(frozen=True, slots=True)
class Talk:
    """Messages in order; `before` more stand in front of them."""

    form: ClassVar[str] = "talk"
    label: str
    messages: tuple[Message, ...]
    before: int

    def clips(self) -> tuple[Clip, ...]:
        """Give what of it may be cut."""
        return tuple(message.content for message in self.messages)


@dataclass(frozen=True, slots=True)
class Weighing:
    """The alternatives of a decision, the chosen one marked; `more` are left out."""

    form: ClassVar[str] = "weighing"
    options: tuple[Option, ...]
    more: int

    def clips(self) -> tuple[Clip, ...]:
        """Give what of it may be cut: nothing."""
        return ()


Section = Text | Facts | Talk | Weighing


class Fields:
    """An event's fields, taken one after the other into sections."""

    def __init__(self, body: Mapping[str, Any], room: Room, limit: int) -> None:
        self._left = {name: value for name, value in body.items() if name not in _ENVELOPE and value is not None}
        self._room = room
        self._limit = limit
        self.sections: list[Section] = []

    def take(self, name: str) -> Any:
        """Give a field, and mark it as shown."""
        return self._left.pop(name, None)

    def value(self, label: str, name: str, tone: str = "plain", *, unless_empty: bool = False) -> None:
        """Show a field as it is, whatever it holds."""
        if name in self._left:
            value = self.take(name)
            if not (unless_empty and value in ({}, [], "")):
                self.sections.append(Text(label, self._room.clip(value, self._limit), tone))

    def talk(self, label: str, name: str, role: str) -> None:
        """Show a field as messages."""
        if name in self._left:
            shown, before = messages(self.take(name), role, self._room, limit=self._limit)
            self.sections.append(Talk(label, shown, before))

    def failure(self, label: str = "") -> None:
        """Show the error: what was said, below its type or the label given, and the stack."""
        if "toolError" not in self._left:
            return
        found = self.take("toolError")
        fields = as_mapping(found)
        if is_text(fields.get("message")):
            self.sections.append(
                Text(
                    label or line(fields.get("type")) or "Error",
                    self._room.clip(fields["message"], self._limit),
                    "error",
                )
            )
        else:
            self.sections.append(Text("Error", self._room.clip(found, self._limit), "error"))
        if is_text(fields.get("stack_trace")):
            self.sections.append(Text("Stack", self._room.clip(fields["stack_trace"], self._limit), "stack"))

    def weighing(self) -> None:
        """Show what could have been chosen."""
        options, more = weigh(self._left)
        chosen = self.take("chosen")
        self.take("alternativesConsidered")
        if options:
            self.sections.append(Weighing(options, more))
        elif chosen is not None:
            self.sections.append(Text("Chosen", self._room.clip(chosen, self._limit)))

    def facts(self, *named: tuple[str, str]) -> None:
        """Show short fields, each with its name, and those of the trace."""
        pairs = [(label, _fact(name, self.take(name))) for label, name in (*named, *_PLAIN_FACTS) if name in self._left]
        pairs = [(label, said) for label, said in pairs if said]
        if pairs:
            self.sections.append(Facts(tuple(pairs)))

    def rest(self) -> None:
        """Show what was not taken yet."""
        self.value("Metadata", "metadata", unless_empty=True)
        self.value("State before", "stateBefore", unless_empty=True)
        self.value("State after", "stateAfter", unless_empty=True)
        if self._left:
            self.sections.append(Text("Other fields", self._room.clip(self._left, self._limit)))


def sections(body: Mapping[str, Any], room: Room, limit: int) -> tuple[Section, ...]:
    """Give an event's details.

    Args:
        body: The event as it goes over the wire.
        room: What the page has left for text.
        limit: How many characters of one value at most.
    """
    fields = Fields(body, room, limit)
    match body.get("eventType"):
        case "tool_call":
            fields.failure()
            fields.value("Reasoning", "reasoning", "reason")
            fields.value("Input", "toolInput")
            fields.value("Output", "toolOutput")
            fields.take("toolName")
            fields.facts(("Outcome", "status"), ("Cost", "estimatedCost"), ("Tokens", "tokenCount"))
        case "llm_call":
            fields.talk("Conversation", "prompt", "user")
            fields.talk("Response", "response", "assistant")
            fields.facts(
                ("Model", "model"), ("Outcome", "status"), ("First token after", "timeToFirstTokenMs"),
                ("Tokens in", "promptTokens"), ("Tokens out", "completionTokens"), ("Cache read", "cacheReadTokens"),
                ("Cache written", "cacheWriteTokens"), ("Reasoning tokens", "reasoningTokens"),
                ("Tokens in all", "totalTokens"), ("Tokens", "tokenCount"), ("Cost", "estimatedCost"),
            )  # fmt: skip  # one pair a line would fill the screen
        case "llm_decision":
            fields.value("Reasoning", "reasoning", "reason")
            fields.weighing()
            fields.facts(
                ("Decision", "name"), ("Confidence", "confidence"), ("Cost", "estimatedCost"), ("Tokens", "tokenCount")
            )
        case "error":
            fields.failure("Message")
            fields.facts(("Tool", "toolName"), ("Recoverable", "recoverable"), ("Recovery action", "recoveryAction"))
        case "step":
            fields.value("Input", "input")
            fields.value("Output", "output")
            fields.facts(("Step", "name"), ("Outcome", "status"))
        case "session_start" | "session_update" | "session_end":
            _session(fields)
        case "client_report":
            fields.facts(("Reason", "reason"), ("Events lost", "quantity"), ("From", "firstAt"), ("To", "lastAt"))
        case _:
            pass
    fields.rest()
    return tuple(fields.sections)


def _session(fields: Fields) -> None:
    fields.value("Task", "userInput")
    fields.value("Summary", "summary")
    fields.value("Failure reason", "failureReason", "error")
    fields.value("Answer", "assistantOutput")
    fields.facts(
        ("Name", "name"), ("Agent", "agentName"), ("User", "userId"), ("Version", "version"), ("Tags", "tags"),
        ("Status", "status"), ("Waiting for", "waitingFor"), ("Parent session", "parentSessionId"),
        ("Conversation", "convoId"), ("Tokens in", "promptTokens"), ("Tokens out", "completionTokens"),
        ("Tokens in all", "totalTokens"), ("Cost", "estimatedCost"),
    )  # fmt: skip  # one pair a line would fill the screen


def _fact(name: str, value: Any) -> str:
    """Give a short field as text, in its own unit where it is the number it should be."""
    figure = number(value)
    if figure is not None:
        unit = next((unit for ending, unit in _UNITS if name.endswith(ending)), None)
        return unit(figure) if unit else line(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(line(tag, 40) for tag in as_list(value)[:20]) if name == "tags" else line(value)
