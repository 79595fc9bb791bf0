"""The bell: one rings, one wakes, and nothing that interrupts it matters."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from sentrial._bell import Bell

if TYPE_CHECKING:
    from collections.abc import Callable


def interrupted_everywhere(act: Callable[[], Any], interrupt: Callable[[], Any]) -> int:
    """Do something, and something else before each step of it, as a signal handler might; how often that was."""
    times = 0

    def trace(frame: Any, _event: str, _argument: Any) -> Any:
        nonlocal times
        frame.f_trace_opcodes = True
        sys.settrace(None)
        interrupt()
        times += 1
        sys.settrace(trace)
        return trace

    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(None)
    return times


def test_a_ring_before_the_wait_is_heard_once() -> None:
    """Who waits after the ring does not wait; who waits again does."""
    bell = Bell()

    bell.ring()
    bell.ring()

    assert [bell.wait(0), bell.wait(0)] == [True, False]


def test_who_waits_is_woken() -> None:
    """A thread that waits goes on as soon as it rings."""
    bell = Bell()
    heard: list[bool] = []
    waiter = threading.Thread(target=lambda: heard.append(bell.wait(10)))
    waiter.start()

    begun = time.monotonic()
    bell.ring()
    waiter.join(10)

    assert heard == [True]
    assert time.monotonic() - begun < 5


def test_a_silenced_ring_is_forgotten() -> None:
    """After `silence` nobody hears what rang before it."""
    bell = Bell()
    bell.ring()

    bell.silence()
    bell.silence()

    assert not bell.wait(0)


@pytest.mark.timeout(10)
def test_a_ring_may_be_interrupted_by_a_ring() -> None:
    """A signal handler that rings, anywhere in the middle of a ring, neither waits for it nor breaks it."""
    bell = Bell()

    times = interrupted_everywhere(bell.ring, bell.ring)

    assert times > 5
    assert bell.wait(0)
