"""A Celery application whose client is made where the module is loaded; its broker is a folder.

A newcomer's mistake: to count on messages. A worker that is killed takes those it holds with it; what counts
here is what the ledger says was recorded. Run as a program, it queues as many jobs as its argument says.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from celery import Celery

from sentrial import SentrialClient
from tests.journey.tracking import Tracker

FATAL = 5  # the number of the job that kills its process

queue = Path(os.environ["QUEUE"])
queue.mkdir(exist_ok=True)

client = SentrialClient()
app = Celery("jobs", broker="filesystem://")
app.conf.update(
    broker_transport_options={
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(queue.with_name("control")),
        "polling_interval": 0.05,
    },
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
    worker_lost_wait=0.5,
    worker_prefetch_multiplier=1,
)


@app.task(name="job")
def job(number: int, *, fatal: bool = False) -> None:
    """Record a session; at its end a fatal job kills its process, which then holds no lock of the pool."""
    tracker = Tracker(client, os.environ["LEDGER"], f"job-{number}-{os.getpid()}")
    tracker.track(5)
    tracker.end()
    time.sleep(0.03)  # so that the pool sees that a process has gone before all is done
    if fatal:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    for each in range(int(sys.argv[1])):
        app.send_task("job", [each], {"fatal": each == FATAL})
