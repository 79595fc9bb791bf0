"""Options that several commands share, each with its default in one place.

A newcomer's mistake: making the folder of the default database here. The store makes it, with the right mode,
when it opens the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_PORT = 7777

_Command = TypeVar("_Command", bound="Callable[..., Any]")


def default_database() -> Path:
    """Give the database of a user who names none: `sentrial/sentrial.db` in the folder for user data."""
    import platformdirs

    return platformdirs.user_data_path("sentrial", appauthor=False) / "sentrial.db"


def database_option(command: _Command) -> _Command:
    """Give a command its `--db FILE`; the parameter is `database: Path | None`, None where it is not given."""
    return click.option(
        "--db",
        "database",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        callback=_named,
        help="The database.  [default: sentrial/sentrial.db in your data folder]",
    )(command)


def _named(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and not value.name:  # "" is a path too: that of the folder one stands in
        raise click.BadParameter("it is empty; give the name of a file")
    return value
