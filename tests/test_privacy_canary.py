"""A canary in every field of every method: it sings in no spool file, no request, no database, no log line."""

from __future__ import annotations

import base64
import dataclasses
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import AsyncSentrialClient, SentrialClient, tool
from tests.journey.peers import Peer, hang_up
from tests.journey.processes import free_port, wait_until
from tests.test_values_hostile import CALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sentrial.server.serve import EmbeddedServer

CANARY = "c4naryC4NARYc4nary"
SUNG = (CANARY.encode(), base64.b64encode(CANARY.encode())[:20], base64.b64encode(b"u:" + CANARY.encode())[:20])
PEM = f"-----BEGIN EC PRIVATE KEY-----\n{CANARY * 9}\n-----END EC PRIVATE KEY-----"


@dataclasses.dataclass
class Login:
    """An object whose `repr` would tell."""

    user: str
    password: str


def deep(value: Any, levels: int = 20) -> Any:
    """A value that lies deep in others."""
    for level in range(levels):
        value = {f"level{level}": [value]}
    return value


def raised() -> Exception:
    """An exception with a cause, as a program has it."""
    try:
        try:
            json.loads(f"token={CANARY}")
        except ValueError as problem:
            raise RuntimeError(f"login with password={CANARY} failed") from problem
    except RuntimeError as problem:
        return problem


TEXTS: dict[str, str] = {
    "token": f"sk-proj-{CANARY}",
    "JSON": json.dumps({"user": "ann", "password": CANARY}),
    "JSON in JSON": json.dumps({"body": json.dumps({"api_key": CANARY})}),
    "user in an address": f"postgresql://ann:{CANARY}@db:5432/x",
    "query": f"GET https://host/x?page=1&api_key={CANARY}&b=2",
    "shell": f"export API_KEY={CANARY} && run",
    "option": f"mysql -u root --password {CANARY}",
    "bearer": f"curl -H 'Authorization: Bearer {CANARY}' x",
    "basic": f"Authorization: Basic {base64.b64encode(b'u:' + CANARY.encode()).decode()}",
    "cookie": f"GET / HTTP/1.1\r\nCookie: a=b; sid={CANARY}\r\n",
    "key": PEM,
    "connection": f"Server=db;User Id=sa;Password={CANARY};",
    "repr": f"Login(user='ann', password='{CANARY}')",
    "head of a cut": "x " * 1020 + f"password={CANARY} " + "y " * 200_000,
    "tail of a cut": "x " * 200_000 + f"password={CANARY} " + "y " * 247,
}
VALUES: dict[str, Callable[[], Any]] = {
    "name": lambda: {"password": CANARY, "Authorization": [CANARY], "n": {"client_secret": {"x": CANARY}}},
    "key of a dict": lambda: {f"sk-proj-{CANARY}": 1, f"password={CANARY} {'x' * 20}": 2},
    "deep": lambda: deep({"access_token": CANARY}),
    "deep text": lambda: deep(f"password={CANARY}"),
    "bytes": lambda: {"body": f"password={CANARY}".encode(), b"password": CANARY},
    "dataclass": lambda: Login("ann", CANARY),
    "objects": lambda: [Login("ann", CANARY), (Login("ann", CANARY),)],
    "exception": raised,
    "exception of a dict": lambda: ValueError({"password": CANARY}),
    "pairs": lambda: [["authorization", CANARY], ("X-Api-Key", CANARY), (b"cookie", CANARY.encode())],
    "name and value": lambda: [{"name": "api_key", "value": CANARY}, {"value": CANARY, "key": "DB_PASSWORD"}],
    "odd beside it": lambda: {"a": {1, 2}, "password": CANARY, "t": f"token={CANARY} here"},
    **{f"text: {name}": lambda text=text: text for name, text in TEXTS.items()},
}
NAMED: list[Callable[[Any, str], object]] = [
    lambda c, t: c.create_session(t, {t: t}, agent=t, user_id=t, tags=[t], version=t, input=t),
    lambda c, t: c.track_tool_call("s", t, parent_id="p"),
    lambda c, t: c.track_llm_call("s", t),
    lambda c, t: c.track_error("s", t, t, t, recovery_action=t, tool_name=t),
    lambda c, t: c.track_decision("s", t, [t, {"name": t, "score": 1}], t, name=t),
]
"""The verbs with a text where only a text is taken."""


