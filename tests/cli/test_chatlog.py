"""The mapping from a conversation to the events of a session."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from sentrial.cli.chatfile import Conversation, Message
from sentrial.cli.chatlog import Decision, ImportedSession, ModelCall, ToolCall, session_of, tool_names

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = TypeVar("Kind")

BASE = datetime(2000, 3, 1, tzinfo=UTC)


def conversation(*messages: Message, **fields: Any) -> Conversation:
    """A conversation as the reader of a file gives it."""
    return Conversation(list(messages), fields, "d" * 64)


def session(*messages: Message, tools: Sequence[str] = (), repeat: int = 0, **fields: Any) -> ImportedSession:
    """The session of such a conversation."""
    return session_of(conversation(*messages, **fields), repeat=repeat, base=BASE, tools=tools)


def user(content: str) -> Message:
    """A message of the user."""
    return {"role": "user", "content": content}


def assistant(*calls: tuple[str, str, str], content: Any = None, **more: Any) -> Message:
    """A message of the assistant; a call is (id, name, arguments)."""
    tool_calls = [
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        for call_id, name, arguments in calls
    ]
    return {"role": "assistant", "content": content} | ({"tool_calls": tool_calls} if calls else {}) | more


def result(call_id: str, content: str) -> Message:
    """A message with a tool's result."""
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def of_kind(imported: ImportedSession, kind: type[Kind]) -> list[Kind]:
    """The events of one kind."""
    return [event for event in imported.events if isinstance(event, kind)]


def test_turn_with_a_tool_call_is_a_call_a_choice_and_its_tool() -> None:
    """Each turn of the assistant is a model call, then its decision, then its tool calls."""
    imported = session(
        user("Where is order 7?"),
        assistant(("c1", "get_order", '{"order": 7}'), content="I look it up."),
        result("c1", '{"status": "sent"}'),
        assistant(content="It is on its way."),
    )

    assert [type(event) for event in imported.events] == [ModelCall, Decision, ToolCall, ModelCall]
    tool = of_kind(imported, ToolCall)[0]
    assert (tool.tool_name, tool.tool_input, tool.tool_output) == ("get_order", {"order": 7}, {"status": "sent"})
    assert (tool.status, tool.error) == ("success", None)
    assert imported.user_input == "Where is order 7?"


def test_prompt_holds_what_is_new() -> None:
    """A prompt is what came since the turn before: the whole history each time would be quadratic."""
    messages = [user("one"), assistant(content="1"), user("two"), user("more"), assistant(content="2")]

    first, second = of_kind(session(*messages), ModelCall)

    assert first.prompt == messages[:1]
    assert second.prompt == messages[2:4]
    assert second.metadata == {"prompt": "only what is new since the previous model call", "messages_before": 4}


def test_response_is_text_or_the_message_with_its_calls() -> None:
    """A turn of text is that text; a turn with tool calls is the message."""
    with_call = assistant(("c1", "f", "{}"))

    plain, called, parts = of_kind(
        session(assistant(content="Hi"), with_call, assistant(content=[{"type": "text", "text": "part"}])), ModelCall
    )

    assert (plain.response, called.response, parts.response) == ("Hi", [with_call], "part")


def test_repeated_ids_match_the_nearest_unanswered_call() -> None:
    """Ids repeat inside real conversations: each result goes to the call just before it."""
    imported = session(
        assistant(("same", "f", '{"n": 1}')),
        result("same", "first"),
        assistant(("same", "f", '{"n": 2}')),
        result("same", "second"),
        assistant(("same", "f", '{"n": 3}'), ("other", "g", "{}")),
        result("other", "of g"),
        result("same", "third"),
    )

    outputs = [(tool.tool_input.get("n"), tool.tool_output) for tool in of_kind(imported, ToolCall)]

    assert outputs == [(1, "first"), (2, "second"), (3, "third"), (None, "of g")]


def test_result_goes_past_an_unanswered_call_with_its_id() -> None:
    """A call whose result was lost does not take the result of a later call with the same id."""
    imported = session(
        assistant(("same", "f", "{}")), assistant(("same", "f", '{"again": true}')), result("same", "ok")
    )

    outputs = [tool.tool_output for tool in of_kind(imported, ToolCall)]

    assert outputs == [None, "ok"]


