"""The only door to the generated client, and the reads that go through it.

A newcomer's mistake: to trust httpx's time-outs. They hold for each read of the socket, so a server that drips is
waited for without end. A deadline holds for a request as a whole; so everything runs on an event loop, the reads of
the plain client too.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import importlib
import json
import os
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import httpx
from sentrial_api.api.events import ingest_events, list_session_events
from sentrial_api.api.service import get_health, get_pii_config
from sentrial_api.api.sessions import delete_session, get_session, list_sessions
from sentrial_api.client import AuthenticatedClient
from sentrial_api.types import UNSET, File, Response

from sentrial.errors import APIError, ConnectionFailed, for_status

if TYPE_CHECKING:
    from sentrial._config import Config

# An empty token is an illegal header; a server that asks for none takes any.
_NO_KEY = "keyless"
_RETRIED = {429, 502, 503, 504}
_LONGEST_PAUSE_SECONDS = 2.0

Document: TypeAlias = dict[str, Any]


class Answer(Exception):  # noqa: N818 - an answer of 400 or above, on its way past the generated parser
    """The server answered with an error status, or with something that is not ours."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.status = response.status_code
        self.headers = response.headers
        self._key = response.request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            problem = json.loads(response.content)
        except (ValueError, RecursionError):
            problem = None
        self.problem: Document = problem if isinstance(problem, dict) else {}

    @property
    def said(self) -> str:
        """What the server said, for a person to read."""
        detail = self.problem.get("detail") or self.problem.get("title") or self.problem.get("error") or ""
        return f"HTTP {self.status}" + (f": {without_key(str(detail), self._key)[:300]}" if detail else "")

    def error(self) -> APIError:
        """The error that a read raises for it."""
        code = self.problem.get("code")
        return for_status(self.status)(
            self.said,
            status=self.status,
            code=code if isinstance(code, str) else None,
            request_id=self.headers.get("x-request-id"),
        )


def without_key(text: str, key: str | None) -> str:
    """What a server said, without the key it was sent: some say it back."""
    return text.replace(key, "***") if key and key != _NO_KEY else text


async def _refuse(response: httpx.Response) -> None:
    # Past the generated parser, which fails on pages that are no JSON and on statuses it does not know.
    if response.status_code >= 300:
        await response.aread()
        raise Answer(response)


def make_client(config: Config) -> AuthenticatedClient:
    """A generated client with this configuration's address, key, project and time-outs."""
    arguments: Document = {"event_hooks": {"response": [_refuse]}}
    if config.loopback:
        arguments["trust_env"] = False  # HTTP_PROXY is not for this machine
    verify: Any = True
    if config.api_url.startswith("http:"):
        # No TLS will happen: an empty context, which trusts nobody, spares loading all the certificates.
        verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return AuthenticatedClient(
        base_url=config.api_url,
        token=config.api_key or _NO_KEY,
        timeout=httpx.Timeout(config.timeout),
        verify_ssl=verify,
        httpx_args=arguments,
    )


_OPERATIONS: dict[str, Any] = {
    "getSession": get_session,
    "listSessions": list_sessions,
    "deleteSession": delete_session,
    "listSessionEvents": list_session_events,
    "getHealth": get_health,
    "getPiiConfig": get_pii_config,
}


async def post_batch(client: AuthenticatedClient, config: Config, lines: bytes) -> bytes:
    """Send a batch, one encoded event a line; what the server answers.

    Raises:
        Answer: It answered with an error.
        httpx.HTTPError, TimeoutError, OSError: It could not be asked, or did not answer in time.
    """
    body = File(payload=lines)  # type: ignore[arg-type]  # bytes pass straight into the request
    async with asyncio.timeout(config.timeout):
        response = await ingest_events.asyncio_detailed(client=client, body=body, **_project(config))
    return response.content


def load_late() -> None:
    """Import what the first request would import, where nobody waits for it and no fork comes in between."""
    for name in ("anyio._backends._asyncio", "sentrial_api.models.rejection", "sniffio"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _project(config: Config) -> Document:
    return {"sentrial_project": config.project_id if config.project_id is not None else UNSET}


def retry_after(value: str | None, now: Callable[[], float] = time.time) -> float | None:
    """Seconds to wait, from a Retry-After header in seconds or as an HTTP date; None where it says nothing."""
    if not value:
        return None
    if value.isascii() and value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now())
    except (TypeError, ValueError, OverflowError):
        return None


# ---- reads ------------------------------------------------------------------------------------------

Call: TypeAlias = Callable[[AuthenticatedClient], Response[Any]]
AsyncCall: TypeAlias = Callable[[AuthenticatedClient], Awaitable[Response[Any]]]


