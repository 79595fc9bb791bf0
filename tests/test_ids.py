"""Ids: UUIDv7 in form, in order of time, and never the same twice, in threads and after forks."""

from __future__ import annotations

import threading
import time
import uuid

from sentrial import _ids
from tests.journey.processes import run


def test_an_id_is_a_uuid_of_version_7() -> None:
    """The hex digits read as a UUID of version 7 whose time is now."""
    before = time.time_ns() // 1_000_000

    made = uuid.UUID(_ids.event_id(time.time())[4:])

    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_kinds_of_ids_tell_themselves() -> None:
    """A session's and an event's id begin differently, and both fit the contract's pattern."""
    session, event, producer = _ids.session_id(), _ids.event_id(time.time()), _ids.producer_id()

    assert (session[:5], len(session)) == ("sess_", 37)
    assert (event[:4], len(event)) == ("evt_", 36)
    assert producer.startswith("p_")


def test_ids_sort_by_time() -> None:
    """An id made a little later is greater."""
    made = []
    for _ in range(50):
        made.append(_ids.event_id(time.time())[4:])
        time.sleep(0.0001)

    assert made == sorted(made)


def test_threads_make_different_ids() -> None:
    """No two of many thousand ids are the same, whoever makes them."""
    made: list[list[str]] = []
    now = time.time()

    def make() -> None:
        made.append([_ids.event_id(now) for _ in range(5000)])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({name for names in made for name in names}) == 40_000


def test_a_fork_makes_different_ids() -> None:
    """Parent and children of a fork go on from different seeds."""
    script = """
import os
from sentrial import _ids
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        print(_ids._random.getrandbits(62), flush=True); os._exit(0)
    os.waitpid(pid, 0)
print(_ids._random.getrandbits(62))
"""

    status, out, err = run(script)

    assert (status, err) == (0, "")
    assert len(set(out.split())) == 21
