"""In-memory clients for the tests of code that records: no server, thread, file or socket.

    def test_the_refund_is_recorded():
        client = InMemoryClient()
        run_my_agent(client)
        [call] = client.events(type="tool_call")
        assert call["tool_output"] == {"ok": True}

A newcomer's mistake: to patch `SentrialClient` instead. These are the same client with another end: the event is
checked, redacted and bounded as ever, and the session is folded by the embedded server's own code.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

import msgspec

from sentrial._pipe import Pipe, Stats
from sentrial._records import MAX_PAYLOAD_BYTES
from sentrial.client import AsyncSentrialClient, SentrialClient, read_event
from sentrial.errors import NotFound
from sentrial.server.store.fold import Fold
from sentrial.server.store.record import Record, make_record
from sentrial.server.wire import session_to_wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentrial._config import Config
    from sentrial._recorder import RedactOption
    from sentrial.server.store import SessionRow
    from sentrial.types import Event

_ADDRESS = "http://in-memory.localhost"


class InMemoryClient(SentrialClient):
    """Fits wherever a `SentrialClient` does, and keeps in memory what it is told.

    Everything the client has works and answers at once: `session(...)`, `get_session`, `list_events`,
    `list_sessions`, `delete_session`, `flush` (nothing ever waits), `stats`. So do `@tool`, and the LangChain handler.

    Args:
        redact: As for `SentrialClient`.
    """

    def __init__(self, *, redact: RedactOption | None = None) -> None:
        # Not enabled: no pipe of the usual kind is made, and SENTRIAL_ENABLED=0 does not empty a test.
        super().__init__(api_url=_ADDRESS, enabled=False, redact=redact)
        self._pipe = self._memory = _Memory(self._config)

    def events(self, session_id: str | None = None, type: str | None = None) -> list[Event]:  # noqa: A002 - as in event["type"]
        """What was recorded, in the order in which it happened, as `list_events` gives it.

        Args:
            session_id: Only the events of this session; an unknown one has none. None: of all sessions.
            type: Only events of this kind, such as "tool_call" or "decision".
        """
        return self._memory.events(session_id, type)

    def clear(self) -> None:
        """Forget everything, as if nothing had been recorded."""
        self._memory.clear()

    def _ask(self, operation: str, *path: str, **query: Any) -> dict[str, Any]:
        return self._memory.ask(operation, *path, **query)


class AsyncInMemoryClient(AsyncSentrialClient):
    """The same in place of an `AsyncSentrialClient`; `events` and `clear` are plain calls here too.

    Args:
        redact: As for `AsyncSentrialClient`.
    """

    def __init__(self, *, redact: RedactOption | None = None) -> None:
        super().__init__(api_url=_ADDRESS, enabled=False, redact=redact)
        self._pipe = self._memory = _Memory(self._config)

    def events(self, session_id: str | None = None, type: str | None = None) -> list[Event]:  # noqa: A002 - as in event["type"]
        """What was recorded; see `InMemoryClient.events`."""
        return self._memory.events(session_id, type)

    def clear(self) -> None:
        """Forget everything, as if nothing had been recorded."""
        self._memory.clear()

    async def _ask(self, operation: str, *path: str, **query: Any) -> dict[str, Any]:
        return self._memory.ask(operation, *path, **query)


class _Memory(Pipe):
    """A pipe that ends here, and the answers that a server with these events would give."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._records: list[Record] = []
        self._deleted: set[str] = set()
        self._oversized = 0

    # ---- what a client writes -----------------------------------------------------------------------

    def put_plain(self, event: dict[str, Any]) -> bool:  # noqa: ARG002 - the quick look only saves time
        return False

    def put(self, event: dict[str, Any]) -> None:
        # There and back: JSON has no tuples, and what the caller changes later must not show.
        payload = msgspec.json.encode(event | {"producerId": self._producer, "sequence": next(self._sequence)})
        if len(payload) > MAX_PAYLOAD_BYTES:
            self._oversized += 1
            return
        self._records.append(make_record(msgspec.json.decode(payload), now_us=int(time.time() * 1e6)))

    def prepare(self) -> None:
        """Nothing is to be loaded."""

    def flush(self, timeout: float | None, *, one_attempt: bool = False) -> int:  # noqa: ARG002 - nothing waits
        return 0

    def flush_own(self, timeout: float) -> None:
        """Nothing waits."""

    def stats(self) -> Stats:
        taken = len(self._records)
        return Stats(taken, taken, 0, 0, {"too_large": self._oversized} if self._oversized else {})

    def close(self, timeout: float) -> None:
        """Nothing is open; what was recorded can still be read."""

    # ---- what it reads ------------------------------------------------------------------------------

    def clear(self) -> None:
        self._records.clear()
        self._deleted.clear()
        self._oversized = 0

    def events(self, session_id: str | None, kind: str | None) -> list[Event]:
        read = [read_event(msgspec.json.decode(record.encoded)) for record in self._stored(session_id)]
        return [event for event in read if kind is None or event["type"] == kind]

    def ask(self, operation: str, *path: str, **query: Any) -> dict[str, Any]:
        """The document that the server would answer an operation with.

        Raises:
            NotFound: There is no such session.
        """
        # There and back again: whoever changes what he reads changes nothing here.
        answer = msgspec.json.encode(self._answer(operation, path, query))
        return cast("dict[str, Any]", msgspec.json.decode(answer))

    def _answer(self, operation: str, path: tuple[str, ...], query: Mapping[str, Any]) -> dict[str, Any]:
        match operation, path:
            case "listSessions", ():
                rows = (row for row in self._sessions().values() if _fits(row, query))
                newest = sorted(rows, key=lambda row: (row.started_us, row.id), reverse=True)
                return {"items": [session_to_wire(row) for row in newest], "nextCursor": None}
            case "getSession", (session_id,):
                return session_to_wire(self._session(session_id))
            case "listSessionEvents", (session_id,):
                self._session(session_id)
                return {"items": [record.body for record in self._stored(session_id)], "nextCursor": None}
            case "deleteSession", (session_id,):
                self._session(session_id)
                self._deleted.add(session_id)
                return {}
            case _:
                raise NotImplementedError(f"the in-memory client has no {operation}")

    def _stored(self, session_id: str | None = None) -> list[Record]:
        """The events that a server would keep, in the order in which it gives them back."""
        kept: dict[str, Record] = {}
        for record in tuple(self._records):
            if record.session_id not in self._deleted:
                kept.setdefault(record.id, record)  # an id that is there already adds nothing
        wanted = (record for record in kept.values() if session_id is None or record.session_id == session_id)
        return sorted(wanted, key=lambda record: record.order)

    def _sessions(self) -> dict[str, SessionRow]:
        folds: dict[str, Fold] = {}
        for record in self._stored():
            folds.setdefault(record.session_id, Fold()).add(record)
        return {session_id: fold.row("", session_id) for session_id, fold in folds.items()}

    def _session(self, session_id: str) -> SessionRow:
        row = self._sessions().get(session_id)
        if row is None:
            raise NotFound("HTTP 404: there is no session with this id", status=404, code="not_found")
        return row


def _fits(row: SessionRow, query: Mapping[str, Any]) -> bool:
    said = {"status": row.status, "agent": row.agent, "user": row.user}
    return all(query.get(name) in {None, value} for name, value in said.items())
