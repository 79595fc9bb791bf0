"""`sentrial.types` against the contract, both ways: names, required keys, types, kinds and choices.

What a reader always fills in, though the wire may leave it out, is listed here with its reason.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from sentrial import _events, _reading, types

SPEC: dict[str, Any] = json.loads((Path(__file__).parents[2] / "generated" / "openapi.json").read_text("utf-8"))
SCHEMAS: dict[str, Any] = SPEC["components"]["schemas"]

PAIRS = {
    "Session": types.Session,
    "ToolCallEvent": types.ToolCall,
    "LlmDecisionEvent": types.Decision,
    "LlmCallEvent": types.LLMCall,
    "ErrorEvent": types.ErrorEvent,
    "StepEvent": types.Step,
    "SessionStartEvent": types.SessionStart,
    "SessionUpdateEvent": types.SessionUpdate,
    "SessionEndEvent": types.SessionEnd,
}
FILLED = {"id", "timestamp", "metadata"}
"""What each event that is read has, though whoever sends one may leave it to the server or out."""

FILLED_SESSION = {"name", "closed_at", "summary"}
"""What each session that is read has, None where the server says nothing."""

FLAT = {"ErrorEvent": {"error": {"error_type", "error_message", "stack_trace"}}}
"""What a reader lays flat: the detail of an error event."""

NAMES = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "null": NoneType,
    "object": dict,
    "array": list,
}


def resolved(schema: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """A schema behind its reference."""
    while "$ref" in schema:
        schema = spec[schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def wire_types(schema: dict[str, Any], spec: dict[str, Any]) -> set[Any]:
    """The Python types of a schema's values; object stands for any value at all."""
    if "oneOf" in schema:
        return set().union(*(wire_types(resolved(part, spec), spec) for part in schema["oneOf"]))
    if "type" not in schema:
        return {object}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {NAMES[kind] for kind in kinds}


def python_types(hint: Any) -> tuple[set[Any], set[Any]]:
    """The Python types of an annotation, and the choices where it is literal."""
    origin = get_origin(hint)
    if origin is NotRequired:
        return python_types(get_args(hint)[0])
    if origin in {Union, UnionType}:
        parts = [python_types(part) for part in get_args(hint)]
        return set().union(*(kinds for kinds, _ in parts)), set().union(*(choices for _, choices in parts))
    if origin is Literal:
        return {type(choice) for choice in get_args(hint)}, set(get_args(hint))
    if hint is Any:
        return {object}, set()
    if is_typeddict(hint):
        return {dict}, set()
    return {origin or hint}, set()


def expected(name: str, spec: dict[str, Any]) -> dict[str, tuple[bool, set[Any], set[Any]]]:
    """Each key that the contract's schema gives a reader: whether it is always there, its types, its choices."""
    schema = spec[name]
    keys: dict[str, tuple[bool, set[Any], set[Any]]] = {}
    for wire, member in schema["properties"].items():
        key, body = _reading.python_key(wire), resolved(member, spec)
        filled = FILLED_SESSION if name == "Session" else FILLED
        always = wire in schema.get("required", []) or key in filled
        kinds, choices = wire_types(body, spec), set(body.get("enum", []))
        if key == "metadata":
            kinds = {dict}
        if key == "type":
            choices = {_reading.KINDS.get(body["const"], body["const"])}
        if key in FLAT.get(name, {}):
            for inner, detail in body["properties"].items():
                flat = inner if inner == "stack_trace" else f"error_{inner}"
                keys[flat] = (inner in body["required"], wire_types(resolved(detail, spec), spec), set())
            continue
        if key in keys:
            always, kinds = always or keys[key][0], kinds | keys[key][1]
        keys[key] = (always, kinds, choices)
    return keys


def drift(name: str, kind: Any, spec: dict[str, Any]) -> list[str]:
    """Each difference between a schema and its TypedDict, in words."""
    hints, wanted = get_type_hints(kind, include_extras=True), expected(name, spec)
    said = [f"{key}: not in types" for key in wanted.keys() - hints.keys()]
    said += [f"{key}: not in the contract" for key in hints.keys() - wanted.keys()]
    for key in wanted.keys() & hints.keys():
        always, kinds, choices = wanted[key]
        found, found_choices = python_types(hints[key])
        # `__required_keys__` knows nothing of NotRequired in a module whose annotations are strings.
        if (get_origin(hints[key]) is not NotRequired) is not always:
            said.append(f"{key}: required in one, not in the other")
        if found != kinds:
            said.append(f"{key}: {found} is not {kinds}")
        if choices != found_choices and (choices or key != "status"):
            said.append(f"{key}: {found_choices} are not {choices}")
    return sorted(said)


@pytest.mark.parametrize("name", PAIRS)
def test_a_typed_dict_is_its_schema(name: str) -> None:
    """Each key of the contract is in the TypedDict, and the other way round, with type and requirement."""
    assert drift(name, PAIRS[name], SCHEMAS) == []


def test_every_event_of_the_contract_has_its_type() -> None:
    """Each kind of event has a TypedDict, but for reports, which no session shows, and kinds not known."""
    kinds = {ref["$ref"].rsplit("/", 1)[-1] for ref in SCHEMAS["Event"]["oneOf"]}

    assert kinds - {"ClientReportEvent", "OtherEvent"} == set(PAIRS) - {"Session"}
    assert set(get_args(types.Event)) == set(PAIRS.values()) - {types.Session}


def test_the_statuses_are_the_contracts() -> None:
    """A session's status and an event's outcome have the choices of the contract."""
    assert set(get_args(types.SessionStatus)) == set(SCHEMAS["SessionStatus"]["enum"])
    assert set(get_args(types.Outcome)) == set(SCHEMAS["OutcomeStatus"]["enum"]) == set(_events.OUTCOMES)
    assert set(_events.UPDATES) == set(SCHEMAS["SessionUpdateEvent"]["properties"]["status"]["enum"])
    assert set(_events.ENDS) <= set(SCHEMAS["SessionEndEvent"]["properties"]["status"]["enum"])


def test_no_two_wire_names_read_as_one() -> None:
    """Within a schema two wire names share a Python key only where they mean the same."""
    for name in PAIRS:
        keys: dict[str, list[str]] = {}
        for wire in SCHEMAS[name]["properties"]:
            keys.setdefault(_reading.python_key(wire), []).append(wire)
        shared = {key: wires for key, wires in keys.items() if len(wires) > 1}

        assert set(shared) <= {"tokens_used"}, name


PLANTED = {
    "an extra field": lambda spec: spec["ToolCallEvent"]["properties"].update(retryCount={"type": "integer"}),
    "a missing field": lambda spec: spec["ToolCallEvent"]["properties"].pop("toolName"),
    "another type": lambda spec: spec["ToolCallEvent"]["properties"].update(reasoning={"type": "integer"}),
    "another requirement": lambda spec: spec["ToolCallEvent"]["required"].append("reasoning"),
    "another name": lambda spec: spec["ToolCallEvent"]["properties"].update(
        why=spec["ToolCallEvent"]["properties"].pop("reasoning")
    ),
    "another choice": lambda spec: spec["OutcomeStatus"]["enum"].append("skipped"),
    "another kind": lambda spec: spec["ToolCallEvent"]["properties"]["eventType"].update(const="tool"),
}


@pytest.mark.parametrize("change", PLANTED)
def test_drift_is_seen(change: str) -> None:
    """Each way in which the contract could move away from the types is reported."""
    spec = copy.deepcopy(SCHEMAS)
    PLANTED[change](spec)

    assert drift("ToolCallEvent", types.ToolCall, spec) != []
