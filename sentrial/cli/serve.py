"""`sentrial serve`: the server in the foreground.

A newcomer's mistake: printing the address before the server answers. The line comes from `on_ready`, so whoever
reads it can connect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sentrial.cli.options import DEFAULT_PORT, database_option, default_database
from sentrial.cli.talk import say, short_path

if TYPE_CHECKING:
    from pathlib import Path


@click.command
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="HOST",
    help="A further name browsers may use for this server. May be given more than once.",
)
@click.option(
    "--insecure-no-auth", is_flag=True, help="Serve a network without keys: everyone there can read everything."
)
def serve(database: Path | None, host: str, port: int, allowed_hosts: tuple[str, ...], insecure_no_auth: bool) -> None:
    """Run the server: its API and its pages.

    It answers on this machine only, unless --host says otherwise; a network needs keys first
    (sentrial key create).
    """
    from sentrial.server.serve import serve as serve_in_foreground

    path = database or default_database()
    serve_in_foreground(
        path,
        host=host,
        port=port,
        allowed_hosts=allowed_hosts,
        insecure_no_auth=insecure_no_auth,
        on_ready=lambda url: say(f"Sentrial is at {url}  (data in {short_path(path)}; Ctrl-C stops)"),
    )
