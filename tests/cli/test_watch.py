"""Which sessions count as new, and when they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sentrial.cli.watch import Watch
from sentrial.server.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store."""
    with Store.open(tmp_path / "watch.db") as opened:
        yield opened


def start(store: Store, session_id: str, *, project: str = "p", at: str = "2026-01-01T00:00:00Z") -> None:
    """Record the start of a session."""
    event = {"eventType": "session_start", "id": f"{session_id}.start", "sessionId": session_id, "timestamp": at}
    store.ingest(project, [event])


def end(store: Store, session_id: str, *, project: str = "p") -> None:
    """Record its end."""
    event = {"eventType": "session_end", "id": f"{session_id}.end", "sessionId": session_id, "status": "success"}
    store.ingest(project, [event | {"timestamp": "2026-01-02T00:00:00Z"}])


def test_what_was_there_before_is_not_told(store: Store) -> None:
    """A session that is older than the watch is not new, even when it ends now."""
    start(store, "old")
    watch = Watch(store)

    end(store, "old")

    assert watch.ended() == []
    assert watch.still_open() == []


def test_new_session_is_told_once_when_it_ends(store: Store) -> None:
    """A session is open, then ended, and told as ended one single time; its start may lie in the past."""
    watch = Watch(store)
    start(store, "new", at="1999-01-01T00:00:00Z")

    running = [row.id for row in watch.still_open()]
    before = watch.ended()
    end(store, "new")
    first, second = watch.ended(), watch.ended()

    assert running == ["new"]
    assert before == []
    assert [row.id for row in first] == ["new"]
    assert second == []


def test_same_id_in_another_project_is_another_session(store: Store) -> None:
    """Ids are a project's own."""
    start(store, "same", project="a")
    watch = Watch(store)
    start(store, "same", project="b")

    end(store, "same", project="b")

    assert [row.project for row in watch.ended()] == ["b"]


def test_more_new_sessions_than_a_page(store: Store) -> None:
    """Pages are read until one holds nothing new: none of many sessions is forgotten."""
    watch = Watch(store)
    for number in range(405):
        start(store, f"s{number}", at=f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z")

    opened = watch.still_open()

    assert [row.id for row in opened] == [f"s{number}" for number in range(405)]


def test_deletion_in_a_full_store_makes_nothing_new(store: Store) -> None:
    """When a session is deleted, the older one that moves up into the known page is not new."""
    for number in range(201):
        start(store, f"s{number}", at=f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z")
    watch = Watch(store)

    store.delete_session("p", "s150")

    assert watch.still_open() == []
