"""What can become of a batch that was sent, and what the worker needs of whoever sends it.

A newcomer's mistake: to take a refusal for a lost event. Only `Delivered` names events that are done with; every
other outcome is about the request, and the events stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence


class Rejected(NamedTuple):
    """One event that the server refused for good."""

    line: int
    code: str
    reason: str


class Delivered(NamedTuple):
    """The server has the batch, but for what it rejected."""

    rejected: tuple[Rejected, ...] = ()


class Refused(NamedTuple):
    """The server refused the whole batch for what is in it.

    Attributes:
        reason: What it said, for the dead letters: it may repeat the events, so it is never logged.
        status: The same as a number, for the log.
    """

    reason: str
    status: int = 400


class TooLarge(NamedTuple):
    """The server refused the whole batch for its size."""

    reason: str
    status: int = 413


class Blocked(NamedTuple):
    """The server takes nothing from this client: a wrong key, a wrong address. Waiting alone does not help."""

    reason: str


class Unreachable(NamedTuple):
    """No usable answer. Trying again later may help; the server may have said when."""

    reason: str
    after_seconds: float | None = None


Outcome: TypeAlias = Delivered | Refused | TooLarge | Blocked | Unreachable


class Sender(Protocol):
    """What the worker needs of the network."""

    def send(self, payloads: Sequence[bytes]) -> Outcome:
        """Send a batch; never raises."""
        ...

    def close(self) -> None:
        """Free the connections."""
        ...
