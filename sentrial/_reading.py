"""An event or a session of the wire, read back in Python's words. Tolerant of what it does not know.

The pairs of names stand once, here: `KEYS`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = {"llm_decision": "decision"}
"""Kinds whose name differs on the wire."""

KEYS = {
    "eventType": "type",
    "estimatedCost": "cost",
    "totalCost": "cost",
    "totalTokens": "tokens_used",
    "tokenCount": "tokens_used",
    "toolError": "error",
    "alternativesConsidered": "alternatives",
    "agentName": "agent",
    "userInput": "input",
    "endedAt": "closed_at",
}
"""Wire names whose Python name is more than the same words in snake_case."""

_CAPITAL = re.compile(r"(?<!^)([A-Z])")


def from_wire(body: Mapping[str, Any]) -> dict[str, Any]:
    """An event or a session of the wire in Python's words. What is not known is kept under its snake_case name."""
    read: dict[str, Any] = {}
    for key, value in body.items():
        read.setdefault(python_key(key), value)
    if "type" in read:
        read["type"] = KINDS.get(read["type"], read["type"])
        if read["type"] == "error" and isinstance(read.get("error"), dict):
            detail = read.pop("error")
            read["error_type"] = detail.get("type")
            read["error_message"] = detail.get("message")
            if "stack_trace" in detail:
                read["stack_trace"] = detail["stack_trace"]
    if not isinstance(read.get("metadata"), dict):
        read["metadata"] = {}
    return read


def python_key(wire: str) -> str:
    """The Python name of a field of the wire."""
    return KEYS.get(wire) or _CAPITAL.sub(r"_\1", wire).lower()
