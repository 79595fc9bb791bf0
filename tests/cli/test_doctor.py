"""`sentrial doctor`: each check well and not well, on real servers, real folders and real keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.journey.peers import Peer, problem, saying
from tests.journey.processes import free_port

if TYPE_CHECKING:
    import socket
    import subprocess
    import threading
    from pathlib import Path

    from sentrial.server.serve import EmbeddedServer
    from tests.conftest import KeyedServer

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Examine = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


@pytest.fixture
def examine(run: Command, tmp_path: Path) -> Examine:
    """Run the doctor; its exit code, and its checks by name. Keyword arguments are environment variables."""

    def examine_here(*arguments: str, **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
        environment = {"SENTRIAL_SPOOL_DIR": str(tmp_path / "spool")} | environment
        done = run("doctor", "--json", *arguments, **environment)
        assert done.stderr == ""
        told = json.loads(done.stdout)
        assert told["well"] == (done.returncode == 0) == all(check["well"] for check in told["checks"])
        assert [check["name"] for check in told["checks"] if check["well"] == bool(check["advice"])] == []
        return done.returncode, {check["name"]: check for check in told["checks"]}

    return examine_here


def test_all_is_well(examine: Examine, server: EmbeddedServer, tmp_path: Path) -> None:
    """With a server in reach every check is well, the trial is deleted again, and no event is left in the spool."""
    from importlib.metadata import version

    status, checks = examine(SENTRIAL_API_URL=server.url)

    assert status == 0
    assert version("sentrial") in checks["versions"]["said"]
    assert checks["server"]["said"].startswith(f"{server.url} answers in ")
    assert checks["server"]["said"].endswith(f"version {version('sentrial')}")
    assert " ms, read back after " in checks["round trip"]["said"]
    assert server.store.sessions(None).rows == ()
    assert list((tmp_path / "spool").iterdir()) == []


def test_people_read_a_line_a_check(run: Command, server: EmbeddedServer, tmp_path: Path) -> None:
    """Without --json each check is one line with its mark."""
    done = run("doctor", SENTRIAL_API_URL=server.url, SENTRIAL_SPOOL_DIR=str(tmp_path / "spool"))

    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert {line[:2] for line in lines} == {"✓ "}
    assert f"✓ {'api_url':<15} {server.url} (SENTRIAL_API_URL)" in lines


def test_what_is_wrong_says_what_to_do(run: Command, tmp_path: Path) -> None:
    """Without --json what is not well has its advice on a line of its own."""
    url = f"http://127.0.0.1:{free_port()}"

    done = run("doctor", "--api-url", url, SENTRIAL_SPOOL_DIR=str(tmp_path / "spool"))

    assert done.returncode == 1
    assert done.stdout.splitlines()[-2].startswith(f"✕ {'server':<15} {url} can't be reached (")
    assert done.stdout.splitlines()[-1].strip().startswith("→ check SENTRIAL_API_URL; ")
    assert "round trip" not in done.stdout


def test_each_setting_says_where_it_comes_from(examine: Examine, server: EmbeddedServer) -> None:
    """A setting comes from an argument, a variable or its default, in this order."""
    _, checks = examine("--api-url", server.url, SENTRIAL_API_URL="http://127.0.0.1:1", SENTRIAL_TIMEOUT="7")

    said = {name: check["said"] for name, check in checks.items()}
    assert said["api_url"] == f"{server.url} (argument)"
    assert said["timeout"] == "7.0 (SENTRIAL_TIMEOUT)"
    assert said["max_retries"] == "3 (default)"
    assert said["api_key"] == "None (default)"


def test_a_key_that_fits_is_well_and_never_shown(run: Command, keyed_server: KeyedServer, tmp_path: Path) -> None:
    """The key opens the server; what is printed has its last four characters at most."""
    settings = {"SENTRIAL_API_URL": keyed_server.url, "SENTRIAL_SPOOL_DIR": str(tmp_path / "spool")}

    done = run("doctor", SENTRIAL_API_KEY=keyed_server.key, **settings)
    short = run("doctor", SENTRIAL_API_KEY="hunter2", **settings)

    assert done.returncode == 0, done.stdout
    assert keyed_server.key[:-4] not in done.stdout
    assert f"***{keyed_server.key[-4:]} (SENTRIAL_API_KEY)" in done.stdout
    assert "*** (SENTRIAL_API_KEY)" in short.stdout
    assert "ter2" not in short.stdout + short.stderr


def test_a_wrong_key_is_told(examine: Examine, keyed_server: KeyedServer) -> None:
    """A server that answers, but not to this key: the round trip says so, and what to do."""
    status, checks = examine(SENTRIAL_API_URL=keyed_server.url, SENTRIAL_API_KEY="sk_wrong_key_of_some_length")

    assert status == 1
    assert checks["server"]["well"]
    assert "HTTP 401" in checks["round trip"]["said"]
    assert "set SENTRIAL_API_KEY to a key of this server" in checks["round trip"]["advice"]


def test_a_wrong_project_is_told(examine: Examine, keyed_server: KeyedServer) -> None:
    """A project that the key does not open: the round trip says so, and what to do."""
    status, checks = examine(
        SENTRIAL_API_URL=keyed_server.url, SENTRIAL_API_KEY=keyed_server.key, SENTRIAL_PROJECT_ID="other"
    )

    assert status == 1
    assert "HTTP 403" in checks["round trip"]["said"]
    assert "SENTRIAL_PROJECT_ID" in checks["round trip"]["advice"]


def test_a_server_that_refuses_events_is_told_in_its_words(examine: Examine) -> None:
    """A server with a health that takes no events: what the delivery met is told, not just that nothing came back."""

    def answer(connection: socket.socket, stopping: threading.Event) -> None:
        if b"/api/sdk/health" in peer.requests[-1]:
            saying(200, b'{"status": "ok", "version": "9"}')(connection, stopping)
        elif b"/events/batch" in peer.requests[-1]:
            saying(403, problem(403, detail="this key only reads"))(connection, stopping)
        else:
            saying(404, problem(404, detail="no such session"))(connection, stopping)

    with Peer(answer) as peer:
        status, checks = examine(SENTRIAL_API_URL=peer.url)

    assert status == 1
    assert "version 9" in checks["server"]["said"]
    assert "HTTP 403: this key only reads" in checks["round trip"]["said"]


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (saying(404, b"<html>"), "answered HTTP 404"),
        (saying(200, b"<html>hello"), "an answer that is not Sentrial's"),
        (saying(200, b"[]"), "an answer that is not Sentrial's"),
        (saying(200, b'{"status": "ok"}'), "an answer that is not Sentrial's"),
    ],
)
def test_another_kind_of_server_is_told(examine: Examine, behave: Any, said: str) -> None:
    """Something else that listens there is no Sentrial server, and gets no event."""
    with Peer(behave) as peer:
        status, checks = examine(SENTRIAL_API_URL=peer.url)

    assert status == 1
    assert said in checks["server"]["said"]
    assert "round trip" not in checks
    assert len(peer.requests) == 1


def test_a_server_that_hangs_does_not_hang_the_doctor(examine: Examine) -> None:
    """The timeout holds for the health of the server too."""
    from tests.journey.peers import drip

    with Peer(drip) as peer:
        status, checks = examine(SENTRIAL_API_URL=peer.url, SENTRIAL_TIMEOUT="0.3")

    assert status == 1
    assert "in 0.3 s" in checks["server"]["said"]


def test_an_unusable_setting_is_told(examine: Examine) -> None:
    """Where the settings are of no use, the doctor says which one and what to do, and tries nothing."""
    wrong, wrongly = examine(SENTRIAL_API_URL="ftp://x")
    keyless, keylessly = examine()

    assert (wrong, keyless) == (1, 1)
    assert "SENTRIAL_API_URL must be an http or https address" in wrongly["settings"]["said"]
    assert keylessly["settings"]["said"] == "https://api.realm.ai needs an API key"
    assert "set SENTRIAL_API_KEY" in keylessly["settings"]["advice"]
    assert list(wrongly) == list(keylessly) == ["versions", "settings"]


def test_recording_switched_off_is_told(examine: Examine, server: EmbeddedServer) -> None:
    """SENTRIAL_ENABLED=0 is the reason why nothing arrives, and the doctor says so."""
    status, checks = examine(SENTRIAL_API_URL=server.url, SENTRIAL_ENABLED="0")

    assert status == 1
    assert checks["enabled"]["advice"] == "unset SENTRIAL_ENABLED: nothing is recorded"
    assert "round trip" not in checks


def test_a_spool_that_cant_be_written_is_told(examine: Examine, server: EmbeddedServer, tmp_path: Path) -> None:
    """Where the folder can't be made, the doctor says where events go instead; the rest is still checked."""
    (tmp_path / "file").write_text("")

    status, checks = examine(SENTRIAL_API_URL=server.url, SENTRIAL_SPOOL_DIR=str(tmp_path / "file" / "spool"))

    assert status == 1
    assert "can't be written to (Not a directory); events wait in memory" in checks["spool"]["said"]
    assert "SENTRIAL_SPOOL_DIR" in checks["spool"]["advice"]
    assert checks["round trip"]["well"]


def test_what_waits_is_counted_and_left_alone(examine: Examine, server: EmbeddedServer, tmp_path: Path) -> None:
    """Events that wait for this server are told; sending them is not the doctor's business."""
    from sentrial._config import resolve
    from sentrial._pipe import destination
    from sentrial._spool import Spool

    dead = Spool([tmp_path / "spool"], destination(resolve(api_url=server.url)))
    dead.append(b'{"id": "e"}')
    dead.close()

    status, checks = examine(SENTRIAL_API_URL=server.url)
    again, checks_again = examine(SENTRIAL_API_URL=server.url)

    assert (status, again) == (0, 0)
    assert "events waiting: 1, rejected: 0" in checks["spool"]["said"]
    assert "events waiting: 1, rejected: 0" in checks_again["spool"]["said"]
