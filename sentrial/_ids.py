"""Ids that sort by time: UUIDv7, from one seeded generator a process.

`os.urandom`, and `uuid4` with it, gives up the GIL on the caller's path: it is asked once, and again after a
fork, or parent and child would make the same ids.
"""

from __future__ import annotations

import os
import random
import time

_random = random.Random()  # noqa: S311 - ids are unique, not secret
_random.seed(os.urandom(32))

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _random.seed(os.urandom(32)))


def uuid7_hex() -> str:
    """A UUIDv7 as 32 hex digits: milliseconds, then the part of the millisecond, then chance."""
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    chance = _random.getrandbits(62)
    return f"{milliseconds:012x}7{fraction:03x}{chance | 1 << 63:016x}"


def event_id() -> str:
    """A new event's id."""
    return "evt_" + uuid7_hex()


def session_id() -> str:
    """A new session's id."""
    return "sess_" + uuid7_hex()


def producer_id() -> str:
    """A name for this process, to keep the order of its events."""
    return f"p_{_random.getrandbits(64):016x}"
