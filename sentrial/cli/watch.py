"""Which sessions are new since a moment, and which of them have ended.

A newcomer's mistake: telling new sessions by their start time. That is the client's word, and an import may start
one in the past; new is what was not there before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentrial.server.store import Store
    from sentrial.server.store.rows import SessionRow

_PAGE_ROWS = 200
_OPEN = frozenset({"active", "waiting"})


class Watch:
    """Looks at a store from now on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        page = store.sessions(None, limit=_PAGE_ROWS)
        self._before = {(row.project, row.id) for row in page.rows}
        # Of a full store only the newest page is known: what is older than that page counts as known too.
        self._horizon_us = page.rows[-1].started_us if page.next_cursor else None
        self._told: set[tuple[str, str]] = set()

    def ended(self) -> list[SessionRow]:
        """Give each new session that has ended, once, in the order of their starts."""
        rows = [row for row in self._new() if row.status not in _OPEN and (row.project, row.id) not in self._told]
        self._told.update((row.project, row.id) for row in rows)
        return rows

    def still_open(self) -> list[SessionRow]:
        """Give the new sessions that have not ended, in the order of their starts."""
        return [row for row in self._new() if row.status in _OPEN]

    def _new(self) -> list[SessionRow]:
        found: list[SessionRow] = []
        cursor: str | None = None
        while True:
            page = self._store.sessions(None, limit=_PAGE_ROWS, cursor=cursor)
            new = [row for row in page.rows if self._is_new(row)]
            found += new
            cursor = page.next_cursor
            if cursor is None or not new:
                return found[::-1]

    def _is_new(self, row: SessionRow) -> bool:
        if self._horizon_us is not None and row.started_us < self._horizon_us:
            return False
        return (row.project, row.id) not in self._before
