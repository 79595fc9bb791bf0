"""`sentrial key`: the keys that a server asks for once it has one.

A newcomer's mistake: looking for a way to print a key again. The store keeps a hash only; a lost key is replaced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sentrial.cli.options import database_option, default_database
from sentrial.cli.talk import say, short_path

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
    if not project.strip():
        raise click.BadParameter("it is empty", param_hint="--project")
    from contextlib import closing

    from sentrial.server.store import Store

    path = database or default_database()
    with closing(Store.open(path)) as store:
        text = store.create_key(project)
    say(f"A key for project {project} in {short_path(path)}. It is shown this once: set it as SENTRIAL_API_KEY.")
    click.echo(text)
