"""A host that forks while it records its very first events: modules are being loaded in two threads at once.

Argument: the seconds between the first event and the fork.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time

from sentrial import SentrialClient
from tests.journey.tracking import Tracker

CHILD_SECONDS = 15


def main() -> None:
    """Fork early; both sides record before and after, deliver, and end well."""
    client, ledger = SentrialClient(), os.environ["LEDGER"]
    threads = [
        threading.Thread(target=Tracker(client, ledger, f"host-{os.getpid()}-{number}").track, args=(20,))
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
    time.sleep(float(sys.argv[1]))
    pid = os.fork()
    if pid == 0:
        faulthandler.dump_traceback_later(CHILD_SECONDS, exit=True)
    Tracker(client, ledger, f"main-{os.getpid()}").track(20)
    left = client.flush(10)
    if pid:
        for thread in threads:
            thread.join()
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert left == 0, left


if __name__ == "__main__":
    main()
