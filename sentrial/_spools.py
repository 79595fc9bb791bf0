"""What lies in the spools of this machine, for people: what waits, whose it is, and what was rejected.

A newcomer's mistake: to `seize` a folder in order to look into it, or to `read` from one that lives: both change
it. A `Glance` takes no lock and deletes nothing, so its figures are those of a moment.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeAlias, cast

from sentrial import _locks, _records
from sentrial._births import machine_name
from sentrial._folder import Folder
from sentrial._homes import DESTINATION, describe, is_ours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Life: TypeAlias = Literal["alive", "dead", "unknown"]
"""Of the process that owns a folder. Unknown: another machine's, or a system without locks."""

DEAD_LETTERS = "dead-letters.ndjson"
_RETRYING = "retrying-*.ndjson"
_SEGMENT_BYTES = 4 << 20


class Owned(NamedTuple):
    """The folder of one process, as it stood when it was looked at.

    Attributes:
        path: Where it is.
        life: Whether its process lives.
        events: How many events wait in it.
        size_bytes: How large it is on the disk.
        oldest: The timestamp of the event that waits longest, None where none waits.
    """

    path: Path
    life: Life
    events: int
    size_bytes: int
    oldest: str | None


class Reason(NamedTuple):
    """Why events were rejected, and how many of them."""

    code: str
    reason: str
    events: int


class Destination(NamedTuple):
    """Everything that is for one server and project.

    Attributes:
        path: Where it is. Its name is a hash of the address and the project or key.
        api_url: The server, None where that is not known.
        project_id: The project, None where the key decides it or it is not known.
        owned: The folder of each process.
        dead_letters: What was rejected, the most frequent reason first.
    """

    path: Path
    api_url: str | None
    project_id: str | None
    owned: tuple[Owned, ...]
    dead_letters: tuple[Reason, ...]

    @property
    def events(self) -> int:
        """How many events wait."""
        return sum(owned.events for owned in self.owned)

    @property
    def dead_events(self) -> int:
        """How many of them nobody has any more: their process is dead."""
        return sum(owned.events for owned in self.owned if owned.life == "dead")


def survey(roots: Iterable[Path]) -> tuple[Destination, ...]:
    """Everything below the folders that spools are kept in, empty destinations included."""
    return tuple(_destination(home) for root in roots if is_ours(root) for home in _folders(root))


def drop(destination: Destination) -> int:
    """Delete what waits in the folders whose process is dead, for good; how many events that were."""
    dropped = 0
    for owned in destination.owned:
        # Asked again with the lock: somebody may have adopted it since.
        folder = Folder.seize(owned.path) if owned.life == "dead" else None
        if folder is not None:
            dropped += folder.remaining
            folder.remove()
    return dropped


def take_over(source: Destination, name: str, about: Mapping[str, str | None]) -> int:
    """Bring what dead processes left for one destination to another; how many events that were.

    Each folder is renamed while its lock is held: at any moment it is in one place or the other, and never in both.

    Args:
        source: Where it lies. Folders whose process lives stay there.
        name: The name of the destination that it is to be sent to.
        about: What that destination is, for people.

    Raises:
        OSError: The disk refuses. What was not brought over is where it was.
    """
    home = source.path.parent / name
    moved = 0
    for owned in source.owned:
        # Asked again with the lock: somebody may have adopted it since.
        folder = Folder.seize(owned.path) if owned.life == "dead" else None
        if folder is None:
            continue
        try:
            home.mkdir(mode=0o700, exist_ok=True)
            folder.path = folder.path.rename(home / folder.path.name)
            describe(folder, about)
            moved += folder.remaining
        finally:
            folder.release()
    return moved


