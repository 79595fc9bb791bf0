"""The recorded runs of `sentrial demo`, played through the client as if they had just happened.

One line of `demo_runs.jsonl` is one call of the client: `run` says whose, `call` what, `at` when, in seconds before
now (so it is negative), and the rest are its arguments. A newcomer's mistake: recording ids. They are made anew;
`label` and `parent` only tie lines together.
"""

from __future__ import annotations

import json
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sentrial.client import SentrialClient


def recorded_calls() -> list[dict[str, Any]]:
    """Give the calls that ship with the package, in order."""
    text = files("sentrial.cli").joinpath("demo_runs.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def play(client: SentrialClient, calls: Iterable[dict[str, Any]], now: datetime) -> None:
    """Record the calls with `client`, each at its distance from `now`."""
    verbs: dict[str, Callable[..., object]] = {
        "end": client.close_session,
        "error": client.track_error,
        "decision": client.track_decision,
        "llm_call": client.track_llm_call,
        "tool_call": client.track_tool_call,
    }
    sessions: dict[str, str] = {}
    labels: dict[str, object] = {}
    for call in calls:
        arguments = dict(call)
        run, verb, label = arguments.pop("run"), arguments.pop("call"), arguments.pop("label", None)
        arguments["timestamp"] = now + timedelta(seconds=arguments.pop("at"))
        if "parent" in arguments:
            arguments["parent_id"] = labels[arguments.pop("parent")]
        if verb == "start":
            sessions[run] = client.create_session(**arguments)
        elif verb == "update":
            client.update_session(sessions[run], **arguments)
        else:
            labels[label] = verbs[verb](sessions[run], **arguments)
