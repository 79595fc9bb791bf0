"""A session is the fold of its events: the same for every order of arrival."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentrial.server.store import Failure, SessionRow, Store
from sentrial.server.store.fold import Fold
from sentrial.server.store.ingest import read_fold
from sentrial.server.store.record import make_record


def fold(events: list[dict[str, Any]]) -> SessionRow:
    """Return the session that the events tell, folded without a database."""
    folded = Fold()
    for number, event in enumerate(events):
        folded.add(make_record({"sessionId": "s", "id": f"evt_{number}", **event}, now_us=number))
    return folded.row("p", "s")


_times = st.integers(0, 3).map(lambda second: f"2026-11-21T14:00:0{second}Z")
_texts = st.sampled_from(["a", "b", None])
_counts = st.none() | st.integers(0, 5)
_costs = st.none() | st.sampled_from([0.1, 0.2, 0.3, 1e-7, 1e8, 7])
_errors = st.none() | st.builds(lambda message: {"message": message}, st.text(max_size=3))
_metadata = st.none() | st.dictionaries(st.sampled_from("xyz"), st.integers(0, 3))
_common = {
    "timestamp": _times,
    "producerId": st.sampled_from(["one", "two", None]),
    "sequence": st.none() | st.integers(0, 2),
}


def _kind(kind: str, /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"eventType": st.just(kind), **_common, **fields})


_events = st.one_of(
    _kind("session_start", name=_texts, agentName=_texts, userId=_texts, metadata=_metadata, userInput=_texts),
    _kind("session_update", status=st.sampled_from(["active", "waiting"]), waitingFor=_texts, metadata=_metadata),
    _kind(
        "session_end",
        status=st.sampled_from(["success", "failed"]),
        summary=_texts,
        estimatedCost=_costs,
        totalTokens=_counts,
    ),
    _kind("tool_call", toolName=st.just("t"), toolError=_errors, estimatedCost=_costs, tokenCount=_counts),
    _kind("llm_call", model=st.just("m"), estimatedCost=_costs, promptTokens=_counts, completionTokens=_counts),
    _kind("llm_decision", estimatedCost=_costs, tokenCount=_counts),
    _kind("error", toolError=st.just({"type": "E", "message": "no"})),
    _kind("client_report", reason=st.just("r"), quantity=st.just(1)),
    _kind("handoff"),
)


@st.composite
def _arrivals(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]]]:
    events = [
        {**event, "sessionId": "s", "id": f"evt_{number}"}
        for number, event in enumerate(draw(st.lists(_events, min_size=1, max_size=8)))
    ]
    arrived = draw(st.permutations(events + draw(st.lists(st.sampled_from(events), max_size=3))))
    cut = draw(st.integers(0, len(arrived)))
    return events, [arrived[:cut], arrived[cut:]]


@settings(deadline=None, max_examples=60)
@given(_arrivals())
def test_any_order_and_any_repetition_give_the_same_session(
    arrivals: tuple[list[dict[str, Any]], list[list[dict[str, Any]]]],
) -> None:
    """Permutations, duplicates and late batches change nothing, to the last digit of the cost."""
    events, batches = arrivals

    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "sentrial.db") as store:
        store.ingest("in order", events)
        for batch in batches:
            store.ingest("as it came", batch)
        expected, arrived = store.session("in order", "s"), store.session("as it came", "s")
        listed = [[event.id for event in store.events(project, "s").rows] for project in ("in order", "as it came")]

    assert expected is not None
    assert arrived is not None
    fields = SessionRow.__dataclass_fields__.keys() - {"project"}
    assert {name: getattr(arrived, name) for name in fields} == {name: getattr(expected, name) for name in fields}
    assert listed[0] == listed[1]


@given(st.lists(_events, max_size=8))
def test_a_fold_survives_being_stored(events: list[dict[str, Any]]) -> None:
    """What is written into the session's row is read back as it was."""
    import msgspec

    folded = Fold()
    for number, event in enumerate(events):
        folded.add(make_record({"sessionId": "s", "id": f"evt_{number}", **event}, now_us=0))

    assert read_fold(msgspec.json.encode(folded)).row("p", "s") == folded.row("p", "s")


def test_the_first_end_stands() -> None:
    """A second close adds nothing, and nothing reopens a session."""
    session = fold(
        [
            {"eventType": "session_end", "status": "failed", "summary": "late", "timestamp": "2026-11-21T14:00:09Z"},
            {"eventType": "session_end", "status": "completed", "summary": "done", "timestamp": "2026-11-21T14:00:05Z"},
            {"eventType": "session_update", "status": "waiting", "timestamp": "2026-11-21T14:00:10Z"},
        ]
    )

    assert (session.status, session.summary, session.waiting_for) == ("success", "done", None)


def test_a_session_waits_until_it_goes_on() -> None:
    """The last update that says so decides between active and waiting."""
    waiting = {
        "eventType": "session_update",
        "status": "waiting",
        "waitingFor": "Anna",
        "timestamp": "2026-11-21T14:00:01Z",
    }
    going = {"eventType": "session_update", "status": "active", "timestamp": "2026-11-21T14:00:02Z"}

    assert (fold([waiting]).status, fold([waiting]).waiting_for) == ("waiting", "Anna")
    assert (fold([going, waiting]).status, fold([going, waiting]).waiting_for) == ("active", None)


