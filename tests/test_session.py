"""Bound sessions and `@tool`: what is recorded, what is raised on, and where the current session reaches."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import AsyncSentrialClient, SentrialClient, current_session, tool
from sentrial.server.serve import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One running server for all tests of this module: each has sessions of its own."""
    with EmbeddedServer(tmp_path_factory.mktemp("server") / "sentrial.db") as running:
        yield running


@pytest.fixture
def client(shared: EmbeddedServer) -> Iterator[SentrialClient]:
    """A client of the running server."""
    with SentrialClient(api_url=shared.url) as made:
        yield made


def told(client: SentrialClient, session_id: str, kind: str) -> list[Any]:
    """The events of one kind of a session."""
    return [event for event in client.list_events(session_id) if event["type"] == kind]


def test_leaving_the_block_ends_the_session(client: SentrialClient) -> None:
    """A block that ends well is a success, and the verbs inside it know their session."""
    with client.session(name="s", metadata={"k": 1}, agent="a") as session:
        session.track_tool_call("t", {"q": 1}, duration_ms=3)
        inside = current_session()

    read = client.get_session(session.id)
    assert inside is session
    assert current_session() is None
    assert (read["name"], read["status"], read["agent"], read["metadata"]) == ("s", "success", "a", {"k": 1})
    assert read["tool_call_count"] == 1


