"""What an exception in a run means: a failure, a cancellation, or LangGraph steering itself.

LangGraph interrupts and jumps by raising: those exceptions are no errors. They are known by class and module, without
importing langgraph; a name alone would also match strangers.
"""

from __future__ import annotations

import traceback
from typing import Any, Literal

from sentrial.langchain.foreign import sequence_of

Meaning = Literal["failure", "cancelled", "interrupt", "jump"]


def meaning(error: BaseException) -> Meaning:
    """How to read an exception. Cancellation covers streams left early and Ctrl-C."""
    names = {cls.__name__ for cls in type(error).__mro__ if cls.__module__.split(".")[0] == "langgraph"}
    if "GraphBubbleUp" in names:
        return "interrupt" if "GraphInterrupt" in names else "jump"
    return "failure" if isinstance(error, Exception) else "cancelled"


def message(error: BaseException) -> str:
    """What the exception says; its type where it can't say."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # the exception is foreign code, and its __str__ may do anything
        return f"<{type(error).__name__} without a message>"


def stack(error: BaseException) -> str:
    """The traceback as text, causes included."""
    return "".join(traceback.format_exception(error))


def interrupt_value(error: BaseException) -> Any:
    """What an interrupted graph asks for: the interrupts' values, alone where there is one."""
    given: Any = error.args[0] if error.args else ()
    values = [getattr(item, "value", item) for item in sequence_of(given) or [given]]
    return values[0] if len(values) == 1 else values
