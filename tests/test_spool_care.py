"""What can happen to a spool from outside: no room, a deleted folder, a folder that somebody else prepared."""

from __future__ import annotations

import json
import os
import shutil
import threading
from typing import TYPE_CHECKING

from sentrial import SentrialClient
from sentrial._delivery import Delivered, Unreachable, Worker
from sentrial._spool import Spool
from tests.journey.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentrial._delivery import Outcome

PAYLOADS = [b"%04d" % number + b"x" * 96 for number in range(100)]


def drain(spool: Spool) -> list[bytes]:
    """Everything there is to read, each batch acknowledged."""
    seen: list[bytes] = []
    while (batch := spool.read(100, 1 << 20)) is not None:
        seen += batch.payloads
        spool.ack(batch, len(batch.payloads))
    return seen


def filled(folder: Path) -> Spool:
    """A spool of a hundred records in segments of about ten."""
    spool = Spool([folder], "home", segment_bytes=1120)
    for payload in PAYLOADS:
        spool.append(payload)
    return spool


def test_a_spool_within_its_bounds_keeps_everything(tmp_path: Path) -> None:
    """Trimming drops nothing while there is room."""
    spool = filled(tmp_path)

    spool.trim(1 << 30, 0)

    assert drain(spool) == PAYLOADS
    assert spool.lost() == {}
    spool.close()


def test_the_oldest_go_first_and_are_counted_exactly(tmp_path: Path) -> None:
    """Beyond its size the oldest segments go; what was acknowledged before is not counted as lost."""
    spool = filled(tmp_path)
    batch = spool.read(5, 1 << 20)
    assert batch is not None
    spool.ack(batch, 5)

    spool.trim(5000, 0)
    lost = spool.lost()["spool_full"]
    waiting = spool.pending()
    seen = drain(spool)

    assert seen == PAYLOADS[-len(seen) :]
    assert 5 + lost + len(seen) == 100
    assert waiting == len(seen) > 30
    assert spool.pending() == 0
    spool.close()


def test_a_full_disk_drops_all_but_the_segment_in_use(tmp_path: Path) -> None:
    """Where too little of the disk is free, sealed segments go, and never the one that is written to."""
    spool = filled(tmp_path)

    spool.trim(1 << 30, 1 << 62)

    seen = drain(spool)
    # More than a twentieth of any disk is never asked for: this one may have that much.
    assert seen == PAYLOADS[-len(seen) :]
    assert len(seen) + spool.lost().get("spool_full", 0) == 100
    spool.close()


def test_a_dead_processes_folder_is_trimmed_before_our_own(tmp_path: Path) -> None:
    """What lies longest goes first: that is what was adopted."""
    dead = filled(tmp_path)
    dead.close()
    spool = Spool([tmp_path], "home")
    spool.append(b"own")
    adopted = spool.adopt()

    spool.trim(3000, 0)
    seen = drain(spool)

    assert adopted == 1
    assert seen[-1] == b"own"
    assert len(seen) - 1 + spool.lost()["spool_full"] == 100
    spool.close()


def test_a_deleted_folder_costs_nothing_of_the_segment_in_use(tmp_path: Path) -> None:
    """Where somebody deletes the folder of a living process, what it held and what comes later is still delivered."""
    spool = Spool([tmp_path], "home")
    for number in range(50):
        spool.append(b"%d" % number)
    batch = spool.read(10, 1 << 20)
    assert batch is not None
    spool.ack(batch, 10)
    shutil.rmtree(tmp_path / "home")
    for number in range(50, 60):
        spool.append(b"%d" % number)

    seen = drain(spool)

    assert [int(payload) for payload in seen] == list(range(10, 60))
    assert spool.pending() == 0
    assert spool.lost() == {}
    spool.close()


def test_a_folder_that_others_may_write_to_is_not_trusted(tmp_path: Path) -> None:
    """The last resort is among everybody's temporary files: prepared by another, or open to others, it is refused."""
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    prepared = tmp_path / f"sentrial-{os.getuid()}"
    prepared.mkdir(mode=0o777)
    prepared.chmod(0o777)
    spool = Spool([blocked, prepared / "spool"], "home")

    spool.append(b"a")

    assert list(prepared.rglob("*")) == []
    assert drain(spool) == [b"a"]  # from memory
    spool.close()


def test_a_link_is_not_trusted(tmp_path: Path) -> None:
    """Nor is a link to a folder elsewhere."""
    blocked, elsewhere = tmp_path / "blocked", tmp_path / "elsewhere"
    blocked.write_text("")
    elsewhere.mkdir(mode=0o700)
    link = tmp_path / f"sentrial-{os.getuid()}"
    link.symlink_to(elsewhere)
    spool = Spool([blocked, link / "spool"], "home")

    spool.append(b"a")

    assert list(elsewhere.iterdir()) == []
    spool.close()


class Slow:
    """A sender whose first answer comes late."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.begun, self.answer = threading.Event(), threading.Event()

    def send(self, payloads: Sequence[bytes]) -> Outcome:
        """Hang once, then take everything."""
        if not self.begun.is_set():
            self.begun.set()
            self.answer.wait(10)
            return Unreachable("too late")
        self.sent += payloads
        return Delivered()

    def close(self) -> None:
        """Nothing to free."""


def test_events_after_a_close_that_did_not_wait_are_delivered(tmp_path: Path) -> None:
    """A stop that gave up on a hanging request leaves no thread behind that keeps a new one from starting."""
    spool, sender = Spool([tmp_path], "home"), Slow()
    worker = Worker(spool, lambda: sender, chance=lambda: 0.0)
    spool.append(b"before")
    worker.notice()
    assert sender.begun.wait(5)

    worker.stop(0)
    sender.answer.set()
    spool.append(b"after")
    wait_until(lambda: worker.notice() or sender.sent == [b"before", b"after"])

    assert worker.flush(5) == 0
    worker.stop(0)
    spool.close()


def test_a_folder_says_what_it_is_for_and_never_the_key(tmp_path: Path) -> None:
    """Beside the events stands the address they are for, readable by their owner alone; no key is in any file."""
    key = "snt_abc_0123456789abcdef"
    client = SentrialClient(api_key=key, project_id="support", api_url="http://127.0.0.1:9", spool_dir=tmp_path)
    client.create_session("s")

    (about,) = tmp_path.glob("*/destination.json")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    client.close(0)

    assert json.loads(about.read_text()) == {"api_url": "http://127.0.0.1:9", "project_id": "support"}
    assert about.stat().st_mode & 0o077 == 0
    assert not [path for path in files if path.exists() and key.encode() in path.read_bytes()]