def test_an_exception_is_recorded_and_goes_on(client: SentrialClient) -> None:
    """What leaves the block is recorded with its stack, ends the session as an error, and is raised as it was."""
    problem = LookupError("no such order")

    with pytest.raises(LookupError) as caught, client.session(name="s") as session:
        raise problem

    read, (error,) = client.get_session(session.id), told(client, session.id, "error")
    assert caught.value is problem
    assert (read["status"], read["summary"]) == ("error", "LookupError: no such order")
    assert (error["error_type"], error["error_message"]) == ("LookupError", "no such order")
    assert "raise problem" in error["stack_trace"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
def test_an_interruption_is_cancelled_and_no_error(client: SentrialClient, kind: type[BaseException]) -> None:
    """Being interrupted or cancelled ends the session as cancelled, without an error, and goes on its way."""
    session = client.session(name="s")

    with pytest.raises(kind), session:
        raise kind

    assert client.get_session(session.id)["status"] == "cancelled"
    assert told(client, session.id, "error") == []


def test_an_own_close_inside_stands(client: SentrialClient) -> None:
    """A session closed in the block keeps that end, whether the block ends well or not."""
    with client.session(name="s") as session:
        session.close("cancelled", "gave up")
    other = client.session(name="t")
    other.close("success", "done")
    with pytest.raises(ValueError, match="after"), other:
        raise ValueError("after")

    read, read_other = client.get_session(session.id), client.get_session(other.id)
    assert (read["status"], read["summary"]) == ("cancelled", "gave up")
    assert (read_other["status"], read_other["summary"]) == ("success", "done")


def test_an_error_without_words_is_recorded_all_the_same(client: SentrialClient) -> None:
    """An exception whose text can't be read neither hides nor is hidden."""

    class Mute(Exception):  # noqa: N818 - it is what it is called
        def __str__(self) -> str:
            raise RuntimeError

    with pytest.raises(Mute), client.session(name="s") as session:
        raise Mute

    (error,) = told(client, session.id, "error")
    assert error["error_type"] == "Mute"


def test_sessions_nest(client: SentrialClient) -> None:
    """The innermost session is the current one, and the outer one is again after it; so it is for one met twice."""
    with client.session(name="outer") as outer:
        with client.session(name="inner") as inner:
            innermost = current_session()
        between = current_session()
        with outer:
            twice = current_session()
        after = current_session()

    assert (innermost, between, twice, after) == (inner, outer, outer, outer)
    assert current_session() is None


def test_a_session_may_end_in_another_context(client: SentrialClient) -> None:
    """A block that begins in one context and ends in another, as a framework's generators do, still ends well."""
    session = client.session(name="s")
    contextvars.copy_context().run(session.__enter__)

    contextvars.copy_context().run(session.__exit__, None, None, None)

    assert client.get_session(session.id)["status"] == "success"


def test_a_tool_is_recorded_with_what_went_in_and_out(client: SentrialClient) -> None:
    """Arguments by name, defaults left out, the result, the time and the function's own name."""

    @tool
    def add(first: int, second: int = 2, *rest: int, **named: int) -> dict[str, int]:
        """Add."""
        return {"sum": first + second + sum(rest) + sum(named.values())}

    with client.session(name="s") as session:
        results = add(1), add(1, 5, 7, extra=9)

    calls = told(client, session.id, "tool_call")
    assert results == ({"sum": 3}, {"sum": 22})
    assert (add.__name__, add.__doc__) == ("add", "Add.")
    assert [call["tool_name"] for call in calls] == ["add", "add"]
    assert calls[0]["tool_input"] == {"first": 1}
    assert calls[1]["tool_input"] == {"first": 1, "second": 5, "rest": [7], "named": {"extra": 9}}
    assert calls[1]["tool_output"] == {"sum": 22}
    assert all(call["duration_ms"] >= 0 and call["status"] == "success" for call in calls)


def test_an_async_tool_is_recorded_too(client: SentrialClient) -> None:
    """A decorated coroutine is awaited as before, and recorded under its given name."""

    @tool(name="slow search")
    async def search(query: str) -> str:
        await asyncio.sleep(0.02)
        return query.upper()

    async def run() -> str:
        async with client.session(name="s") as session:
            assert await search("x") == "X"
        return session.id

    session_id = asyncio.run(run())

    (call,) = told(client, session_id, "tool_call")
    assert (call["tool_name"], call["tool_input"], call["tool_output"]) == ("slow search", {"query": "x"}, "X")
    assert 15 < call["duration_ms"] < 2000


def test_a_tools_exception_is_recorded_and_goes_on(client: SentrialClient) -> None:
    """A tool that raises is an error with its type, message and stack; a wrong call stays a TypeError."""

    @tool
    def fail(reason: str) -> None:
        raise LookupError(reason)

    with client.session(name="s") as session:
        with pytest.raises(LookupError, match="gone"):
            fail("gone")
        with pytest.raises(TypeError):
            fail()  # type: ignore[call-arg]  # the wrong call is the test

    first, second = told(client, session.id, "tool_call")
    assert (first["status"], first["error"]["type"], first["error"]["message"]) == ("error", "LookupError", "gone")
    assert "raise LookupError(reason)" in first["error"]["stack_trace"]
    assert second["error"]["type"] == "TypeError"


def test_tools_nest(client: SentrialClient) -> None:
    """A tool that a tool calls is recorded as happening in it, and the next one beside it is not."""

    @tool
    def inner() -> None:
        """Do nothing."""

    @tool
    def outer() -> None:
        inner()

    with client.session(name="s") as session:
        outer()
        inner()

    calls = told(client, session.id, "tool_call")
    (parent,) = [call["id"] for call in calls if call["tool_name"] == "outer"]
    parents = [call.get("parent_id") for call in calls if call["tool_name"] == "inner"]
    assert parents == [parent, None]


def test_a_tool_outside_of_a_session_is_just_the_function(client: SentrialClient) -> None:
    """Without a session around it nothing is recorded."""

    @tool
    def plain(value: int) -> int:
        return value + 1

    result = plain(1)

    assert result == 2
    assert client.stats().appended == 0


def test_what_a_tool_does_to_its_arguments_changes_nothing(client: SentrialClient) -> None:
    """The input is what it was when the tool was called, though the tool empties it; the output as it was returned."""
    result = ["r"]

    @tool
    def consume(items: list[int], options: dict[str, Any]) -> list[str]:
        items.clear()
        options["password"] = "hunter2"
        return result

    with client.session(name="s") as session:
        consume([1, 2, 3], {"deep": {"password": "hunter2"}})
        result.append("later")

    (call,) = told(client, session.id, "tool_call")
    assert call["tool_input"] == {"items": [1, 2, 3], "options": {"deep": {"password": "[redacted]"}}}
    assert call["tool_output"] == ["r"]


def test_a_method_is_recorded_without_its_self(client: SentrialClient) -> None:
    """The object a method belongs to is no input of it."""

    class Desk:
        @tool
        def open(self, ticket: int) -> int:
            return ticket

    with client.session(name="s") as session:
        Desk().open(7)

    (call,) = told(client, session.id, "tool_call")
    assert (call["tool_name"], call["tool_input"]) == ("open", {"ticket": 7})


def test_the_current_session_follows_tasks_and_not_threads(client: SentrialClient) -> None:
    """Tasks begun inside a session see it, each its own innermost one; another thread sees none."""
    seen: dict[str, Any] = {}

    async def child(name: str) -> None:
        with client.session(name=name) as own:
            await asyncio.sleep(0)
            seen[name] = current_session() is own

    async def run() -> None:
        async with client.session(name="outer") as outer:
            await asyncio.gather(child("a"), child("b"))
            seen["outer"] = current_session() is outer
            thread = threading.Thread(target=lambda: seen.update(thread=current_session()))
            thread.start()
            thread.join()
            seen["to_thread"] = await asyncio.to_thread(current_session) is outer

    asyncio.run(run())

    assert seen == {"a": True, "b": True, "outer": True, "thread": None, "to_thread": True}


def test_an_async_clients_session_works_with_both_kinds_of_block(server: EmbeddedServer) -> None:
    """`async with` and `with` both bind an async client's session, and its verbs may be awaited."""

    async def run() -> list[str]:
        async with AsyncSentrialClient(api_url=server.url) as client:
            async with client.session(name="a") as first:
                await first.track_decision("why")
            with client.session(name="b") as second:
                second.track_decision("why")
            return [(await client.get_session(session.id))["status"] for session in (first, second)]

    assert asyncio.run(run()) == ["success", "success"]
