"""What was lost on the way, as the list of sessions says it above its rows, and as JSON.

A newcomer's mistake: to think that what is said here is in no session. A rejected event belongs to one; its session
is shown without it, which is why this stands on the page that leads to all of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sentrial.server.pages import display
from sentrial.server.store.times import format_us

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentrial.server.store.reports import LossRow

_NAMED = 3


@dataclass(frozen=True, slots=True)
class LossLine:
    """One line about everything that was lost.

    Attributes:
        what: "3 events were lost on the way".
        reasons: "spool_full 2, rejected 1".
        first: When the first was lost, to read.
        first_iso: The same for a machine; empty for a time that no calendar has.
        last: When the last was.
        last_iso: The same for a machine.
        producers: Which clients say so: the first few by name.
    """

    what: str
    reasons: str
    first: str
    first_iso: str
    last: str
    last_iso: str
    producers: str


def loss_line(rows: Sequence[LossRow]) -> LossLine | None:
    """Give the line, or None where nothing was lost."""
    reasons: Counter[str] = Counter()
    for row in rows:
        reasons[row.reason] += row.quantity
    total = reasons.total()
    if not total:
        return None
    first_us, last_us = min(row.first_us for row in rows), max(row.last_us for row in rows)
    producers = list(dict.fromkeys(row.producer for row in rows if row.producer))
    more = len(producers) - _NAMED
    named = ", ".join(display.line(name, 40) for name in producers[:_NAMED])
    return LossLine(
        what=f"{total:,} event{' was' if total == 1 else 's were'} lost on the way",
        reasons=", ".join(f"{display.line(name, 64)} {count:,}" for name, count in reasons.most_common()),
        first=display.when(first_us),
        first_iso=_iso(first_us),
        last=display.when(last_us),
        last_iso=_iso(last_us),
        producers=named
        and f"producer{'s' if len(producers) > 1 else ''} {named}{f' and {more} more' if more > 0 else ''}",
    )


def losses_to_json(rows: Sequence[LossRow]) -> list[dict[str, Any]]:
    """Give every project's, producer's and reason's losses, the newest first."""
    return [
        {
            "project": row.project,
            "producerId": row.producer or None,
            "reason": row.reason,
            "quantity": row.quantity,
            "firstAt": format_us(row.first_us),
            "lastAt": format_us(row.last_us),
        }
        for row in rows
    ]


def _iso(microseconds: int) -> str:
    moment = display.moment(microseconds)
    return moment.isoformat() if moment else ""
