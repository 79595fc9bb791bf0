"""Ids the server makes where a client sends none: UUIDv7, so that they sort by the time they were made.

A newcomer's mistake: to make them from the clock alone. Events that arrive in one millisecond keep their
order only because each id is greater than the one before it.
"""

from __future__ import annotations

import secrets
import threading
import time
from uuid import UUID

_TAIL_BITS = 74
_lock = threading.Lock()
_last_ms = 0
_tail = 0


def uuid7() -> UUID:
    """Return a UUIDv7, greater than every one this process made before."""
    global _last_ms, _tail  # noqa: PLW0603 - the order must hold across the whole process
    with _lock:
        now_ms = time.time_ns() // 1_000_000
        if now_ms > _last_ms:
            _last_ms, _tail = now_ms, secrets.randbits(_TAIL_BITS - 1)
        else:
            _tail += 1 + secrets.randbits(32)
        milliseconds, tail = _last_ms, _tail
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (tail >> 62 & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | tail & (1 << 62) - 1)


def new_event_id() -> str:
    """Return an id for an event."""
    return f"evt_{uuid7().hex}"


def new_session_id() -> str:
    """Return an id for a session."""
    return f"sess_{uuid7().hex}"
