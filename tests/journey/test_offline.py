"""From `track_*` to the server through everything that dies: no server, a killed process, a fork, an end in a hurry.

Each process here is a real one, and each server real too.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import SentrialClient
from sentrial.server.serve import EmbeddedServer
from tests.journey.peers import Peer, hang
from tests.journey.processes import CLIENT, finish, free_port, run, start, wait_until

if TYPE_CHECKING:
    from pathlib import Path


def tool_calls(url: str, session_id: str = "s") -> list[Any]:
    """What each tool call of a session was given, as the server tells it."""
    with SentrialClient(api_url=url) as client:
        return [event["tool_input"]["i"] for event in client.list_events(session_id) if event["type"] == "tool_call"]


def test_what_was_tracked_offline_arrives_when_a_server_starts(tmp_path: Path) -> None:
    """The same process delivers, in order and once, what it tracked while nothing listened."""
    port = free_port()
    with SentrialClient(api_url=f"http://127.0.0.1:{port}") as client:
        client.create_session("offline", session_id="s")
        for i in range(50):
            client.track_tool_call("s", "t", {"i": i})
        client.close_session("s")
        waiting = client.stats().pending
        with EmbeddedServer(tmp_path / "db", port=port) as server:
            left = client.flush(10)
            session = client.get_session("s")
            seen = tool_calls(server.url)

    assert (waiting, left) == (52, 0)
    assert (session["name"], session["status"]) == ("offline", "success")
    assert seen == list(range(50))


def test_the_next_process_delivers_what_the_last_one_could_not(tmp_path: Path) -> None:
    """A process that ended offline leaves its events; the next with the same destination sends them."""
    port = free_port()
    url, spool = f"http://127.0.0.1:{port}", tmp_path / "spool"
    status, _, err = run(CLIENT + "for i in range(20): client.track_tool_call('s', 't', {'i': i})", url, spool)
    with EmbeddedServer(tmp_path / "db", port=port):
        with SentrialClient(api_url=url, spool_dir=str(spool)) as client:
            left = client.flush(10)
        seen = tool_calls(url)

    assert (status, err.count("\n"), "events wait on the disk" in err) == (0, 1, True)
    assert left == 0
    assert seen == list(range(20))
    assert list(spool.rglob("*.seg")) == []


@pytest.mark.parametrize(
    "end",
    [
        "os.kill(os.getpid(), signal.SIGKILL)",
        "os._exit(3)",
        "os.abort()",
        "import ctypes; ctypes.string_at(0)",
    ],
    ids=["SIGKILL", "os._exit", "abort", "segfault"],
)
def test_a_process_that_dies_loses_nothing(tmp_path: Path, end: str) -> None:
    """Whatever kills a process right after `track_*` returned, the next one delivers each event exactly once."""
    port = free_port()
    url, spool = f"http://127.0.0.1:{port}", tmp_path / "spool"
    script = CLIENT + f"for i in range(30): client.track_tool_call('s', 't', {{'i': i}})\n{end}"
    status, _, _ = run(script, url, spool)
    with EmbeddedServer(tmp_path / "db", port=port):
        with SentrialClient(api_url=url, spool_dir=str(spool)) as client:
            left = client.flush(10)
            stats = client.stats()
        seen = tool_calls(url)

    assert status != 0
    assert (left, stats.delivered, stats.lost) == (0, 30, {})
    assert seen == list(range(30))


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("", 0),
        ("sys.exit(5)", 5),
        ("raise RuntimeError('uncaught')", 1),
        ("signal.signal(signal.SIGTERM, lambda *_: sys.exit(4)); os.kill(os.getpid(), signal.SIGTERM)", 4),
    ],
    ids=["end", "sys.exit", "uncaught", "SIGTERM handled"],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_short_script_delivers_at_its_end(tmp_path: Path, end: str, expected: int, host: str) -> None:
    """A script that tracks and ends at once has delivered when it is gone, with its own status, without a word."""
    with EmbeddedServer(tmp_path / "db") as server:
        url = server.url.replace("127.0.0.1", host)
        status, _, err = run(CLIENT + f"client.track_tool_call('s', 't', {{'i': 1}})\n{end}", url, tmp_path / "spool")
        seen = tool_calls(server.url)

    assert status == expected
    assert "sentrial" not in err.replace("from sentrial", "")
    assert seen == [1]


def test_sigterm_without_a_handler_loses_nothing(tmp_path: Path) -> None:
    """The client installs no signal handler: SIGTERM kills as ever, and the next process delivers."""
    port = free_port()
    url, spool = f"http://127.0.0.1:{port}", tmp_path / "spool"
    script = CLIENT + "client.track_tool_call('s', 't', {'i': 1}); print('tracked', flush=True); time.sleep(30)"
    process = start(script, url, spool)
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    status, _, _ = finish(process)
    with EmbeddedServer(tmp_path / "db", port=port):
        with SentrialClient(api_url=url, spool_dir=str(spool)) as client:
            client.flush(10)
        seen = tool_calls(url)

    assert status == -signal.SIGTERM
    assert seen == [1]


def test_the_end_of_a_process_waits_for_nobody(tmp_path: Path) -> None:
    """With a server that hangs, a script with three clients still ends in less than three seconds."""
    more = (
        "clients = [SentrialClient(api_url=sys.argv[1], spool_dir=sys.argv[2], project_id=f'p{i}') for i in (1, 2)]\n"
    )
    script = CLIENT + more + "for c in (client, *clients): c.track_tool_call('s', 't')\nprint(time.time())"
    with Peer(hang) as peer:
        status, out, err = run(script, peer.url, tmp_path / "spool")
        took = time.time() - float(out)

    assert (status, err) == (0, "")
    assert took < 3
    assert len(list((tmp_path / "spool").rglob("*.seg"))) == 3


def test_a_server_that_restarts_midway_costs_nothing(tmp_path: Path) -> None:
    """Events tracked before, while and after the server is away all arrive, each once, in order."""
    port = free_port()
    with SentrialClient(api_url=f"http://127.0.0.1:{port}") as client:
        for round_number in range(3):
            with EmbeddedServer(tmp_path / "db", port=port):
                for i in range(20):
                    client.track_tool_call("s", "t", {"i": round_number * 40 + i})
                left = client.flush(10)
            for i in range(20, 40):
                client.track_tool_call("s", "t", {"i": round_number * 40 + i})
        with EmbeddedServer(tmp_path / "db", port=port) as server:
            left = left or client.flush(10)
            seen = tool_calls(server.url)

    assert left == 0
    assert seen == list(range(120))


FORK = """
client.track_tool_call('s', 't', {'i': 0})
if BEFORE: client.flush(10); client.get_session('s')
pid = os.fork()
if pid == 0:
    for i in range(1, 11): client.track_tool_call('s', 't', {'i': i})
    if READS: assert client.get_session('s')['id'] == 's'
    assert client.stats().delivered <= 10, client.stats()
    if HOW == 'exit': sys.exit(0)
    os._exit(0)
