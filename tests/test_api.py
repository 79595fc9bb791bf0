"""The only door to the network, against real sockets that answer badly: each way a request can go is an outcome."""

from __future__ import annotations

import asyncio
import email.utils
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import APIError, AsyncSentrialClient, ConnectionFailed, NotFound, SentrialClient, _config, errors
from sentrial._api import Reader, retry_after
from sentrial._outcomes import Blocked, Delivered, Outcome, Refused, Rejected, TooLarge, Unreachable
from sentrial._sending import HttpSender, delivered
from tests.journey.peers import Peer, drip, drip_body, hang, hang_up, problem, saying
from tests.journey.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentrial.server.serve import EmbeddedServer

ONE = b'{"eventType":"step","sessionId":"s","name":"n","id":"evt_1"}'
SPEC = json.loads((Path(__file__).parent.parent / "generated" / "openapi.json").read_text("utf-8"))
STATUSES = sorted(
    {int(s) for path in SPEC["paths"].values() for o in path.values() if "responses" in o for s in o["responses"]}
)


def send(url: str, *, timeout: float = 0.5, payloads: tuple[bytes, ...] = (ONE,), **settings: Any) -> Outcome:
    """Send one batch to an address, with a sender of its own."""
    sender = HttpSender(_config.resolve(api_url=url, timeout=timeout, **settings))
    try:
        return sender.send(payloads)
    finally:
        sender.close()


def test_a_live_server_takes_a_batch(server: EmbeddedServer) -> None:
    """The bytes of the spool go as they are, and a refused line comes back with its number and reason."""
    outcome = send(server.url, payloads=(ONE, b'{"eventType":"step","sessionId":"s","name":""}', ONE), timeout=5)

    assert isinstance(outcome, Delivered)
    assert [(event.line, event.code) for event in outcome.rejected] == [(1, "validation_failed")]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *[(status, Refused) for status in (400, 422)],
        (413, TooLarge),
        *[(status, Blocked) for status in (401, 403, 404, 405, 410, 409, 415, 418, 451)],
        *[(status, Blocked) for status in (300, 301, 302, 303, 307, 308)],
        *[(status, Unreachable) for status in (408, 425, 429, 500, 501, 502, 503, 504, 507, 599)],
        *[(status, Unreachable) for status in (201, 202, 204, 206)],
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", problem(400)], ids=["empty", "html", "problem"])
def test_each_status_is_its_outcome(status: int, expected: type[Outcome], body: bytes) -> None:
    """What a status means for a batch does not hang on the body that comes with it."""
    with Peer(saying(status, b"" if status == 204 else body)) as peer:
        outcome = send(peer.url)

    assert type(outcome) is expected


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "SENTRIAL_API_KEY"),
        (403, "SENTRIAL_PROJECT_ID"),
        (404, "SENTRIAL_API_URL"),
        (405, "/api/sdk/events/batch"),
    ],
)
def test_a_server_that_takes_nothing_says_what_to_set(status: int, hint: str) -> None:
    """A wrong key and a server without the batch path each name the variable that mends it."""
    with Peer(saying(status, problem(status))) as peer:
        outcome = send(peer.url)

    assert isinstance(outcome, Blocked)
    assert hint in outcome.reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ok",
        b"<html>Please log in</html>",
        b"null",
        b"[]",
        b"{}",
        b'"accepted"',
        b'{"accepted":1,"duplicates":0}',
        b'{"accepted":0,"duplicates":0,"rejected":[]}',
        b'{"accepted":2,"duplicates":0,"rejected":[]}',
        b'{"accepted":"1","duplicates":0,"rejected":[]}',
        b'{"accepted":1,"duplicates":0,"rejected":null}',
        b'{"accepted":0,"duplicates":0,"rejected":[{}]}',
        b'{"accepted":0,"duplicates":0,"rejected":[{"index":7,"id":null,"code":"c","reason":"r"}]}',
        b'{"accepted":0,"duplicates":0,"rejected":[{"index":-1,"id":null,"code":"c","reason":"r"}]}',
        b'{"accepted":0,"duplicates":0,"rejected":[{"index":0,"id":null,"code":7,"reason":[]}]}',
        b'{"accepted":2,"duplicates":-1,"rejected":[]}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"9" * 5000,
    ],
)
def test_a_200_that_is_not_ours_loses_nothing(body: bytes) -> None:
    """A portal, a proxy or a broken server that says 200 is as good as no answer, whatever it says."""
    with Peer(saying(200, body)) as peer:
        outcome = send(peer.url)

    assert isinstance(outcome, Unreachable)


