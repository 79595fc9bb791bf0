"""Whatever is tracked, through the client itself: no exception, no long call, and the documented form on the disk."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentrial import SentrialClient, _values
from sentrial._records import MAGIC, scan
from sentrial.server.contract import load_contract
from tests.journey import odd, rude
from tests.journey.processes import CLIENT, free_port, run

if TYPE_CHECKING:
    from pathlib import Path

LONG_EXAMPLES = int(os.environ.get("SENTRIAL_TEST_EXAMPLES", "1000"))
OURS_SECONDS = 1.0
"""CPU that one call may take: fifty milliseconds are the bound, on a machine of our own. A hang takes minutes."""

Call = Callable[[SentrialClient, Any], object]
CALLS: dict[str, Call] = {
    "tool input and output": lambda c, v: c.track_tool_call("s", "t", v, v, reasoning=v, error=v, metadata=v),
    "tool error": lambda c, v: c.track_tool_call("s", "t", error={"message": v, "type": v, "stack_trace": v}),
    "decision": lambda c, v: c.track_decision("s", v, alternatives=v, chosen=v, name=v, metadata=v),
    "alternatives": lambda c, v: c.track_decision("s", None, alternatives=[v, v]),
    "model call": lambda c, v: c.track_llm_call("s", "m", prompt=v, response=v, metadata={"m": v}),
    "error": lambda c, v: c.track_error("s", "E", v, stack_trace=v, recovery_action=v, tool_name=v, recoverable=v),
    "start": lambda c, v: c.create_session("n", v, agent=v, user_id=v, tags=v, version=v, input=v),
    "tags": lambda c, v: c.update_session("s", tags=[v] * 20, metadata=v, waiting_for=v),
    "end": lambda c, v: c.close_session("s", "success", v),
    "timestamp": lambda c, v: c.track_decision("s", "r", timestamp=v),
}
"""The verbs, with a value wherever any value is taken."""


def kept(folder: Path) -> list[dict[str, Any]]:
    """The events on the disk."""
    found: list[dict[str, Any]] = []
    for segment in sorted(folder.rglob("*.seg")):
        data = segment.read_bytes()
        assert data.count(MAGIC)
        found += [json.loads(record.payload) for record in scan(data, 0, refuse, sealed=True)]
    return found


def refuse(begin: int, end: int) -> None:
    """There is no damage in a spool that nobody touched."""
    raise AssertionError((begin, end))


def depth_of(value: Any) -> int:
    """How many containers lie in each other."""
    level, levels = [value], 0
    while level := [v for v in level if isinstance(v, (dict, list)) and v]:
        levels += 1
        level = [member for v in level for member in (v.values() if isinstance(v, dict) else v)]
    return levels


def check_form(event: dict[str, Any]) -> None:
    """The event is one that the contract takes, and within the bounds."""
    assert load_contract().check_event(event) is None
    assert len(json.dumps(event, ensure_ascii=False).encode("utf-8")) < 1 << 20
    for field in event.values():
        assert depth_of(field) <= _values.MAX_DEPTH + 2  # the mark of what was cut, and metadata's own dict
    detail = event.get("toolError") or {}  # a field of each kind of text
    for field in (*[value for name, value in event.items() if name != "toolError"], *detail.values()):
        assert len(json.dumps(field, ensure_ascii=False, separators=(",", ":")).encode("utf-8")) < 300 * 1024


def without_key(folder: Path) -> SentrialClient:
    """A client whose events stay on the disk."""
    return SentrialClient(api_url=f"http://127.0.0.1:{free_port()}", spool_dir=folder)


def track(client: SentrialClient, call: Call, value: Any) -> float:
    """The seconds of its own that a call takes."""
    begun = time.thread_time()
    call(client, value)
    return time.thread_time() - begun


@pytest.mark.parametrize("name", sorted(odd.KINDS))
def test_an_odd_value_is_kept_in_bounds_and_in_time(name: str, tmp_path: Path) -> None:
    """In every field of every verb: nothing raises, nothing hangs, and the contract takes what lies on the disk."""
    value = odd.KINDS[name]()
    calls = [CALLS["model call"]] if name == "talker" else list(CALLS.values())
    own = 0.1 * 6 if name == "talker" else 0  # what it takes to say a hundred megabytes, three times and once more
    client = without_key(tmp_path)

    slowest = max(track(client, call, value) for call in calls)
    client.close(0)

    events = kept(tmp_path)
    assert slowest < OURS_SECONDS + own
    assert len(events) == len(calls)
    for event in events:
        check_form(event)


@pytest.mark.parametrize("name", sorted(rude.FIGHTING))
def test_a_value_that_raises_is_kept_in_every_field(name: str, tmp_path: Path) -> None:
    """What raises when it is looked at is marked wherever it stands, and the event is kept."""
    value = rude.FIGHTING[name]()
    client = without_key(tmp_path)

    for call in CALLS.values():
        call(client, value)
    client.close(0)

    events = kept(tmp_path)
    assert len(events) == len(CALLS)
    for event in events:
        check_form(event)


# hypothesis itself asks what a value is; and some take their time.
unfit = {
    "talker",
    "nobody",
    "class of nobody",
    "dead",
    "closed",
    "classless",
    *(name for name in odd.KINDS if "huge" in name or "bomb" in name),
}
small = sorted(set(odd.KINDS) - unfit)
scalars = st.one_of(
    st.none() | st.booleans() | st.integers() | st.floats(),
    st.text(st.characters()) | st.binary(),
    st.datetimes(timezones=st.timezones()) | st.timedeltas() | st.decimals() | st.uuids(),
    st.sampled_from(sorted(rude.FIGHTING)).map(lambda name: rude.FIGHTING[name]()),
    st.sampled_from(small).map(lambda name: odd.KINDS[name]()),
    st.sampled_from(["password", "value", "name", "_truncated", "--token", "https://u:p@h", "x" * 300_000]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=9) | st.integers() | st.none() | st.binary() | st.floats(), inner, max_size=6),
        inner.map(rude.Refund),
        inner.map(ValueError),
    ),
    max_leaves=20,
)


def holds_for(value: Any, call: Call, folder: Path) -> None:
    """Track a value and look at what is kept."""
    before = {*folder.rglob("*.seg")}
    client = without_key(folder)

    took = track(client, call, value)
    client.close(0)

    segments = {*folder.rglob("*.seg")} - before
    events = [event for segment in segments for event in kept(segment.parent)]
    assert took < OURS_SECONDS
    assert len(events) == 1
    check_form(events[0])
    for segment in segments:
        segment.unlink()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=anything, call=st.sampled_from(sorted(CALLS)))
def test_any_value_is_kept_as_the_contract_has_it(value: Any, call: str, tmp_path: Path) -> None:
    """Recursive values of all kinds, hostile ones among them, in any verb."""
    holds_for(value, CALLS[call], tmp_path)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a failure that is being looked into
@settings(max_examples=LONG_EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=anything, call=st.sampled_from(sorted(CALLS)))
def test_many_values_are_kept_as_the_contract_has_them(value: Any, call: str, tmp_path: Path) -> None:
    """The same, many times over."""
    holds_for(value, CALLS[call], tmp_path)


@pytest.mark.parametrize("call", [name for name in CALLS if name != "timestamp"])
def test_later_changes_of_an_argument_change_nothing(call: str, tmp_path: Path) -> None:
    """What was tracked is what it was at the call, in every field of every verb."""
    inner: dict[str, Any] = {"b": "before"}
    value: dict[str, Any] = {"a": [1, inner], "plain": "before"}
    client = without_key(tmp_path)
    CALLS[call](client, value)

    inner["b"] = value["plain"] = "after"
    value["a"].append("after")
    client.flush(0)
    client.close(0)

    (event,) = kept(tmp_path)
    assert "before" in json.dumps(event)
    assert "after" not in json.dumps(event)


def test_a_value_that_changes_while_it_is_looked_at_is_kept(tmp_path: Path) -> None:
    """Another thread puts in and takes out all the time: every call keeps an event that the contract takes."""
    value: dict[Any, Any] = {number: [number] for number in range(500)}
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            value[number % 1000] = [{"n": number}]
            value.pop((number + 500) % 1000, None)

    client = without_key(tmp_path)
    changing = threading.Thread(target=change)
    changing.start()
    for _ in range(25):
        client.track_tool_call("s", "t", value, (value, [value]))
    done.set()
    changing.join()
    client.close(0)

    events = kept(tmp_path)
    assert len(events) == 25
    for event in events:
        check_form(event)
        assert "_unreadable" not in json.dumps(event)[:100]


def test_a_value_that_tracks_when_it_is_looked_at(tmp_path: Path) -> None:
    """Recording from within a `__repr__` works, and each call keeps its event."""
    client = without_key(tmp_path)

    class Tracking:
        def __repr__(self) -> str:
            client.track_decision("s", "from within")
            return "tracked"

    client.track_tool_call("s", "outer", Tracking(), reasoning=Tracking())  # type: ignore[arg-type]
    client.close(0)

    events = kept(tmp_path)
    outer = [event for event in events if event["eventType"] == "tool_call"]
    assert [(event["toolInput"], event["reasoning"]) for event in outer] == [("tracked", "tracked")]
    assert {event["reasoning"] for event in events} == {"tracked", "from within"}


def test_a_value_that_tracks_itself_ends(tmp_path: Path) -> None:
    """Where each look tracks the value again, Python's own bound on recursion ends it, and no exception leaves."""
    client = without_key(tmp_path)

    class Again:
        def __repr__(self) -> str:
            return client.track_tool_call("s", "t", self)

    client.track_tool_call("s", "t")
    client.track_tool_call("s", "t", Again())
    client.close(0)

    events = kept(tmp_path)
    assert len(events) > 5
    for event in events:
        check_form(event)


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit])
def test_what_is_meant_for_the_program_passes_through(signal: type[BaseException], tmp_path: Path) -> None:
    """Ctrl-C and `sys.exit` that come while a value is looked at reach the program, and the client works on."""

    class Stopping:
        def __repr__(self) -> str:
            raise signal

    client = without_key(tmp_path)

    with pytest.raises(signal):
        client.track_tool_call("s", "t", {"deep": [Stopping()]})
    client.track_tool_call("s", "after")
    client.close(0)

    assert [event["toolName"] for event in kept(tmp_path)] == ["after"]


