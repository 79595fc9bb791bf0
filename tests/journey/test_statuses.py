"""Every way in which a batch can be answered, against real sockets before a real server: what arrived, by id.

Lost 0 and twice 0 whatever happens; in the dead letters is what belongs there, and nothing else.
"""

from __future__ import annotations

import json
import logging
import shutil
import socket
import ssl
import subprocess
import threading
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import _config
from sentrial._outcomes import Unreachable
from sentrial._sending import HttpSender
from sentrial.server.serve import EmbeddedServer
from tests.journey.fronts import Behaviour, Courier, Front, reported, rows
from tests.journey.peers import Peer, drip, drip_body, hang, hang_up, problem, saying
from tests.journey.processes import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "snt_k_0123456789abcdef"
ABOUT_CONTENT = (400, 422, 413)
HOLDING = (401, 403, 404, 405, 410)
PASSING = (408, 425, 429, 500, 502, 503, 504)


def reset(connection: socket.socket, _stopping: threading.Event) -> None:
    """End the connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def truncated(connection: socket.socket, _stopping: threading.Event) -> None:
    """Announce more than comes."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"accepted"')


def garbage(connection: socket.socket, _stopping: threading.Event) -> None:
    """Say what is no HTTP."""
    connection.sendall(b"\x00\xff" * 400 + b"\r\n\r\n")


def drip_chunks(connection: socket.socket, stopping: threading.Event) -> None:
    """Send a chunk of one byte now and then, each well formed, without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not stopping.wait(0.05):
        connection.sendall(b"1\r\n \r\n")


TROUBLES: dict[str, Behaviour] = {
    **{str(status): saying(status, problem(status)) for status in (*HOLDING, *PASSING)},
    "429 in 0 s": saying(429, problem(429), Retry_After="0"),
    "503 until now": saying(503, problem(503), Retry_After=formatdate(time.time(), usegmt=True)),
    **{f"{status} elsewhere": saying(status, Location="http://127.0.0.1:9/") for status in (301, 302, 303, 307, 308)},
    "200 of a portal": saying(200, b"<html>Please log in", content_type="text/html"),
    "200 that forgets events": saying(200, b'{"accepted":1,"duplicates":0,"rejected":[]}'),
    "200 that rejects by halves": saying(
        200,
        b'{"accepted":28,"duplicates":0,"rejected":['
        + b",".join([b'{"index":0,"id":null,"code":"c","reason":"r"}'] * 2)
        + b"]}",
    ),
    "200 that rejects line 0.0": saying(
        200, b'{"accepted":29,"duplicates":0,"rejected":[{"index":0.0,"id":null,"code":"c","reason":"r"}]}'
    ),
    "204": saying(204),
    "hang": hang,
    "hang up": hang_up,
    "reset": reset,
    "truncated": truncated,
    "garbage": garbage,
    "drip": drip,
    "drip body": drip_body,
    "drip chunks": drip_chunks,
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """The real server behind all fronts."""
    with EmbeddedServer(tmp_path_factory.mktemp("target") / "sentrial.db") as running:
        yield running


@pytest.fixture
def courier(tmp_path: Path) -> Iterator[Callable[..., Courier]]:
    """Makes couriers, and takes them down."""
    made: list[Courier] = []

    def make(url: str, **settings: Any) -> Courier:
        made.append(Courier(tmp_path / f"spool {len(made)}", url, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


def assert_all_there(target: EmbeddedServer, courier: Courier, *, but: tuple[str, ...] = ()) -> None:
    """Compare the ledger with the rows of the server's database: lost 0, twice 0."""
    assert courier.given
    assert sorted(rows(target.store.path, courier.session)) == sorted(set(courier.given) - set(but))


