"""Templates to answers. Every value a template prints is escaped, and its hidden characters are named.

A newcomer's mistake: `|safe`. There is none in the templates: what agents and their tools wrote is text
to us, whatever it looks like to a browser.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from sentrial.server.pages import display
from sentrial.server.pages.static import static_file

if TYPE_CHECKING:
    from collections.abc import Mapping

# Pages show what is there now, and leave no copy in a shared cache.
_FRESH = {"Cache-Control": "private, no-cache"}


def html(template: str, context: Mapping[str, Any], *, status: int = 200) -> Response:
    """Answer with a page."""
    page = _templates().get_template(template).render({**_loaded(), **context})
    return HTMLResponse(page, status_code=status, headers=_FRESH)


def json(value: Any, *, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(msgspec.json.encode(value), status_code=status, headers=_FRESH, media_type="application/json")


@cache
def _loaded() -> dict[str, str]:
    """Give the addresses of what every page loads, each with its version: a browser never mixes two releases."""
    paths = {"stylesheet": "/static/sentrial.css", "script": "/static/sentrial.js"}
    return {name: f"{path}?v={static_file(path).etag[1:9]}" for name, path in paths.items()}


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("sentrial.server"),
        autoescape=True,
        finalize=display.visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = display.duration
    environment.filters["count"] = display.count
    environment.filters["cost"] = display.cost
    environment.filters["offset"] = display.offset
    environment.filters["when"] = display.when
    environment.filters["line"] = display.line
    return environment
