"""Finds the events that a refusal of a whole batch is about, by halves.

A newcomer's mistake: to believe a server that refuses one event alone. It goes to the dead letters only if the same
server took another one meanwhile: a server that takes nothing is a wrong address or a proxy, and costs no event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentrial._outcomes import Blocked, Delivered, Outcome, Refused, Rejected, Sender, TooLarge, Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_REFUSALS = 32
"""How many refusals in a row, none of the batch taken, say that the server takes nothing."""


def halve(
    sender: Sender, payloads: Sequence[bytes], outcome: Refused | TooLarge, *, newest_first: bool = False
) -> Delivered | Blocked | Unreachable:
    """Send a refused batch again in ever smaller parts; what became of it as a whole.

    An event that is too large by itself is sent once more with less in it.

    Args:
        sender: Sends the parts.
        payloads: The batch.
        outcome: Its refusal.
        newest_first: Begin at the end: where all of the beginning is refused, the end may be taken.
    """
    refused: list[Rejected] = []
    taken = refusals = 0
    parts = [range(len(payloads))]
    known: Outcome | None = outcome
    while parts and (taken or refusals < MOST_REFUSALS):
        part = parts.pop()
        answer, known = known or sender.send(payloads[part.start : part.stop]), None
        if isinstance(answer, TooLarge) and len(part) == 1:
            answer = _send_less(sender, payloads[part.start], answer)
        match answer:
            case Delivered(rejected):
                taken += len(part) - len(rejected)
                refused += [event._replace(line=event.line + part.start) for event in rejected]
            case Refused(reason) | TooLarge(reason) if len(part) == 1:
                refusals += 1
                code = "too_large" if isinstance(answer, TooLarge) else "refused"
                refused.append(Rejected(part.start, code, reason))
            case Refused() | TooLarge():
                refusals += 1
                parts += _halves(part, newest_first=newest_first)
            case Blocked() | Unreachable():
                return answer
    if not taken:
        return Blocked(f"it refuses every event with HTTP {outcome.status}")
    return Delivered(tuple(sorted(refused)))


def _halves(part: range, *, newest_first: bool) -> list[range]:
    """Both halves of a part; the last one is sent first."""
    middle = len(part) // 2
    halves = [part[middle:], part[:middle]]
    return halves[::-1] if newest_first else halves


def _send_less(sender: Sender, payload: bytes, outcome: TooLarge) -> Outcome:
    from sentrial._shrink import shrink  # noqa: PLC0415 - hardly any server ever says so

    smaller = shrink(payload)
    return outcome if smaller is None else sender.send([smaller])
