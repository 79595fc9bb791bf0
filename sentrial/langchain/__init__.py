"""Records what a LangChain or LangGraph agent does: `SentrialCallbackHandler`.

Needs langchain-core only, and only here: `import sentrial` works without it.
"""

from __future__ import annotations

try:
    import langchain_core  # noqa: F401  # pyright: ignore[reportUnusedImport]  only to say what to install
except ModuleNotFoundError as missing:
    raise ImportError(
        "SentrialCallbackHandler needs langchain-core: pip install 'sentrial[langchain]'", name="langchain_core"
    ) from missing

from sentrial.langchain.handler import SentrialCallbackHandler

__all__ = ["SentrialCallbackHandler"]
