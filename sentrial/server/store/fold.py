"""A session as the fold of its events, one at a time and in any order.

A newcomer's mistake: a rule that depends on what came before. Each part here is a sum, a minimum or a maximum
by the events' order key, so that every permutation of the same events gives the same session; costs are summed
as integers (1e-12 dollars) because floats added in another order differ in the last digit.
"""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import msgspec

from sentrial.server.store.record import OrderKey, Record
from sentrial.server.store.rows import Failure, SessionRow

MAX_COUNT = 2**53 - 1
MAX_METADATA = 40_000
_PICO = 10**12
_MAX_NAME = 1024
_MAX_MESSAGE = 4096
_LIFECYCLE = frozenset({"session_start", "session_update", "session_end"})
_STATUS_READ_AS = {"completed": "success", "failed": "error"}
# The wire's name of what the last event to say it decides, and the name in the row.
_LAST_WORD = {
    "name": "name",
    "agentName": "agent",
    "userId": "user",
    "version": "version",
    "tags": "tags",
    "userInput": "user_input",
}

Stamped: TypeAlias = tuple[OrderKey, Any]


class End(msgspec.Struct, frozen=True, array_like=True):
    """What an end said. The first one by order stands."""

    order: OrderKey
    status: str
    summary: str | None
    tokens: int | None
    cost: int | None


class Stumble(msgspec.Struct, frozen=True, array_like=True):
    """An error event or a failed tool call. The last one by order is the session's failure."""

    order: OrderKey
    type: str | None
    message: str
    tool: str | None


