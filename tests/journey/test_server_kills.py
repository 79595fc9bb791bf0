"""The server killed with -9 under load: what it acknowledged is there after the restart, and all arrives in the end.

Two kinds of clients load it: one that speaks plain HTTP and keeps every answer, so that what was acknowledged is
known without the SDK; and one of the SDK, so that what was not acknowledged comes again.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import signal
import threading
import time
from typing import TYPE_CHECKING, Self

import httpx
import pytest

from sentrial import SentrialClient
from tests.journey.battery import ServerProcess, audit, leftovers, quick_check, read_ids
from tests.journey.processes import wait_until
from tests.journey.tracking import Tracker

if TYPE_CHECKING:
    from pathlib import Path


class Poster:
    """A thread that sends batches of events over plain HTTP, each until it is acknowledged.

    Args:
        url: The server's address.
        ledger: The file that notes what was acknowledged, as a child's notes what it tracked.

    Attributes:
        acknowledged: The ids of that.
        trouble: Answers that are none of the contract's.
    """

    def __init__(self, url: str, ledger: Path) -> None:
        self.acknowledged: set[str] = set()
        self.trouble: list[str] = []
        self._url = f"{url}/api/sdk/events/batch"
        self._ledger = ledger
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        first = 0
        with httpx.Client(timeout=5, trust_env=False) as http, self._ledger.open("a", buffering=1) as book:
            while not self._stopping.is_set():
                ids = {number: f"posted.{number}" for number in range(first, first + 50)}
                while not self._post(http, ids) and not self.trouble:
                    time.sleep(0.01)
                book.write("".join(f"posted {number} {event_id} .\n" for number, event_id in ids.items()))
                first += len(ids)

    def _post(self, http: httpx.Client, ids: dict[int, str]) -> bool:
        fields = {"eventType": "tool_call", "sessionId": "posted", "toolName": "t"}
        lines = [json.dumps({**fields, "id": event_id, "metadata": {"n": number}}) for number, event_id in ids.items()]
        try:
            answer = http.post(self._url, content="\n".join(lines), headers={"Content-Type": "application/x-ndjson"})
        except httpx.TransportError:
            return False
        said = answer.json() if answer.status_code == 200 else {}
        if said.get("accepted", 0) + said.get("duplicates", 0) != len(ids):
            self.trouble.append(answer.text[:500])
            return False
        self.acknowledged.update(ids.values())
        return True


def look_at_what_a_kill_left(database: Path, folder: Path) -> tuple[str, set[str]]:
    """Open a copy of the file and its log, as a restart will find them: is it in order, and which events has it."""
    copy = folder / "copy.db"
    for suffix in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{database}{suffix}", f"{copy}{suffix}")
    found = quick_check(copy), read_ids(copy)
    for path in folder.glob("copy.db*"):
        path.unlink()
    return found


def expect_kills_to_cost_nothing(folder: Path, kills: int) -> None:
    """Kill the server again and again while it is being written to, and look at its file after each time."""
    chance = random.Random(random.getrandbits(32))
    checks, missing, growth = [], set[str](), [0]
    stopping = threading.Event()
    with (
        ServerProcess(folder / "server.db") as server,
        SentrialClient(api_url=server.url, spool_dir=folder / "spool") as client,
    ):
        tracker = Tracker(client, str(folder / "ledger"), "tracked")

        def track() -> None:
            while not stopping.is_set():
                tracker.track(20)
                time.sleep(0.01)

        tracking = threading.Thread(target=track)
        tracking.start()
        with Poster(server.url, folder / "ledger") as poster:
            for _ in range(kills):
                grown = growth[-1]
                assert wait_until(lambda least=grown: len(poster.acknowledged) > least), "nothing is acknowledged"
                time.sleep(chance.uniform(0, 0.2))
                server.end(signal.SIGKILL)
                promised = set(poster.acknowledged)
                said, present = look_at_what_a_kill_left(server.database, folder)
                checks.append(said)
                missing |= promised - present
                growth.append(len(promised))
                server.start()
        stopping.set()
        tracking.join()
        left, stats = client.flush(30), client.stats()
        report = audit(folder / "ledger", server.database)
    checks.append(quick_check(server.database))

    assert checks == ["ok"] * (kills + 1)
    assert (missing, poster.trouble) == (set(), [])
    assert (left, stats.lost, stats.rejected, report.faults) == (0, {}, 0, {})
    assert report.tracked > 100 * kills
    assert leftovers(folder / "spool") == []


def test_a_killed_server_has_what_it_acknowledged(tmp_path: Path) -> None:
    """After each of three kills its file is in order and has every event it said it had; the rest comes again."""
    expect_kills_to_cost_nothing(tmp_path, 3)


@pytest.mark.long
def test_a_server_killed_twenty_times_has_what_it_acknowledged(tmp_path: Path) -> None:
    """The same, twenty times."""
    expect_kills_to_cost_nothing(tmp_path, 20)
