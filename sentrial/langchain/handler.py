"""The LangChain callback handler.

Given to a constructor or to `invoke(config={"callbacks": [handler]})`, it records the same: see bridge.py for how.
It never raises into LangChain: what goes wrong here is counted in `failures` and logged once.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sentrial.langchain import bridge
from sentrial.langchain.callbacks import Callbacks, Signal
from sentrial.langchain.narration import Narrator
from sentrial.langchain.recorder import Recorder
from sentrial.langchain.runs import Run, Runs
from sentrial.langchain.writer import EventWriter

if TYPE_CHECKING:
    from uuid import UUID

    from sentrial.langchain.tracker import Tracker

_log = logging.getLogger("sentrial")


class SentrialCallbackHandler(Callbacks):
    """Records model calls, tool calls, decisions, errors and how the agent ended, into one session.

    One handler may serve many runs at once, from any thread or task. The session stays the caller's: the handler
    neither opens nor closes it.

    Args:
        client: A `SentrialClient`, or anything with its `track_*` verbs. They must not wait for the network.
        session_id: The session the events belong to.
        verbose: Print one line an event.
        track_chain_of_thought: Keep what the models thought as the reasoning of decisions and tool calls. Without it
            those say which tool was chosen, and no more.
        track_tool_errors: Record an error for a tool that raised. Without it, the tool call alone says so.

    Raises:
        TypeError: `session_id` is not a string.
        ValueError: `session_id` is empty.
    """

    def __init__(
        self,
        client: Tracker,
        session_id: str,
        verbose: bool = False,
        track_chain_of_thought: bool = True,
        track_tool_errors: bool = True,
    ) -> None:
        super().__init__()
        if not isinstance(session_id, str):  # pyright: ignore[reportUnnecessaryIsInstance]  callers may not check types
            raise TypeError(f"session_id is the string that create_session returned, not {type(session_id).__name__}")
        if not session_id:
            raise ValueError("session_id is empty")
        self._runs = Runs()
        self._recorder = Recorder(
            self._runs,
            EventWriter(client, session_id, self._runs, Narrator(on=verbose)),
            chain_of_thought=track_chain_of_thought,
            tool_errors=track_tool_errors,
        )
        self._failures = 0

    @property
    def failures(self) -> int:
        """How many callbacks could not be recorded because something raised here or in the client."""
        return self._failures

    def receive(self, signal: Signal) -> None:
        """Take a signal that LangChain sent to this handler itself."""
        self.receive_by(signal, self)

    def receive_by(self, signal: Signal, via: object) -> None:
        """Take a signal that came by `via`: the handler itself, or a bridge."""
        try:
            begun = self._recorder.observe(signal, via)
            if begun is not None and begun.is_root and begun.started.kind != "model":
                begun.scope = bridge.enter(self, begun)
        except Exception as problem:  # noqa: BLE001  # the one guard: recording never hurts the agent
            self._failures += 1
            level = logging.WARNING if self._failures == 1 else logging.DEBUG
            _log.log(level, "A LangChain callback was not recorded: %s: %s", type(problem).__name__, problem)

    def root_of(self, run_id: UUID | None) -> Run | None:
        """The topmost known run above an open run; None if the run is not known."""
        run = self._runs.get(run_id)
        return None if run is None else run.root
