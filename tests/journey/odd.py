"""Values that a program may hold and nobody expects in a log. `rude.py` has those that raise.

They lie, grow without end, share what they hold, are open, or can be looked at only once. A newcomer's mistake: to
make one at import. Some hold a socket or megabytes: each is made when asked for.
"""

from __future__ import annotations

import array
import collections
import contextlib
import ctypes
import functools
import io
import itertools
import socket
import sys
import threading
import types
import weakref
from typing import TYPE_CHECKING, Any

from tests.journey import rude

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def bomb(kind: Callable[[list[Any]], Any] = list) -> Any:
    """Forty containers that expand to a million million nodes."""
    value: Any = "x"
    for _ in range(40):
        value = kind([value, value])
    return value


def shared_sets() -> Any:
    """The same of sets, which remember their hash, so that they may be keys."""
    value: Any = frozenset(["x"])
    for number in range(40):
        value = frozenset([value, (value, number)])
    return value


def deep(levels: int = 100_000) -> Any:
    """A list in a list, and so on."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def deep_dict(levels: int = 100_000) -> Any:
    """A dict in a dict, and so on."""
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"in": value}
    return value


class Liar:
    """Says that it is a text."""

    __class__ = str  # type: ignore[assignment]


class Classless:
    """Does not say what it is."""

    @property
    def __class__(self) -> Any:  # type: ignore[override]
        raise RuntimeError


class Closed:
    """Lets nobody look at anything."""

    def __getattribute__(self, name: str) -> Any:
        raise PermissionError(name)


class Talker:
    """Says a hundred megabytes."""

    def __repr__(self) -> str:
        return "talk " * 20_000_000


class Mute:
    """What it says is no text."""

    def __repr__(self) -> Any:
        return 5


class Echo:
    """Says what it says."""

    def __repr__(self) -> str:
        return repr(self)


class Unequal:
    """Is equal to everything, and raises when asked whether it is; its hash is that of a common name."""

    def __init__(self, name: str = "value") -> None:
        self._name = name

    def __hash__(self) -> int:
        return hash(self._name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError


class Growing(dict[Any, Any]):
    """Grows whenever it is looked at."""

    def items(self) -> Any:
        """One more each time."""
        for number in itertools.count():
            self[number] = number
            yield number, self


class Longest(list[Any]):
    """A list whose members are not what it gives."""

    def __iter__(self) -> Iterator[Any]:
        return itertools.repeat(self)

    def __len__(self) -> int:
        raise OverflowError


class Bytes(bytes):
    """Bytes that do not let themselves be cut."""

    def __getitem__(self, _: Any) -> Any:
        raise RuntimeError

    def __len__(self) -> int:
        return 10**12


class Meta(type):
    """A class that says nothing about itself."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(name)


class Array:
    """An array of numbers as numpy has it: small enough in memory, beyond all bounds as lists."""

    __module__ = "numpy"
    ndim = 2
    shape = (1000, 10**9)
    size = 10**12
    dtype = "float32"

    @property
    def flat(self) -> Any:
        """Its numbers, one after the other."""
        return array.array("f", [0.5] * 5000)

    def tolist(self) -> Any:
        """Never ask."""
        raise MemoryError


class Frame:
    """A table as pandas has it."""

    __array__ = None

    def __len__(self) -> int:
        return 10**9

    def __iter__(self) -> Any:
        raise AssertionError("its rows were asked for")

    def __repr__(self) -> str:
        return "   a  b\n0  1  2"


class Reading:
    """Can be gone through once, and knows how much is left."""

    def __init__(self) -> None:
        self.left = 3

    def __len__(self) -> int:
        return self.left

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> int:
        self.left -= 1
        return self.left


def released() -> memoryview:
    """A view of nothing any more."""
    view = memoryview(b"abc")
    view.release()
    return view


def dead() -> Any:
    """A proxy of what is gone."""
    return weakref.proxy(Talker())


def crossed() -> memoryview:
    """A view that does not lie in one piece, of two dimensions."""
    return memoryview(bytes(10_000)).cast("B", [100, 100])[::2]


def closed_socket() -> socket.socket:
    """A socket that is closed again."""
    with contextlib.closing(socket.socket()) as made:
        return made


