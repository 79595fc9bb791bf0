"""Servers that are away: before, during and across processes, every tenth of a second, frozen, or back with nothing.

A newcomer's mistake: to call a server down whose kept connections still answer. Here it is a process that ends, one
that is stopped, or a gate that resets what goes through it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Self

import pytest

from sentrial import SentrialClient
from tests.journey.battery import TRACKING, ServerProcess, audit, deliver, leftovers, quiet_port, read_ids
from tests.journey.processes import wait_until
from tests.journey.tracking import Tracker

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = """
import sys, time
sys.path.insert(0, sys.argv[1])
from tracking import opened
client, main = opened(*sys.argv[2:6], exit_timeout=0.1)
main.track(50)
"""


class FlappingGate:
    """A way to a server that is open, then shut, then open: shutting resets every connection, sent or half sent.

    Args:
        port: The server's port.
        seconds: How long it stays open or shut.

    Attributes:
        cut: How many connections it has reset.
    """

    def __init__(self, port: int, seconds: float) -> None:
        self.host = f"127.0.0.1:{quiet_port()}"
        self.cut = 0
        self._port = port
        self._seconds = seconds
        self._ending = threading.Event()
        self._open_for_good = threading.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open_for_good.set()
        self._ending.set()
        self._thread.join()

    def stay_open(self) -> None:
        """Shut no more."""
        self._open_for_good.set()

    async def _run(self) -> None:
        while not self._ending.is_set():
            listener = await asyncio.start_server(self._relay, *self.host.split(":"))
            await asyncio.sleep(self._seconds)
            if self._open_for_good.is_set():
                await asyncio.to_thread(self._ending.wait)
            listener.close()
            self.cut += len(self._writers)
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(self._seconds)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.add(writer)
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        self._writers.discard(writer)
        there_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


def track_in_a_process(session: str, url: str, folder: Path, then: str = "") -> subprocess.CompletedProcess[str]:
    """Have a process of its own track fifty facts, and do something then."""
    command = [sys.executable, "-c", BEGIN + then, TRACKING.parent, url, folder / "spool", folder / "ledger", session]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)


def test_an_outage_across_processes_loses_nothing(tmp_path: Path) -> None:
    """Before there is a server, while it dies and after that, process follows process; the last delivers for all."""
    with ServerProcess(tmp_path / "server.db") as server:
        server.end()
        track_in_a_process("before", server.url, tmp_path)
        server.start()
        during = threading.Thread(
            target=track_in_a_process,
            args=("during", server.url, tmp_path, "for _ in range(100): main.track(5); time.sleep(0.005)"),
        )
        during.start()
        assert wait_until(lambda: "during" in (tmp_path / "ledger").read_text())
        time.sleep(0.2)
        server.end(signal.SIGKILL)
        track_in_a_process("after", server.url, tmp_path)
        during.join()
        server.start()
        track_in_a_process("last", server.url, tmp_path, "assert client.flush(20) == 0")
        report = audit(tmp_path / "ledger", server.database)

    assert (report.faults, report.unfinished) == ({}, 0)
    assert report.tracked == 50 * 4 + 500
    assert leftovers(tmp_path / "spool") == []


@pytest.mark.parametrize("seconds", [1, pytest.param(15, marks=pytest.mark.long)])
def test_a_way_that_flaps_loses_and_doubles_nothing(tmp_path: Path, seconds: float) -> None:
    """Three threads track while every connection is reset each tenth of a second, in mid-request or mid-answer."""
    begun = time.monotonic()

    def track(tracker: Tracker) -> None:
        while time.monotonic() < begun + seconds or (gate.cut < 3 and time.monotonic() < begun + 20):
            tracker.track(20)
            time.sleep(0.004)

    port = quiet_port()
    gate = FlappingGate(port, 0.1)
    with (
        ServerProcess(tmp_path / "server.db", port, "--allowed-host", gate.host) as server,
        gate,
        SentrialClient(api_url=f"http://{gate.host}", spool_dir=tmp_path / "spool", timeout=5) as client,
    ):
        trackers = [Tracker(client, str(tmp_path / "ledger"), f"t{i}") for i in range(3)]
        threads = [threading.Thread(target=track, args=(tracker,)) for tracker in trackers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cut = gate.cut
        gate.stay_open()
        left, stats = client.flush(20), client.stats()
        report = audit(tmp_path / "ledger", server.database)

    assert cut >= 3
    assert (report.faults, report.unfinished, left) == ({}, 0, 0)
    assert (stats.delivered, stats.lost, stats.rejected) == (report.tracked, {}, 0)
    assert report.tracked > 500 * seconds


def test_a_server_that_freezes_and_thaws_doubles_nothing(tmp_path: Path) -> None:
    """What timed out at a stopped server is sent again; the server takes both when it goes on, and stores one."""
    with (
        ServerProcess(tmp_path / "server.db") as server,
        SentrialClient(api_url=server.url, spool_dir=tmp_path / "spool", timeout=0.3) as client,
    ):
        tracker = Tracker(client, str(tmp_path / "ledger"), "frozen")
        tracker.track(100)
        client.flush(10)
        server.freeze()
        tracker.track(2000)
        waiting = client.flush(1.5)
        server.thaw()
        left, stats = client.flush(20), client.stats()
        report = audit(tmp_path / "ledger", server.database)

    assert waiting == 2000
    assert (report.faults, report.tracked, left, stats.lost) == ({}, 2100, 0, {})


def test_a_server_that_is_back_with_another_database_gets_what_the_first_had_not_confirmed(tmp_path: Path) -> None:
    """A database that was lost takes along what was confirmed, and nothing else."""
    first = ServerProcess(tmp_path / "first.db")
    second = ServerProcess(tmp_path / "second.db", first.port)
    with (
        first,
        SentrialClient(api_url=first.url, spool_dir=tmp_path / "spool") as client,
    ):
        tracker = Tracker(client, str(tmp_path / "ledger"), "s")
        tracker.track(500)
        confirmed = client.flush(10) == 0
        in_first = read_ids(first.database)
        tracking = threading.Thread(target=tracker.track, args=(3000,))
        tracking.start()
        time.sleep(0.05)
        first.end(signal.SIGKILL)
        tracking.join()
        with second:
            left, stats = client.flush(20), client.stats()
            report = audit(tmp_path / "ledger", first.database, second.database)
            in_second = read_ids(second.database)

    assert confirmed
    assert (report.faults, report.tracked, left, stats.lost) == ({}, 3500, 0, {})
    assert in_first.isdisjoint(in_second)
    assert len(in_second) >= 500


@pytest.mark.long
def test_nobody_listening_for_a_day_is_not_different_from_a_minute(tmp_path: Path) -> None:
    """Process after process ends offline; what the first one left still arrives, through all that adopted it."""
    port = quiet_port()
    url = f"http://127.0.0.1:{port}"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", BEGIN, TRACKING.parent, url, tmp_path / "spool", tmp_path / "ledger", f"p{i}"],
            stderr=subprocess.DEVNULL,
        )
        for i in range(4)
    ]
    statuses = [process.wait(20) for process in processes]
    track_in_a_process("later", url, tmp_path, "client.flush(0.3)")
    with ServerProcess(tmp_path / "server.db", port) as server:
        left, stats = deliver(url, tmp_path / "spool")
        report = audit(tmp_path / "ledger", server.database)

    assert statuses == [0] * 4
    assert (left, stats.delivered, stats.lost, report.faults) == (0, 5 * 50, {}, {})
    assert leftovers(tmp_path / "spool") == []