@pytest.mark.parametrize("behave", [hang, drip, drip_body])
def test_a_request_has_a_deadline_as_a_whole(behave: Callable[..., None]) -> None:
    """A server that hangs, or drips a byte at a time, costs the time-out and no more."""
    with Peer(behave) as peer:
        begun = time.monotonic()
        outcome = send(peer.url, timeout=0.3)
        took = time.monotonic() - begun

    assert isinstance(outcome, Unreachable)
    assert took < 1.5


@pytest.mark.parametrize("behave", [hang, drip, drip_body])
def test_a_read_has_a_deadline_as_a_whole(behave: Callable[..., None]) -> None:
    """So it is with the reads of the plain client, and of the async one."""
    with Peer(behave) as peer:
        client = SentrialClient(api_url=peer.url, timeout=0.3)
        begun = time.monotonic()
        with pytest.raises(ConnectionFailed, match=r"no answer .* in 0\.3 s"):
            client.get_session("s")
        took = time.monotonic() - begun
        client.close()

        async def read() -> float:
            async with AsyncSentrialClient(api_url=peer.url, timeout=0.3) as reader:
                started = time.monotonic()
                with pytest.raises(ConnectionFailed):
                    await reader.get_session("s")
                return time.monotonic() - started

        took_async = asyncio.run(read())

    assert took < 1.5
    assert took_async < 1.5


@pytest.mark.parametrize(
    "behave",
    [hang_up, saying(200, b"")],
    ids=["hang up", "empty"],
)
def test_a_connection_that_breaks_is_no_answer(behave: Callable[..., None]) -> None:
    """A closed connection and a truncated answer are tried again later."""
    with Peer(behave) as peer:
        outcome = send(peer.url)

    assert isinstance(outcome, Unreachable)


def test_nothing_listening_is_no_answer() -> None:
    """A refused connection is an outcome, and says where."""
    url = f"http://127.0.0.1:{free_port()}"

    outcome = send(url)

    assert isinstance(outcome, Unreachable)
    assert url in outcome.reason


def test_a_name_that_does_not_exist_is_no_answer() -> None:
    """A host that can't be looked up is an outcome as well."""
    outcome = send("http://nowhere.invalid", api_key="snt_k_12345678", timeout=5)

    assert isinstance(outcome, Unreachable)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_followed(status: int) -> None:
    """The key and the events never go to where a redirect points, neither from the worker nor from a read."""
    with Peer(saying(200, b"{}")) as thief, Peer(saying(status, b"", Location=thief.url + "/api")) as peer:
        outcome = send(peer.url, api_key="snt_k_0123456789")
        client = SentrialClient(api_key="snt_k_0123456789", api_url=peer.url)
        with pytest.raises(APIError):
            client.get_session("s")
        client.close()

    assert isinstance(outcome, Blocked)
    assert thief.requests == []
    assert len(peer.requests) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_read(status: int) -> None:
    """Seconds and dates of a Retry-After come through; what can't be read is as if it were not there."""
    now = 1_800_000_000.0
    date = email.utils.formatdate(now + 90, usegmt=True)
    with Peer(saying(status, b"", Retry_After="7")) as peer:
        outcome = send(peer.url)

    assert outcome == Unreachable(f"HTTP {status}", 7.0)
    assert retry_after(date, now=lambda: now) == 90
    assert retry_after(email.utils.formatdate(now - 90, usegmt=True), now=lambda: now) == 0
    assert [retry_after(text) for text in (None, "", "soon", "-5", "1.5", "٣x", "²")] == [None] * 7


