"""What anyone may write into an event reaches the pages as text: never as markup, never as an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.hostile import TEXTS, VALUES, events_holding
from tests.browser.visits import FAILED, START, get, ids, ingest, titles

if TYPE_CHECKING:
    import httpx


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_is_shown_as_text(client: httpx.Client, name: str) -> None:
    """In every field of every kind of event: it is to be read, and nothing of it is markup."""
    sent, shown = TEXTS[name]
    events = list(events_holding(sent, "sess_1"))
    ending = {**FAILED, "id": "end", "summary": sent, "timestamp": "2026-11-20T00:00:00Z"}
    states = [event for event in events if event["eventType"] in ("session_start", "session_update")]
    ingest(client, [*events, ending, *({**event, "id": f"{event['id']}-b", "sessionId": "sess_2"} for event in states)])

    failed, waiting, listed = get(client, "/sessions/sess_1"), get(client, "/sessions/sess_2"), get(client, "/")

    assert [event["id"] for event in events if shown not in failed.by_id(event["id"]).text] == []
    assert shown in failed.one("section", "verdict").text
    assert shown in failed.one("aside", "why").text
    assert shown in waiting.one("h1").text
    assert [shown in title for title in titles(listed)] == [True, True]
    assert [shown in cell.text for cell in listed.all("td", "user")] == [True, True]


@pytest.mark.parametrize("name", VALUES)
def test_any_value_in_any_field_is_shown(client: httpx.Client, name: str) -> None:
    """Every type JSON has, wherever the contract takes it, gives pages and JSON that hold every event."""
    events = list(events_holding(VALUES[name], "sess_1"))
    ingest(client, events)

    page, listed = get(client, "/sessions/sess_1"), get(client, "/")
    answer = client.get(f"/sessions/sess_1.json?project={client.headers['Sentrial-Project']}")

    assert sorted(ids(page)) == sorted(event["id"] for event in events)
    assert len(titles(listed)) == 1
    assert len(answer.json()["events"]["items"]) == len(events)


def test_a_long_value_is_cut_and_the_whole_is_a_link_away(client: httpx.Client) -> None:
    """Of a mebibyte the page shows the beginning and says so; the event's own link shows more, the JSON all."""
    long = "<b>" * 349_000
    ingest(client, [START, {"eventType": "tool_call", "id": "call", "toolName": "x" * 1024, "toolInput": long}])

    page = get(client, "/sessions/sess_1")
    link = page.by_id("call").one("p", "foot").links()[-1]
    opened = get(client, link)

    assert page.by_id("call").text.count("<b>") < 2000
    assert "… cut here" in page.by_id("call").text
    assert 100_000 < opened.by_id("call").text.count("<b>") < 200_000
    assert (
        client.get(opened.by_id("call").one("p", "foot").links()[-1]).json()["events"]["items"][1]["toolInput"] == long
    )


def test_a_page_of_long_values_stays_small(client: httpx.Client) -> None:
    """Five hundred events of long texts share the room a page has."""
    ingest(client, [{"eventType": "step", "name": "x", "input": "y" * 9000} for _ in range(500)])

    page = get(client, "/sessions/sess_1")

    assert len(ids(page)) == 500
    assert page.text.count("y") < 1_800_000
