"""How long to wait after a failure. Pure: the chance comes in as an argument.

A newcomer's mistake: to wait after trouble on the way as after a wrong key. The first may be over at once, the
second only when a person does something.
"""

from __future__ import annotations

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 30.0
BLOCKED_SECONDS = 5.0
LONGEST_BLOCKED_SECONDS = 300.0
LONGEST_ASKED_SECONDS = 3600.0
_LEAST_SECONDS = 0.01


def backoff(attempt: int, chance: float, *, first: float = FIRST_SECONDS, longest: float = LONGEST_SECONDS) -> float:
    """Seconds to wait after a failed attempt: full jitter, doubling up to a limit.

    Args:
        attempt: How many attempts failed in a row, from 1.
        chance: A random number from 0 to 1.
        first: The limit of the first wait, in seconds.
        longest: The limit of all waits, in seconds.
    """
    return chance * min(longest, first * 2.0 ** min(attempt - 1, 32))


def unreachable_wait(attempt: int, chance: float, asked: float | None) -> float:
    """Seconds to wait for a server that gave no usable answer.

    Args:
        attempt: How many attempts failed in a row, from 1.
        chance: A random number from 0 to 1.
        asked: The seconds that the server asked for, of which an hour at most is waited, plus the jitter.
    """
    wait = backoff(attempt, chance)
    if asked is not None:
        wait += min(max(asked, 0.0), LONGEST_ASKED_SECONDS)
    return max(wait, _LEAST_SECONDS)


def blocked_wait(attempt: int, chance: float) -> float:
    """Seconds until the next probe of a server that takes nothing: about 5, and up to 300.

    Args:
        attempt: How many attempts failed in a row, from 1.
        chance: A random number from 0 to 1: half of the wait hangs on it, so that many clients do not probe at once.
    """
    return backoff(attempt, 0.5 + chance / 2, first=BLOCKED_SECONDS, longest=LONGEST_BLOCKED_SECONDS)
