"""What the LangChain tests share: a client that keeps what it is told, and a handler for it."""

from __future__ import annotations

import pytest

from sentrial.langchain import SentrialCallbackHandler
from tests.langchain.scripted import RecordingClient


@pytest.fixture
def client() -> RecordingClient:
    return RecordingClient()


@pytest.fixture
def handler(client: RecordingClient) -> SentrialCallbackHandler:
    return SentrialCallbackHandler(client=client, session_id="sess_1")
