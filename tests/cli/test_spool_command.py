"""`sentrial spool`: real spools, left by processes that have ended or still held by one that lives."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import _folder, _spools
from sentrial._config import resolve
from sentrial._pipe import destination
from sentrial._spool import Spool
from sentrial.client import SentrialClient
from tests.journey.processes import CLIENT, finish, free_port, start
from tests.journey.processes import run as run_script

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from sentrial.server.serve import EmbeddedServer

Command = Callable[..., "subprocess.CompletedProcess[str]"]

LEAVE_THREE = CLIENT + "for n in range(3): client.track_tool_call('s', 't', {'n': n})\nos._exit(0)"
LIVE_WITH_TWO = (
    CLIENT + "client.track_tool_call('s', 't'); client.track_tool_call('s', 't'); print(flush=True); sys.stdin.read()"
)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """A folder for spools."""
    return tmp_path / "spool"


@pytest.fixture
def nobody() -> str:
    """The address of a server that is not there."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def living(spool: Path, nobody: str) -> Iterator[subprocess.Popen[str]]:
    """A process that lives and holds two events it can't send."""
    process = start(LIVE_WITH_TWO, nobody, spool)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    finish(process)


def status(run_command: Command, spool: Path, **environment: str) -> list[dict[str, Any]]:
    """What `sentrial spool status --json` tells of the destinations."""
    done = run_command("spool", "status", "--json", SENTRIAL_SPOOL_DIR=str(spool), **environment)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["destinations"]
    return found


def leave_three(spool: Path, url: str) -> None:
    """Let a process record three events for a server that is not there, and die."""
    assert run_script(LEAVE_THREE, url, spool)[0] == 0


def bury(spool: Path, url: str, *letters: tuple[dict[str, Any], str]) -> Path:
    """Put dead letters where the client of a server has them; the folder of that destination."""
    home = spool / destination(resolve(api_url=url))
    folder = _folder.Folder.make(home)
    for event, reason in letters:
        folder.bury(json.dumps(event).encode(), "invalid_event", reason)
    folder.remove()
    return home


def tool_call(event_id: str) -> dict[str, Any]:
    """An event as the spool has it."""
    return {"eventType": "tool_call", "sessionId": "s", "toolName": "t", "toolInput": {}, "id": event_id}


def test_an_empty_machine_says_so(run: Command, spool: Path) -> None:
    """Where nothing was ever recorded, status says that on stderr and makes no folder."""
    done = run("spool", "status", SENTRIAL_SPOOL_DIR=str(spool))

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Nothing waits, and nothing was rejected.\n"
    assert not spool.exists()


def test_status_tells_the_living_from_the_dead(
    run: Command, spool: Path, nobody: str, living: subprocess.Popen[str]
) -> None:
    """Each process's folder is told with what waits in it, and looking changes nothing."""
    leave_three(spool, f"{nobody}/other")
    files = sorted(path for path in spool.rglob("*"))

    found = {destination["configured"]: destination for destination in status(run, spool, SENTRIAL_API_URL=nobody)}

    assert [(owner["life"], owner["events"]) for owner in found[True]["owners"]] == [("alive", 2)]
    assert [(owner["life"], owner["events"]) for owner in found[False]["owners"]] == [("dead", 3)]
    assert found[True]["api_url"] == nobody
    assert found[False]["api_url"] == f"{nobody}/other"
    assert found[False]["owners"][0]["bytes"] > 300
    assert found[False]["owners"][0]["oldest"].startswith("20")
    assert sorted(path for path in spool.rglob("*")) == files
    assert living.poll() is None


def test_status_knows_the_address_from_the_destinations_own_file(run: Command, spool: Path, nobody: str) -> None:
    """Where the client left word whom a destination is for, status says it."""
    leave_three(spool, nobody)
    (home,) = spool.iterdir()
    (home / "destination.json").write_text(json.dumps({"api_url": nobody, "project_id": "support"}))

    (found,) = status(run, spool)
    done = run("spool", "status", SENTRIAL_SPOOL_DIR=str(spool))

    assert (found["api_url"], found["project_id"], found["configured"]) == (nobody, "support", False)
    assert f"for {nobody}, project support" in done.stdout
    assert "3 events wait," in done.stdout
    assert "of a process that has ended" in done.stdout


@pytest.mark.parametrize("text", ["", "[]", '{"api_url": 7}', "\x00", '{"api_url"'])
def test_a_damaged_word_of_whom_it_is_for_is_no_word(spool: Path, nobody: str, text: str) -> None:
    """Status never fails on what it finds."""
    home = bury(spool, nobody, (tool_call("e"), "no"))
    (home / "destination.json").write_text(text)

    (found,) = _spools.survey([spool])

    assert (found.api_url, found.project_id) == (None, None)


