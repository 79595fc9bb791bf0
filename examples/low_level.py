"""The generated client alone, sync and async: one function for each operation of openapi.yaml.

Run it with: `sentrial dev -- python examples/low_level.py`
"""

from __future__ import annotations

import asyncio
import json
import os

from sentrial_api import AuthenticatedClient
from sentrial_api.api.events import create_event, ingest_events, list_session_events
from sentrial_api.api.sessions import create_session, get_session, update_session
from sentrial_api.models import CreateSession, Session, ToolCallEvent, UpdateSession
from sentrial_api.types import File

address = os.environ.get("SENTRIAL_API_URL", "http://127.0.0.1:7777")
# A server on this machine takes any key until one is made.
client = AuthenticatedClient(base_url=address, token=os.environ.get("SENTRIAL_API_KEY", "any"), timeout=10)

with client as client:
    session = create_session.sync(client=client, body=CreateSession(name="By hand"))
    assert isinstance(session, Session)
    create_event.sync(
        client=client,
        body=ToolCallEvent(
            event_type="tool_call", session_id=session.id, tool_name="search", tool_input={"query": "password reset"}
        ),
    )
    # Many events at once: a line of JSON each.
    lines = [
        {"eventType": "llm_decision", "sessionId": session.id, "id": f"{session.id}.{n}", "chosen": "refund"}
        for n in range(3)
    ]
    result = ingest_events.sync(client=client, body=File(payload="\n".join(map(json.dumps, lines)).encode()))
    print("the batch:", result)


async def read_back(session_id: str) -> None:
    """Every operation has an `asyncio` form."""
    async with AuthenticatedClient(base_url=address, token="any", timeout=10) as client:
        await update_session.asyncio(session_id, client=client, body=UpdateSession(status="success"))
        session = await get_session.asyncio(session_id, client=client)
        page = await list_session_events.asyncio(session_id, client=client)
        print("the session:", session.status, "with", [event.event_type for event in page.items])


asyncio.run(read_back(session.id))
