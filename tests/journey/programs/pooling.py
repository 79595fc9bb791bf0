"""A host that hands its work to processes, and a client made where the module is loaded: by all, or by the first alone.

A newcomer's mistake: to expect `atexit` in the workers. multiprocessing ends them by `os._exit`, or kills them.
Arguments: the start method, and `pool`, `process` or `executor`. Address, spool and ledger come by environment,
for a spawned worker loads this module anew.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor

from sentrial import SentrialClient
from tests.journey.tracking import Tracker

WORKERS = 3
TASKS = 12

client = SentrialClient()


def task(number: int) -> int:
    """What a worker does for one task: a session of six events. In which process, is what it gives back."""
    tracker = Tracker(client, os.environ["LEDGER"], f"task-{number}")
    tracker.track(5)
    tracker.end()
    return os.getpid()


def main() -> None:
    """Record in the parent and in its workers; say how many processes there were."""
    method, kind = sys.argv[1:]
    context = multiprocessing.get_context(method)
    pids = {task(-1)}
    match kind:
        case "pool":
            with context.Pool(WORKERS) as pool:  # its end terminates the workers
                pids.update(pool.map(task, range(TASKS), chunksize=1))
        case "executor":
            with ProcessPoolExecutor(WORKERS, mp_context=context) as executor:
                pids.update(executor.map(task, range(TASKS)))
        case _:
            processes = [context.Process(target=task, args=(number,)) for number in range(WORKERS)]
            for process in processes:
                process.start()
            for process in processes:
                process.join(20)
                assert process.exitcode == 0, process.exitcode
                pids.add(process.pid or 0)
    task(-2)
    sys.stdout.write(str(len(pids)))


if __name__ == "__main__":
    main()
