"""The one way of everything that is recorded: encode, append to the spool, tell the worker.

The spool and the worker's thread come into being with the first event, not with the client. With
`enabled=False` there is no pipe at all.
"""

from __future__ import annotations

import atexit
import concurrent.futures.thread  # noqa: F401 - for its hooks: see `_before_fork`  # pyright: ignore[reportUnusedImport]
import contextlib
import itertools
import logging
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from sentrial import _ids
from sentrial._records import MAX_PAYLOAD_BYTES
from sentrial._values import MAX_FIELD_BYTES

if TYPE_CHECKING:
    from collections.abc import Generator

    from sentrial._config import Config
    from sentrial._delivery import Worker
    from sentrial._outcomes import Sender
    from sentrial._reports import Reports
    from sentrial._spool import Spool


# A lone surrogate, something another thread put in just now. Not every Exception: a signal handler may raise its own
# in the middle, and that is the caller's.
_NOT_ENCODED = (TypeError, ValueError, ArithmeticError, RuntimeError, MemoryError)


class Stats(NamedTuple):
    """What became of the events of this process, and of those it took over from dead ones.

    Attributes:
        appended: Events recorded by this client in this process.
        delivered: Events the server has confirmed.
        pending: Events that wait to be sent.
        rejected: Events the server refused for good; they are in the dead letters.
        lost: Events that could not be kept, by reason: memory_full, corrupt, too_large.
    """

    appended: int
    delivered: int
    pending: int
    rejected: int
    lost: dict[str, int]


