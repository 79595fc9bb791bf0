"""What the fuzzer must be told: how a batch looks, and that a key opens one project only.

A newcomer's mistake: to import this from a test. The fuzzer's own process loads it (SCHEMATHESIS_HOOKS).
"""

from __future__ import annotations

import random
from typing import Any

import schemathesis

PROJECT = "support"

_LINES = (
    b'{"eventType":"step","sessionId":"sess_1","name":"plan"}',
    b'{"eventType":"step","sessionId":"sess_1","id":"evt_1","name":"again"}',
    b'{"eventType":"tool_call","sessionId":"sess_1","toolName":"refund","status":"error","estimatedCost":0.1}',
    b'{"eventType":"llm_call","sessionId":"sess_2","model":"gpt-4","totalTokens":9007199254740991}',
    b'{"eventType":"session_end","sessionId":"sess_2","status":"completed"}',
    b'{"eventType":"handoff","sessionId":"sess_1","to":"billing"}',
    b'{"eventType":"client_report","reason":"spool_full","quantity":3}',
    b'{"eventType":"tool_call","sessionId":"sess_1","toolName":""}',
    b'{"eventType":"step","sessionId":"","name":"x"}',
    b'{"eventType":3}',
    b"",
    b"null",
    b"[]",
    b"{",
    b"NaN",
    b'"\\ud800"',
    b"\xff",
    b"[" * 300,
    b"1" * 5000,
)


@schemathesis.serializer("application/x-ndjson")
def batch_of_lines(_context: Any, value: Any) -> bytes:
    """Send an example as it is; what was generated picks good and broken lines."""
    generated = getattr(value, "data", None)
    if not isinstance(generated, bytes):
        return str(value).encode(errors="surrogatepass")
    choice = random.Random(generated)
    return b"".join(line + b"\n" for line in choice.choices(_LINES, k=1 + len(generated) % 8))


@schemathesis.hook
def map_headers(_context: Any, headers: dict[str, Any] | None) -> dict[str, Any] | None:
    """Name the key's own project: another one is 403, which a test of its own covers, and hides all else."""
    if headers and "Sentrial-Project" in headers:
        headers["Sentrial-Project"] = PROJECT
    return headers
