"""What the browser's tests share: one server, and a client in a project of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from sentrial.server.serve import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One keyless server for the tests of a module."""
    with EmbeddedServer(tmp_path_factory.mktemp("pages") / "sentrial.db") as running:
        yield running


@pytest.fixture
def client(pages: EmbeddedServer) -> Iterator[httpx.Client]:
    """A client of that server, in a new project."""
    with httpx.Client(base_url=pages.url, headers={"Sentrial-Project": f"p-{uuid4().hex}"}) as opened:
        yield opened


@pytest.fixture
def own_client(server: EmbeddedServer) -> Iterator[httpx.Client]:
    """A client of a server that no other test writes to; it names no project."""
    with httpx.Client(base_url=server.url) as opened:
        yield opened
