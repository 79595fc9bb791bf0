"""A program that records one session and may then be killed, by itself: nothing is more sudden.

Arguments: the session's name, how many events, and `kill` to end so.
"""

from __future__ import annotations

import os
import signal
import sys

from sentrial import SentrialClient
from tests.journey.tracking import Tracker


def main() -> None:
    """Record, and end."""
    session, count, *end = sys.argv[1:]
    Tracker(SentrialClient(), os.environ["LEDGER"], session).track(int(count))
    if "kill" in end:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
