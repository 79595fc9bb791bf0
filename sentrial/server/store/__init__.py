"""The store: all SQL of the server, behind plain methods and values.

A newcomer's mistake: totals are never counted when they are read. They are the fold of a session's events,
kept in the session's row and changed in the transaction that inserts the events.
"""

from __future__ import annotations

from sentrial.server.store.errors import StoreError, StoreUnavailable
from sentrial.server.store.keys import ALL_SCOPES, Key, Scope
from sentrial.server.store.rows import EventRow, Failure, Page, SessionRow
from sentrial.server.store.sqlite import Outcome, Store

__all__ = [
    "ALL_SCOPES",
    "EventRow",
    "Failure",
    "Key",
    "Outcome",
    "Page",
    "Scope",
    "SessionRow",
    "Store",
    "StoreError",
    "StoreUnavailable",
]
