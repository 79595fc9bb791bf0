"""A hundred real runs of an agent go in; exactly what the file holds comes out."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from sentrial.cli.group import sentrial
from sentrial.client import SentrialClient

if TYPE_CHECKING:
    from sentrial.server.serve import EmbeddedServer

REPO = Path(__file__).resolve().parents[2]
RUNS = REPO.parent / "shared" / "data" / "tau_bench_airline_gpt4o.jsonl"


@pytest.fixture
def real_runs() -> Path:
    """The file of real runs; where it is missing the test is skipped, but not in CI."""
    if not RUNS.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the real runs are missing: {RUNS}")
        pytest.skip(f"the real runs are missing: {RUNS}")
    return RUNS


def counted(text: str) -> Counter[str]:
    """Count what the file holds without parsing it: by the marks that only raw JSON has.

    A quote inside a JSON string is escaped, so `"role":"assistant"` can't stand in any message's text.
    """
    return Counter(
        sessions=len(re.findall(r'^\{"task_id":', text, re.MULTILINE)),
        model_calls=len(re.findall(r'"role":"assistant"', text)),
        tool_calls=len(re.findall(r'"function":\{"arguments":', text)),
        deciding_turns=len(re.findall(r'"tool_calls":\[\{', text)),
        failed_tools=len(re.findall(r'"role":"tool","tool_call_id":"[^"]*","name":"[^"]*","content":"Error', text)),
        solved=len(re.findall(r'"reward":1\.0', text)),
    )


def read_back(url: str) -> tuple[Counter[str], dict[str, str]]:
    """Count what the server has, through the client, and give the time of every event by its id."""
    found: Counter[str] = Counter()
    times: dict[str, str] = {}
    with SentrialClient(api_url=url) as client:
        for session in client.list_sessions():
            found["sessions"] += 1
            found["solved"] += session["status"] == "success"
            for event in client.list_events(session["id"]):
                found["model_calls"] += event["type"] == "llm_call"
                found["tool_calls"] += event["type"] == "tool_call"
                found["deciding_turns"] += event["type"] == "decision"
                found["failed_tools"] += event["type"] == "tool_call" and event.get("status") == "error"
                times[event["id"]] = event["timestamp"]
    return found, times


def test_every_run_turn_and_tool_call_arrives_once(server: EmbeddedServer, real_runs: Path) -> None:
    """What the server has is what the file has; a second import changes nothing."""
    expected = counted(real_runs.read_text(encoding="utf-8"))

    first = CliRunner().invoke(sentrial, ["import", str(real_runs), "--api-url", server.url])
    found, times = read_back(server.url)
    second = CliRunner().invoke(sentrial, ["import", str(real_runs), "--api-url", server.url])
    found_again, times_again = read_back(server.url)

    assert (first.exit_code, first.stderr, second.exit_code) == (0, "", 0)
    assert expected["sessions"] == 100
    assert found == expected
    assert first.stdout == (
        f"{expected['sessions']:,} sessions, {expected['model_calls']:,} model calls, "
        f"{expected['tool_calls']:,} tool calls imported into {server.url}\n"
    )
    assert found_again == found
    assert times_again == times


def test_every_tool_call_has_its_own_answer(server: EmbeddedServer, real_runs: Path) -> None:
    """Ids repeat in these runs; still each tool call has the result that follows it in the file."""
    text = real_runs.read_text(encoding="utf-8")
    called = re.findall(r'"function":\{"arguments":"(?:[^"\\]|\\.)*","name":"([^"]*)"\}', text)
    answered = re.findall(r'"role":"tool","tool_call_id":"[^"]*","name":"([^"]*)"', text)

    CliRunner().invoke(sentrial, ["import", str(real_runs), "--api-url", server.url])

    tools: Counter[str] = Counter()
    unanswered = 0
    for row in server.store.sessions(None, limit=200).rows:
        for event in server.store.events(row.project, row.id, limit=1000).rows:
            if event.type == "tool_call":
                tools[event.body["toolName"]] += 1
                unanswered += "toolOutput" not in event.body
    assert called == answered
    assert tools == Counter(called)
    assert unanswered == 0
