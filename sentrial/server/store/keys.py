"""API keys: `snt_<id>_<secret>`, shown once; the store keeps only a digest.

A newcomer's mistake: to compare digests with `==`. It stops at the first byte that differs, and a stopwatch
can tell.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

Scope: TypeAlias = Literal["ingest", "read", "admin"]
ALL_SCOPES: tuple[Scope, ...] = ("ingest", "read", "admin")

PROJECT_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_FORM = re.compile(r"snt_([0-9a-f]{12})_[0-9a-f]{48}")


@dataclass(frozen=True, slots=True)
class Key:
    """What a key opens."""

    id: str
    project: str
    scopes: frozenset[Scope]


def create_key(connection: sqlite3.Connection, project: str, scopes: Iterable[Scope], now_us: int) -> str:
    """Store a new key of the project and return its text, which can't be had again."""
    key_id = secrets.token_hex(6)
    text = f"snt_{key_id}_{secrets.token_hex(24)}"
    connection.execute(
        "INSERT INTO key (id, project, digest, scopes, created_us) VALUES (?, ?, ?, ?, ?)",
        (key_id, project, _digest(text), " ".join(scopes), now_us),
    )
    return text


def find_key(connection: sqlite3.Connection, text: str) -> Key | None:
    """Return what the key opens, or None where it is unknown."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    row = connection.execute("SELECT project, digest, scopes FROM key WHERE id = ?", (form[1],)).fetchone()
    if row is None or not hmac.compare_digest(row[1], _digest(text)):
        return None
    return Key(id=form[1], project=row[0], scopes=frozenset(cast("list[Scope]", row[2].split())))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
