"""Errors as answers: RFC 9457 problems with a stable `code`.

A newcomer's mistake: to echo what was sent. A detail names the place and the rule; payloads hold other
people's prompts, and answers end up in logs.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

_MAX_DETAIL = 4096


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """An answer other than the one asked for: raised anywhere, rendered once."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail[:_MAX_DETAIL]
        self.headers = dict(headers or {})


def unauthorized(detail: str) -> Problem:
    """Return the problem for a missing or unknown key."""
    return Problem(401, "unauthorized", detail, {"WWW-Authenticate": 'Bearer realm="sentrial"'})


def unavailable(detail: str) -> Problem:
    """Return the problem for a store that can't take or give anything just now."""
    return Problem(503, "unavailable", detail, {"Retry-After": "1"})


def is_api(path: str) -> bool:
    """Say whether a path belongs to the JSON API, whose errors are JSON too."""
    return path == "/api" or path.startswith("/api/")


def render(request: Request, problem: Problem) -> Response:
    """Return the answer for a problem: JSON under /api, one line of text on pages."""
    if not is_api(request.url.path):
        return PlainTextResponse(f"{problem.detail}\n", problem.status, problem.headers)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "requestId": request.scope.get("sentrial.request_id", ""),
    }
    return Response(msgspec.json.encode(body), problem.status, problem.headers, media_type="application/problem+json")
