"""A batch: newline-delimited events, each with an outcome of its own.

A newcomer's mistake: to refuse the batch for one bad line. A client would have to search for it, and what is
good would wait; only what makes the whole unreadable (its size) refuses the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sentrial.server.body import MAX_EVENT_BYTES, InvalidJsonError, as_object, decode_json
from sentrial.server.problems import Problem
from sentrial.server.store.record import make_record

if TYPE_CHECKING:
    from sentrial.server.contract import Contract
    from sentrial.server.store import Store
    from sentrial.server.store.record import Record

MAX_LINES = 1000
_MAX_ID = 128


def ingest_lines(store: Store, contract: Contract, project: str, body: bytes) -> dict[str, Any]:
    """Store the good lines, durably, and return a BatchResult.

    Raises:
        Problem: 400 for an empty body, 413 for more than 1,000 lines.
    """
    if not body:
        raise Problem(400, "bad_request", "the body is empty: send one event a line")
    if body.count(b"\n") + (not body.endswith(b"\n")) > MAX_LINES:
        raise Problem(413, "payload_too_large", f"a batch may have at most {MAX_LINES} lines")
    now_us = store.now_us()
    records: list[Record] = []
    rejected: list[dict[str, Any]] = []
    for index, sent in enumerate(body.split(b"\n")):
        line = sent.strip()
        if not line:
            continue
        if len(line) > MAX_EVENT_BYTES:
            rejected.append(_rejection(index, None, "payload_too_large", "one event may be at most 1 MiB"))
            continue
        try:
            event = decode_json(line)
        except InvalidJsonError as error:
            rejected.append(_rejection(index, None, "invalid_json", str(error)))
            continue
        if wrong := contract.check_event(event):
            rejected.append(_rejection(index, event, "validation_failed", wrong))
        else:
            records.append(make_record(event, now_us, line))
    outcomes = store.write(project, records, now_us) if records else []
    return {
        "accepted": outcomes.count("accepted"),
        "duplicates": outcomes.count("duplicate"),
        "rejected": rejected,
    }


def _rejection(index: int, event: Any, code: str, reason: str) -> dict[str, Any]:
    event_id = as_object(event).get("id")
    readable = isinstance(event_id, str) and len(event_id) <= _MAX_ID
    return {"index": index, "id": event_id if readable else None, "code": code, "reason": reason}