def sing(client: SentrialClient | AsyncSentrialClient, secret: str) -> int:
    """Track the secret everywhere; how many events that made."""
    value = VALUES[secret]()
    calls = [CALLS[name] for name in CALLS if name != "timestamp"]
    for call in calls:
        call(client, value)  # type: ignore[arg-type]
    if isinstance(value, str):
        for named in NAMED:
            named(client, value)
        return len(calls) + len(NAMED)
    return len(calls)


def heard(data: bytes) -> list[bytes]:
    """The canary, plain or in base64, where it sings."""
    return [song for song in SUNG if song in data]


def spooled(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", [SentrialClient, AsyncSentrialClient])
@pytest.mark.parametrize("secret", VALUES)
def test_no_secret_reaches_the_disk(secret: str, kind: type[SentrialClient], tmp_path: Path) -> None:
    """Whatever it is written as, and wherever it is handed in, no file of the spool holds it."""
    client = kind(api_url=f"http://127.0.0.1:{free_port()}", spool_dir=tmp_path)
    made = sing(client, secret)
    client._pipe.close(0)  # type: ignore[union-attr]

    data = spooled(tmp_path)

    assert data.count(b'"eventType"') == made
    assert heard(data) == []


def test_the_canary_can_be_heard(tmp_path: Path) -> None:
    """Without redaction it sings: the tests here would notice."""
    client = SentrialClient(api_url=f"http://127.0.0.1:{free_port()}", spool_dir=tmp_path, redact=False)
    for secret in VALUES:
        sing(client, secret)
    client.close(0)

    assert len(heard(spooled(tmp_path))) == len(SUNG)


def test_no_secret_reaches_the_server_or_its_database(
    server: EmbeddedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All of it together, delivered: not a byte of it in the database or in a log line of any level."""
    caplog.set_level(logging.DEBUG)
    with SentrialClient(api_url=server.url, spool_dir=tmp_path / "spool") as client:
        made = sum(sing(client, secret) for secret in VALUES)
        left, stats = client.flush(20), client.stats()

    stored = spooled(tmp_path / "server")
    assert (left, stats.delivered, stats.rejected) == (0, made, 0)
    assert len(stored) > 100_000
    assert heard(stored) == []
    assert heard(caplog.text.encode()) == []


def test_no_secret_is_in_a_request(tmp_path: Path) -> None:
    """What goes over the wire is what lies on the disk."""
    with Peer(hang_up) as peer:
        client = SentrialClient(api_url=peer.url, spool_dir=tmp_path)
        for secret in VALUES:
            sing(client, secret)
        asked = wait_until(lambda: peer.requests)
        client.close(0)

    assert asked
    assert heard(b"".join(peer.requests)) == []
    assert b"eventType" in b"".join(peer.requests)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[SentrialClient]:
    """A client whose events stay on the disk."""
    made = SentrialClient(api_url=f"http://127.0.0.1:{free_port()}", spool_dir=tmp_path / "spool")
    yield made
    made.close(0)


@pytest.mark.parametrize("secret", TEXTS)
def test_no_secret_gets_through_the_helpers(secret: str, client: SentrialClient, tmp_path: Path) -> None:
    """`client.session`, `@tool`, the exception that leaves either, and its traceback."""
    text = TEXTS[secret]

    @tool
    def login(first: str, *, password: str) -> dict[str, str]:
        if first == "fail":
            raise ValueError(text)
        return {"said": text, "token": CANARY}

    def agent() -> None:
        with client.session("run", {"m": text}, user_id=text, tags=[text], input=text) as session:
            login(text, password=CANARY)
            session.track_decision(text)
            login("fail", password=CANARY)

    with pytest.raises(ValueError, match=r"."):
        agent()
    client.close(0)

    data = spooled(tmp_path / "spool")
    assert b"Traceback" in data
    assert heard(data) == []
