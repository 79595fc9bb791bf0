"""What must not reach the disk: values under key-like names, and tokens of known formats in any text.

Everything here is linear in the text, and only strings of 16 characters or more are searched. Numbers are
never redacted: `max_tokens` and `prompt_tokens` are counts, not secrets.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# What is looked at here is of any type, and narrowing Any leaves pyright with half-known ones.

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REDACTED = "[redacted]"

_SECRET_WORDS = frozenset(
    [
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "secret",
        "secrets",
        "apikey",
        "authorization",
        "credential",
        "credentials",
        "cookie",
        "privatekey",
        "accesskey",
        "signingkey",
    ]
)
_SECRET_PAIRS = frozenset({("api", "key"), ("private", "key"), ("access", "key"), ("signing", "key"), ("auth", "key")})
# A token that pages through results or names a model's vocabulary is no secret.
_PLAIN_TOKENS = frozenset({"page", "next", "continuation", "sync", "bos", "eos", "pad", "unk", "sep", "stop", "first"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

# Each format under a character and a text that stand in every match of it: to look for one character costs a
# fraction of looking for a text, and that a fraction of the pattern.
_FORMATS = tuple(
    (sign, tuple((marker, re.compile(pattern)) for marker, pattern in formats))
    for sign, formats in (
        (
            "-",
            (
                ("sk-", r"\bsk-[A-Za-z0-9_-]{16,512}"),
                ("glpat-", r"\bglpat-[A-Za-z0-9_-]{16,255}"),
                ("xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,255}"),
                ("PRIVATE KEY", r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\:,-]{1,65536}"),
            ),
        ),
        (
            "_",
            (
                ("snt_", r"\bsnt_[A-Za-z0-9]{1,64}_[A-Za-z0-9_-]{8,256}"),
                ("gh", r"\bgh[opsur]_[A-Za-z0-9]{20,255}"),
                ("github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{20,255}"),
            ),
        ),
        ("K", (("AKIA", r"\bAKIA[A-Z0-9]{16}\b"),)),
        ("z", (("AIza", r"\bAIza[A-Za-z0-9_-]{35}"),)),
        (
            "J",
            (
                (
                    "eyJ",
                    r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,4096}+\.[A-Za-z0-9_-]{8,65536}+\.[A-Za-z0-9_-]{8,4096}",
                ),
            ),
        ),
        ("r", (("earer ", r"(?<=earer )[A-Za-z0-9._~+/=-]{16,8192}"),)),
    )
)


class Redactor:
    """Decides by name, by format and by the user's own rules.

    Args:
        names: Further names whose values are secret, as whole names, in any letter case.
        patterns: Further patterns; what they match in text is replaced.
        hook: Called as `hook(name, value)` for each value under a name; what it returns is kept. If it raises,
            the value is dropped: nothing goes out that could not be looked at.
        secrets: Texts that must appear nowhere, such as the client's own API key.
        defaults: Whether the rules for key-like names and known formats hold.
    """

    __slots__ = (
        "_defaults",
        "_names",
        "_patterns",
        "_remembered",
        "_secrets",
        "harmless",
        "hook",
        "shortest",
        "simple",
    )

    def __init__(
        self,
        *,
        names: Iterable[str] = (),
        patterns: Iterable[re.Pattern[str]] = (),
        hook: Callable[[str, Any], Any] | None = None,
        secrets: Iterable[str] = (),
        defaults: bool = True,
    ) -> None:
        self._names = frozenset(name.casefold() for name in names)
        self._patterns = tuple(patterns)
        self._secrets = tuple(secret for secret in secrets if len(secret) >= 8)
        self._defaults = defaults
        self._remembered: dict[str, bool] = {}
        self.hook = hook
        # Names known to be neither secret nor to hold a secret: most events have only such.
        self.harmless: set[str] = set()
        # Without rules of the caller's own, many texts can be looked at as one.
        self.simple = hook is None and not self._patterns
        # Texts shorter than this hold nothing to redact: no known format is as short, but the caller's own may be.
        self.shortest = 1 if self._patterns else min([16, *map(len, self._secrets)])

    def learn(self, name: str) -> bool:
        """Whether a name is harmless; if so it is remembered among `harmless`."""
        if len(name) > 128 or not name.isprintable() or self.is_secret(name) or self.suspects(name):
            return False
        if len(self.harmless) < 10_000:
            self.harmless.add(name)
        return True

    def is_secret(self, name: str) -> bool:
        """Whether the value under this name must not be kept."""
        known = self._remembered.get(name)
        if known is None:
            known = name.casefold() in self._names or (self._defaults and _is_key_like(name))
            if len(self._remembered) < 10_000 and len(name) <= 128:
                self._remembered[name] = known
        return known

    def suspects(self, text: str) -> bool:
        """Whether `text` would change this text. For a redactor that is `simple` only."""
        if self._defaults:
            for sign, formats in _FORMATS:
                if sign in text:
                    for marker, pattern in formats:
                        if marker in text and pattern.search(text):
                            return True
        for secret in self._secrets:  # noqa: SIM110 - a generator costs more than the search
            if secret in text:
                return True
        return False

    def text(self, text: str) -> str:
        """The text without what must not be kept."""
        if self._defaults:
            for sign, formats in _FORMATS:
                if sign in text:
                    for marker, pattern in formats:
                        if marker in text:
                            text = pattern.sub(REDACTED, text)
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, REDACTED)
        for pattern in self._patterns:
            text = pattern.sub(REDACTED, text)
        return text


def from_option(option: Any, secrets: Iterable[str] = ()) -> Redactor:
    """The redactor that a client's `redact=` asks for.

    Args:
        option: None or True for the defaults; False for none; a callable `(name, value) -> value`; or a list of
            names (str) and patterns (re.Pattern), which come on top of the defaults.
        secrets: Texts that must appear nowhere, whatever the option says.

    Raises:
        TypeError: The option is none of these.
    """
    if option is None or isinstance(option, bool):
        return Redactor(secrets=secrets, defaults=option is not False)
    if callable(option):
        return Redactor(secrets=secrets, hook=option)
    rules = [option] if isinstance(option, (str, re.Pattern)) else list(option)
    names = [rule for rule in rules if isinstance(rule, str)]
    patterns = [rule for rule in rules if isinstance(rule, re.Pattern)]
    if len(names) + len(patterns) != len(rules):
        raise TypeError("redact takes True, False, a callable, or a list of names and compiled patterns")
    return Redactor(names=names, patterns=patterns, secrets=secrets)


def _is_key_like(name: str) -> bool:
    words = [word.casefold() for word in _WORD.findall(name[:256])]
    if any(word in _SECRET_WORDS for word in words):
        return True
    if any(pair in _SECRET_PAIRS for pair in pairwise(words)):
        return True
    return bool(words) and words[-1] == "token" and not _PLAIN_TOKENS.intersection(words)
