"""Several keys, projects and servers on one machine: nobody ever sends what is another's.

Each session here is named after the project it belongs to, and the server's database says where it went.
"""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from sentrial import SentrialClient
from sentrial.server.serve import EmbeddedServer
from tests.journey.battery import audit, quiet_port
from tests.journey.processes import finish, wait_until
from tests.journey.scene import ALL_THERE, Scene
from tests.journey.tracking import Tracker

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("beside_seconds", [0, pytest.param(6, id="past-an-adoption", marks=pytest.mark.long)])
def test_a_living_process_takes_nothing_over_from_one_with_another_key(tmp_path: Path, beside_seconds: float) -> None:
    """What A left when it was killed is not sent by B, which lives and looks for the dead, but by the next A."""
    scene, port = Scene(tmp_path), quiet_port()
    url = f"http://127.0.0.1:{port}"
    key_a, key_b = make_keys(scene.database, "a", "b")
    ends = [
        finish(scene.start("recording", f"a-{number}", 20, "kill", url=url, SENTRIAL_API_KEY=key_a))
        for number in range(3)
    ]
    with EmbeddedServer(scene.database, port=port):
        with SentrialClient(key_b, api_url=url, spool_dir=scene.spool) as other:
            Tracker(other, str(scene.ledger), "b-1").track(20)
            other.flush(10)
            time.sleep(beside_seconds)
            Tracker(other, str(scene.ledger), "b-2").track(20)
            left, others = other.flush(10), went(scene.database)
        with SentrialClient(key_a, api_url=url, spool_dir=scene.spool) as same:
            Tracker(same, str(scene.ledger), "a-4").track(20)
            left += same.flush(10)

    assert [status for status, _, _ in ends] == [-signal.SIGKILL] * 3
    assert others == {("b", "b"): 40}
    assert left == 0
    assert went(scene.database) == {("a", "a"): 80, ("b", "b"): 40}
    assert scene.audit().faults == {}


def test_projects_without_keys_are_kept_apart(tmp_path: Path) -> None:
    """Where no key tells them apart, the project's name does: the same machine and address, two projects."""
    scene, port = Scene(tmp_path), quiet_port()
    url = f"http://127.0.0.1:{port}"
    for project in ("a", "b"):
        finish(scene.start("recording", f"{project}-1", 20, "kill", url=url, SENTRIAL_PROJECT_ID=project))
    with EmbeddedServer(scene.database, port=port):
        for project in ("default", "b", "a"):
            named = None if project == "default" else project
            with SentrialClient(project_id=named, api_url=url, spool_dir=scene.spool) as client:
                Tracker(client, str(scene.ledger), f"{project}-2").track(20)
                client.flush(10)

    assert went(scene.database) == {("a", "a"): 40, ("b", "b"): 40, ("default", "default"): 20}
    assert scene.audit().faults == {}


def test_a_project_with_a_new_key_sends_what_the_old_key_left(tmp_path: Path) -> None:
    """Where the project is named, a rotated key goes on with it; another project's key under that name sends none."""
    scene, port = Scene(tmp_path), quiet_port()
    url = f"http://127.0.0.1:{port}"
    old, new, foreign = make_keys(scene.database, "a", "a", "b")
    finish(scene.start("recording", "a-1", 20, "kill", url=url, SENTRIAL_API_KEY=old, SENTRIAL_PROJECT_ID="a"))
    with EmbeddedServer(scene.database, port=port):
        with SentrialClient(foreign, "a", api_url=url, spool_dir=scene.spool) as wrong:
            refused, nothing = wrong.flush(1), went(scene.database)
            wrong.close(0)
        with SentrialClient(new, "a", api_url=url, spool_dir=scene.spool) as right:
            left = right.flush(10)

    assert (refused, nothing) == (20, {})
    assert left == 0
    assert went(scene.database) == {("a", "a"): 20}
    assert scene.audit().faults == {}


def test_several_destinations_in_one_process_are_kept_apart(tmp_path: Path) -> None:
    """Four clients, two servers with the same two projects, one of them away at first: each server gets its own."""
    scenes = [Scene(tmp_path / name) for name in ("near", "far")]
    ports = [quiet_port(), quiet_port()]
    for scene in scenes:
        scene.folder.mkdir()
    keys = [make_keys(scene.database, "a", "b") for scene in scenes]
    told = {"SENTRIAL_API_KEY": keys[1][0], "SENTRIAL_PROJECT_ID": "a", "SENTRIAL_SPOOL_DIR": str(tmp_path / "spool")}
    finish(scenes[1].start("recording", "a-dead", 20, "kill", url=f"http://127.0.0.1:{ports[1]}", **told))
    near, far = (EmbeddedServer(scene.database, port=port) for scene, port in zip(scenes, ports, strict=True))
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(8) as threads:
        stack.enter_context(near)
        clients = {
            (where, project): stack.enter_context(
                SentrialClient(key, project, api_url=f"http://127.0.0.1:{ports[where]}", spool_dir=tmp_path / "spool")
            )
            for where in (0, 1)
            for project, key in zip("ab", keys[where], strict=True)
        }
        recorded = [
            threads.submit(Tracker(client, str(scenes[where].ledger), f"{project}-{number}").track, 100)
            for number in range(2)
            for (where, project), client in clients.items()
        ]
        for done in recorded:
            done.result()
        sent = wait_until(lambda: sum(went(scenes[0].database).values()) == 400)
        nothing = went(scenes[1].database)
        stack.enter_context(far)
        left = [client.flush(10) for client in clients.values()]

    assert (sent, nothing, left) == (True, {}, [0, 0, 0, 0])
    assert went(scenes[0].database) == {("a", "a"): 200, ("b", "b"): 200}
    assert went(scenes[1].database) == {("a", "a"): 220, ("b", "b"): 200}
    for scene in scenes:
        assert audit(scene.ledger, scene.database).faults == {}


def test_an_account_that_went_astray_is_seen(tmp_path: Path) -> None:
    """An event under the wrong project does not pass: the comparison above can fail."""
    scene = Scene(tmp_path)
    with EmbeddedServer(scene.database) as server:
        finish(scene.start("recording", "a-1", 20, url=server.url, SENTRIAL_PROJECT_ID="b"))
        end = scene.settle(server.url)

    assert end == ALL_THERE
    assert went(scene.database) == {("b", "a"): 20}


def make_keys(database: Path, *projects: str) -> list[str]:
    """A server's database with a key for each of these projects."""
    with EmbeddedServer(database) as server:
        return [server.store.create_key(project) for project in projects]


def went(database: Path) -> Counter[tuple[str, str]]:
    """How many events went to which project, for each name of a session: a pair of equals, where all is well."""
    with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT project, session_id FROM event")
        return Counter((project, session.partition("-")[0]) for project, session in rows)
