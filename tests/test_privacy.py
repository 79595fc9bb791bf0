"""The API key: which addresses need one, and that it is seen nowhere. And a client that records nothing."""

from __future__ import annotations

import logging
import pickle
import threading
import traceback
from typing import TYPE_CHECKING

import click
import pytest

from sentrial import AsyncSentrialClient, ConfigurationError, SentrialClient, SentrialError, Unauthorized
from sentrial.cli.group import sentrial as group
from tests.journey.peers import Peer, hang_up, problem, saying
from tests.journey.processes import free_port, run, wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    Behaviour = Callable[[socket.socket, threading.Event], None]

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


def told(error: BaseException) -> str:
    """A traceback as error trackers show it: with the locals of every frame of ours, and of those below."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(whole.format())


def failure(call: Callable[[], object]) -> BaseException:
    """How a call fails, in a frame that knows nothing else."""
    try:
        call()
    except SentrialError as error:
        return error
    raise AssertionError("it did not fail")


@pytest.mark.parametrize("url", ["ftp://host", "http://h?a=1"])
def test_the_key_is_in_no_traceback_of_a_bad_setting(url: str) -> None:
    """A client that can't be made fails in frames that hold the key, and show it to nobody."""
    whole = told(failure(lambda: SentrialClient(api_key=KEY, api_url=url)))

    assert "_config.py" in whole
    assert KEY not in whole


@pytest.mark.parametrize(
    "behave", [hang_up, saying(401, problem(401, "unauthorized", f"token {KEY}")), saying(200, b"<")]
)
def test_the_key_is_in_no_traceback_of_a_read(behave: Behaviour) -> None:
    """Nor does a read that fails, down to the frames of the HTTP library, whose locals hold the headers."""
    with Peer(behave) as peer:
        client = SentrialClient(api_key=KEY, api_url=peer.url, max_retries=0)
        whole = told(failure(lambda: client.get_session("s")))
        client.close()

    assert "client.py" in whole
    assert KEY not in whole


def test_the_key_is_in_no_log_line_of_the_http_library(caplog: pytest.LogCaptureFixture) -> None:
    """Its loggers at DEBUG tell about each request, and not with which key."""
    for name in ("httpx", "httpcore", "asyncio", "sentrial"):
        caplog.set_level(logging.DEBUG, name)
    with Peer(saying(200, b"{}")) as peer, SentrialClient(api_key=KEY, api_url=peer.url) as client:
        client.track_decision("s", "r")
        asked = wait_until(lambda: peer.requests)
        client.close(0)

    assert asked
    assert "/api/sdk/events/batch" in caplog.text
    assert KEY not in caplog.text


def test_a_configuration_hands_the_key_to_no_dump() -> None:
    """Whoever prints its fields, as dict, tuple or JSON of a `repr`, sees that there is a key; it is not pickled."""
    config = SentrialClient(api_key=KEY, api_url="http://127.0.0.1:1")._config

    shown = repr([config._asdict(), tuple(config), list(config), {**config._asdict()}, [config.api_key]])

    assert KEY not in shown
    assert "***" in shown
    assert str(config.api_key) == KEY
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(config)


def test_no_command_takes_the_key_as_an_argument() -> None:
    """What stands in a command line is seen by every user of the machine: the key comes from the environment."""
    context = click.Context(group)
    commands = [group.get_command(context, name) for name in group.list_commands(context)]
    commands += [sub for command in commands if isinstance(command, click.Group) for sub in command.commands.values()]
    options = [option for command in commands if command for parameter in command.params for option in parameter.opts]

    assert "--port" in options
    assert not [option for option in options if option in {"--api-key", "--key", "--token", "--secret"}]


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
