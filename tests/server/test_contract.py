"""The contract decides what a request may hold; each operation of it has a route and a handler."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sentrial.server import handlers
from sentrial.server.app import create_app
from sentrial.server.contract import Contract, load_contract

if TYPE_CHECKING:
    from sentrial.server.store import Store

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "generated" / "openapi.json").read_text(encoding="utf-8")
)


def event(kind: str, **fields: Any) -> dict[str, Any]:
    """Return an event of a kind."""
    return {"eventType": kind, "sessionId": "sess_1", **fields}


def test_every_operation_has_a_handler_of_its_name() -> None:
    """No operation without a function, and no public function without an operation."""
    operations = {operation.handler_name for operation in load_contract().operations}

    functions = {
        name for name, value in vars(handlers).items() if callable(value) and value.__module__ == handlers.__name__
    }

    assert {name for name in functions if name.islower() and not name.startswith("_")} == operations


def test_the_server_does_not_start_without_a_handler(store: Store) -> None:
    """An operation that nobody wrote is named before the first request."""
    document = copy.deepcopy(DOCUMENT)
    document["paths"]["/api/sdk/health"]["get"]["operationId"] = "getWellbeing"

    with pytest.raises(LookupError, match=r"getWellbeing has no handler: write handlers\.get_wellbeing"):
        create_app(store, contract=Contract(document))


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        (event("tool_call", toolName=""), '/toolName "" is shorter than 1 character'),
        (event("tool_call"), '"toolName" is a required property'),
        (event("tool_call", toolName="t", timestamp="now"), '/timestamp "now" is not a "date-time"'),
        (event("error", toolError={"message": 3}), '/toolError/message 3 is not of type "string"'),
        (event("Tool Call"), None),
        ({"sessionId": "sess_1"}, '"eventType" is a required property'),
        ([], '[] is not of type "object"'),
        (None, 'null is not of type "object"'),
        ({"eventType": ["tool_call"], "sessionId": "s"}, '/eventType ["tool_call"] is not of type "string"'),
    ],
)
def test_an_event_is_judged_by_the_schema_of_its_kind(sent: Any, wrong: str | None) -> None:
    """The text names the place and the rule of that kind, not a union of all kinds."""
    said = load_contract().check_event(sent)

    assert said is not None
    assert said == (wrong or said)


@pytest.mark.parametrize("kind", ["handoff", "guardrail.check", "x"])
def test_a_kind_that_nobody_knows_yet_is_taken(kind: str) -> None:
    """A newer client must not lose to an older server."""
    assert load_contract().check_event(event(kind, anything={"goes": True})) is None


def test_a_payload_is_never_echoed_whole() -> None:
    """What is wrong is said in a line; the value is cut, the rule is not."""
    said = load_contract().check_event(event("tool_call", toolName="x" * 5000))

    assert said is not None
    assert len(said) < 230
    assert said.endswith("is longer than 1024 characters")
