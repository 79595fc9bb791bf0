"""The worker: reads the spool, sends, acts on the outcome, backs off. It knows nothing of HTTP.

It states what it needs, `Sender`, and tests plug in a scripted one. There are two different waits: an idle
worker is woken by the next event, one that backs off only by `flush` and `close`; otherwise a busy host would
hammer a dead server.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentrial._spool import Batch, Spool

logger = logging.getLogger("sentrial")

BATCH_RECORDS = 1000
BATCH_BYTES = 4 << 20
PROBE_RECORDS = 10
ADOPT_SECONDS = 5.0
FIRST_BACKOFF_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 30.0
BLOCKED_BACKOFF_SECONDS = 5.0
LONGEST_BLOCKED_SECONDS = 300.0
LONGEST_ASKED_SECONDS = 3600.0
QUIET_SECONDS = 60.0
FREE_BYTES = 256 << 20


class Rejected(NamedTuple):
    """One event that the server refused for good."""

    line: int
    code: str
    reason: str


class Delivered(NamedTuple):
    """The server has the batch, but for what it rejected."""

    rejected: tuple[Rejected, ...] = ()


class Refused(NamedTuple):
    """The server refused the whole batch for what is in it."""

    reason: str


class TooLarge(NamedTuple):
    """The server refused the whole batch for its size."""

    reason: str


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


def backoff(attempt: int, chance: float, *, first: float = FIRST_BACKOFF_SECONDS, longest: float) -> float:
    """Seconds to wait after a failed attempt: full jitter, doubling up to a limit.

    Args:
        attempt: How many attempts failed in a row, from 1.
        chance: A random number from 0 to 1.
        first: The limit of the first wait, in seconds.
        longest: The limit of all waits, in seconds.
    """
    return chance * min(longest, first * 2.0 ** min(attempt - 1, 32))


class Worker:
    """One background thread that empties one spool.

    Args:
        spool: The queue to empty.
        make_sender: Makes the sender, in the worker's own thread, when there is something to send.
        max_retries: How many failed attempts in a row are borne in silence; then it is logged, once a minute.
        max_spool_bytes: How large the spool may grow before its oldest events are dropped and counted.
        clock: Monotonic seconds.
        chance: Random numbers from 0 to 1.
    """

    def __init__(
        self,
        spool: Spool,
        make_sender: Callable[[], Sender],
        *,
        max_retries: int = 3,
        max_spool_bytes: int = 1 << 30,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._spool = spool
        self._make_sender = make_sender
        self._max_retries = max_retries
        self._max_spool_bytes = max_spool_bytes
        self._clock = clock
        self._chance = chance
        self._quiet_until: dict[str, float] = {}
        self.delivered = 0
        self._forget()

    def _forget(self) -> None:
        """The state before the thread starts, also in a fork's child."""
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._progress = threading.Condition()
        self._stopping = False
        self._failures = 0
        self._attempts = 0

    def notice(self) -> None:
        """Say that there is something to send. Starts the thread at the first event; never raises."""
        if self._thread is None:
            self._start()
        if not self._wake.is_set():
            self._wake.set()

    def after_fork(self) -> None:
        """In the child: the parent's thread does not live here."""
        self.delivered = 0
        self._forget()

    def flush(self, timeout: float | None, *, one_attempt: bool = False) -> int:
        """Wait until everything is delivered; how many events still wait.

        Args:
            timeout: Seconds to wait at most; None: as long as it takes.
            one_attempt: Stop waiting as soon as an attempt has failed.
        """
        begun = self._attempts
        self.notice()
        deadline = None if timeout is None else self._clock() + timeout
        with self._progress:
            self._hurry.set()
            # Before its first round the worker has not looked for what dead processes left.
            while (pending := self._spool.pending()) > 0 or not self._attempts:
                if one_attempt and self._failures and self._attempts > begun:
                    break
                if self._thread is None or not self._thread.is_alive():
                    break
                left = None if deadline is None else deadline - self._clock()
                if left is not None and left <= 0:
                    break
                self._progress.wait(0.25 if left is None else min(left, 0.25))
        return pending

    def stop(self, timeout: float) -> None:
        """Deliver for at most `timeout` seconds, then end the thread. What is left stays on the disk."""
        thread = self._thread
        if thread is None:
            return
        deadline = self._clock() + timeout
        if timeout > 0:
            self.flush(timeout)
        self._stopping = True
        self._hurry.set()
        self._wake.set()
        if thread is not threading.current_thread():
            thread.join(max(deadline - self._clock(), 0.25))
        if not thread.is_alive():
            self._forget()

    def _start(self) -> None:
        # Not blocking: a signal handler that tracks may have interrupted this very function.
        if not self._starting.acquire(blocking=False):
            return
        try:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="sentrial-delivery", daemon=True)
                thread.start()
                self._thread = thread
        except RuntimeError:
            # The interpreter is shutting down and takes no new thread: the disk keeps the event.
            logger.debug("sentrial: no thread can be started now; events wait on the disk")
        finally:
            self._starting.release()

    # ---- in the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        sender: Sender | None = None
        try:
            adopt_at = self._clock()
            while not self._stopping:
                if self._clock() >= adopt_at:
                    self._spool.adopt()
                    self._spool.trim(self._max_spool_bytes, FREE_BYTES)
                    adopt_at = self._clock() + ADOPT_SECONDS
                self._wake.clear()
                batch = self._spool.read(PROBE_RECORDS if self._failures else BATCH_RECORDS, BATCH_BYTES)
                if batch is None:
                    self._tell()
                    self._wake.wait(max(0.0, adopt_at - self._clock()))
                    continue
                sender = sender or self._make_sender()
                # Before the attempt, not after it: whoever asks for a hurry meanwhile gets another attempt.
                self._hurry.clear()
                wait = self._deliver(sender, batch)
                self._tell()
                if wait and not self._stopping:
                    self._hurry.wait(wait)
        except Exception:
            # The last guard: delivery must never take the host down. The disk still has the events.
            logger.exception("sentrial: delivery stopped; the events wait on the disk for the next process")
        finally:
            if sender is not None:
                sender.close()
            if self._thread is threading.current_thread():
                # A stop that did not wait to the end: the next event starts anew.
                self._stopping = False
                self._thread = None

    def _deliver(self, sender: Sender, batch: Batch) -> float:
        """Send one batch and act on what came of it; the seconds to wait before the next."""
        outcome = sender.send(batch.payloads)
        match outcome:
            case Delivered(rejected):
                self._settle(batch, rejected)
                return 0.0
            case Refused(reason) | TooLarge(reason):
                return self._divide(sender, batch, reason)
            case Blocked(reason):
                return self._hold(reason)
            case Unreachable(reason, after_seconds):
                return self._retry(reason, after_seconds)

    def _settle(self, batch: Batch, rejected: tuple[Rejected, ...]) -> None:
        for event in rejected:
            self._spool.reject(batch.payloads[event.line], event.code, event.reason)
        if rejected:
            first = rejected[0]
            self._say(
                logging.WARNING, "rejected", "the server rejected %d events: %s", len(rejected), first.reason[:200]
            )
        self.delivered += len(batch.payloads) - len(rejected)
        self._spool.ack(batch, len(batch.payloads))
        self._failures = 0

    def _divide(self, sender: Sender, batch: Batch, reason: str) -> float:
        """Find the events that a refusal is about, by halves. One that is too large is sent again with less in it.

        One event alone goes to the dead letters only if the same server took another one meanwhile: a server
        that takes nothing is a wrong address or a proxy, and costs no event.
        """
        refused: list[Rejected] = []
        taken = 0
        middle = len(batch.payloads) // 2
        ranges = [(middle, len(batch.payloads)), (0, middle)] if middle else [(0, 1)]
        while ranges:
            start, end = ranges.pop()
            outcome = sender.send(batch.payloads[start:end])
            if isinstance(outcome, TooLarge) and end - start == 1:
                outcome = _send_less(sender, batch.payloads[start], outcome)
            match outcome:
                case Delivered(rejected):
                    taken += end - start - len(rejected)
                    refused += [event._replace(line=event.line + start) for event in rejected]
                case Refused(why) | TooLarge(why) if end - start == 1:
                    refused.append(Rejected(start, "too_large" if isinstance(outcome, TooLarge) else "refused", why))
                case Refused(_) | TooLarge(_):
                    middle = (start + end) // 2
                    ranges += [(middle, end), (start, middle)]
                case Blocked(why):
                    return self._hold(why)
                case Unreachable(why, after_seconds):
                    return self._retry(why, after_seconds)
        if taken == 0:
            return self._hold(reason)
        self._settle(batch, tuple(sorted(refused)))
        return 0.0

    def _hold(self, reason: str) -> float:
        self._failures += 1
        self._say(logging.ERROR, "blocked", "the server takes no events; they wait on the disk. %s", reason)
        longest = min(LONGEST_BLOCKED_SECONDS, BLOCKED_BACKOFF_SECONDS * 2.0 ** min(self._failures - 1, 16))
        return longest * (0.5 + self._chance() / 2)

    def _retry(self, reason: str, after_seconds: float | None) -> float:
        self._failures += 1
        if self._failures > self._max_retries:
            self._say(
                logging.WARNING, "unreachable", "the server can't be reached; events wait on the disk. %s", reason
            )
        wait = backoff(self._failures, self._chance(), longest=LONGEST_BACKOFF_SECONDS)
        if after_seconds is not None:
            wait += min(max(after_seconds, 0.0), LONGEST_ASKED_SECONDS)
        return max(wait, 0.01)

    def _say(self, level: int, about: str, message: str, *values: object) -> None:
        """Log once a minute at most about the same trouble."""
        now = self._clock()
        if now >= self._quiet_until.get(about, now):
            self._quiet_until[about] = now + QUIET_SECONDS
            logger.log(level, f"sentrial: {message}", *values)  # noqa: G004 - the message itself is constant

    def _tell(self) -> None:
        with self._progress:
            self._attempts += 1
            self._progress.notify_all()


def _send_less(sender: Sender, payload: bytes, outcome: TooLarge) -> Outcome:
    from sentrial._shrink import shrink  # noqa: PLC0415 - hardly any server ever says so

    smaller = shrink(payload)
    return outcome if smaller is None else sender.send([smaller])
