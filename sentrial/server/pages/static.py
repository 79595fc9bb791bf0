"""The files the pages load: a closed table, read once, each with its ETag.

A newcomer's mistake: to serve a directory. A name that is not in the table does not exist, so no path can
lead out of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

# Path to (file in sentrial/server/static, media type).
FILES = {
    "/static/sentrial.css": ("sentrial.css", "text/css"),
    "/static/sentrial.js": ("sentrial.js", "text/javascript"),
    "/favicon.svg": ("favicon.svg", "image/svg+xml"),
    "/favicon.ico": ("favicon.svg", "image/svg+xml"),
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, whole."""

    content: bytes
    media_type: str
    etag: str


@cache
def static_file(path: str) -> StaticFile:
    """Read a file of the table.

    Raises:
        KeyError: The path is not in the table.
    """
    name, media_type = FILES[path]
    content = (files("sentrial.server") / "static" / name).read_bytes()
    return StaticFile(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def static_routes() -> list[BaseRoute]:
    """Give one route for each file of the table."""
    return [Route(path, _serve, name=f"static {path}") for path in FILES]


def _serve(request: Request) -> Response:
    found = static_file(request.url.path)
    # Asked for again at each page, answered with 304: a new version of the package shows at once.
    headers = {"ETag": found.etag, "Cache-Control": "no-cache"}
    asked = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if found.etag in asked or "*" in asked:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)
