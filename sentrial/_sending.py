"""Sends batches of events, as the bytes that lie in the spool, and says what each answer means for them.

A newcomer's mistake: to let something out of `send`. A portal's login page with status 200, a reset in the middle
of the answer, a name that can't be looked up: each is an outcome, and none costs an event.
"""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING, Any

import httpx

from sentrial._api import Answer, load_late, make_client, post_batch, retry_after, without_key
from sentrial._outcomes import Blocked, Delivered, Outcome, Refused, Rejected, TooLarge, Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentrial._api import Document
    from sentrial._config import Config

_SHORTEST_ECHO = 12


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that looks names up in its own thread.

    Python's pool of threads, which would do it, takes no more work once the process is ending, and the end of the
    process waits for it.
    """

    async def getaddrinfo(self, host: Any, port: Any, **hints: Any) -> Any:
        return socket.getaddrinfo(host, port, **hints)


class HttpSender:
    """Sends batches of encoded events, in the worker's thread, on an event loop of its own."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._runner = asyncio.Runner(loop_factory=_Loop)
        self._client = make_client(config)
        self._client.get_async_httpx_client()
        load_late()

    def send(self, payloads: Sequence[bytes]) -> Outcome:
        """Send one batch; every way it can go is an outcome."""
        address, lines = self._config.api_url, b"\n".join(payloads)
        try:
            answer = self._runner.run(post_batch(self._client, self._config, lines))
            return delivered(json.loads(without_key(answer.decode(), self._config.api_key)), len(payloads))
        except Answer as refusal:
            return outcome_of(refusal, lines)
        except TimeoutError:
            return Unreachable(f"no answer from {address} in {self._config.timeout:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
            return Unreachable(f"{address}: {type(problem).__name__}: {problem}")
        except Exception as problem:  # noqa: BLE001 - a 200 that is not ours: a portal, a proxy, a page of any kind
            return Unreachable(f"{address} gave an answer that is not Sentrial's ({type(problem).__name__})")

    def close(self) -> None:
        """Free the connections and the loop."""
        try:
            self._runner.run(self._client.get_async_httpx_client().aclose())
        except RuntimeError:  # the interpreter is shutting down
            return
        self._runner.close()


def delivered(result: Document, sent: int) -> Delivered:
    """What a batch's answer says.

    Raises:
        ValueError: It does not account for each event that was sent.
    """
    rejected = tuple(Rejected(r["index"], r["code"], r["reason"]) for r in result["rejected"])
    if min(result["accepted"], result["duplicates"]) < 0:
        raise ValueError("the answer counts below zero")
    if result["accepted"] + result["duplicates"] + len(rejected) != sent:
        raise ValueError("the answer does not account for every event")
    if any(type(event.line) is not int or not 0 <= event.line < sent for event in rejected):
        raise ValueError("the answer names an event that was not sent")
    if len({event.line for event in rejected}) != len(rejected):
        raise ValueError("the answer names an event twice, and so leaves another one out")
    if not all(isinstance(text, str) for event in rejected for text in event[1:]):
        raise ValueError("the answer gives a reason that is no text")
    return Delivered(rejected)


def outcome_of(answer: Answer, lines: bytes) -> Outcome:
    """What an error status means for a batch.

    Args:
        answer: What the server said.
        lines: The batch. A server that repeats it is not quoted: what is said here may be logged.
    """
    said = f"HTTP {answer.status}" if _repeats(answer.said, lines) else answer.said
    match answer.status:
        case 400 | 422:
            return Refused(answer.said, answer.status)
        case 413:
            return TooLarge(answer.said, answer.status)
        case 401 | 403:
            return Blocked(f"{said} (check SENTRIAL_API_KEY and SENTRIAL_PROJECT_ID)")
        case 404 | 405 | 410:
            return Blocked(
                f"{said} (this server has no POST /api/sdk/events/batch: set SENTRIAL_API_URL to one that has, "
                "such as http://127.0.0.1:7777 of `sentrial serve`)"
            )
        case status if status in {408, 425, 429} or status >= 500:
            return Unreachable(said, retry_after(answer.headers.get("retry-after")))
        case _:
            return Blocked(said)


def _repeats(said: str, lines: bytes) -> bool:
    starts = range(len(said) - _SHORTEST_ECHO + 1)
    return any(said[start : start + _SHORTEST_ECHO].encode("utf-8", "replace") in lines for start in starts)