class Reader:
    """Reads, and waits for the answer. One for each client; closed with it.

    The requests run on an event loop in a thread of their own, so that a deadline holds for each as a whole and the
    caller may itself stand in a coroutine.

    Attributes:
        pid: The process it works in: in a fork's child there is no such thread.
    """

    def __init__(self, config: Config) -> None:
        self.pid = os.getpid()
        self._reader = AsyncReader(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sentrial-reads", daemon=True)
        self._thread.start()

    def ask(self, operation: str, *path: str, **query: Any) -> Document:
        """Call an operation and give back its document.

        Raises:
            APIError: The server refused, could not be reached, or its answer is not one of ours.
        """
        answer = asyncio.run_coroutine_threadsafe(self._reader.ask(operation, *path, **query), self._loop)
        try:
            return answer.result()
        finally:
            answer.cancel()

    def close(self) -> None:
        """Free the connections and end the thread."""
        if self.pid != os.getpid() or self._loop.is_closed():
            return
        freed = asyncio.run_coroutine_threadsafe(self._reader.aclose(), self._loop)
        with contextlib.suppress(TimeoutError):
            freed.result(_LONGEST_PAUSE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LONGEST_PAUSE_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()


class AsyncReader:
    """The same for coroutines: each event loop has connections of its own."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._clients: dict[int, tuple[asyncio.AbstractEventLoop, AuthenticatedClient]] = {}

    async def ask(self, operation: str, *path: str, **query: Any) -> Document:
        """Call an operation and give back its document.

        Raises:
            APIError: The server refused, could not be reached, or its answer is not one of ours.
        """
        call, fixed = _OPERATIONS[operation].asyncio_detailed, _arguments(self._config, query)
        for attempt in range(self._config.max_retries + 1):
            try:
                async with asyncio.timeout(self._config.timeout):
                    return _document(await call(*path, client=await self._here(), **fixed))
            except Exception as problem:  # noqa: BLE001 - sorted in one place, below
                pause = _pause(problem, attempt, self._config)
                await asyncio.sleep(pause)
        raise AssertionError("unreachable: the last attempt raises")

    async def aclose(self) -> None:
        """Free the connections of this loop, and forget those of loops that are closed."""
        current = asyncio.get_running_loop()
        for key, (loop, client) in list(self._clients.items()):
            if loop is current:
                await client.get_async_httpx_client().aclose()
            if loop is current or loop.is_closed():
                del self._clients[key]

    async def _here(self) -> AuthenticatedClient:
        known = self._known()
        if known is None:
            # In a thread: certificates alone take longer to load than a loop may wait.
            client = await asyncio.to_thread(_prepared_client, self._config)
            # Another coroutine may have been here meanwhile.
            known = self._known()
            if known is None:
                loop = asyncio.get_running_loop()
                self._clients[id(loop)] = (loop, client)
                return client
            await client.get_async_httpx_client().aclose()
        return known

    def _known(self) -> AuthenticatedClient | None:
        loop = asyncio.get_running_loop()
        known = self._clients.get(id(loop))
        return known[1] if known is not None and known[0] is loop else None


def _prepared_client(config: Config) -> AuthenticatedClient:
    client = make_client(config)
    client.get_async_httpx_client()
    load_late()
    return client


def _arguments(config: Config, query: Document) -> Document:
    return {key: value for key, value in query.items() if value is not None} | _project(config)


def _document(response: Response[Any]) -> Document:
    if not response.content:
        return {}
    document = json.loads(response.content)
    if not isinstance(document, dict):
        raise ValueError("the answer is no object")  # noqa: TRY004 - it is the server's, not the caller's, type
    return cast("Document", document)


def _forget_frames(problem: BaseException | None) -> None:
    """Leave the frames out of an error: the HTTP library's hold the headers, and some programs log all locals."""
    while problem is not None:
        problem.__traceback__ = None
        problem = problem.__cause__ or problem.__context__


def _pause(problem: Exception, attempt: int, config: Config) -> float:
    """Seconds to wait before another attempt of a read; raises what the caller should see where there is none."""
    _forget_frames(problem)
    if isinstance(problem, Answer):
        if problem.status not in _RETRIED or attempt >= config.max_retries:
            raise problem.error() from None
        asked = retry_after(problem.headers.get("retry-after")) or 0.0
        return min(max(asked, 0.1 * 2.0**attempt), _LONGEST_PAUSE_SECONDS)
    if isinstance(problem, (httpx.TimeoutException, TimeoutError)):
        raise ConnectionFailed(f"no answer from {config.api_url} in {config.timeout:g} s") from problem
    if isinstance(problem, (httpx.HTTPError, httpx.InvalidURL, OSError)):
        raise ConnectionFailed(
            f"{config.api_url} can't be reached ({problem}). Is it running? "
            "A server on this machine is started with `sentrial serve`."
        ) from problem
    raise APIError(f"{config.api_url} gave an answer that is not Sentrial's ({problem!r})"[:500]) from problem
