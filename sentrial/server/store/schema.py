"""The tables, and how a database file comes to have them: migrations, forward only.

A newcomer's mistake: to change a migration that was released. Databases out there have run it; write the next
one instead. Nothing here uses what SQLite learned after 3.40.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from sentrial.server.store.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION_ID = 0x534E5452  # "SNTR", in the header of every database of ours
_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_APPLICATION_ID_AT = slice(68, 72)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE event (
            number INTEGER PRIMARY KEY,
            project TEXT NOT NULL,
            id TEXT NOT NULL,
            session_id TEXT NOT NULL,
            type TEXT NOT NULL,
            timestamp_us INTEGER NOT NULL,
            producer TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            received_us INTEGER NOT NULL,
            body BLOB NOT NULL,
            UNIQUE (project, id)
        )
        """,
        "CREATE INDEX event_order ON event (project, session_id, timestamp_us, producer, sequence, id)",
        """
        CREATE TABLE session (
            number INTEGER PRIMARY KEY,
            project TEXT NOT NULL,
            id TEXT NOT NULL,
            status TEXT NOT NULL,
            started_us INTEGER NOT NULL,
            agent TEXT,
            user TEXT,
            fold BLOB NOT NULL,
            UNIQUE (project, id)
        )
        """,
        "CREATE INDEX session_newest ON session (project, started_us, id)",
        "CREATE INDEX session_newest_of_all ON session (started_us, id, project)",
        "CREATE INDEX session_status ON session (project, status, started_us, id)",
        "CREATE INDEX session_agent ON session (project, agent, started_us, id)",
        "CREATE INDEX session_user ON session (project, user, started_us, id)",
        "CREATE INDEX session_id ON session (id)",
        "CREATE TABLE tombstone (project TEXT NOT NULL, session_id TEXT NOT NULL, PRIMARY KEY (project, session_id))",
        """
        CREATE TABLE key (
            id TEXT PRIMARY KEY,
            project TEXT NOT NULL,
            digest BLOB NOT NULL,
            scopes TEXT NOT NULL,
            created_us INTEGER NOT NULL
        )
        """,
    ),
)


def prepare_file(path: Path) -> None:
    """Create the file (0600, in a directory of 0700) or make sure that it is a database of ours.

    Raises:
        StoreError: it is a link, or holds anything else.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_symlink():
        raise StoreError(f"{path} is a symbolic link: give the file itself")
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600))
        return
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    ours = header.startswith(_MAGIC) and header[_APPLICATION_ID_AT] == APPLICATION_ID.to_bytes(4, "big")
    if header and not ours:
        raise StoreError(f"{path} is not a Sentrial database: choose another file with --db")
    path.chmod(0o600)


def open_writer(path: Path) -> sqlite3.Connection:
    """Open the one connection that writes, durable to the disk at every commit, and bring the tables up to date.

    Raises:
        StoreError: a newer Sentrial wrote the database.
    """
    # The tables are made here and used by the writer's thread: never by two threads at once.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        _migrate(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 5000")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a connection that can't write; the pool hands it to one thread at a time."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        connection.execute("ROLLBACK")
        raise StoreError(f"{path} was written by a newer Sentrial (schema {version}): upgrade, or choose another file")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")
