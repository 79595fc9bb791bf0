"""How appends go to the disk, by how long they take: three rungs, from the fastest to the most careful.

A slow append climbs one rung, 30 quiet seconds go down one. A newcomer's mistake: to take every slow append for a
slow disk. On a busy machine a thread may lose its turn in the middle of one, which says nothing about the disk, and
`os.write` beside busy threads costs 5 ms each time: so an append counts only if the thread itself had to wait.
"""

from __future__ import annotations

import enum
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger("sentrial")

SLOW_SECONDS = 0.02
QUIET_SECONDS = 30.0


class Rung(enum.IntEnum):
    """The ways to append."""

    SWIFT = 0
    """Keep the GIL."""
    WATCHED = 1
    """The same, and see whether a slow one had to wait."""
    PATIENT = 2
    """Give up the GIL: others run while this thread waits for the disk. What takes long here says nothing about the
    disk: beside busy threads that is the wait for the GIL. And no rung is without the disk, which nothing survives."""


class Pace:
    """The rung that a spool is on.

    Args:
        clock: Monotonic seconds.
        blocks: How often this thread had to wait so far; None where that can't be told: each slow append counts.
    """

    def __init__(self, clock: Callable[[], float], blocks: Callable[[], int | None]) -> None:
        self._clock = clock
        self._blocks = blocks
        self._lowest = Rung.SWIFT
        self._until = 0.0
        self.rung = Rung.SWIFT
        self.slow = 0

    def keep_from(self, lowest: Rung) -> None:
        """Never go below a rung from now on, and begin there."""
        self._lowest = self.rung = lowest

    def settle(self) -> Rung:
        """Go down where it has been quiet for long enough; the rung to append on."""
        if self.rung > self._lowest and self._clock() >= self._until:
            self.rung = Rung(self.rung - 1)
            self._until = self._clock() + QUIET_SECONDS
        return self.rung

    def begin(self) -> tuple[float, int | None]:
        """Before an append on any rung but the first: what `end` is to be given."""
        return self._clock(), self._blocks()

    def end(self, begun: tuple[float, int | None]) -> None:
        """After an append: see whether it was slow."""
        seconds = self._clock() - begun[0]
        if seconds > SLOW_SECONDS and (begun[1] is None or self._blocks() != begun[1]):
            self.climb(seconds)

    def climb(self, seconds: float) -> None:
        """Count a slow append, and go up."""
        self.slow += 1
        if self.rung is Rung.PATIENT:
            return
        self.rung = Rung(self.rung + 1)
        self._until = self._clock() + QUIET_SECONDS
        logger.debug("sentrial: an append to the spool took %d ms; the next ones go %s", seconds * 1000, self.rung.name)
