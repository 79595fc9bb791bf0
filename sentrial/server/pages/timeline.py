"""Where each event of a page stands: its depth in the tree, its bar on the time axis, and the density above. Pure.

A newcomer's mistake: to trust `parentId`. It may name an event of another page, the event itself or its
own child; every event is placed exactly once all the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentrial.server.pages.display import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sentrial.server.store.rows import EventRow

WIDTH = 100
_DEEPEST = 12
_BUCKETS = 160
_SHORTEST = 0.5


@dataclass(frozen=True, slots=True)
class Bar:
    """An event on the time axis, in hundredths of its width."""

    x: float
    width: float
    point: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """The stretch of time a page shows, in microseconds since 1970."""

    start_us: int
    end_us: int

    @classmethod
    def over(cls, events: Sequence[EventRow]) -> Axis:
        """Make the axis that holds all of them; it is never empty."""
        start = min((event.timestamp_us for event in events), default=0)
        end = max((event.timestamp_us + (length_us(event) or 0) for event in events), default=0)
        return cls(start, max(end, start + 1000))

    def place(self, at_us: float) -> float:
        """Give where a time stands."""
        return round((at_us - self.start_us) * WIDTH / (self.end_us - self.start_us), 2)

    def bar(self, event: EventRow) -> Bar:
        """Give the event's bar; what has no length is a point, and nothing is too short to be seen."""
        length = length_us(event)
        x = self.place(event.timestamp_us)
        width = self.place(event.timestamp_us + (length or 0)) - x
        return Bar(min(x, WIDTH - _SHORTEST), round(max(width, _SHORTEST), 2), point=length is None)

    def ticks(self) -> tuple[tuple[float, int], ...]:
        """Give four marks along the axis: where, and which time."""
        span = self.end_us - self.start_us
        return tuple((WIDTH * quarter / 4, self.start_us + span * quarter // 4) for quarter in range(4))


@dataclass(frozen=True, slots=True)
class Column:
    """One slice of time: what happened in it, as (kind, y, height) from below, of 40."""

    x: float
    width: float
    stack: tuple[tuple[str, float, float], ...]
    error: bool


def length_us(event: EventRow) -> int | None:
    """Give how long the event took, in microseconds; None where it is not known."""
    milliseconds = number(event.body.get("durationMs"))
    return None if milliseconds is None else int(milliseconds * 1000)


def nested(events: Sequence[EventRow]) -> Iterator[tuple[EventRow, int]]:
    """Yield each event once, below its parent, with its depth; brothers keep the order they came in."""
    known = {event.id for event in events}
    children: dict[str, list[EventRow]] = defaultdict(list)
    roots: list[EventRow] = []
    for event in events:
        parent = event.body.get("parentId")
        if isinstance(parent, str) and parent in known and parent != event.id:
            children[parent].append(event)
        else:
            roots.append(event)
    placed: set[str] = set()
    # Those in a circle hang below no root: the second round takes them in, each at depth 0.
    for first in (*roots, *events):
        waiting = [(first, 0)]
        while waiting:
            event, depth = waiting.pop()
            if event.id not in placed:
                placed.add(event.id)
                yield event, min(depth, _DEEPEST)
                waiting.extend((child, depth + 1) for child in reversed(children[event.id]))


def density(events: Sequence[EventRow], kinds: Mapping[str, str], axis: Axis) -> tuple[Column, ...]:
    """Count the events along the axis, each in every slice of time it lasts.

    Args:
        events: The events of the page.
        kinds: Event id to the kind it is drawn as; events without one are left out.
        axis: The stretch of time.
    """
    slices: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for event in events:
        if event.id in kinds:
            first = min(int(axis.place(event.timestamp_us) * _BUCKETS / WIDTH), _BUCKETS - 1)
            last = min(int(axis.place(event.timestamp_us + (length_us(event) or 0)) * _BUCKETS / WIDTH), _BUCKETS - 1)
            for at in range(first, last + 1):
                slices[at][kinds[event.id]] += 1
    highest = max((sum(found.values()) for found in slices.values()), default=1)
    width = WIDTH / _BUCKETS
    return tuple(
        Column(round(at * width, 2), round(width * 0.84, 2), tuple(_stack(found, highest)), error="error" in found)
        for at, found in sorted(slices.items())
    )


def _stack(found: Mapping[str, int], highest: int) -> Iterator[tuple[str, float, float]]:
    top = 40.0
    for kind in ("model", "tool", "decision", "error", "other"):
        if kind in found:
            height = round(found[kind] * 40 / highest, 1)
            top -= height
            yield kind, round(top, 1), height
