"""The JSON API over a real socket: what goes in, what comes back, and what is refused how."""

from __future__ import annotations

import gzip
import http.client
import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from sentrial.server.store import StoreError

if TYPE_CHECKING:
    import httpx

    from sentrial.server.serve import EmbeddedServer

NDJSON = {"Content-Type": "application/x-ndjson"}


def start(client: httpx.Client, **fields: Any) -> str:
    """Start a session and return its id."""
    answer = client.post("/api/sdk/sessions", json={"name": "Support", **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def line(event_id: str, **fields: Any) -> bytes:
    """Return one event as a line of a batch."""
    return json.dumps({"eventType": "step", "sessionId": "sess_1", "id": event_id, "name": "x", **fields}).encode()


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of an answer that must be a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["requestId"] == answer.headers["x-request-id"]
    return answer.status_code, body["code"]


def test_a_session_from_start_to_end(client: httpx.Client) -> None:
    """A session is started, filled, ended and read back as its events tell it."""
    session_id = start(client, agentName="support-agent", metadata={"user_id": "user_1"}, tags=["vip"])
    event = {"eventType": "tool_call", "sessionId": session_id, "toolName": "refund", "toolOutput": "ok"}
    recorded = client.post("/api/sdk/events", json=event)
    ended = client.patch(f"/api/sdk/sessions/{session_id}", json={"status": "completed", "assistantOutput": "Done."})

    read = client.get(f"/api/sdk/sessions/{session_id}").json()
    events = client.get(f"/api/sdk/sessions/{session_id}/events").json()

    assert recorded.status_code == 201
    assert ended.json() == read
    assert (read["status"], read["summary"], read["userId"], read["tags"]) == ("success", "Done.", "user_1", ["vip"])
    assert (read["eventCount"], read["toolCallCount"]) == (1, 1)
    assert [item["eventType"] for item in events["items"]] == ["session_start", "tool_call", "session_end"]
    assert events["nextCursor"] is None


def test_starting_a_session_again_returns_it_unchanged(client: httpx.Client) -> None:
    """A retry starts nothing twice."""
    start(client, id="sess_own")

    again = client.post("/api/sdk/sessions", json={"name": "Another", "id": "sess_own"})

    assert again.status_code == 200
    assert again.json()["name"] == "Support"
    assert len(client.get("/api/sdk/sessions/sess_own/events").json()["items"]) == 1


def test_starts_at_the_same_moment_make_one_session(client: httpx.Client) -> None:
    """Of many that arrive at once, one is 201 and all answer the same session."""
    statuses: list[int] = []

    def create() -> None:
        statuses.append(client.post("/api/sdk/sessions", json={"name": "Support", "id": "sess_own"}).status_code)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200] * 7 + [201]
    assert len(client.get("/api/sdk/sessions/sess_own/events").json()["items"]) == 1


def test_a_deleted_session_stays_deleted(client: httpx.Client) -> None:
    """It is 404 to read, 409 to start again, and a late event is a duplicate."""
    session_id = start(client)
    deleted = client.delete(f"/api/sdk/sessions/{session_id}")

    late = client.post("/api/sdk/events", json={"eventType": "step", "sessionId": session_id, "name": "late"})

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (late.status_code, late.json()["outcome"]) == (200, "duplicate")
    assert problem(client.get(f"/api/sdk/sessions/{session_id}")) == (404, "not_found")
    assert problem(client.get(f"/api/sdk/sessions/{session_id}/events")) == (404, "not_found")
    assert problem(client.patch(f"/api/sdk/sessions/{session_id}", json={"name": "x"})) == (404, "not_found")
    assert problem(client.delete(f"/api/sdk/sessions/{session_id}")) == (404, "not_found")
    assert problem(client.post("/api/sdk/sessions", json={"name": "x", "id": session_id})) == (409, "session_deleted")


def test_a_batch_gives_every_line_its_own_outcome(client: httpx.Client) -> None:
    """Good lines are stored, bad ones named with their index, id, code and reason; empty ones only count."""
    body = b"\n".join(
        [
            line("evt_1"),
            b"",
            b"{",
            line("evt_2", name=""),
            line("evt_1"),
            b" ",
            b'"\\ud800"',
            line("evt_3", name="x" * (1 << 20)),
        ]
    )

    answer = client.post("/api/sdk/events/batch", content=body, headers=NDJSON).json()

    assert (answer["accepted"], answer["duplicates"]) == (1, 1)
    assert [(one["index"], one["id"], one["code"]) for one in answer["rejected"]] == [
        (2, None, "invalid_json"),
        (3, "evt_2", "validation_failed"),
        (6, None, "invalid_json"),
        (7, None, "payload_too_large"),
    ]
    assert answer["rejected"][1]["reason"] == '/name "" is shorter than 1 character'


def test_a_batch_may_be_packed(client: httpx.Client) -> None:
    """Gzip in one or several members, and content types with parameters, are read."""
    body = gzip.compress(line("evt_1") + b"\n") + gzip.compress(line("evt_2"))
    headers = {"Content-Type": "application/x-ndjson; charset=utf-8", "Content-Encoding": "gzip"}

    answer = client.post("/api/sdk/events/batch", content=body, headers=headers)

    assert answer.json() == {"accepted": 2, "duplicates": 0, "rejected": []}


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"", {}, (400, "bad_request")),
        (b"\n" * 1001, {}, (413, "payload_too_large")),
        (b"x" * ((8 << 20) + 1), {}, (413, "payload_too_large")),
        (b"x", {"Content-Type": "application/json"}, (415, "unsupported_media_type")),
        (b"x", {"Content-Encoding": "br"}, (415, "unsupported_media_type")),
        (b"x", {"Content-Encoding": "gzip"}, (400, "bad_request")),
        (gzip.compress(b"x" * 1000)[:-9], {"Content-Encoding": "gzip"}, (400, "bad_request")),
        (gzip.compress(b"\0" * ((32 << 20) + 1)), {"Content-Encoding": "gzip"}, (413, "payload_too_large")),
    ],
    ids=["empty", "lines", "bytes", "type", "encoding", "no-gzip", "torn-gzip", "bomb"],
)
def test_a_batch_that_can_not_be_read_as_a_whole_is_refused(
    client: httpx.Client, body: bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    """Only the size or the form of the whole refuses the whole."""
    answer = client.post("/api/sdk/events/batch", content=body, headers={**NDJSON, **headers})

    assert problem(answer) == expected


def test_a_body_sent_in_pieces_is_counted_as_it_comes(client: httpx.Client) -> None:
    """Without a Content-Length the limit still holds."""
    pieces = (b"x" * (1 << 20) for _ in range(9))

    answer = client.post("/api/sdk/events/batch", content=pieces, headers=NDJSON)

    assert problem(answer) == (413, "payload_too_large")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"{", (400, "bad_request")),
        (b'{"name": NaN}', (400, "bad_request")),
        (b'{"name": "\\ud800"}', (400, "bad_request")),
        (b'{"name": "\xff"}', (400, "bad_request")),
        (b'{"name": "x", "userInput": ' + b"[" * 64 + b"]" * 64 + b"}", (400, "bad_request")),
        (b'{"name": "x", "userInput": ' + b"[" * 90_000 + b"]" * 90_000 + b"}", (400, "bad_request")),
        (b'{"name": "x", "userInput": 1e999}', (400, "bad_request")),
        (b"[]", (422, "validation_failed")),
        (b'{"name": ""}', (422, "validation_failed")),
        (b'{"name": "x", "timestamp": "yesterday"}', (422, "validation_failed")),
        (b'{"name": "' + b"x" * (1 << 20) + b'"}', (413, "payload_too_large")),
    ],
)
def test_a_body_that_does_not_fit_is_refused_as_a_problem(
    client: httpx.Client, raw: bytes, expected: tuple[int, str]
) -> None:
    """400 where it can't be read, 422 where it has the wrong form, 413 where it is too large."""
    answer = client.post("/api/sdk/sessions", content=raw, headers={"Content-Type": "application/json"})

    assert problem(answer) == expected
    assert client.get("/api/sdk/sessions").json()["items"] == []


