"""An event that a server finds too large is sent again with less in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sentrial._delivery import Delivered, TooLarge
from tests.test_delivery import Delivery, Script

if TYPE_CHECKING:
    from pathlib import Path


def event(name: str, **fields: object) -> bytes:
    """An event as it lies in the spool."""
    return json.dumps({"eventType": "tool_call", "sessionId": "s", "id": name, "toolName": "t", **fields}).encode()


def test_an_event_too_large_for_the_server_is_sent_with_less_in_it(tmp_path: Path) -> None:
    """Of a batch that is too large, the event that alone is too large is cut once, marked, and taken."""
    large = event("big", toolOutput={"rows": ["x" * 100] * 1000}, reasoning="y" * 50_000, toolInput={"q": 1})
    small = Script(lambda _, payloads: Delivered() if sum(map(len, payloads)) < 20_000 else TooLarge("HTTP 413"))
    delivery = Delivery(tmp_path, small)
    delivery.put(event("a"), large, event("b"))

    left = delivery.worker.flush(5)
    delivery.worker.stop(0)
    delivery.spool.close()

    taken = {json.loads(p)["id"]: json.loads(p) for batch in delivery.script.batches for p in batch if len(p) < 20_000}
    assert left == 0
    assert (delivery.spool.rejected, delivery.worker.delivered) == (0, 3)
    assert sorted(taken) == ["a", "b", "big"]
    assert taken["big"]["toolOutput"]["_truncated"] == "dict"
    assert taken["big"]["toolInput"] == {"q": 1}
    assert taken["big"]["reasoning"].startswith("yyy")
    assert "characters left out" in taken["big"]["reasoning"]


def test_an_event_that_stays_too_large_goes_to_the_dead_letters(tmp_path: Path) -> None:
    """Cut once and still too large, it is kept aside with its reason, and the others are taken."""
    never = Script(lambda _, p: TooLarge("HTTP 413") if any(b'"big"' in one for one in p) else Delivered())
    delivery = Delivery(tmp_path, never)
    delivery.put(event("a"), event("big", toolOutput="x" * 9000), event("b"))

    left = delivery.worker.flush(5)
    delivery.worker.stop(0)
    delivery.spool.close()

    assert left == 0
    assert (delivery.spool.rejected, delivery.worker.delivered) == (1, 2)
