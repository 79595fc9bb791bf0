"""One event as a row of the session page: its kind, what it says in one line, its figures. Pure.

A newcomer's mistake: to confuse kinds. `EventRow.type` is the wire's name (`llm_call`); `kind` here is
how it is drawn (`model`): a shape and a colour, the same wherever it appears.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sentrial.server.pages.conversation import gist
from sentrial.server.pages.decision import chosen_option, confidence
from sentrial.server.pages.display import arguments, as_mapping, cost, count, duration, is_text, line, number, offset
from sentrial.server.pages.timeline import length_us

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sentrial.server.pages.sections import Section
    from sentrial.server.pages.timeline import Bar
    from sentrial.server.store.rows import EventRow

KINDS = {
    "tool_call": "tool",
    "llm_call": "model",
    "llm_decision": "decision",
    "error": "error",
    "step": "step",
    "session_start": "session",
    "session_update": "session",
    "session_end": "session",
    "client_report": "report",
}
_PLAIN = frozenset({"eventType", "sessionId", "id", "timestamp", "durationMs", "parentId", "sequence", "producerId"})
KIND_NAMES = {
    "tool": "Tool call",
    "model": "Model call",
    "decision": "Decision",
    "error": "Error",
    "step": "Step",
    "session": "Session",
    "report": "Client report",
    "other": "Event",
}


@dataclass(frozen=True, slots=True)
class EventLine:
    """What one event says in one line.

    Attributes:
        kind: How it is drawn: a key of `KIND_NAMES`.
        title: Its name: the tool, the model, the error's type.
        hint: The rest of the line.
        badge: A decision's confidence.
        close: Whether that decision was close.
        failed: Whether it went wrong.
    """

    kind: str
    title: str
    hint: str
    badge: str = ""
    close: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class EventView:
    """One row of the session page, ready for the template."""

    id: str
    number: int
    line: EventLine
    depth: int
    at: str
    length: str
    tokens: str
    cost: str
    bar: Bar
    sections: tuple[Section, ...]
    opened: bool = False
    culprit: bool = False
    href: str = ""
    wire_type: str = ""

    @property
    def kind_name(self) -> str:
        """The kind in words, for those who don't see its shape."""
        return KIND_NAMES[self.line.kind]

    @property
    def is_cut(self) -> bool:
        """Whether a value of it is not shown whole."""
        return any(clip.cut for section in self.sections for clip in section.clips())


def describe(event: EventRow) -> EventLine:
    """Say in one line what an event is."""
    body, kind = event.body, kind_of(event)
    failed = body.get("status") == "error"
    match kind:
        case "tool":
            failed = failed or body.get("toolError") is not None
            title, hint = line(body.get("toolName")), arguments(body.get("toolInput"))
        case "model":
            title, hint = line(body.get("model")), gist(body.get("response")) or gist(body.get("prompt"))
        case "decision":
            return _decision(body)
        case "error":
            (title, hint), failed = error_text(body.get("toolError")), True
        case "step":
            title, hint = line(body.get("name")), arguments(body.get("input"))
        case "session":
            return _session(event.type, body)
        case "report":
            title, hint, failed = "Events lost", f"{line(body.get('quantity'))} · {line(body.get('reason'))}", True
        case _:
            own = {name: value for name, value in body.items() if name not in _PLAIN}
            title, hint = line(event.type), arguments(own)
    return EventLine(kind, title, hint, failed=failed)


def kind_of(event: EventRow) -> str:
    """Give how the event is drawn."""
    return KINDS.get(event.type, "other")


def error_text(found: Any) -> tuple[str, str]:
    """Give an error's type and its message, each in one line."""
    fields = as_mapping(found)
    return line(fields.get("type")) or "Error", line(fields.get("message") if "message" in fields else found, 300)


def figures(event: EventRow, started_us: int) -> dict[str, str]:
    """Give the figures of the row: when it was, how long it took, its tokens and its cost."""
    return {
        "at": offset(event.timestamp_us - started_us),
        "length": duration(length_us(event)),
        "tokens": count(tokens(event.body)),
        "cost": cost(number(event.body.get("estimatedCost"))) if kind_of(event) != "session" else "",
    }


def tokens(body: Mapping[str, Any]) -> float | None:
    """Give the tokens of an event, from the first of its fields that knows."""
    if str(body.get("eventType")).startswith("session_"):
        return None
    whole = next(
        (found for name in ("totalTokens", "tokenCount") if (found := number(body.get(name))) is not None), None
    )
    halves = [found for name in ("promptTokens", "completionTokens") if (found := number(body.get(name))) is not None]
    return whole if whole is not None else sum(halves) if halves else None


def _decision(body: Mapping[str, Any]) -> EventLine:
    chosen = chosen_option(body)
    name = body.get("name")
    reasoning = line(body.get("reasoning"))
    return EventLine(
        "decision",
        line(name) if is_text(name) else "decision",
        f"→ {chosen.name}" if chosen else reasoning,
        badge=(chosen.score if chosen else "") or confidence(body),
        close=chosen.close if chosen else False,
    )


def _session(wire_type: str, body: Mapping[str, Any]) -> EventLine:
    match wire_type:
        case "session_start":
            said = [body.get("name"), body.get("userInput")]
            return EventLine("session", "Session started", " · ".join(line(part) for part in said if part))
        case "session_end":
            said = [body.get("status"), body.get("summary") or body.get("failureReason")]
            failed = body.get("status") in ("error", "failed")
            return EventLine("session", "Session ended", " · ".join(line(part) for part in said if part), failed=failed)
        case _:
            said = [body.get("status"), body.get("waitingFor")]
            return EventLine("session", "Session updated", " · ".join(line(part) for part in said if part))


def number_of(name: str) -> Callable[[EventRow], float | None]:
    """Give a measure that reads a number from a field."""
    return lambda event: number(event.body.get(name))
