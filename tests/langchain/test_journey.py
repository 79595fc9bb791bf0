"""The whole way: a real agent, the real client and a real server; and the examples, run as a user runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import SentrialCallbackHandler, SentrialClient
from tests.langchain.agents import PolicyViolation, executor, refund_turns

if TYPE_CHECKING:
    from sentrial.server.serve import EmbeddedServer

EXAMPLES = Path(__file__).parents[2] / "examples"


def _run_example(name: str, server: EmbeddedServer, tmp_path: Path) -> str:
    environment = {**os.environ, "SENTRIAL_API_URL": server.url, "SENTRIAL_SPOOL_DIR": str(tmp_path / "spool")}
    command = [sys.executable, "-W", "error", str(EXAMPLES / name)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def _read(server: EmbeddedServer, tmp_path: Path) -> list[tuple[Any, list[Any]]]:
    with SentrialClient(api_url=server.url, spool_dir=str(tmp_path / "reader")) as client:
        return [(session, list(client.list_events(session["id"]))) for session in client.list_sessions()]


def test_an_agents_failed_run_can_be_read_back(server: EmbeddedServer, tmp_path: Path) -> None:
    """Everything the handler recorded is at the server, in the order in which it began."""
    with SentrialClient(api_url=server.url, spool_dir=str(tmp_path / "spool")) as client:
        session_id = client.create_session(name="My Agent")
        handler = SentrialCallbackHandler(client=client, session_id=session_id)

        with pytest.raises(PolicyViolation):
            executor(refund_turns(1249.0), callbacks=[handler]).invoke({"input": "I was charged twice."})
        client.close_session(session_id, status="error", summary="over the limit")
        pending = client.flush(timeout=10)
    ((session, events),) = _read(server, tmp_path)

    assert (pending, handler.failures) == (0, 0)
    assert (session["status"], session["tool_call_count"], session["llm_call_count"]) == ("error", 2, 2)
    assert [event["type"] for event in events] == [
        "session_start", "llm_call", "decision", "tool_call", "llm_call", "decision", "tool_call", "error", "decision",
        "session_end",
    ]  # fmt: skip
    refund, error = events[6], events[7]
    assert (refund["status"], refund["tool_input"]) == ("error", {"order_id": 4, "amount_eur": 1249.0})
    assert error["parent_id"] == refund["id"]
    assert refund["metadata"]["decision_id"] == events[5]["id"]
    assert (events[4]["prompt_tokens"], events[4]["tokens_used"], events[4]["cost"]) == (20, 25, None)


def test_the_langchain_example_records_its_session(server: EmbeddedServer, tmp_path: Path) -> None:
    """It runs alone, without a key, and says what it does."""
    said = _run_example("langchain_agent.py", server, tmp_path)
    ((session, events),) = _read(server, tmp_path)

    assert "Open Settings, choose Security" in said
    assert session["status"] == "success"
    assert [event["type"] for event in events] == [
        "session_start", "llm_call", "decision", "tool_call", "llm_call", "decision", "session_end",
    ]  # fmt: skip
    assert len((EXAMPLES / "langchain_agent.py").read_text().splitlines()) <= 60


def test_the_demo_records_a_success_and_a_failure(server: EmbeddedServer, tmp_path: Path) -> None:
    """Two sessions, rightly closed; the failed one shows the refund that was over the limit."""
    said = _run_example("demo_agent.py", server, tmp_path)
    (failed, events), (succeeded, _) = _read(server, tmp_path)

    assert (succeeded["status"], failed["status"]) == ("success", "error")
    assert failed["summary"] == "refund of 1,249.00 EUR exceeds the 500.00 EUR limit"
    (error,) = [event for event in events if event["type"] == "error"]
    assert (error["error_type"], error["tool_name"]) == ("PermissionError", "create_refund")
    assert said.count("[sentrial] model") == 5
