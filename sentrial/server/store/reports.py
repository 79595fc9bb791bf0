"""What clients reported as lost or rejected on the way, added up.

A newcomer's mistake: to look for reports in a session. They belong to none: a client that lost an event may not know
whose it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from sentrial.server.store.times import parse_us

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

_MOST = 1000  # reports read of a project, the newest first: one client makes a few an hour at most

# A jump from each project to the next, in an index: there is no table of projects.
_PROJECTS = """
    WITH RECURSIVE found (project) AS (
        SELECT min(project) FROM event
        UNION ALL
        SELECT (SELECT min(project) FROM event WHERE event.project > found.project) FROM found
        WHERE found.project IS NOT NULL
    )
    SELECT project FROM found WHERE project IS NOT NULL
"""
_REPORTS = """
    SELECT producer, timestamp_us, received_us, body FROM event
    WHERE project = ? AND session_id = '' AND type = 'client_report'
    ORDER BY timestamp_us DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class LossRow:
    """Events that one client could not deliver for one reason."""

    project: str
    producer: str
    reason: str
    quantity: int
    first_us: int
    last_us: int


def losses(connection: sqlite3.Connection, project: str | None, since_us: int) -> tuple[LossRow, ...]:
    """Return what was reported since a time, the newest loss first.

    Args:
        connection: Reads.
        project: Whose; None is all projects.
        since_us: The earliest arrival of a report that counts.
    """
    projects = [project] if project is not None else [row[0] for row in connection.execute(_PROJECTS)]
    added: dict[tuple[str, str, str], LossRow] = {}
    for name in projects:
        for producer, timestamp_us, received_us, encoded in connection.execute(_REPORTS, (name, _MOST)):
            if received_us >= since_us:
                row = _loss(name, producer, timestamp_us, msgspec.json.decode(encoded))
                key = (name, producer, row.reason)
                added[key] = _together(added[key], row) if key in added else row
    return tuple(sorted(added.values(), key=lambda row: (-row.last_us, row.project, row.producer, row.reason)))


def _loss(project: str, producer: str, timestamp_us: int, body: Mapping[str, Any]) -> LossRow:
    first, last = (timestamp_us if body.get(name) is None else parse_us(body[name]) for name in ("firstAt", "lastAt"))
    # 1.0 is an integer in JSON Schema, and a float here.
    return LossRow(project, producer, body["reason"], int(body["quantity"]), min(first, last), max(first, last))


def _together(one: LossRow, other: LossRow) -> LossRow:
    return LossRow(
        one.project,
        one.producer,
        one.reason,
        one.quantity + other.quantity,
        min(one.first_us, other.first_us),
        max(one.last_us, other.last_us),
    )
