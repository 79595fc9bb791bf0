"""One contender, one round, in a process of its own; prints what it measured as JSON."""

from __future__ import annotations

import argparse
import json
import resource
import threading
import time
from typing import TYPE_CHECKING

from contenders import CONTENDERS

if TYPE_CHECKING:
    from collections.abc import Callable


def latencies(call: Callable[[], None], calls: int, pause: float) -> list[float]:
    """Microseconds of each call, as the caller waits for it."""
    samples: list[float] = []
    clock = time.perf_counter_ns
    for number in range(calls):
        start = clock()
        call()
        samples.append((clock() - start) / 1000)
        if pause and number % 10 == 0:
            time.sleep(pause)
    return samples


def busy(stop: threading.Event) -> None:
    """What an agent's other threads do: compute in Python."""
    total = 0
    while not stop.is_set():
        for number in range(1000):
            total += number * number


def cpu_seconds() -> float:
    """CPU of this process so far, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure one round."""
    parser = argparse.ArgumentParser()
    parser.add_argument("contender", choices=CONTENDERS)
    parser.add_argument("--url", default="http://127.0.0.1:9")
    parser.add_argument("--call", default="tool_call")
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--busy", type=int, default=0, help="Python threads that compute beside it")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds to rest after each ten calls")
    parser.add_argument("--whole", action="store_true", help="deliver too, and give the CPU of the whole process")
    options = parser.parse_args()

    contender = CONTENDERS[options.contender](options.url)
    call = getattr(contender, options.call)
    latencies(call, 200, 0)
    stop = threading.Event()
    threads = [threading.Thread(target=busy, args=(stop,), daemon=True) for _ in range(options.busy)]
    for thread in threads:
        thread.start()
    before, started = cpu_seconds(), time.perf_counter()
    samples = sorted(latencies(call, options.calls, options.pause))
    recorded = time.perf_counter() - started
    stop.set()
    for thread in threads:
        thread.join()
    found = {
        "p50": samples[len(samples) // 2],
        "p99": samples[int(len(samples) * 0.99)],
        "p999": samples[int(len(samples) * 0.999)],
        "seconds": recorded,
    }
    if options.whole:
        contender.finish()
        found["cpu_us"] = (cpu_seconds() - before) / options.calls * 1e6
        found["seconds_delivered"] = time.perf_counter() - started
    print(json.dumps(found), flush=True)
    if not options.whole:
        import os

        os._exit(0)  # what was not sent does not matter here, and peers wait for it


if __name__ == "__main__":
    main()
