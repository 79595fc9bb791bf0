"""Redaction: key-like names in every spelling, tokens of every known format, and nothing that only looks like them."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from sentrial._redact import Redactor, from_option
from sentrial._values import Shaper

SECRET = "hunter2-correct-horse"

NAMES = re.split(
    r"\s+",
    """password PASSWORD Password user_password userPassword USER_PASSWORD db-password passwd pwd passphrase secret
client_secret clientSecret CLIENT-SECRET secrets api_key apikey apiKey API_KEY APIKey x-api-key X_API_KEY openai_api_key
Authorization authorization proxy-authorization credential credentials cookie Set-Cookie private_key privateKey
access_key aws_secret_access_key signing_key auth_key token access_token accessToken ACCESS_TOKEN refresh_token id_token
bearer_token sessionToken csrf-token auth_token""",
)

PLAIN = re.split(
    r"\s+",
    """prompt_tokens completion_tokens max_tokens tokens_used total_tokens token_count tokenizer next_page_token
page_token pageToken continuation_token eos_token pad_token first_token_ms keyboard monkey key keys primary_key
secretary author authority passenger compass name path secretariat""",
)

TOKENS = [
    "sk-proj-abcDEF0123456789abcDEF0123456789",
    "sk-ant-api03-abcDEF0123456789_-abcDEF",
    "snt_support_0123456789abcdefghij",
    "ghp_" + "a1B2" * 9,
    "gho_" + "a1B2" * 9,
    "github_pat_" + "a1B2_" * 10,
    "glpat-" + "a1B2c3D4e5F6g7H8",
    "xoxb-1234567890-abcdefghij",
    "AKIAIOSFODNN7EXAMPLE",
    "AIza" + "a1B2c" * 7,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
]


def shaped(value: Any, option: Any = None) -> Any:
    """A value as it would be kept."""
    return Shaper(from_option(option)).value(value)


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_under_a_key_like_name_is_not_kept(name: str) -> None:
    """Whatever the spelling and the depth, text, lists and objects under such a name are gone."""
    kept = json.dumps(shaped({"a": [{name: SECRET}, {name: [SECRET]}, {name: {"x": SECRET}}, {name: SECRET.encode()}]}))

    assert SECRET not in kept
    assert kept.count("[redacted]") == 4


@pytest.mark.parametrize("name", PLAIN)
def test_what_only_looks_like_a_secret_is_kept(name: str) -> None:
    """Counts, page tokens and plain words stay."""
    assert shaped({name: "some plain text"}) == {name: "some plain text"}


def test_numbers_are_never_redacted() -> None:
    """A number, a truth or nothing under a key-like name is no secret."""
    plain = {"token": 5, "password": None, "secret": True, "api_key": 1.5}

    assert shaped(plain) == plain


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("frame", ["{}", "here: {} !", "a={}&b=1", '{{"k":"{}"}}', "line\n{}\nline", "Ünïcode {} …"])
def test_a_known_token_is_found_in_any_text(token: str, frame: str) -> None:
    """Tokens of known formats are replaced wherever they stand, and the text around them stays."""
    kept = shaped([frame.format(token)])[0]

    assert token not in kept
    assert kept == frame.format("[redacted]")


@pytest.mark.parametrize("header", ["Authorization: Bearer {}", "authorization: bearer {}"])
def test_a_bearer_token_in_text_is_found(header: str) -> None:
    """Whatever its format, what follows "Bearer" is a token."""
    kept = shaped([header.format("abcdefghijklmnop.qrst/uv+w==")])[0]

    assert kept == header.format("[redacted]")


def test_a_private_key_in_text_is_found() -> None:
    """A PEM block is replaced, key and all."""
    pem = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7bq\n" * 20 + "-----END RSA PRIVATE KEY-----"

    kept = shaped([f"before {pem} after"])[0]

    assert "MIIE" not in kept
    assert kept.startswith("before [redacted]")


@pytest.mark.parametrize(
    "text", ["sk-short", "task-management-software-1", "disk-0123456789abcdef", "eyJ", "Bearer of news"]
)
def test_text_that_only_looks_like_a_token_is_kept(text: str) -> None:
    """Words that hold the beginning of a format are words."""
    assert shaped([text]) == [text]


def test_a_token_in_a_name_is_found_too() -> None:
    """The key of a dict, a tool's name and a session's are texts as well."""
    token = TOKENS[0]

    kept = shaped({f"key {token}": 1})
    name = Shaper(Redactor()).name(f"run {token}")

    assert kept == {"key [redacted]": 1}
    assert name == "run [redacted]"


@pytest.mark.parametrize("offset", [-40, -20, -16, -5, 0, 5])
@pytest.mark.parametrize("edge", [2048, -512])
def test_a_token_across_a_cut_is_found(offset: int, edge: int) -> None:
    """Where a long text is cut, no part of a token that lies across the cut stays."""
    token = TOKENS[0]
    text = "x " * 300_000
    at = (edge if edge > 0 else len(text) + edge) + offset
    text = text[:at] + " " + token + " " + text[at:]

    kept = json.dumps([shaped([text]), Shaper(Redactor()).text(text)])

    assert "abcDEF" not in kept
    assert "456789" not in kept


def test_names_of_the_callers_own_are_redacted() -> None:
    """Further names count in any letter case, as whole names, beside the known ones."""
    kept = shaped({"Patient": "Ann", "patients": "Bob", "password": SECRET}, ["patient"])

    assert kept == {"Patient": "[redacted]", "patients": "Bob", "password": "[redacted]"}


@pytest.mark.parametrize("option", [re.compile(r"\d{3}-\d{2}-\d{4}"), ["x", re.compile(r"\d{3}-\d{2}-\d{4}")]])
def test_patterns_of_the_callers_own_are_redacted(option: Any) -> None:
    """A pattern is found in texts of any length, the shortest included."""
    kept = shaped(["123-45-6789", "the number 123-45-6789 is mine"], option)

    assert kept == ["[redacted]", "the number [redacted] is mine"]


def test_a_hook_decides_for_each_name() -> None:
    """A callable sees each name with its value, and what it gives is kept; known names stay redacted."""

    def hook(name: str, value: Any) -> Any:
        return value.upper() if name == "city" else value

    kept = shaped({"city": "bern", "n": 1, "inner": {"city": "basel"}, "password": SECRET}, hook)

    assert kept == {"city": "BERN", "n": 1, "inner": {"city": "BASEL"}, "password": "[redacted]"}


def test_a_hook_that_raises_drops_the_value() -> None:
    """What could not be looked at is not kept, and why is said without the value."""

    def hook(name: str, value: Any) -> Any:
        raise KeyError(value)

    kept = shaped({"a": SECRET}, hook)

    assert SECRET not in str(kept)
    assert "KeyError" in kept["a"]


def test_redaction_can_be_turned_off() -> None:
    """With `redact=False` names and formats are kept; the client's own key still is not."""
    shaper = Shaper(from_option(False, ["my-own-api-key"]))

    kept = shaper.value({"password": SECRET, "t": TOKENS[0], "k": "it is my-own-api-key"})

    assert kept == {"password": SECRET, "t": TOKENS[0], "k": "it is [redacted]"}


