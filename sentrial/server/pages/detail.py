"""One session, as the template shows it: the verdict, the totals, and a page of its events.

A newcomer's mistake: to hold a whole session. Events come in pages of 500; only the search for the failure
or for the event that was asked for reads further, and it stops after `_FURTHEST`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sentrial.server.pages.display import Room, cost, duration
from sentrial.server.pages.events import EventView, describe, figures, kind_of, number_of
from sentrial.server.pages.sections import sections
from sentrial.server.pages.timeline import Axis, Column, density, length_us, nested
from sentrial.server.pages.verdict import Verdict, explain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sentrial.server.pages.links import Links
    from sentrial.server.store import Store
    from sentrial.server.store.rows import EventRow, Page, SessionRow

PAGE_SIZE = 500
_FURTHEST = 20_000
_PAGE_ROOM, _VALUE_LIMIT = 1_500_000, 4_000
_OPENED_ROOM, _OPENED_LIMIT = 2_000_000, 400_000
_MINIMAP = frozenset({"tool", "model", "decision", "error", "other"})


@dataclass(frozen=True, slots=True)
class Extreme:
    """The event that took or cost the most of those shown."""

    label: str
    figure: str
    title: str
    kind: str
    href: str


@dataclass(frozen=True, slots=True)
class SessionPage:
    """A page of one session's events, with the verdict on the session."""

    verdict: Verdict | None
    rows: tuple[EventView, ...]
    columns: tuple[Column, ...]
    axis: Axis
    extremes: tuple[Extreme, ...]
    cursor: str | None
    first: int
    last: int
    next_cursor: str | None


@dataclass(slots=True)
class EventReader:
    """Reads a session's events page by page, each page once."""

    store: Store
    session: SessionRow
    _read: dict[str | None, Page[EventRow]] = field(default_factory=dict[str | None, "Page[EventRow]"])

    def page(self, cursor: str | None) -> Page[EventRow]:
        """Give the page that begins behind the cursor."""
        if cursor not in self._read:
            found = self.store.events(self.session.project, self.session.id, limit=PAGE_SIZE, cursor=cursor)
            self._read[cursor] = found
        return self._read[cursor]

    def walk(self) -> Iterator[tuple[int, str | None, Page[EventRow]]]:
        """Yield the pages from the start: how many events stand before, the cursor, the page."""
        before, cursor = 0, None
        while before < _FURTHEST:
            page = self.page(cursor)
            yield before, cursor, page
            before, cursor = before + len(page.rows), page.next_cursor
            if cursor is None:
                return

    def holding(self, event_id: str) -> tuple[int, str | None] | None:
        """Give where the page with this event begins; None where it is not found."""
        for before, cursor, page in self.walk():
            if any(event.id == event_id for event in page.rows):
                return before, cursor
        return None

    def up_to(self, event_id: str) -> list[EventRow]:
        """Give the events from the start to the end of the page that holds this one; none where it is not found."""
        events: list[EventRow] = []
        for _, _, page in self.walk():
            events.extend(page.rows)
            if any(event.id == event_id for event in page.rows):
                return events
        return []


def session_page(
    reader: EventReader, links: Links, *, cursor: str | None = None, before: int = 0, opened: str | None = None
) -> SessionPage:
    """Read and arrange one page of a session.

    Args:
        reader: Reads the session's events.
        links: Makes the links.
        cursor: Where the page begins; None for the start.
        before: How many events stand before it, as the link to it says.
        opened: The id of an event to open; without a cursor it also chooses the page.
    """
    session = reader.session
    if cursor is None and opened is not None:
        before, cursor = reader.holding(opened) or (0, None)
    page = reader.page(cursor)
    failure = session.failure if session.status == "error" else None
    verdict = explain(session, reader.up_to(failure.event_id) if failure else ())
    axis = Axis.over(page.rows)
    kinds = {event.id: kind for event in page.rows if (kind := kind_of(event)) in _MINIMAP}
    return SessionPage(
        verdict=verdict,
        rows=tuple(_rows(session, page.rows, links, axis=axis, before=before, opened=opened, verdict=verdict)),
        columns=density(page.rows, kinds, axis),
        axis=axis,
        extremes=tuple(_extremes(session, page.rows, links)),
        cursor=cursor,
        first=before + 1,
        last=before + len(page.rows),
        next_cursor=page.next_cursor,
    )


def _rows(
    session: SessionRow,
    events: Sequence[EventRow],
    links: Links,
    *,
    axis: Axis,
    before: int,
    opened: str | None,
    verdict: Verdict | None,
) -> Iterator[EventView]:
    numbers = {event.id: before + place for place, event in enumerate(events, start=1)}
    room, opened_room = Room(_PAGE_ROOM), Room(_OPENED_ROOM)
    culprit = verdict.error.id if verdict and verdict.error else None
    for event, depth in nested(events):
        is_opened = event.id == opened
        yield EventView(
            id=event.id,
            number=numbers[event.id],
            line=describe(event),
            depth=depth,
            bar=axis.bar(event),
            sections=sections(
                event.body, opened_room if is_opened else room, _OPENED_LIMIT if is_opened else _VALUE_LIMIT
            ),
            opened=is_opened,
            culprit=event.id == culprit,
            href=links.session(session.id, e=event.id, anchor=event.id),
            wire_type=event.type,
            **figures(event, session.started_us),
        )


def _extremes(session: SessionRow, events: Sequence[EventRow], links: Links) -> Iterator[Extreme]:
    """Yield the slowest and the dearest event; steps hold others, and sessions everything."""
    alone = [event for event in events if kind_of(event) not in ("step", "session")]
    for label, measure in (("Slowest", length_us), ("Dearest", number_of("estimatedCost"))):
        measured = [(found, place) for place, event in enumerate(alone) if (found := measure(event))]
        if len(measured) > 1:
            most, place = max(measured)
            event = alone[place]
            described = describe(event)
            yield Extreme(
                label,
                duration(most) if label == "Slowest" else cost(most),
                described.title,
                described.kind,
                links.session(session.id, e=event.id, anchor=event.id),
            )