for i in range(11, 21): client.track_tool_call('s', 't', {'i': i})
if READS:
    for _ in range(20): assert client.get_session('s')['id'] == 's'
_, status = os.waitpid(pid, 0)
assert status == 0, status
assert client.flush(10) == 0
deadline = time.time() + 8
while time.time() < deadline and HOW == '_exit' and len(list(client.list_events('s'))) < 21: time.sleep(0.1)
"""


@pytest.mark.parametrize("how", ["exit", "_exit"])
@pytest.mark.parametrize("reads", [False, True])
def test_parent_and_child_of_a_fork_both_deliver(tmp_path: Path, how: str, reads: bool) -> None:
    """After `os.fork` both go on tracking and reading; nothing is lost, doubled or mixed up."""
    constants = f"BEFORE = READS = {reads}; HOW = {how!r}\n"
    with EmbeddedServer(tmp_path / "db") as server:
        status, _, err = run(CLIENT + constants + FORK, server.url, tmp_path / "spool")
        seen = tool_calls(server.url)
        with SentrialClient(api_url=server.url) as client:
            ids = [event["id"] for event in client.list_events("s")]

    assert (status, err) == (0, "")
    assert sorted(seen) == list(range(21))
    assert len(set(ids)) == len(ids)


def test_a_fork_while_the_worker_loads_leaves_the_child_whole(tmp_path: Path) -> None:
    """A child born while the parent's worker loads its modules, the HTTP client say, still delivers by itself."""
    script = CLIENT + (
        "client.track_tool_call('s', 't', {'i': 0})\n"
        "while 'sentrial._api' not in sys.modules: pass\n"
        "pid = os.fork()\n"
        "client.track_tool_call('s', 't', {'i': 1 if pid else 2})\n"
        "assert client.flush(10) == 0 and client.stats().delivered >= 1\n"
        "if pid: assert os.waitpid(pid, 0)[1] == 0\n"
    )
    with EmbeddedServer(tmp_path / "db") as server:
        status, _, err = run(script, server.url, tmp_path / "spool")
        seen = tool_calls(server.url)

    assert (status, err) == (0, "")
    assert sorted(seen) == [0, 1, 2]


