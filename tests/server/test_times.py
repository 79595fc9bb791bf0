"""Every date-time that the contract accepts can be stored and written down again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentrial.server.store.times import EARLIEST_US, LATEST_US, format_us, parse_us


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
