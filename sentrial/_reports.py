"""Client reports: events that tell the server what was lost or rejected, how many, and between when and when.

A report goes down the same pipe as every event, so it survives the process and arrives once. A newcomer's mistake:
to count it as one of the user's events. `stats()` and `flush()` leave it out, and what becomes of it is not
reported in its turn.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sentrial import _ids
from sentrial._events import rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EVERY_SECONDS = 60.0
_BEGINNING = b'{"eventType":"client_report",'


@dataclass
class _Loss:
    quantity: int
    first: float
    last: float


def is_report(payload: bytes) -> bool:
    """Whether a payload of the spool is a report: `eventType` is what each payload begins with."""
    return payload.startswith(_BEGINNING)


class Reports:
    """What is to be reported. Used by the worker's thread; only `waiting`, `made` and `unsaid` by others.

    Args:
        totals: How many events this process has lost so far, by reason.
        producer: The name of this process in its events.
        clock: Monotonic seconds.
        now: Seconds since 1970.

    Attributes:
        made: How many reports this process has made.
    """

    def __init__(
        self,
        totals: Callable[[], Mapping[str, int]],
        producer: Callable[[], str],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._totals = totals
        self._producer = producer
        self._clock = clock
        self._now = now
        self._seen: dict[str, int] = {}
        self.forget()

    def forget(self) -> None:
        """Begin anew, in a fork's child: the parent reports what the parent lost."""
        self._seen = dict(self._totals())
        self._losses: dict[str, _Loss] = {}
        self._waiting: set[bytes] = set()
        self._not_before: float | None = None
        self.made = 0

    @property
    def waiting(self) -> int:
        """How many reports of this process are not delivered yet."""
        return len(self._waiting)

    @property
    def unsaid(self) -> bool:
        """Whether something was lost that no report tells yet."""
        return bool(self._losses) or any(self._seen.get(reason) != total for reason, total in self._totals().items())

    def note(self, reason: str, quantity: int) -> None:
        """Count a loss of this moment."""
        now = self._now()
        loss = self._losses.setdefault(reason, _Loss(0, now, now))
        loss.quantity += quantity
        loss.last = now

    def look(self) -> dict[str, int]:
        """Count what was lost since the last look, and return it; the time is that of the look."""
        found: dict[str, int] = {}
        for reason, total in self._totals().items():
            seen = self._seen.get(reason, 0)
            self._seen[reason] = total
            # Less than before: the count began anew.
            found[reason] = total - seen if total >= seen else total
        for reason, quantity in found.items():
            if quantity:
                self.note(reason, quantity)
        return {reason: quantity for reason, quantity in found.items() if quantity}

    def due(self, *, at_once: bool = False, room: bool = True) -> list[bytes]:
        """The reports to append to the spool now, one for each reason; none within a minute of the last ones.

        Args:
            at_once: Whatever the minute says, because it is the last chance.
            room: Whether the spool is empty. If not, and memory has overflowed, a report would cost an event its place.
        """
        clock = self._clock()
        early = self._not_before is not None and clock < self._not_before
        crowded = not room and "memory_full" in self._losses
        if not self._losses or crowded or (early and not at_once):
            return []
        self._not_before = clock + EVERY_SECONDS
        payloads = [self._written(reason, loss) for reason, loss in sorted(self._losses.items())]
        self._losses.clear()
        self._waiting.update(payloads)
        self.made += len(payloads)
        return payloads

    def done(self, payload: bytes) -> None:
        """A report has left the spool, whatever the server said to it."""
        self._waiting.discard(payload)

    def nothing_waits(self) -> None:
        """The spool is empty: what was not delivered was lost with the others."""
        self._waiting.clear()

    def _written(self, reason: str, loss: _Loss) -> bytes:
        now = self._now()
        return msgspec.json.encode(
            {
                "eventType": "client_report",
                "id": _ids.event_id(now),
                "timestamp": rfc3339(now),
                "producerId": self._producer(),
                "reason": reason,
                "quantity": loss.quantity,
                "firstAt": rfc3339(loss.first),
                "lastAt": rfc3339(loss.last),
            }
        )
