"""What the embedded server spends on an event: CPU and rate, at 100 and at 1,000 events a request.

The bodies are made beforehand and go out on a raw socket, so that the sender costs next to nothing and the
figures are the server's alone. Its CPU is what its own process says it has used, all threads.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from payloads import REASONING, TOOL_INPUT, TOOL_OUTPUT

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS_A_SESSION = 50
# A server that says how much CPU it has used, whenever a line arrives, and its memory at its highest.
PROGRAM = """
import pathlib, resource, sys, threading, time
from sentrial.server.serve import serve

def tell():
    for _ in sys.stdin:
        print(time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)

threading.Thread(target=tell, daemon=True).start()
serve(pathlib.Path(sys.argv[1]), port=0, on_ready=lambda url: print(url, flush=True))
"""

_numbers = count()


class Server:
    """An embedded server in a process of its own, and one connection to it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().strip())
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port or 80)

    def send(self, body: bytes) -> int:
        """Send one batch and return how many of its events were new."""
        self._connection.request(
            "POST", "/api/sdk/events/batch", body, {"Content-Type": "application/x-ndjson", "Sentrial-Project": "bench"}
        )
        accepted: int = json.loads(self._connection.getresponse().read())["accepted"]
        return accepted

    def used(self) -> tuple[float, float]:
        """CPU seconds so far, and MiB of memory at the highest."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        cpu_seconds, peak_kib = self._process.stdout.readline().split()
        return float(cpu_seconds), int(peak_kib) / 1024

    def close(self) -> None:
        """Give the connection up."""
        self._connection.close()


@contextmanager
def running_server() -> Iterator[Server]:
    """A server on a new database, until the block ends."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, f"{folder}/bench.db"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
        ) as process,
    ):
        server = Server(process)
        try:
            yield server
        finally:
            server.close()
            process.terminate()


def event(number: int) -> bytes:
    """One tool call of about 1 kB, as the SDK's client sends it."""
    fields = {
        "eventType": "tool_call",
        "sessionId": f"sess_{number // EVENTS_A_SESSION:032x}",
        "id": f"evt_{number:032x}",
        "timestamp": f"2026-11-21T14:{number // 60_000 % 60:02}:{number // 1000 % 60:02}.{number % 1000:03}000Z",
        "durationMs": 143.0,
        "toolName": "search",
        "toolInput": TOOL_INPUT,
        "toolOutput": TOOL_OUTPUT,
        "reasoning": REASONING,
        "status": "success",
        "producerId": "0193a1c8e0b47f5d9a3c51f2a7d40e61",
        "sequence": number,
    }
    return json.dumps(fields, separators=(",", ":")).encode()


def batches(events: int, size: int) -> list[bytes]:
    """That many new events, in bodies of so many events each."""
    return [b"\n".join(event(next(_numbers)) for _ in range(size)) + b"\n" for _ in range(events // size)]


def measure(server: Server, events: int, size: int) -> dict[str, float]:
    """One round: microseconds of the server's CPU an event, and events a second."""
    bodies = batches(events, size)
    before, _ = server.used()
    started = time.perf_counter()
    accepted = sum(server.send(body) for body in bodies)
    seconds = time.perf_counter() - started
    after, peak_mib = server.used()
    if accepted != events:
        sys.exit(f"{events} events were sent, and {accepted} accepted")
    return {"cpu_us": (after - before) / events * 1e6, "events_per_second": events / seconds, "peak_mib": peak_mib}


def main() -> None:
    """Run the rounds, each size in turn, and print the medians as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=20_000, help="events a round and size")
    options = parser.parse_args()
    sizes = (100, 1000)

    seen: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    with running_server() as server:
        for size in sizes:
            measure(server, 2000, size)
        for _ in range(options.rounds):
            for size in sizes:
                seen[size].append(measure(server, options.events, size))
    found = {
        str(size): {key: round(statistics.median(one[key] for one in each), 1) for key in each[0]}
        for size, each in seen.items()
    }
    print(json.dumps({"event_bytes": len(event(next(_numbers))), "events_a_request": found}))


if __name__ == "__main__":
    main()
