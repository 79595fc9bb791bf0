"""`os.fork` and multiprocessing under load: nothing lost, nothing twice, nobody waits for ever."""

from __future__ import annotations

import os
import random
import socket
from typing import TYPE_CHECKING

import pytest

from sentrial.server.serve import EmbeddedServer
from tests.journey.battery import quiet_port
from tests.journey.processes import finish
from tests.journey.scene import ALL_THERE

if TYPE_CHECKING:
    from tests.journey.scene import Scene

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@pytest.mark.parametrize(
    ("forks", "beside"),
    [
        pytest.param(12, ("flush", "read"), id="12"),
        pytest.param(100, (), id="100", marks=pytest.mark.long),
        pytest.param(100, ("flush",), id="100-flush", marks=pytest.mark.long),
        pytest.param(100, ("read",), id="100-read", marks=pytest.mark.long),
    ],
)
def test_forks_under_load_lose_nothing(scene: Scene, forks: int, beside: tuple[str, ...]) -> None:
    """While three threads record as fast as they can, each child, and each child's child, records by itself."""
    seed = random.randrange(1 << 30)
    with EmbeddedServer(scene.database) as server:
        status, _, err = finish(scene.start("forking", forks, seed, *beside, url=server.url), 60)
        end = scene.settle(server.url)

    assert (status, unexpected(err)) == (0, []), seed
    assert end == ALL_THERE, seed
    assert scene.audit().tracked > forks * 10


@pytest.mark.parametrize("forks", [5, pytest.param(50, marks=pytest.mark.long)])
def test_forks_while_the_server_hangs_lose_nothing(scene: Scene, forks: int) -> None:
    """Children of a host whose worker waits for an answer that never comes end in time, and their events arrive."""
    with socket.create_server(("127.0.0.1", 0)) as listener:  # the kernel accepts; nobody ever answers
        port: int = listener.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        status, _, err = finish(scene.start("forking", forks, 1, "flush", url=url), 100)
        listener.settimeout(0)
        connection, _ = listener.accept()
        asked = connection.recv(4)
        connection.close()
    with EmbeddedServer(scene.database, port=port):
        end = scene.settle(url)

    assert asked in {b"POST", b"GET "}
    assert (status, unexpected(err)) == (0, [])
    assert end == ALL_THERE


@pytest.mark.parametrize("forks", [30, pytest.param(150, marks=pytest.mark.long)])
def test_forks_while_folders_of_the_dead_are_taken_over_lose_nothing(scene: Scene, forks: int) -> None:
    """A child born while the parent's worker opens, empties and removes folders of the dead has one of its own."""
    port = quiet_port()
    url = f"http://127.0.0.1:{port}"
    dead_status, _, dead_err = finish(scene.start("forking", forks, 1, "die", url=url), 60)
    folders = len(list(scene.spool.rglob("lock")))
    with EmbeddedServer(scene.database, port=port):
        status, _, err = finish(scene.start("forking", forks, 2, "die", url=url), 60)
        end = scene.settle(url)

    assert (dead_status, unexpected(dead_err)) == (0, [])
    assert folders >= forks // 2
    assert (status, err) == (0, "")
    assert end == ALL_THERE


@pytest.mark.parametrize(
    "pauses",
    [
        pytest.param((0.0, 0.01, 0.03, 0.1), id="4"),
        pytest.param(tuple(number / 120 for number in range(24)), id="24", marks=pytest.mark.long),
    ],
)
def test_a_fork_while_modules_load_leaves_both_whole(scene: Scene, pauses: tuple[float, ...]) -> None:
    """A fork at any moment of the first event, and of the worker's start, leaves parent and child able to deliver."""
    ends = []
    with EmbeddedServer(scene.database) as server:
        for first in range(0, len(pauses), 2):
            pair = pauses[first : first + 2]
            hosts = [scene.start("early_fork", pause, url=server.url) for pause in pair]
            ends += [(pause, *finish(host, 40)) for pause, host in zip(pair, hosts, strict=True)]
        end = scene.settle(server.url)

    assert [found for found in ends if found[1:] != (0, "", "")] == []
    assert end == ALL_THERE
    assert scene.audit().tracked == len(pauses) * 100


METHODS = ("fork", "spawn", "forkserver")


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("fork", "pool"),
        ("spawn", "pool"),
        ("forkserver", "process"),
        *(
            pytest.param(method, kind, marks=pytest.mark.long, id=f"long-{method}-{kind}")
            for method in METHODS
            for kind in ("pool", "process", "executor")
        ),
    ],
)
def test_workers_of_multiprocessing_lose_nothing(scene: Scene, method: str, kind: str) -> None:
    """A client made with the module works in every worker, however it is started and ended."""
    with EmbeddedServer(scene.database) as server:
        status, out, err = finish(scene.start("pooling", method, kind, url=server.url), 40)
        end = scene.settle(server.url)

    assert (status, err) == (0, "")
    assert int(out) >= 2
    assert end == ALL_THERE
    assert scene.audit().tracked == (5 if kind == "process" else 14) * 6


def unexpected(said: str) -> list[str]:
    """What a program said beyond the one line of each process that the server can't be reached."""
    return [line for line in said.splitlines() if "events wait on the disk" not in line]
