"""What every test gets: a home of its own, so that no test sees the machine's spool, database or settings."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from sentrial.server.serve import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sentrial.server.store import Store


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background deaf to Ctrl-C, and so would be every process that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("SENTRIAL_"):
            monkeypatch.delenv(name)
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@dataclass(frozen=True)
class KeyedServer:
    """A running server that has a key, so that it serves only those who send one."""

    url: str
    store: Store
    key: str
    project: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers that open it."""
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A running server without keys, on a database of its own."""
    with EmbeddedServer(tmp_path / "server" / "sentrial.db") as running:
        yield running


@pytest.fixture
def keyed_server(server: EmbeddedServer) -> KeyedServer:
    """A running server with one key, of the project `support`."""
    key = server.store.create_key("support")
    return KeyedServer(url=server.url, store=server.store, key=key, project="support")
