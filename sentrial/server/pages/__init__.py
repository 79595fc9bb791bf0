"""The HTML pages: the list of sessions and one session, each with its JSON, and the files they load.

A newcomer's mistake: to give a page an `async def`. These read the database, which waits; as plain
functions Starlette runs them in threads, and the event loop stays free.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.routing import Route

from sentrial.server.pages import rendering
from sentrial.server.pages.detail import PAGE_SIZE, EventReader, session_page
from sentrial.server.pages.links import Links
from sentrial.server.pages.listing import (
    STATUS_WORDS,
    happened,
    length_us,
    session_line,
    session_title,
    status_class,
    tabs,
)
from sentrial.server.pages.losses import loss_line, losses_to_json
from sentrial.server.pages.static import static_routes
from sentrial.server.security import authenticate, page_project
from sentrial.server.wire import event_page_to_wire, session_page_to_wire, session_to_wire

if TYPE_CHECKING:
    from typing import Any

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from sentrial.server.store import Store
    from sentrial.server.store.rows import Page, SessionRow

__all__ = ["routes"]

# As the store makes it; over all projects, with the project's name at the end.
_SESSIONS_CURSOR = re.compile(r"-?[0-9]{1,18}~[A-Za-z0-9_.:-]{1,128}(~[A-Za-z0-9_.-]{1,128})?")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_LIST_SIZE = 50


def routes() -> list[BaseRoute]:
    """Give the routes of the pages and of the files they load."""
    return [
        Route("/", _sessions_html, name="sessions page"),
        Route("/index.json", _sessions_json, name="sessions page as JSON"),
        Route("/sessions/{session_id}", _session, name="session page"),
        *static_routes(),
    ]


def _sessions_html(request: Request) -> Response:
    store, project = _store(request), page_project(request)
    # Only where there are no keys: with one, the names of other projects are no one's business.
    projects = store.projects() if project is None or authenticate(request).key is None else []
    links = Links(project if "project" in request.query_params else None)
    status, filters = _status(request), _filters(request)
    page = _page_of_sessions(request, project)
    counts = store.status_counts(project)
    many = len(projects) > 1
    context = {
        "links": links,
        "rows": [session_line(row, links.within(row.project) if many else links) for row in page.rows],
        "tabs": tabs(counts, links, status=status, filters=filters),
        "total": sum(counts.values()),
        "loss": loss_line(store.losses(project)),
        "filters": [(name, value, _without(links, status, filters, name)) for name, value in filters.items() if value],
        "projects": projects if many else [],
        "project": project,
        "older": links.sessions(status=status, **filters, cursor=page.next_cursor) if page.next_cursor else None,
        "newest": links.sessions(status=status, **filters) if "cursor" in request.query_params else None,
        "json_href": links.sessions_json(status=status, **filters, cursor=request.query_params.get("cursor")),
        "api_url": str(request.base_url).rstrip("/"),
        "code_project": project or "default",
        "all_href": links.sessions(),
    }
    return rendering.html("sessions.html", context)


def _sessions_json(request: Request) -> Response:
    project = page_project(request)
    store, page = _store(request), _page_of_sessions(request, project)
    lost = losses_to_json(store.losses(project))
    return rendering.json({**session_page_to_wire(page), "counts": store.status_counts(project), "lost": lost})


def _session(request: Request) -> Response:
    """Answer with a session's page, or with its JSON: the ids may end in `.json` themselves, and then win."""
    project = page_project(request)
    asked: str = request.path_params["session_id"]
    found = _find(request, project, asked)
    if found is not None:
        return _session_html(request, found)
    named = asked.removesuffix(".json")
    found = _find(request, project, named) if named != asked else None
    if found is not None:
        cursor = _matching(request, "cursor", _ID)
        events = event_page_to_wire(EventReader(_store(request), found).page(cursor))
        return rendering.json({"session": session_to_wire(found), "events": events})
    if named != asked:
        return rendering.json({"title": "Not found", "status": 404, "code": "not_found"}, status=404)
    links = Links(project if "project" in request.query_params else None)
    return rendering.html("missing.html", {"links": links, "session_id": asked, "project": project}, status=404)


def _session_html(request: Request, row: SessionRow) -> Response:
    links = Links(row.project if "project" in request.query_params else None)
    cursor = _matching(request, "cursor", _ID)
    before = request.query_params.get("before", "")
    page = session_page(
        EventReader(_store(request), row),
        links,
        cursor=cursor,
        before=int(before) if cursor and re.fullmatch(r"[0-9]{1,12}", before) else 0,
        opened=_matching(request, "e", _ID),
    )
    following = links.session(row.id, cursor=page.next_cursor, before=str(page.last)) if page.next_cursor else None
    context: dict[str, Any] = {
        "links": links,
        "session": row,
        "title": session_title(row),
        "status": status_class(row.status),
        "status_word": STATUS_WORDS.get(row.status, row.status),
        "happened": happened(row),
        "length": length_us(row),
        "page": page,
        "page_size": PAGE_SIZE,
        "start_href": links.session(row.id) if page.first > 1 else None,
        "next_href": following,
        "json_href": links.session(row.id, suffix=".json", cursor=page.cursor),
        "sessions_href": links.sessions(),
        "agent_href": links.sessions(agent=row.agent) if row.agent else None,
        "user_href": links.sessions(user=row.user) if row.user else None,
    }
    return rendering.html("session.html", context)


def _find(request: Request, project: str | None, session_id: str) -> SessionRow | None:
    """Find a session; where all projects are shown, in the first that has one of this id."""
    store = _store(request)
    if not _ID.fullmatch(session_id):
        return None
    project = project or store.project_of(session_id)
    return None if project is None else store.session(project, session_id)


def _page_of_sessions(request: Request, project: str | None) -> Page[SessionRow]:
    cursor = _matching(request, "cursor", _SESSIONS_CURSOR)
    return _store(request).sessions(
        project, status=_status(request), **_filters(request), limit=_LIST_SIZE, cursor=cursor
    )


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _status(request: Request) -> str | None:
    """Give the status the list is narrowed to; one that does not exist narrows nothing."""
    asked = request.query_params.get("status")
    return asked if asked in STATUS_WORDS else None


def _filters(request: Request) -> dict[str, str | None]:
    return {name: request.query_params.get(name) or None for name in ("agent", "user")}


def _without(links: Links, status: str | None, filters: dict[str, str | None], name: str) -> str:
    return links.sessions(status=status, **{**filters, name: None})


def _matching(request: Request, name: str, pattern: re.Pattern[str]) -> str | None:
    """Give a query parameter where it has its form; a link that was cut short shows the beginning instead."""
    asked = request.query_params.get(name, "")
    return asked if pattern.fullmatch(asked) else None
