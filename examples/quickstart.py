"""The documented calls, one after the other.

Run it with a server and a link to what it recorded: `sentrial dev -- python examples/quickstart.py`
"""

from __future__ import annotations

from sentrial import SentrialClient

client = SentrialClient()  # the address comes from SENTRIAL_API_URL

session_id = client.create_session(
    name="Customer Support Agent",
    metadata={"user_id": "user_123", "environment": "production"},
)

client.track_tool_call(
    session_id=session_id,
    tool_name="search_knowledge_base",
    tool_input={"query": "password reset", "max_results": 5},
    tool_output={"articles": ["KB-001", "KB-002"], "relevance_scores": [0.95, 0.87]},
    reasoning="User mentioned password issues",
    duration_ms=150,
    status="success",
)
client.track_decision(
    session_id=session_id,
    reasoning="User has tried KB articles. Escalating to human support.",
    alternatives=["Try another article", "Ask user for more details", "Escalate to human support"],
    chosen="Escalate to human support",
    confidence=0.85,
)
client.track_llm_call(
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
client.close_session(session_id, status="success", summary="Successfully helped user reset password")

session = client.get_session(session_id)
print(f"{session['name']}: {session['status']}, {session['event_count']} events, ${session['cost']}")
print(f"See it at {client.api_url}/sessions/{session_id}")
client.close()
