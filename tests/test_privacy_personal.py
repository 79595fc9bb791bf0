"""Personal data, with `pii=True`: what is found, in which time, and whose settings say so."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from sentrial import SentrialClient, _pii, _pii_patterns
from sentrial._config import resolve
from sentrial._policy import Policy
from sentrial._redact import Redactor
from sentrial._values import Shaper
from sentrial.errors import ConnectionFailed, NotFound
from tests.journey.peers import Peer, hang, saying
from tests.journey.processes import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sentrial.server.serve import EmbeddedServer

FOUND = [
    ("ann.b+c@ex-ample.co.uk", "EMAIL"),
    ("büro@bücher.de", "EMAIL"),
    ("+49 (30) 1234-5678", "PHONE"),
    ("+15551234567", "PHONE"),
    ("(555) 123-4567", "PHONE"),
    ("555.123.4567", "PHONE"),
    ("123-45-6789", "SSN"),
    ("123 45 6789", "SSN"),
    ("4111111111111111", "CREDIT_CARD"),
    ("5500-0000-0000-0004", "CREDIT_CARD"),
    ("3400 0000 0000 009", "CREDIT_CARD"),
    ("10.20.30.40", "IP_ADDRESS"),
    ("2001:db8::ff00:42:8329", "IP_ADDRESS"),
    ("DE89 3704 0044 0532 0130 00", "IBAN"),
    ("GB82WEST12345698765432", "IBAN"),
]
KEPT = [
    "version 1.2.3 of 2026-01-02 at 10:30:15.123",
    "order 4111111111111112, total 1,234.56 at 4412",
    "@decorator, user@host, a@b",
    "std::vector, 999.1.2.3",
    "1700000000000 and 0193a1c8e0b47f5d9a3c51f2a7d40e61",
    "DE00 3704 0044 0532 0130 00",
]


@pytest.mark.parametrize(("datum", "label"), FOUND)
@pytest.mark.parametrize("frame", ["{}", "a {} b", '{{"k":"{}"}}', "12 {}, x", "({})", "x={};"])
def test_personal_data_is_found(datum: str, label: str, frame: str) -> None:
    """Wherever it stands in a text, it is replaced by its label, and the text around it stays."""
    assert _pii.STRICTEST.text(frame.format(datum)) == frame.format(f"[{label}]")


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_it_stays(text: str) -> None:
    """Versions, times, ids and numbers with a wrong check digit are kept."""
    assert _pii.STRICTEST.text(text) == text


def test_settings_choose_what_and_how() -> None:
    """The modes of the published service, its switches and patterns; what is missing counts as on."""
    text = "PT-123456 ann@x.io 10.0.0.1"
    custom = [{"pattern": r"PT-\d{6}", "label": "PATIENT"}]
    sha = hashlib.sha256(b"ann@x.io").hexdigest()[:6]
    settings: list[Any] = [
        {"mode": "label", "customPatterns": custom},
        {"mode": "hash", "builtinPatterns": {"ipAddresses": False}},
        {"mode": "remove", "builtinPatterns": {"emails": True, "ipAddresses": True}},
        {"enabled": False},
        None,
        {"mode": "?", "customPatterns": 5, "builtinPatterns": []},
    ]

    kept = [_pii.read(config).text(text) for config in settings]

    assert kept == [
        "[PATIENT] [EMAIL] [IP_ADDRESS]",
        f"PT-123456 [PII:{sha}] 10.0.0.1",
        "PT-123456  ",
        text,
        "PT-123456 [EMAIL] [IP_ADDRESS]",
        "PT-123456 [EMAIL] [IP_ADDRESS]",
    ]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"PT-\d{6}", "PT-123456"),
        (r"\bEMP-\d{4,8}\b", "EMP-12345"),
        (r"MRN:?\s*\d+", "MRN: 5551"),
        (r"(foo|bar)-\d+", "bar-77"),
        (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}", "a.b@c.d.com"),
        (r"[A-Z]{2,3}-\d+?", "AB-1"),
        (r"\$\d+", "$5"),
    ],
)
def test_usual_patterns_of_a_project_are_taken(pattern: str, text: str) -> None:
    """Characters, classes, alternatives and their repeats find what they would."""
    compiled = _pii_patterns.linear(pattern)

    assert compiled is not None
    assert compiled.sub("#", f"x {text} y") == "x # y"


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(a|a)*b",
        r"\w+\w+x",
        r".*.*x",
        r"(\d)\1",
        r"(?=a)a",
        r"(?i)a",
        r"a{9999999}",
        "(",
        "a**",
        "",
        "a*",
        "x" * 501,
    ],
)
def test_patterns_that_may_take_for_ever_are_not_taken(pattern: str) -> None:
    """Repeated groups, references, look-around, too many ways to go, and what matches nothing at all."""
    assert _pii_patterns.linear(pattern) is None


def test_a_pattern_that_cant_be_used_lets_no_text_through() -> None:
    """What should have been taken out and could not be is not sent."""
    rules = _pii.read({"customPatterns": [{"pattern": "(a+)+b", "label": "ODD"}]})

    assert rules.text("anything") == "[redacted: the pattern ODD can't be used]"


HOSTILE = [
    "a",
    "@",
    "a@",
    "a@b.",
    "1",
    "1 ",
    "1-",
    "1.",
    "(555) ",
    "+1 ",
    ":",
    "a:",
    "::1",
    "AB12",
    "AB12 ",
    "4111 ",
    "x.",
    "é@é.",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_searching_takes_twice_as_long_for_twice_the_text(unit: str) -> None:
    """128 KiB of the worst there is take moments, and half of it takes about half: the search is linear."""
    whole = (unit * (128 * 1024 // len(unit) + 1))[: 128 * 1024]
    rules = _pii.read(
        {"customPatterns": [{"pattern": r"\w{2,9}@\w+", "label": "X"}, {"pattern": r"\d+-\d+", "label": "Y"}]}
    )

    def cost(text: str) -> float:
        begun = time.thread_time()
        rules.text(text)
        return time.thread_time() - begun

    half, full = (min(cost(whole[:length]) for _ in range(2)) for length in (len(whole) // 2, len(whole)))

    assert full < 0.5
    assert full < 3.2 * half + 0.01


def test_numbers_and_names_are_looked_at_too() -> None:
    """A card's number as an int, and what lies under a personal name, are no less personal."""
    config = resolve(api_url="http://127.0.0.1:1", enabled=False, pii=True)

    kept = Shaper(Redactor(pii=Policy(config))).value(
        {"n": 4111111111111111, "phone": 5551234567, "age": 7, "ssn": None}
    )

    assert kept == {"n": "[CREDIT_CARD]", "phone": "[redacted]", "age": 7, "ssn": None}