HOSTILE = [
    "a" * 200_000,
    "sk-" * 66_000,
    "-eyJ" * 50_000,
    "eyJ" + "a" * 200_000,
    "eyJaaaaaaaa." * 16_000,
    "-eyJaaaaaaaa" * 16_000 + ".",
    ".eyJaaaaaaaa" * 16_000 + "!",
    "-----BEGIN " * 18_000,
    "-----BEGIN " + "A " * 100_000 + "PRIVATE KEY",
    "-----BEGIN PRIVATE KEY-----" * 7_000,
    "Bearer " * 28_000,
    "earer " + "a" * 200_000,
    "ghp_" * 50_000,
    "xoxb-" * 40_000,
    "AKIA" * 50_000,
    "snt_a_" * 33_000,
    "snt_" + "a" * 200_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:14])
def test_searching_is_linear_in_the_text(text: str) -> None:
    """No text of 200 kB, however made, takes more than a moment."""
    begun = time.perf_counter()

    Redactor().text(text)

    assert time.perf_counter() - begun < 0.25


@pytest.mark.parametrize("name", ["a" * 200_000, "aB" * 100_000, "_" * 200_000, "key_" * 50_000])
def test_judging_a_name_is_linear_too(name: str) -> None:
    """No name takes more than a moment."""
    begun = time.perf_counter()

    Redactor().is_secret(name)

    assert time.perf_counter() - begun < 0.1
