"""Who may ask, from where, for which project; and what every answer carries."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from sentrial.server.app import create_app
from sentrial.server.contract import load_contract
from sentrial.server.serve import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sentrial.server.store import Store
    from tests.conftest import KeyedServer

STEP = {"eventType": "step", "sessionId": "sess_1", "name": "plan"}
ROUTES = [
    (operation.method, operation.path.replace("{sessionId}", "sess_1"))
    for operation in load_contract().operations
    if operation.needs_key
]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a server with a key that no test changes, and the key."""
    with EmbeddedServer(tmp_path_factory.mktemp("guarded") / "sentrial.db") as running:
        yield running.url, running.store.create_key("support")


def code(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a problem."""
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_asks_for_a_key_once_one_exists(guarded: tuple[str, str], method: str, path: str) -> None:
    """No key, an unknown one and one of another kind open nothing, whatever the route."""
    url, key = guarded
    wrong = (None, "Bearer snt_000000000000_" + "0" * 48, f"Bearer {key[:-1]}", f"Basic {key}", "Bearer")

    with httpx.Client(base_url=url) as client:
        answers = [client.request(method, path, headers={"Authorization": text} if text else {}) for text in wrong]

    assert [code(answer) for answer in answers] == [(401, "unauthorized")] * len(wrong)
    assert all(answer.headers["www-authenticate"].startswith("Bearer") for answer in answers)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_key_opens_no_other_project(guarded: tuple[str, str], method: str, path: str) -> None:
    """The key decides the project; a header that names another is refused."""
    url, key = guarded
    headers = {"Authorization": f"Bearer {key}", "Sentrial-Project": "another"}

    answer = httpx.request(method, url + path, headers=headers)

    assert code(answer) == (403, "project_mismatch")


def test_what_another_project_has_is_not_found(keyed_server: KeyedServer) -> None:
    """404 and not 403: an id of another project tells nothing."""
    keyed_server.store.ingest("another", [{**STEP, "id": "evt_1"}])
    own = {**keyed_server.headers, "Sentrial-Project": keyed_server.project}

    with httpx.Client(base_url=keyed_server.url, headers=own) as client:
        answers = [
            client.get("/api/sdk/sessions/sess_1"),
            client.get("/api/sdk/sessions/sess_1/events"),
            client.patch("/api/sdk/sessions/sess_1", json={"name": "mine"}),
            client.delete("/api/sdk/sessions/sess_1"),
        ]
        listed = client.get("/api/sdk/sessions").json()["items"]

    assert [code(answer) for answer in answers] == [(404, "not_found")] * 4
    assert listed == []


def test_a_key_does_only_what_its_scopes_say(keyed_server: KeyedServer) -> None:
    """A key that may read can't write, one that may write can't delete; each may ask for the redaction settings."""
    reader = keyed_server.store.create_key("support", scopes=("read",))
    writer = keyed_server.store.create_key("support", scopes=("ingest",))

    def status(key: str, method: str, path: str, **body: Any) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.request(method, keyed_server.url + path, headers=headers, **body).status_code

    assert status(writer, "POST", "/api/sdk/events", json=STEP) == 201
    assert status(reader, "POST", "/api/sdk/events", json=STEP) == 403
    assert status(reader, "GET", "/api/sdk/sessions/sess_1") == 200
    assert status(writer, "GET", "/api/sdk/sessions/sess_1") == 403
    assert status(writer, "DELETE", "/api/sdk/sessions/sess_1") == 403
    assert [status(key, "GET", "/api/sdk/pii-config") for key in (reader, writer)] == [200, 200]


def test_health_tells_everyone_that_it_is_well(keyed_server: KeyedServer) -> None:
    """It needs no key, and tells nothing about any project."""
    assert httpx.get(f"{keyed_server.url}/api/sdk/health").status_code == 200


def test_a_key_in_the_address_is_no_key(keyed_server: KeyedServer) -> None:
    """Addresses end up in logs and histories."""
    answer = httpx.get(f"{keyed_server.url}/api/sdk/sessions", params={"key": keyed_server.key})

    assert code(answer) == (401, "unauthorized")


def test_without_keys_any_key_is_taken_and_the_header_names_the_project(
    own_client: httpx.Client, server: EmbeddedServer
) -> None:
    """A developer's machine needs no setup; `default` is where nothing is named."""
    own_client.post("/api/sdk/events", json=STEP, headers={"Authorization": "Bearer whatever"})
    own_client.post("/api/sdk/events", json=STEP, headers={"Sentrial-Project": "other"})

    assert server.store.projects() == ["default", "other"]


def test_a_key_that_another_process_makes_counts_at_once(own_client: httpx.Client, server: EmbeddedServer) -> None:
    """The server asks the database each time, and never remembers that there were no keys."""
    before = own_client.get("/api/sdk/sessions")
    connection = sqlite3.connect(server.store.path)
    connection.execute("INSERT INTO key VALUES ('abc', 'p', x'00', 'read', 0)")
    connection.commit()
    connection.close()

    after = own_client.get("/api/sdk/sessions")

    assert (before.status_code, after.status_code) == (200, 401)


def test_a_server_that_may_not_do_without_keys_asks_for_one(store: Store) -> None:
    """On a network, no key in the database opens nothing: there is none to send."""
    app = create_app(store, keyless_allowed=False)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7777") as client:
            return await client.get("/api/sdk/sessions")

    assert code(asyncio.run(ask())) == (401, "unauthorized")


def test_a_published_client_may_name_the_project_only_at_the_start(
    own_client: httpx.Client, server: EmbeddedServer
) -> None:
    """On a server without keys, what follows goes to the project of its session."""
    session_id = own_client.post("/api/sdk/sessions", json={"name": "x", "projectId": "support"}).json()["id"]
    own_client.post("/api/sdk/events", json={**STEP, "sessionId": session_id})
    ended = own_client.patch(f"/api/sdk/sessions/{session_id}", json={"status": "completed"})

    session = server.store.session("support", session_id)

    assert ended.status_code == 200
    assert session is not None
    assert (session.status, session.event_count) == ("success", 1)
    assert server.store.projects() == ["support"]


def test_the_project_in_the_body_follows_the_rule_of_the_header(
    keyed_server: KeyedServer, client: httpx.Client
) -> None:
    """It must agree with the key and with the header, and be a project's name."""
    body = {"name": "x", "projectId": "another"}

    with_key = httpx.post(f"{keyed_server.url}/api/sdk/sessions", json=body, headers=keyed_server.headers)
    with_header = client.post("/api/sdk/sessions", json=body)
    odd = httpx.post(client.base_url.join("/api/sdk/sessions"), json={"name": "x", "projectId": "a b"})
    elsewhere = client.post("/api/sdk/events", json={**STEP, "projectId": 5})

    assert code(with_key) == (403, "project_mismatch")
    assert code(with_header) == (403, "project_mismatch")
    assert code(odd) == (422, "validation_failed")
    assert elsewhere.status_code == 201


@pytest.mark.parametrize("path", ["/", "/api/sdk/health", "/api/nothing", "/nothing", "/favicon.svg"])
@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1:1", "localhost.evil.example:PORT", ""])
def test_a_host_that_is_not_ours_is_refused_on_every_route(shared_server: EmbeddedServer, path: str, host: str) -> None:
    """A name that a website points at this machine opens nothing."""
    port = str(urlsplit(shared_server.url).port)

    answer = httpx.get(shared_server.url + path, headers={"Host": host.replace("PORT", port)})

    assert answer.status_code in ({403} if host else {400, 403})


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
def test_the_names_of_this_machine_are_ours(shared_server: EmbeddedServer, name: str) -> None:
    """With our port, in any case."""
    port = urlsplit(shared_server.url).port

    answer = httpx.get(f"{shared_server.url}/api/sdk/health", headers={"Host": f"{name}:{port}"})

    assert answer.status_code == 200


def test_two_hosts_are_none(shared_server: EmbeddedServer) -> None:
    """A second Host header could be the one a proxy looked at."""
    parts = urlsplit(shared_server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        lines = ["GET /api/sdk/health HTTP/1.1", f"Host: {parts.netloc}", "Host: evil.example", "Connection: close"]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = connection.recv(65536)

    assert answer.split()[1] in {b"400", b"403"}


def test_further_hosts_can_be_allowed(tmp_path: Path) -> None:
    """Behind a proxy the name has the proxy's port, or none."""
    with EmbeddedServer(tmp_path / "sentrial.db", allowed_hosts=("sentrial.example",)) as server:
        port = urlsplit(server.url).port
        statuses = [
            httpx.get(f"{server.url}/api/sdk/health", headers={"Host": host}).status_code
            for host in ("sentrial.example", f"sentrial.example:{port}", "sentrial.example:1")
        ]

    assert statuses == [200, 200, 403]


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Origin": "SELF", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "SELF", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
)
def test_another_website_may_not_write(client: httpx.Client, headers: dict[str, str], allowed: bool) -> None:
    """A browser says where a request comes from; only our own pages may write."""
    ours = str(client.base_url).rstrip("/")
    sent = {name: ours if value == "SELF" else value for name, value in headers.items()}

    answer = client.post("/api/sdk/events", json=STEP, headers=sent)

    if allowed:
        assert answer.status_code == 201
    else:
        assert code(answer) == (403, "origin_not_allowed")


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/nothing", "/api/sdk/health", "/api/sdk/sessions?limit=x"])
def test_every_answer_carries_the_headers(client: httpx.Client, path: str) -> None:
    """Errors and pages too: nothing from elsewhere runs, nothing is framed, no type is guessed."""
    headers = client.get(path).headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["x-request-id"].startswith("req_")
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", ["/", "/sessions/sess_1"])
def test_pages_of_a_server_with_keys_explain_themselves(keyed_server: KeyedServer, path: str) -> None:
    """Until there are logins, a browser gets one paragraph; a request with a key gets its project."""
    keyed_server.store.ingest("support", [{**STEP, "id": "evt_1"}])
    keyed_server.store.ingest("another", [{**STEP, "id": "evt_1", "sessionId": "sess_other"}])

    closed = httpx.get(keyed_server.url + path)
    opened = httpx.get(keyed_server.url + path, headers=keyed_server.headers)
    other = httpx.get(f"{keyed_server.url}{path}?project=another", headers=keyed_server.headers)

    assert closed.status_code == 403
    assert "Authorization: Bearer" in closed.text
    assert (opened.status_code, other.status_code) == (200, 403)
    assert "sess_other" not in opened.text


def test_requests_at_once_do_not_wait_for_each_other(client: httpx.Client) -> None:
    """The store waits in threads: while one write waits for the disk, others are answered."""
    ours = str(client.base_url)

    async def send() -> list[int]:
        async with httpx.AsyncClient(base_url=ours, headers=client.headers) as many:
            answers = await asyncio.gather(*(many.post("/api/sdk/events", json=STEP) for _ in range(30)))
        return [answer.status_code for answer in answers]

    assert asyncio.run(send()) == [201] * 30


def test_a_client_that_goes_away_in_the_middle_is_no_failure(
    server: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a body and then nothing: the server logs no error, and serves the next one."""
    address = urlsplit(server.url)
    head = (
        "POST /api/sdk/events/batch HTTP/1.1\r\n"
        f"Host: {address.netloc}\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head.encode() + b'{"eventType"')
        time.sleep(0.2)
    answers = [httpx.get(f"{server.url}/api/sdk/health").status_code for _ in range(5)]
    time.sleep(0.2)

    assert answers == [200] * 5
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
