"""What the store raises: StoreError, and below it StoreUnavailable for what may pass by itself."""

from __future__ import annotations


class StoreError(Exception):
    """The database can't be used: foreign, newer, locked or unreadable. The message is for a person."""


class StoreUnavailable(StoreError):  # noqa: N818 - a state of the store, as HTTP calls it
    """The database can't take or give anything just now: busy, out of space, or closed."""
