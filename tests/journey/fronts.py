"""A front before the real server, on real sockets: it answers badly what it is told to, and hands on the rest.

A newcomer's mistake: to count requests as events. What arrived is asked of the server's database, by id.
"""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from sentrial import _config, _ids
from sentrial._delivery import Worker
from sentrial._reports import Reports, is_report
from sentrial._sending import HttpSender
from sentrial._spool import Spool
from tests.journey.peers import Peer

if TYPE_CHECKING:
    from pathlib import Path

Behaviour: TypeAlias = Callable[[socket.socket, threading.Event], None]
Judge: TypeAlias = Callable[[bytes], Behaviour | None]


@dataclass
class Front(Peer):
    """A listener that hands requests on to a real server, but for those that `judge` answers otherwise.

    Attributes:
        target: The real server's address.
        judge: Gives a request's bad answer, or None: it is handed on.
        cut: How many bytes of a real answer come through; None: all.
    """

    behave: Behaviour = field(init=False)
    target: str = ""
    judge: Judge = field(default=lambda _: None)
    cut: int | None = None

    def __post_init__(self) -> None:
        """Answer by judgement."""
        self.behave = self._answer

    def _answer(self, connection: socket.socket, stopping: threading.Event) -> None:
        request = next(one for one in reversed(self.requests) if one)
        behave = self.judge(request)
        if behave is not None:
            behave(connection, stopping)
            return
        answer = hand_on(self.target, request)
        connection.sendall(answer if self.cut is None else answer[: self.cut])


def hand_on(url: str, request: bytes) -> bytes:
    """Send a request to a server as it is; its whole answer, after which the connection ends."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"connection:", b"host:"))]
    with socket.create_connection((urlsplit(url).hostname or "", urlsplit(url).port or 80), timeout=5) as server:
        host = f"Host: {urlsplit(url).netloc}".encode()
        server.sendall(b"\r\n".join([*lines, host, b"Connection: close", b"", body]))
        answer = b""
        while piece := server.recv(65536):
            answer += piece
    return answer


@dataclass
class Courier:
    """A spool, a worker and a real sender to one address, and the ledger of what was given to them.

    Attributes:
        given: The ids of the events that `put` has appended, in order.
    """

    folder: Path
    url: str
    timeout: float = 0.3
    api_key: str | None = None
    max_retries: int = 3
    given: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make spool and worker; nothing is sent before the first flush."""
        config = _config.resolve(api_url=self.url, timeout=self.timeout, api_key=self.api_key)
        self.session = _ids.session_id()
        self.spool = Spool([self.folder], "home")
        self.reports = Reports(self.spool.lost, lambda: "p_1")
        self.worker = Worker(
            self.spool,
            lambda: HttpSender(config),
            reports=self.reports,
            chance=lambda: 0.0,
            max_retries=self.max_retries,
        )

    def put(self, count: int, **fields: Any) -> list[str]:
        """Append events; their ids."""
        ids = [_ids.event_id(time.time()) for _ in range(count)]
        for event_id in ids:
            event = {"eventType": "tool_call", "id": event_id, "sessionId": self.session, "toolName": "t", **fields}
            self.spool.append(json.dumps(event).encode())
        self.given += ids
        return ids

    def attempt(self) -> int:
        """Make the worker try once, whatever it waits for; how many events still wait."""
        return self.worker.flush(10, one_attempt=True)

    def deliver(self, attempts: int = 8) -> int:
        """Try until everything is delivered; how many events still wait."""
        left = 1
        while left and attempts:
            left, attempts = self.attempt(), attempts - 1
        return left

    def letters(self) -> list[dict[str, Any]]:
        """What is in the dead letters."""
        file = self.spool.home / "dead-letters.ndjson"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def close(self) -> None:
        """End the thread and free the files."""
        self.worker.stop(0)
        self.spool.close()


def rows(database: Path, session_id: str) -> list[str]:
    """The ids of a session's events in the server's database, each as often as it is there."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM event WHERE session_id = ?", (session_id,))]


def reported(requests: list[bytes]) -> list[dict[str, Any]]:
    """The client reports within raw requests."""
    lines = [line for request in requests for line in request.partition(b"\r\n\r\n")[2].split(b"\n")]
    return [json.loads(line) for line in lines if is_report(line)]
