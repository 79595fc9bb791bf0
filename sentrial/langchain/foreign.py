"""Looking into values of other people's making, where any part may be missing or of another type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard


def mapping_of(value: object) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if is_mapping(value) else {}


def sequence_of(value: object) -> Sequence[Any]:
    """The value if it is a list or tuple, else an empty one."""
    return value if is_sequence(value) else ()


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether the value is a mapping; its keys are taken for strings."""
    return isinstance(value, Mapping)


def is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether the value is a list or tuple."""
    return isinstance(value, list | tuple)
