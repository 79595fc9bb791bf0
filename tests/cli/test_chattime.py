"""The times of a chat log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sentrial.cli.chattime import time_of, undated

MOMENT = datetime(2025, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields",
    [
        {"created_at": "2025-02-03T04:05:06Z"},
        {"created_at": "2025-02-03T05:05:06+01:00"},
        {"timestamp": "2025-02-03 04:05:06"},
        {"timestamp": int(MOMENT.timestamp())},
        {"created": MOMENT.timestamp() * 1000},
        {"created_at": "nonsense", "created": MOMENT.timestamp()},
    ],
)
def test_known_forms_are_the_same_moment(fields: dict[str, Any]) -> None:
    """ISO texts, seconds and milliseconds are read; without an offset it is UTC."""
    assert time_of(fields) == MOMENT


@pytest.mark.parametrize("value", [None, "", "soon", True, 0, -5, 1e300, float("nan"), [], "9999-99-99", 10**400])
def test_what_is_no_time_is_none(value: object) -> None:
    """A value that is no time is as good as none."""
    assert time_of({"timestamp": value}) is None


@pytest.mark.parametrize("value", ["9999-12-31T23:59:59.999999Z", "9999-12-31", 253_402_300_799_000])
def test_calendars_last_day_is_none(value: object) -> None:
    """A session could not go on after it: there is no later time to give to its events."""
    assert time_of({"timestamp": value}) is None


def test_undated_conversations_keep_the_files_order() -> None:
    """Positions a second apart, in the year 2000, the same each time."""
    digest = "f" * 64

    first, second = undated(digest, 0), undated(digest, 1)

    assert first == undated(digest, 0)
    assert first.year == 2000
    assert (second - first).total_seconds() == 1
