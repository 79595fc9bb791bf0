from typing import Literal

ErrorCode = Literal[
    "bad_request",
    "forbidden",
    "host_not_allowed",
    "internal_error",
    "invalid_json",
    "method_not_allowed",
    "not_found",
    "origin_not_allowed",
    "payload_too_large",
    "project_mismatch",
    "session_deleted",
    "unauthorized",
    "unavailable",
    "unsupported_media_type",
    "validation_failed",
]

ERROR_CODE_VALUES: set[ErrorCode] = {
    "bad_request",
    "forbidden",
    "host_not_allowed",
    "internal_error",
    "invalid_json",
    "method_not_allowed",
    "not_found",
    "origin_not_allowed",
    "payload_too_large",
    "project_mismatch",
    "session_deleted",
    "unauthorized",
    "unavailable",
    "unsupported_media_type",
    "validation_failed",
}


def check_error_code(value: str) -> ErrorCode:
    if value in ERROR_CODE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {ERROR_CODE_VALUES!r}"
    )
