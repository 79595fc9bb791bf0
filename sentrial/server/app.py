"""The application: a route for each path of the contract, and the pages.

A newcomer's mistake: to add a route by hand. An operation in openapi.yaml makes its own route, and the server
does not start while its handler is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sentrial.server import handlers, pages
from sentrial.server.body import MAX_BATCH_BYTES, MAX_EVENT_BYTES, InvalidJsonError, as_object, decode_json, read_body
from sentrial.server.contract import Contract, Operation, load_contract
from sentrial.server.handlers import Call
from sentrial.server.problems import Problem, render, unavailable
from sentrial.server.security import Access, Guard, authenticate
from sentrial.server.store import Scope, Store, StoreError
from sentrial.server.store.keys import PROJECT_NAME

if TYPE_CHECKING:
    from starlette.requests import Request

Handler: TypeAlias = Callable[[Call], Response]

_CODES = {404: "not_found", 405: "method_not_allowed", 413: "payload_too_large"}
# What the published clients read before they may write: any key will do.
_ANY_SCOPE = frozenset({"getPiiConfig", "getHealth"})


def create_app(
    store: Store,
    *,
    allowed_hosts: Iterable[str] = (),
    keyless_allowed: bool = True,
    contract: Contract | None = None,
) -> Starlette:
    """Return the server's application over an open store.

    Args:
        store: The caller opens and closes it.
        allowed_hosts: Host names to serve besides the loopback ones.
        keyless_allowed: Whether to serve everyone while the store has no key (never on a network).
        contract: Another contract than the package's own, for tests.

    Raises:
        LookupError: an operation of the contract has no handler.
    """
    contract = contract or load_contract()
    app = Starlette(
        routes=[*_api_routes(contract), *pages.routes()],
        middleware=[Middleware(Guard, allowed_hosts=tuple(allowed_hosts))],
        exception_handlers={Problem: _on_problem, HTTPException: _on_http_exception, StoreError: _on_store_error},
    )
    app.state.store = store
    app.state.keyless_allowed = keyless_allowed
    return app


def _api_routes(contract: Contract) -> list[BaseRoute]:
    paths: dict[str, dict[str, tuple[Operation, Handler]]] = {}
    for operation in contract.operations:
        handler = getattr(handlers, operation.handler_name, None)
        if handler is None:
            raise LookupError(f"operation {operation.id} has no handler: write handlers.{operation.handler_name}")
        paths.setdefault(operation.path, {})[operation.method] = (operation, handler)
    # One route a path, so that a 405 can name all its methods. A fixed path goes before one with a parameter.
    return [
        Route(path, _endpoint(contract, methods), methods=list(methods))
        for path, methods in sorted(paths.items(), key=lambda entry: "{" in entry[0])
    ]


def _endpoint(contract: Contract, methods: dict[str, tuple[Operation, Handler]]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        operation, handler = methods["GET" if request.method == "HEAD" else request.method]
        access = Access(key=None)
        if operation.needs_key:
            access = await run_in_threadpool(authenticate, request)
            if operation.id not in _ANY_SCOPE:
                access.require(_scope_of(operation))
        parameters = operation.read_parameters(request)
        access.project(parameters["Sentrial-Project"])
        raw = b""
        if operation.content_type is not None:
            limit = MAX_EVENT_BYTES if operation.body_schema else MAX_BATCH_BYTES
            raw = await read_body(request, operation.content_type, limit)
        return await run_in_threadpool(_handle, contract, operation, handler, request, access, parameters, raw)

    return endpoint


def _handle(
    contract: Contract,
    operation: Operation,
    handler: Handler,
    request: Request,
    access: Access,
    parameters: dict[str, Any],
    raw: bytes,
) -> Response:
    store: Store = request.app.state.store
    body: Any = raw
    if operation.body_schema is not None:
        body = _read_json(contract, operation.body_schema, raw)
    named = _named_project(access, body) if operation.body_schema == "CreateSession" else None
    project = _project(store, access, parameters, named, body)
    return handler(Call(store=store, contract=contract, project=project, parameters=parameters, body=body))


def _read_json(contract: Contract, schema: str, raw: bytes) -> Any:
    try:
        body = decode_json(raw)
    except InvalidJsonError as error:
        raise Problem(400, "bad_request", f"the body can't be read: {error}") from None
    wrong = contract.check_event(body) if schema == "Event" else contract.check(schema, body)
    if wrong:
        raise Problem(422, "validation_failed", wrong)
    return body


def _named_project(access: Access, body: dict[str, Any]) -> str | None:
    # How published clients of old name the project: in the body, and only when a session starts.
    named: str | None = body.get("projectId") or None
    if named is not None and access.key is None and PROJECT_NAME.fullmatch(named) is None:
        raise Problem(422, "validation_failed", "/projectId is not a project's name")
    return named


def _project(store: Store, access: Access, parameters: dict[str, Any], named: str | None, body: Any) -> str:
    header: str | None = parameters["Sentrial-Project"]
    if header and named and header != named:
        raise Problem(403, "project_mismatch", "projectId and the Sentrial-Project header disagree")
    wanted = header or named
    if access.key is None and wanted is None:
        # Those clients name no project afterwards: what follows belongs to the project of its session.
        session_id = parameters.get("sessionId") or as_object(body).get("sessionId")
        wanted = store.project_of(session_id) if session_id else None
    return access.project(wanted)


def _scope_of(operation: Operation) -> Scope:
    match operation.method:
        case "GET":
            return "read"
        case "DELETE":
            return "admin"
        case _:
            return "ingest"


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for nothing else
    return render(request, error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    code = _CODES.get(error.status_code, "bad_request")
    return render(request, Problem(error.status_code, code, error.detail, error.headers))


async def _on_store_error(request: Request, error: Exception) -> Response:
    return render(request, unavailable(str(error)))
