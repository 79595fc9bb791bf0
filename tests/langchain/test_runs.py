"""The table of open runs: what it keeps, and what it lets go."""

from __future__ import annotations

import uuid
from typing import Any

from sentrial.langchain.callbacks import Kind, Started
from sentrial.langchain.runs import Choice, Run, Runs

HERE, THERE = object(), object()


def _start(runs: Runs, parent: Run | None = None, kind: Kind = "chain", via: object = HERE) -> Run:
    parent_id = parent.started.run_id if parent is not None else None
    run = runs.start(Started(kind, uuid.uuid4(), parent_id, "x", None, {}, {}), via)
    assert run is not None
    return run


def test_durations_come_from_the_given_clock() -> None:
    """Milliseconds from start to now, whatever the time of day does."""
    now = [5.0]
    runs = Runs(clock=lambda: now[0])
    run = _start(runs, kind="model")

    now[0] = 5.25
    runs.first_token(run)
    now[0] = 6.5
    runs.first_token(run)

    assert run.first_token_ms == 250
    assert runs.elapsed_ms(run) == 1500


def test_only_the_first_way_counts() -> None:
    """A run that is told by two ways is one run, and ends once."""
    runs = Runs()
    run = _start(runs)

    again = runs.start(run.started, THERE)

    assert again is None
    assert runs.get(run.started.run_id, THERE) is None
    assert runs.get(run.started.run_id, HERE) is run
    assert (runs.end(run), runs.end(run)) == (True, False)


def test_what_outlives_its_root_may_still_end_but_only_so_many_wait() -> None:
    """A stream left early ends the root first; what never ends is forgotten, oldest first."""
    runs = Runs(max_lingering=2)
    root = _start(runs)
    children = [_start(runs, root) for _ in range(3)]

    runs.end(root)

    assert len(runs) == 2
    still = [child for child in children if runs.get(child.started.run_id) is child]
    assert len(still) == 2
    assert runs.end(still[0])
    assert len(runs) == 1


def test_runs_that_never_end_are_forgotten_oldest_first() -> None:
    """A process that abandons runs for ever keeps a bounded number of them."""
    runs = Runs(max_open=3, max_lingering=1)

    started = [_start(runs) for _ in range(10)]

    assert len(runs) == 3
    assert runs.get(started[-1].started.run_id) is started[-1]
    assert runs.get(started[0].started.run_id) is None


def test_one_exception_and_what_it_caused_are_met_once_a_root() -> None:
    """Wrapping (`raise ... from ...`) does not make a new error; another root knows nothing of it."""
    runs = Runs()
    root = _start(runs)
    child = _start(runs, root)
    inner, outer = ValueError("inner"), RuntimeError("outer")
    outer.__cause__ = inner

    met = [runs.is_new_error(child, inner), runs.is_new_error(root, inner), runs.is_new_error(root, outer)]

    assert met == [True, False, False]
    assert runs.is_new_error(_start(runs), inner)


def test_causes_in_a_ring_end() -> None:
    """Nothing forbids an exception to cause itself."""
    runs = Runs()
    error: Any = ValueError("ring")
    error.__cause__ = error

    assert runs.is_new_error(_start(runs), error)


def test_a_choice_is_found_by_id_or_input_and_never_by_order_alone() -> None:
    """Two pending choices of one tool with other inputs: none of them is guessed."""
    runs = Runs()
    root = _start(runs)
    call = _start(runs, root, "tool")
    first, second = (Choice("look", {"n": n}, None, f"thought {n}", None) for n in (1, 2))
    root.choices += [first, second]
    root.asked["call_7"] = by_id = Choice("look", {"n": 7}, "call_7", "thought 7", None)

    assert runs.take_choice(call, "look", {"n": 3}, None) is None
    assert runs.take_choice(call, "look", {"n": 2}, None) is second
    assert runs.take_choice(call, "look", {"n": 9}, None) is first
    assert runs.take_choice(call, "look", {"n": 1}, None) is None
    assert runs.take_choice(call, "look", {}, "call_7") is by_id
    assert runs.take_choice(call, "look", {}, "call_8") is None
