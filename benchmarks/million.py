"""A million events while the server is away: what they take in memory and time, and that all of them arrive.

A newcomer's mistake: to let the server run in the process that is measured. It starts here only when everything
is recorded, as a process of its own, on the port that the client has tried in vain all the while.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payloads import REASONING, TOOL_INPUT, TOOL_OUTPUT

from sentrial import SentrialClient

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_SPOOL_BYTES = 2 << 30
WARM_EVENTS = 1000
LONGEST_SECONDS = 1800
SERVER = (
    "import pathlib, sys\nfrom sentrial.server.serve import serve\n"
    "serve(pathlib.Path(sys.argv[1]), port=int(sys.argv[2]), on_ready=lambda url: print(url, flush=True))"
)


def resident_bytes() -> int:
    """The memory of this process: what it holds now, or at its most where the system does not say what now is."""
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@contextmanager
def running_server(database: Path, port: int) -> Iterator[None]:
    """A server in a process of its own, once it answers."""
    command = [sys.executable, "-c", SERVER, str(database), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as one:
        assert one.stdout is not None
        one.stdout.readline()
        try:
            yield
        finally:
            one.terminate()


def measure(folder: Path, events: int) -> dict[str, Any]:
    """Record, deliver and count."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = SentrialClient(
        api_url=f"http://127.0.0.1:{port}",
        spool_dir=folder / "spool",
        max_spool_bytes=MOST_SPOOL_BYTES,
        max_retries=100,  # that the server is away is no news here
    )
    session_id = client.create_session("a million")

    def record(count: int) -> None:
        for _ in range(count):
            client.track_tool_call(session_id, "search", TOOL_INPUT, TOOL_OUTPUT, REASONING, 143)

    record(WARM_EVENTS - 1)
    client.flush(0.5)  # until the worker has loaded what it needs, and failed
    before = most = resident_bytes()
    begun, cpu = time.perf_counter(), time.thread_time()
    for done in range(WARM_EVENTS, events, 10_000):
        record(min(10_000, events - done))
        most = max(most, resident_bytes())
    recorded_seconds, recorded_cpu = time.perf_counter() - begun, time.thread_time() - cpu
    waiting = client.stats().pending
    spool_bytes = sum(path.stat().st_size for path in (folder / "spool").rglob("*.seg"))
    database = folder / "million.db"
    with running_server(database, port):
        begun = time.perf_counter()
        while client.flush(0.5) and time.perf_counter() - begun < LONGEST_SECONDS:
            most = max(most, resident_bytes())
        delivered_seconds = time.perf_counter() - begun
        stats = client.stats()
        client.close()
    with contextlib.closing(sqlite3.connect(database)) as connection:
        (stored,) = connection.execute("SELECT count(*) FROM event").fetchone()
    return {
        "recorded": stats.appended,
        "waiting": waiting,
        "stored": stored,
        "lost": stats.lost,
        "spool_bytes": spool_bytes,
        "growth_bytes": most - before,
        "record_us": round(recorded_cpu / max(1, events - WARM_EVENTS) * 1e6, 1),
        "record_seconds": round(recorded_seconds, 1),
        "deliver_seconds": round(delivered_seconds, 1),
    }


def main() -> None:
    """Measure, and say what came out: for people, then a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the spool and the database go; a temporary one by default")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = measure(folder, options.events)
    print(f"\n{found['recorded']:,} events while the server was away")
    print(f"  recorded in {found['record_seconds']} s, {found['record_us']} us of the caller's CPU each")
    print(f"  on the disk {found['spool_bytes'] / 1e6:,.0f} MB, in memory {found['growth_bytes'] / 1e6:,.1f} MB more")
    speed = found["recorded"] / max(found["deliver_seconds"], 0.1)
    print(f"  all there {found['deliver_seconds']} s after the server started, {speed:,.0f} events/s")
    print(f"  {found['stored']:,} stored, lost {found['lost'] or 'none'}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
