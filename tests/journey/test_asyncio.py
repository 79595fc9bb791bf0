"""In an event loop: recording, and what the worker does meanwhile, hold it up no longer than 20 ms."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import AsyncSentrialClient, SentrialClient
from tests.journey.battery import ServerProcess
from tests.journey.loops import lag
from tests.journey.processes import finish, free_port
from tests.journey.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_MS = 20
LONGEST_CALL_MS = 50
"""What one call may take for a value with as many parts as an event may have: the walk is told to stop there."""

WORDS = "Who seeks, finds; who asks, is told. " * 6900
LARGE: tuple[Any, ...] = (
    WORDS,
    [WORDS[:240_000]] * 3,
    os.urandom(120_000).hex(),
    b"\x00" * 1_000_000,
    list(range(1_000_000)),
)
"""Values as large as an event may hold, or far beyond it."""

INTRICATE: tuple[Any, ...] = (
    [{"number": number, "text": str(number)} for number in range(6000)],
    [float(number) for number in range(19_000)],
    {f"name {number}": "ä€😀" for number in range(5000)},
)
"""Values with nearly as many parts as an event may have."""


@contextlib.contextmanager
def peer(kind: str, folder: Path) -> Iterator[str]:
    """The address of a server that is `up`, `hanging` or `down`; never in this process, which is measured."""
    match kind:
        case "up":
            with ServerProcess(folder / "db") as server:
                yield server.url
        case "hanging":
            with socket.create_server(("127.0.0.1", 0)) as listener:  # the kernel accepts; nobody answers
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        case _:
            yield f"http://127.0.0.1:{free_port()}"


def measure(client: SentrialClient | AsyncSentrialClient, values: tuple[Any, ...], runs: int) -> Any:
    """How a loop is held up while a client records on it, one of the values each millisecond."""
    given = itertools.cycle(values)

    def work() -> None:
        value = next(given)
        client.track_tool_call("s", "search", {"question": value}, value)

    async def run() -> Any:
        client.track_tool_call("s", "search")  # the first event opens the spool
        found = await lag(work, runs=runs)
        if isinstance(client, AsyncSentrialClient):
            await client.aclose(0)
        else:
            client.close(0)
        return found

    return asyncio.run(run())


LONG_CASES = [
    pytest.param(SentrialClient, kind, (value,), 5, id=f"long-{kind}-{number}", marks=pytest.mark.long)
    for kind in ("up", "hanging", "down")
    for number, value in enumerate(("a word", *LARGE))
]


@pytest.mark.parametrize(
    ("make", "kind", "values", "runs"),
    [
        (SentrialClient, "up", ("a word",), 4),
        (AsyncSentrialClient, "up", ("a word",), 4),
        (SentrialClient, "hanging", LARGE, 3),
        (AsyncSentrialClient, "hanging", LARGE, 3),
        (AsyncSentrialClient, "down", LARGE, 2),
        *LONG_CASES,
    ],
)
def test_recording_does_not_hold_up_the_loop(
    tmp_path: Path, make: Any, kind: str, values: tuple[Any, ...], runs: int
) -> None:
    """Whatever is recorded, and however the server does, a loop is never held up for more than 20 ms by us."""
    with peer(kind, tmp_path) as url:
        client = make(api_url=url, spool_dir=tmp_path / "spool", max_retries=100, timeout=1)
        found = measure(client, values, runs)
        recorded = client.stats().appended

    assert recorded > runs * 2
    assert found.ours < LONGEST_MS, found


@pytest.mark.parametrize("value", INTRICATE, ids=["records", "numbers", "names"])
def test_the_most_intricate_values_hold_up_the_loop_for_one_call(tmp_path: Path, value: Any) -> None:
    """A value of 20,000 parts takes no longer than a call may."""
    client = SentrialClient(api_url="http://127.0.0.1:9", spool_dir=tmp_path, max_retries=100)

    found = measure(client, (value,), 2)

    assert found.ours < LONGEST_CALL_MS, found


def test_the_measure_sees_a_call_that_blocks(tmp_path: Path) -> None:
    """A redaction hook that sleeps for 30 ms is seen: the battery above can fail."""

    def sleepy(name: str, value: Any) -> Any:
        time.sleep(0.03)
        return value

    client = SentrialClient(api_url="http://127.0.0.1:9", spool_dir=tmp_path, max_retries=100, redact=sleepy)

    found = measure(client, ("a word",), 2)

    assert found.working >= 30
    assert found.ours >= LONGEST_MS


def test_the_measure_sees_a_call_that_computes(tmp_path: Path) -> None:
    """A redaction hook that computes for 30 ms shows in the CPU of the call, however busy the machine is."""

    def busy(name: str, value: Any) -> Any:
        until = time.thread_time() + 0.03
        while time.thread_time() < until:
            pass
        return value

    client = SentrialClient(api_url="http://127.0.0.1:9", spool_dir=tmp_path, max_retries=100, redact=busy)

    found = measure(client, ("a word",), 2)

    assert found.call >= LONGEST_MS


@pytest.mark.skipif(sys.platform == "win32", reason="the programs of the batteries are for POSIX")
def test_the_first_read_does_not_hold_up_the_loop(tmp_path: Path) -> None:
    """What the first read loads, the HTTP client say, is loaded beside the loop and not on it."""
    url = f"http://127.0.0.1:{free_port()}"

    ends = [finish(Scene(tmp_path).start("first_read", url=url)) for _ in range(3)]

    assert [(status, err) for status, _, err in ends] == [(0, "")] * 3
    assert min(float(out) for _, out, _ in ends) < LONGEST_MS
