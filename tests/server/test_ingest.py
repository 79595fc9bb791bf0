"""A batch is taken fast, and nothing is taken that the contract refuses, counted twice, or stored otherwise."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentrial.server.batch import ingest_lines
from sentrial.server.contract import load_contract
from sentrial.server.handlers import _told
from sentrial.server.store import Store
from sentrial.server.store.fold import Fold
from sentrial.server.store.record import FACTS, make_record

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "generated" / "openapi.json").read_text(encoding="utf-8")
)
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
KINDS = {
    SCHEMAS[name]["properties"]["eventType"]["const"]: SCHEMAS[name]
    for name in (reference["$ref"].rpartition("/")[2] for reference in SCHEMAS["Event"]["oneOf"])
    if "const" in SCHEMAS[name]["properties"]["eventType"]
}
NOW_US = 1_795_269_731_512_000

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_times = st.sampled_from(
    ["2026-11-21T14:02:11.512000Z", "2026-11-21T14:02:11Z", "2026-11-21t14:02:11.5+02:00", "2016-12-31T23:59:60Z"]
)
_names = st.sampled_from(sorted({name for schema in KINDS.values() for name in schema["properties"]} - {"eventType"}))
_values = _json | _times | st.sampled_from(["s", "success", "error", "waiting", 3, 0.5, {"message": "no"}, [], ["x"]])
# Whatever has a kind, under names that the contract knows for this kind or another one.
_events = st.builds(
    lambda kind, fields, sound: {"eventType": kind, **fields, **sound},
    st.sampled_from([*KINDS, "handoff"]),
    st.dictionaries(_names, _values, max_size=6),
    st.fixed_dictionaries(
        {"sessionId": st.just("s"), "toolName": st.just("t"), "model": st.just("m"), "name": st.just("n")},
        optional={
            "id": st.sampled_from(["evt_1", "evt_2"]),
            "timestamp": _times,
            "status": st.sampled_from(["success", "error", "completed", "waiting"]),
            "toolError": st.fixed_dictionaries(
                {"message": st.text(max_size=3)}, optional={"type": st.none(), "stack_trace": st.text(max_size=3)}
            ),
        },
    ),
)


def taken(line: bytes) -> dict[str, Any] | None:
    """Return the event that a line holds, or None where the contract refuses it."""
    event: dict[str, Any] = msgspec.json.decode(line)
    return event if load_contract().check_event(event) is None else None


@settings(max_examples=400, deadline=None)
@given(_events)
def test_a_line_kept_as_it_came_is_the_record_that_encoding_makes(event: dict[str, Any]) -> None:
    """Bytes are only kept where they say what the store would have written itself."""
    line = msgspec.json.encode(event)
    if (checked := taken(line)) is None or "id" not in checked:
        return

    kept, made = make_record(checked, NOW_US, line), make_record(checked, NOW_US)

    assert kept.body == made.body
    assert (kept.order, kept.type, kept.session_id, kept.facts) == (made.order, made.type, made.session_id, made.facts)


def test_the_client_s_own_form_is_kept_byte_for_byte() -> None:
    """What our clients send is not encoded again: that is where the time goes."""
    line = b'{"eventType":"step","sessionId":"s","id":"e","timestamp":"2026-11-21T14:02:11.512000Z","name":"\\u0041"}'

    record = make_record(msgspec.json.decode(line), NOW_US, line)

    assert record.encoded is line


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({}, {"timestamp": "2026-11-21T14:02:11.512000Z"}),
        ({"timestamp": "2026-11-21T16:02:11.5120009+02:00"}, {"timestamp": "2026-11-21T14:02:11.512000Z"}),
        ({"toolError": {"message": "no"}}, {"toolError": {"type": None, "message": "no", "stack_trace": None}}),
    ],
    ids=["no-time", "other-time", "short-error"],
)
def test_another_form_is_brought_into_the_stored_one(fields: dict[str, Any], stored: dict[str, Any]) -> None:
    """A line that leaves out, or writes otherwise, what every stored event has is encoded anew."""
    event = {"eventType": "tool_call", "sessionId": "s", "id": "e", "toolName": "t", **fields}

    record = make_record(event, NOW_US, msgspec.json.encode(event))

    assert record.body == {**event, "timestamp": "2026-11-21T14:02:11.512000Z", **stored}


def test_an_id_that_the_server_makes_is_in_what_it_stores() -> None:
    """A line without one is not kept as it came."""
    event = {"eventType": "step", "sessionId": "s", "timestamp": "2026-11-21T14:02:11.512000Z", "name": "n"}

    record = make_record(event, NOW_US, msgspec.json.encode(event))

    assert record.body == {**event, "id": record.id}


@settings(max_examples=200, deadline=None)
@given(st.lists(_events, min_size=1, max_size=5))
def test_what_the_contract_takes_can_be_folded_and_read(events: list[dict[str, Any]]) -> None:
    """No field of any type under any name breaks a session: the row is one that the contract allows."""
    checked = [event for event in map(taken, map(msgspec.json.encode, events)) if event is not None]
    folded = Fold()

    for event in checked:
        folded.add(make_record(event, NOW_US))
    row = folded.row("p", "s")

    assert all(value is None or isinstance(value, str) for value in (row.name, row.agent, row.user, row.version))
    assert all(isinstance(tag, str) for tag in row.tags)
    assert row.tokens is None or isinstance(row.tokens, int)


@pytest.mark.parametrize("kind", FACTS)
def test_a_session_is_folded_from_declared_fields_alone(kind: str) -> None:
    """Under a name that a kind does not declare there can be anything: it was stored, and never checked."""
    assert set(FACTS[kind]) <= KINDS[kind]["properties"].keys()


@pytest.mark.parametrize(
    "fields",
    [
        {"eventType": "tool_call", "toolName": "t", "totalTokens": "many"},
        {"eventType": "llm_decision", "promptTokens": [1]},
        {"eventType": "session_end", "status": "success", "tags": 5, "name": {"a": 1}},
    ],
)
def test_an_undeclared_field_is_no_poison(tmp_path: Path, fields: dict[str, Any]) -> None:
    """A client would send a batch that fails again and again, and all that waits behind it."""
    body = msgspec.json.encode({"sessionId": "s", "id": "e", **fields})

    with Store.open(tmp_path / "sentrial.db") as store:
        answer = ingest_lines(store, load_contract(), "p", body)
        (event,) = store.events("p", "s").rows

    assert answer == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert event.body.items() >= fields.items()


@st.composite
def _batches(draw: st.DrawFn) -> list[list[tuple[str, str]]]:
    events = st.tuples(st.sampled_from([f"e{number}" for number in range(8)]), st.sampled_from(["s", "t", "gone"]))
    return draw(st.lists(st.lists(events, min_size=1, max_size=8), min_size=1, max_size=4))


@settings(max_examples=60, deadline=None)
@given(_batches())
def test_every_id_is_accepted_once_and_told_so(batches: list[list[tuple[str, str]]]) -> None:
    """Repeated in a batch, over batches, in another session, or of a deleted one: outcomes, rows and totals agree."""
    known: set[str] = set()
    expected: list[list[str]] = []
    for batch in batches:
        expected.append([])
        for event_id, session_id in batch:
            new = session_id != "gone" and event_id not in known
            known |= {event_id} if new else set()
            expected[-1].append("accepted" if new else "duplicate")

    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "sentrial.db") as store:
        store.ingest("p", [{"eventType": "step", "sessionId": "gone", "id": "first", "name": "n"}])
        store.delete_session("p", "gone")
        outcomes = [
            store.ingest(
                "p", [{"eventType": "step", "sessionId": session, "id": one, "name": "n"} for one, session in batch]
            )
            for batch in batches
        ]
        stored = {row.id for session in ("s", "t", "gone") for row in store.events("p", session).rows}
        counted = sum(session.event_count for session in store.sessions("p").rows)

    assert outcomes == expected
    assert stored == known
    assert counted == len(known)


def test_a_session_that_stays_as_it_is_keeps_its_place(tmp_path: Path) -> None:
    """Its columns are written when they change, and only then; filters find it either way."""
    start = {"eventType": "session_start", "sessionId": "s", "id": "e1", "agentName": "a"}
    step = {"eventType": "step", "sessionId": "s", "id": "e2", "name": "n"}
    rename = {"eventType": "session_update", "sessionId": "s", "id": "e3", "agentName": "b", "status": "waiting"}

    with Store.open(tmp_path / "sentrial.db") as store:
        found: list[tuple[int, int, int]] = []
        for event in (start, step, rename):
            store.ingest("p", [event])
            pages = (
                store.sessions("p", agent="a"),
                store.sessions("p", agent="b"),
                store.sessions("p", status="waiting"),
            )
            found.append(tuple(len(page.rows) for page in pages))
        session = store.session("p", "s")

    assert found == [(1, 0, 0), (1, 0, 0), (0, 1, 1)]
    assert session is not None
    assert session.event_count == 1


def test_lines_may_end_as_they_do_elsewhere(tmp_path: Path) -> None:
    """CRLF, blanks around a line and a key said twice change nothing of what is read back."""
    event = (
        b'{"eventType":"step","sessionId":"s","id":"e","timestamp":"2026-11-21T14:02:11.000000Z","name":1,"name":"b"}'
    )

    with Store.open(tmp_path / "sentrial.db") as store:
        answer = ingest_lines(store, load_contract(), "p", b" " + event + b" \r\n\r\n")
        (stored,) = store.events("p", "s").rows

    assert answer["accepted"] == 1
    assert stored.body["name"] == "b"


@pytest.mark.parametrize("status", ["success", "completed", "waiting", None])
def test_every_event_that_an_update_makes_keeps_the_contract(status: str | None) -> None:
    """An end says nothing that the contract declares for updates alone: they get an event of their own."""
    body: dict[str, Any] = {
        "name": "n",
        "agentName": "a",
        "userId": "u",
        "tags": ["x"],
        "version": "1",
        "waitingFor": "w",
        "summary": "done",
        "metadata": {"a": 1},
        "timestamp": "2026-11-21T14:02:11Z",
        **({} if status is None else {"status": status}),
    }

    events = _told(body)

    declared = [KINDS[event["eventType"]]["properties"].keys() for event in events]
    ends = [event for event in events if event["eventType"] == "session_end"]
    assert len(ends) == (status in {"success", "completed"})
    assert all(event.keys() <= names for event, names in zip(events, declared, strict=True) if ends)
    assert {name: value for event in events for name, value in event.items() if name != "eventType"} == body
