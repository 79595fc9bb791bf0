"""A host that runs session after session; it says what it holds now and then, once everything is delivered.

A newcomer's mistake: to measure while events are under way. Argument: how many sessions; a line of JSON is said
after each tenth of them.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import tracemalloc
from pathlib import Path

from sentrial import SentrialClient

PARTS = 10


def run(client: SentrialClient, number: int) -> None:
    """One session of five events, its start and end included; by turns bound, and by the verbs."""
    session_id = f"session-{number}"
    if number % 2:
        client.create_session("a run", session_id=session_id)
        client.track_decision(session_id, "why", ["a", "b"], "a", 0.5)
        client.track_llm_call(session_id, "a-model", "Why?", "So.")
        client.track_error(session_id, "E", "what was wrong")
        client.close_session(session_id)
        return
    with client.session("a run", session_id=session_id) as session:
        for step in range(3):
            session.track_tool_call("search", {"step": step}, "found")


def held() -> dict[str, int]:
    """What this process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return {
        "threads": threading.active_count(),
        "tasks": len(os.listdir("/proc/self/task")),  # noqa: PTH208 - names are enough
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
        "files": sum(path.is_file() for path in Path(os.environ["SENTRIAL_SPOOL_DIR"]).rglob("*")),
        "traced_bytes": tracemalloc.get_traced_memory()[0],
        "resident_bytes": pages * os.sysconf("SC_PAGE_SIZE"),
    }


def main() -> None:
    """Run the sessions."""
    sessions = int(sys.argv[1])
    tracemalloc.start()
    with SentrialClient() as client:
        for number in range(sessions):
            run(client, number)
            if (number + 1) % (sessions // PARTS) == 0:
                client.get_session(f"session-{number}")
                left = client.flush(30)
                sys.stdout.write(json.dumps(held() | {"left": left}) + "\n")


if __name__ == "__main__":
    main()
