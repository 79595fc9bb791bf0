"""What an attacker, or a careless tool, may write into an event; and events that hold it wherever they can.

A newcomer's mistake: to list the fields by hand. They come from the contract: a new one is attacked at once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema_rs import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPONENTS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "generated" / "openapi.json").read_text(encoding="utf-8")
)["components"]
_SCHEMAS = _COMPONENTS["schemas"]
_KINDS = [reference["$ref"].rpartition("/")[2] for reference in _SCHEMAS["Event"]["oneOf"]]
_FIELDS = {name: [*_SCHEMAS[name]["properties"], "other"] for name in _KINDS}
# A kind that is not known may have any field of the others, and anything in it.
_FIELDS["OtherEvent"] = list(dict.fromkeys(field for fields in _FIELDS.values() for field in fields))
_CHECKS = {
    name: Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": _COMPONENTS}, validate_formats=True
    )
    for name in _KINDS
}
# What makes the event the one it is: another value there is another event, or none.
_KEPT = frozenset({"eventType", "sessionId", "id", "timestamp"})
_NAMES = ("name", "score", "message", "type", "stack_trace", "role", "content", "text", "parts")

# What is sent, and a part of it as it must be seen. Script that runs would change the title.
TEXTS = {
    "script": ("<script>document.title='taken'</script>", "<script>document.title='taken'</script>"),
    "handler": ("\"'><img src=x onerror=document.title='taken'>", "\"'><img src=x onerror="),
    "svg": ("<svg/onload=document.title='taken'>", "<svg/onload="),
    "way out": ("</bdi></pre></title></style><script>document.title='taken'//", "</bdi></pre></title></style>"),
    "address": ("javascript:document.title='taken'", "javascript:document.title='taken'"),
    "comment": ("]]>--><!--<![CDATA[</textarea>", "]]>--><!--<![CDATA[</textarea>"),
    "template": ("{{ 7 * 191 }}{% include 'base.html' %}${7*191}", "{{ 7 * 191 }}{% include 'base.html' %}"),
    "entities": ("&lt;b&gt;&amp;amp;&#60;i&#62;", "&lt;b&gt;&amp;amp;&#60;i&#62;"),
    "turned": ("invoice\u202egnp.exe\u2066\u200b", "invoice\\u202egnp.exe\\u2066\\u200b"),
    "controls": ("nul\0esc\x1b[31mdel\x7f", "nul\\u0000esc\\u001b[31mdel\\u007f"),
    "formula": ("=cmd|'/c calc'!A1", "=cmd|'/c calc'!A1"),
}


def _deep(depth: int) -> tuple[Any, Any]:
    array: Any = []
    tree: Any = {}
    for _ in range(depth):
        array, tree = [array], {"down": tree}
    return array, tree


# Every type JSON has, at its edges.
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "negative": -1,
    "fraction": 0.1,
    "large": 2**53 - 1,
    "huge": 10**400,
    "float": 1.7e308,
    "empty text": "",
    "blank": " \t\r\n ",
    "empty array": [],
    "empty object": {},
    "mixed": [None, True, 1, "x", [[]], {"": {}}],
    "deep array": _deep(50)[0],
    "deep object": _deep(50)[1],
}


def events_holding(value: Any, session_id: str) -> Iterator[dict[str, Any]]:
    """Yield events of every kind, each several times, with the value in every field that takes it in some form."""
    forms = list(_forms(value))
    for name in _KINDS:
        for turn in range(len(forms)):
            event = {**_SCHEMAS[name]["examples"][0], "sessionId": session_id, "id": f"{name}-{turn}"}
            for field in _FIELDS[name]:
                if field not in _KEPT:
                    # Another form comes first each time, so that each is tried wherever it fits.
                    fits = ({field: form} for form in forms[turn:] + forms[:turn])
                    event |= next((fit for fit in fits if _CHECKS[name].is_valid({**event, **fit})), {})
            yield event


def _forms(value: Any) -> Iterator[Any]:
    object_ = dict.fromkeys(_NAMES, value) | ({value: value} if isinstance(value, str) else {})
    yield value
    yield [value]
    yield object_
    yield [object_, object_]
    yield [[object_]]
    yield {"messages": [object_], "tool_calls": [value], "role": "ai"}
    yield {"_truncated": value, "length": value, "head": "", "tail": value}
