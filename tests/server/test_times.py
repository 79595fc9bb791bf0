"""Every date-time that the contract accepts can be stored and written down again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentrial.server.store.times import EARLIEST_US, LATEST_US, format_us, parse_stored_us, parse_us


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-21T14:02:08Z", "2026-11-21T14:02:08.000000Z"),
        ("2026-11-21t14:02:08.5z", "2026-11-21T14:02:08.500000Z"),
        ("2026-11-21T14:02:08.1234567899+02:00", "2026-11-21T12:02:08.123456Z"),
        ("2026-11-21T14:02:08-05:30", "2026-11-21T19:32:08.000000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00.000000Z"),
        ("0000-02-29T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_rfc_3339_in_all_its_forms_is_read(text: str, written: str) -> None:
    """Leap seconds, lower case, offsets and the years at the edges are all times."""
    assert format_us(parse_us(text)) == written


@pytest.mark.parametrize("text", ["", "2026-11-21", "2026-11-21T14:02:08", "2026-13-01T00:00:00Z"])
def test_what_is_no_date_time_is_refused(text: str) -> None:
    """A time without an offset could be any time."""
    with pytest.raises(ValueError, match=r"date-time|month"):
        parse_us(text)


@given(st.integers(min_value=EARLIEST_US, max_value=LATEST_US))
def test_a_time_survives_being_written_and_read(microseconds: int) -> None:
    """Nothing is lost to floats."""
    assert parse_us(format_us(microseconds)) == microseconds


@settings(max_examples=500)
@given(st.lists(st.tuples(st.integers(0, 26), st.sampled_from("0123456789-+:.,TtZzW \u0661")), max_size=6))
def test_the_short_way_takes_only_what_is_written_again_as_it_came(changes: list[tuple[int, str]]) -> None:
    """Whatever differs from the stored form by a character goes the long way, and both agree on the rest."""
    text = list("2026-11-21T14:02:11.512000Z")
    for place, character in changes:
        text[place] = character
    time = "".join(text)

    found = parse_stored_us(time)

    assert found is None or (format_us(found), parse_us(time)) == (time, found)


def test_the_short_way_takes_what_our_clients_write() -> None:
    """It would be of no use otherwise."""
    assert parse_stored_us("2026-11-21T14:02:11.512000Z") == 1_795_269_731_512_000


@pytest.mark.parametrize(
    "text",
    [
        "2026-W47-6T14:02:11.512000Z",
        "2026-11-21T14:02:11,512000Z",
        "2026-11-21T14:02:11.51200+0",
        "2026-11-21T14:02:11.5+0100Z",
        "2026-11-21 14:02:11.512000Z",
        "2026-02-30T14:02:11.512000Z",
    ],
)
def test_the_short_way_leaves_other_forms_of_that_length_alone(text: str) -> None:
    """Weeks, commas, offsets and days that are none are not ours, whatever Python makes of them."""
    assert parse_stored_us(text) is None
