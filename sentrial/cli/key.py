"""`sentrial key`: the keys that a server asks for once it has one.

A newcomer's mistake: looking for a way to print a key again. The store keeps a hash only; a lost key is replaced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sentrial.cli.options import database_option, default_database
from sentrial.cli.problems import CommandError
from sentrial.cli.talk import plain, say, short_path

if TYPE_CHECKING:
    from pathlib import Path


@click.group
def key() -> None:
    """Make the API keys of a server."""


@key.command
@click.option("--project", required=True, metavar="NAME", help="The project whose sessions the key writes and reads.")
@database_option
def create(project: str, database: Path | None) -> None:
    """Make a key and print it: once, for it is kept as a hash only.

    From the first key on, the server asks for one on every request.
    """
    from sentrial.server.store import Store
    from sentrial.server.store.keys import PROJECT_NAME
    from sentrial.server.store.lock import DatabaseInUse

    if PROJECT_NAME.fullmatch(project) is None:  # asked before there is a database
        raise CommandError(
            f"--project: a name is 1 to 128 letters, digits, '_', '.' or '-', not {plain(repr(project), 80)}"
        )
    path = database or default_database()
    try:
        with Store.open(path) as store:
            text = store.create_key(project)
    except DatabaseInUse as error:
        raise CommandError(f"a server is using {short_path(path)}: stop it, make the key, start it again") from error
    say(f"A key for project {project} in {short_path(path)}. It is shown this once: set it as SENTRIAL_API_KEY.")
    click.echo(text)
