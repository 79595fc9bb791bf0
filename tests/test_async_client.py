"""AsyncSentrialClient: the same verbs with and without `await`, reads that wait, and a loop that is never blocked."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import AsyncSentrialClient, ConnectionFailed, NotFound
from tests.journey.peers import Peer, hang
from tests.journey.processes import free_port, run

if TYPE_CHECKING:
    from pathlib import Path

    from sentrial.server.serve import EmbeddedServer


def test_each_verb_works_with_and_without_await(server: EmbeddedServer) -> None:
    """An id is a str that awaits to itself; what gives None may be awaited as well."""

    async def run() -> None:
        async with AsyncSentrialClient(api_url=server.url) as client:
            plain: list[Any] = [
                client.create_session("s", session_id="s"),
                client.track_tool_call("s", "t"),
                client.track_decision("s", "r"),
                client.track_llm_call("s", "m"),
                client.track_error("s", "E", "m"),
            ]
            awaited = [
                await client.create_session("s2", session_id="s2"),
                await client.track_tool_call("s2", "t"),
                await client.track_decision("s2", "r"),
                await client.track_llm_call("s2", "m"),
                await client.track_error("s2", "E", "m"),
            ]
            client.update_session("s", status="waiting")
            updated: Any = await client.update_session("s2", status="waiting")
            client.close_session("s")
            closed: Any = await client.close_session("s2", "error", "broken")
            statuses = [(await client.get_session(session))["status"] for session in ("s", "s2")]

        assert all(isinstance(value, str) for value in plain)
        assert all(type(value) is str for value in awaited)
        assert (updated, closed, statuses) == (None, None, ["success", "error"])

    asyncio.run(run())


def test_reads_are_awaited_and_lists_are_iterated(server: EmbeddedServer) -> None:
    """Sessions and events come through `async for`, over pages; a deleted session is not found."""

    async def run() -> None:
        async with AsyncSentrialClient(api_url=server.url) as client:
            session_id = client.create_session("s", agent="a")
            ids: list[str] = [client.track_tool_call(session_id, "t", {"i": i}) for i in range(250)]

            events = [event["id"] async for event in client.list_events(session_id) if event["type"] == "tool_call"]
            sessions = [session["id"] async for session in client.list_sessions(agent="a")]
            left = await client.flush(5)
            await client.delete_session(session_id)

            assert (events, sessions, left) == (ids, [session_id], 0)
            with pytest.raises(NotFound):
                await client.get_session(session_id)

    asyncio.run(run())


def test_one_client_serves_two_loops_one_after_the_other(server: EmbeddedServer) -> None:
    """A client made outside of any loop works in each loop that comes, as notebooks and tests do it."""
    client = AsyncSentrialClient(api_url=server.url)

    async def read(name: str, *, last: bool) -> str | None:
        session = await client.get_session(client.create_session(name))
        if last:
            await client.aclose()
        else:
            await client._reader.aclose()  # type: ignore[union-attr]  # or this loop's connection would leak
        return session["name"]

    names = asyncio.run(read("one", last=False)), asyncio.run(read("two", last=True))

    assert names == ("one", "two")


def test_closing_again_is_harmless(server: EmbeddedServer) -> None:
    """`aclose` twice is `aclose`."""

    async def run() -> int:
        client = AsyncSentrialClient(api_url=server.url)
        client.create_session("s")
        await client.aclose()
        await client.aclose()
        return client.stats().pending

    assert asyncio.run(run()) == 0


def test_a_read_without_a_server_fails_at_once() -> None:
    """With nothing listening an awaited read raises ConnectionFailed in less than two seconds."""

    async def run() -> float:
        async with AsyncSentrialClient(api_url=f"http://127.0.0.1:{free_port()}") as client:
            client.create_session("s")
            begun = time.monotonic()
            with pytest.raises(ConnectionFailed):
                await client.get_session("s")
            took = time.monotonic() - begun
            await client.aclose(0)
            return took

    assert asyncio.run(run()) < 2


def test_the_loop_is_not_blocked() -> None:
    """While reads, `flush` and `aclose` wait for a server that hangs, the loop goes on ticking."""

    async def run() -> float:
        longest, last = 0.0, time.monotonic()
        with Peer(hang) as peer:
            client = AsyncSentrialClient(api_url=peer.url, timeout=0.3, max_retries=0)

            async def work() -> None:
                for i in range(100):
                    client.track_tool_call("s", "t", {"i": i})
                await client.flush(0.2)
                with pytest.raises(ConnectionFailed):
                    await client.get_session("s")
                await client.aclose(0.2)

            working = asyncio.create_task(work())
            while not working.done():
                await asyncio.sleep(0.005)
                longest, last = max(longest, time.monotonic() - last), time.monotonic()
            await working
        return longest

    assert asyncio.run(run()) < 0.2


def test_a_cancelled_read_leaves_the_client_usable(server: EmbeddedServer) -> None:
    """A read that is cancelled while it waits ends at once; the client goes on, its events safe."""

    async def run() -> None:
        with Peer(hang) as peer:
            client = AsyncSentrialClient(api_url=peer.url, timeout=5)
            reading = asyncio.create_task(client.get_session("s"))
            await asyncio.sleep(0.05)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            client.track_tool_call("s", "t")
            await client.aclose(0)

        assert client.stats().pending == 1

    asyncio.run(run())


def test_entering_the_client_loads_what_the_first_event_needs(tmp_path: Path) -> None:
    """In `async with` the first event finds everything loaded, and until then no file is made."""
    script = (
        "import asyncio, os, sys\n"
        "from sentrial import AsyncSentrialClient\n"
        "async def main():\n"
        "    async with AsyncSentrialClient(api_url='http://127.0.0.1:9', spool_dir=sys.argv[1]) as client:\n"
        "        before = set(sys.modules)\n"
        "        print(os.path.exists(sys.argv[1]))\n"
        "        client.track_tool_call('s', 't')\n"
        "        print(*set(sys.modules) - before)\n"
        "        await client.aclose(0)\n"
        "asyncio.run(main())\n"
    )

    status, out, _ = run(script, tmp_path / "spool")
    opened, late = out.splitlines()

    assert (status, opened) == (0, "False")
    # The worker's thread loads what it sends with, beside it.
    own = {name for name in late.split() if name.startswith(("sentrial.", "msgspec", "ctypes", "platformdirs"))}
    assert own <= {"sentrial._sending", "sentrial._api"}
