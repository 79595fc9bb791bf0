from typing import Literal

SessionEndEventStatus = Literal["cancelled", "completed", "error", "failed", "success"]

SESSION_END_EVENT_STATUS_VALUES: set[SessionEndEventStatus] = {
    "cancelled",
    "completed",
    "error",
    "failed",
    "success",
}


def check_session_end_event_status(value: str) -> SessionEndEventStatus:
    if value in SESSION_END_EVENT_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {SESSION_END_EVENT_STATUS_VALUES!r}"
    )
