"""What must not reach the disk: values under key-like names, and tokens of known formats in any text.

Everything here is linear in the text, and only strings of 16 characters or more are searched. Numbers are
never redacted: `max_tokens` and `prompt_tokens` are counts, not secrets.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# What is looked at here is of any type, and narrowing Any leaves pyright with half-known ones.

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from sentrial import _assignments, _tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REDACTED = _assignments.REDACTED

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
_SECRET_PAIRS = frozenset(
    (word, "key") for word in ("api", "private", "access", "signing", "auth", "account", "shared", "encryption")
)
# The names under which a dict tells the name of what is under "value".
_NAMING = ("name", "key", "header", "Name", "Key")
# A token that pages through results or names a model's vocabulary is no secret.
_PLAIN_TOKENS = frozenset({"page", "next", "continuation", "sync", "bos", "eos", "pad", "unk", "sep", "stop", "first"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


# What a hook is not shown: without the ids an event is lost, and the others are numbers and fixed words.
_NOT_SHOWN = frozenset(
    ["session_id", "status", "duration_ms", "confidence", "counts", "cost", "time_to_first_token_ms", "recoverable"]
)
_NAMES = frozenset(["name", "tool_name", "model", "error_type"])


class PersonalData(Protocol):
    """What a redactor needs of the rules for personal data."""

    @property
    def names(self) -> frozenset[str]:
        """Names, in lower case, whose values are personal."""
        ...

    def text(self, text: str) -> str:
        """The text without personal data."""
        ...


class Redactor:
    """Decides by name, by format and by the user's own rules.

    Args:
        names: Further names whose values are secret, as whole names, in any letter case.
        patterns: Further patterns; what they match in text is replaced.
        hook: Called as `hook(name, value)` for each argument of a verb and each value under a name in it; what it
            returns is kept. If it raises, the value is dropped: nothing goes out that could not be looked at.
        secrets: Texts that must appear nowhere, such as the client's own API key.
        defaults: Whether the rules for key-like names and known formats hold.
        pii: What takes personal data out of a text, if that is wanted.
    """

    __slots__ = (
        "_defaults",
        "_names",
        "_patterns",
        "_pii",
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
        pii: PersonalData | None = None,
    ) -> None:
        self._names = frozenset(name.casefold() for name in names)
        self._patterns = tuple(patterns)
        self._secrets = tuple(secret for secret in secrets if len(secret) >= 8)
        self._defaults = defaults
        self._pii = pii
        self._remembered: dict[str, bool] = {}
        self.hook = hook
        # Names known to be neither secret nor to hold a secret: most events have only such.
        self.harmless: set[str] = set()
        # Without rules of the caller's own, many texts can be looked at as one.
        self.simple = hook is None and not self._patterns and pii is None
        # Texts shorter than this hold nothing to redact: no known format is as short, but the caller's own may be.
        self.shortest = 1 if self._patterns or pii is not None else min([16, *map(len, self._secrets)])

    def learn(self, name: str) -> bool:
        """Whether a name is harmless; if so it is remembered among `harmless`."""
        if len(name) > 128 or name == "value" or not name.isprintable() or self.is_secret(name) or self.suspects(name):
            return False
        if len(self.harmless) < 10_000:
            self.harmless.add(name)
        return True

    def is_secret(self, name: str) -> bool:
        """Whether the value under this name must not be kept."""
        if self._pii is not None and name.casefold() in self._pii.names:
            return True
        known = self._remembered.get(name)
        if known is None:
            known = name.casefold() in self._names or (self._defaults and _is_key_like(name))
            if len(self._remembered) < 10_000 and len(name) <= 128:
                self._remembered[name] = known
        return known

    def suspects(self, text: str) -> bool:
        """Whether `text` would change this text. For a redactor that is `simple` only."""
        if self._defaults and _tokens.may_hold(text) and self._holds_known(text):
            return True
        for secret in self._secrets:  # noqa: SIM110 - a generator costs more than the search
            if secret in text:
                return True
        return False

    def _holds_known(self, text: str) -> bool:
        if _tokens.may_tell(text) and _assignments.clean(text, self.is_secret) != text:
            return True
        known = (format_ for format_ in _tokens.FORMATS if format_.sign in text and format_.tells(text))
        return any(pattern.search(text) for format_ in known for pattern in format_.patterns)

    def is_secret_pair(self, pair: Any) -> bool:
        """Whether a list or tuple of two is a secret's name and the secret, as headers come in lists."""
        name, value = pair
        if isinstance(name, bytes):
            name = name[:256].decode("latin-1")
        return _is_one_word(name) and self.is_secret(name) and not (value is None or isinstance(value, (int, float)))

    def is_told_secret(self, members: dict[str, Any]) -> bool:
        """Whether a dict is a secret's name and, under "value", the secret: `{"name": "api_key", "value": ...}`."""
        for key in _NAMING:
            name = members.get(key)
            if _is_one_word(name) and self.is_secret(name):
                return True
        return False

    def through_hook(self, name: str, value: Any) -> Any:
        """What the user's hook makes of a value. Where it raises, the value is dropped: unseen means unsent."""
        if self.hook is None:
            return value
        try:
            return self.hook(name, value)
        except Exception as error:  # noqa: BLE001 - the user's own code
            return f"[redacted: the redact hook raised {type(error).__name__}]"

    def shown_to_hook(self, names: Iterable[str], values: Iterable[Any]) -> tuple[Any, ...]:
        """The arguments of a verb as the user's hook leaves them. It is shown neither ids nor numbers nor None.

        Args:
            names: The arguments' names, such as "prompt" and "reasoning".
            values: The arguments.
        """
        return tuple(
            value if value is None or name in _NOT_SHOWN else self._named(name, self.through_hook(name, value))
            for name, value in zip(names, values, strict=True)
        )

    def _named(self, name: str, value: Any) -> Any:
        # A verb refuses an empty name; what a hook makes of one must not refuse the event.
        return REDACTED if name in _NAMES and not (isinstance(value, str) and value) else value

    def text(self, text: str) -> str:
        """The text without what must not be kept."""
        if self._defaults:
            if _assignments.might_hold(text):
                text = _assignments.clean(text, self.is_secret)
            for known in _tokens.FORMATS:
                if known.sign in text and known.tells(text):
                    for pattern in known.patterns:
                        text = pattern.sub(REDACTED, text)
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, REDACTED)
        for pattern in self._patterns:
            text = pattern.sub(REDACTED, text)
        return text if self._pii is None else self._pii.text(text)

    def is_personal(self, name: str, number: object) -> bool:
        """Whether a number is personal by its name: a secret never is a number, a telephone's may be one."""
        return (
            self._pii is not None and number is not None and number is not True and name.casefold() in self._pii.names
        )

    def number(self, number: int) -> int | str:
        """A number as it may be kept: a long one may be that of a card."""
        if self._pii is None or -(10**8) < number < 10**8:
            return number
        written = str(number)
        kept = self._pii.text(written)
        return number if kept == written else kept


