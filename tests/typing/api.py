"""What an IDE sees: this file is checked by mypy and pyright, and never run."""

from __future__ import annotations

from typing import Any, assert_type

from sentrial import AsyncSentrialClient, SentrialCallbackHandler, SentrialClient, Stats, current_session, tool
from sentrial.session import BoundSession
from sentrial.types import Decision, ErrorEvent, Event, LLMCall, Session, SessionStatus, ToolCall


def the_documented_calls(client: SentrialClient) -> None:
    """Every documented call, with the types it gives."""
    session_id = client.create_session(name="Customer Support Agent", metadata={"user_id": "user_123"})
    assert_type(session_id, str)
    session = client.get_session(session_id)
    assert_type(session, Session)
    assert_type(session["status"], SessionStatus)
    assert_type(session["metadata"], dict[str, Any])
    tool_call = client.track_tool_call(
        session_id=session_id,
        tool_name="search_knowledge_base",
        tool_input={"query": "password reset"},
        tool_output={"articles": ["KB-001"]},
        reasoning="User mentioned password issues",
        duration_ms=150,
        status="success",
    )
    assert_type(tool_call, str)
    assert_type(client.track_decision(session_id=session_id, reasoning="r", alternatives=["a"], confidence=0.85), str)
    assert_type(client.track_llm_call(session_id=session_id, model="gpt-4", prompt_tokens=100, cost=0.005), str)
    assert_type(client.track_error(session_id=session_id, error_type="E", error_message="m"), str)
    assert_type(client.flush(), int)
    assert_type(client.stats(), Stats)
    client.close_session(session_id, status="success", summary="done")
    SentrialCallbackHandler(client=client, session_id=session_id, verbose=True)


def an_event_narrows_by_its_type(event: Event) -> None:
    """`type` tells the kind, and with it the keys."""
    if event["type"] == "tool_call":
        assert_type(event, ToolCall)
    elif event["type"] == "decision":
        assert_type(event, Decision)
        assert_type(event.get("confidence"), float | None)
    elif event["type"] == "llm_call":
        assert_type(event, LLMCall)
    elif event["type"] == "error":
        assert_type(event, ErrorEvent)


async def the_async_client(client: AsyncSentrialClient) -> None:
    """Recording is a plain call; the ids may be awaited all the same."""
    session_id = client.create_session("s")
    assert_type(await client.track_decision(session_id, "why"), str)
    await client.close_session(session_id)
    assert_type(await client.get_session(session_id), Session)
    async for event in client.list_events(session_id):
        assert_type(event["id"], str)


def a_bound_session(client: SentrialClient) -> None:
    """The verbs keep their parameters, less `session_id`."""
    with client.session(name="s") as session:
        assert_type(session, BoundSession[str])
        assert_type(session.track_tool_call("search", {"q": 1}, duration_ms=3), str)
        assert_type(current_session(), BoundSession[Any] | None)


@tool
def plain(count: int) -> str:
    """A decorated function keeps its signature."""
    return "x" * count


@tool(name="renamed")
async def coroutine(count: int) -> str:
    """A decorated coroutine keeps its signature."""
    return "x" * count


async def the_decorated() -> None:
    """Both give what they give without the decorator."""
    assert_type(plain(3), str)
    assert_type(await coroutine(3), str)
