"""The contract (openapi.yaml) at run time: one validator a schema, one operation a route.

A newcomer's mistake: to check a field in a handler. What a request may hold is said once, in the contract; a
handler sees only what passed it. YAML is not read here: `make gen` writes the same document as JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from jsonschema_rs import Draft202012Validator, ValidationError

from sentrial.server.body import as_object
from sentrial.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request

_MAX_TEXT = 200
_METHODS = ("get", "post", "put", "patch", "delete")
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation: where it is, and what it may be."""

    name: str
    place: str
    required: bool
    is_integer: bool
    default: Any
    validator: Draft202012Validator

    def read(self, sent: list[str]) -> Any:
        """Return the value sent, or the default.

        Raises:
            Problem: 400 where it is repeated, missing though required, or not of its schema.
        """
        if not sent:
            if self.required:
                raise Problem(400, "bad_request", f"the {self.place} parameter {self.name} is missing")
            return self.default
        if len(sent) > 1:
            raise Problem(400, "bad_request", f"the {self.place} parameter {self.name} is repeated")
        value: Any = int(sent[0]) if self.is_integer and _INTEGER.fullmatch(sent[0]) else sent[0]
        if wrong := explain(self.validator, value):
            raise Problem(400, "bad_request", f"the {self.place} parameter {self.name}: {wrong}")
        return value


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract."""

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    content_type: str | None
    body_schema: str | None
    needs_key: bool

    @property
    def handler_name(self) -> str:
        """The operationId in snake_case: the name of its function in handlers.py."""
        return _HUMP.sub(r"_\1", self.id).lower()

    def read_parameters(self, request: Request) -> dict[str, Any]:
        """Return the value of each parameter by name.

        Raises:
            Problem: 400 where one does not fit.
        """
        values: dict[str, Any] = {}
        for parameter in self.parameters:
            match parameter.place:
                case "query":
                    sent = request.query_params.getlist(parameter.name)
                case "header":
                    sent = request.headers.getlist(parameter.name)
                case _:
                    sent = [request.path_params[parameter.name]]
            values[parameter.name] = parameter.read(sent)
        return values


class Contract:
    """The validators and operations of one OpenAPI document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        schemas: dict[str, Any] = document["components"]["schemas"]
        self._validators = {name: self._compile({"$ref": f"#/components/schemas/{name}"}) for name in schemas}
        self._event_schemas: dict[str, str] = {}
        for reference in schemas["Event"]["oneOf"]:
            name = reference["$ref"].rpartition("/")[2]
            kind = schemas[name]["properties"]["eventType"].get("const")
            if kind is not None:
                self._event_schemas[kind] = name
        self.operations = tuple(self._read_operations())

    def check(self, schema: str, value: Any) -> str | None:
        """Return what is wrong with a value by the named schema, or None."""
        return explain(self._validators[schema], value)

    def check_event(self, event: Any) -> str | None:
        """Return what is wrong with an event by the schema of its kind, or None."""
        kind = as_object(event).get("eventType")
        return self.check(self._event_schemas.get(kind, "OtherEvent") if isinstance(kind, str) else "OtherEvent", event)

    def _compile(self, schema: Mapping[str, Any]) -> Draft202012Validator:
        return Draft202012Validator(
            {**schema, "components": self._document["components"]}, validate_formats=True, offline=True
        )

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            target: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def _read_operations(self) -> Iterable[Operation]:
        for path, item in self._document["paths"].items():
            for method in _METHODS:
                if method not in item:
                    continue
                operation: dict[str, Any] = item[method]
                content: dict[str, Any] = operation.get("requestBody", {"content": {}})["content"]
                content_type = next(iter(content), None)
                reference: str = content[content_type]["schema"].get("$ref", "") if content_type else ""
                yield Operation(
                    id=operation["operationId"],
                    method=method.upper(),
                    path=path,
                    parameters=tuple(
                        self._read_parameter(self._resolve(parameter))
                        for parameter in (*item.get("parameters", ()), *operation.get("parameters", ()))
                    ),
                    content_type=content_type,
                    body_schema=reference.rpartition("/")[2] or None,
                    needs_key=bool(operation["security"]),
                )

    def _read_parameter(self, parameter: Mapping[str, Any]) -> Parameter:
        schema = self._resolve(parameter["schema"])
        return Parameter(
            name=parameter["name"],
            place=parameter["in"],
            required=parameter.get("required", False),
            is_integer=schema.get("type") == "integer",
            default=schema.get("default"),
            validator=self._compile(parameter["schema"]),
        )


@cache
def load_contract() -> Contract:
    """Return the contract this package was built with: beside this module in a wheel, else the repository's."""
    path = Path(__file__).with_name("openapi.json")
    if not path.exists():
        path = Path(__file__).parents[2] / "generated" / "openapi.json"
    return Contract(msgspec.json.decode(path.read_bytes()))


def explain(validator: Draft202012Validator, value: Any) -> str | None:
    """Return the first thing wrong with a value, as `/where what`, or None."""
    if validator.is_valid(value):
        return None
    return _text(next(validator.iter_errors(value)))


def _text(error: ValidationError) -> str:
    where = "".join(f"/{part}" for part in error.instance_path)
    # A message begins with the value, which may be the whole payload, and ends with the rule.
    message = error.message
    if len(message) > _MAX_TEXT:
        message = f"{message[: _MAX_TEXT // 2 - 3]}... {message[-_MAX_TEXT // 2 + 1 :]}"
    return f"{where[:_MAX_TEXT]} {message}".strip()