class Fold(msgspec.Struct, omit_defaults=True):
    """The aggregates of one session; they live encoded in its row."""

    first_us: int | None = None
    last_us: int | None = None
    start_us: int | None = None
    fields: dict[str, Stamped] = {}
    metadata: dict[str, Stamped] = {}
    state: tuple[OrderKey, str, str | None] | None = None
    end: End | None = None
    stumble: Stumble | None = None
    event_count: int = 0
    tool_calls: int = 0
    llm_calls: int = 0
    decisions: int = 0
    errors: int = 0
    tokens: int | None = None
    cost: int | None = None

    def add(self, record: Record) -> None:
        """Fold one event in. Adding the same event twice counts it twice: the caller adds only new ones."""
        at_us, facts = record.order[0], record.facts
        self.first_us = at_us if self.first_us is None else min(self.first_us, at_us)
        if record.type == "client_report":
            return
        self.last_us = at_us if self.last_us is None else max(self.last_us, at_us)
        if record.type in _LIFECYCLE:
            self._add_lifecycle(record)
            return
        self.event_count += 1
        match record.type:
            case "tool_call":
                self.tool_calls += 1
                self._add_usage(facts)
                if facts.get("status", "error" if facts.get("toolError") else None) == "error":
                    self._add_stumble(record)
            case "llm_call":
                self.llm_calls += 1
                self._add_usage(facts)
            case "llm_decision":
                self.decisions += 1
                self._add_usage(facts)
            case "error":
                self._add_stumble(record)
            case _:
                pass

    def row(self, project: str, session_id: str) -> SessionRow:
        """Return the session that these events tell."""
        said = {name: value for name, (_, value) in self.fields.items()}
        merged = sorted(self.metadata.items(), key=lambda item: item[1][0])[:MAX_METADATA]
        metadata = {name: value for name, (_, value) in merged}
        end, stumble = self.end, self.stumble
        status, waiting_for = ("active", None) if self.state is None else self.state[1:]
        tokens, cost = self.tokens, self.cost
        if end is not None:
            status, waiting_for = end.status, None
            tokens = end.tokens if tokens is None else tokens
            cost = end.cost if cost is None else cost
        return SessionRow(
            project=project,
            id=session_id,
            status=status,
            started_us=self.start_us if self.start_us is not None else self.first_us or 0,
            name=said.get("name"),
            agent=said.get("agent"),
            user=said.get("user") or _user_of(metadata),
            version=said.get("version"),
            ended_us=None if end is None else end.order[0],
            last_event_us=self.last_us,
            summary=None if end is None else end.summary,
            waiting_for=waiting_for if status == "waiting" else None,
            user_input=said.get("user_input"),
            metadata=metadata,
            tags=tuple(said.get("tags") or ()),
            event_count=self.event_count,
            tool_calls=self.tool_calls,
            llm_calls=self.llm_calls,
            decisions=self.decisions,
            errors=self.errors,
            tokens=tokens,
            cost=None if cost is None else cost / _PICO,
            failure=None
            if stumble is None
            else Failure(type=stumble.type, message=stumble.message, tool=stumble.tool, event_id=stumble.order[3]),
        )

    def _add_lifecycle(self, record: Record) -> None:
        order, facts = record.order, record.facts
        for wire, name in _LAST_WORD.items():
            if (value := facts.get(wire)) is not None:
                _keep_last(self.fields, name, (order, value))
        metadata: dict[str, Any] = facts.get("metadata") or {}
        for name, value in metadata.items():
            _keep_last(self.metadata, name, (order, value))
        status: str = facts.get("status") or ""
        if record.type == "session_start":
            self.start_us = order[0] if self.start_us is None else min(self.start_us, order[0])
        elif record.type == "session_update" and status and (self.state is None or order > self.state[0]):
            self.state = (order, status, facts.get("waitingFor"))
        elif record.type == "session_end" and (self.end is None or order < self.end.order):
            self.end = End(
                order=order,
                status=_STATUS_READ_AS.get(status, status),
                summary=_summary_of(facts),
                tokens=_tokens_of(facts),
                cost=_cost_of(facts),
            )

    def _add_usage(self, facts: dict[str, Any]) -> None:
        if (tokens := _tokens_of(facts)) is not None:
            self.tokens = min((self.tokens or 0) + tokens, MAX_COUNT)
        if (cost := _cost_of(facts)) is not None:
            self.cost = (self.cost or 0) + cost

    def _add_stumble(self, record: Record) -> None:
        self.errors += 1
        if self.stumble is None or record.order > self.stumble.order:
            error: dict[str, Any] = record.facts.get("toolError") or {}
            message: str = error.get("message") or ""
            if not message and record.type == "tool_call":
                output = record.body.get("toolOutput")
                message = output if isinstance(output, str) else ""
            self.stumble = Stumble(
                order=record.order,
                type=error.get("type"),
                message=message[:_MAX_MESSAGE],
                tool=record.facts.get("toolName"),
            )


def _keep_last(kept: dict[str, Stamped], name: str, stamped: Stamped) -> None:
    if name not in kept or stamped[0] > kept[name][0]:
        kept[name] = stamped


def _user_of(metadata: dict[str, Any]) -> str | None:
    user = metadata.get("user_id")
    if isinstance(user, bool) or not isinstance(user, (str, int)):
        return None
    return str(user)[:_MAX_NAME] or None


def _summary_of(facts: dict[str, Any]) -> str | None:
    for name in ("summary", "failureReason", "assistantOutput"):
        value = facts.get(name)
        if isinstance(value, str) and value:
            return value
        if value is not None and not isinstance(value, str):
            return msgspec.json.encode(value).decode()
    return None


def _tokens_of(facts: dict[str, Any]) -> int | None:
    for name in ("totalTokens", "tokenCount"):
        if (value := facts.get(name)) is not None:
            return int(value)
    parts = [
        int(cast("int", facts[name])) for name in ("promptTokens", "completionTokens") if facts.get(name) is not None
    ]
    return min(sum(parts), MAX_COUNT) if parts else None


def _cost_of(facts: dict[str, Any]) -> int | None:
    cost = facts.get("estimatedCost")
    if cost is None:
        return None
    return int(cost) * _PICO if cost == int(cost) else round(cost * _PICO)
