"""What the log is told in trouble: one line a minute at most, whatever goes wrong.

A newcomer's mistake: to log what a server said about an event. It may repeat the event, and a log is read by others.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger("sentrial")

QUIET_SECONDS = 60.0


class Notices:
    """Holds back what would be too much.

    A state of the server is said if the minute allows it, and forgotten otherwise: it shows again. A loss happens
    once, so it is counted until it can be said.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._quiet_until: float | None = None
        self._losses: Counter[str] = Counter()

    def state(self, level: int, message: str) -> None:
        """Say how the server is, if nothing was said in the last minute."""
        if self._may_speak():
            logger.log(level, "sentrial: %s", message)

    def lost(self, reason: str, quantity: int) -> None:
        """Remember that events were lost or rejected, for the next time something may be said."""
        self._losses[reason] += quantity

    def say_losses(self) -> None:
        """Say what was lost since the last time, if anything, and if nothing was said in the last minute."""
        if self._losses and self._may_speak():
            losses = ", ".join(f"{reason} {quantity}" for reason, quantity in sorted(self._losses.items()))
            total = self._losses.total()
            self._losses.clear()
            events = "event was" if total == 1 else "events were"
            logger.warning(
                "sentrial: %d %s not delivered: %s. `sentrial spool status` says more.", total, events, losses
            )

    def _may_speak(self) -> bool:
        now = self._clock()
        if self._quiet_until is not None and now < self._quiet_until:
            return False
        self._quiet_until = now + QUIET_SECONDS
        return True
