"""Carries handlers that were given to a constructor, `AgentExecutor(..., callbacks=[handler])`, down to the inner runs.

LangChain tells such a handler only about the executor's own run. So at a root's start a bridge goes into a context
variable that LangChain asks whenever it configures callbacks. Under asyncio the end of the root comes in a copied
context: the variable can't be reset there, and the dead bridge stays in it. Hence a bridge is an object of its own that
is switched off, and passes on only runs whose parent belongs to a root that still lasts.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from langchain_core.tracers.context import register_configure_hook

from sentrial.langchain.callbacks import Callbacks, Signal, Started

if TYPE_CHECKING:
    from uuid import UUID

    from sentrial.langchain.runs import Run


class Receiver(Protocol):
    """A handler as the bridge sees it."""

    def receive_by(self, signal: Signal, via: object) -> None:
        """Take a signal that came by `via`."""
        ...

    def root_of(self, run_id: UUID | None) -> Run | None:
        """The root of an open run, if the run is known."""
        ...


class RootScope:
    """One root run of one handler, for as long as it lasts."""

    def __init__(self, receiver: Receiver, root: Run) -> None:
        self._receiver = receiver
        self._root: Run | None = root

    @property
    def open(self) -> bool:
        """Whether the root still lasts."""
        return self._root is not None

    def close(self) -> None:
        """Accept no further runs; those begun may still end."""
        self._root = None
        _leave()

    def receive(self, signal: Signal, via: object) -> None:
        """Pass on a signal of a run below the root; ends of unknown runs are the handler's to ignore."""
        root = self._root
        if isinstance(signal, Started) and (root is None or self._receiver.root_of(signal.parent_run_id) is not root):
            return
        self._receiver.receive_by(signal, via)


class Bridge(Callbacks):
    """Hands what LangChain tells it to every scope that was open when it was made."""

    def __init__(self, scopes: tuple[RootScope, ...]) -> None:
        self._scopes = scopes

    @property
    def run_inline(self) -> bool:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]  LangChain only reads it
        """Whether it still has to run in the agent's context: an inline handler can cost others their callbacks."""
        return bool(self.open_scopes)

    @property
    def open_scopes(self) -> tuple[RootScope, ...]:
        """The scopes whose root still lasts."""
        return tuple(scope for scope in self._scopes if scope.open)

    def receive(self, signal: Signal) -> None:
        """Offer the signal to each scope."""
        for scope in self._scopes:
            scope.receive(signal, self)


_bridge: ContextVar[Bridge | None] = ContextVar("sentrial_bridge", default=None)
register_configure_hook(_bridge, inheritable=True)


def enter(receiver: Receiver, root: Run) -> RootScope:
    """Let the runs below `root` reach `receiver`, beside those of the scopes already open in this context."""
    current = _bridge.get()
    scope = RootScope(receiver, root)
    _bridge.set(Bridge((*(current.open_scopes if current else ()), scope)))
    return scope


def _leave() -> None:
    """Clear the variable when nothing in it lasts; without effect where the end comes in a copied context."""
    current = _bridge.get()
    if current is not None and not current.open_scopes:
        _bridge.set(None)