class Pipe:
    """A spool and its worker, for one configuration."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._making = threading.RLock()
        self._spool: Spool | None = None
        self._worker: Worker | None = None
        self._reports: Reports | None = None
        self._encode: Any = None
        self._too_large = 0
        self._opening = False
        self._early: list[dict[str, Any]] = []
        self._begin()
        _open_pipes.add(self)

    def _begin(self) -> None:
        self._producer = _ids.producer_id()
        self._sequence = itertools.count()

    def put_plain(self, event: dict[str, Any]) -> bool:
        """Keep one event that the quick look has passed, or say that it must be shaped first.

        Args:
            event: Its values may still be the caller's own: it is encoded before this returns.

        Returns:
            Whether it is kept: on the disk, or in memory where the disk refuses.
        """
        spool, worker = self._spool, self._worker
        if spool is None or worker is None:
            return False
        event["producerId"] = self._producer
        event["sequence"] = next(self._sequence)
        try:
            payload: bytes = self._encode(event)
        except _NOT_ENCODED:
            return False
        if len(payload) > MAX_FIELD_BYTES:
            return False
        spool.append(payload)
        worker.notice()
        return True

    def put(self, event: dict[str, Any]) -> None:
        """Keep one event, shaped. When this returns it is on the disk, or in memory where the disk refuses."""
        if self._spool is None:
            self._open()
        event["producerId"] = self._producer
        event["sequence"] = next(self._sequence)
        if self._spool is None:
            # A signal handler that tracks has interrupted the opening: it is kept as soon as that is done.
            self._early.append(event)
        else:
            self._keep(self._encode(event))

    def _keep(self, payload: bytes) -> None:
        if len(payload) > MAX_PAYLOAD_BYTES:
            self._too_large += 1
            if self._worker is not None:
                self._worker.notice()  # it reports what was lost
            return
        spool, worker = self._spool, self._worker
        if spool is not None and worker is not None:
            spool.append(payload)
            worker.notice()

    def flush(self, timeout: float | None, *, one_attempt: bool = False) -> int:
        """Wait until everything recorded before is delivered; how many of those events still wait."""
        if self._worker is None:
            self._open()
        return 0 if self._worker is None else self._worker.flush(timeout, one_attempt=one_attempt)

    def flush_own(self, timeout: float) -> None:
        """Deliver what this process has recorded, if anything, with one attempt: before a read."""
        if self._worker is not None and self._spool is not None and self._spool.pending():
            self._worker.flush(timeout, one_attempt=True)

    def stats(self) -> Stats:
        """What became of the events so far."""
        spool, worker, reports = self._spool, self._worker, self._reports
        if spool is None or worker is None or reports is None:
            return Stats(0, 0, 0, 0, {})
        own = spool.appended - reports.made
        return Stats(own, worker.delivered, worker.pending(), spool.rejected, self._losses(spool))

    def _losses(self, spool: Spool) -> dict[str, int]:
        lost = spool.lost()
        if self._too_large:
            lost["too_large"] = self._too_large
        return lost

    def close(self, timeout: float) -> None:
        """Deliver for at most `timeout` seconds, end the thread, free the files. Again is harmless."""
        if self._worker is not None:
            self._worker.stop(timeout)
        if self._spool is not None:
            self._spool.close()

    def hasten(self) -> None:
        """Say that the end of the process is near."""
        if self._worker is not None:
            self._worker.hasten()

    def close_at_exit(self, waited: float) -> None:
        """Close, waiting no longer than the setting allows, less the seconds waited already."""
        self.close(max(0.0, self._config.exit_timeout - waited))
        if self._spool is not None and (gone := self._spool.in_memory):
            logging.getLogger("sentrial").warning(
                "sentrial: %d events go with this process: neither a disk nor a server took them", gone
            )

    def prepare(self) -> None:
        """Load what the first event needs, which takes longer than an event loop may wait. It opens nothing."""
        if self._spool is None:
            self._open()

    def _open(self) -> None:
        with self._making:
            if self._spool is not None or self._opening:
                return
            self._opening = True
            try:
                with loading():
                    self._assemble()
            finally:
                # Also where a signal handler raised in the middle of it: then the next event opens.
                self._opening = False
            while self._early:
                self._keep(self._encode(self._early.pop(0)))

    def _assemble(self) -> None:
        # All that is imported late on the caller's path is imported here, where no fork comes in between.
        import msgspec  # noqa: PLC0415 - loaded with the first event, not at import

        from sentrial._delivery import Worker  # noqa: PLC0415
        from sentrial._reports import Reports  # noqa: PLC0415
        from sentrial._spool import Spool, state_folders  # noqa: PLC0415

        spool = Spool(
            state_folders(self._config.spool_dir),
            destination(self._config),
            fsync=self._config.fsync,
            about={"api_url": self._config.api_url, "project_id": self._config.project_id},
        )
        self._encode = msgspec.json.Encoder().encode
        self._reports = Reports(lambda: self._losses(spool), lambda: self._producer)
        self._worker = Worker(
            spool,
            self._make_sender,
            reports=self._reports,
            max_retries=self._config.max_retries,
            max_spool_bytes=self._config.max_spool_bytes,
        )
        # Last: whoever sees the spool may use the rest.
        self._spool = spool

    def _make_sender(self) -> Sender:
        # In the worker's thread: httpx and the generated client cost the caller nothing.
        with loading():
            from sentrial._sending import HttpSender  # noqa: PLC0415

            return HttpSender(self._config)

    def after_fork(self) -> None:
        """In the child: another producer, no thread; the spool looks after itself."""
        self._making = threading.RLock()
        self._opening = False
        self._early = []
        self._too_large = 0
        self._begin()
        if self._worker is not None:
            self._worker.after_fork()


def destination(config: Config) -> str:
    """The name of the folder for events that go to one server, under one project.

    Without a project it is told by a fingerprint of the key: events must never go out under another one's key.
    """
    import hashlib  # noqa: PLC0415 - loaded with the first event, not at import

    told = f"project {config.project_id}" if config.project_id is not None else f"key {config.api_key}"
    fingerprint = hashlib.blake2b(told.encode(), key=b"sentrial spool", digest_size=16).hexdigest()
    return hashlib.sha256(f"{config.api_url}\n{fingerprint}".encode()).hexdigest()[:32]


# ---- forks --------------------------------------------------------------------------------------------

_loading = threading.RLock()
_forking = threading.local()
_LONGEST_LOADING_SECONDS = 5.0


@contextlib.contextmanager
def loading() -> Generator[None]:
    """Hold off forks while modules are loaded: the child of a fork in the middle would be left with half of one."""
    with _loading:
        yield


def _before_fork() -> None:
    # This comes before logging's own hook, which is why logging is imported above and not late: the hooks that were
    # registered last run first, and what is being loaded needs the lock that logging takes for the fork. The pool of
    # threads is imported above for its hooks too: registered while this waits, only the one after the fork would run.
    _forking.held = _loading.acquire(timeout=_LONGEST_LOADING_SECONDS)
    if not _forking.held:
        logging.getLogger("sentrial").debug("sentrial: forked while modules were being loaded")


def _after_fork_in_parent() -> None:
    if _forking.held:
        _loading.release()


_open_pipes: weakref.WeakSet[Pipe] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    begun = time.monotonic()
    pipes = list(_open_pipes)
    for pipe in pipes:
        pipe.hasten()
    for pipe in pipes:
        # One after the other, and together no longer than the most patient of them.
        pipe.close_at_exit(waited=time.monotonic() - begun)


def _after_fork() -> None:
    global _loading  # noqa: PLW0603 - whoever held it does not live here
    _loading = threading.RLock()
    for pipe in list(_open_pipes):
        pipe.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork)
