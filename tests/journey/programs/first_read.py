"""A program that reads on an event loop before it has recorded anything; it says how long that held up the loop.

What it says is in milliseconds. The server it asks is not there: the read fails, and that is not the matter here.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time

from sentrial import APIError, AsyncSentrialClient

PAUSE_SECONDS = 0.001


async def main() -> None:
    """Read once, and watch the loop meanwhile."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(PAUSE_SECONDS)
            longest = max(longest, time.perf_counter() - begun - PAUSE_SECONDS)

    async with AsyncSentrialClient() as client:
        watching = asyncio.create_task(watch())
        await asyncio.sleep(0.05)
        longest = 0.0
        with contextlib.suppress(APIError):
            await client.get_session("s")
        await asyncio.sleep(0.01)
        watching.cancel()
    sys.stdout.write(str(longest * 1000))


if __name__ == "__main__":
    asyncio.run(main())
