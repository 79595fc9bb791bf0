"""Personal data in a text: e-mail addresses, telephone, card and account numbers, addresses of machines. Pure.

The rules come from the service's own settings (`read`); until they are known, `STRICTEST` holds. Every search is
linear in the text. A newcomer's mistake: to narrow the rules to the `fields` that the settings name. They hold
everywhere: what a person typed ends up in more fields than anybody thinks of.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, cast

from sentrial import _pii_patterns

if TYPE_CHECKING:
    from collections.abc import Callable

MODES = ("label", "hash", "remove")
# Names whose values are personal whatever they look like, in any letter case.
NAMES = frozenset(
    [
        *("phone", "phone_number", "phonenumber", "phone-number", "telephone", "mobile", "mobile_number"),
        *("ssn", "social_security_number", "dob", "date_of_birth", "dateofbirth", "birthday"),
        *("iban", "account_number", "passport", "passport_number"),
        *("card_number", "cardnumber", "credit_card", "creditcard", "cvv", "cvc"),
    ]
)
_MOST_CUSTOM = 100

_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]++@(?:[\w-]++\.)++[\w-]++")
_PHONE = re.compile(
    r"(?<![\w+.])\+[0-9](?:[ ().-]{0,2}[0-9]){6,14}(?![0-9])"
    r"|(?<![\w.-])(?:1[ .-])?(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}(?![\w-])"
)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)[0-9]{3}([ -])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![\w-])")
_DIGITS = re.compile(r"(?<![\w.])[0-9](?:[ -]?[0-9]){12,}+(?!\w)")
_IPV4 = re.compile(r"(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w]|\.[0-9])")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of personal data.

    Attributes:
        label: What stands in its place in mode "label".
        sign: A character that stands in every match; "" where there is none.
        pattern: What it looks like.
        find: The parts of a match that really are such data, as (start, end) within it.
    """

    label: str
    sign: str
    pattern: re.Pattern[str]
    find: Callable[[str], list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Rules:
    """What to look for, and what to put in its place.

    Attributes:
        rules: The kinds of data, in the order in which they are looked for.
        mode: "label" puts `[EMAIL]` in its place, "hash" `[PII:` and six hexadecimal digits of its SHA-256 `]`,
            "remove" nothing.
        refused: Labels of patterns that can't be searched in linear time. Where there is one, no text is kept.
        names: Names whose values are personal.
    """

    rules: tuple[Rule, ...]
    mode: str = "label"
    refused: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()

    def text(self, text: str) -> str:
        """The text without personal data."""
        if self.refused:
            return f"[redacted: the pattern {self.refused[0]} can't be used]"
        for rule in self.rules:
            if rule.sign in text:
                text = rule.pattern.sub(lambda found, rule=rule: self._replaced(found[0], rule), text)  # type: ignore[misc]
        return text

    def _replaced(self, found: str, rule: Rule) -> str:
        pieces: list[str] = []
        done = 0
        for start, end in rule.find(found):
            pieces += (found[done:start], self._mark(found[start:end], rule.label))
            done = end
        return "".join((*pieces, found[done:]))

    def _mark(self, value: str, label: str) -> str:
        match self.mode:
            case "remove":
                return ""
            case "hash":
                return f"[PII:{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()[:6]}]"
            case _:
                return f"[{label}]"


def read(config: Any) -> Rules:
    """The rules that the service's settings ask for; None, or what is no settings at all, asks for the strictest.

    Args:
        config: `{"enabled", "mode", "builtinPatterns": {"emails", "phones", "ssns", "creditCards", "ipAddresses"},
            "customPatterns": [{"pattern", "label"}]}`. What is missing counts as on.
    """
    if not isinstance(config, dict):
        return STRICTEST
    settings = cast("dict[str, Any]", config)
    if settings.get("enabled", True) is False:
        return Rules(())
    wanted = settings.get("builtinPatterns")
    switches = cast("dict[str, Any]", wanted) if isinstance(wanted, dict) else {}
    rules = [rule for name, built_in in _BUILT_IN for rule in built_in if switches.get(name, True) is not False]
    refused: list[str] = []
    given = settings.get("customPatterns")
    customs = cast("list[Any] | None", given) if isinstance(given, list) else None
    for custom in (customs or [])[:_MOST_CUSTOM]:
        rule = _custom(custom)
        if isinstance(rule, Rule):
            rules.append(rule)
        else:
            refused.append(rule)
    mode = settings.get("mode")
    return Rules(tuple(rules), mode if mode in MODES else "label", tuple(refused), NAMES)


def strictest_with(rules: Rules) -> Rules:
    """Everything that is known here, and what these rules look for besides."""
    known = {rule.pattern for rule in STRICTEST.rules}
    further = tuple(rule for rule in rules.rules if rule.pattern not in known)
    return Rules(STRICTEST.rules + further, refused=rules.refused, names=NAMES)


def _custom(custom: Any) -> Rule | str:
    """A rule of the project's own, or its label where it can't be used."""
    fields = cast("dict[str, Any]", custom) if isinstance(custom, dict) else {}
    label, pattern = fields.get("label"), fields.get("pattern")
    label = label[:64] if isinstance(label, str) and label.isprintable() and label else "CUSTOM"
    compiled = _pii_patterns.linear(pattern) if isinstance(pattern, str) else None
    return label if compiled is None else Rule(label, "", compiled, _all)


def _all(found: str) -> list[tuple[int, int]]:
    return [(0, len(found))] if found else []


def _cards(found: str) -> list[tuple[int, int]]:
    """Card numbers in a run of digits: 13 to 19 of them from the beginning of a group, with a valid check digit."""
    places = [place for place, character in enumerate(found) if character.isdigit()]
    cards: list[tuple[int, int]] = []
    done = 0
    for first, place in enumerate(places):
        if place < done or found[place] not in "23456" or (place and found[place - 1].isdigit()):
            continue
        for length in (16, 15, 13, 14, 17, 18, 19):
            last = first + length - 1
            if last >= len(places) or found[places[last] + 1 : places[last] + 2].isdigit():
                continue
            if _luhn([int(found[at]) for at in places[first : last + 1]]):
                done = places[last] + 1
                cards.append((place, done))
                break
    return cards


def _luhn(digits: list[int]) -> bool:
    doubled = [digit if index % 2 == 0 else sum(divmod(2 * digit, 10)) for index, digit in enumerate(digits[::-1])]
    return sum(doubled) % 10 == 0 and any(digits)


def _ibans(found: str) -> list[tuple[int, int]]:
    """An account number at the beginning of a run: words in capitals may follow it."""
    for end in range(len(found), 14, -1):
        number = found[:end].replace(" ", "")
        if found[end - 1] != " " and 15 <= len(number) <= 34 and not found[end : end + 1].isalnum():
            written = "".join(str(int(character, 36)) for character in number[4:] + number[:4])
            if int(written) % 97 == 1:
                return [(0, end)]
    return []


def _machines(found: str) -> list[tuple[int, int]]:
    try:
        ip_address(found)
    except ValueError:
        return []
    return [(0, len(found))] if len(found) > 2 else []


_BUILT_IN: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("emails", (Rule("EMAIL", "@", _EMAIL, _all),)),
    ("ibans", (Rule("IBAN", "", _IBAN, _ibans),)),
    ("creditCards", (Rule("CREDIT_CARD", "", _DIGITS, _cards),)),
    ("ssns", (Rule("SSN", "", _SSN, _all),)),
    ("phones", (Rule("PHONE", "", _PHONE, _all),)),
    ("ipAddresses", (Rule("IP_ADDRESS", ".", _IPV4, _machines), Rule("IP_ADDRESS", ":", _IPV6, _machines))),
)
STRICTEST = Rules(tuple(rule for _, rules in _BUILT_IN for rule in rules), names=NAMES)
"""Everything that is known here: it holds until the settings are there."""
