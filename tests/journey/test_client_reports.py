"""What a client loses, the server's page tells: each reason once, from a real loss to the row in the database."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sentrial import SentrialClient
from sentrial._ring import MEMORY_RECORDS
from sentrial.server.serve import EmbeddedServer
from tests.journey.processes import free_port, wait_until

if TYPE_CHECKING:
    from pathlib import Path


def reports(database: Path) -> dict[str, int]:
    """How many events the server was told to be lost, by reason."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        found = connection.execute("SELECT body FROM event WHERE type = 'client_report'").fetchall()
    told: dict[str, int] = {}
    for (body,) in found:
        report: dict[str, Any] = json.loads(body)
        assert report["firstAt"] <= report["lastAt"] <= report["timestamp"]
        told[report["reason"]] = told.get(report["reason"], 0) + report["quantity"]
    return told


def lose_to_a_full_spool(client: SentrialClient, _spool: Path) -> int:
    """Record more than the spool may hold, while nothing listens; how many were lost."""
    for _ in range(60):
        client.track_tool_call("s", "t", {"text": "x" * 200_000})
    assert wait_until(lambda: "spool_full" in client.stats().lost, 10)
    return client.stats().lost["spool_full"]


def lose_to_a_full_memory(client: SentrialClient, spool: Path) -> int:
    """Record more than memory may hold, where there is no disk."""
    spool.write_text("no folder can be made here")
    client.track_tool_call("s", "t")
    assert client._pipe is not None
    client._pipe.flush_own(5)  # what is on its way while memory overflows may arrive after all
    for _ in range(MEMORY_RECORDS + 6):
        client.track_tool_call("s", "t")
    return client.stats().lost["memory_full"]


def lose_to_damage(client: SentrialClient, spool: Path) -> int:
    """Flip a byte within an event that waits on the disk."""
    for number in range(3):
        client.track_tool_call("s", "t", {"number": number})
    (segment,) = spool.rglob("*.seg")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.write_bytes(bytes(data))
    return 1


def lose_for_its_size(client: SentrialClient, _spool: Path) -> int:
    """Hand the pipe an event that is larger than any server takes: the recorder makes none."""
    client.track_tool_call("s", "t")
    assert client._pipe is not None
    for _ in range(2):
        client._pipe._keep(b"x" * ((1 << 20) + 1))
    return client.stats().lost["too_large"]


def lose_to_the_server(client: SentrialClient, _spool: Path) -> int:
    """Record what the server rejects: no caller can make such an event, so it is put into the pipe."""
    client.track_tool_call("s", "t")
    assert client._pipe is not None
    for _ in range(4):
        client._pipe._keep(b'{"eventType":"step","sessionId":"s","name":""}')
    return 4


LOSSES = {
    "spool_full": lose_to_a_full_spool,
    "memory_full": lose_to_a_full_memory,
    "corrupt": lose_to_damage,
    "too_large": lose_for_its_size,
    "rejected": lose_to_the_server,
}


@pytest.mark.parametrize("reason", LOSSES)
def test_a_loss_reaches_the_server_and_its_page(tmp_path: Path, reason: str) -> None:
    """Counted exactly, by the time the client is closed, and in no other number."""
    lose, spool, port = LOSSES[reason], tmp_path / "spool", free_port()
    client = SentrialClient(api_url=f"http://127.0.0.1:{port}", spool_dir=str(spool), max_spool_bytes=8 << 20)
    try:
        lost = lose(client, spool)
        with EmbeddedServer(tmp_path / "db", port=port) as server:
            left = client.flush(20)
            stats = client.stats()
            client.close()
            told = reports(tmp_path / "db")
            page = httpx.get(server.url).text
            listed = httpx.get(f"{server.url}/index.json").json()["lost"]
    finally:
        client.close(0)

    assert lost > 0
    assert told == {reason: lost}
    assert (left, stats.pending) == (0, 0)
    assert stats.rejected == (lost if reason == "rejected" else 0)
    assert stats.appended == stats.delivered + stats.rejected + sum(
        quantity for name, quantity in stats.lost.items() if name != "too_large"
    )
    assert f"{lost:,} event{'' if lost == 1 else 's'} " in page
    assert [(row["reason"], row["quantity"]) for row in listed] == [(reason, lost)]


def test_a_client_that_loses_nothing_reports_nothing(tmp_path: Path) -> None:
    """Recording, an outage, a flush and the end: no report."""
    port = free_port()
    with SentrialClient(api_url=f"http://127.0.0.1:{port}", spool_dir=str(tmp_path / "spool")) as client:
        client.track_tool_call("s", "t")
        client.flush(0.2)
        with EmbeddedServer(tmp_path / "db", port=port):
            left = client.flush(10)
            client.close()

    assert left == 0
    assert reports(tmp_path / "db") == {}
