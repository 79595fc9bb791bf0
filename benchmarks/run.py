"""What `make bench` runs: rounds of every contender in turn, medians of the rounds, and ratios between them.

Machines are shared and noisy, so no figure is compared with a number: each is set beside the floor and the peers
of the same run. Peers run in an environment of their own; where it is missing they are left out, and it says so.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
PEERS = HERE.parent / ".venv-bench" / "bin" / "python"
OURS = ("floor", "sentrial")
THEIRS = ("opentelemetry", "langfuse", "langsmith")
START = "from sentrial import SentrialClient; SentrialClient(api_url='http://127.0.0.1:9')"


@contextmanager
def hanging() -> Iterator[str]:
    """The address of a server that takes connections and never answers: where only the caller's wait is measured."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def sink() -> Iterator[str]:
    """The address of a server that takes what the peers send."""
    with subprocess.Popen([sys.executable, HERE / "sink.py"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as one:
        assert one.stdout is not None
        yield one.stdout.readline().decode().strip()
        one.kill()


@contextmanager
def embedded_server() -> Iterator[str]:
    """The address of an embedded server in a process of its own."""
    program = (
        "import pathlib, sys\nfrom sentrial.server.serve import serve\n"
        "serve(pathlib.Path(sys.argv[1]), port=0, on_ready=lambda url: print(url, flush=True))"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([sys.executable, "-c", program, f"{folder}/bench.db"], stdout=subprocess.PIPE) as one,
    ):
        assert one.stdout is not None
        yield one.stdout.readline().decode().strip()
        one.terminate()


def measure(contender: str, url: str, *arguments: str) -> dict[str, float]:
    """One round of one contender."""
    python = sys.executable if contender in OURS else str(PEERS)
    with tempfile.TemporaryDirectory() as spool:
        done = subprocess.run(
            [python, HERE / "measure.py", contender, "--url", url, *arguments],
            env=os.environ | {"SENTRIAL_SPOOL_DIR": spool},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        sys.exit(f"{contender} failed:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def medians(
    contenders: tuple[str, ...], urls: dict[str, str], rounds: int, *arguments: str
) -> dict[str, dict[str, float]]:
    """The median of each figure over interleaved rounds."""
    seen: dict[str, list[dict[str, float]]] = {contender: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            seen[contender].append(measure(contender, urls[contender], *arguments))
    return {
        contender: {key: statistics.median(one[key] for one in each) for key in each[0]}
        for contender, each in seen.items()
    }


def table(title: str, rows: dict[str, dict[str, float]], figure: str, unit: str) -> None:
    """Print one table: the figure of each contender, and how many times ours it is."""
    print(f"\n{title}")
    ours = rows["sentrial"][figure]
    for contender, found in rows.items():
        ratio = (
            f"ours is {ours / found[figure]:.2f} x" if contender == "floor" else f"{found[figure] / ours:.1f} x ours"
        )
        print(f"  {contender:<14}{found[figure]:>10.1f} {unit}   {'' if contender == 'sentrial' else ratio}")


def ingest(rounds: int) -> None:
    """Print what the embedded server spends on an event."""
    done = subprocess.run(
        [sys.executable, HERE / "ingest.py", "--rounds", str(rounds)], capture_output=True, text=True, check=True
    )
    print("\nThe embedded server's own share, from a sender that costs next to nothing")
    for size, found in json.loads(done.stdout)["events_a_request"].items():
        rate = f"{found['events_per_second']:>10,.0f} events/s"
        print(f"  {size:>5} events a request {found['cpu_us']:>8.1f} us of CPU an event {rate}")


def start(rounds: int) -> None:
    """Print the CPU of making a client, beside that of importing the HTTP library alone."""

    def cpu(program: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", program], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000

    seen = [[cpu(program) for program in ("pass", START, "import httpx")] for _ in range(rounds)]
    nothing, ours, theirs = (statistics.median(column) for column in zip(*seen, strict=True))
    print("\nCPU of `from sentrial import SentrialClient; SentrialClient()`, the interpreter's own included")
    print(f"  sentrial      {ours:>10.1f} ms   {ours / theirs:.2f} x httpx")
    print(f"  import httpx  {theirs:>10.1f} ms\n  nothing       {nothing:>10.1f} ms")


def main() -> None:
    """Run the rounds and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=3000)
    options = parser.parse_args()
    peers = THEIRS if PEERS.exists() else ()
    if not peers:
        print("No peers: `make bench-peers` installs them into .venv-bench.")
    calls = ("--calls", str(options.calls), "--pause", "0.002")
    everyone = (*OURS, *peers)

    with sink() as drain, hanging() as nowhere:
        urls = dict.fromkeys(OURS, nowhere) | dict.fromkeys(THEIRS, drain)
        rows = medians(everyone, urls, options.rounds, *calls)
        table(
            "What the caller waits for one tool call of 0.8 kB (p50); our server hangs, theirs answers",
            rows,
            "p50",
            "us",
        )
        table("The same, p99.9", rows, "p999", "us")
        rows = medians(everyone, urls, options.rounds, *calls, "--call", "llm_call")
        table("What the caller waits for one model call of 6 kB (p50)", rows, "p50", "us")
        for busy in ("1", "3"):
            rows = medians(OURS, urls, options.rounds, *calls, "--busy", busy)
            table(f"The tool call beside {busy} busy Python thread(s) (p50)", rows, "p50", "us")
            table(f"The tool call beside {busy} busy Python thread(s) (p99.9)", rows, "p999", "us")
    with sink() as drain, embedded_server() as server:
        urls = {"sentrial": server} | dict.fromkeys(THEIRS, drain)
        rows = medians(("sentrial", *peers), urls, options.rounds, "--calls", "30000", "--whole")
        table("CPU of the whole process for one event, delivery included", rows, "cpu_us", "us")
        delivered = 30_000 / rows["sentrial"]["seconds_delivered"]
        print(f"\nEnd to end into the embedded server: {delivered:,.0f} events/s, recording included")
    ingest(options.rounds)
    start(options.rounds * 3)


if __name__ == "__main__":
    main()
