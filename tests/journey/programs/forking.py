"""A host that forks again and again while its threads record, flush and read; each child records too.

A newcomer's mistake: to wait for a child without a deadline. A child that hangs says where, and fails.
Arguments: the number of forks, a seed, and what goes on beside: some of `flush` and `read`; with `die`, all
children are of the first kind.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import os
import random
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from sentrial import APIError, SentrialClient
from tests.journey.tracking import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHILD_SECONDS = 15
MOST_CHILDREN = 4
ENOUGH_PENDING = 10_000  # beyond, more of it is only more to wait for


def main() -> None:
    """Fork under load, and end when every child has ended well."""
    forks, seed, *beside = sys.argv[1:]
    client, ledger = SentrialClient(timeout=0.5, exit_timeout=0.3), os.environ["LEDGER"]
    chance, stop = random.Random(seed), threading.Event()
    threads = [threading.Thread(target=keep_on, args=(act, stop)) for act in acts(client, ledger, beside)]
    children: deque[int] = deque()
    try:
        for thread in threads:
            thread.start()
        for number in range(int(forks)):
            time.sleep(chance.random() * 0.01)
            pid = os.fork()
            if pid == 0:
                child(0 if "die" in beside else number % 5, client, ledger)
            children.append(pid)
            if len(children) > MOST_CHILDREN:
                wait_for(children.popleft())
    finally:
        stop.set()
    while children:
        wait_for(children.popleft())
    for thread in threads:
        thread.join()


def acts(client: SentrialClient, ledger: str, beside: Sequence[str]) -> list[Callable[[], object]]:
    """What the threads of the host do, again and again: three record, and what else is asked for."""

    def track(tracker: Tracker) -> None:
        tracker.track(10)
        if client.stats().pending > ENOUGH_PENDING:
            time.sleep(0.005)

    sessions = [f"host-{os.getpid()}-{number}" for number in range(3)]
    chosen: list[Callable[[], object]] = [
        functools.partial(track, Tracker(client, ledger, session)) for session in sessions
    ]
    if "flush" in beside:
        chosen.append(lambda: client.flush(0.05))
    if "read" in beside:
        chosen.append(lambda: client.get_session(sessions[0]))
    return chosen


def keep_on(act: Callable[[], object], stop: threading.Event) -> None:
    """Act again and again. A read may fail meanwhile: there may be no server just now."""
    while not stop.is_set():
        try:
            act()
        except APIError:
            time.sleep(0.01)


def wait_for(pid: int) -> None:
    """Wait for a child that ended well.

    Raises:
        SystemExit: It did not.
    """
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status != 0:
        sys.exit(f"child {pid} ended with {status}")


def child(kind: int, client: SentrialClient, ledger: str) -> None:
    """What a child does: five kinds. It ends here."""
    faulthandler.dump_traceback_later(CHILD_SECONDS, exit=True)
    tracker = Tracker(client, ledger, f"child-{os.getpid()}")
    match kind:
        case 0:
            tracker.track(5)
            os._exit(0)
        case 1:
            tracker.track(5)
            sys.exit(0)
        case 2:
            tracker.track()
            grandchild = os.fork()
            if grandchild == 0:
                tracker = Tracker(client, ledger, f"grandchild-{os.getpid()}")
            tracker.track(3)
            if grandchild == 0:
                os._exit(0)
            wait_for(grandchild)
            sys.exit(0)
        case 3:
            tracker.track(2)
            with contextlib.suppress(APIError):  # there may be no server just now: it only has to come back
                client.get_session(f"child-{os.getpid()}")
            client.flush(0.2)
            os._exit(0)
        case _:
            time.sleep(0.05)  # it never records, and must not keep its parent's folder either
            os._exit(0)


if __name__ == "__main__":
    main()
