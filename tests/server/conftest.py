"""What the server's tests share: an open store, and clients of the running servers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from sentrial.server.serve import EmbeddedServer
from sentrial.server.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import KeyedServer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store on a database of its own."""
    with Store.open(tmp_path / "data" / "sentrial.db") as opened:
        yield opened


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One keyless server for all tests that only send requests: each has a project of its own there."""
    with EmbeddedServer(tmp_path_factory.mktemp("shared") / "sentrial.db") as running:
        yield running


@pytest.fixture
def client(shared_server: EmbeddedServer) -> Iterator[httpx.Client]:
    """A client of the shared server, in a new project."""
    with httpx.Client(base_url=shared_server.url, headers={"Sentrial-Project": f"p-{uuid4().hex}"}) as opened:
        yield opened


@pytest.fixture
def own_client(server: EmbeddedServer) -> Iterator[httpx.Client]:
    """A client of a server that the test may break or give keys; it names no project."""
    with httpx.Client(base_url=server.url) as opened:
        yield opened


@pytest.fixture
def keyed_client(keyed_server: KeyedServer) -> Iterator[httpx.Client]:
    """A client of the keyed server that sends its key."""
    with httpx.Client(base_url=keyed_server.url, headers=keyed_server.headers) as opened:
        yield opened
