"""Everything this package raises.

    SentrialError
    ├── ConfigurationError     the client was constructed wrongly (also a ValueError)
    └── APIError               a read went wrong; has status, code, request_id
        ├── ConnectionFailed   no answer: nothing listens there, or it took too long
        ├── BadRequest         400, 413, 415, 422
        ├── Unauthorized       401
        ├── Forbidden          403
        ├── NotFound           404
        ├── Conflict           409
        ├── RateLimited        429
        └── ServerError        500 and above

Tracking never raises any of these: what can't be sent waits on the disk.
"""

from __future__ import annotations


class SentrialError(Exception):
    """The root of all errors of this package."""


class ConfigurationError(SentrialError, ValueError):
    """The client was constructed wrongly: the message names the argument and its environment variable."""


class APIError(SentrialError):
    """The server refused a read, or its answer could not be understood.

    Attributes:
        status: The HTTP status, or None where there was no answer.
        code: The stable error code of the contract, such as "not_found", or None.
        request_id: The server's id of the request, to name when asking about it, or None.
    """

    def __init__(
        self, message: str, *, status: int | None = None, code: str | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id


class ConnectionFailed(APIError):  # noqa: N818 - says what happened, as the field's clients do
    """There was no answer: nothing listens there, or it took longer than the timeout."""


class BadRequest(APIError):  # noqa: N818
    """The server could not read what was sent."""


class Unauthorized(APIError):  # noqa: N818
    """The API key is missing, unknown or revoked."""


class Forbidden(APIError):  # noqa: N818
    """The API key may not do this, or belongs to another project."""


class NotFound(APIError):  # noqa: N818
    """There is no such session in this project."""


class Conflict(APIError):  # noqa: N818
    """What was asked contradicts what is stored."""


class RateLimited(APIError):  # noqa: N818
    """Too many requests; try again later."""


class ServerError(APIError):
    """The server failed, or could not take the request just now."""


STATUS_ERRORS: dict[int, type[APIError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: BadRequest,
    415: BadRequest,
    422: BadRequest,
    429: RateLimited,
}


def for_status(status: int) -> type[APIError]:
    """The class of error that stands for an HTTP status of 400 or above."""
    return STATUS_ERRORS.get(status, ServerError if status >= 500 else APIError)