def policy(folder: Path, fetch: Callable[[], dict[str, Any]]) -> Policy:
    """A policy for a spool in this folder."""
    return Policy(resolve(api_url="http://127.0.0.1:1", spool_dir=folder, pii=True), fetch)


def events_in(folder: Path) -> str:
    """What lies in a spool."""
    return "".join(path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*.seg"))


def test_until_the_settings_are_there_the_strictest_rules_hold(tmp_path: Path) -> None:
    """A server that never answers costs no call any time, and nothing personal reaches the disk."""
    with Peer(hang) as peer:
        client = SentrialClient(api_url=peer.url, spool_dir=tmp_path, pii=True)
        begun = time.perf_counter()
        client.track_tool_call("s", "t", {"to": "ann@x.io"}, "call +15551234567", reasoning="for 123-45-6789")
        took = time.perf_counter() - begun
        client.close(0)

    kept = events_in(tmp_path)
    assert took < 2
    assert not any(datum in kept for datum in ("ann@x.io", "5551234567", "123-45-6789"))
    assert "[EMAIL]" in kept


def test_the_settings_of_the_project_are_fetched_and_remembered(tmp_path: Path) -> None:
    """They hold as soon as they are there; the next process begins with the strictest rules and with them."""
    settings = {
        "mode": "remove",
        "builtinPatterns": {"emails": False},
        "customPatterns": [{"pattern": r"PT-\d+", "label": "PT"}],
    }
    client = SentrialClient(api_url="http://127.0.0.1:1", spool_dir=tmp_path)
    client.track_decision("s", "makes the folder")
    client.close(0)
    first = policy(tmp_path, lambda: {"config": settings})
    first.text("")

    fetched = wait_until(lambda: first.text("PT-7 ann@x.io 10.0.0.1") == " ann@x.io ")
    remembered = wait_until(lambda: list(tmp_path.rglob("pii.json")))
    second = policy(tmp_path, lambda: hang_for(second))
    begun = second.text("PT-7 ann@x.io 10.0.0.1")
    second.close()

    assert (fetched, bool(remembered)) == (True, True)
    assert begun == "[PT] [EMAIL] [IP_ADDRESS]"


def hang_for(policy: Policy) -> dict[str, Any]:
    """An answer that never comes."""
    policy._closed.wait(10)
    raise ConnectionFailed("no answer")


def test_a_server_that_is_away_is_asked_again(tmp_path: Path) -> None:
    """Trouble changes nothing of what is redacted, and a second later the server is asked once more."""
    answers: list[Any] = [ConnectionFailed("away"), {"config": {"enabled": False}}]

    def fetch() -> dict[str, Any]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    rules = policy(tmp_path, fetch)
    before = rules.text("ann@x.io")

    assert before == "[EMAIL]"
    assert wait_until(lambda: rules.text("ann@x.io") == "ann@x.io", 5)


def test_a_server_without_such_settings_is_asked_once(tmp_path: Path) -> None:
    """An answer of 404 ends it; the strictest rules stay."""
    asked: list[int] = []

    def fetch() -> dict[str, Any]:
        asked.append(1)
        raise NotFound("no such path", status=404)

    rules = policy(tmp_path, fetch)
    rules.text("x")

    assert wait_until(lambda: asked)
    assert rules.text("ann@x.io") == "[EMAIL]"


def test_a_pattern_that_cant_be_used_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log names its label, so that somebody can mend it."""
    rules = policy(tmp_path, lambda: {"config": {"customPatterns": [{"pattern": "(a+)+b", "label": "ODD"}]}})
    rules.text("x")

    assert wait_until(lambda: "'ODD'" in caplog.text)
    assert rules.text("x").startswith("[redacted")


def test_the_settings_come_from_the_service(tmp_path: Path) -> None:
    """A client with `pii=True` asks for them by the contract, with its key, and does as they say."""
    body = json.dumps({"config": {"builtinPatterns": {"emails": False}}}).encode()
    with Peer(saying(200, body)) as peer:
        client = SentrialClient(api_key="snt_a_0123456789", api_url=peer.url, spool_dir=tmp_path, pii=True)
        client.track_decision("s", "first ann@x.io")
        assert client._policy is not None
        taken = wait_until(lambda: client._policy.text("ann@x.io") == "ann@x.io")  # type: ignore[union-attr]
        client.track_decision("s", "second ann@x.io 10.0.0.1")
        client.close(0)

    kept = events_in(tmp_path)
    assert taken
    assert any(b"GET /api/sdk/pii-config" in request and b"snt_a_0123456789" in request for request in peer.requests)
    assert "first [EMAIL]" in kept
    assert "second ann@x.io [IP_ADDRESS]" in kept


def test_the_embedded_server_is_asked_too(server: EmbeddedServer, tmp_path: Path) -> None:
    """It has no settings: everything that is known is redacted, and what was sent says so."""
    with SentrialClient(api_url=server.url, spool_dir=tmp_path / "spool", pii=True) as client:
        session_id = client.create_session("ann@x.io", user_id="ann@x.io", metadata={"phone": "5551234567"})
        client.track_llm_call(session_id, "m", "my card is 4111 1111 1111 1111", [{"ip": "10.0.0.1"}])
        session, (*_, event) = client.get_session(session_id), client.list_events(session_id)

    assert session["name"] == "[EMAIL]"
    assert "ann@x.io" not in str(session)
    assert "5551234567" not in str(session)
    assert event["prompt"] == "my card is [CREDIT_CARD]"  # type: ignore[typeddict-item]
    assert event["response"] == [{"ip": "[IP_ADDRESS]"}]  # type: ignore[typeddict-item]


def test_without_it_personal_data_is_kept(tmp_path: Path) -> None:
    """It is asked for, or it is not done: an e-mail address is what many an agent works with."""
    client = SentrialClient(api_url=f"http://127.0.0.1:{free_port()}", spool_dir=tmp_path)
    client.track_decision("s", "write to ann@x.io")
    client.close(0)

    assert "ann@x.io" in events_in(tmp_path)
