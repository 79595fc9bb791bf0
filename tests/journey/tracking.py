"""What the children of a battery do: track facts of all kinds, and note each in a ledger once its call has returned.

It runs as a program of its own too: a nursery, which forks a child for each line it reads and kills it at the
moment that the line says. A newcomer's mistake: to import sentrial at the top. A cold nursery's children must
be killed while they do that.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import signal
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_TRACKED = 5000
_LARGE = "All work and no play. " * 2000


class Tracker:
    """Tracks in one session, from one thread: what its ledger lacks is at most the call that was not over yet.

    Args:
        client: A client, of whichever kind.
        ledger: The file to note in: a line for each call, `session number id .`.
        session: The session's id.
    """

    def __init__(self, client: Any, ledger: str, session: str) -> None:
        self._client = client
        self._book = _book(ledger)
        self._session = session
        self._numbers = itertools.count()
        self._verbs: list[Callable[[int], str]] = [self._tool_call, self._llm_call, self._decision, self._error]
        self._verbs.append(self._update)

    def track(self, times: int = 1) -> None:
        """Track some more facts."""
        for _ in range(times):
            number = next(self._numbers)
            verb = self._verbs[number % len(self._verbs)] if number else self._start
            self._note(number, verb(number))

    def end(self) -> None:
        """Close the session."""
        event_id = f"{self._session}.end"
        self._client.close_session(self._session, event_id=event_id)
        self._note(next(self._numbers), event_id)

    def _note(self, number: int, event_id: str) -> None:
        # A kill may cut a note in two, so it begins on a line of its own and counts only with its end mark.
        os.write(self._book, f"\n{self._session} {number} {event_id} .\n".encode())

    def _start(self, number: int) -> str:
        event_id = f"{self._session}.start"
        self._client.create_session("a run", {"n": number}, session_id=self._session, event_id=event_id)
        return event_id

    def _tool_call(self, number: int) -> str:
        output = _LARGE if number % 20 == 0 else "what was found"
        return str(self._client.track_tool_call(self._session, "search", {"q": "x"}, output, metadata={"n": number}))

    def _llm_call(self, number: int) -> str:
        return str(self._client.track_llm_call(self._session, "a-model", "Why?", "So.", metadata={"n": number}))

    def _decision(self, number: int) -> str:
        return str(self._client.track_decision(self._session, "why", ["a", "b"], "a", 0.5, {"n": number}))

    def _error(self, number: int) -> str:
        return str(self._client.track_error(self._session, "E", "what was wrong", metadata={"n": number}))

    def _update(self, number: int) -> str:
        self._client.update_session(self._session, metadata={"n": number})
        return "-"  # the one verb that gives no id


@functools.cache
def _book(ledger: str) -> int:
    """The one descriptor of a ledger that all trackers of a process share, for as long as it lives."""
    return os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def opened(url: str, spool: str, ledger: str, session: str, **settings: Any) -> tuple[Any, Tracker]:
    """A client and a tracker for it."""
    from sentrial import SentrialClient

    client = SentrialClient(api_url=url, spool_dir=spool, max_retries=0, **settings)
    return client, Tracker(client, ledger, session)


def nursery(url: str, spool: str, ledger: str, warmth: str) -> None:
    """Fork a child for each plan on standard input, kill it, and print the status it ended with."""
    if warmth == "warm":
        import sentrial._api
        import sentrial._delivery
        import sentrial._spool  # noqa: F401 - loaded once for all children
    for line in sys.stdin:
        plan = json.loads(line)
        begun, begins = os.pipe()
        child = os.fork()
        if child == 0:
            _live(url, spool, ledger, plan, begins)
        os.read(begun, 1)
        time.sleep(plan["seconds"])
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(begun)
        os.close(begins)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - this is how it answers


def _live(url: str, spool: str, ledger: str, plan: dict[str, Any], begins: int) -> None:
    """A child's life; it never returns."""
    try:
        if plan["phase"] == "import":
            os.write(begins, b".")
        client, first = opened(url, spool, ledger, f"{plan['session']}.0")
        others = [Tracker(client, ledger, f"{plan['session']}.{i}") for i in range(1, plan["threads"])]
        threads = [threading.Thread(target=other.track, args=(_MOST_TRACKED,), daemon=True) for other in others]
        if plan["phase"] != "import":
            os.write(begins, b".")
        for thread in threads:
            thread.start()
        if plan["phase"] == "adopt":
            client.flush(0.05)
        first.track(_MOST_TRACKED)
        time.sleep(60)
    except BaseException:  # noqa: BLE001 - a fork's child must not go on as its parent
        traceback.print_exc()
    finally:
        os._exit(70)


if __name__ == "__main__":
    nursery(*sys.argv[1:5])
