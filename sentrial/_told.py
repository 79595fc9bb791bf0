"""Secrets written out in a text beside their name: `password=x`, `"api_key": "x"`, `--token x`, user:x@host.

A newcomer's mistake: to search with one pattern for name and value together, which is not linear. Here a short
pattern finds words, and each value is measured once, from where the last one ended.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from sentrial._texts import REDACTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LONGEST = 8192
_MOST_MATCHES = 5000
_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

_NAMED = re.compile(
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|(?:api|access|private|signing|auth|account|shared|encryption)[_-]?key"
    r"|authorization|credential|cookie)[a-z0-9_-]{0,40}"
    r"""(["'\\\]]{0,4}[ \t]{0,8}(?:=>|:=|={1,3}|:|>)[ \t]{0,8}|[ \t]{1,8})(?=[^\s])""",
    re.IGNORECASE,
)
# How a match of it begins, in lower case.
_WORDS = ("passw", "passphrase", "pwd", "secret", "token", "authorization", "credential", "cookie")
_BEFORE_KEY = re.compile(r"(?:api|access|private|signing|auth|account|shared|encryption)[_-]?$")
_RUN = re.compile(r"[A-Za-z0-9_-]*")
_LONGEST_NAME = 64
_ENDS_BEFORE_KEY = frozenset("_-iseghtdn")
_QUOTE = re.compile(r"""(?:[rbuf]{0,2})(\\{0,7})(["'`])""")
_IN_DOUBLE = re.compile(r'(?:[^"\\\n]|\\.){0,8192}+', re.DOTALL)
_IN_SINGLE = re.compile(r"(?:[^'\\\n]|\\.){0,8192}+", re.DOTALL)
_BARE = re.compile(r"""[^\s"'`,;&<>(){}\[\]|\\]{1,8192}""")
_UNBROKEN = re.compile(r"""[^\s"'`]{1,8192}""")
_GROUP = re.compile(r"\[[^\]\[{}]{1,8192}+\]|\{[^{}]{1,8192}+\}")
_LINE = re.compile(r"[^\r\n\"'`]{1,8192}")
_SCHEME = re.compile(r"(?:bearer|basic|digest|token|apikey|negotiate|aws4-hmac-sha256)[ \t]+", re.IGNORECASE)
_COOKIE = re.compile(r"[\w.-]{1,128}=")
_BEFORE = re.compile(r"""(?:^|[\r\n])[ \t]*(?:(?:export|set|setx|env|-)[ \t]+)?["']?$""", re.IGNORECASE)
# A name for a value is no value: `password=password`, `token = self.token`, `api_key: str`.
_REFERENCE = re.compile(
    r"none|null|nil|true|false|undefined|str|string|bytes|int|any|optional|required|missing|empty|hidden|masked"
    r"|[$%*].*|x{3,}|[a-z_]+(?:\.[a-z_]+)+|\.\.\.+",
    re.IGNORECASE,
)
_PLAIN_WORD = re.compile(r"[A-Za-z]+[.!?:]?")
_NUMBER = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]{1,19})?")

_USERINFO = re.compile(r"""(?<=://)([^\s/?#@:"'<>]{0,256}:)[^\s/?#"'<>]{1,1024}@|(?<=://)[A-Za-z0-9_-]{20,256}@""")
_SIGNED = re.compile(
    r"""(?<=[?&])((?:sig|signature|x-(?:amz|goog)-signature|key|auth|pass|code)=)[^&\s"'#<>]{8,4096}""", re.IGNORECASE
)
_BASIC = re.compile(r"\b[Bb]asic ([A-Za-z0-9+/]{8,4096}={0,2})")
_AWS_ID = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_AWS_NEAR = 200


def clean(text: str, is_secret: Callable[[str], bool]) -> str:
    """The text with each such value replaced.

    Args:
        text: Any text.
        is_secret: Whether a name is one of a secret; what looks like a name is decided by it.
    """
    if "://" in text:
        text = _USERINFO.sub(lambda found: f"{found[1] or ''}{REDACTED}@", text)
        text = _SIGNED.sub(lambda found: found[1] + REDACTED, text)
    if "KIA" in text or "SIA" in text:
        text = _without_aws_secrets(text)
    text = _without_named(text, is_secret)
    if "asic " in text and any(separator in text for separator in ("=", ":", ">", "--")):
        text = _without_basic(text)
    return text


def _without_named(text: str, is_secret: Callable[[str], bool]) -> str:
    pieces: list[str] = []
    done = 0
    for matches, found in enumerate(_named(text)):
        if found.start() < done:
            continue
        if matches > _MOST_MATCHES:
            # Nobody reads the rest of it, and whoever wrote it may be after the time that it takes.
            pieces += (text[done : found.start()], REDACTED)
            done = len(text)
            break
        span = _value(text, found, is_secret)
        if span is not None:
            pieces += (text[done : span[0]], REDACTED)
            done = span[1]
    return "".join((*pieces, text[done:])) if pieces else text


