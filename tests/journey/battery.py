"""What a battery is judged by: the ledger of what was tracked, beside what the server's database holds.

A newcomer's mistake: to look for doubled ids. The database can't hold one twice; an event that came twice, or
under two ids, shows in its number within its session, or in the session's own counts.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from sentrial import SentrialClient
from tests.journey.processes import wait_until

if TYPE_CHECKING:
    from sentrial._pipe import Stats

TRACKING = Path(__file__).with_name("tracking.py")
"""The program that the children of a battery run."""

_COUNTED = ("tool_call", "llm_call", "llm_decision", "error")


class _Row(NamedTuple):
    id: str
    session: str
    number: int


@dataclass(frozen=True)
class Audit:
    """A ledger beside a database.

    Attributes:
        tracked: How many calls had returned.
        lost: What of that the database lacks.
        doubled: What is there twice, and sessions whose counts are not those of their events.
        unfinished: How many events arrived though their call had not returned: one a thread that was killed.
        strange: What else is there that nobody has tracked.
    """

    tracked: int
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unfinished: int = 0
    strange: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, list[str]]:
        """What must not be, by kind, each kind cut to its first ten; empty where all is well."""
        kinds = {"lost": self.lost, "doubled": self.doubled, "strange": self.strange}
        return {f"{len(found)} {kind}": found[:10] for kind, found in kinds.items() if found}


def audit(ledger: Path, *databases: Path) -> Audit:
    """Compare what a ledger says with what the databases hold together."""
    noted = {(session, int(number)): event_id for session, number, event_id in _lines(ledger)}
    numbers = {event_id: number for (_, number), event_id in noted.items()}
    # By id: what one of several databases stored and could not confirm, another has as well.
    rows = {row.id: row for database in databases for row in _rows(database)}
    found = Counter((row.session, numbers.get(row.id, row.number)) for row in rows.values())
    unknown = Counter(session for session, number in found if (session, number) not in noted)
    ids = rows.keys() | {"-"}
    return Audit(
        tracked=len(noted),
        lost=[f"{key}" for key, event_id in noted.items() if key not in found or event_id not in ids],
        doubled=[f"{key} {times} times" for key, times in found.items() if times > 1]
        + [wrong for database in databases for wrong in _wrong_counts(database)],
        unfinished=sum(times for times in unknown.values() if times == 1),
        strange=[f"{times} of {session}" for session, times in unknown.items() if times > 1],
    )


def read_ids(database: Path) -> set[str]:
    """The ids of all events that a database holds."""
    return {row.id for row in _rows(database)}


def _lines(ledger: Path) -> list[list[str]]:
    # Children were killed while they wrote: what has no end mark was not noted.
    lines = [line.split() for line in ledger.read_text().splitlines()]
    return [line[:3] for line in lines if line[3:] == ["."]]


def _rows(database: Path) -> list[_Row]:
    # A report of a torn record is no event: nobody tracked it, and each process may make one.
    tracked = "SELECT id, session_id, body FROM event WHERE type != 'client_report'"
    with contextlib.closing(_open(database)) as connection:
        return [
            _Row(event_id, session, json.loads(body).get("metadata", {}).get("n", -1))
            for event_id, session, body in connection.execute(tracked)
        ]


def _wrong_counts(database: Path) -> list[str]:
    marks = ", ".join("?" * len(_COUNTED))
    count = f"SELECT session_id, count(*) FROM event WHERE type IN ({marks}) GROUP BY session_id"
    with contextlib.closing(_open(database)) as connection:
        real = dict(connection.execute(count, _COUNTED))
        folds = connection.execute("SELECT id, fold FROM session")
        said = {session: json.loads(fold).get("event_count", 0) for session, fold in folds}
    return [f"{session} counts {times}" for session, times in said.items() if times != real.get(session, 0)]


def _open(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=20)


def quick_check(database: Path) -> str:
    """What SQLite says of a database's own order: `ok`."""
    with contextlib.closing(_open(database)) as connection:
        return str(connection.execute("PRAGMA quick_check").fetchone()[0])


def deliver(url: str, spool: Path, seconds: float = 60) -> tuple[int, Stats]:
    """What the next process does: take over what lies in a spool, send it; what is left, and what became of it."""
    with SentrialClient(api_url=url, spool_dir=spool) as client:
        return client.flush(seconds), client.stats()


def leftovers(spool: Path) -> list[str]:
    """What lies in a spool after everything was sent and nobody lives: nothing but what says whose it is."""
    return sorted(
        str(path.relative_to(spool))
        for path in spool.glob("*/*")
        if path.name != "destination.json" and (path.name != "dead-letters.ndjson" or path.stat().st_size)
    )


def quiet_port() -> int:
    """A free port that no outgoing connection takes by itself while the server on it is away."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class ServerProcess:
    """`sentrial serve` in a process of its own, which may be killed and started again.

    Args:
        database: Its file; what it says goes into a `.log` beside it.
        port: Its port; the same one whenever it starts.
        options: What else to give to `sentrial serve`.
    """

    def __init__(self, database: Path, port: int | None = None, *options: str) -> None:
        self.database = database
        self.port = quiet_port() if port is None else port
        self.url = f"http://127.0.0.1:{self.port}"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether it has been started and not ended since."""
        return self._process is not None

    def start(self, *, wait: bool = True) -> Self:
        """Start, unless it runs already.

        Args:
            wait: Return only once it listens.
        """
        if self._process is None:
            program = "from sentrial.cli import main; main()"
            command = [sys.executable, "-c", program, "serve", "--port", str(self.port), "--db", str(self.database)]
            command += self._options
            with self.database.with_suffix(".log").open("ab") as log:
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if wait:
            assert wait_until(self._listens), "the server does not start"
        return self

    def freeze(self) -> None:
        """Stop it where it is: its connections stay, and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def end(self, number: int = signal.SIGTERM) -> None:
        """End it by a signal, unless it is not running."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(20)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.end()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Nursery:
    """A process that makes children which track, and kills them; see `tracking.py`.

    Args:
        arguments: The server's address, the spool's folder, and the ledger.
        warm: Whether its children find everything imported.
        noise: The file that gets what the children say on standard error.
    """

    def __init__(self, *arguments: str | Path, warm: bool, noise: Path) -> None:
        command = [sys.executable, TRACKING, *arguments, "warm" if warm else "cold"]
        self._noise = noise.open("ab")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._noise, text=True
        )

    def kill_one(self, plan: dict[str, Any]) -> int:
        """Have a child made and killed; the status it ended with."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(plan) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)
        self._noise.close()
