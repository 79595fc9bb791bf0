"""The in-memory clients: the real client's checks and redaction, the real server's answers, and nothing open."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import NotFound, SentrialCallbackHandler, SentrialClient, tool
from sentrial.testing import AsyncInMemoryClient, InMemoryClient
from tests.langchain.agents import executor, refund_turns

if TYPE_CHECKING:
    from sentrial.server.serve import EmbeddedServer


def record_everything(client: SentrialClient) -> None:
    """One call of each verb, with ids and times of their own, and one session that only its event tells of."""
    start = "2025-01-01T00:00:0"
    client.create_session(
        "Refund", {"user_id": "anna", "order": {"id": 7}}, agent="desk", tags=["a", "b"], version="2", input="Hello",
        session_id="one", timestamp=start + "0Z", event_id="e0",
    )  # fmt: skip
    client.track_tool_call("one", "find", {"q": ("x", 1)}, None, status="error", error="none", timestamp=start + "1Z",
                           event_id="e1", duration_ms=5)  # fmt: skip
    client.track_decision("one", "why", ["a", {"name": "b", "score": 0.2}], "a", 0.8, timestamp=start + "2Z",
                          event_id="e2")  # fmt: skip
    client.track_llm_call("one", "gpt", "hi", "ho", prompt_tokens=3, completion_tokens=4, cost=0.01,
                          timestamp=start + "3Z", event_id="e3")  # fmt: skip
    client.track_error("one", "KeyError", "no x", "a stack", timestamp=start + "4Z", event_id="e4")
    client.update_session("one", status="waiting", waiting_for="a person", timestamp=start + "5Z")
    client.track_tool_call("one", "again", event_id="e1", timestamp=start + "6Z")
    client.close_session("one", "success", "Done.", timestamp=start + "7Z", event_id="e7")
    client.track_tool_call("two", "alone", timestamp=start + "8+00:00", event_id="e8")


def told(client: SentrialClient) -> dict[str, Any]:
    """Everything that can be read back, less what differs from one process to the next."""
    sessions = list(client.list_sessions())
    events = [event for session in sessions for event in client.list_events(session["id"])]
    for event in events:
        for fresh in ("producer_id", "sequence", *(["id"] if event["type"] == "session_update" else [])):
            del event[fresh]  # type: ignore[misc]  # the rest must be the same
    return {"sessions": sessions, "events": events}


def test_it_answers_as_a_server_would(server: EmbeddedServer, tmp_path: Path) -> None:
    """The same calls, told to a real server and to memory, read back as the same sessions and events."""
    real, memory = SentrialClient(api_url=server.url, spool_dir=tmp_path / "spool"), InMemoryClient()
    record_everything(real)
    record_everything(memory)

    expected = told(real)
    seen = told(memory)

    assert len(expected["events"]) == 8
    assert seen == expected
    real.close()


def test_events_are_those_of_list_events_and_can_be_filtered() -> None:
    """`events` gives what `list_events` gives, of one session or all, of one kind or all."""
    client = InMemoryClient()
    record_everything(client)

    of_one = client.events("one")
    decisions = client.events(type="decision")

    assert of_one == list(client.list_events("one"))
    assert [event["id"] for event in decisions] == ["e2"]
    assert len(client.events()) == len(of_one) + 1
    assert client.events("unknown") == []


def test_sessions_can_be_filtered() -> None:
    """`list_sessions` gives the newest first, and only those that were asked for."""
    client = InMemoryClient()
    record_everything(client)

    newest_first = [session["id"] for session in client.list_sessions()]
    of_anna = [session["id"] for session in client.list_sessions(user_id="anna", agent="desk", status="success")]

    assert newest_first == ["two", "one"]
    assert of_anna == ["one"]
    assert list(client.list_sessions(status="cancelled")) == []


def test_wrong_use_raises_as_ever() -> None:
    """The checks are the real client's."""
    client = InMemoryClient()

    with pytest.raises(ValueError, match="status must be one of"):
        client.track_tool_call("s", "t", status="great")  # type: ignore[arg-type]

    assert client.events() == []


def test_secrets_are_redacted_as_ever() -> None:
    """What must not be kept is not kept here either: by name, by form, and as the caller asks."""
    client = InMemoryClient(redact=["pin"])

    client.track_tool_call("s", "t", {"password": "hunter2", "pin": "1234", "order": 7})
    [event] = client.events(type="tool_call")

    assert event["type"] == "tool_call"
    assert event["tool_input"] == {"password": "[redacted]", "pin": "[redacted]", "order": 7}


def test_what_is_changed_later_changes_nothing() -> None:
    """Neither the caller's value nor what was read back shares anything with what was recorded."""
    client, given = InMemoryClient(), {"list": [1]}
    client.track_tool_call("s", "t", given)

    given["list"].append(2)
    for read in (client.events()[0], next(iter(client.list_events("s")))):
        assert read["type"] == "tool_call"
        read["tool_input"]["list"].append(3)

    [event] = client.events()
    assert event["type"] == "tool_call"
    assert event["tool_input"] == {"list": [1]}