def test_proxies_are_not_for_this_machine(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With HTTP_PROXY set to a dead address, a server on this machine is still reached, for writing and reading."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    outcome = send(server.url, timeout=5)
    with SentrialClient(api_url=server.url) as client:
        session = client.get_session("s")

    assert isinstance(outcome, Delivered)
    assert session["id"] == "s"


def test_the_project_goes_with_each_request() -> None:
    """A project that was given is named in the header, when writing and when reading."""
    with Peer(saying(404, problem(404, "not_found"))) as peer:
        send(peer.url, project_id="support")
        client = SentrialClient(api_url=peer.url, project_id="support")
        with pytest.raises(NotFound):
            client.get_session("s")
        client.close()

    assert all(b"sentrial-project: support" in request.lower() for request in peer.requests)
    assert len(peer.requests) == 2


@pytest.mark.parametrize("status", [status for status in STATUSES if status >= 400])
def test_each_status_of_the_contract_is_its_error(status: int) -> None:
    """A read raises the class of the table in `errors`, with status, code and request id."""
    with Peer(saying(status, problem(status, "the_code", "what is wrong"), X_Request_Id="req_1")) as peer:
        client = SentrialClient(api_url=peer.url, max_retries=0)
        with pytest.raises(APIError) as caught:
            client.get_session("s")
        client.close()

    assert type(caught.value) is errors.for_status(status)
    assert type(caught.value) is not APIError
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (status, "the_code", "req_1")
    assert "what is wrong" in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        saying(200, b"<html>"),
        saying(200, b"[]"),
        saying(200, b"[" * 100_000),
        saying(418, b"<html>", content_type="text/html"),
    ],
    ids=["html", "list", "deep", "teapot"],
)
def test_a_read_that_makes_no_sense_is_an_api_error(answer: Callable[..., None]) -> None:
    """Whatever a stranger answers, a read raises an error of this package."""
    with Peer(answer) as peer:
        client = SentrialClient(api_url=peer.url)
        with pytest.raises(APIError):
            client.get_session("s")
        client.close()


def test_the_service_tells_its_health_and_its_redaction_settings(server: EmbeddedServer) -> None:
    """What belongs to no session is read by the same door."""
    reader = Reader(_config.resolve(api_url=server.url))

    health, redaction = reader.ask("getHealth"), reader.ask("getPiiConfig")
    reader.close()

    assert health["status"] == "ok"
    assert redaction == {"config": None}


def test_a_read_is_tried_again(server: EmbeddedServer) -> None:
    """A 503 on a read is tried again as often as `max_retries` says, and then raised."""
    with Peer(saying(503, problem(503, "unavailable"))) as peer:
        client = SentrialClient(api_url=peer.url, max_retries=2)
        with pytest.raises(errors.ServerError):
            client.get_session("s")
        client.close()

    assert len(peer.requests) == 3


def test_a_plain_client_may_read_inside_a_coroutine(server: EmbeddedServer) -> None:
    """The plain client's reads work where an event loop runs already."""

    async def read() -> str:
        with SentrialClient(api_url=server.url) as client:
            return client.get_session(client.create_session("s"))["status"]

    assert asyncio.run(read()) == "active"


def test_a_batch_answer_accounts_for_every_event() -> None:
    """An answer that leaves an event out, or names one that was not sent, is none."""
    whole = {"accepted": 1, "duplicates": 1, "rejected": [{"index": 2, "code": "c", "reason": "r"}]}

    assert delivered(whole, 3) == Delivered((Rejected(2, "c", "r"),))
    with pytest.raises(ValueError, match="every event"):
        delivered(whole, 4)


def test_the_key_is_sent_as_a_bearer_token(tmp_path: Path) -> None:
    """The key goes in the Authorization header, and nowhere else."""
    with Peer(saying(500)) as peer:
        send(peer.url, api_key="snt_k_0123456789")

    (request,) = peer.requests
    assert request.count(b"snt_k_0123456789") == 1
    assert b"authorization: bearer snt_k_0123456789" in request.lower()
