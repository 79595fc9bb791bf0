"""The search for secrets beside their names finds what its pattern says, in a fraction of the pattern's time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentrial import _told
from sentrial._redact import Redactor

PIECES = [
    "passw",
    "password",
    "passwd",
    "passphrase",
    "PWD",
    "secret",
    "token",
    "api",
    "access",
    "shared",
    "KEY",
    "key",
]
PIECES += ["_", "-", "--", "=", ":", " ", '"', "'", "=>", "authorization", "Cookie", "credential", "x", "1", "\\", "\n"]
PIECES += ["é", "\u017f", "İ", "a" * 35]


@given(st.lists(st.sampled_from(PIECES), max_size=15).map("".join))
@settings(max_examples=1500, deadline=None)
def test_names_are_found_where_the_pattern_finds_them(text: str) -> None:
    """To try only where a word begins leaves nothing out, and finds nothing else."""
    expected = [found.span() for found in _told._NAMED.finditer(text)]

    assert [found.span() for found in _told._named(text)] == expected


@pytest.mark.parametrize("piece", ["key ", "api_key=x ", "token ", "passw", "apikey", "basic abcdefgh ", "s:a@b://"])
def test_the_search_is_linear(piece: str) -> None:
    """Four times the text takes about four times the time, whatever it is made of."""
    redactor = Redactor()

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        took = []
        for _ in range(3):
            begun = time.thread_time()
            _told.clean(text, redactor.is_secret)
            took.append(time.thread_time() - begun)
        return min(took)

    small, large = seconds(16_384), seconds(65_536)

    assert large < 12 * small + 0.005
