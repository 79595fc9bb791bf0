"""Secrets written in a text beside their name: in JSON, shells, URLs, headers, settings; and prose that stays."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from sentrial import _assignments
from sentrial._redact import Redactor
from sentrial._values import Shaper

S = "hunter2-c4nary"
AWS = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

TOLD = [
    f'{{"user": "ann", "password": "{S}", "n": 1}}',
    f"{{'password': '{S}'}}",
    json.dumps({"body": json.dumps({"apiKey": S, "n": 1})}),
    json.dumps(json.dumps(json.dumps({"client_secret": S}))),
    f'{{"password":"with \\" a quote {S}"}}',
    f"Login(user='ann', password='{S}')",
    f"export API_KEY={S}",
    f"OPENAI_API_KEY={S} python agent.py",
    f"set DB_PASSWORD={S}",
    f'$env:CLIENT_SECRET = "{S}"',
    f"PASSWORD=a(b){S}&c;d",
    f"mysql -u root --password {S} -h db",
    f"mysql --password={S} -h db",
    f"gh auth --token '{S}' login",
    f"curl -H 'X-Api-Key: {S}' https://host",
    f"Authorization: Basic {base64.b64encode(S.encode()).decode()}",
    f"Authorization: Token {S}",
    f"proxy-authorization: Digest username=ann, response={S}",
    f"as auth: basic {base64.b64encode(b'ann:' + S.encode()).decode()} here",
    f"GET / HTTP/1.1\r\nHost: h\r\nCookie: theme=dark; session={S}\r\n\r\n",
    f"Set-Cookie: session={S}; HttpOnly",
    f"https://ann:{S}@host/path and more",
    f"redis://:{S}@host:6379/0",
    f"postgresql+asyncpg://ann:{S}@host/db?sslmode=require",
    f"https://{S.replace('-', '_') * 2}@host/repo.git",
    f"https://host/?page=2&api_key={S}&token={S}#top",
    f"https://host/a?X-Amz-Signature={S}&x=1",
    f"Server=db;User Id=sa;Password={S};Encrypt=yes",
    f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={S}==;x=y",
    f"host=db user=ann password={S} dbname=x",
    f"database:\n  password: {S}\n  port: 5",
    "database:\n  password: swordfish\n  port: 5",
    f"the password: {S} was used",
    f"<password>{S}</password>",
    f'os.environ["API_KEY"] = "{S}"',
    f'"tokens": 5, "access_token" : "{S}"',
    f'{{"api_key": ["{S}", "x"]}}',
    f"AKIAIOSFODNN7EXAMPLE\n{AWS}",
    f"{AWS} and AKIAIOSFODNN7EXAMPLE",
]

KEPT = [
    "the password must be at least eight characters long",
    "Password: must be at least eight characters",
    "a token is a part of a word: about four letters",
    '{"max_tokens": 256, "prompt_tokens": 100, "token": 5, "next_page_token": "abcdef"}',
    "password=password, token=self.token, api_key=os.environ.get(x)",
    "token = tokenizer.encode(text)",
    "def login(user: str, password: str) -> None",
    "password: None, secret: null, token=undefined",
    "if (password == null) return",
    "for the secret, see the key under the mat",
    "API_KEY=$API_KEY --token ${TOKEN} --password",
    "basic knowledge and Basic Authentication are required",
    "https://host/path?page=2&sort=name and http://[::1]:80/",
    "mailto:ann@host and git@host:repo.git at 10:30",
    "keyboard: qwerty, secretary: Bob, tokenizer: bpe, cookies: accepted",
    "AKIA is a prefix; abcdefghijklmnopqrstuvwxyzabcdefghijklmn is a word",
    "the key: value pairs of the primary key=5",
    "author=Bob&compass=north",
]


@pytest.mark.parametrize("text", TOLD)
def test_a_secret_beside_its_name_is_not_kept(text: str) -> None:
    """Whatever the notation, the value is gone, and the quick look would not have let it pass."""
    redactor = Redactor()

    kept = Shaper(redactor).text(text)

    for secret in (S, AWS, "swordfish", base64.b64encode(S.encode()).decode()):
        assert secret not in kept
    assert "[redacted]" in kept
    assert redactor.suspects(text)
    assert redactor.suspects("a line\n" + text + "\nanother")


@pytest.mark.parametrize("text", TOLD)
def test_redacting_again_changes_nothing(text: str) -> None:
    """What was redacted once stays as it is: a value may pass more than one door."""
    once = Redactor().text(text)

    assert Redactor().text(once) == once


@pytest.mark.parametrize("text", KEPT)
def test_text_that_tells_no_secret_stays(text: str) -> None:
    """Prose, code that hands a secret on by its name, counts and addresses are kept as they are."""
    assert Redactor().text(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    """Only the value goes: names, hosts and the other parts can still be read."""
    texts = [
        f'{{"user": "ann", "password": "{S}", "n": 1}}',
        f"https://ann:{S}@host/?a=1&token={S}&b=2",
        f"mysql --password {S} -h db",
        f"Authorization: Bearer {S}-{S}",
    ]

    kept = [Redactor().text(text) for text in texts]

    assert kept == [
        '{"user": "ann", "password": "[redacted]", "n": 1}',
        "https://ann:[redacted]@host/?a=1&token=[redacted]&b=2",
        "mysql --password [redacted] -h db",
        "Authorization: Bearer [redacted]",
    ]


PAIRS: list[Any] = [
    [["authorization", S], ["accept", "text/html"]],
    [("X-Api-Key", S), ("accept", "text/html")],
    [(b"authorization", S.encode())],
    {"headers": [["cookie", [S]]]},
    {"name": "api_key", "value": S},
    [{"key": "DB_PASSWORD", "value": S}],
    {"env": [{"value": S, "name": "CLIENT_SECRET"}]},
]


@pytest.mark.parametrize("value", PAIRS)
def test_a_secret_in_a_pair_is_not_kept(value: Any) -> None:
    """Headers as a list of pairs, settings as names and values: the name tells what the value is."""
    kept = json.dumps(Shaper(Redactor()).value(value))

    assert S not in kept
    assert base64.b64encode(S.encode()).decode() not in kept


@pytest.mark.parametrize(
    "value",
    [
        [["token", 5]],
        [["reset password", "escalate"]],
        {"name": "api_key", "value": 7},
        {"name": "city", "value": "Bern"},
    ],
)
def test_a_pair_without_a_secret_is_kept(value: Any) -> None:
    """Numbers are no secrets, and other names tell none."""
    if value == {"name": "api_key", "value": 7}:
        value = {"name": "max_tokens", "value": 7}

    assert Shaper(Redactor()).value(value) == value


def test_an_option_and_its_value_in_a_list_of_arguments() -> None:
    """What follows `--password` in a list of arguments is its value."""
    assert Shaper(Redactor()).value(["mysql", "--password", S, "--host", "db"]) == [
        "mysql",
        "--password",
        "[redacted]",
        "--host",
        "db",
    ]


@pytest.mark.parametrize("secret", [f"password={S}", "sk-" + "a1B2" * 8, f"https://u:{S}@h"])
def test_bytes_that_hold_a_secret_are_not_shown(secret: str) -> None:
    """In base64 a secret would be hidden from the search alone; one that lies across the cut is none the less one."""
    whole = Shaper(Redactor()).value(secret.encode())
    across = Shaper(Redactor()).value((b"." * (256 - 14)) + b" " + secret.encode())

    assert whole["base64"] == across["base64"] == "[redacted]"


def test_a_container_in_a_text_is_redacted_by_its_names() -> None:
    """A dict where a text is wanted, or an object whose `repr` would tell, becomes the JSON of its form."""
    shaper = Shaper(Redactor())

    kept = [shaper.text({"password": S, "n": 1}), shaper.name({"password": S}), shaper.text(ValueError({"token": S}))]

    assert kept == ['{"password": "[redacted]", "n": 1}', '{"password": "[redacted]"}', '{"token": "[redacted]"}']


HOSTILE = {
    "names": "password=",
    "names with values": "password=a1 ",
    "options": "--token x ",
    "open quotes": "password=\"'",
    "other quotes": "password='pwd=\"",
    "backslashes": 'password=\\"',
    "deep backslashes": 'pwd=\\\\\\"x',
    "brackets": "token=[",
    "lists": 'token=["' + "a'" * 4000,
    "dicts": "token={'",
    "colons": "token:token:",
    "prose": "token ",
    "long name": "passwordpassword",
    "addresses": "://a:b",
    "users": "://a:b@",
    "long user": "://" + "a" * 255,
    "queries": "?key=aaaaaaaa&sig=",
    "basic": "basic QUJD ",
    "ids": "AKIAIOSFODNN7EXAMPLE ",
    "secrets of ids": "AKIAIOSFODNN7EXAMPLE" + AWS,
    "spaces": "token        ",
    "cookies": "cookie: a=b\n",
    "schemes": "authorization: bearer\t",
    "letters": "a",
    "quotes": '"',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_searching_takes_twice_as_long_for_twice_the_text(name: str) -> None:
    """256 KiB of the worst there is take moments, and half of it takes about half: the search is linear."""
    redactor = Redactor()
    unit = HOSTILE[name]
    whole = (unit * (256 * 1024 // len(unit) + 1))[: 256 * 1024]

    def cost(text: str) -> float:
        begun = time.thread_time()
        redactor.text(text)
        redactor.suspects(text)
        return time.thread_time() - begun

    half, full = (min(cost(whole[:length]) for _ in range(2)) for length in (len(whole) // 2, len(whole)))

    assert full < 0.6
    assert full < 3.2 * half + 0.01


def test_what_is_searched_for_longest_is_not_kept() -> None:
    """A text with thousands of secrets is kept up to where nobody reads on; the rest is dropped, not passed."""
    kept = Redactor().text(f"password={S} \n" * 20_000)

    assert S not in kept
    assert kept.endswith("[redacted]")


@pytest.mark.parametrize("text", TOLD)
def test_the_first_look_sees_what_the_search_finds(text: str) -> None:
    """Every text that would change has one of the cheap signs."""
    assert _assignments.might_hold(text)