def test_flush_delivers_what_dead_processes_left(run: Command, spool: Path, server: EmbeddedServer) -> None:
    """Everything that waits for the configured server arrives; nothing is left, exit code 0."""
    dead = Spool([spool], destination(resolve(api_url=server.url)))
    for number in range(3):
        dead.append(json.dumps(tool_call(f"e{number}")).encode())
    dead.close()
    waiting = [found["events"] for found in status(run, spool)]

    done = run("spool", "flush", "--json", SENTRIAL_SPOOL_DIR=str(spool), SENTRIAL_API_URL=server.url)

    assert waiting == [3]
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"delivered": 3, "rejected": 0, "left": 0}
    assert [row.event_count for row in server.store.sessions(None).rows] == [3]
    assert status(run, spool) == []


def test_flush_says_what_is_left_and_why(run: Command, spool: Path, nobody: str) -> None:
    """Where nothing listens, the events stay, the reason is told, and the exit code is 1."""
    leave_three(spool, nobody)

    done = run("spool", "flush", "--timeout", "0.3", SENTRIAL_SPOOL_DIR=str(spool), SENTRIAL_API_URL=nobody)

    assert done.returncode == 1
    assert done.stdout == f"0 events delivered to {nobody}, 3 left\n"
    assert "the server can't be reached" in done.stderr
    assert [found["events"] for found in status(run, spool)] == [3]


def test_flush_sends_nothing_that_is_for_another(
    run: Command, spool: Path, nobody: str, server: EmbeddedServer
) -> None:
    """What waits for one server never goes to another."""
    leave_three(spool, nobody)

    done = run("spool", "flush", SENTRIAL_SPOOL_DIR=str(spool), SENTRIAL_API_URL=server.url)

    assert done.stdout == f"0 events delivered to {server.url}, 0 left\n"
    assert server.store.sessions(None).rows == ()
    assert [found["events"] for found in status(run, spool)] == [3]


@pytest.mark.parametrize("command", [["flush"], ["retry"]])
def test_sending_needs_usable_settings(run: Command, spool: Path, command: list[str]) -> None:
    """Without a key for the default address, or with recording off, one line says what to do."""
    keyless = run("spool", *command, SENTRIAL_SPOOL_DIR=str(spool))
    off = run("spool", *command, SENTRIAL_SPOOL_DIR=str(spool), SENTRIAL_ENABLED="0")

    assert (keyless.returncode, off.returncode) == (2, 2)
    assert "needs an API key" in keyless.stderr
    assert "SENTRIAL_ENABLED switches recording off" in off.stderr
    assert keyless.stderr.count("\n") == off.stderr.count("\n") == 1


def test_retry_sends_dead_letters_again(run: Command, spool: Path, server: EmbeddedServer) -> None:
    """Dead letters are counted by reason; after retry they wait again, and flush delivers them."""
    bury(spool, server.url, (tool_call("e1"), "too new"), (tool_call("e2"), "too new"), (tool_call("e3"), "odd"))
    settings = {"SENTRIAL_SPOOL_DIR": str(spool), "SENTRIAL_API_URL": server.url}
    rejected = status(run, spool)[0]["dead_letters"]

    retried = run("spool", "retry", "--json", **settings)
    after = status(run, spool)[0]
    flushed = run("spool", "flush", "--json", **settings)

    assert [(reason["reason"], reason["events"]) for reason in rejected] == [("too new", 2), ("odd", 1)]
    assert json.loads(retried.stdout) == {"requeued": 3}
    assert (after["events"], after["dead_letters"]) == (3, [])
    assert json.loads(flushed.stdout) == {"delivered": 3, "rejected": 0, "left": 0}
    assert [event.id for event in server.store.events("default", "s").rows] == ["e1", "e2", "e3"]


def test_retry_with_nothing_to_retry_leaves_no_trace(run: Command, spool: Path, nobody: str) -> None:
    """Without dead letters nothing is made and nothing is said to wait."""
    done = run("spool", "retry", SENTRIAL_SPOOL_DIR=str(spool), SENTRIAL_API_URL=nobody)

    assert (done.returncode, done.stdout) == (0, f"0 events of the dead letters for {nobody} wait again\n")
    assert not spool.exists()