def test_two_open_calls_with_one_id_are_both_answered() -> None:
    """Two calls of one message with the same id take two results, and neither takes both."""
    imported = session(assistant(("x", "f", "1"), ("x", "f", "2")), result("x", "a"), result("x", "b"))

    outputs = {tool.tool_output for tool in of_kind(imported, ToolCall)}

    assert outputs == {"a", "b"}


def test_result_of_an_unknown_id_answers_no_call() -> None:
    """A result that names another call is not given to one that happens to be open."""
    imported = session(assistant(("c1", "f", "{}")), result("elsewhere", "not yours"))

    (tool,) = of_kind(imported, ToolCall)

    assert tool.tool_output is None


def test_unanswered_call_is_recorded_without_output() -> None:
    """A call whose result the log does not hold is there, and does not claim to have worked."""
    (tool,) = of_kind(session(assistant(("c1", "f", "{}"))), ToolCall)

    assert (tool.tool_output, tool.status) == (None, "cancelled")
    assert tool.metadata == {"call_id": "c1", "answer": "none in the log"}


def test_result_that_begins_with_error_is_one() -> None:
    """A result that begins with "Error" fails its call, with the text as the reason."""
    (tool,) = of_kind(session(assistant(("c1", "f", "{}")), result("c1", "Error: no such user")), ToolCall)

    assert (tool.status, tool.error, tool.tool_output) == ("error", "no such user", "Error: no such user")


@pytest.mark.parametrize("arguments", ["no json", "{", "", "[" * 100_000])
def test_arguments_that_are_no_json_stay_text(arguments: str) -> None:
    """Models write broken arguments; they are kept as they are."""
    (tool,) = of_kind(session(assistant(("c1", "f", arguments))), ToolCall)

    assert tool.tool_input == arguments


def test_older_function_calls_are_tool_calls() -> None:
    """`function_call`, answered by a message of role "function", is a tool call too."""
    imported = session(
        {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": '{"a": 1}'}},
        {"role": "function", "name": "add", "content": "2"},
    )

    (tool,) = of_kind(imported, ToolCall)

    assert (tool.tool_name, tool.tool_input, tool.tool_output) == ("add", {"a": 1}, 2)


def test_decision_chooses_among_the_tools_of_the_log() -> None:
    """Where the log lists the tools, these are the alternatives; the text of the turn is the reasoning."""
    tools = [{"type": "function", "function": {"name": name}} for name in ("refund", "escalate")]
    messages = [assistant(("c1", "refund", "{}"), content="It was charged twice.")]

    (decision,) = of_kind(session(*messages, tools=["elsewhere"]), Decision)
    (listed,) = [
        event
        for event in session_of(conversation(*messages, tools=tools), repeat=0, base=BASE, tools=["elsewhere"]).events
        if isinstance(event, Decision)
    ]

    assert (listed.chosen, listed.alternatives) == ("refund", ["refund", "escalate"])
    assert listed.reasoning == "It was charged twice."
    assert decision.alternatives == ["elsewhere", "refund"]
    assert decision.metadata == {"alternatives": "the tools called anywhere in the file"}


def test_decision_falls_back_to_the_conversations_tools() -> None:
    """A file that calls very many tools says nothing about what this agent had: its own calls do."""
    many = [f"tool_{number}" for number in range(51)]

    (decision,) = of_kind(
        session(assistant(("a", "f", "{}"), ("b", "g", "{}"), ("c", "f", "{}")), tools=many), Decision
    )

    assert (decision.chosen, decision.alternatives) == ("f, g", ["f", "g"])


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"reward": 1.0}, "success"), ({"reward": 0.0}, "error"), ({"reward": False}, "error"), ({}, "success")],
)
def test_reward_decides_how_it_ended(fields: dict[str, Any], status: str) -> None:
    """A reward of 0 is a failed run; without a reward it counts as well, and the metadata say that none was there."""
    imported = session(assistant(content="Done."), **fields)

    assert imported.status == status
    assert imported.metadata["reward"] == fields.get("reward")