def test_a_childs_end_does_not_end_the_parents_connection(tmp_path: Path) -> None:
    """Many children of a client that reads and sends leave it as it was."""
    script = CLIENT + (
        "client.create_session('s', session_id='s'); client.get_session('s')\n"
        "for i in range(5):\n"
        "    pid = os.fork()\n"
        "    if pid == 0: client.track_tool_call('s', 't', {'i': i}); sys.exit(0)\n"
        "    os.waitpid(pid, 0)\n"
        "    client.get_session('s')\n"
    )
    with EmbeddedServer(tmp_path / "db") as server:
        status, _, err = run(script, server.url, tmp_path / "spool")
        seen = tool_calls(server.url)

    assert (status, err) == (0, "")
    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_a_living_sibling_delivers_for_a_dead_one(tmp_path: Path) -> None:
    """A process that runs already takes over what a sibling left, without being restarted."""
    with (
        EmbeddedServer(tmp_path / "db") as server,
        SentrialClient(api_url=server.url, spool_dir=str(tmp_path)) as alive,
    ):
        alive.track_tool_call("s", "t", {"i": 0})
        alive.flush(10)
        script = CLIENT + "client.track_tool_call('s', 't', {'i': 1}); os.kill(os.getpid(), 9)"
        run(script, server.url, tmp_path)
        arrived = wait_until(lambda: sorted(tool_calls(server.url)) == [0, 1], 8)

    assert arrived


def test_another_key_sends_none_of_it(tmp_path: Path) -> None:
    """What a process with key A left offline never goes out under key B; with key A it does."""
    port = free_port()
    url, spool = f"http://127.0.0.1:{port}", tmp_path / "spool"
    script = CLIENT.replace("max_retries=0", "max_retries=0, api_key=sys.argv[3]")
    script += "client.track_tool_call('s', 't', {'i': 1}); os.kill(os.getpid(), 9)"
    with EmbeddedServer(tmp_path / "db", port=port) as server:
        keys = [server.store.create_key(project) for project in ("a", "b")]
    run(script, url, spool, keys[0])
    with EmbeddedServer(tmp_path / "db", port=port):
        with SentrialClient(keys[1], api_url=url, spool_dir=str(spool)) as other:
            other_left, other_sent = other.flush(10), other.stats().delivered
        with SentrialClient(keys[0], api_url=url, spool_dir=str(spool)) as same:
            same_left, same_sent = same.flush(10), same.stats().delivered

    assert (other_left, other_sent) == (0, 0)
    assert (same_left, same_sent) == (0, 1)


def test_a_signal_handler_may_track(tmp_path: Path) -> None:
    """A handler that tracks, interrupting a thread that tracks, neither deadlocks nor loses anything."""
    script = CLIENT + (
        "count = 0\n"
        "def handler(*_):\n"
        "    global count; count += 1; client.track_tool_call('s', 'signal', {'i': -1})\n"
        "signal.signal(signal.SIGALRM, handler); signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)\n"
        "for i in range(2000): client.track_tool_call('s', 't', {'i': i})\n"
        "signal.setitimer(signal.ITIMER_REAL, 0)\n"
        "left = client.flush(15)\n"
        "print(left, client.stats().delivered - 2000 - count, count > 0, client.stats().lost)\n"
    )
    with EmbeddedServer(tmp_path / "db") as server:
        status, out, err = run(script, server.url, tmp_path / "spool")

    assert (status, err) == (0, "")
    assert out == "0 0 True {}\n"


def test_no_network_on_the_callers_path(tmp_path: Path) -> None:
    """A thousand calls beside a server that hangs take a small part of one time-out."""
    with Peer(hang) as peer, SentrialClient(api_url=peer.url, spool_dir=str(tmp_path)) as client:
        begun = time.monotonic()
        for i in range(1000):
            client.track_tool_call("s", "t", {"i": i})
        took = time.monotonic() - begun
        client.close(0)

    assert took < 2
    assert os.listdir(tmp_path)  # noqa: PTH208 - names are enough
