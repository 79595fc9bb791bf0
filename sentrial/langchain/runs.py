"""The runs that are open: what is known of each from its start to its end, keyed by run id.

LangChain may end a root before its children, or never end a child: what is still open then lingers, bounded, and is
forgotten oldest first. Nothing here depends on threads or contexts: starts and ends of one run may come on two threads.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from sentrial.langchain.callbacks import Started

_MAX_OPEN = 10_000
_MAX_LINGERING = 256


class Scope(Protocol):
    """What a root run holds open while it lasts (the bridge of constructor callbacks)."""

    def close(self) -> None:
        """Let it go; again is harmless."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """A tool call somebody asked for: the thought behind it and the decision event that records it."""

    tool: str
    tool_input: Any
    tool_call_id: str | None
    thought: str | None
    decision_id: str | None


@dataclass(slots=True, eq=False)
class Run:
    """One open run. The last group of fields is used on roots only."""

    started: Started
    parent: Run | None
    via: object
    """Who brought the start (the handler itself, or a bridge): only the same one's later signals count."""
    start_seconds: float
    value: Any = None
    """What went in, as it was at the start."""
    first_token_ms: float | None = None
    choices: list[Choice] = field(default_factory=list[Choice])
    """Asked for by this run's on_agent_action and not yet begun."""
    actions: list[Any] = field(default_factory=list[Any])
    finished: bool = False

    scope: Scope | None = None
    ended: bool = False
    agentic: bool = False
    interrupt: tuple[Any] | None = None
    """What a LangGraph interrupt below this root asks for."""
    asked: dict[str, Choice] = field(default_factory=dict[str, Choice])
    """Tool calls asked for by the models under this root, by tool_call_id."""
    errors: list[BaseException] = field(default_factory=list[BaseException])
    """Exceptions met under this root: one that travels through five levels is one error."""
    open_ids: set[UUID] = field(default_factory=set["UUID"])

    @property
    def root(self) -> Run:
        """The topmost known ancestor; this run, if its parent is unknown."""
        run = self
        while run.parent is not None:
            run = run.parent
        return run

    @property
    def is_root(self) -> bool:
        """Whether no ancestor is known."""
        return self.parent is None


class Runs:
    """All open runs of one handler. Safe to use from any thread."""

    def __init__(
        self,
        clock: Callable[[], float] = time.perf_counter,
        max_open: int = _MAX_OPEN,
        max_lingering: int = _MAX_LINGERING,
    ) -> None:
        self._clock = clock
        self._max_open = max_open
        self._max_lingering = max_lingering
        # Re-entrant: the garbage collector may close a generator, and so end a run, in the middle of anything.
        self._lock = threading.RLock()
        self._open: dict[UUID, Run] = {}
        self._lingering: dict[UUID, Run] = {}

    def __len__(self) -> int:
        return len(self._open) + len(self._lingering)

    def start(self, started: Started, via: object) -> Run | None:
        """Open a run. None if it is open already: it came by two ways, and the first one counts."""
        with self._lock:
            if self._find(started.run_id) is not None:
                return None
            parent = self._find(started.parent_run_id)
            run = Run(started, parent, via, self._clock())
            root = run.root
            if root.ended:
                self._linger(run)
            else:
                self._open[started.run_id] = run
                root.open_ids.add(started.run_id)
            while len(self._open) > self._max_open:
                self._abandon(next(iter(self._open.values())))
            return run

    def get(self, run_id: UUID | None, via: object = None) -> Run | None:
        """The open run of this id; with `via`, only if the same one brought its start."""
        with self._lock:
            run = self._find(run_id)
        return run if run is None or via is None or run.via is via else None

    def end(self, run: Run) -> bool:
        """Close a run. False if it was closed before."""
        run_id = run.started.run_id
        with self._lock:
            if self._find(run_id) is not run:
                return False
            self._open.pop(run_id, None)
            self._lingering.pop(run_id, None)
            run.root.open_ids.discard(run_id)
            if run.is_root:
                self._close_root(run)
            return True

    def settle(self, run: Run) -> None:
        """Drop what a closed run needed for its own events: runs that outlive it must not keep it alive."""
        run.errors.clear()  # their tracebacks hold every frame they passed

    def first_token(self, run: Run) -> None:
        """Keep when a model's first token came."""
        if run.first_token_ms is None:
            run.first_token_ms = self.elapsed_ms(run)

    def elapsed_ms(self, run: Run) -> float:
        """Milliseconds since the run's start, on a clock that never goes back."""
        return round((self._clock() - run.start_seconds) * 1000, 3)

    def is_new_error(self, run: Run, error: BaseException) -> bool:
        """Whether neither this exception nor one that caused it was met under the run's root before."""
        with self._lock:
            seen = run.root.errors
            cause: BaseException | None = error
            for _ in range(100):  # causes can form a ring
                if cause is None:
                    break
                if any(cause is known for known in seen):
                    return False
                cause = cause.__cause__
            seen.append(error)
            return True

    def take_choice(self, run: Run, tool: str, tool_input: Any, tool_call_id: str | None) -> Choice | None:
        """The choice that led to this tool run.

        By tool_call_id among what the models under the root asked for; else among the pending choices of the parent,
        by tool and input, or by tool where only one is pending. Never merely the latest.
        """
        with self._lock:
            if tool_call_id is not None:
                return run.root.asked.get(tool_call_id)
            if run.parent is None:
                return None
            pending = [choice for choice in run.parent.choices if choice.tool == tool]
            exact = [choice for choice in pending if choice.tool_input == tool_input]
            match exact or pending:
                case [choice, *others] if exact or not others:
                    run.parent.choices.remove(choice)
                    return choice
                case _:
                    return None

    def _find(self, run_id: UUID | None) -> Run | None:
        if run_id is None:
            return None
        return self._open.get(run_id) or self._lingering.get(run_id)

    def _linger(self, run: Run) -> None:
        self._lingering[run.started.run_id] = run
        while len(self._lingering) > self._max_lingering:
            del self._lingering[next(iter(self._lingering))]

    def _close_root(self, root: Run) -> None:
        root.ended = True
        if root.scope is not None:
            root.scope.close()
        for run_id in root.open_ids:
            run = self._open.pop(run_id, None)
            if run is not None:
                self._linger(run)
        root.open_ids.clear()

    def _abandon(self, run: Run) -> None:
        del self._open[run.started.run_id]
        run.root.open_ids.discard(run.started.run_id)
        if run.is_root:
            self._close_root(run)
