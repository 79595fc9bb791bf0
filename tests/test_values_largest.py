"""The largest events that the client makes are taken by the real server: each kind, each field at its limit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import SentrialClient
from sentrial._values import MAX_FIELD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sentrial.server.serve import EmbeddedServer

ID = "i" * 128
NAME = "n" * 5000
FILLINGS: dict[str, Callable[[], Any]] = {
    "text": lambda: "t" * MAX_FIELD_BYTES,
    "quotes": lambda: '"\\' * MAX_FIELD_BYTES,
    "control characters": lambda: "\x00\x1f" * MAX_FIELD_BYTES,
    "wide characters": lambda: "\U0001f600é" * MAX_FIELD_BYTES,
    "texts": lambda: ["\x00" * 1000] * 10_000,
    "keys": lambda: {f"{number:05}" + "\x00" * 300: "é" for number in range(20_000)},
    "nodes": lambda: [[[]] * 100] * 1000,
    "numbers": lambda: [-1.2345678901234567e-300] * 30_000,
    "integers": lambda: [2**53 - 1] * 30_000,
    "deep": lambda: {"x": [[[["\x00" * 60] * 9] * 9] * 9] * 9},
}
MOST = {
    "prompt_tokens": 2**53 - 1,
    "completion_tokens": 2**53 - 1,
    "tokens_used": 2**53 - 1,
    "cache_read_tokens": 2**53 - 1,
    "cache_write_tokens": 2**53 - 1,
    "reasoning_tokens": 2**53 - 1,
    "cost": 1e9,
    "duration_ms": 2**53 - 1,
    "time_to_first_token_ms": 2**53 - 1,
}


def track_all(client: SentrialClient, full: Any) -> int:
    """One event of each kind, with everything in every field; how many."""
    text, error = str(full), {"type": NAME, "message": full, "stack_trace": full}
    common: dict[str, Any] = {"metadata": {"m": full, "n": full}, "parent_id": ID, "timestamp": "2026-01-02 03:04:05"}
    client.create_session(
        NAME, {"m": full}, agent=NAME, user_id=NAME, tags=[NAME] * 2000, version=NAME, input=full, session_id=ID
    )
    client.track_tool_call(ID, NAME, full, full, text, 2**53 - 1, error=error, **common)
    client.track_decision(ID, text, [full] * 3, text, 1, name=NAME, **common)
    client.track_llm_call(ID, NAME, [{"role": "user", "content": full}], full, **MOST, **common)
    client.track_error(ID, NAME, text, text, recovery_action=text, tool_name=NAME, **common)
    client.update_session(ID, status="waiting", metadata={"m": full}, tags=[NAME] * 2000, waiting_for=text)
    client.close_session(ID, "success", text)
    return 7


@pytest.mark.parametrize("filling", FILLINGS)
def test_the_largest_events_are_taken_by_the_server(filling: str, server: EmbeddedServer, tmp_path: Path) -> None:
    """Of each kind one with every field full: the server rejects none, and has each."""
    client = SentrialClient(api_url=server.url, spool_dir=tmp_path / "spool")

    made = track_all(client, FILLINGS[filling]())
    left = client.flush(20)
    stats = client.stats()
    client.close()

    with closing(sqlite3.connect(f"file:{tmp_path}/server/sentrial.db?mode=ro", uri=True)) as database:
        (stored,) = database.execute("SELECT count(DISTINCT id) FROM event").fetchone()
    assert (left, stats.rejected, stats.lost) == (0, 0, {})
    assert stored == stats.delivered == made
