"""What the LangChain tests share: a client that keeps what it is told, and a handler for it."""

from __future__ import annotations

import pytest

from sentrial.langchain import SentrialCallbackHandler
from tests.langchain.scripted import RecordingClient


@pytest.fixture
def client() -> RecordingClient:
    """A client that keeps every event."""
    return RecordingClient()


@pytest.fixture
def handler(client: RecordingClient) -> SentrialCallbackHandler:
    """A handler with the defaults, recording into `client`."""
    return SentrialCallbackHandler(client=client, session_id="sess_1")
