"""The hook that `redact=` takes sees what a verb is given: whole texts and values, by the name of the argument."""

from __future__ import annotations

from typing import Any

import pytest

from sentrial.testing import InMemoryClient


class Hook:
    """Remembers what it was shown, and hides what is under some names.

    Attributes:
        seen: Each name with its value.
    """

    def __init__(self, **instead: Any) -> None:
        self.seen: dict[str, Any] = {}
        self._instead = instead

    def __call__(self, name: str, value: Any) -> Any:
        """Give what is to be kept."""
        self.seen[name] = value
        given = self._instead.get(name, value)
        if isinstance(given, Exception):
            raise given
        return given


def test_the_hook_sees_every_argument_by_its_name() -> None:
    """Texts and values of all verbs, but no id, number or status, and nothing that was not given."""
    hook = Hook()
    client = InMemoryClient(redact=hook)

    client.create_session("n", {"m": 1}, agent="a", user_id="u", tags=["t"], version="v", input="i", session_id="s")
    client.track_tool_call("s", "tool", {"q": 1}, "out", "why", 5, error="e")
    client.track_llm_call("s", "m", "prompt", ["response"], tokens_used=5, cost=0.5)
    client.track_decision("s", "reason", ["x"], "x", 0.5)
    client.track_error("s", "E", "message", "stack", recovery_action="again")
    client.update_session("s", waiting_for="Ann")
    client.close_session("s", "success", "summary")

    assert {name for name in hook.seen if len(name) > 1} == {
        *("name", "agent", "user_id", "tags", "version", "input", "metadata"),
        *("tool_name", "tool_input", "tool_output", "reasoning", "error"),
        *("model", "prompt", "response", "alternatives", "chosen"),
        *("error_type", "error_message", "stack_trace", "recovery_action", "waiting_for", "summary"),
    }
    assert {name: hook.seen[name] for name in ("prompt", "q", "m", "summary")} == {
        "prompt": "prompt",
        "q": 1,
        "m": 1,
        "summary": "summary",
    }


def test_what_the_hook_gives_is_kept() -> None:
    """Instead of a whole text, a value, or a member deep in it."""
    client = InMemoryClient(redact=Hook(prompt="hidden", response=None, reasoning="why?", city="Bern"))

    client.track_llm_call("s", "m", "secret", "secret")
    client.track_tool_call("s", "t", {"to": [{"city": "secret"}]}, reasoning="secret")

    call, tool = client.events("s")
    assert "secret" not in str([call, tool])
    assert call["prompt"] == "hidden"  # type: ignore[typeddict-item]
    assert tool["tool_input"] == {"to": [{"city": "Bern"}]}  # type: ignore[typeddict-item]


@pytest.mark.parametrize("name", ["tool_name", "tool_input", "tool_output", "reasoning", "error", "metadata"])
def test_a_hook_that_raises_drops_what_it_was_shown(name: str) -> None:
    """What could not be looked at is not kept; the event is."""
    client = InMemoryClient(redact=Hook(**{name: KeyError("no")}))
    arguments: dict[str, Any] = {"tool_name": "t", name: "canary"}

    client.track_tool_call("s", **arguments)

    (event,) = client.events("s")
    assert "canary" not in str(event)
    assert "KeyError" in str(event)


@pytest.mark.parametrize("given", [None, "", 5, [], b"x"])
def test_a_name_stays_a_name(given: Any) -> None:
    """What is no name does not refuse the event."""
    client = InMemoryClient(redact=Hook(tool_name=given, model=given, name=given, error_type=given))

    client.create_session("n", session_id="s")
    client.track_tool_call("s", "t")
    client.track_llm_call("s", "m")
    client.track_error("s", "E", "message")

    assert len(client.events("s")) >= 3
    assert client.get_session("s")["name"] == "[redacted]"
