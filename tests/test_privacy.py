"""The API key: which addresses need one, and that it is seen nowhere. And a client that records nothing."""

from __future__ import annotations

import logging
import pickle
import threading
import traceback
from typing import TYPE_CHECKING

import pytest

from sentrial import AsyncSentrialClient, ConfigurationError, SentrialClient, SentrialError, Unauthorized
from tests.journey.peers import Peer, problem, saying
from tests.journey.processes import free_port, run, wait_until

if TYPE_CHECKING:
    from pathlib import Path

KEY = "snt_support_0123456789abcdefghij"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.9.10", "LOCALHOST", "app.localhost"])
def test_this_machine_needs_no_key(host: str) -> None:
    """A server on a loopback address is used without a key."""
    client = SentrialClient(api_url=f"http://{host}:7777")

    assert client.api_url == f"http://{host}:7777"


@pytest.mark.parametrize(
    "url",
    [
        None,
        "https://api.realm.ai",
        "http://10.0.0.1:7777",
        "http://0.0.0.0:7777",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://notlocalhost",
    ],
)
@pytest.mark.parametrize("kind", [SentrialClient, AsyncSentrialClient])
def test_other_addresses_need_a_key(kind: type[SentrialClient], url: str | None) -> None:
    """Without a key any other address is refused at once, and the message names the variable to set."""
    with pytest.raises(ConfigurationError, match="SENTRIAL_API_KEY"):
        kind(api_url=url)


def test_the_key_is_in_no_repr_and_no_error() -> None:
    """No text or pickle that a client, its configuration or an error gives holds the key."""
    with Peer(saying(401, problem(401, "unauthorized", f"unknown token Bearer {KEY}"))) as peer:
        client = SentrialClient(api_key=KEY, api_url=peer.url)
        with pytest.raises(Unauthorized) as caught:
            client.get_session("s")
        shown = [repr(client), str(client), repr(client._config), str(client._config), repr(client._pipe)]
        client.close()

    assert KEY not in "".join(shown)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert KEY not in repr(pickle.dumps(str(caught.value)))
    assert f"Bearer {KEY}".encode() in peer.requests[0]


@pytest.mark.parametrize("key", [KEY + "\n", KEY + " x", KEY + "ü", ""])
def test_a_bad_key_is_refused_without_showing_it(key: str) -> None:
    """A key that is no legal header is refused, and most of a real key is not shown for it."""
    with pytest.raises(SentrialError) as caught:
        SentrialClient(api_key=key, api_url="https://api.realm.ai")

    assert KEY not in str(caught.value)


def test_the_key_is_in_no_log_line(caplog: pytest.LogCaptureFixture) -> None:
    """A server that echoes the key brings it into no log line, at any level."""
    caplog.set_level(logging.DEBUG)
    with Peer(saying(401, problem(401, "unauthorized", f"unknown token {KEY}"))) as peer:
        client = SentrialClient(api_key=KEY, api_url=peer.url)
        client.track_tool_call("s", "t")
        logged = wait_until(lambda: "takes no events" in caplog.text)
        client.close(0)

    assert logged
    assert KEY not in caplog.text


def test_the_key_is_not_in_the_spool(tmp_path: Path) -> None:
    """An event that holds the key loses it on its way to the disk, and no folder is named after it."""
    client = SentrialClient(api_key=KEY, api_url=f"http://127.0.0.1:{free_port()}", spool_dir=str(tmp_path))
    client.track_tool_call("s", "t", {"note": f"I used {KEY} here", KEY: 1}, reasoning=KEY)
    client.close(0)

    files = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert any(path.suffix == ".seg" for path in files)
    assert not any(KEY.encode() in path.read_bytes() or KEY in str(path) for path in files)


def test_a_short_key_is_kept_out_too(tmp_path: Path) -> None:
    """A key of eight characters is found even where it is the whole text."""
    client = SentrialClient(api_key="k3y-abcd", api_url=f"http://127.0.0.1:{free_port()}", spool_dir=str(tmp_path))
    client.track_tool_call("s", "t", ["k3y-abcd"])
    client.close(0)

    (segment,) = tmp_path.rglob("*.seg")

    assert b"k3y-abcd" not in segment.read_bytes()


def test_a_disabled_client_does_nothing(tmp_path: Path) -> None:
    """`enabled=False` makes no thread, file or socket, needs no key, and gives ids all the same."""
    threads = threading.active_count()

    with SentrialClient(enabled=False, spool_dir=str(tmp_path / "spool")) as client:
        session_id = client.create_session("s")
        event_id = client.track_tool_call(session_id, "t")
        client.close_session(session_id)
        with client.session("bound") as session:
            session.track_decision("r")
        left = client.flush()

    assert session_id.startswith("sess_")
    assert event_id.startswith("evt_")
    assert (left, tuple(client.stats())) == (0, (0, 0, 0, 0, {}))
    assert threading.active_count() == threads
    assert not (tmp_path / "spool").exists()


def test_making_a_client_opens_nothing(tmp_path: Path) -> None:
    """Until the first event a client makes no file, no thread, and loads no HTTP library."""
    script = """
import sys, threading
from sentrial import SentrialClient
client = SentrialClient(api_url=sys.argv[1], spool_dir=sys.argv[2])
print(threading.active_count(), sorted({"httpx", "msgspec", "ctypes", "asyncio"} & set(sys.modules) - {"asyncio"}))
"""

    status, out, err = run(script, "http://127.0.0.1:9", tmp_path / "spool")

    assert (status, err) == (0, "")
    assert out == "1 []\n"
    assert not (tmp_path / "spool").exists()
