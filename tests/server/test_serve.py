"""The server starts with one clear sentence or not at all, and stops without losing anything."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from sentrial.server.serve import EmbeddedServer, ServeError, serve
from sentrial.server.store import Store

if TYPE_CHECKING:
    from pathlib import Path

STEP = {"eventType": "step", "sessionId": "sess_1", "id": "evt_1", "name": "plan"}


def test_what_was_accepted_is_there_when_the_server_comes_back(tmp_path: Path) -> None:
    """A server can be stopped and started on the same file."""
    path = tmp_path / "sentrial.db"
    with EmbeddedServer(path) as server:
        httpx.post(f"{server.url}/api/sdk/events", json=STEP).raise_for_status()

    with EmbeddedServer(path) as server:
        read = httpx.get(f"{server.url}/api/sdk/sessions/sess_1")

    assert read.json()["eventCount"] == 1


def test_stopping_twice_is_harmless_and_frees_port_and_file(tmp_path: Path) -> None:
    """Nothing of a stopped server stays: no thread, no socket, no lock."""
    before = set(threading.enumerate())
    server = EmbeddedServer(tmp_path / "sentrial.db").start()
    port = urlsplit(server.url).port
    assert port is not None
    server.stop()
    server.stop()

    with EmbeddedServer(tmp_path / "sentrial.db", port=port) as again:
        assert again.url == server.url
    assert set(threading.enumerate()) == before


def test_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    """It names the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(ServeError, match=rf"port {port} is in use on 127\.0\.0\.1: choose another with --port"):
            EmbeddedServer(tmp_path / "sentrial.db", port=port).start()

    Store.open(tmp_path / "sentrial.db").close()


def test_a_foreign_database_is_one_sentence(tmp_path: Path) -> None:
    """The store's words are the server's."""
    (tmp_path / "notes.txt").write_text("dear diary")

    with pytest.raises(ServeError, match="is not a Sentrial database"):
        serve(tmp_path / "notes.txt", port=0)


def test_a_second_server_on_the_same_file_is_refused(tmp_path: Path) -> None:
    """The lock beside the database keeps one writer."""
    with (
        EmbeddedServer(tmp_path / "sentrial.db"),
        pytest.raises(ServeError, match="in use by another Sentrial server"),
    ):
        EmbeddedServer(tmp_path / "sentrial.db").start()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_network_address_needs_a_key_first(tmp_path: Path, host: str) -> None:
    """The refusal prints the command that makes one; with a key, it starts and asks for it."""
    path = tmp_path / "sentrial.db"

    with pytest.raises(ServeError, match=rf"sentrial key create --project NAME --db {path}"):
        EmbeddedServer(path, host=host).start()
    with Store.open(path) as store:
        key = store.create_key("p")

    if host == "::" and not socket.has_ipv6:
        return
    with EmbeddedServer(path, host="0.0.0.0") as server:
        url = f"{server.url}/api/sdk/sessions"
        statuses = [httpx.get(url, headers=headers).status_code for headers in ({}, {"Authorization": f"Bearer {key}"})]
    assert statuses == [401, 200]


def test_a_network_address_without_keys_must_be_asked_for(tmp_path: Path) -> None:
    """The option has a name that nobody types by accident."""
    with EmbeddedServer(tmp_path / "sentrial.db", host="0.0.0.0", insecure_no_auth=True) as server:
        answer = httpx.get(f"{server.url}/api/sdk/sessions")

    assert answer.status_code == 200


def test_a_host_without_an_address_is_one_sentence(tmp_path: Path) -> None:
    """A slip of the finger in --host names itself."""
    with pytest.raises(ServeError, match=r"no address for the host 'no\.such\.host\.invalid'"):
        EmbeddedServer(tmp_path / "sentrial.db", host="no.such.host.invalid").start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_foreground_server_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """It ends with 0 and says nothing, its file is free, and what was accepted is there."""
    script = (
        "import sys; from pathlib import Path; from sentrial.server.serve import serve\n"
        "serve(Path(sys.argv[1]), port=0, on_ready=lambda url: print(url, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "sentrial.db")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        httpx.post(f"{url}/api/sdk/events", json=STEP).raise_for_status()
        process.send_signal(number)
        _, said = process.communicate(timeout=10)

    assert (process.returncode, said) == (0, "")
    with Store.open(tmp_path / "sentrial.db") as store:
        assert store.session("default", "sess_1") is not None


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    """A 2xx comes after the commit: a server killed right then has it on the disk."""
    script = (
        "import sys; from pathlib import Path; from sentrial.server.serve import serve\n"
        "serve(Path(sys.argv[1]), port=0, on_ready=lambda url: print(url, flush=True))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "sentrial.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        httpx.post(f"{url}/api/sdk/events", json=STEP).raise_for_status()
        process.kill()
        process.wait(timeout=10)

    with Store.open(tmp_path / "sentrial.db") as store:
        session = store.session("default", "sess_1")
    assert session is not None
    assert session.event_count == 1


def test_stopping_does_not_wait_for_idle_connections(tmp_path: Path) -> None:
    """A browser that keeps its connection open does not keep the server open."""
    server = EmbeddedServer(tmp_path / "sentrial.db").start()
    with httpx.Client(base_url=server.url) as client:
        client.get("/api/sdk/health")
        began = time.monotonic()
        server.stop()

    assert time.monotonic() - began < 2


def test_an_existing_database_without_keys_is_not_served_to_a_network(tmp_path: Path) -> None:
    """Where the database is there but holds no key, an address that others can reach is refused too."""
    Store.open(tmp_path / "sentrial.db").close()

    with (
        pytest.raises(ServeError, match="sentrial key create"),
        EmbeddedServer(tmp_path / "sentrial.db", host="0.0.0.0", port=0),
    ):
        pass
