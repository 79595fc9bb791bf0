"""Many threads, many clients, and signal handlers that break into the middle of a call: no deadlock, nothing lost.

Each test is a process of its own: one that is stuck fails by the time it takes, and takes nobody with it.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.journey.battery import TRACKING, Audit, audit, deliver, leftovers

if TYPE_CHECKING:
    from pathlib import Path

    from sentrial.server.serve import EmbeddedServer

BEGIN = """
import os, random, signal, sys, threading, time
sys.path.insert(0, sys.argv[1])
from tracking import Tracker, opened
url, spool, ledger, seconds = *sys.argv[2:5], float(sys.argv[5])
client, main = opened(url, spool, ledger, 'main')
until = time.monotonic() + seconds
"""

CROWD = """
sys.setswitchinterval(0.00001)
clients = [client, *(opened(url, spool, ledger, f'unused{i}')[0] for i in range(3))]
crowd = [Tracker(clients[0 if i < 16 else i % 4], ledger, f't{i}') for i in range(28)]
gate = threading.Barrier(len(crowd))
def go(tracker):
    gate.wait(); tracker.track(300); tracker.end()
threads = [threading.Thread(target=go, args=(tracker,)) for tracker in crowd]
for thread in threads: thread.start()
for thread in threads: thread.join()
print([one.flush(20) for one in clients], [one.stats().lost for one in clients])
for one in clients: one.close()
"""

HANDLERS = """
broken_in = [Tracker(client, ledger, f'signal{i}') for i in range(2)]
calls = depth = 0
def handler(number, frame):
    global calls, depth
    calls += 1
    if depth < 3:  # where a machine is slower than the timers, handlers would break into handlers for ever
        depth += 1; broken_in[number == signal.SIGVTALRM].track(); depth -= 1
signal.signal(signal.SIGALRM, handler); signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
signal.signal(signal.SIGVTALRM, handler); signal.setitimer(signal.ITIMER_VIRTUAL, 0.0013, 0.0013)
beside = [Tracker(client, ledger, f'beside{i}') for i in range(2)]
def go(tracker):
    while time.monotonic() < until: tracker.track(5); time.sleep(0.002)
threads = [threading.Thread(target=go, args=(tracker,)) for tracker in beside]
for thread in threads: thread.start()
while time.monotonic() < until:
    main.track(30); client.stats(); client.flush(0.01)
    if random.random() < 0.1: client.close(0.01)
for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL): signal.setitimer(timer, 0)
for thread in threads: thread.join()
print(client.stats().lost, calls > 200 * seconds)
"""

ALARMS = """
class TooLate(BaseException): pass
def handler(*_): raise TooLate
signal.signal(signal.SIGALRM, handler)
main.track(30)
client.flush(20)  # all modules are loaded by now: an interpreter whose imports are cut short is a ruin of its own
one, count, cut, left, lost = client, 0, 0, 0, {}
while time.monotonic() < until:
    count += 1
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00001, 0.003))
            if count % 20 == 1: one = opened(url, spool, ledger, 'unused')[0]
            Tracker(one, ledger, f'alarm{count}').track(3000)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except TooLate:
        cut += 1
    if count % 20 == 0:
        Tracker(one, ledger, f'after{count}').track(10)
        left += one.flush(20); lost |= one.stats().lost
        one.close()
print(left, lost, cut > 50 * seconds)
"""


def run(script: str, server: EmbeddedServer, folder: Path, seconds: float = 0) -> tuple[str, Audit]:
    """Run a script to its end, and the next process; what it printed, and what arrived."""
    program = folder / "program.py"
    program.write_text(BEGIN + script, "utf-8")
    command = [sys.executable, program, TRACKING.parent, server.url, folder / "spool", folder / "ledger", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30 + 2 * seconds, check=False)

    left, _ = deliver(server.url, folder / "spool", 20)

    assert (done.returncode, done.stderr, left) == (0, "", 0)
    assert leftovers(folder / "spool") == []
    return done.stdout, audit(folder / "ledger", server.store.path)


def test_many_threads_and_clients_share_a_process(server: EmbeddedServer, tmp_path: Path) -> None:
    """Sixteen threads on one client, and four clients of one destination beside each other, lose nothing."""
    said, report = run(CROWD, server, tmp_path)

    assert said == "[0, 0, 0, 0] [{}, {}, {}, {}]\n"
    assert (report.faults, report.tracked, report.unfinished) == ({}, 28 * 301, 0)


@pytest.mark.parametrize("seconds", [2, pytest.param(15, marks=pytest.mark.long)])
def test_signal_handlers_track_in_the_middle_of_everything(
    server: EmbeddedServer, tmp_path: Path, seconds: int
) -> None:
    """Handlers that track a thousand times a second break into calls, flushes and closings: no deadlock, no loss."""
    said, report = run(HANDLERS, server, tmp_path, seconds)

    assert said == "{} True\n"
    assert (report.faults, report.unfinished) == ({}, 0)
    assert report.tracked > 300 * seconds


@pytest.mark.parametrize("seconds", [1, pytest.param(15, marks=pytest.mark.long)])
def test_a_handler_that_raises_in_the_middle_of_a_call_breaks_nothing(
    server: EmbeddedServer, tmp_path: Path, seconds: int
) -> None:
    """A time-out by SIGALRM may cut a call short anywhere; every other call is kept, and the client goes on."""
    said, report = run(ALARMS, server, tmp_path, seconds)

    assert said == "0 {} True\n"
    assert report.faults == {}
    assert report.tracked > 300 * seconds
