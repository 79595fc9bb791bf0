from typing import Literal

SessionUpdateEventStatus = Literal["active", "waiting"]

SESSION_UPDATE_EVENT_STATUS_VALUES: set[SessionUpdateEventStatus] = {
    "active",
    "waiting",
}


def check_session_update_event_status(value: str) -> SessionUpdateEventStatus:
    if value in SESSION_UPDATE_EVENT_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {SESSION_UPDATE_EVENT_STATUS_VALUES!r}"
    )
