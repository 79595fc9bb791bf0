"""Servers that load an application once and fork their workers: gunicorn, and Celery's prefork pool."""

from __future__ import annotations

import http.client
import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from sentrial.server.serve import EmbeddedServer
from tests.journey.battery import quiet_port
from tests.journey.processes import finish, wait_until
from tests.journey.scene import ALL_THERE

if TYPE_CHECKING:
    from tests.journey.scene import Scene


@pytest.mark.parametrize(
    ("threads", "more"),
    [
        pytest.param(1, ("--preload",), id="sync"),
        pytest.param(4, ("--preload", "--worker-class", "gthread"), id="threads", marks=pytest.mark.long),
        pytest.param(1, (), id="loaded-by-each-worker", marks=pytest.mark.long),
    ],
)
def test_gunicorn_with_an_application_loaded_before_the_fork(scene: Scene, threads: int, more: tuple[str, ...]) -> None:
    """Through requests, a graceful reload, a killed worker and the end, each request's events arrive once."""
    port = quiet_port()
    options = ("--workers", "2", "--threads", str(threads), "--bind", f"127.0.0.1:{port}", "--no-control-socket")
    with EmbeddedServer(scene.database) as server, ThreadPoolExecutor(4) as users:
        web = scene.run(
            "-m", "gunicorn", "tests.journey.programs.web:app", *options, *more, "--log-level", "error", url=server.url
        )
        started = wait_until(lambda: ask(port))
        known = {worker for worker in users.map(ask, [port] * 40) if worker}
        during = users.map(ask, [port] * 40)
        os.kill(web.pid, signal.SIGHUP)
        reloaded = wait_until(lambda: new_worker(port, known))
        known.update(worker for worker in during if worker)
        victim = next(worker for worker in iter(lambda: ask(port), None) if worker)
        during = users.map(ask, [port] * 40)
        os.kill(victim, signal.SIGKILL)
        replaced = wait_until(lambda: new_worker(port, known))
        known.update(worker for worker in during if worker)
        web.terminate()
        status, _, err = finish(web)
        end = scene.settle(server.url)

    assert (started, reloaded, replaced, len(known) >= 3) == (True, True, True, True)
    assert (status, "Traceback" in err, "sentrial:" in err) == (0, False, False), err
    assert end._replace(unfinished=0) == ALL_THERE
    assert end.unfinished <= threads
    assert scene.audit().tracked > 100 * 6


@pytest.mark.parametrize("jobs", [40, pytest.param(200, marks=pytest.mark.long)])
def test_celery_workers_that_fork_lose_nothing(scene: Scene, jobs: int) -> None:
    """One job kills its process, the pool goes on, and a warm shutdown ends it: all that jobs recorded arrives."""
    queue = scene.folder / "queue"
    with EmbeddedServer(scene.database) as server:
        worker = scene.run(*CELERY, url=server.url, QUEUE=str(queue))
        queued = finish(scene.start("jobs", jobs, url=server.url, QUEUE=str(queue)))
        all_done = wait_until(lambda: len(done(scene)) == jobs, 30)
        worker.send_signal(signal.SIGTERM)
        status, _, err = finish(worker)
        end = scene.settle(server.url)

    assert queued == (0, "", "")
    assert (all_done, status) == (True, 0), err
    assert end == ALL_THERE
    assert len(set(done(scene))) == 3


@pytest.mark.long
def test_a_celery_worker_killed_with_all_its_processes_loses_nothing(scene: Scene) -> None:
    """What the jobs recorded before the whole worker was killed is delivered by the next worker."""
    queue = scene.folder / "queue"
    with EmbeddedServer(scene.database) as server:
        finish(scene.start("jobs", 200, url=server.url, QUEUE=str(queue)))
        killed = scene.run(*CELERY, url=server.url, QUEUE=str(queue))
        some = wait_until(lambda: len(done(scene)) >= 60, 30)
        os.killpg(killed.pid, signal.SIGKILL)
        killed_status, _, _ = finish(killed)
        before = len(done(scene))
        following = scene.run(*CELERY, url=server.url, QUEUE=str(queue))
        emptied = wait_until(lambda: not list(queue.iterdir()), 30)
        following.send_signal(signal.SIGTERM)
        status, _, err = finish(following)
        end = scene.settle(server.url)

    assert (some, killed_status) == (True, -signal.SIGKILL)
    assert (emptied, status) == (True, 0), err
    assert end._replace(unfinished=0) == ALL_THERE
    assert end.unfinished <= 2
    assert 60 <= before < len(done(scene))


CELERY = (
    *("-m", "celery", "--app", "tests.journey.programs.jobs", "worker", "--pool", "prefork", "--concurrency", "2"),
    *("--loglevel", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"),
)


def ask(port: int) -> int | None:
    """Make a request; the process that answered, or None where there was no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return int(connection.getresponse().read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def new_worker(port: int, known: set[int]) -> bool:
    """Whether a process answers that has not answered before; it is known from now on."""
    worker = ask(port)
    if worker is None or worker in known:
        return False
    known.add(worker)
    return True


def done(scene: Scene) -> list[int]:
    """For each job that has recorded all of its session, the process that did it."""
    text = scene.ledger.read_text() if scene.ledger.exists() else ""
    return [int(pid) for pid in re.findall(r"^job-\d+-(\d+) 5 .*$", text, re.MULTILINE)]
