"""Run the server: in the foreground until a signal, or in a thread of its own.

A newcomer's mistake: to let the framework bind the port. Here the socket is bound first, so a busy port or an
address on a network without keys is one clear sentence before anything starts.
"""

from __future__ import annotations

import errno
import ipaddress
import signal
import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import uvicorn

from sentrial.server.app import create_app
from sentrial.server.store import Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from types import FrameType, TracebackType

DEFAULT_PORT = 7777
_START_TIMEOUT_SECONDS = 10
_GRACE_SECONDS = 3


class ServeError(Exception):
    """The server can't start; the message is one line for a person, with what to do."""


class _Server(uvicorn.Server):
    """Uvicorn that says when it is ready, and whose signals end it without ending the process."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # The original raises the signal again at the end, which would skip closing the store.
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self.force_exit = self.should_exit
            self.should_exit = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class EmbeddedServer:
    """A server in a thread of its own, for tests, notebooks and `sentrial dev`: use it as a context manager.

    Attributes:
        url: Where it is, without a slash at the end; known once it is started.
        store: The open store; known once it is started.
    """

    url: str
    store: Store

    def __init__(
        self,
        db: Path | str,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        allowed_hosts: Iterable[str] = (),
        insecure_no_auth: bool = False,
    ) -> None:
        self._db = Path(db)
        self._host = host
        self._port = port
        self._allowed_hosts = tuple(allowed_hosts)
        self._insecure_no_auth = insecure_no_auth
        self._thread: threading.Thread | None = None
        self._server: _Server | None = None

    def start(self) -> Self:
        """Start, and return once it answers.

        Raises:
            ServeError: it can't; the message says why.
        """
        self.store, listener = _open(self._db, self._host, self._port, self._insecure_no_auth)
        ready = threading.Event()
        self.url = _url_of(listener)
        self._server = _make_server(
            self.store, listener, self._host, self._allowed_hosts, self._insecure_no_auth, ready.set
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="sentrial-server", daemon=True
        )
        self._thread.start()
        if not ready.wait(_START_TIMEOUT_SECONDS):
            self.stop()
            raise ServeError(f"the server did not start within {_START_TIMEOUT_SECONDS} seconds")
        return self

    def stop(self) -> None:
        """Finish the requests that are running, stop, and free the file; again is harmless."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        server.should_exit = True
        thread.join()
        self.store.close()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(
    db: Path | str,
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    allowed_hosts: Iterable[str] = (),
    insecure_no_auth: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Run in the foreground until SIGINT or SIGTERM; `on_ready` is called with the address once it answers.

    Raises:
        ServeError: it can't start; the message says why.
    """
    store, listener = _open(Path(db), host, port, insecure_no_auth)
    with store:
        url = _url_of(listener)
        server = _make_server(
            store,
            listener,
            host,
            tuple(allowed_hosts),
            insecure_no_auth,
            lambda: on_ready(url) if on_ready is not None else None,
        )
        server.run([listener])


def _open(db: Path, host: str, port: int, insecure_no_auth: bool) -> tuple[Store, socket.socket]:
    """Take the port, then the database: a start that is refused must leave no new database behind."""
    listener = _listen(db, host, port, insecure_no_auth)
    try:
        store = Store.open(db)
    except StoreError as error:
        listener.close()
        raise ServeError(str(error)) from error
    if _needs_keys(str(listener.getsockname()[0]), insecure_no_auth) and not store.has_keys():
        listener.close()
        store.close()
        raise _no_key_yet(host, db)
    return store, listener


def _needs_keys(address: str, insecure_no_auth: bool) -> bool:
    return not (insecure_no_auth or _is_loopback(address))


def _no_key_yet(host: str, db: Path) -> ServeError:
    return ServeError(
        f"{host} can be reached from other machines, and there is no key yet: "
        f"make one with `sentrial key create --project NAME --db {db}`"
    )


def _listen(db: Path, host: str, port: int, insecure_no_auth: bool) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ServeError(f"there is no address for the host {host!r}: {error.strerror}") from error
    if _needs_keys(str(address[0]), insecure_no_auth) and not db.exists():
        raise _no_key_yet(host, db)
    listener = socket.socket(family, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServeError(
                f"port {port} is in use on {host}: choose another with --port, or stop what is there"
            ) from error
        raise ServeError(f"can't listen on {host} port {port}: {error.strerror}") from error
    return listener


def _make_server(
    store: Store,
    listener: socket.socket,
    host: str,
    allowed_hosts: tuple[str, ...],
    insecure_no_auth: bool,
    on_ready: Callable[[], None],
) -> _Server:
    bound = str(listener.getsockname()[0])
    own_names = () if ipaddress.ip_address(bound).is_unspecified else (_bracketed(host), _bracketed(bound))
    app = create_app(
        store,
        allowed_hosts=(*own_names, *allowed_hosts),
        keyless_allowed=insecure_no_auth or _is_loopback(bound),
    )
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        log_level="warning",
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return _Server(config, on_ready)


def _url_of(listener: socket.socket) -> str:
    address, port = listener.getsockname()[:2]
    bound = ipaddress.ip_address(address)
    if bound.is_unspecified:
        # "Every address" is none that a browser could open, or that the Host list would let in.
        address = "127.0.0.1" if bound.version == 4 else "::1"
    return f"http://{_bracketed(str(address))}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
