from typing import Literal

UpdateSessionStatus = Literal[
    "active", "cancelled", "completed", "error", "failed", "success", "waiting"
]

UPDATE_SESSION_STATUS_VALUES: set[UpdateSessionStatus] = {
    "active",
    "cancelled",
    "completed",
    "error",
    "failed",
    "success",
    "waiting",
}


def check_update_session_status(value: str) -> UpdateSessionStatus:
    if value in UPDATE_SESSION_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {UPDATE_SESSION_STATUS_VALUES!r}"
    )
