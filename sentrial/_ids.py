"""Ids that sort by time: UUIDv7, from one seeded generator a process.

`os.urandom`, and `uuid4` with it, gives up the GIL on the caller's path: it is asked once, and again after a
fork, or parent and child would make the same ids.
"""

from __future__ import annotations

import os
import random
import time
from struct import Struct

_random = random.Random()  # noqa: S311 - ids are unique, not secret
_random.seed(os.urandom(32))
_chance = _random.getrandbits
_pack = Struct(">QQ").pack

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _random.seed(os.urandom(32)))


def event_id(now: float) -> str:
    """A new event's id, at a time in seconds since 1970."""
    return "evt_" + _uuid7(now)


def session_id() -> str:
    """A new session's id."""
    return "sess_" + _uuid7(time.time())


def _uuid7(now: float) -> str:
    """A UUIDv7 in hex: milliseconds, the version, the part of the millisecond in 4,096ths, the variant, chance."""
    ticks = int(now * 4_096_000)
    # Half the time of a format.
    return _pack((ticks >> 12) << 16 | 7 << 12 | ticks & 4095, _chance(62) | 1 << 63).hex()


def producer_id() -> str:
    """A name for this process, to keep the order of its events."""
    return f"p_{_random.getrandbits(64):016x}"
