"""An async agent: `async with`, the `@tool` decorator, and reads that are awaited.

Run it with: `sentrial dev -- python examples/async_agent.py`
"""

from __future__ import annotations

import asyncio

from sentrial import AsyncSentrialClient, tool


@tool
async def find_flights(origin: str, destination: str) -> list[str]:
    """A tool: each call becomes an event of the current session, with its input, output and time."""
    await asyncio.sleep(0.02)
    return [f"HAT{number} {origin}-{destination}" for number in (136, 228)]


@tool
async def book(flight: str) -> str:
    """A tool that fails: the error is recorded, and goes on its way."""
    raise ValueError(f"{flight} is sold out")


async def main() -> None:
    """Two flights are found; the first is sold out, so the agent takes the second."""
    async with AsyncSentrialClient() as client:
        async with client.session(name="Travel agent", user_id="mia_li") as session:
            flights = await find_flights("JFK", "SEA")
            session.track_decision(
                "The first one leaves earlier.", alternatives=flights, chosen=flights[0], confidence=0.6
            )
            try:
                await book(flights[0])
            except ValueError as error:
                session.track_error("ValueError", str(error), recovery_action=f"Take {flights[1]}")

        found = await client.get_session(session.id)
        print(f"{found['name']}: {found['status']}, {found['event_count']} events")
        async for event in client.list_events(session.id):
            print(f"  {event['timestamp']}  {event['type']}")


asyncio.run(main())