def test_the_start_is_when_the_session_says_it_started() -> None:
    """Without a start, it is the earliest event."""
    early = {"eventType": "step", "name": "x", "timestamp": "1970-01-01T00:00:01Z"}
    start = {"eventType": "session_start", "timestamp": "1970-01-01T00:00:02Z"}

    assert fold([early]).started_us == 1_000_000
    assert fold([early, start]).started_us == 2_000_000


@pytest.mark.parametrize(
    ("end", "summary"),
    [
        ({"summary": "s", "failureReason": "f"}, "s"),
        ({"failureReason": "f", "assistantOutput": "a"}, "f"),
        ({"assistantOutput": "a"}, "a"),
        ({"assistantOutput": {"text": "a"}}, '{"text":"a"}'),
        ({"summary": "", "failureReason": None}, None),
    ],
)
def test_what_published_clients_say_at_the_end_serves_as_the_summary(end: dict[str, Any], summary: str | None) -> None:
    """They have no summary, but a reason or the last answer."""
    assert fold([{"eventType": "session_end", "status": "failed", **end}]).summary == summary


def test_usage_is_summed_and_unknown_is_not_zero() -> None:
    """Tokens and costs add up over what is known; of nothing known, nothing is said."""
    session = fold(
        [
            {"eventType": "llm_call", "model": "m", "promptTokens": 3, "completionTokens": 4, "estimatedCost": 0.1},
            {"eventType": "llm_call", "model": "m", "totalTokens": 5, "promptTokens": 99, "estimatedCost": 0.2},
            {"eventType": "tool_call", "toolName": "t", "tokenCount": 1.0},
            {"eventType": "session_end", "status": "success", "totalTokens": 1000, "estimatedCost": 9},
        ]
    )

    assert (session.tokens, session.cost) == (13, 0.3)
    assert (fold([{"eventType": "llm_call", "model": "m"}]).tokens, fold([]).cost) == (None, None)


def test_costs_add_up_alike_in_every_order() -> None:
    """As floats, 0.1 + 0.2 + 0.3 depends on where one begins."""
    costs = [0.1, 0.2, 0.3, 1e8, 1e-7]
    calls = [{"eventType": "llm_call", "model": "m", "estimatedCost": cost} for cost in costs]

    totals = {fold(list(order)).cost for order in itertools.permutations(calls)}

    assert totals == {100000000.6000001}


def test_totals_of_the_end_fill_in_where_no_event_had_any() -> None:
    """A published client sends its totals only when the session ends."""
    session = fold(
        [
            {"eventType": "tool_call", "toolName": "t"},
            {
                "eventType": "session_end",
                "status": "completed",
                "promptTokens": 7,
                "completionTokens": 2,
                "estimatedCost": 0.5,
            },
        ]
    )

    assert (session.tokens, session.cost) == (9, 0.5)


def test_the_largest_counts_do_not_overflow() -> None:
    """Counts end at what a JSON number holds exactly, as the contract says."""
    most = 2**53 - 1

    assert fold([{"eventType": "llm_call", "model": "m", "totalTokens": most}] * 3).tokens == most


def test_the_failure_is_the_last_thing_that_went_wrong() -> None:
    """A tool call with an error counts as failed where it does not say otherwise."""
    session = fold(
        [
            {"eventType": "error", "toolError": {"type": "E", "message": "first"}, "timestamp": "2026-11-21T14:00:01Z"},
            {
                "eventType": "tool_call",
                "toolName": "refund",
                "toolError": {"message": "limit"},
                "timestamp": "2026-11-21T14:00:03Z",
            },
            {"eventType": "tool_call", "toolName": "ok", "toolError": {"message": "x"}, "status": "success"},
            {"eventType": "tool_call", "toolName": "t", "status": "error", "timestamp": "2026-11-21T14:00:02Z"},
        ]
    )

    assert session.failure == Failure(type=None, message="limit", tool="refund", event_id="evt_1")
    assert session.errors == 3


@pytest.mark.parametrize(
    ("user_id", "user"), [("u1", "u1"), (7, "7"), (True, None), (None, None), (["x"], None), ("", None)]
)
def test_the_user_may_stand_in_the_metadata(user_id: Any, user: str | None) -> None:
    """As the documentation's example has it; userId wins where both are given."""
    start = {"eventType": "session_start", "metadata": {"user_id": user_id}}

    assert fold([start]).user == user
    assert fold([{**start, "userId": "u2"}]).user == "u2"


def test_metadata_merges_in_the_order_of_the_events() -> None:
    """The later event wins a name; names it leaves out stay."""
    session = fold(
        [
            {"eventType": "session_update", "metadata": {"a": 2, "b": 2}, "timestamp": "2026-11-21T14:00:02Z"},
            {"eventType": "session_start", "metadata": {"a": 1, "c": 1}, "timestamp": "2026-11-21T14:00:01Z"},
        ]
    )

    assert session.metadata == {"a": 2, "b": 2, "c": 1}


def test_only_what_the_agent_did_is_counted() -> None:
    """Starts, updates, ends and reports are no events of the run; unknown kinds are."""
    kinds = [
        "session_start",
        "session_update",
        "session_end",
        "client_report",
        "handoff",
        "step",
        "tool_call",
        "llm_decision",
    ]

    session = fold([{"eventType": kind, "status": "success"} for kind in kinds])

    assert (session.event_count, session.tool_calls, session.decisions, session.llm_calls) == (4, 1, 1, 0)
