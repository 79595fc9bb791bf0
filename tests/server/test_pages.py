"""The two pages over a real socket: what they show, and where they lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from tests.browser.document import read_document
from tests.browser.visits import FAILED, START, get, ids, ingest, titles

if TYPE_CHECKING:
    from tests.conftest import KeyedServer

DECISION = {
    "eventType": "llm_decision",
    "id": "choice",
    "reasoning": "An obvious case.",
    "alternativesConsidered": [{"name": "check_policy", "score": 0.33}, {"name": "issue_refund", "score": 0.34}],
    "chosen": "issue_refund",
}
CALL = {"eventType": "tool_call", "id": "call", "toolName": "issue_refund", "toolInput": {"order": 4412}}
ERROR = {
    "eventType": "error",
    "id": "error",
    "toolName": "issue_refund",
    "toolError": {"type": "PolicyViolation", "message": "over the limit", "stack_trace": "line 41"},
    "recoverable": False,
}
KINDS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "tool": (
        {
            "eventType": "tool_call",
            "toolName": "search",
            "toolInput": {"query": "reset", "limit": 5},
            "toolOutput": [1],
        },
        ["Tool call", "search", "query=reset limit=5", '"query": "reset"', "Output [ 1 ]", "150 ms"],
    ),
    "model": (
        {"eventType": "llm_call", "model": "gpt-4o", "prompt": [{"role": "user", "content": "Twice!"}]}
        | {"response": "Sorry.", "promptTokens": 12_000, "completionTokens": 150, "estimatedCost": 0.0131},
        ["Model call", "gpt-4o", "user Twice!", "assistant Sorry.", "12.2k", "$0.013", "Tokens in 12,000"],
    ),
    "decision": (
        {"eventType": "llm_decision", "name": "next", "reasoning": "It is known.", "chosen": "refund"}
        | {"alternativesConsidered": [{"name": "refund", "score": 0.4}, {"name": "ask", "score": 0.6}, "wait"]},
        ["Decision", "40 %→ refund", "It is known.", "ask 60 % refund chosen 40 % wait", "ask was 20 points ahead"],
    ),
    "error": (
        {"eventType": "error", "toolError": {"type": "Timeout", "message": "too late", "stack_trace": "line 1"}}
        | {"recoverable": True, "recoveryAction": "try again"},
        ["Error", "Timeout", "too late", "Stack line 1", "Recoverable yes", "Recovery action try again"],
    ),
    "step": (
        {"eventType": "step", "name": "issue refund", "input": {"order": 4412}, "output": "done"},
        ["Step", "issue refund", "order=4412", "Output done"],
    ),
    "session": (
        {"eventType": "session_start", "name": "Support", "userInput": "Help me", "userId": "anna", "tags": ["a", "b"]},
        ["Session started", "Support · Help me", "Task Help me", "User anna", "Tags a, b"],
    ),
    "session update": (
        {"eventType": "session_update", "status": "waiting", "waitingFor": "a person"},
        ["Session updated", "waiting · a person", "Waiting for a person"],
    ),
    "session end": (
        {"eventType": "session_end", "status": "success", "summary": "All is well"},
        ["Session ended", "success · All is well", "Summary All is well"],
    ),
    "report": (
        {"eventType": "client_report", "reason": "spool_full", "quantity": 1200},
        ["Client report", "Events lost", "spool_full", "Events lost 1,200"],
    ),
    "other": (
        {"eventType": "handoff", "to": "billing-agent", "context": {"order": [4412]}},
        ["Event", "handoff", "to=billing-agent", '"context": { "order": [ 4412 ] }'],
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_is_shown_for_what_it_is(client: httpx.Client, kind: str) -> None:
    """Its shape, its line, its figures and its details; of a kind that is not known, its JSON."""
    event, shown = KINDS[kind]
    ingest(client, [{**event, "durationMs": 150, "metadata": {"attempt": 3}}])

    found = get(client, "/sessions/sess_1").by_id("e0")

    assert kind.partition(" ")[0] in found.classes
    text = " ".join([*(mark.attributes.get("aria-label", "") for mark in found.all("svg")), found.text])
    assert [part for part in [*shown, '"attempt": 3'] if part not in text] == []


def test_children_stand_below_their_parent(client: httpx.Client) -> None:
    """Each event once, even where parents are unknown, the event itself, or go round in a circle."""
    step = {"eventType": "step", "name": "x"}
    parents = {"a": "gone", "b": "b", "c": "d", "d": "c", "e": "a", "f": "b", "g": "e"}
    ingest(client, [{**step, "id": name, "parentId": parent} for name, parent in parents.items()])

    page = get(client, "/sessions/sess_1")

    depths = {name: page.by_id(name).one("span", "name").classes[1] for name in ids(page)}
    assert depths == {"a": "d0", "e": "d1", "g": "d2", "b": "d0", "f": "d1", "c": "d0", "d": "d1"}
    assert list(depths) == ["a", "e", "g", "b", "f", "c", "d"]


def test_the_verdict_names_error_tool_and_decision(client: httpx.Client) -> None:
    """Above the events: what failed in which tool, the choice that led there, and how close it was."""
    ingest(client, [START, DECISION, CALL, {**ERROR, "parentId": "call"}, FAILED])

    page = get(client, "/sessions/sess_1")

    verdict, why = page.one("section", "verdict"), page.one("aside", "why")
    assert verdict.one("h1").text == "PolicyViolation in issue_refund"
    assert verdict.one("p", "message").text == "over the limit"
    assert [step.text for step in verdict.all("li")] == [
        "chose issue_refund at 34 % check_policy was 1 point behind",
        "issue_refund order=4412",
        "not recoverable, run stopped",
    ]
    assert [link.partition("#")[2] for link in verdict.links()] == ["choice", "call", "error"]
    assert "Reasoning An obvious case." in why.text
    assert "A close call: check_policy was 1 point behind." in why.text
    assert "line 41" in why.text
    assert "culprit" in page.by_id("error").classes


@pytest.mark.parametrize(
    ("events", "heading", "chain"),
    [
        ([DECISION, {**CALL, "status": "error"}], "Error in issue_refund", ["choice", "call"]),
        ([{**CALL, "toolError": {"message": "no"}}, {**DECISION}], "Error in issue_refund", ["call"]),
        ([CALL, DECISION, ERROR], "PolicyViolation in issue_refund", ["call", "error"]),
        ([DECISION, {**ERROR, "toolName": None}], "PolicyViolation", ["choice", "error"]),
        ([DECISION], "Failed", []),
    ],
    ids=["call alone", "decision after", "by the tool's name", "no tool", "no error"],
)
def test_the_verdict_says_no_more_than_is_known(
    client: httpx.Client, events: list[dict[str, Any]], heading: str, chain: list[str]
) -> None:
    """A part that was not recorded, or came later, is left out; the rest stays."""
    ingest(client, [START, *events, FAILED])

    verdict = get(client, "/sessions/sess_1").one("section", "verdict")

    assert verdict.one("h1").text == heading
    assert [link.partition("#")[2] for link in verdict.links()] == chain


@pytest.mark.parametrize(
    ("events", "shown", "badge"),
    [
        ([START], "running I was charged twice", "Running"),
        ([START, ERROR, {**FAILED, "status": "success", "summary": "Paid"}], "Paid · 1 error recovered", "OK"),
        (
            [START, {"eventType": "session_update", "status": "waiting", "waitingFor": "Eve"}],
            "waiting for Eve I was charged twice",
            "Waiting",
        ),
        ([START, {**FAILED, "status": "cancelled"}], "cancelled Nothing was paid", "Cancelled"),
    ],
    ids=["running", "recovered", "waiting", "cancelled"],
)
def test_a_session_says_what_happened_in_a_line(
    client: httpx.Client, events: list[dict[str, Any]], shown: str, badge: str
) -> None:
    """The same line heads its page and stands in the list."""
    ingest(client, events)

    page, listed = get(client, "/sessions/sess_1"), get(client, "/")

    assert page.one("h1").text == shown
    assert page.one("span", "badge").text == badge
    assert titles(listed) == [shown]


def test_a_failed_session_is_listed_with_its_reason(client: httpx.Client) -> None:
    """The list answers why before any click, and leads to the page."""
    ingest(client, [START, DECISION, CALL, ERROR, FAILED])

    listed = get(client, "/")

    assert titles(listed) == ["PolicyViolation in issue_refund over the limit"]
    assert get(client, listed.one("tbody").links()[0]).one("section", "verdict")


def test_tabs_and_filters_narrow_the_list(client: httpx.Client) -> None:
    """Each tab counts and shows its sessions; an agent and a user narrow it further, and can be removed."""
    failing = [{**START, "userId": "eve"}, FAILED]
    ingest(client, [*failing, {**START, "sessionId": "two", "agentName": "coder", "userInput": "Fix it"}])

    whole, failed = get(client, "/"), get(client, "/?status=error")
    coder, nobody = get(client, "/?agent=coder"), get(client, "/?agent=coder&user=eve")
    mistyped = get(client, "/?status=none")

    assert [tab.text for tab in whole.one("nav", "tabs").all("a")] == ["All 2", "Failed 1", "Running 1", "OK 0"]
    assert [len(titles(get(client, tab))) for tab in whole.one("nav", "tabs").links()] == [2, 1, 1, 0]
    marked = [tab.text for tab in failed.one("nav", "tabs").all("a") if "aria-current" in tab.attributes]
    assert marked == ["Failed 1"]
    assert titles(coder) == ["running Fix it"]
    assert "No such session" in nobody.text
    assert [titles(get(client, link.attributes["href"])) for link in nobody.all("a", "filter")] == [
        ["Failed Nothing was paid"],
        ["running Fix it"],
    ]
    assert len(titles(mistyped)) == 2


def test_the_list_comes_in_pages(client: httpx.Client) -> None:
    """Fifty at a time, the newest first; each once, and a way back; the tab that was chosen stays chosen."""
    ingest(client, [{**START, "sessionId": f"s{at}", "userInput": f"task {at}"} for at in range(120)])
    ingest(client, [{**FAILED, "id": f"end{at}", "sessionId": f"failed{at}"} for at in range(120)])

    pages = [get(client, "/?status=active")]
    while older := [link.attributes["href"] for link in pages[-1].all("a") if link.text == "Older"]:
        pages.append(get(client, older[0]))

    assert [title for page in pages for title in titles(page)] == [f"running task {at}" for at in reversed(range(120))]
    assert [len(titles(page)) for page in pages] == [50, 50, 20]
    newest = next(link.attributes["href"] for link in pages[-1].all("a") if link.text == "Newest")
    assert titles(get(client, newest)) == titles(pages[0])


def test_events_come_in_pages_with_the_verdict_on_each(client: httpx.Client) -> None:
    """Five hundred at a time, numbered through; a failure far behind is explained at once, and linked."""
    steps = [{"eventType": "step", "name": f"step {at}"} for at in range(1100)]
    events = [START, *steps, DECISION, CALL, ERROR, FAILED]
    ingest(client, events)

    pages = [get(client, "/sessions/sess_1")]
    while following := [link.attributes["href"] for link in pages[-1].all("a", "button") if link.text == "Next 500"]:
        pages.append(get(client, following[0]))
    linked = get(client, pages[0].one("section", "verdict").links()[-1])

    assert [name for page in pages for name in ids(page)] == [
        event.get("id", f"e{at}") for at, event in enumerate(events)
    ]
    assert [page.all("span", "no")[1].text for page in pages] == ["1", "501", "1,001"]
    assert {page.one("h1").text for page in pages} == {"PolicyViolation in issue_refund"}
    assert "open" in linked.by_id("error").one("details").attributes
    assert ids(linked) == ids(pages[2])


def test_every_link_keeps_the_project(own_client: httpx.Client) -> None:
    """A keyless server shows all projects with a switcher; from a project's list no link leads out of it."""
    for project in ("billing", "support"):
        own_client.headers["Sentrial-Project"] = project
        ingest(own_client, [{**START, "sessionId": f"{project}-{at}", "userId": "eve"} for at in range(51)])
        ingest(own_client, [{"eventType": "step", "name": "x", "id": f"x{at}"} for at in range(501)])

    everything = read_document(own_client.get("/").text)
    listed, session = get(own_client, "/"), get(own_client, "/sessions/sess_1")
    elsewhere = get(own_client, "/sessions/billing-0", status=404)

    switcher = everything.one("nav", "projects")
    assert [link.text for link in switcher.all("a")] == ["All projects", "billing", "support"]
    assert {cell.text for cell in everything.all("td", "project")} == {"billing", "support"}
    assert all("project=" in link for link in everything.one("tbody").links())
    assert {cell.text for cell in listed.all("td", "project")} == {"support"}
    for page in (listed, session, elsewhere):
        others = [link for link in page.links() if not link.startswith("#") and "project=support" not in link]
        assert others == [link for link in switcher.links() if "support" not in link and page is listed]