@pytest.mark.parametrize(
    "raw",
    [
        b'{"name": "x", "userInput": ' + b"[" * 63 + b"]" * 63 + b"}",
        b'{"name": "x", "userInput": [' + b"{}," * 500 + b"{}]}",
        b'{"name": "x", "userInput": [123456789012345678901234567890, 1.5e300, "\\u0000"]}',
        b'{"name": "first", "name": "x"}',
        b'{"name": "x", "timestamp": "2016-12-31t23:59:60z"}',
        b'{"name": "x", "timestamp": "0001-01-01T00:00:00+23:59"}',
        b'{"name": "x", "timestamp": "9999-12-31T23:59:59-23:59"}',
    ],
)
def test_odd_but_lawful_bodies_are_taken_and_read_back(client: httpx.Client, raw: bytes) -> None:
    """64 levels, huge integers, doubled names, leap seconds and the ends of time are all data."""
    created = client.post("/api/sdk/sessions", content=raw, headers={"Content-Type": "application/json"})

    read = client.get(f"/api/sdk/sessions/{created.json()['id']}").json()

    assert created.status_code == 201
    assert read["name"] == "x"
    assert read["userInput"] == json.loads(raw).get("userInput")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=",
        "limit=1e1",
        "limit=" + "9" * 5000,
        "limit=1&limit=2",
        "status=odd",
        "cursor=x",
    ],
)
def test_parameters_are_checked_by_the_contract(client: httpx.Client, query: str) -> None:
    """A parameter that does not fit, or is there twice, is 400; one that nobody knows is let pass."""
    assert problem(client.get(f"/api/sdk/sessions?{query}")) == (400, "bad_request")
    assert client.get("/api/sdk/sessions?unknown=1").status_code == 200


