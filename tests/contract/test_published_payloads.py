"""The examples of the contract are what published clients send: they fit its schemas and the live server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sentrial.server.contract import Contract, load_contract
from sentrial.server.serve import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator


DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "generated" / "openapi.json").read_text(encoding="utf-8")
)
METHODS = ("get", "post", "patch", "delete")


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """Follow a node's references inside the contract."""
    while "$ref" in node:
        target: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def examples_of(content: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield schema, name and value of each example of a body."""
    for media in content.values():
        schema = media["schema"].get("$ref", "").rpartition("/")[2]
        for name, example in media.get("examples", {}).items():
            yield schema, name, resolve(example)["value"]


def requests() -> Iterator[Any]:
    """Yield method, path and body of each example of a request."""
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            operation = item.get(method, {})
            for _, name, value in examples_of(operation.get("requestBody", {}).get("content", {})):
                yield pytest.param(method, path, value, id=f"{operation['operationId']}-{name}")


def shapes() -> Iterator[Any]:
    """Yield schema and value of each example of a JSON body, and of each schema."""
    for item in DOCUMENT["paths"].values():
        for method in METHODS:
            operation = item.get(method, {})
            bodies = [operation.get("requestBody", {}), *map(resolve, operation.get("responses", {}).values())]
            for number, body in enumerate(bodies):
                for schema, name, value in examples_of(body.get("content", {})):
                    if schema:
                        yield pytest.param(schema, value, id=f"{operation['operationId']}-{number}-{name}")
    for schema, definition in DOCUMENT["components"]["schemas"].items():
        for number, value in enumerate(definition.get("examples", ())):
            yield pytest.param(schema, value, id=f"{schema}-{number}")


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract, compiled once."""
    return load_contract()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server with a key of the project that the examples name."""
    with EmbeddedServer(tmp_path_factory.mktemp("published") / "sentrial.db") as server:
        key = server.store.create_key("support")
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}) as client:
            yield client


@pytest.mark.parametrize(("schema", "value"), list(shapes()))
def test_every_example_fits_its_schema(contract: Contract, schema: str, value: Any) -> None:
    """An example that does not fit would teach a reader something wrong."""
    assert contract.check(schema, value) is None
    if schema.endswith("Event"):
        assert contract.check_event(value) is None


@pytest.mark.parametrize(("method", "path", "value"), list(requests()))
def test_every_example_of_a_request_is_taken(published: httpx.Client, method: str, path: str, value: Any) -> None:
    """What published clients send gets a 2xx and an answer of the contract's shape, as it is."""
    started = published.post("/api/sdk/sessions", json={"name": "Customer Support Agent"}).json()["id"]
    address = path.replace("{sessionId}", started)

    if isinstance(value, str):
        answer = published.request(method, address, content=value, headers={"Content-Type": "application/x-ndjson"})
    else:
        answer = published.request(method, address, json=value)

    assert answer.is_success, answer.text
    assert isinstance(answer.json(), dict)
    assert answer.json().get("rejected", []) == []


def test_a_run_of_a_published_client_is_read_as_it_was_meant(published: httpx.Client) -> None:
    """Start, tool call, decision, error and end of `sentrial` 0.6 make one failed session with its totals."""
    examples = {
        operation["operationId"]: {name: value for _, name, value in examples_of(operation["requestBody"]["content"])}
        for item in DOCUMENT["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "requestBody" in operation
    }

    session_id = published.post("/api/sdk/sessions", json=examples["createSession"]["sentrial_0_6"]).json()["id"]
    for name in ("sentrial_0_6_tool_call", "sentrial_0_6_decision", "sentrial_0_6_error"):
        published.post("/api/sdk/events", json={**examples["createEvent"][name], "sessionId": session_id})
    ended = published.patch(f"/api/sdk/sessions/{session_id}", json=examples["updateSession"]["sentrial_0_6"]).json()

    assert (ended["status"], ended["summary"]) == ("error", "the refund was over the limit")
    assert (ended["agentName"], ended["userId"]) == ("support-agent", "user_123")
    assert (ended["toolCallCount"], ended["decisionCount"], ended["errorCount"]) == (1, 1, 2)
    assert (ended["totalTokens"], ended["totalCost"]) == (370, 0.002)
