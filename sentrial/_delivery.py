"""The worker: reads the spool, sends, acts on the outcome, backs off. It knows nothing of HTTP.

It states what it needs, `Sender`, and tests plug in a scripted one. There are three different waits: an idle
worker is woken by the next event; one that was woken gathers for a moment, or every event would cost a request of
its own; one that backs off is woken only by `flush` and `close`, or a busy host would hammer a dead server.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from sys import is_finalizing
from typing import TYPE_CHECKING

from sentrial._backoff import blocked_wait, unreachable_wait
from sentrial._bell import Bell
from sentrial._halving import halve
from sentrial._notices import Notices
from sentrial._outcomes import Blocked, Delivered, Refused, TooLarge, Unreachable
from sentrial._reports import is_report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentrial._outcomes import Rejected, Sender
    from sentrial._reports import Reports
    from sentrial._spool import Batch, Spool

logger = logging.getLogger("sentrial")

BATCH_RECORDS = 1000
BATCH_BYTES = 4 << 20
PROBE_RECORDS = 10
GATHER_SECONDS = 0.05
_STARTING_SECONDS = 1.0
CARE_SECONDS = 5.0
FREE_BYTES = 256 << 20


class Worker:
    """One background thread that empties one spool.

    Args:
        spool: The queue to empty.
        make_sender: Makes the sender, in the worker's own thread, when there is something to send.
        reports: What tells the server of losses; None: nothing does.
        max_retries: How many failed attempts in a row are borne in silence; then it is logged, once a minute.
        max_spool_bytes: How large the spool may grow before its oldest events are dropped and counted.
        clock: Monotonic seconds.
        chance: Random numbers from 0 to 1.
        care_seconds: How often the worker looks for dead processes' folders, for the size of its own, and for losses.

    Attributes:
        delivered: How many events the server has confirmed.
    """

    def __init__(
        self,
        spool: Spool,
        make_sender: Callable[[], Sender],
        *,
        reports: Reports | None = None,
        max_retries: int = 3,
        max_spool_bytes: int = 1 << 30,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        care_seconds: float = CARE_SECONDS,
    ) -> None:
        self._spool = spool
        self._make_sender = make_sender
        self._reports = reports
        self._max_retries = max_retries
        self._max_spool_bytes = max_spool_bytes
        self._clock = clock
        self._chance = chance
        self._care_seconds = care_seconds
        self._notices = Notices(clock)
        self.delivered = 0
        self._begin()

    def _begin(self) -> None:
        """The state before the thread starts, also in a fork's child."""
        self._thread: threading.Thread | None = None
        self._running = threading.Lock()
        self._started_at = -math.inf
        self._wake = Bell()
        self._hurry = Bell()
        self._progress = threading.Condition()
        self._closing = self._stopping = self._refusing = self._sending = self._looking = False
        self._outlives = False
        self._failures = 0
        self._attempts = 0
        self._care_at = 0.0

    def notice(self) -> None:
        """Say that there is something to send. Starts the thread at the first event; never raises."""
        if self._thread is None:
            self._start()
        self._wake.ring()

    def after_fork(self) -> None:
        """In the child: the parent's thread does not live here."""
        self.delivered = 0
        if self._reports is not None:
            self._reports.forget()
        self._begin()

    def pending(self, recorded: int | None = None) -> int:
        """How many events are not delivered yet; reports are not counted.

        Args:
            recorded: Only so many of this process's own, the first ones; None: all.
        """
        return max(0, self._spool.pending(recorded) - (self._reports.waiting if self._reports is not None else 0))

    def flush(self, timeout: float | None, *, one_attempt: bool = False) -> int:
        """Wait until everything that was recorded before is delivered; how many of those events still wait.

        Args:
            timeout: Seconds to wait at most; None: as long as it takes.
            one_attempt: Stop waiting as soon as an attempt has failed.
        """
        # Not for what others record meanwhile: under a steady load that would never end.
        recorded = self._spool.appended
        # A sibling may have died just now: what it left is looked for first, unless a read is in a hurry.
        self._looking = not one_attempt
        self._wait_until_sent(lambda: self._looking or self.pending(recorded), timeout, one_attempt=one_attempt)
        return self.pending(recorded)

    def hasten(self) -> None:
        """Say that the end is near: what waits is sent at once. Does not wait for it."""
        if self._thread is not None:
            self._closing = True
            self._hurry.ring()
            self._wake.ring()

    def stop(self, timeout: float) -> None:
        """Deliver for at most `timeout` seconds, then end the thread. What is left stays on the disk."""
        thread = self._thread
        if thread is None:
            return
        deadline = self._clock() + timeout
        self._closing = True
        if timeout > 0:
            self._wait_until_sent(self._left_to_say, timeout)
        self._stopping = True
        self._hurry.ring()
        self._wake.ring()
        if thread is not threading.current_thread():
            # One that waits for an answer may do so for long; any other is through in a moment.
            thread.join(max(deadline - self._clock(), 0.05 if self._sending else 0.25))
            self._outlives = thread.is_alive()

    def _left_to_say(self) -> int:
        return self._spool.pending() or (self._reports is not None and self._reports.unsaid)

    def _wait_until_sent(self, left: Callable[[], int], timeout: float | None, *, one_attempt: bool = False) -> None:
        begun = self._attempts
        self.notice()
        deadline = None if timeout is None else self._clock() + timeout
        with self._progress:
            self._hurry.ring()
            # Before its first round the worker has not looked for what dead processes left.
            while left() or not self._attempts:
                if one_attempt and self._failures and self._attempts > begun:
                    break
                if self._thread is None:
                    self._start()
                if not self._is_at_work():
                    break
                remaining = None if deadline is None else deadline - self._clock()
                if remaining is not None and remaining <= 0:
                    break
                self._progress.wait(0.25 if remaining is None else min(remaining, 0.25))

    def _is_at_work(self) -> bool:
        thread = self._thread
        return self._clock() < self._started_at + _STARTING_SECONDS if thread is None else thread.is_alive()

    def _start(self) -> None:
        # Whoever starts a thread while the interpreter goes waits for ever: it never runs. And no lock here: a signal
        # handler may interrupt this anywhere, to track or to raise, and would leave it locked. Two threads that come
        # here at once start two; the second one ends at once.
        now = self._clock()
        if is_finalizing() or now < self._started_at + _STARTING_SECONDS:
            return
        self._started_at = now
        try:
            threading.Thread(target=self._run, name="sentrial-delivery", daemon=True).start()
        except RuntimeError:
            # The interpreter is shutting down and takes no new thread: the disk keeps the event.
            self._started_at = -math.inf
            logger.debug("sentrial: no thread can be started now; events wait on the disk")

    # ---- in the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        if not self._running.acquire(timeout=_STARTING_SECONDS / 4):
            return
        try:
            if self._started_at == -math.inf:  # somebody else was started at the same time, and has been here
                return
            self._thread, self._started_at = threading.current_thread(), -math.inf
            self._failures = self._attempts = 0
            self._work()
        finally:
            if self._outlives:
                # Nobody waits for this thread any more: what it opened since is for the next process too.
                self._spool.close()
            # Also after a stop that did not wait to the end: the next event starts anew.
            self._outlives = False
            self._closing = self._stopping = self._sending = False
            self._thread = None
            self._running.release()

    def _work(self) -> None:
        sender: Sender | None = None
        try:
            self._care_at = self._clock()
            while not self._stopping:
                self._care()
                if not self._failures and self._spool.pending() < BATCH_RECORDS:
                    self._hurry.wait(GATHER_SECONDS)
                self._wake.silence()
                # Where the first few events were refused, only others can tell whether that was their own fault.
                few = self._failures and not self._refusing
                batch = self._spool.read(PROBE_RECORDS if few else BATCH_RECORDS, BATCH_BYTES)
                if batch is None:
                    self._idle()
                    continue
                sender = sender or self._make_sender()
                # Before the attempt, not after it: whoever asks for a hurry meanwhile gets another attempt.
                self._hurry.silence()
                self._sending = True
                wait = self._deliver(sender, batch)
                self._sending = False
                self._tell()
                self._back_off(wait)
            self._report(at_once=True, room=True)
        except Exception:
            # The last guard: delivery must never take the host down. The disk still has the events.
            logger.exception("sentrial: delivery stopped; the events wait on the disk for the next process")
        finally:
            if sender is not None:
                sender.close()

    def _care(self) -> None:
        """What is due every few seconds, whether or not the server is there."""
        if self._clock() < self._care_at and not self._looking:
            return
        self._spool.adopt()
        if self._looking:
            with self._progress:
                self._looking = False
                self._progress.notify_all()
        self._spool.trim(self._max_spool_bytes, FREE_BYTES)
        self._report()
        self._notices.say_losses()
        self._care_at = self._clock() + self._care_seconds

    def _idle(self) -> None:
        if self._reports is not None:
            self._reports.nothing_waits()
        if self._report(at_once=self._closing, room=True):
            return
        self._tell()
        if not self._stopping and not self._looking:  # set before the wake that may just have been silenced
            self._wake.wait(max(0.0, self._care_at - self._clock()))

    def _back_off(self, seconds: float) -> None:
        until = self._clock() + seconds
        while not self._stopping and (left := until - self._clock()) > 0:
            self._care()
            if self._hurry.wait(min(left, max(0.0, self._care_at - self._clock()))):
                return

    def _deliver(self, sender: Sender, batch: Batch) -> float:
        """Send one batch and act on what came of it; the seconds to wait before the next."""
        outcome = sender.send(batch.payloads)
        self._refusing = isinstance(outcome, (Refused, TooLarge))
        if isinstance(outcome, (Refused, TooLarge)):
            outcome = halve(sender, batch.payloads, outcome, newest_first=self._failures % 2 == 1)
        match outcome:
            case Delivered(rejected):
                self._settle(batch, rejected)
                return 0.0
            case Blocked(reason):
                return self._hold(reason)
            case Unreachable(reason, after_seconds):
                return self._retry(reason, after_seconds)

    def _settle(self, batch: Batch, rejected: Sequence[Rejected]) -> None:
        refused = [event for event in rejected if not is_report(batch.payloads[event.line])]
        for event in refused:
            self._spool.reject(batch.payloads[event.line], event.code, event.reason)
        if refused:
            self._notices.lost("rejected", len(refused))
            if self._reports is not None:
                self._reports.note("rejected", len(refused))
        reports = [payload for payload in batch.payloads if is_report(payload)]
        self._failures = 0
        # Before the ack: who dies now has said it.
        self._report(at_once=self._closing)
        self.delivered += len(batch.payloads) - len(reports) - len(refused)
        self._spool.ack(batch, len(batch.payloads))
        if self._reports is not None:
            for payload in reports:
                self._reports.done(payload)
        self._notices.say_losses()

    def _report(self, *, at_once: bool = False, room: bool = False) -> bool:
        """Append the reports that are due to the spool; whether there were any."""
        if self._reports is None:
            return False
        lost = self._reports.look()
        for reason, quantity in lost.items():
            self._notices.lost(reason, quantity)
        due = self._reports.due(at_once=at_once, room=room)
        for payload in due:
            self._spool.append(payload)
        return bool(due)

    def _hold(self, reason: str) -> float:
        self._failures += 1
        self._notices.state(logging.ERROR, f"the server takes no events; they wait on the disk. {reason}")
        return blocked_wait(self._failures, self._chance())

    def _retry(self, reason: str, after_seconds: float | None) -> float:
        self._failures += 1
        if self._failures > self._max_retries:
            self._notices.state(logging.WARNING, f"the server can't be reached; events wait on the disk. {reason}")
        return unreachable_wait(self._failures, self._chance(), after_seconds)

    def _tell(self) -> None:
        with self._progress:
            self._attempts += 1
            self._progress.notify_all()