def test_every_page_has_its_json(client: httpx.Client) -> None:
    """The page names it; it holds what the API answers, and a page that was turned has that page's JSON."""
    ingest(client, [START, *({"eventType": "step", "name": "x"} for _ in range(520)), FAILED])
    listed, session = get(client, "/?status=error"), get(client, "/sessions/sess_1")
    turned = get(client, next(link.attributes["href"] for link in session.all("a") if link.text == "Next 500"))

    addresses = [page.one("head").all("link")[-1].attributes["href"] for page in (listed, session, turned)]
    sessions, first, second = (client.get(address).json() for address in addresses)

    assert sessions["items"] == client.get("/api/sdk/sessions").json()["items"]
    assert sessions["counts"] == {"error": 1}
    assert first["session"] == second["session"] == client.get("/api/sdk/sessions/sess_1").json()
    events = client.get("/api/sdk/sessions/sess_1/events", params={"limit": 1000}).json()["items"]
    assert first["events"]["items"] + second["events"]["items"] == events


def test_an_id_may_end_like_the_json(client: httpx.Client) -> None:
    """A session whose own id ends in `.json` has a page, and JSON behind one more `.json`."""
    ingest(client, [{**START, "sessionId": "report.json"}])

    page = get(client, "/sessions/report.json")

    assert page.one("h1").text == "running I was charged twice"
    assert client.get(page.one("head").all("link")[-1].attributes["href"]).json()["session"]["id"] == "report.json"


