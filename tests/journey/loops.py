"""How long an event loop is held up while something happens on it.

A newcomer's mistake: to take the longest delay of one run. On a busy machine that is somebody else's: here it is
the shortest of the longest delays of several runs, beside runs that compute for as long and do nothing else.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE_SECONDS = 0.001


class Lag(NamedTuple):
    """Milliseconds that a loop was held up at the longest.

    Attributes:
        working: With the work.
        control: With as much computing instead of the work: what the machine does to anybody.
        call: CPU of the longest call of the work, in the loop's own thread.
    """

    working: float
    control: float
    call: float

    @property
    def ours(self) -> float:
        """What the work costs: its own computing, and what it holds up besides."""
        return self.call + max(0.0, self.working - self.control)


async def lag(work: Callable[[], object], *, runs: int, seconds: float = 0.15) -> Lag:
    """Measure how a loop is held up by work that is done on it each millisecond.

    Args:
        work: What is done.
        runs: How many runs with it; after each of them comes one of the control.
        seconds: How long each run takes.
    """
    working, control, calls = [], [], []
    for _ in range(runs):
        longest, call = await _run(work, seconds)
        working.append(longest)
        calls.append(call)
        control.append((await _run(lambda until=call: _compute(until), seconds))[0])
    return Lag(min(working) * 1000, min(control) * 1000, min(calls) * 1000)


async def _run(work: Callable[[], object], seconds: float) -> tuple[float, float]:
    longest = call = 0.0
    end = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        before = time.thread_time()
        work()
        call = max(call, time.thread_time() - before)
        await asyncio.sleep(_PAUSE_SECONDS)
        longest = max(longest, time.perf_counter() - begun - _PAUSE_SECONDS)
    return longest, call


def _compute(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
