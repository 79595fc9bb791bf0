"""kill -9 at any moment of a process that tracks: whatever `track_*` returned for arrives, each event once.

The size of the long form comes from SENTRIAL_TEST_KILLS (200); `make soak` sets 1,000. The moments come from
pytest-randomly's seed, so that `--randomly-seed=N` repeats them, as far as a machine repeats anything; what
each round came to is logged (`--log-cli-level=INFO`).
"""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.journey.battery import Nursery, ServerProcess, audit, deliver, leftovers

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger("sentrial.tests")
KILLS = int(os.environ.get("SENTRIAL_TEST_KILLS", "200"))
KILLS_A_ROUND = 25
LONGEST_SECONDS = {"import": 0.4, "first": 0.02, "adopt": 0.08, "track": 0.3}
"""The last moment of each phase at which its child may be killed."""


@dataclass(frozen=True)
class Round:
    """What a round of kills came to.

    Attributes:
        statuses: How each child ended.
        noise: What the children said on standard error.
    """

    statuses: list[int]
    noise: str


def kill_round(chance: random.Random, server: ServerProcess, folder: Path, kills: int) -> Round:
    """Have children killed, warm and cold ones side by side, while the server comes and goes."""
    statuses: list[int] = []
    noise = folder / "noise.txt"

    def kill(warm: bool, plans: list[dict[str, Any]]) -> None:
        with Nursery(server.url, folder / "spool", folder / "ledger", warm=warm, noise=noise) as nursery:
            for plan in plans:
                if warm and chance.random() < 0.3:
                    change_weather(chance, server)
                statuses.append(nursery.kill_one(plan))

    plans = [make_plan(chance, number) for number in range(kills)]
    cold = [plan for plan in plans if plan["phase"] == "import"]
    beside = threading.Thread(target=kill, args=(False, cold))
    beside.start()
    kill(True, [plan for plan in plans if plan["phase"] != "import"])
    beside.join()
    return Round(statuses, noise.read_text())


def make_plan(chance: random.Random, number: int) -> dict[str, Any]:
    """When and how a child dies: every phase has its turn."""
    phase = list(LONGEST_SECONDS)[number % len(LONGEST_SECONDS)]
    seconds = chance.uniform(0, LONGEST_SECONDS[phase])
    return {"session": f"k{number}", "phase": phase, "threads": chance.randint(1, 3), "seconds": seconds}


def change_weather(chance: random.Random, server: ServerProcess) -> None:
    """Take the server away, gently or not, or begin to bring it back."""
    if server.alive:
        server.end(chance.choice([signal.SIGKILL, signal.SIGTERM]))
    else:
        server.start(wait=False)


def expect_a_round_to_lose_nothing(folder: Path, seed: str, kills: int) -> None:
    """Kill, let a last process deliver, and compare."""
    chance = random.Random(seed)
    with ServerProcess(folder / "server.db") as server:
        ended = kill_round(chance, server, folder, kills)
        server.start()
        left, stats = deliver(server.url, folder / "spool")
        if found := leftovers(folder / "spool"):
            # Seen once in forty rounds: a folder whose events have all arrived is left to the process after that.
            logger.info("left to the next process: %s %s", found, [*(folder / "spool").rglob("*")])
            assert len(found) == 1, seed
            assert deliver(server.url, folder / "spool")[0] == 0, seed
        report = audit(folder / "ledger", server.database)
    logger.info(
        "%d killed: %d tracked, %d arrived though not over, %d torn; %s",
        kills,
        report.tracked,
        report.unfinished,
        stats.lost.get("corrupt", 0),
        report.faults or "none lost, none doubled",
    )

    assert ended.statuses == [-signal.SIGKILL] * kills, seed
    assert report.tracked > kills * 10, seed
    assert (report.faults, left) == ({}, 0), seed
    assert (stats.rejected, {**stats.lost, "corrupt": 0}) == (0, {"corrupt": 0}), seed
    # A record that a kill cut in two was never promised: its call had not returned.
    assert stats.lost.get("corrupt", 0) <= 3 * kills, seed
    assert len(leftovers(folder / "spool")) <= 1, seed
    assert not list((folder / "spool").rglob("*.seg")), seed
    assert "Traceback" not in ended.noise, seed


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """Eight processes, killed at import, at the first event, adopting and tracking, lose and double nothing."""
    expect_a_round_to_lose_nothing(tmp_path, f"{random.getrandbits(32)}", 8)


@pytest.mark.long
@pytest.mark.parametrize("number", range(-(-KILLS // KILLS_A_ROUND)))
def test_many_killed_processes_lose_nothing(tmp_path: Path, number: int) -> None:
    """The same, in rounds of 25, each on a spool and a server of its own."""
    expect_a_round_to_lose_nothing(tmp_path, f"{random.getrandbits(32)} {number}", KILLS_A_ROUND)