def requeue(home: Path) -> int:
    """Put a destination's dead letters back among what waits; how many events that were.

    Killed in the middle, it leaves what the next call finishes: an event may then be sent twice, and is stored once.

    Raises:
        OSError: The disk refuses. The dead letters are kept.
    """
    with contextlib.suppress(FileNotFoundError):
        # Whoever rejects an event from now on begins a new file.
        (home / DEAD_LETTERS).rename(home / _RETRYING.replace("*", secrets.token_hex(4)))
    taken = sorted(home.glob(_RETRYING))
    if not taken:
        return 0
    folder = Folder.make(home)
    try:
        count = _write(folder, (payload for path in taken for payload in _payloads(path)))
    except OSError:
        folder.remove()
        raise
    for path in taken:
        path.unlink(missing_ok=True)
    if count:
        folder.release()
    else:
        folder.remove()
    return count


class Glance(Folder):
    """A folder looked at while its owner goes on: no lock is held, nothing is deleted."""

    @classmethod
    def at(cls, path: Path) -> Self:
        """Look at a folder; `release` frees it.

        Raises:
            OSError: It has gone, or is no owner's folder.
        """
        return cls(path, os.open(path / "lock", os.O_RDONLY | os.O_CLOEXEC))

    def life(self) -> Life:
        """Whether the process lives that owns it."""
        if not _locks.CAN_LOCK or self._lock is None or not self.path.name.startswith(f"{machine_name()}-"):
            return "unknown"
        return "alive" if _locks.is_locked(self._lock) else "dead"

    def _unlock(self, lock: int) -> None:
        os.close(lock)  # which was never locked


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return []


def _destination(home: Path) -> Destination:
    told: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        read: Any = json.loads((home / DESTINATION).read_bytes())
        told = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
    api_url, project_id = (told[key] if isinstance(told.get(key), str) else None for key in ("api_url", "project_id"))
    owned: list[Owned] = []
    for path in _folders(home):
        with contextlib.suppress(OSError):
            owned.append(_owned(path))
    return Destination(home, api_url, project_id, tuple(owned), _reasons(home))


def _owned(path: Path) -> Owned:
    glance = Glance.at(path)
    try:
        first = glance.first()
        return Owned(path, glance.life(), glance.count(), glance.bytes_held(), _timestamp(first))
    finally:
        glance.release()


def _timestamp(payload: bytes | None) -> str | None:
    if payload is None:
        return None
    try:
        timestamp: Any = json.loads(payload)["timestamp"]
    except (ValueError, KeyError, TypeError):
        return None
    return timestamp if isinstance(timestamp, str) else None


def _letters(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            for line in file:
                with contextlib.suppress(ValueError):  # half a line, from when the disk was full
                    letter: Any = json.loads(line)
                    if isinstance(letter, dict):
                        yield cast("dict[str, Any]", letter)
    except FileNotFoundError:
        return


def _reasons(home: Path) -> tuple[Reason, ...]:
    paths = (home / DEAD_LETTERS, *sorted(home.glob(_RETRYING)))
    counted = Counter(
        (str(letter.get("code")), str(letter.get("reason"))) for path in paths for letter in _letters(path)
    )
    return tuple(Reason(code, reason, events) for (code, reason), events in counted.most_common())


def _payloads(path: Path) -> Iterator[bytes]:
    for letter in _letters(path):
        if isinstance(letter.get("event"), str):
            yield letter["event"].encode()


def _write(folder: Folder, payloads: Iterable[bytes]) -> int:
    """Write payloads into a folder and force them to the disk; how many there were."""
    count = left = 0
    descriptor: int | None = None
    try:
        for payload in payloads:
            record = _records.frame(payload)
            if descriptor is None or left < len(record):
                previous, descriptor, left = descriptor, folder.new_segment(), max(_SEGMENT_BYTES, len(record))
                if previous is not None:
                    _finish(previous)
            if os.write(descriptor, record) != len(record):
                raise OSError("the disk took half a record")
            left -= len(record)
            count += 1
    finally:
        if descriptor is not None:
            _finish(descriptor)
    return count


def _finish(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
