"""SentrialClient against a live server: the documented calls as they are documented, and what is read back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import SentrialClient
from sentrial.server.serve import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator


RFC3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


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


def events_of(client: SentrialClient, session_id: str, kind: str) -> list[dict[str, Any]]:
    """The events of one kind, without what the client itself adds."""
    added = {"id", "timestamp", "producer_id", "sequence", "session_id"}
    found: list[Any] = [event for event in client.list_events(session_id) if event["type"] == kind]
    return [{key: value for key, value in event.items() if key not in added} for event in found]


def test_the_documented_session_is_read_back_as_documented(client: SentrialClient) -> None:
    """A new session has its id, name, status "active", a time in RFC 3339 and its metadata."""
    session_id = client.create_session(
        name="Customer Support Agent", metadata={"user_id": "user_123", "environment": "production"}
    )

    session = client.get_session(session_id)

    assert type(session_id) is str
    assert re.fullmatch(r"sess_[0-9a-f]{32}", session_id)
    assert type(session) is dict
    assert session["id"] == session_id
    assert session["name"] == "Customer Support Agent"
    assert session["status"] == "active"
    assert RFC3339_UTC.fullmatch(session["created_at"])
    assert session["metadata"] == {"user_id": "user_123", "environment": "production"}
    assert session["user_id"] == "user_123"
    assert session["closed_at"] is None


def test_the_documented_close_ends_the_session(client: SentrialClient) -> None:
    """`close_session` gives None, and the session its status, its summary and its end."""
    session_id = client.create_session(name="Customer Support Agent")

    result = client.close_session(  # type: ignore[func-returns-value]  # that it returns None is the promise
        session_id, status="success", summary="Successfully helped user reset password"
    )

    session = client.get_session(session_id)
    assert result is None
    assert (session["status"], session["summary"]) == ("success", "Successfully helped user reset password")
    assert RFC3339_UTC.fullmatch(session["closed_at"] or "")


def test_the_documented_tool_call_is_read_back_whole(client: SentrialClient) -> None:
    """Each documented argument of `track_tool_call` comes back under its own name."""
    session_id = client.create_session(name="s")

    event_id = client.track_tool_call(
        session_id=session_id,
        tool_name="search_knowledge_base",
        tool_input={"query": "password reset", "max_results": 5},
        tool_output={"articles": ["KB-001", "KB-002"], "relevance_scores": [0.95, 0.87]},
        reasoning="User mentioned password issues",
        duration_ms=150,
        status="success",
    )

    assert type(event_id) is str
    assert re.fullmatch(r"evt_[0-9a-f]{32}", event_id)
    assert events_of(client, session_id, "tool_call") == [
        {
            "type": "tool_call",
            "tool_name": "search_knowledge_base",
            "tool_input": {"query": "password reset", "max_results": 5},
            "tool_output": {"articles": ["KB-001", "KB-002"], "relevance_scores": [0.95, 0.87]},
            "reasoning": "User mentioned password issues",
            "duration_ms": 150,
            "status": "success",
            "metadata": {},
        }
    ]


def test_the_documented_decision_is_read_back_whole(client: SentrialClient) -> None:
    """Each documented argument of `track_decision` comes back under its own name."""
    session_id = client.create_session(name="s")
    alternatives = ["Try another knowledge base article", "Ask user for more details", "Escalate to human support"]

    event_id = client.track_decision(
        session_id=session_id,
        reasoning="User has tried KB articles. Escalating to human support.",
        alternatives=alternatives,
        chosen="Escalate to human support",
        confidence=0.85,
        metadata={"kb_articles_tried": 3, "user_frustration_level": "high"},
    )

    assert type(event_id) is str
    assert events_of(client, session_id, "decision") == [
        {
            "type": "decision",
            "reasoning": "User has tried KB articles. Escalating to human support.",
            "alternatives": alternatives,
            "chosen": "Escalate to human support",
            "confidence": 0.85,
            "metadata": {"kb_articles_tried": 3, "user_frustration_level": "high"},
        }
    ]


def test_the_documented_llm_call_is_read_back_whole(client: SentrialClient) -> None:
    """Each documented argument of `track_llm_call` comes back under its own name."""
    session_id = client.create_session(name="s")

    event_id = client.track_llm_call(
        session_id=session_id,
        model="gpt-4",
        prompt="Generate a professional password reset email...",
        response="Dear user, here's how to reset your password...",
        tokens_used=250,
        prompt_tokens=100,
        completion_tokens=150,
        cost=0.005,
        duration_ms=1200,
    )

    assert type(event_id) is str
    assert events_of(client, session_id, "llm_call") == [
        {
            "type": "llm_call",
            "model": "gpt-4",
            "prompt": "Generate a professional password reset email...",
            "response": "Dear user, here's how to reset your password...",
            "tokens_used": 250,
            "prompt_tokens": 100,
            "completion_tokens": 150,
            "cost": 0.005,
            "duration_ms": 1200,
            "status": "success",
            "metadata": {},
        }
    ]


def test_the_documented_error_is_read_back_whole(client: SentrialClient) -> None:
    """Each documented argument of `track_error` comes back under its own name."""
    session_id = client.create_session(name="s")

    event_id = client.track_error(
        session_id=session_id,
        error_type="APIError",
        error_message="Knowledge base API timeout",
        stack_trace="Traceback (most recent call last):\n...",
        recoverable=True,
        recovery_action="Retry with fallback search",
    )

    assert type(event_id) is str
    assert events_of(client, session_id, "error") == [
        {
            "type": "error",
            "error_type": "APIError",
            "error_message": "Knowledge base API timeout",
            "stack_trace": "Traceback (most recent call last):\n...",
            "recoverable": True,
            "recovery_action": "Retry with fallback search",
            "metadata": {},
        }
    ]


def test_what_is_not_documented_is_read_back_too(client: SentrialClient) -> None:
    """The keyword-only arguments come back under their own names as well."""
    session_id = client.create_session(
        "s", None, agent="support", user_id="u", tags=["a", "b"], version="1.2", input={"question": "why"}
    )
    outer = client.track_tool_call(session_id, "outer", error=ValueError("bad"), status="error", metadata={"k": 1})
    client.track_llm_call(
        session_id,
        "m",
        [{"role": "user", "content": "hi"}],
        cache_read_tokens=1,
        cache_write_tokens=2,
        reasoning_tokens=3,
        time_to_first_token_ms=4.5,
        status="cancelled",
        parent_id=outer,
        timestamp="2026-01-02T03:04:05Z",
    )
    client.track_decision(session_id, "r", [{"name": "a", "score": 0.5}], name="route", parent_id=outer)
    client.track_error(session_id, "E", "m", recoverable=None, tool_name="outer")

    session = client.get_session(session_id)
    (tool,) = events_of(client, session_id, "tool_call")
    (llm,) = events_of(client, session_id, "llm_call")
    (decision,) = events_of(client, session_id, "decision")
    (error,) = events_of(client, session_id, "error")

    told = {key: session[key] for key in ("agent", "user_id", "tags", "version", "input")}  # type: ignore[literal-required]
    assert told == {
        "agent": "support",
        "user_id": "u",
        "tags": ["a", "b"],
        "version": "1.2",
        "input": {"question": "why"},
    }
    assert (tool["error"]["type"], tool["error"]["message"]) == ("ValueError", "bad")
    assert (tool["status"], tool["metadata"]) == ("error", {"k": 1})
    assert (llm["cache_read_tokens"], llm["cache_write_tokens"], llm["reasoning_tokens"]) == (1, 2, 3)
    assert (llm["time_to_first_token_ms"], llm["status"], llm["parent_id"]) == (4.5, "cancelled", outer)
    assert llm["prompt"] == [{"role": "user", "content": "hi"}]
    assert (decision["alternatives"], decision["name"]) == ([{"name": "a", "score": 0.5}], "route")
    assert (error["recoverable"], error["tool_name"]) == (None, "outer")


def test_a_session_counts_what_happened_in_it(client: SentrialClient) -> None:
    """Events, calls, decisions, errors, tokens and cost are summed; a cost that is not known adds nothing."""
    session_id = client.create_session(name="s")
    client.track_tool_call(session_id, "t")
    client.track_decision(session_id, "r")
    client.track_llm_call(session_id, "m", tokens_used=10, cost=0.25)
    client.track_llm_call(session_id, "m", tokens_used=5)
    client.track_error(session_id, "E", "m")

    session = client.get_session(session_id)

    assert session["event_count"] == 5
    assert (session["tool_call_count"], session["llm_call_count"]) == (1, 2)
    assert (session["decision_count"], session["error_count"]) == (1, 1)
    assert (session["tokens_used"], session["cost"]) == (15, 0.25)


def test_a_given_user_beats_the_one_in_the_metadata(client: SentrialClient) -> None:
    """`user_id` in the metadata counts only where no user is given."""
    session_id = client.create_session("s", {"user_id": "from metadata"}, user_id="given")

    session = client.get_session(session_id)

    assert session["user_id"] == "given"
