"""SentrialClient against a live server: the life of a session, reads, and a server that is not there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sentrial import ConnectionFailed, NotFound, SentrialClient, Unauthorized
from sentrial.server.serve import EmbeddedServer
from tests.journey.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import KeyedServer


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One running server for all tests of this module: each has sessions of its own."""
    with EmbeddedServer(tmp_path_factory.mktemp("server") / "sentrial.db") as running:
        yield running


@pytest.fixture
def client(shared: EmbeddedServer) -> Iterator[SentrialClient]:
    """A client of the running server."""
    with SentrialClient(api_url=shared.url) as made:
        yield made


def test_an_update_changes_a_session_that_goes_on(client: SentrialClient) -> None:
    """`update_session` sets status and tags and merges metadata, and can set it back."""
    session_id = client.create_session("s", {"a": 1})

    client.update_session(session_id, status="waiting", metadata={"b": 2}, tags=["x"])
    waiting = client.get_session(session_id)
    client.update_session(session_id, status="active")
    active = client.get_session(session_id)

    assert (waiting["status"], waiting["metadata"], waiting["tags"]) == ("waiting", {"a": 1, "b": 2}, ["x"])
    assert active["status"] == "active"


def test_tracking_after_the_end_does_not_reopen(client: SentrialClient) -> None:
    """An event that comes after `close_session` is kept, and the session stays ended."""
    session_id = client.create_session("s")
    client.close_session(session_id, "error", "it broke")

    client.track_tool_call(session_id, "late")

    session = client.get_session(session_id)
    assert (session["status"], session["summary"], session["tool_call_count"]) == ("error", "it broke", 1)


def test_the_first_end_stands(client: SentrialClient) -> None:
    """A second `close_session` changes nothing."""
    session_id = client.create_session("s")
    client.close_session(session_id, "cancelled", "first")
    first = client.get_session(session_id)

    client.close_session(session_id, "success", "second")

    assert client.get_session(session_id) == first
    assert (first["status"], first["summary"]) == ("cancelled", "first")


def test_an_unknown_session_becomes_one_without_a_name(client: SentrialClient) -> None:
    """Tracking for an id that nobody created keeps the event, in a session of that id."""
    client.track_decision("my-own.session:1", "why")

    session = client.get_session("my-own.session:1")

    assert (session["id"], session["name"], session["status"]) == ("my-own.session:1", None, "active")


def test_own_ids_are_taken(client: SentrialClient) -> None:
    """A session and an event may have ids of the caller's own, and the same event twice is one event."""
    session_id = client.create_session("s", session_id="order-7")

    first = client.track_tool_call(session_id, "t", event_id="call.1")
    client.flush(10)
    second = client.track_tool_call(session_id, "t", event_id="call.1")

    assert (session_id, first, second) == ("order-7", "call.1", "call.1")
    assert [event["id"] for event in client.list_events(session_id) if event["type"] == "tool_call"] == ["call.1"]


def test_sessions_are_listed_and_filtered(server: EmbeddedServer) -> None:
    """`list_sessions` gives the newest first, and only those asked for."""
    with SentrialClient(api_url=server.url) as client:
        first = client.create_session("one", agent="a", user_id="u")
        second = client.create_session("two", agent="b")
        client.close_session(second)

        every, by_agent, by_user, by_status = [
            [session["id"] for session in sessions]
            for sessions in (
                client.list_sessions(),
                client.list_sessions(agent="a"),
                client.list_sessions(user_id="u"),
                client.list_sessions(status="success"),
            )
        ]

    assert every == [second, first]
    assert (by_agent, by_user, by_status) == ([first], [first], [second])


def test_events_are_listed_in_order_over_many_pages(client: SentrialClient) -> None:
    """`list_events` goes through every page, in the order in which the events were tracked."""
    session_id = client.create_session("s")
    tracked = [client.track_tool_call(session_id, "t", {"i": i}) for i in range(450)]

    listed = [event["id"] for event in client.list_events(session_id) if event["type"] == "tool_call"]

    assert listed == tracked


def test_a_deleted_session_is_gone(client: SentrialClient) -> None:
    """After `delete_session` the session is not found any more, and deleting it again says so."""
    session_id = client.create_session("s")

    client.delete_session(session_id)

    with pytest.raises(NotFound):
        client.get_session(session_id)
    with pytest.raises(NotFound):
        client.delete_session(session_id)