def test_a_missing_session_is_not_found() -> None:
    """Reading what is not there raises what a server's answer would."""
    client = InMemoryClient()

    with pytest.raises(NotFound, match="no session") as caught:
        client.get_session("nope")

    assert (caught.value.status, caught.value.code) == (404, "not_found")


def test_a_deleted_session_is_gone_and_takes_nothing_more() -> None:
    """As on a server, what comes after a session was deleted is dropped."""
    client = InMemoryClient()
    record_everything(client)

    client.delete_session("one")
    client.track_tool_call("one", "late")

    assert [session["id"] for session in client.list_sessions()] == ["two"]
    with pytest.raises(NotFound):
        list(client.list_events("one"))


def test_clear_forgets_everything() -> None:
    """After `clear` the client is as new."""
    client = InMemoryClient()
    record_everything(client)
    client.delete_session("one")

    client.clear()
    client.track_tool_call("one", "anew")

    assert [event["session_id"] for event in client.events()] == ["one"]
    assert client.stats().appended == 1


def test_sessions_and_tools_work() -> None:
    """`client.session(...)` and `@tool` record into it as into any client."""
    client = InMemoryClient()

    @tool
    def add(a: int, b: int) -> int:
        return a + b

    with client.session("Sum") as session:
        add(1, 2)

    [call] = client.events(session.id, "tool_call")
    assert call["type"] == "tool_call"
    assert (call["tool_name"], call["tool_input"], call["tool_output"]) == ("add", {"a": 1, "b": 2}, 3)
    assert client.get_session(session.id)["status"] == "success"


def test_the_langchain_handler_works() -> None:
    """An agent of LangChain, its handler given this client, is recorded."""
    client = InMemoryClient()
    session_id = client.create_session("Refund desk")
    handler = SentrialCallbackHandler(client=client, session_id=session_id)

    executor(refund_turns(), callbacks=[handler]).invoke({"input": "I was charged twice."})

    tools = [event["tool_name"] for event in client.events(session_id, "tool_call") if event["type"] == "tool_call"]
    assert handler.failures == 0
    assert tools == ["lookup_order", "refund"]


def test_events_of_threads_all_arrive() -> None:
    """Threads may record at once; nothing is lost, and nothing waits."""
    client = InMemoryClient()
    threads = [
        threading.Thread(target=lambda: [client.track_tool_call("s", "t") for _ in range(200)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(client.events()) == 800
    assert client.stats()[:4] == (800, 800, 0, 0)
    assert client.flush() == 0


async def _async_story(client: AsyncInMemoryClient) -> tuple[str, list[str]]:
    async with client.session("Sum") as session:
        await session.track_tool_call("add", {"a": 1})
    read = await client.get_session(session.id)
    return read["status"], [event["type"] async for event in client.list_events(session.id)]


def test_the_async_client_has_its_own() -> None:
    """The in-memory client for coroutines reads back by awaiting."""
    import asyncio

    client = AsyncInMemoryClient()

    status, kinds = asyncio.run(_async_story(client))

    assert status == "success"
    assert kinds == ["session_start", "tool_call", "session_end"] == [event["type"] for event in client.events()]


def test_nothing_is_opened() -> None:
    """A process that records and reads has loaded no HTTP, started no thread and touched no file or socket."""
    script = """
import sys, threading
from sentrial.testing import InMemoryClient
opened = []
watched = {"open", "socket.__new__", "os.mkdir"}
sys.addaudithook(lambda name, args: opened.append((name, args)) if name in watched else None)
client = InMemoryClient()
with client.session("x") as s:
    s.track_tool_call("t", {"a": object()})
client.get_session(s.id), list(client.list_sessions()), list(client.list_events(s.id)), client.flush(), client.close()
print(sorted({"httpx", "sentrial_api", "starlette", "asyncio", "click"} & set(sys.modules)), threading.active_count(), [
    what for what in opened if not str(what[1][0]).endswith((".py", ".pyc"))
])
"""

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout == "[] 1 []\n"


def test_the_examples_are_tests_that_pass(tmp_path: Path) -> None:
    """The example in the README and the one in the module's docstring, as a user would have them, pass under pytest."""
    import sentrial.testing

    readme = Path(__file__).parent.parent.joinpath("README.md").read_text("utf-8")
    [block] = re.findall(r"```py\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "test_readme.py").write_text(block, "utf-8")
    told = "\n".join(line for line in str(sentrial.testing.__doc__).splitlines() if line.startswith("    "))
    agent = "def run_my_agent(client):\n    client.track_tool_call('s', 't', None, {'ok': True})\n\n"
    (tmp_path / "test_docstring.py").write_text(
        f"from sentrial.testing import InMemoryClient\n\n{agent}{textwrap.dedent(told)}", "utf-8"
    )

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_switching_recording_off_does_not_empty_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """SENTRIAL_ENABLED=0, usual where tests run, is meant for clients that send."""
    monkeypatch.setenv("SENTRIAL_ENABLED", "0")
    client = InMemoryClient()

    client.track_tool_call("s", "t")

    assert len(client.events()) == 1
