"""SentrialClient and AsyncSentrialClient.

Recording never waits for the network, so it is the same plain call in both. What waits is a coroutine in the
async client: reads, `flush`, `delete_session`, `aclose`. There the ids can also be awaited, and so can
`close_session(...)`: `await client.track_decision(...)` gives the same str.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from sentrial import _checks, _reading
from sentrial._pipe import loading
from sentrial._recorder import Recorder
from sentrial.session import BoundSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
    from typing import Self

    from sentrial._api import AsyncReader, Reader
    from sentrial._config import Config
    from sentrial._events import Timestamp
    from sentrial.session import End
    from sentrial.types import Event, Session, SessionStatus

_PAGE = 200
Item = TypeVar("Item")


class SentrialClient(Recorder[str]):
    """Records what an agent did and why; see `Recorder.__init__` for the settings.

    Every `track_*` call returns once the event is on the disk; a background thread sends it. Reads wait for the
    network, and first for what this process has recorded.
    """

    _reader: Reader | None = None

    def _receipt(self, text: str) -> str:
        return text

    def session(self, name: str, metadata: dict[str, Any] | None = None, **details: Any) -> BoundSession[str]:
        """Start a session and bind it: `with client.session(name="...") as s: s.track_tool_call(...)`.

        Args:
            name: What it is called.
            metadata: Whatever to keep with it.
            **details: What `create_session` takes besides.
        """
        return BoundSession(self, self.create_session(name, metadata, **details), self.close_session)

    def update_session(
        self,
        session_id: str,
        *,
        status: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: Sequence[str] | None = None,
        waiting_for: str | None = None,
        timestamp: Timestamp | None = None,
    ) -> None:
        """Change a session that goes on.

        Args:
            session_id: The session.
            status: "active", or "waiting" while it waits for a person or another system.
            metadata: What to merge into its metadata.
            tags: Its tags from now on.
            waiting_for: What it waits for, in words, while its status is "waiting".
            timestamp: When it changed; now by default.
        """
        self._update_session(session_id, status, metadata, tags, waiting_for, timestamp)

    def close_session(
        self,
        session_id: str,
        status: End = "success",
        summary: str | None = None,
        *,
        timestamp: Timestamp | None = None,
        event_id: str | None = None,
    ) -> None:
        """End a session. The first end stands; later ones add nothing.

        Args:
            session_id: The session.
            status: "success", "error" or "cancelled".
            summary: How it ended, in words.
            timestamp: When it ended; now by default.
            event_id: An id of your own for the event that says so.

        Raises:
            ValueError: An unknown status.
        """
        self._close_session(session_id, status, summary, timestamp, event_id)

    def get_session(self, session_id: str) -> Session:
        """Read a session.

        Returns:
            A dict with `id`, `name`, `status` ("active" until it is closed), `created_at` (RFC 3339, UTC),
            `metadata` and more: see `sentrial.types.Session`.

        Raises:
            NotFound: There is no such session in the project.
            ConnectionFailed: The server can't be reached.
        """
        return read_session(self._ask("getSession", _checks.identifier("session_id", session_id)))

    def list_sessions(
        self, *, status: SessionStatus | None = None, agent: str | None = None, user_id: str | None = None
    ) -> Iterator[Session]:
        """Every session of the project, the newest first, read page by page as they are asked for.

        Args:
            status: Only sessions in this status.
            agent: Only sessions of this agent.
            user_id: Only sessions of this user.
        """
        wanted = _checks.session_status(status)
        return map(read_session, self._pages("listSessions", status=wanted, agent=agent, user=user_id))

    def list_events(self, session_id: str) -> Iterator[Event]:
        """Every event of a session, in the order in which they happened, read page by page.

        Raises:
            NotFound: There is no such session in the project.
        """
        return map(read_event, self._pages("listSessionEvents", _checks.identifier("session_id", session_id)))

    def delete_session(self, session_id: str) -> None:
        """Delete a session and its events, for good.

        Raises:
            NotFound: There is no such session in the project.
        """
        self._ask("deleteSession", _checks.identifier("session_id", session_id))

    def flush(self, timeout: float | None = None) -> int:
        """Wait until everything recorded is delivered.

        Args:
            timeout: Seconds to wait at most; None: as long as it takes.

        Returns:
            How many of the events recorded before still wait: 0 is "all there". None of them is lost.
        """
        return 0 if self._pipe is None else self._pipe.flush(timeout)

    def close(self, timeout: float = 2) -> None:
        """Deliver for at most `timeout` seconds, end the thread and free the files. Again is harmless.

        What could not be delivered stays on the disk for the next process.
        """
        if self._policy is not None:
            self._policy.close()
        if self._pipe is not None:
            self._pipe.close(timeout)
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pages(self, operation: str, *path: str, **query: Any) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            page = self._ask(operation, *path, **query, limit=_PAGE, cursor=cursor)
            yield from page["items"]
            cursor = page["nextCursor"]
            if cursor is None:
                return

    def _ask(self, operation: str, *path: str, **query: Any) -> dict[str, Any]:
        if self._pipe is not None:
            self._pipe.flush_own(self._config.timeout)
        with loading():
            if self._reader is None or self._reader.pid != os.getpid():
                from sentrial._api import Reader  # noqa: PLC0415 - httpx is loaded with the first read

                self._reader = Reader(self._config)
            reader = self._reader
        return reader.ask(operation, *path, **query)


class AsyncSentrialClient(Recorder["AwaitableId"]):
    """The same client for coroutines: recording is a plain call here too, reads are awaited.

    `async with AsyncSentrialClient(...) as client` closes it at the end.
    """

    _reader: AsyncReader | None = None

    def _receipt(self, text: str) -> AwaitableId:
        return AwaitableId(text)

    def session(self, name: str, metadata: dict[str, Any] | None = None, **details: Any) -> BoundSession[AwaitableId]:
        """Start a session and bind it: `async with client.session(name="...") as s: s.track_tool_call(...)`.

        Args:
            name: What it is called.
            metadata: Whatever to keep with it.
            **details: What `create_session` takes besides.
        """
        return BoundSession(self, self.create_session(name, metadata, **details), self.close_session)

    def update_session(
        self,
        session_id: str,
        *,
        status: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: Sequence[str] | None = None,
        waiting_for: str | None = None,
        timestamp: Timestamp | None = None,
    ) -> Done:
        """Change a session that goes on; see `SentrialClient.update_session`."""
        self._update_session(session_id, status, metadata, tags, waiting_for, timestamp)
        return Done()

    def close_session(
        self,
        session_id: str,
        status: End = "success",
        summary: str | None = None,
        *,
        timestamp: Timestamp | None = None,
        event_id: str | None = None,
    ) -> Done:
        """End a session; see `SentrialClient.close_session`."""
        self._close_session(session_id, status, summary, timestamp, event_id)
        return Done()

    async def get_session(self, session_id: str) -> Session:
        """Read a session; see `SentrialClient.get_session`."""
        return read_session(await self._ask("getSession", _checks.identifier("session_id", session_id)))

    def list_sessions(
        self, *, status: SessionStatus | None = None, agent: str | None = None, user_id: str | None = None
    ) -> AsyncIterator[Session]:
        """Every session of the project; see `SentrialClient.list_sessions`."""
        wanted = _checks.session_status(status)
        return self._pages(read_session, "listSessions", status=wanted, agent=agent, user=user_id)

    def list_events(self, session_id: str) -> AsyncIterator[Event]:
        """Every event of a session; see `SentrialClient.list_events`."""
        return self._pages(read_event, "listSessionEvents", _checks.identifier("session_id", session_id))

    async def delete_session(self, session_id: str) -> None:
        """Delete a session and its events; see `SentrialClient.delete_session`."""
        await self._ask("deleteSession", _checks.identifier("session_id", session_id))

    async def flush(self, timeout: float | None = None) -> int:  # noqa: ASYNC109 - the same signature in both clients
        """Wait until everything recorded is delivered; how many of the events recorded before still wait."""
        return 0 if self._pipe is None else await _in_thread(self._pipe.flush, timeout)

    async def aclose(self, timeout: float = 2) -> None:  # noqa: ASYNC109
        """Deliver for at most `timeout` seconds, end the thread and free the files. Again is harmless."""
        if self._policy is not None:
            self._policy.close()
        if self._pipe is not None:
            await _in_thread(self._pipe.close, timeout)
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.aclose()

    async def __aenter__(self) -> Self:
        if self._pipe is not None:
            await _in_thread(self._pipe.prepare)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _pages(
        self, read: Callable[[dict[str, Any]], Item], operation: str, *path: str, **query: Any
    ) -> AsyncIterator[Item]:
        cursor: str | None = None
        while True:
            page = await self._ask(operation, *path, **query, limit=_PAGE, cursor=cursor)
            for item in page["items"]:
                yield read(item)
            cursor = page["nextCursor"]
            if cursor is None:
                return

    async def _ask(self, operation: str, *path: str, **query: Any) -> dict[str, Any]:
        if self._pipe is not None:
            await _in_thread(self._pipe.flush_own, self._config.timeout)
        reader = self._reader
        if reader is None:
            reader = await _in_thread(_make_reader, self._config)
            # Another coroutine may have been here meanwhile; what is not used has opened nothing.
            reader = self._reader = self._reader or reader
        return await reader.ask(operation, *path, **query)


class AwaitableId(str):
    """An id that may also be awaited; it gives itself."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, str]:
        yield from ()
        return str.__str__(self)


class Done:
    """What is done already, and may still be awaited; it gives None."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        yield from ()


def read_session(document: Mapping[str, Any]) -> Session:
    """A session of the wire as the dict that users read."""
    session = {"name": None, "closed_at": None, "summary": None} | _reading.from_wire(document)
    return cast("Session", session)


def read_event(document: Mapping[str, Any]) -> Event:
    """An event of the wire as the dict that users read."""
    return cast("Event", _reading.from_wire(document))


def _make_reader(config: Config) -> AsyncReader:
    with loading():
        from sentrial._api import AsyncReader  # noqa: PLC0415 - httpx is loaded with the first read

        return AsyncReader(config)


async def _in_thread(function: Any, *arguments: Any) -> Any:
    import asyncio  # noqa: PLC0415 - loaded with the first wait, not at import

    return await asyncio.to_thread(function, *arguments)
