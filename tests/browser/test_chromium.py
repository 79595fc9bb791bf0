"""The pages in a real browser: they load whole and clean, and nothing that they show comes alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import visit
from tests.browser.hostile import TEXTS, events_holding
from tests.browser.visits import FAILED, assert_inert, ids, ingest, titles

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from sentrial.server.serve import EmbeddedServer

LOADED = ["/static/sentrial.css", "/static/sentrial.js"]


def paths(requests: list[str], server: str) -> list[str]:
    """Return what was asked of the server, without queries; a request to another host stands out whole."""
    asked = {request.partition("?")[0].removeprefix(server) for request in requests}
    # Whether the icon is asked for before the page is read is a matter of luck.
    return sorted(asked - {"/favicon.svg"})


def test_the_browser_tells_of_code_that_runs(tmp_path: Path) -> None:
    """The guard of the guards: script that runs, a broken policy and a request elsewhere are all seen."""
    page = (
        "<title>quiet</title><meta http-equiv=Content-Security-Policy content=\"img-src 'none'\">"
        "<img src=http://images.invalid/x><script>document.title='taken'</script>"
        "<script src=http://scripts.invalid/x></script>"
    )

    seen = visit(f"data:text/html,{page}", tmp_path)

    assert seen.title == "taken"
    assert "violates the following Content Security Policy directive" in " ".join(seen.messages)
    assert seen.requests == ["http://scripts.invalid/x"]


@pytest.mark.parametrize("path", ["/", "/sessions/sess_1"])
def test_nothing_hostile_comes_alive(client: httpx.Client, pages: EmbeddedServer, tmp_path: Path, path: str) -> None:
    """A page full of attacks keeps its title, breaks no policy, and asks for nothing but its own two files."""
    attacks = [
        {**event, "id": f"{session_id}-{at}-{event['id']}"}
        for session_id in ("sess_1", "sess_2")
        for at, (sent, _) in enumerate(TEXTS.values())
        for event in list(events_holding(sent, session_id))[at % 7 :: 7]
    ]
    sessions = [
        {**FAILED, "sessionId": f"own_{name}", "summary": sent} for name, (sent, _) in enumerate(TEXTS.values())
    ]
    ending = {**FAILED, "timestamp": "2026-11-20T00:00:00Z"}
    ingest(client, [*attacks, ending, *sessions])

    seen = visit(f"{pages.url}{path}?project={client.headers['Sentrial-Project']}", tmp_path)

    assert seen.title.endswith(" · Sentrial")
    assert "taken" not in seen.title.replace("document.title='taken'", "")
    assert seen.messages == []
    assert paths(seen.requests, pages.url) == LOADED
    assert_inert(seen.document)
    assert len(titles(seen.document) if path == "/" else ids(seen.document)) > len(TEXTS)


def test_the_empty_page_asks_for_the_first_session(server: EmbeddedServer, tmp_path: Path) -> None:
    """Our script runs under our own policy: it asks for the list's JSON, from here."""
    seen = visit(server.url, tmp_path)

    assert seen.title == "Sessions · Sentrial"
    assert seen.messages == []
    assert paths(seen.requests, server.url) == ["/index.json", *LOADED]


def test_a_missing_session_of_a_hostile_name_is_text(pages: EmbeddedServer, tmp_path: Path) -> None:
    """What stands in the address is shown, and is not run."""
    seen = visit(f"{pages.url}/sessions/%3Cimg%20src=x%20onerror=document.title='taken'%3E", tmp_path)

    assert seen.title == "No such session · Sentrial"
    assert "<img src=x onerror=document.title='taken'> is not here" in seen.document.one("main").text
    assert seen.messages == []
    assert paths(seen.requests, pages.url) == LOADED
