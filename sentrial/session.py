"""A client bound to one session: `with client.session(name=...) as s`, `@tool`, `current_session()`.

The current session travels in a ContextVar, so it follows coroutines and is not shared between threads.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import time
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, Self, TypeVar, cast, overload

from sentrial import _ids
from sentrial._recorder import Id, Recorder
from sentrial._redact import Redactor
from sentrial._values import Shaper

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

P = ParamSpec("P")
R = TypeVar("R")
End = Literal["success", "error", "cancelled"]

_AS_THEY_ARE = Redactor(defaults=False)
_current: ContextVar[BoundSession[Any] | None] = ContextVar("sentrial_session", default=None)
_inside: ContextVar[str | None] = ContextVar("sentrial_tool_call", default=None)


def current_session() -> BoundSession[Any] | None:
    """The session of the innermost `with client.session(...)` around the caller, or None."""
    return _current.get()


class BoundSession(Generic[Id]):
    """One session, with the client's verbs less their `session_id`. Works with `with` and `async with`.

    Leaving the block ends the session as a success. An exception that leaves it is recorded, ends the session as an
    error (as cancelled for KeyboardInterrupt and asyncio.CancelledError), and goes on its way.

    Attributes:
        id: The session's id.
    """

    def __init__(self, recorder: Recorder[Id], session_id: Id, close: Callable[[str, End, str | None], object]) -> None:
        self.id = session_id
        self._close = close
        self._ended = False
        self._outer: list[Token[BoundSession[Any] | None]] = []
        self.track_tool_call = _bind(recorder.track_tool_call, session_id)
        self.track_decision = _bind(recorder.track_decision, session_id)
        self.track_llm_call = _bind(recorder.track_llm_call, session_id)
        self.track_error = _bind(recorder.track_error, session_id)

    def __repr__(self) -> str:
        return f"BoundSession({str(self.id)!r})"

    def close(self, status: End = "success", summary: str | None = None) -> None:
        """End the session now, in your own words; the end of the block then adds nothing.

        Args:
            status: "success", "error" or "cancelled".
            summary: How it ended, in words.
        """
        self._close(self.id, status, summary)
        self._ended = True

    def __enter__(self) -> Self:
        self._outer.append(_current.set(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._outer:
            # A framework may end a generator in another context than it began it in: that one has nothing to undo.
            with contextlib.suppress(ValueError):
                _current.reset(self._outer.pop())
        if error is None:
            if not self._ended:
                self.close()
        elif _is_cancellation(error):
            if not self._ended:
                self.close("cancelled", type(error).__name__)
        else:
            self.track_error(type(error).__name__, _message(error), _stack(error), recoverable=False)
            if not self._ended:
                self.close("error", f"{type(error).__name__}: {_message(error)}")

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


@overload
def tool(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def tool(*, name: str | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def tool(function: Callable[..., Any] | None = None, /, *, name: str | None = None) -> Any:
    """Record each call of a function, plain or `async`, as a tool call of the current session.

    Its arguments are the tool's input, what it returns the output; an exception is recorded and goes on its way.
    Tools that it calls are recorded as happening in it. Outside of a session it is just the function.

    Args:
        function: The function, when used as `@tool`.
        name: The tool's name, when used as `@tool(name=...)`; by default the function's own.
    """
    if function is None:
        return functools.partial(_recorded, name=name)
    return _recorded(function, name=name)


def _recorded(function: Callable[..., Any], *, name: str | None) -> Callable[..., Any]:
    from inspect import iscoroutinefunction, signature  # noqa: PLC0415 - slow to import, and only tools need it

    tool_name = name or function.__name__
    parameters = signature(function)

    def arguments(given: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        try:
            bound = parameters.bind(*given, **named).arguments
        except TypeError:  # the call itself is about to say so
            return {"args": list(given), "kwargs": named}
        return {key: value for key, value in bound.items() if key not in {"self", "cls"}}

    if iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*given: Any, **named: Any) -> Any:
            session = _current.get()
            if session is None:
                return await function(*given, **named)
            with _Call(session, tool_name, arguments(given, named)) as call:
                call.output = await function(*given, **named)
            return call.output

        return call_async

    @functools.wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        session = _current.get()
        if session is None:
            return function(*given, **named)
        with _Call(session, tool_name, arguments(given, named)) as recorded:
            recorded.output = function(*given, **named)
        return recorded.output

    return call


class _Call:
    """One call of a tool, from its beginning to the event that records it."""

    def __init__(self, session: BoundSession[Any], name: str, arguments: dict[str, Any]) -> None:
        self.output: Any = None
        self._session = session
        self._name = name
        # As they are now: the tool may change them. What must not be kept is taken out when the call is recorded.
        self._arguments = Shaper(_AS_THEY_ARE).value(arguments)
        self._began_at = time.time()
        self._event_id = _ids.event_id(self._began_at)
        self._parent_id = _inside.get()
        self._began = time.perf_counter()

    def __enter__(self) -> Self:
        self._outer = _inside.set(self._event_id)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _inside.reset(self._outer)
        status: End = "success" if error is None else "cancelled" if _is_cancellation(error) else "error"
        problem = None
        if error is not None:
            problem = {"type": type(error).__name__, "message": _message(error), "stack_trace": _stack(error)}
        self._session.track_tool_call(
            self._name,
            self._arguments,
            self.output,
            duration_ms=(time.perf_counter() - self._began) * 1000,
            status=status,
            error=problem,
            parent_id=self._parent_id,
            timestamp=self._began_at,
            event_id=self._event_id,
        )


def _bind(verb: Callable[Concatenate[str, P], R], session_id: str) -> Callable[P, R]:
    """A verb of the client with its session filled in; checkers keep its other parameters."""
    return cast("Callable[P, R]", functools.partial(verb, session_id))


def _is_cancellation(error: BaseException) -> bool:
    # asyncio is slow to import: where nobody has, nothing of it can have been raised.
    exceptions = sys.modules.get("asyncio.exceptions")
    kinds = (KeyboardInterrupt, GeneratorExit)
    return isinstance(error, kinds if exceptions is None else (*kinds, exceptions.CancelledError))


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as problem:  # noqa: BLE001 - the user's own code runs here
        return f"<{type(problem).__name__} while reading the message>"


def _stack(error: BaseException) -> str:
    import traceback  # noqa: PLC0415 - only needed when something went wrong

    return "".join(traceback.format_exception(error))
