"""Values that a user's program may hold: well-known kinds, and some that fight back.

A newcomer's mistake: to import these names into a test module. pytest's plugins look at every name there.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
import msgspec
import pydantic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Rude:
    """Raises at every look."""

    def __init__(self, error: type[Exception] = RuntimeError) -> None:
        object.__setattr__(self, "_error", error)

    def _raise(self, *_: Any) -> Any:
        raise object.__getattribute__(self, "_error")

    __repr__ = __str__ = __len__ = __iter__ = __bool__ = __getattr__ = __eq__ = __hash__ = __int__ = _raise  # type: ignore[assignment]


class Endless(collections.abc.Sequence[int]):
    """Says that it is short, and never ends."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: Any) -> Any:
        return index

    def __iter__(self) -> Iterator[int]:
        return itertools.count()


class Boastful(list[int]):
    """Says that it is long, and is not."""

    def __len__(self) -> int:
        return 10**12


class RudeDict(dict[Any, Any]):
    """A dict whose members can't be had."""

    def items(self) -> Any:
        """Never."""
        raise LookupError


class Meta(type):
    """A class that does not say its name."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError


class Nameless(metaclass=Meta):
    """Nothing about it can be said."""

    __repr__ = Rude._raise


class Shout(str):
    """A text that is not what it says."""

    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError


class Colour(enum.Enum):
    """An enum of texts."""

    RED = "red"


class Level(enum.IntEnum):
    """An enum of numbers."""

    HIGH = 3


class Loop(enum.Enum):
    """An enum whose value is itself."""

    SELF = 1


Loop.SELF._value_ = Loop.SELF


@dataclasses.dataclass
class Order:
    """A dataclass with a secret."""

    id: int
    password: str = "hunter2"


@attrs.define
class Refund:
    """An attrs class that holds another."""

    order: Order


class Ticket(pydantic.BaseModel):
    """A model that takes more than it names."""

    model_config = pydantic.ConfigDict(extra="allow")
    number: int


class Point(NamedTuple):
    """A named tuple."""

    x: int
    y: int


class Row(msgspec.Struct):
    """A struct."""

    a: int


class Lazy(pydantic.BaseModel):
    """A model whose fields were never set."""

    value: int


FIGHTING: dict[str, Callable[[], Any]] = {
    "rude": Rude,
    "nameless": Nameless,
    "without members": lambda: RudeDict(a=1),
    "its own value": lambda: Loop.SELF,
    "recursion": lambda: Rude(RecursionError),
    "memory": lambda: Rude(MemoryError),
}
"""Makers of values that raise when they are looked at."""

KINDS: list[Callable[[], Any]] = [
    *FIGHTING.values(),
    Endless,
    lambda: Boastful([1]),
    lambda: Shout("x" * 30),
    lambda: Order(1),
    lambda: Refund(Order(1)),
    lambda: Ticket(number=1),
    lambda: Point(1, 2),
    lambda: Row(1),
    Lazy.model_construct,
    lambda: memoryview(b"x" * 9),
    object,
]
"""Makers of values of all kinds."""