def test_small_fields_become_metadata() -> None:
    """What else the file says is kept; what is large is named."""
    imported = session(assistant(content="x"), task_id=7, notes="n" * 2_000)

    assert imported.metadata == {
        "reward": None,
        "task_id": 7,
        "not_imported": ["notes"],
        "times": "not in the file",
    }


def test_last_words_of_the_user_are_kept() -> None:
    """A message after the last turn is in no prompt; it is in the metadata, and a result there is not."""
    imported = session(assistant(("c", "f", "{}")), result("c", "ok"), user("Thanks!"))

    assert imported.metadata["after_the_last_turn"] == [user("Thanks!")]


def test_nothing_is_guessed() -> None:
    """Model and tokens that the log does not hold are unknown; those it holds are taken."""
    usage = {"prompt_tokens": 10, "completion_tokens": True}

    unknown, known = of_kind(session(assistant(content="a"), assistant(content="b", usage=usage, model="m")), ModelCall)

    assert (unknown.model, unknown.prompt_tokens, unknown.completion_tokens) == ("unknown", None, None)
    assert (known.model, known.prompt_tokens, known.completion_tokens) == ("m", 10, None)


def test_time_never_stands_still() -> None:
    """Every event is later than the one before it, and the end is last."""
    imported = session(user("x"), assistant(("c", "f", "{}")), result("c", "ok"), assistant(content="done"))

    times = [imported.started, *(event.timestamp for event in imported.events), imported.ended]

    assert times[0] == BASE
    assert all(earlier < later for earlier, later in pairwise(times))


def test_times_of_the_log_are_taken() -> None:
    """A message's own time is its event's; one that goes back does not turn the order round."""
    imported = session(
        user("x") | {"created_at": "2025-02-03T04:05:06Z"},
        assistant(content="1", timestamp=1_738_555_600),
        assistant(content="2", timestamp="1999-01-01T00:00:00Z"),
    )

    first, second = (event.timestamp for event in imported.events)

    assert imported.started == datetime(2025, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert first - datetime.fromtimestamp(1_738_555_600, UTC) == timedelta(microseconds=1)
    assert second - first == timedelta(microseconds=1)
    assert "times" not in imported.metadata


def test_ids_follow_from_the_content() -> None:
    """The same conversation has the same ids; an equal one later in the file has its own; all are valid."""
    messages = [user("x"), assistant(("c", "f", "{}")), result("c", "ok")]

    first, again, second = session(*messages), session(*messages), session(*messages, repeat=1)

    assert first == again
    assert first.session_id != second.session_id
    ids = [event.event_id for s in (first, second) for event in s.events]
    ids += [first.start_event_id, first.end_event_id, second.start_event_id, second.end_event_id]
    assert len(set(ids)) == len(ids)
    assert all(event_id.startswith("evt_imp") for event_id in ids)
    assert first.session_id.startswith("sess_imp")


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant"},
        {"role": "assistant", "tool_calls": "text"},
        {"role": "assistant", "tool_calls": [7, None, {"id": 1}, {"function": 3}, {"function": {"name": ""}}]},
        {"role": "assistant", "content": 7, "usage": [], "model": ["m"]},
        {"role": "assistant", "content": [1, {"text": 2}], "function_call": "f"},
        {"role": "tool"},
        {"role": "robot", "content": {"a": 1}},
    ],
)
def test_odd_messages_do_not_stop_it(message: Message) -> None:
    """Whatever stands in a message, there is a session with valid names."""
    imported = session(user("x"), message)

    assert all(tool.tool_name for tool in of_kind(imported, ToolCall))
    assert all(call.model for call in of_kind(imported, ModelCall))
    assert json.dumps(imported.metadata)


def test_tool_names_in_order_of_their_calls() -> None:
    """All names are given, one a call."""
    names = tool_names(conversation(assistant(("a", "f", "{}"), ("b", "g", "{}")), assistant(("c", "f", "{}"))))

    assert list(names) == ["f", "g", "f"]
