"""A list of arguments is redacted by the quick look's door as well: it does not let the value of an option pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sentrial import SentrialClient
from sentrial._redact import Redactor
from tests.journey.processes import free_port

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("option", ["--password", "--token", "--api-key", "--a-rather-long-option-password"])
def test_the_value_of_an_option_does_not_reach_the_disk(option: str, tmp_path: Path) -> None:
    """As tool input, plain as it is."""
    client = SentrialClient(api_url=f"http://127.0.0.1:{free_port()}", spool_dir=tmp_path)
    client.track_tool_call("s", "first")
    client.track_tool_call("s", "shell", {"argv": ["mysql", option, "c4nary", "--host", "db"]})
    client.close(0)

    data = b"".join(path.read_bytes() for path in tmp_path.rglob("*.seg"))

    assert b"[redacted]" in data
    assert b"c4nary" not in data


@pytest.mark.parametrize(
    "secret",
    [
        "ASIA" + "ABCDEFGH01234567",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQdGBGabcdefghij0123456789\n-----END PGP PRIVATE KEY BLOCK-----",
    ],
)
def test_further_formats_are_known(secret: str) -> None:
    """Temporary ids of AWS and private keys of PGP."""
    kept = Redactor().text(f"use {secret} now")

    assert secret[-20:-6] not in kept
    assert kept.startswith("use [redacted]")
