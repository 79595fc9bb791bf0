"""Sentrial shows what an AI agent did, and why.

Every name is imported when it is asked for: `import sentrial` alone costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentrial._pipe import Stats
    from sentrial.client import AsyncSentrialClient, SentrialClient
    from sentrial.errors import (
        APIError,
        BadRequest,
        ConfigurationError,
        Conflict,
        ConnectionFailed,
        Forbidden,
        NotFound,
        RateLimited,
        SentrialError,
        ServerError,
        Unauthorized,
    )
    from sentrial.langchain import SentrialCallbackHandler
    from sentrial.session import BoundSession, current_session, tool

__all__ = [
    "APIError",
    "AsyncSentrialClient",
    "BadRequest",
    "BoundSession",
    "ConfigurationError",
    "Conflict",
    "ConnectionFailed",
    "Forbidden",
    "NotFound",
    "RateLimited",
    "SentrialCallbackHandler",
    "SentrialClient",
    "SentrialError",
    "ServerError",
    "Stats",
    "Unauthorized",
    "__version__",
    "current_session",
    "tool",
]

_HOMES = {
    "AsyncSentrialClient": "client",
    "BoundSession": "session",
    "SentrialCallbackHandler": "langchain",
    "SentrialClient": "client",
    "Stats": "_pipe",
    "current_session": "session",
    "tool": "session",
}


__version__: str


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is asked for."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom asked for

        return version("sentrial")
    if name in __all__:
        return getattr(import_module("sentrial." + _HOMES.get(name, "errors")), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
