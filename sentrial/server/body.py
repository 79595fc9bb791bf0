"""Request bodies: read within bounds, unpacked within bounds, decoded strictly.

A newcomer's mistake: to trust Content-Length. It is only the first of three checks; the bytes that arrive and
the bytes that gzip makes of them are counted as they come, and reading stops at the limit.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, cast

import msgspec

from sentrial.server.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

MAX_EVENT_BYTES = 1 << 20
MAX_BATCH_BYTES = 8 << 20
MAX_UNPACKED_BYTES = 32 << 20
MAX_DEPTH = 64
_GZIP = 16 + zlib.MAX_WBITS

_decoder = msgspec.json.Decoder()


class InvalidJsonError(ValueError):
    """The text is not JSON that this server takes; the message says why."""


async def read_body(request: Request, content_type: str, limit_bytes: int) -> bytes:
    """Return the body, unpacked.

    Raises:
        Problem: 415 for another content type or encoding, 413 for too much, 400 for broken gzip.
    """
    sent_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent_type != content_type:
        raise Problem(415, "unsupported_media_type", f"send {content_type}")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise Problem(415, "unsupported_media_type", "send the body as it is, or with Content-Encoding: gzip")
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > limit_bytes:
        raise _too_large(limit_bytes)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit_bytes:
            raise _too_large(limit_bytes)
    body = b"".join(chunks)
    if encoding == "gzip":
        return _unzip(body, MAX_UNPACKED_BYTES if limit_bytes == MAX_BATCH_BYTES else limit_bytes)
    return body


def decode_json(raw: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        InvalidJsonError: it is no JSON (NaN and lone surrogates are none), or nests deeper than 64.
    """
    try:
        value = _decoder.decode(raw)
    except RecursionError:
        raise InvalidJsonError(f"it nests deeper than {MAX_DEPTH}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidJsonError(f"it is not JSON: {error}") from None
    # Most texts have too few brackets to nest that deep; only the others are walked through.
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        raise InvalidJsonError(f"it nests deeper than {MAX_DEPTH}")
    return value


def as_object(value: Any) -> dict[str, Any]:
    """Return a decoded JSON object, or an empty one for any other value."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _is_too_deep(value: Any) -> bool:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for container in level:
            inner += container if isinstance(container, list) else as_object(container).values()
        level = [item for item in inner if isinstance(item, (dict, list))]
        if not level:
            return False
    return True


def _unzip(packed: bytes, limit_bytes: int) -> bytes:
    unpacked = bytearray()
    while packed:
        stream = zlib.decompressobj(_GZIP)
        try:
            unpacked += stream.decompress(packed, limit_bytes - len(unpacked) + 1)
        except zlib.error as error:
            raise Problem(400, "bad_request", f"the body is not gzip: {error}") from None
        if len(unpacked) > limit_bytes:
            raise _too_large(limit_bytes)
        if not stream.eof:
            raise Problem(400, "bad_request", "the gzip body ends too early")
        packed = stream.unused_data
    return bytes(unpacked)


def _too_large(limit_bytes: int) -> Problem:
    return Problem(413, "payload_too_large", f"the body may be at most {limit_bytes >> 20} MiB")