def test_what_can_be_gone_through_once_is_not(tmp_path: Path) -> None:
    """Generators, iterators, files and whatever knows its own length but moves on are left as they were."""
    generator, iterator, reading = (n for n in range(3)), iter([1, 2, 3]), odd.Reading()
    source = (tmp_path / "file").open("w+")
    source.write("line\n")
    source.seek(0)
    client = without_key(tmp_path / "spool")

    with source:
        for call in CALLS.values():
            call(client, [generator, iterator, reading, source])
        left = (list(generator), list(iterator), reading.left, source.read())
    client.close(0)

    assert left == ([0, 1, 2], [1, 2, 3], 3, "line\n")


def test_the_deepest_value_does_not_end_the_process(tmp_path: Path) -> None:
    """A hundred thousand levels, tracked and freed in a process of its own: it ends well."""
    script = (
        CLIENT
        + """
value = []
for _ in range(100_000):
    value = [{"in": value}]
client.track_tool_call("s", "t", value, {"v": value}, reasoning=value, error=ValueError(value), metadata={"v": [value]})
client.close(0)
del value
print("well")
"""
    )

    status, out, err = run(script, f"http://127.0.0.1:{free_port()}", tmp_path)

    assert (status, out) == (0, "well\n")
    assert "Traceback" not in err