def test_a_retry_that_was_killed_is_finished_by_the_next(spool: Path, nobody: str) -> None:
    """Letters that were set aside and not yet queued are taken by the next call; half a line costs only itself."""
    home = bury(spool, nobody, (tool_call("e1"), "no"))
    (home / "dead-letters.ndjson").rename(home / "retrying-00000000.ndjson")
    bury(spool, nobody, (tool_call("e2"), "no"))
    with (home / "dead-letters.ndjson").open("a") as file:
        file.write('{"code": "invalid_event", "rea')

    requeued = _spools.requeue(home)

    (found,) = _spools.survey([spool])
    assert requeued == found.events == 2
    assert found.dead_letters == ()
    assert [path.name for path in home.iterdir() if path.is_file()] == []


def test_a_disk_that_refuses_costs_no_dead_letter(spool: Path, nobody: str) -> None:
    """Where the events can't be queued whole, they stay among the dead letters, and no half of them waits."""
    home = bury(spool, nobody, (tool_call("e1"), "no"), (tool_call("e2"), "no"))
    script = """
import pathlib, resource, sys
from sentrial import _spools
resource.setrlimit(resource.RLIMIT_FSIZE, (150, 150))
try:
    _spools.requeue(pathlib.Path(sys.argv[1]))
except OSError as problem:
    print(problem)
"""

    done = run_script(script, home)

    (found,) = _spools.survey([spool])
    assert done == (0, "the disk took half a record\n", "")
    assert (found.events, found.owned) == (0, ())
    assert [reason.events for reason in found.dead_letters] == [2]


def test_drop_asks_first(run: Command, spool: Path, nobody: str) -> None:
    """Without --yes nothing is deleted: one line says how many events it would be."""
    leave_three(spool, nobody)

    done = run("spool", "drop", SENTRIAL_SPOOL_DIR=str(spool))

    assert done.returncode == 2
    assert done.stderr == "Error: 3 events would be deleted for good; add --yes to do it\n"
    assert [found["events"] for found in status(run, spool)] == [3]


def test_drop_never_touches_a_living_process(
    run: Command, spool: Path, nobody: str, living: subprocess.Popen[str]
) -> None:
    """What the dead left is deleted; what the living holds stays, as do dead letters."""
    leave_three(spool, f"{nobody}/other")
    bury(spool, nobody, (tool_call("e1"), "no"))

    done = run("spool", "drop", "--yes", SENTRIAL_SPOOL_DIR=str(spool))

    (found,) = status(run, spool)
    assert done.stdout == "3 events deleted\n"
    assert [(owner["life"], owner["events"]) for owner in found["owners"]] == [("alive", 2)]
    assert len(found["dead_letters"]) == 1
    assert living.poll() is None


def test_drop_takes_the_destination_that_is_named(run: Command, spool: Path, nobody: str) -> None:
    """A destination may be named by how its name begins; one that is not there is an error."""
    for path in ("/a", "/b"):
        leave_three(spool, nobody + path)
    name = destination(resolve(api_url=nobody + "/a"))

    unknown = run("spool", "drop", "--yes", "zz", SENTRIAL_SPOOL_DIR=str(spool))
    done = run("spool", "drop", "--yes", "--json", name[:8], SENTRIAL_SPOOL_DIR=str(spool))

    (left,) = status(run, spool)
    assert (unknown.returncode, "no destination begins with zz" in unknown.stderr) == (2, True)
    assert json.loads(done.stdout) == {"dropped": 3}
    assert left["destination"] == destination(resolve(api_url=nobody + "/b"))


def test_a_folder_of_another_machine_is_left_alone(run: Command, spool: Path, nobody: str) -> None:
    """Whether a process on another machine lives can't be told here: its events are shown and never deleted."""
    leave_three(spool, nobody)
    (home,) = spool.iterdir()
    (folder,) = [path for path in home.iterdir() if path.is_dir()]
    folder.rename(home / f"0123456789ab-{'0' * 16}")

    done = run("spool", "drop", "--yes", SENTRIAL_SPOOL_DIR=str(spool))

    (found,) = status(run, spool)
    assert done.stdout == "0 events deleted\n"
    assert [(owner["life"], owner["events"]) for owner in found["owners"]] == [("unknown", 3)]


def test_looking_does_not_disturb_delivery(spool: Path, server: EmbeddedServer) -> None:
    """A survey between an event and its delivery, and one of a folder half acknowledged, change nothing."""
    with SentrialClient(api_url=server.url, spool_dir=spool) as client:
        client.track_tool_call("s", "t")
        during = _spools.survey([spool])
        assert client.flush(10) == 0
        after = _spools.survey([spool])
        client.track_tool_call("s", "t")
        assert client.flush(10) == 0

    assert [owned.life for owned in during[0].owned] == ["alive"]
    assert (after[0].events, after[0].owned[0].oldest) == (0, None)
    assert [row.event_count for row in server.store.sessions(None).rows] == [2]