def test_an_unknown_session_is_not_found(client: SentrialClient) -> None:
    """`get_session` of an id that does not exist raises NotFound, with status, code and request id."""
    with pytest.raises(NotFound) as caught:
        client.get_session("sess_nobody")

    assert (caught.value.status, caught.value.code) == (404, "not_found")
    assert caught.value.request_id


def test_a_read_without_a_server_fails_at_once() -> None:
    """With nothing listening, `get_session` raises ConnectionFailed in less than two seconds, and says what to do."""
    with SentrialClient(api_url=f"http://127.0.0.1:{free_port()}") as client:
        session_id = client.create_session("s")
        begun = time.monotonic()

        with pytest.raises(ConnectionFailed, match="sentrial serve"):
            client.get_session(session_id)
        took = time.monotonic() - begun
        client.close(0)

    assert took < 2


def test_a_key_opens_the_server(keyed_server: KeyedServer) -> None:
    """With the server's key everything works; with another one reads are Unauthorized and events wait."""
    with SentrialClient(api_key=keyed_server.key, api_url=keyed_server.url) as known:
        session_id = known.create_session("s")
        name = known.get_session(session_id)["name"]
    with SentrialClient(api_key="snt_wrong_0123456789abcdef", api_url=keyed_server.url) as unknown:
        unknown.create_session("mine")

        with pytest.raises(Unauthorized) as caught:
            unknown.get_session(session_id)
        kept = unknown.stats().pending
        unknown.close(0)

    assert name == "s"
    assert caught.value.status == 401
    assert kept == 1


def test_the_count_of_what_waits_is_true(client: SentrialClient) -> None:
    """`flush` gives 0 when everything is there, and `stats` agrees."""
    for i in range(20):
        client.track_tool_call("s", "t", {"i": i})

    left = client.flush(10)

    stats = client.stats()
    assert left == 0
    assert (stats.appended, stats.delivered, stats.pending, stats.rejected, stats.lost) == (20, 20, 0, 0, {})


def test_a_closed_client_still_keeps_events(server: EmbeddedServer) -> None:
    """Tracking after `close()` reaches the spool all the same, and closing again is harmless."""
    client = SentrialClient(api_url=server.url)
    client.create_session("s", session_id="late")
    client.close()
    client.close()

    client.track_tool_call("late", "after close")
    left = client.flush(10)
    count = client.get_session("late")["tool_call_count"]
    client.close()

    assert (left, count) == (0, 1)


def test_a_session_may_be_tracked_offline_before_any_server(server: EmbeddedServer) -> None:
    """`create_session` and `close_session` need no network: they go down the pipe as events do."""
    with SentrialClient(api_url=f"http://127.0.0.1:{free_port()}") as client:
        begun = time.monotonic()
        session_id = client.create_session("s")
        client.close_session(session_id)
        took = time.monotonic() - begun
        client.close(0)

    assert took < 1
    assert client.stats().appended == 2


def test_what_is_too_large_is_counted_and_said(client: SentrialClient) -> None:
    """An event beyond what a server takes, should one come about, is counted as lost, not passed over in silence."""
    client.create_session("s")
    assert client._pipe is not None

    client._pipe._keep(b"x" * (1 << 20) + b"x")

    assert client.stats().lost == {"too_large": 1}


def test_the_largest_event_is_accepted(client: SentrialClient) -> None:
    """What the client shapes fits the server, whatever it is made of: escapes, long numbers, names, tags."""
    session_id = client.create_session(
        "n" * 5000, {"k": "\x00" * 400_000}, tags=["\x01\U0001f600" * 1000] * 3000, input="\x02" * 300_000
    )
    client.track_tool_call(
        session_id,
        "\x03" * 2000,
        ["\x00" * 100] * 30_000,
        "\x1f" * 300_000,
        '"\\' * 200_000,
        error={"type": "\x04" * 2000, "message": "\x05" * 300_000, "stack_trace": "\x06" * 300_000},
        metadata={"x" * 300 + str(i): "\x07" * 1000 for i in range(3000)},
    )
    client.track_tool_call(
        session_id, "t", [-1.2345678901234567e-300] * 19_000, "o" * 300_000, "r" * 300_000, error="e" * 300_000
    )
    client.track_llm_call(session_id, "m", [10**4000] * 5000, [-(2**53) + 1] * 30_000)

    left = client.flush(20)

    stats = client.stats()
    assert (left, stats.delivered, stats.rejected, stats.lost) == (0, 4, 0, {})
