"""A WSGI application whose client is made, and has recorded, where the module is loaded.

A newcomer's mistake: to make the client in a hook after the fork. With `gunicorn --preload` nobody has to: the
master's client serves every worker.
"""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

from sentrial import SentrialClient
from tests.journey.tracking import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

client = SentrialClient()
requests = itertools.count()

Tracker(client, os.environ["LEDGER"], f"loaded-{os.getpid()}").track(5)


def app(_environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Record a session, and answer with the worker's process id."""
    tracker = Tracker(client, os.environ["LEDGER"], f"request-{os.getpid()}-{next(requests)}")
    tracker.track(5)
    tracker.end()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
