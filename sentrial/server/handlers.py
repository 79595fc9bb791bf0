"""The JSON API: one function an operation of the contract, by its name in snake_case.

A newcomer's mistake: to look for checks here. The key, the parameters and the body were checked before; a
handler only turns a request into events, or rows into an answer. It runs in a worker thread and may wait.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from sentrial.server.batch import ingest_lines
from sentrial.server.ids import new_event_id, new_session_id
from sentrial.server.problems import Problem
from sentrial.server.wire import event_page_to_wire, session_page_to_wire, session_to_wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentrial.server.contract import Contract
    from sentrial.server.store import SessionRow, Store

_ENDS = frozenset({"success", "error", "cancelled", "completed", "failed"})
# What an UpdateSession can say and a session_end can't: the contract declares it for updates alone.
_NOT_OF_AN_END = frozenset({"name", "agentName", "userId", "tags", "version", "waitingFor"})


@dataclass(frozen=True, slots=True)
class Call:
    """One checked request."""

    store: Store
    contract: Contract
    project: str
    parameters: Mapping[str, Any]
    body: Any
    """The decoded JSON; the raw bytes of a batch; None where there is no body."""


def create_session(call: Call) -> Response:
    """Start a session, or return the one that has this id."""
    fields = {name: value for name, value in call.body.items() if name not in {"id", "projectId"}}
    session_id = call.body.get("id")
    if session_id is not None and (there := call.store.session(call.project, session_id)) is not None:
        return _json(session_to_wire(there))
    session_id = session_id or new_session_id()
    # The start's id follows from the session's: of two that arrive at once, one is a duplicate.
    event_id = f"evt_{hashlib.sha256(session_id.encode()).hexdigest()[:32]}"
    (outcome,) = call.store.ingest(
        call.project, [{**fields, "eventType": "session_start", "sessionId": session_id, "id": event_id}]
    )
    row = call.store.session(call.project, session_id)
    if row is None:
        raise Problem(409, "session_deleted", "this session was deleted; choose another id")
    return _json(session_to_wire(row), 201 if outcome == "accepted" else 200)


def list_sessions(call: Call) -> Response:
    """Return a page of the project's sessions."""
    wanted = call.parameters
    page = call.store.sessions(
        call.project,
        status=wanted["status"],
        agent=wanted["agent"],
        user=wanted["user"],
        limit=wanted["limit"],
        cursor=wanted["cursor"],
    )
    return _json(session_page_to_wire(page))


def get_session(call: Call) -> Response:
    """Return one session."""
    return _json(session_to_wire(_session(call)))


def update_session(call: Call) -> Response:
    """Append what changes, or the end, and return the session as it stands then."""
    session_id = _session(call).id
    events = [{**event, "sessionId": session_id, "id": new_event_id()} for event in _told(call.body)]
    call.store.ingest(call.project, events)
    return _json(session_to_wire(_session(call)))


def delete_session(call: Call) -> Response:
    """Delete a session for good."""
    if not call.store.delete_session(call.project, call.parameters["sessionId"]):
        raise _no_session()
    return Response(status_code=204)


def create_event(call: Call) -> Response:
    """Append one event."""
    event_id = call.body.get("id") or new_event_id()
    (outcome,) = call.store.ingest(call.project, [{**call.body, "id": event_id}])
    return _json({"id": event_id, "outcome": outcome}, 201 if outcome == "accepted" else 200)


def ingest_events(call: Call) -> Response:
    """Append many events, each with its own outcome."""
    return _json(ingest_lines(call.store, call.contract, call.project, call.body))


def list_session_events(call: Call) -> Response:
    """Return a page of a session's events."""
    session_id = _session(call).id
    page = call.store.events(call.project, session_id, limit=call.parameters["limit"], cursor=call.parameters["cursor"])
    return _json(event_page_to_wire(page))


def get_pii_config(_: Call) -> Response:
    """Return the project's redaction settings: there are none yet."""
    return _json({"config": None})


def get_health(_: Call) -> Response:
    """Say that the service is well."""
    return _json({"status": "ok", "version": _version()})


def _told(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what an UpdateSession tells, as events without session and id."""
    if body.get("status") not in _ENDS:
        return [{**body, "eventType": "session_update"}]
    end = {name: value for name, value in body.items() if name not in _NOT_OF_AN_END}
    update = {name: value for name, value in body.items() if name in _NOT_OF_AN_END}
    if not update:
        return [{**end, "eventType": "session_end"}]
    at = {"timestamp": body["timestamp"]} if "timestamp" in body else {}
    return [{**update, **at, "eventType": "session_update"}, {**end, "eventType": "session_end"}]


def _session(call: Call) -> SessionRow:
    row = call.store.session(call.project, call.parameters["sessionId"])
    if row is None:
        raise _no_session()
    return row


def _no_session() -> Problem:
    return Problem(404, "not_found", "there is no session with this id")


@cache
def _version() -> str:
    try:
        return version("sentrial")
    except PackageNotFoundError:
        return "unknown"


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