def module_class() -> Any:
    """An instance of a class that says nothing about itself."""
    return Meta("Nobody", (), {})()


def huge_number() -> int:
    """A number of a hundred thousand digits."""
    return 1 << 332_193


def looped_exception() -> Exception:
    """An exception that holds itself."""
    error = ValueError()
    error.args = (error, {"password": "hunter2"})
    return error


class Structure(ctypes.Structure):
    """A structure of C."""

    _fields_ = (("x", ctypes.c_int), ("next", ctypes.c_void_p))


KINDS: dict[str, Callable[[], Any]] = {
    "bomb": bomb,
    "bomb of tuples": lambda: bomb(tuple),
    "bomb of deques": lambda: bomb(collections.deque),
    "bomb of dicts": lambda: bomb(lambda pair: dict(enumerate(pair))),
    "bomb of namespaces": lambda: bomb(lambda pair: types.SimpleNamespace(a=pair[0], b=pair[1])),
    "bomb of partials": lambda: bomb(lambda pair: functools.partial(print, *pair)),
    "bomb of exceptions": lambda: bomb(lambda pair: ValueError(*pair)),
    "bomb of views": lambda: bomb(lambda pair: dict(enumerate(pair)).values()),
    "bomb of proxies": lambda: bomb(lambda pair: types.MappingProxyType(dict(enumerate(pair)))),
    "exception of shared sets": lambda: ValueError(shared_sets()),
    "bomb of slices": lambda: slice(bomb()),
    "shared sets": shared_sets,
    "shared sets as keys": lambda: {shared_sets(): 1},
    "deep": deep,
    "deep dict": deep_dict,
    "deep tuple": lambda: functools.reduce(lambda inner, _: (inner,), range(5000), ()),
    "liar": Liar,
    "classless": Classless,
    "closed": Closed,
    "talker": Talker,
    "mute": Mute,
    "echo": Echo,
    "unequal key": lambda: {Unequal(): 1, Unequal("name"): 2, "other": 3},
    "growing": lambda: Growing(a=1),
    "longest": lambda: Longest([1]),
    "uncut bytes": lambda: Bytes(b"x" * 1000),
    "nobody": module_class,
    "class of nobody": lambda: Meta("Nobody", (), {}),
    "array": Array,
    "frame": Frame,
    "released": released,
    "dead": dead,
    "crossed": crossed,
    "array of numbers": lambda: array.array("d", [0.5] * 1_000_000),
    "ctypes": lambda: [Structure(), ctypes.c_int(5), (ctypes.c_int * 5)(), ctypes.pointer(ctypes.c_int(5))],
    "lock": threading.Lock,
    "thread": threading.current_thread,
    "file": io.StringIO,
    "standard input": lambda: sys.stdin,
    "socket": closed_socket,
    "module": lambda: sys,
    "frame of the interpreter": sys._getframe,
    "huge number": huge_number,
    "many huge numbers": lambda: [huge_number()] * 1000,
    "huge number in a text": lambda: ValueError(huge_number()),
    "looped exception": looped_exception,
    "huge text": lambda: "x" * 50_000_000,
    "huge text of quotes": lambda: '"\\' * 10_000_000,
    "huge bytes": lambda: bytes(50_000_000),
    "huge bytes as a key": lambda: {bytes(50_000_000): 1},
    "huge dict": lambda: dict.fromkeys(range(1_000_000), "v"),
    "huge set": lambda: set(range(500_000)),
    "huge mapping": lambda: collections.UserDict.fromkeys(range(100_000), 1),
    "huge keys": lambda: {"k" * 100_000 + str(number): 1 for number in range(300)},
    "same names": lambda: {type("K", (), {"__repr__": lambda _: "k"})(): n for n in range(3000)},
    "surrogates": lambda: ["\ud800\udfff" * 1000, {"\udc80": "\udc80"}],
    "generator": lambda: (number for number in range(3)),
    "endless": itertools.count,
    "repeat": lambda: itertools.repeat(5),
    "reading": Reading,
    "rude keys": lambda: {rude.Colour.RED: 1, None: 2, 1.5: 3, (): 4, b"x": 5, True: 6, "1": 7},
}
"""Makers of odd values, by name."""
