"""Where a battery of many processes plays: one folder with a spool, a ledger and a database, and how it ends.

A newcomer's mistake: to give a program its folders by argument alone. Spawned workers and web workers load the
program anew, so all of it comes by environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.journey import battery

_ROOT = Path(__file__).parents[2]


class End(NamedTuple):
    """What is not as it should be, once the last process has delivered what the others left.

    Attributes:
        waiting: How many events still wait.
        lost: What the client counted as lost, by reason.
        lying: What still lies in the spool.
        faults: What the ledger and the database disagree about.
        unfinished: Events whose call had not returned: where nobody is killed while it records, there is none.
        cloned: Places in the order of one producer that two events have: a fork's child took itself for its parent.
    """

    waiting: int
    lost: dict[str, int]
    lying: list[str]
    faults: dict[str, list[str]]
    unfinished: int
    cloned: int


ALL_THERE = End(0, {}, [], {}, 0, 0)


class Scene:
    """The files of one battery.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self.ledger = folder / "ledger"
        self.database = folder / "db"
        self._started: list[subprocess.Popen[str]] = []

    def environment(self, url: str, **more: str) -> dict[str, str]:
        """The environment of a program: where it records, and where it notes that it did."""
        return (
            os.environ
            | {
                "SENTRIAL_API_URL": url,
                "SENTRIAL_SPOOL_DIR": str(self.spool),
                "SENTRIAL_MAX_RETRIES": "0",
                "LEDGER": str(self.ledger),
                "PYTHONPATH": os.pathsep.join([str(_ROOT), *sys.path]),
                # From 3.12 on Python itself warns of forks beside threads, which happen here on purpose.
                "PYTHONWARNINGS": "ignore::DeprecationWarning",
            }
            | more
        )

    def start(self, program: str, *arguments: object, url: str, **more: str) -> subprocess.Popen[str]:
        """Start one of the programs in `tests/journey/programs`."""
        return self.run("-m", f"tests.journey.programs.{program}", *map(str, arguments), url=url, **more)

    def run(self, *arguments: str, url: str, **more: str) -> subprocess.Popen[str]:
        """Start Python with these arguments, in a process group of its own: it can be killed with all its workers."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment(url, **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def end(self) -> None:
        """Kill what still runs, with all its workers: a test that failed left it behind."""
        for process in self._started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def audit(self) -> battery.Audit:
        """The ledger beside the database."""
        return battery.audit(self.ledger, self.database)

    def settle(self, url: str) -> End:
        """Do what the next process does, take over and deliver; then look at what is not as it should be."""
        waiting, stats = battery.deliver(url, self.spool)
        found = self.audit()
        return End(
            waiting, stats.lost, battery.leftovers(self.spool), found.faults, found.unfinished, self._count_clones()
        )

    def _count_clones(self) -> int:
        clones = (
            "SELECT count(*) - count(DISTINCT producer || ' ' || sequence) FROM event "
            "WHERE producer != '' AND type != 'client_report'"
        )
        with contextlib.closing(sqlite3.connect(f"{self.database.absolute().as_uri()}?mode=ro", uri=True)) as database:
            found: int = database.execute(clones).fetchone()[0]
        return found