def test_lists_are_paged_by_their_cursors(client: httpx.Client) -> None:
    """NextCursor is what the next request takes, until it is null."""
    ids = {start(client, agentName="a") for _ in range(5)}

    seen: list[str] = []
    query = "agent=a&limit=2"
    while True:
        page = client.get(f"/api/sdk/sessions?{query}").json()
        seen += [item["id"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        query = f"agent=a&limit=2&cursor={page['nextCursor']}"

    assert len(seen) == 5
    assert set(seen) == ids


def test_a_status_in_the_path_of_a_wait_and_back(client: httpx.Client) -> None:
    """An update that does not end a session changes it, and says what it waits for."""
    session_id = start(client)

    waiting = client.patch(f"/api/sdk/sessions/{session_id}", json={"status": "waiting", "waitingFor": "Anna"}).json()
    going = client.patch(f"/api/sdk/sessions/{session_id}", json={"status": "active", "metadata": {"n": 1}}).json()

    assert (waiting["status"], waiting["waitingFor"]) == ("waiting", "Anna")
    assert (going["status"], going["waitingFor"], going["metadata"]) == ("active", None, {"n": 1})


def test_another_method_is_405_and_names_the_right_ones(client: httpx.Client) -> None:
    """The Allow header lists every method of the path."""
    answer = client.put("/api/sdk/sessions")

    assert problem(answer) == (405, "method_not_allowed")
    assert {method.strip() for method in answer.headers["allow"].split(",")} == {"GET", "HEAD", "POST"}


def test_head_answers_like_get_without_a_body(client: httpx.Client) -> None:
    """HEAD is for those who want to know whether it is there."""
    session_id = start(client)

    there, gone = client.head(f"/api/sdk/sessions/{session_id}"), client.head("/api/sdk/sessions/sess_gone")

    assert (there.status_code, there.content) == (200, b"")
    assert (gone.status_code, gone.content) == (404, b"")


def test_an_unknown_path_of_the_api_is_a_problem(client: httpx.Client) -> None:
    """Clients of the API get JSON, whatever they ask."""
    assert problem(client.get("/api/nothing")) == (404, "not_found")


def test_health_and_redaction_settings_need_nothing(client: httpx.Client) -> None:
    """The service says that it is well, and that there are no settings."""
    assert client.get("/api/sdk/health").json()["status"] == "ok"
    assert client.get("/api/sdk/pii-config").json() == {"config": None}


def test_a_store_that_can_not_answer_is_503_and_may_be_tried_again(
    own_client: httpx.Client, server: EmbeddedServer
) -> None:
    """The client keeps its events and comes back."""
    server.store.close()

    answer = own_client.post("/api/sdk/events/batch", content=line("evt_1"), headers=NDJSON)

    assert problem(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"


def test_what_breaks_inside_is_a_500_that_leaks_nothing(
    own_client: httpx.Client, server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the traceback, the answer only an id to find it by."""
    start(own_client, id="sess_1")
    server.store._writer.run(lambda connection: connection.execute("UPDATE session SET fold = 'not a fold'"))

    answer = own_client.get("/api/sdk/sessions/sess_1")

    assert problem(answer) == (500, "internal_error")
    assert "fold" not in answer.text
    assert answer.headers["x-request-id"] in caplog.text
    assert "content-security-policy" in answer.headers


def test_an_upload_that_is_too_large_does_not_break_the_next_request(shared_server: EmbeddedServer) -> None:
    """The refusal comes before the whole body was sent, and the server goes on."""
    host = urlsplit(shared_server.url).netloc
    connection = http.client.HTTPConnection(host, timeout=5)
    connection.putrequest("POST", "/api/sdk/events/batch")
    connection.putheader("Content-Type", "application/x-ndjson")
    connection.putheader("Content-Length", str(100 << 20))
    connection.endheaders()
    answer = connection.getresponse()
    connection.close()

    health = http.client.HTTPConnection(host, timeout=5)
    health.request("GET", "/api/sdk/health")
    status = health.getresponse().status
    health.close()

    assert (answer.status, status) == (413, 200)


def test_the_errors_of_the_store_have_one_root() -> None:
    """Whoever handles StoreError handles all of them."""
    from sentrial.server.store import StoreUnavailable

    assert issubclass(StoreUnavailable, StoreError)


def test_an_unknown_kind_may_hold_anything_under_known_names(client: httpx.Client) -> None:
    """A kind that the contract does not name is stored as it came, also where a name means something elsewhere."""
    event = {
        "eventType": "handoff",
        "sessionId": "sess_odd",
        "toolError": {},
        "toolName": 7,
        "status": [],
        "model": None,
    }

    answer = client.post("/api/sdk/events", json=event)

    assert answer.status_code == 201
    stored = client.get("/api/sdk/sessions/sess_odd/events").json()["items"][0]
    assert {name: stored[name] for name in event} == event
