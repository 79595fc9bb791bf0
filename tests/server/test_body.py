"""Bodies are unpacked and judged within bounds, whatever they hold."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest

from sentrial.server.body import InvalidJsonError, _unzip, decode_json
from sentrial.server.problems import Problem


def test_a_bomb_is_not_unpacked_beyond_the_limit() -> None:
    """64 MiB of zeros cost a few, not 64: unpacking stops where the limit is reached."""
    packer = zlib.compressobj(1, wbits=31)
    bomb = packer.compress(b"\0" * (64 << 20)) + packer.flush()

    tracemalloc.start()
    with pytest.raises(Problem) as refused:
        _unzip(bomb, 1 << 20)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert refused.value.status == 413
    assert peak_bytes < 8 << 20


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_64_levels_are_taken_and_65_are_not(opening: bytes) -> None:
    """Arrays and objects count alike."""
    closing = b"]" if opening == b"[" else b"}"

    def nested(levels: int) -> bytes:
        return opening * levels + (b"" if opening == b"[" else b"0") + closing * levels

    assert decode_json(nested(64))
    with pytest.raises(InvalidJsonError, match="nests deeper than 64"):
        decode_json(nested(65))


def test_many_brackets_side_by_side_are_not_deep() -> None:
    """Width is not depth."""
    assert decode_json(b"[" + b"[]," * 5000 + b"{}]")
