"""Who may ask, from where, for which project; and the headers that every answer carries.

A newcomer's mistake: to think that binding to loopback keeps others out. Any website in the developer's
browser can send requests there: the Host list stops rebinding, the Origin check stops forged writes.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request

from sentrial.server.problems import Problem, render, unauthorized
from sentrial.server.store.keys import PROJECT_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sentrial.server.store import Key, Store
    from sentrial.server.store import Scope as KeyScope

logger = logging.getLogger("sentrial.server")

DEFAULT_PROJECT = "default"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """ASGI middleware around everything: checks Host and Origin, adds headers, and answers for what breaks."""

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._extra_hosts = tuple(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["sentrial.request_id"] = f"req_{uuid4().hex}"
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers["X-Request-Id"] = request_id
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            self._check(scope)
            await self._app(scope, receive, send_guarded)
        except Problem as problem:
            await render(Request(scope), problem)(scope, receive, send_guarded)
        except ClientDisconnect:
            # It was killed, or gave up, in the middle of its body: nobody waits for an answer, and nothing is broken.
            logger.debug("request %s: the client went away", request_id)
        except Exception:
            logger.exception("request %s failed", request_id)
            if started:
                raise
            broken = Problem(500, "internal_error", f"something broke; its id in the server's log is {request_id}")
            await render(Request(scope), broken)(scope, receive, send_guarded)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        allowed = self._allowed_hosts(scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in allowed:
            raise Problem(
                403, "host_not_allowed", "this host name is not served here; allow it with --allowed-host NAME"
            )
        if scope["method"] in _SAFE_METHODS:
            return
        origins = {origin.lower() for origin in headers.getlist("origin")}
        ours = {f"{scheme}://{host}" for scheme in ("http", "https") for host in allowed}
        site = headers.get("sec-fetch-site", "none")
        if not origins <= ours or site not in {"same-origin", "none"}:
            raise Problem(403, "origin_not_allowed", "another website may not write here")

    def _allowed_hosts(self, scope: Scope) -> frozenset[str]:
        port = scope["server"][1]
        names = (*_LOOPBACK_NAMES, *self._extra_hosts)
        with_port = {f"{name}:{port}" for name in names}
        # Behind a proxy the name comes with the proxy's port, or none; loopback names only at port 80.
        return frozenset({*with_port, *self._extra_hosts, *(_LOOPBACK_NAMES if port == 80 else ())})


@dataclass(frozen=True, slots=True)
class Access:
    """Who asks: the key, or None on a server that has no keys and needs none."""

    key: Key | None

    def project(self, wanted: str | None) -> str:
        """Return the project of the request; `wanted` is what it names, if anything.

        Raises:
            Problem: 403 where the key is of another project.
        """
        if self.key is None:
            return wanted or DEFAULT_PROJECT
        if wanted and wanted != self.key.project:
            raise Problem(403, "project_mismatch", "this key belongs to another project than the request names")
        return self.key.project

    def require(self, scope: KeyScope) -> None:
        """Pass, or raise the Problem 403 for a key that may not do this."""
        if self.key is not None and scope not in self.key.scopes:
            raise Problem(403, "forbidden", f"this key may not do this: it lacks the scope {scope}")


def authenticate(request: Request) -> Access:
    """Return who asks. The keys are looked up every time: another process may have made the first one just now.

    Raises:
        Problem: 401 for a missing or unknown key, once keys exist or where the server may not do without.
    """
    store: Store = request.app.state.store
    if request.app.state.keyless_allowed and not store.has_keys():
        return Access(key=None)
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise unauthorized("send a key: Authorization: Bearer snt_...")
    key = store.find_key(text.strip())
    if key is None:
        raise unauthorized("this key is not known here")
    return Access(key=key)


def page_project(request: Request) -> str | None:
    """Return the project whose sessions a page may show; None is all of them, on a keyless server.

    Raises:
        Problem: 403 with an explanation where the server has keys and none was sent; 400 for an odd `?project=`.
    """
    wanted = request.query_params.get("project") or None
    if wanted is not None and PROJECT_NAME.fullmatch(wanted) is None:
        raise Problem(400, "bad_request", "?project= is not a project's name")
    try:
        access = authenticate(request)
    except Problem as problem:
        raise Problem(
            403,
            "forbidden",
            "This Sentrial server has API keys, so its pages are shown only to requests that carry one: "
            "Authorization: Bearer snt_... There is no login for browsers yet; on a server without keys, "
            "bound to this machine, the pages are open.",
        ) from problem
    access.require("read")
    return wanted if access.key is None else access.project(wanted)
