"""What waits in memory while the disk takes nothing: bounded, the oldest goes first.

A newcomer's mistake: acknowledging by position. Between a read and its ack an overflow may have dropped some, and
a disk that is back may have taken some; so a read says how many had been taken before it.
"""

from __future__ import annotations

import itertools
from collections import deque

from sentrial._patience import PatientLock

MEMORY_RECORDS = 10_000
MEMORY_BYTES = 64 << 20
_LONGEST_WAIT_SECONDS = 0.25


class Ring:
    """Payloads in memory, in order.

    Args:
        most_records: How many it holds.
        most_bytes: How large they may be together.
    """

    def __init__(self, most_records: int = MEMORY_RECORDS, most_bytes: int = MEMORY_BYTES) -> None:
        self._most_records = most_records
        self._most_bytes = most_bytes
        self.after_fork()

    def after_fork(self) -> None:
        """Forget everything: in a fork's child it is the parent's."""
        self._lock = PatientLock(_LONGEST_WAIT_SECONDS)
        self._payloads: deque[bytes] = deque()
        self._bytes = 0
        self._taken = 0
        self._pushes = itertools.count(1)
        self.pushed = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._payloads)

    def push(self, payload: bytes) -> None:
        """Add a payload. For lack of room the oldest ones go, and are counted."""
        with self._lock.held():
            self._payloads.append(payload)
            self._bytes += len(payload)
            self.pushed = next(self._pushes)
            while len(self._payloads) > self._most_records or self._bytes > self._most_bytes:
                self.take()
                self.dropped += 1

    def take(self) -> bytes | None:
        """Take the oldest payload out; None where there is none."""
        with self._lock.held():
            if not self._payloads:
                return None
            payload = self._payloads.popleft()
            self._bytes -= len(payload)
            self._taken += 1
            return payload

    def put_back(self, payload: bytes) -> None:
        """Make a payload that was taken out the oldest again."""
        with self._lock.held():
            self._payloads.appendleft(payload)
            self._bytes += len(payload)
            self._taken -= 1

    def peek(self, most_records: int, most_bytes: int) -> tuple[tuple[bytes, ...], int]:
        """The oldest payloads, at least one if there is any; and the mark to drop them by."""
        with self._lock.held():
            oldest = tuple(itertools.islice(self._payloads, most_records))
            sizes = itertools.accumulate(len(payload) + 1 for payload in oldest)
            fitting = sum(1 for _ in itertools.takewhile(lambda size: size <= most_bytes, sizes))
            return oldest[: max(1, fitting)], self._taken

    def drop(self, count: int, mark: int) -> int:
        """Forget the first payloads of a peek, as far as they are still here; how many that were."""
        with self._lock.held():
            left = max(0, count - (self._taken - mark))
            for _ in range(left):
                self.take()
            return left