def _named(text: str) -> Iterator[re.Match[str]]:
    """What `_NAMED` finds, in a small part of the time: it is only tried where one of its words begins."""
    lower = text.lower()
    if len(lower) != len(text) or "\u017f" in text:  # a letter that has more than one form in lower case
        yield from _NAMED.finditer(text)
        return
    starts: list[int] = []
    for word in _WORDS:
        at = lower.find(word)
        while at >= 0:
            starts.append(at)
            at = lower.find(word, at + 1)
    at = lower.find("key")
    while at >= 0:
        # The last letter first: nearly every key is another one.
        before = _BEFORE_KEY.search(lower, max(0, at - 11), at) if lower[at - 1 : at] in _ENDS_BEFORE_KEY else None
        if before is not None:
            starts.append(before.start())
        at = lower.find("key", at + 1)
    resume = 0
    for start in sorted(starts):
        if start < resume:
            continue
        found = _NAMED.match(text, start)
        if found is not None:
            resume = found.end()
            yield found
        else:
            # No separator follows, or it is too far: so it is for all words of the run but the last ones.
            resume = _RUN.match(text, start).end() - _LONGEST_NAME  # type: ignore[union-attr]  # it always matches


def _value(text: str, found: re.Match[str], is_secret: Callable[[str], bool]) -> tuple[int, int] | None:
    """Where the value lies that belongs to a name; None where it is no secret."""
    begin = found.start()
    before = text[max(0, begin - 64) : begin]
    prefix = before[len(before.rstrip(_NAME_CHARACTERS)) :]
    separator = found[1]
    name = prefix + found[0][: -len(separator)]
    option = name.startswith("--")
    if not separator.strip():
        if not option:
            return None
    elif separator.strip(" \t\"'\\]") == ">" and text[begin - len(prefix) - 1 : begin - len(prefix)] != "<":
        return None
    if not is_secret(name):
        return None
    at = found.end()
    quote = _QUOTE.match(text, at)
    if quote is not None:
        return _quoted(text, quote)
    group = _GROUP.match(text, at)
    if group is not None and ('"' in group[0] or "'" in group[0]):
        return at + 1, group.end() - 1
    return _bare(text, at, name, separator, line_start=_starts_line(text, begin - len(prefix)))


def _quoted(text: str, quote: re.Match[str]) -> tuple[int, int]:
    start = quote.end()
    if not quote[1] and quote[2] != "`":
        inside = (_IN_DOUBLE if quote[2] == '"' else _IN_SINGLE).match(text, start)
        return start, start if inside is None else inside.end()
    # JSON in a text in JSON: the quote that ends it has as many backslashes as the one that began it.
    mark = quote[1] + quote[2]
    end = text.find(mark, start, start + _LONGEST)
    while end > start and text[end - 1] == "\\":
        end = text.find(mark, end + len(mark), start + _LONGEST)
    return start, end if end >= 0 else min(len(text), start + _LONGEST)


def _bare(text: str, at: int, name: str, separator: str, *, line_start: bool) -> tuple[int, int] | None:  # noqa: PLR0911 - one way out for each shape of value
    folded = name.casefold()
    if folded.endswith(("authorization", "cookie")):
        scheme = _SCHEME.match(text, at)
        if scheme is not None or _COOKIE.match(text, at):
            start = at if scheme is None else scheme.end()
            rest = _LINE.match(text, start)
            return None if rest is None or text.startswith(REDACTED, start) else (start, rest.end())
    assigned = "=" in separator
    shell = assigned and line_start and " " not in separator
    run = (_UNBROKEN if shell else _BARE).match(text, at)
    if run is None or text.startswith(REDACTED, at):
        return None
    value, end = run[0], run.end()
    word = value.strip(",;").casefold()
    if _REFERENCE.fullmatch(word) or word == folded or folded.endswith("_" + word):
        return None
    if text[end : end + 1] in {"(", "["} and (value.replace("_", "").isalnum()):
        return None  # a call, or an index
    if _NUMBER.fullmatch(word) and (folded.endswith("token") or not assigned):
        return None  # a count
    if ":" in separator and not assigned and _PLAIN_WORD.fullmatch(value):
        # "password: must be long" is prose, "password: swordfish" alone in its line is not.
        following = text[end : end + 1]
        if not line_start or following not in {"", "\n", "\r"}:
            return None
    return at, end


def _starts_line(text: str, at: int) -> bool:
    return _BEFORE.search(text[max(0, at - 24) : at]) is not None if at else True


def _without_basic(text: str) -> str:
    """A credential of HTTP's Basic scheme is `user:password` in base64; other words after "basic" are not."""
    pieces: list[str] = []
    done = 0
    at = text.find("asic ")
    while at >= 0:
        found = _BASIC.match(text, max(0, at - 1))
        if found is not None and _is_credential(found[1]):
            pieces += (text[done : found.start(1)], REDACTED)
            done = found.end()
        at = text.find("asic ", max(at + 5, done))
    return "".join((*pieces, text[done:])) if pieces else text


def _is_credential(word: str) -> bool:
    try:
        plain = base64.b64decode(word, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return ":" in plain and plain.isprintable()


def _without_aws_secrets(text: str) -> str:
    """The secret half of a pair has no mark of its own: forty characters, near the half that has one."""
    pieces: list[str] = []
    done = 0
    for found in _AWS_ID.finditer(text):
        start, end = max(done, found.start() - _AWS_NEAR), found.end() + _AWS_NEAR
        near = _AWS_SECRET.sub(_if_mixed, text[start:end])
        if near != text[start:end]:
            pieces += (text[done:start], near)
            done = min(end, len(text))
    return "".join((*pieces, text[done:])) if pieces else text


def _if_mixed(found: re.Match[str]) -> str:
    word = found[0]
    mixed = any(c.isupper() for c in word) and any(c.islower() for c in word) and any(c.isdigit() for c in word)
    return REDACTED if mixed else word
