"""Peers that answer badly, on real sockets: what a proxy, a portal or a dying server does to a client.

A newcomer's mistake: to forget that connections outlive an answer. Each connection here gets one answer.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Peer:
    """A listener on this machine that treats each connection after `behave(connection, stopping)`.

    Attributes:
        requests: The raw requests it has read, in order.
    """

    behave: Callable[[socket.socket, threading.Event], None]
    host: str = "127.0.0.1"
    requests: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server((self.host, 0), family=family)
        self._listener.settimeout(0.05)
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends a waiting accept at once, where the system knows how
        self._accepting.join()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        """Its address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                continue
            thread = threading.Thread(target=self._treat, args=(connection,))
            thread.start()
            self._threads.append(thread)

    def _treat(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                request = read_request(connection)
                if request:
                    self.requests.append(request)
                    self.behave(connection, self._stopping)
            except OSError:
                return


def read_request(connection: socket.socket) -> bytes:
    """One whole request: its head, and as much body as the head announces."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def saying(
    status: int, body: bytes = b"", *, content_type: str = "application/json", **headers: str
) -> Callable[[socket.socket, threading.Event], None]:
    """Answer with a status, headers and a body, and close."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    answer = "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body

    def behave(connection: socket.socket, _stopping: threading.Event) -> None:
        connection.sendall(answer)

    return behave


def problem(status: int, code: str = "some_code", detail: str = "what is wrong") -> bytes:
    """A problem document of the contract."""
    return json.dumps(
        {"type": "about:blank", "title": "Title", "status": status, "code": code, "detail": detail}
    ).encode()


def hang(_connection: socket.socket, stopping: threading.Event) -> None:
    """Say nothing, and keep the connection open."""
    stopping.wait(30)


def drip(connection: socket.socket, stopping: threading.Event) -> None:
    """Send a byte of a header now and then: each read succeeds, the answer never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Slow: ")
    while not stopping.wait(0.05):
        connection.sendall(b"x")


def drip_body(connection: socket.socket, stopping: threading.Event) -> None:
    """Send a whole head, and then a byte of the body now and then."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while not stopping.wait(0.05):
        connection.sendall(b" ")


def hang_up(_connection: socket.socket, _stopping: threading.Event) -> None:
    """Close without a word."""
