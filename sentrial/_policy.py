"""Which personal data to redact: the project's settings, fetched beside the caller and remembered on the disk.

Nothing waits for them. Until they are there, everything that is known here is redacted, and what the settings of the
last time named besides. A newcomer's mistake: to take remembered settings as they are. They may have become stricter.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from typing import TYPE_CHECKING, Any

from sentrial import _pii
from sentrial._pipe import destination, loading
from sentrial.errors import APIError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sentrial._config import Config

logger = logging.getLogger("sentrial")

_FILE = "pii.json"
_MOST_BYTES = 1 << 20
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0


class Policy:
    """The rules for personal data in force. They are asked for with the first text, once in each process.

    Args:
        config: The client's settings.
        fetch: Gives the service's answer, in a thread of its own; by default by asking the server.
    """

    def __init__(self, config: Config, fetch: Callable[[], dict[str, Any]] | None = None) -> None:
        self._config = config
        self._fetch = fetch or self._ask
        self._rules = _pii.STRICTEST
        self._pid = 0
        self._closed = threading.Event()

    @property
    def names(self) -> frozenset[str]:
        """Names whose values are personal."""
        return self._rules.names

    def text(self, text: str) -> str:
        """The text without personal data. Never waits."""
        if self._pid != os.getpid():
            self._begin()
        return self._rules.text(text)

    def close(self) -> None:
        """Ask no more; the rules in force stay."""
        self._closed.set()

    def _begin(self) -> None:
        first, self._pid = not self._pid, os.getpid()
        if not self._config.enabled:
            return
        if first:
            self._rules = _pii.strictest_with(_pii.read(self._remembered()))
        self._closed = threading.Event()  # a fork's child can't rely on the parent's
        with contextlib.suppress(RuntimeError):  # the interpreter is shutting down: what is in force holds
            threading.Thread(target=self._follow, args=(self._closed,), name="sentrial-pii", daemon=True).start()

    # ---- in the thread ------------------------------------------------------------------------------

    def _follow(self, closed: threading.Event) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not closed.is_set():
            try:
                answer = self._fetch()
            except NotFound:  # a server that has no such settings never will
                return
            except (APIError, OSError, ValueError, RuntimeError) as problem:
                logger.debug("sentrial: the settings for personal data can't be read (%s)", type(problem).__name__)
            else:
                self._take(answer.get("config"))
                return
            closed.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _take(self, settings: Any) -> None:
        self._rules = rules = _pii.read(settings)
        if rules.refused:
            logger.error(
                "sentrial: the project's pattern %r for personal data can't be used, so no text is recorded: "
                "repeated groups, look-around and references are not taken",
                rules.refused[0],
            )
        self._remember(settings)

    def _ask(self) -> dict[str, Any]:
        with loading():
            from sentrial._api import Reader  # noqa: PLC0415 - httpx is loaded with the first request

            reader = Reader(self._config)
        try:
            return reader.ask("getPiiConfig")
        finally:
            reader.close()

    # ---- on the disk --------------------------------------------------------------------------------

    def _places(self) -> Iterator[Path]:
        from sentrial import _homes  # noqa: PLC0415 - loaded with the first event, not at import

        for root in _homes.state_folders(self._config.spool_dir):
            if _homes.is_ours(root):
                yield root / destination(self._config) / _FILE

    def _remembered(self) -> Any:
        with contextlib.suppress(OSError, ValueError, RecursionError):
            for place in self._places():
                if place.is_file() and place.stat().st_size <= _MOST_BYTES:
                    return json.loads(place.read_bytes())
        return None

    def _remember(self, settings: Any) -> None:
        with contextlib.suppress(OSError, ValueError):
            for place in self._places():
                if place.parent.is_dir():
                    written = place.with_name(f".{_FILE}.{os.getpid()}")
                    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - Path opens no descriptors
                        json.dump(settings, file)
                    written.replace(place)
                    return