@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_trouble_costs_an_event_and_none_comes_twice(
    target: EmbeddedServer, courier: Callable[..., Courier], trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    """While it lasts everything is kept and nothing buried; when it is over, each event is there once."""
    healed = threading.Event()
    with Front(target=target.url, judge=lambda _: None if healed.is_set() else TROUBLES[trouble]) as front:
        one = courier(front.url)
        one.put(30)

        kept = one.attempt(), one.attempt()
        refused = len(front.requests)
        healed.set()
        left = one.deliver()

    assert (kept, left) == ((30, 30), 0)
    assert refused >= 2
    assert (one.letters(), one.worker.delivered) == ([], 30)
    assert "delivery stopped" not in caplog.text
    assert_all_there(target, one)


@pytest.mark.parametrize("status", ABOUT_CONTENT)
def test_a_proxy_that_refuses_everything_costs_no_event_and_few_requests(
    target: EmbeddedServer, courier: Callable[..., Courier], status: int
) -> None:
    """A 400 to whatever is sent is no judgement of an event: all stay, and the search for a guilty one is given up."""
    healed = threading.Event()
    with Front(
        target=target.url, judge=lambda _: None if healed.is_set() else saying(status, problem(status))
    ) as front:
        one = courier(front.url, timeout=5)
        one.put(500)

        kept = one.attempt()
        refused = len(front.requests)
        healed.set()
        left = one.deliver()

    assert (kept, left) == (500, 0)
    assert refused <= 40
    assert one.letters() == []
    assert_all_there(target, one)


@pytest.mark.parametrize("place", [0, 250, 499])
@pytest.mark.parametrize("status", ABOUT_CONTENT)
def test_one_poison_event_is_found_and_it_alone_is_buried(
    target: EmbeddedServer, courier: Callable[..., Courier], status: int, place: int
) -> None:
    """At most 18 further requests find it among 500; the others are there, and it is in the dead letters, once."""
    with Front(target=target.url) as front:
        one = courier(front.url, timeout=5)
        poison = one.put(500)[place]
        front.judge = lambda request: saying(status, problem(status)) if poison.encode() in request else None

        left = one.deliver()
        asked = [request for request in front.requests if not reported([request])]

    assert left == 0
    assert len(asked) <= 1 + 18
    assert [json.loads(letter["event"])["id"] for letter in one.letters()] == [poison]
    assert one.letters()[0]["code"] == ("too_large" if status == 413 else "refused")
    assert (one.worker.delivered, one.spool.rejected) == (499, 1)
    assert_all_there(target, one, but=(poison,))


@pytest.mark.parametrize("status", [*HOLDING, *PASSING])
def test_a_status_that_says_nothing_about_events_buries_none(
    target: EmbeddedServer, courier: Callable[..., Courier], status: int
) -> None:
    """Even where it comes with one event among 500 only: nothing is buried, and all is there when it is over."""
    with Front(target=target.url) as front:
        one = courier(front.url, timeout=5)
        poison = one.put(500)[7].encode()
        front.judge = lambda request: saying(status, problem(status)) if poison in request else None

        kept = one.attempt(), one.attempt()
        front.judge = lambda _: None
        left = one.deliver()

    assert (kept, left, one.letters()) == ((500, 500), 0, [])
    assert_all_there(target, one)


def test_many_poison_events_at_the_beginning_do_not_block_the_others(
    target: EmbeddedServer, courier: Callable[..., Courier]
) -> None:
    """Where the search finds nothing but refusals at one end, the next attempt begins at the other."""
    with Front(target=target.url) as front:
        one = courier(front.url, timeout=5)
        poison = one.put(40, toolName="poison")
        one.put(60)
        front.judge = lambda request: saying(400, problem(400)) if b"poison" in request else None

        left = one.deliver()

    assert left == 0
    assert {json.loads(letter["event"])["id"] for letter in one.letters()} == set(poison)
    assert len(one.letters()) == 40
    assert_all_there(target, one, but=tuple(poison))


def test_an_event_too_large_for_a_proxy_arrives_cut_and_marked(
    target: EmbeddedServer, courier: Callable[..., Courier]
) -> None:
    """A 413 halves the batch, and cuts the one large event once; nothing is buried."""
    with Front(target=target.url, judge=lambda r: saying(413) if len(r) > 20_000 else None) as front:
        one = courier(front.url, timeout=5)
        one.put(20)
        (large,) = one.put(1, toolOutput=["x" * 60_000])
        one.put(20)

        left = one.deliver()

    stored = {event.id: event.body for event in target.store.events("default", one.session).rows}
    assert (left, one.letters()) == (0, [])
    assert stored[large]["toolOutput"]["_truncated"] == "list"
    assert_all_there(target, one)


@pytest.mark.parametrize("cut", [0, 5, 60, -30, -1])
def test_an_answer_lost_on_its_way_back_brings_no_event_twice(
    target: EmbeddedServer, courier: Callable[..., Courier], cut: int
) -> None:
    """The server has stored the batch, the client does not know: it sends again, and each event is there once."""
    with Front(target=target.url, cut=cut) as front:
        one = courier(front.url, timeout=5)
        one.put(50)

        kept = one.attempt()
        stored = len(rows(target.store.path, one.session))
        front.cut = None
        left = one.deliver()

    assert (kept, stored, left) == (50, 50, 0)
    assert one.worker.delivered == 50
    assert_all_there(target, one)


@pytest.mark.parametrize("cut", [None, -1])
def test_what_the_server_rejects_is_buried_once_and_the_rest_is_there(
    target: EmbeddedServer, courier: Callable[..., Courier], cut: int | None
) -> None:
    """A 2xx with results for each event: the rejected ones in the dead letters, once, also after a cut answer."""
    with Front(target=target.url, cut=cut) as front:
        one = courier(front.url, timeout=5)
        one.put(10)
        wrong = one.put(2, toolName="")
        one.put(10)

        first = one.attempt()
        front.cut = None
        left = one.deliver()

    assert (first, left) == (0 if cut is None else 22, 0)
    assert [json.loads(letter["event"])["id"] for letter in one.letters()] == wrong
    assert {letter["code"] for letter in one.letters()} == {"validation_failed"}
    assert_all_there(target, one, but=tuple(wrong))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_gets_neither_events_nor_key(courier: Callable[..., Courier], status: int) -> None:
    """To another origin nothing is sent at all: no request, and so no Authorization header."""
    with Peer(saying(200, b"{}")) as thief, Peer(saying(status, Location=thief.url + "/api")) as peer:
        one = courier(peer.url, api_key=KEY)
        one.put(3)

        kept = one.attempt()

    assert kept == 3
    assert len(peer.requests) == 1
    assert thief.requests == []


@pytest.mark.parametrize(
    ("given", "least", "most"),
    [("7", 7, 7), ("in 900 seconds", 890, 900), ("soon", None, None)],
    ids=["seconds", "date", "neither"],
)
@pytest.mark.parametrize("status", [429, 503])
def test_what_a_server_asks_to_wait_comes_through(
    status: int, given: str, least: float | None, most: float | None
) -> None:
    """Retry-After in seconds and as a date; what can't be read is as if it were not there."""
    if given.startswith("in "):
        given = formatdate(time.time() + int(given.split()[1]), usegmt=True)
    with Peer(saying(status, problem(status), Retry_After=given)) as peer:
        sender = HttpSender(_config.resolve(api_url=peer.url, timeout=5))
        outcome = sender.send([b"{}"])
        sender.close()

    assert isinstance(outcome, Unreachable)
    assert outcome.after_seconds is least is most or least <= outcome.after_seconds <= most


def test_a_connection_that_takes_nothing_is_given_up_in_time(courier: Callable[..., Courier]) -> None:
    """Half open: the system accepts, nobody reads; the deadline holds for the sending too."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        one = courier(f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.4)
        one.put(60, toolOutput="x" * 60_000)
        begun = time.monotonic()

        kept = one.attempt()
        took = time.monotonic() - begun

    assert kept == 60
    assert took < 2


@pytest.mark.parametrize("url", ["http://nowhere.invalid", "http://127.0.0.1:{port}"])
def test_no_way_to_the_server_costs_no_event(courier: Callable[..., Courier], url: str) -> None:
    """No such name, or nothing listens: everything is kept."""
    one = courier(url.format(port=free_port()), timeout=5, api_key=KEY)
    one.put(3)

    kept = one.attempt()

    assert (kept, one.letters()) == (3, [])


def plain_text(connection: socket.socket) -> bytes:
    """Take what comes for HTTP, as a server without TLS does; what was heard that could be read."""
    connection.recv(100)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    return b""


def self_signed(folder: Path) -> Callable[[socket.socket], bytes]:
    """Speak TLS with a certificate that only we know."""
    request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(["openssl", *request.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    def talk(connection: socket.socket) -> bytes:
        try:
            return context.wrap_socket(connection, server_side=True).recv(100)
        except OSError:
            return b""

    return talk


@pytest.mark.parametrize("certified", [False, True], ids=["no TLS", "unknown certificate"])
def test_a_stranger_at_an_https_address_gets_nothing(
    courier: Callable[..., Courier], tmp_path: Path, certified: bool
) -> None:
    """Certificates are verified, always: neither key nor events go out before that, and everything is kept."""
    if certified and shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    talk = self_signed(tmp_path) if certified else plain_text
    heard: list[bytes] = []

    def listen(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(5)
            heard.append(talk(connection))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen, args=(listener,))
        thread.start()
        one = courier(f"https://127.0.0.1:{listener.getsockname()[1]}", timeout=5, api_key=KEY)
        one.put(3)

        kept = one.attempt()
        thread.join()

    assert (kept, one.letters()) == (3, [])
    assert heard == [b""]


def test_all_troubles_in_turn_are_one_line_in_the_log(
    target: EmbeddedServer, courier: Callable[..., Courier], caplog: pytest.LogCaptureFixture
) -> None:
    """Within a minute one line, whatever goes wrong; neither it nor any other names a payload or the key."""
    caplog.set_level(logging.DEBUG, "sentrial")

    def echo(status: int) -> Behaviour:
        """Answer with everything that was sent, as the reason."""
        return saying(status, json.dumps({"detail": front.requests[-1].decode()[-250:] + KEY}).encode())

    with Front(target=target.url) as front:
        one = courier(front.url, api_key=KEY, max_retries=0)
        one.put(3, toolOutput="the canary sings")
        for status in (*ABOUT_CONTENT, *HOLDING, *PASSING):
            front.judge = lambda _, status=status: echo(status)
            one.attempt()
        for behave in (hang, truncated, garbage, saying(200, b"the canary sings")):
            front.judge = lambda _, behave=behave: behave
            one.attempt()
        one.put(1, toolName="")
        front.judge = lambda _: None
        left = one.deliver()

    lines = [record.getMessage() for record in caplog.records if record.name == "sentrial"]
    assert left == 0
    assert len(lines) == 1
    assert "canary" not in caplog.text
    assert KEY not in caplog.text
    assert one.letters()


@pytest.mark.parametrize("status", [*ABOUT_CONTENT, *HOLDING, *PASSING])
def test_a_server_that_repeats_what_it_was_sent_is_not_quoted(
    courier: Callable[..., Courier], caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """The log names the status, and neither payload nor key, though the server says both."""

    def echo(connection: socket.socket, stopping: threading.Event) -> None:
        told = json.dumps({"detail": peer.requests[-1].decode()[-200:] + KEY})
        saying(status, told.encode())(connection, stopping)

    with Peer(echo) as peer:
        one = courier(peer.url, api_key=KEY, max_retries=0)
        one.put(1, toolOutput="the canary sings")
        one.attempt()

    assert f"HTTP {status}" in caplog.text
    assert "canary" not in caplog.text
    assert KEY not in caplog.text


def test_what_a_server_says_is_in_the_log_where_it_helps(
    courier: Callable[..., Courier], caplog: pytest.LogCaptureFixture
) -> None:
    """A reason that repeats no event is told: it is what somebody has to act on."""
    with Peer(saying(401, problem(401, detail="this key was revoked"))) as peer:
        one = courier(peer.url, api_key=KEY)
        one.put(1)
        one.attempt()

    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "HTTP 401: this key was revoked (check SENTRIAL_API_KEY" in caplog.text


def test_a_report_of_the_rejected_arrives_beside_the_others(
    target: EmbeddedServer, courier: Callable[..., Courier]
) -> None:
    """Over a real socket too: the loss is told to the server, once, in what the contract takes."""
    with Front(target=target.url) as front:
        one = courier(front.url, timeout=5)
        one.put(2)
        one.put(1, toolName="")
        one.deliver()

        arrived = wait_until(lambda: reported(front.requests), 5)
        settled = wait_until(lambda: one.spool.pending() == 0, 5)

    (report,) = reported(front.requests)
    assert arrived
    assert settled
    assert (report["reason"], report["quantity"]) == ("rejected", 1)
    assert len(one.letters()) == 1
    assert rows(target.store.path, "").count(report["id"]) == 1