def from_option(option: Any, secrets: Iterable[str] = (), pii: PersonalData | None = None) -> Redactor:
    """The redactor that a client's `redact=` asks for.

    Args:
        option: None or True for the defaults; False for none; a callable `(name, value) -> value`; or a list of
            names (str) and patterns (re.Pattern), which come on top of the defaults.
        secrets: Texts that must appear nowhere, whatever the option says.
        pii: What takes personal data out of a text, whatever the option says; None: nothing.

    Raises:
        TypeError: The option is none of these.
    """
    if option is None or isinstance(option, bool):
        return Redactor(secrets=secrets, defaults=option is not False, pii=pii)
    if callable(option):
        return Redactor(secrets=secrets, hook=option, pii=pii)
    rules = [option] if isinstance(option, (str, re.Pattern)) else list(option)
    names = [rule for rule in rules if isinstance(rule, str)]
    patterns = [rule for rule in rules if isinstance(rule, re.Pattern)]
    if len(names) + len(patterns) != len(rules):
        raise TypeError("redact takes True, False, a callable, or a list of names and compiled patterns")
    return Redactor(names=names, patterns=patterns, secrets=secrets, pii=pii)


def _is_one_word(name: Any) -> TypeGuard[str]:
    # "Reset the password" beside "Escalate" is a choice, not a secret beside its name.
    return type(name) is str and " " not in name


def _is_key_like(name: str) -> bool:
    words = [word.casefold() for word in _WORD.findall(name[:256])]
    if any(word in _SECRET_WORDS for word in words):
        return True
    if any(pair in _SECRET_PAIRS for pair in pairwise(words)):
        return True
    return bool(words) and words[-1] == "token" and not _PLAIN_TOKENS.intersection(words)