@pytest.mark.parametrize("name", ["gone", "<img src=x onerror=alert(1)>", "a b", "x" * 300, "\0", "\u202e"])
def test_an_unknown_session_is_a_tidy_404(client: httpx.Client, name: str) -> None:
    """The page says what is not there and leads back; the JSON says it as JSON."""
    page = get(client, f"/sessions/{quote(name, safe='')}", status=404)
    answer = client.get(f"/sessions/{quote(name, safe='')}.json")

    assert page.one("h1").text == "No such session"
    assert page.all("a", "button")[0].attributes["href"].startswith("/?project=")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("tail", ["", "%3Cscript%3E", "%00", "9" * 400])
@pytest.mark.parametrize(
    "query", ["cursor=", "cursor=~", "cursor=9~x", "cursor=1~a~b", "e=gone", "cursor=gone&before="]
)
def test_a_link_cut_short_still_opens_the_page(client: httpx.Client, query: str, tail: str) -> None:
    """A parameter that means nothing narrows nothing and breaks nothing."""
    ingest(client, [START])

    pages = [get(client, f"{path}?status=%22%3E&user={tail}&{query}{tail}") for path in ("/", "/sessions/sess_1")]

    assert all(page.one("main") for page in pages)


def test_an_empty_server_shows_how_to_begin(own_client: httpx.Client) -> None:
    """The lines name this very server, and the page waits for what they record."""
    page = get(own_client, "/")

    code = "".join(part for part in page.one("pre").one("code").inside if isinstance(part, str))
    assert f'api_url="{str(own_client.base_url).rstrip("/")}"' in code
    assert 'project_id="default"' in code
    compile(code, "the empty page", "exec")
    assert own_client.get(page.one("div", "empty").attributes["data-awaits"]).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/static/sentrial.css", "text/css"),
        ("/static/sentrial.js", "text/javascript"),
        ("/favicon.svg", "image/svg+xml"),
        ("/favicon.ico", "image/svg+xml"),
    ],
)
def test_files_are_sent_once(client: httpx.Client, path: str, media_type: str) -> None:
    """A browser that has a file asks whether it is still the same, and gets no second copy."""
    first = client.get(path)

    again = client.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    changed = client.get(path, headers={"If-None-Match": '"other"'})

    assert first.headers["content-type"].partition(";")[0] == media_type
    assert (first.status_code, changed.status_code) == (200, 200)
    assert (again.status_code, again.content) == (304, b"")


def test_no_path_leads_out_of_the_files(client: httpx.Client) -> None:
    """What is not in the table does not exist."""
    paths = ["/static/", "/static/../pages.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/base.html"]

    assert [client.get(path).status_code for path in paths] == [404] * len(paths)


@pytest.mark.parametrize("path", ["/", "/index.json", "/sessions/sess_1", "/sessions/sess_1.json", "/sessions/gone"])
def test_a_keyed_server_shows_only_the_project_of_the_key(keyed_server: KeyedServer, path: str) -> None:
    """Without a key nothing is shown; with one, nothing of other projects, not even their names."""
    for project in ("support", "billing"):
        keyed_server.store.ingest(project, [{**START, "sessionId": "sess_1", "id": "e0", "userInput": f"of {project}"}])

    closed = httpx.get(keyed_server.url + path)
    opened = httpx.get(keyed_server.url + path, headers=keyed_server.headers)

    assert (closed.status_code, "of support" in closed.text) == (403, False)
    assert opened.status_code == (404 if "gone" in path else 200)
    assert "billing" not in opened.text
    assert ("of support" in opened.text) == ("gone" not in path)
