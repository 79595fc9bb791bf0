"""What page tests do: record events, then read a page of the same project over the socket.

A newcomer's mistake: to check in one test that a page is safe. Here every page that any test reads is checked:
it has no code or look but our own, and leads nowhere else.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from tests.browser.document import Element, read_document

if TYPE_CHECKING:
    from collections.abc import Iterable

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
START = {"eventType": "session_start", "agentName": "refund-agent", "userInput": "I was charged twice"}
FAILED = {"eventType": "session_end", "status": "failed", "summary": "Nothing was paid"}
# All that a page may be made of: what data could add, an element or an attribute, stands out.
_ATTRIBUTES = {
    *("class", "id", "href", "title", "tabindex", "rel", "role", "open", "scope", "datetime", "focusable"),
    *("aria-label", "aria-labelledby", "aria-hidden", "aria-current", "data-name", "data-awaits"),
    *("viewbox", "width", "height", "x", "y", "rx", "cx", "cy", "r", "d", "fill-rule", "overflow"),
}
_CODE = {"style", "img", "iframe", "object", "embed", "form", "base", "audio", "video", "template", "foreignobject"}


def ingest(client: httpx.Client, events: Iterable[dict[str, Any]]) -> None:
    """Record events, each of which the server must take; they follow each other by a second."""
    lines = [
        json.dumps(
            {"id": f"e{at}", "sessionId": "sess_1", "timestamp": (NOON + timedelta(seconds=at)).isoformat()} | event
        )
        for at, event in enumerate(events)
    ]
    for first in range(0, len(lines), 1000):
        batch = lines[first : first + 1000]
        headers = {"Content-Type": "application/x-ndjson"}
        answer = client.post("/api/sdk/events/batch", content="\n".join(batch), headers=headers)
        assert answer.json() == {"accepted": len(batch), "duplicates": 0, "rejected": []}


def get(client: httpx.Client, link: str, *, status: int = 200) -> Element:
    """Read a page of the client's project, and check that it is inert."""
    address = httpx.URL(link).copy_set_param("project", client.headers.get("Sentrial-Project", "default"))
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'; style-src 'self'" in answer.headers["content-security-policy"]
    page = read_document(answer.text)
    assert_inert(page)
    return page


def assert_inert(page: Element) -> None:
    """Fail where a page has code or a look of its own, or leads elsewhere."""
    script = page.one("script")
    assert script.attributes["src"].startswith("/static/sentrial.js?v=")
    assert script.text == ""
    assert _CODE.isdisjoint(element.tag for element in page.all())
    assert {name for element in page.one("body").all() for name in element.attributes} <= _ATTRIBUTES
    assert [href for href in page.links() if href[0] not in "/#" or href.startswith("//")] == []


def titles(page: Element) -> list[str]:
    """Return what the rows of the list say happened."""
    return [cell.text for cell in page.all("td", "what")]


def ids(page: Element) -> list[str]:
    """Return the ids of a page's events, in order."""
    return [item.attributes["id"] for item in page.one("section", "events").all("li") if "id" in item.attributes]
