"""`sentrial spool`: what waits on this machine, for when no process of the agent starts again to deliver it.

A newcomer's mistake: sending everything there is. `flush` and `retry` see to the configured server and project
alone: another destination's events go out under this one's key only when somebody says so (`flush --foreign`).
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from sentrial.cli.problems import CommandError
from sentrial.cli.talk import plain, say, short_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentrial._config import Config
    from sentrial._spools import Destination

_FLUSH_SECONDS = 30.0
_MOST_REASONS = 5
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group
def spool() -> None:
    """See, send or delete the events that wait on this machine.

    They wait in the folder that SENTRIAL_SPOOL_DIR names, by default in the user's state folder, until a server has
    them. The next process with the same server and project sends what earlier ones left; these commands are for
    when there is none.
    """


@spool.command
@_json_option
def status(as_json: bool) -> None:
    """Say what waits, for which server, and what was rejected."""
    destinations, configured = _destinations(), _configured()
    if as_json:
        told = [_document(destination, configured) for destination in destinations]
        click.echo(json.dumps({"destinations": told}, indent=2))
        return
    if not destinations:
        say("Nothing waits, and nothing was rejected.")
    for destination in destinations:
        click.echo("\n".join(_lines(destination, configured)))


@spool.command
@click.option(
    "--timeout", default=_FLUSH_SECONDS, show_default=True, type=click.FloatRange(0), help="Seconds to wait at most."
)
@click.option("--foreign", is_flag=True, help="Send what was recorded with other keys for this server, too.")
@click.option("--yes", is_flag=True, help="With --foreign: do not ask first.")
@_json_option
def flush(timeout: float, foreign: bool, yes: bool, as_json: bool) -> None:
    """Send what dead processes left for the configured server; exit code 1 if some is left.

    What was recorded with another key, or for another project of the same server, waits apart from it and is not
    sent. After a key was replaced, --foreign sends that too, with the present key.
    """
    from sentrial.client import SentrialClient

    config = _resolved()  # an unusable setting is said before anything is opened
    if foreign:
        _take_over(config, ask=not yes, may_ask=not as_json)
    client = SentrialClient(max_retries=0)  # so that the first failure is told
    try:
        left = client.flush(timeout)
        stats = client.stats()
    finally:
        client.close(0)
    if as_json:
        click.echo(json.dumps({"delivered": stats.delivered, "rejected": stats.rejected, "left": left}))
    else:
        rejected = f", {_events(stats.rejected)} rejected (sentrial spool status says why)" if stats.rejected else ""
        click.echo(f"{_events(stats.delivered)} delivered to {client.api_url}{rejected}, {left:,} left")
    if left:
        raise click.exceptions.Exit(1)


@spool.command
@_json_option
def retry(as_json: bool) -> None:
    """Put what the configured server rejected back among what waits.

    `sentrial spool flush`, or the next process, then sends it again.
    """
    from sentrial._pipe import destination
    from sentrial._spool import state_folders
    from sentrial._spools import requeue

    config = _resolved()
    name = destination(config)
    homes = [root / name for root in state_folders(config.spool_dir)]
    requeued = sum(requeue(home) for home in homes if home.is_dir())
    if as_json:
        click.echo(json.dumps({"requeued": requeued}))
    else:
        then = "; `sentrial spool flush` sends them" if requeued else ""
        click.echo(f"{_events(requeued)} of the dead letters for {config.api_url} wait again{then}")


@spool.command
@click.argument("names", nargs=-1, metavar="[DESTINATION]...")
@click.option("--yes", is_flag=True, help="Do it: what is deleted can't be had back.")
@_json_option
def drop(names: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Delete what processes that have ended left unsent, for good.

    What a living process has yet to send is never touched; dead letters stay too. DESTINATION is a name that
    `sentrial spool status` shows, or how it begins; by default all are meant.
    """
    from sentrial._spools import drop as drop_dead

    meant = [_named(name) for name in names] if names else _destinations()
    if not yes:
        doomed = sum(found.dead_events for found in meant)
        raise CommandError(f"{_events(doomed)} would be deleted for good; add --yes to do it")
    dropped = sum(drop_dead(destination) for destination in meant)
    click.echo(json.dumps({"dropped": dropped}) if as_json else f"{_events(dropped)} deleted")


def _take_over(config: Config, *, ask: bool, may_ask: bool) -> None:
    """Bring what waits for the same server elsewhere to where it is sent from; said, and asked, first.

    Raises:
        CommandError: Nobody agreed, or can be asked.
    """
    from sentrial._pipe import destination
    from sentrial._spools import take_over

    name = destination(config)
    others = [found for found in _destinations() if found.path.name != name]
    sources = [found for found in others if found.api_url == config.api_url and found.dead_events]
    unknown = sum(found.dead_events for found in others if found.api_url is None)
    if unknown:
        say(f"left where it is, for an unknown server: {_events(unknown)}")
    for found in sources:
        whose = "with another key" if found.project_id is None else f"for project {plain(found.project_id, 128)}"
        say(f"{_events(found.dead_events)} recorded {whose}, in {short_path(found.path)}")
    if not sources:
        return
    total = _events(sum(found.dead_events for found in sources))
    under = "with the present key" if config.project_id is None else f"as project {config.project_id}"
    what = f"{total} of other keys or projects would be sent to {config.api_url} {under}"
    if ask and not (may_ask and sys.stdin.isatty()):
        raise CommandError(f"{what}; add --yes to do it")
    if ask and not click.confirm(f"{what}. Do it?", err=True):
        raise CommandError("nothing was sent")
    for found in sources:
        take_over(found, name, {"api_url": config.api_url, "project_id": config.project_id})


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"


def _resolved() -> Config:
    """Settle the settings.

    Raises:
        ConfigurationError: One can't be used.
        CommandError: Recording is switched off.
    """
    from sentrial._config import resolve

    config = resolve()
    if not config.enabled:
        raise CommandError("SENTRIAL_ENABLED switches recording off; unset it to send what waits")
    return config


def _configured() -> tuple[str, Config] | None:
    """Give the name of the destination that the settings mean, or None where they mean none."""
    from sentrial._config import resolve
    from sentrial._pipe import destination
    from sentrial.errors import ConfigurationError

    try:
        config = resolve(enabled=True)
    except ConfigurationError:
        return None  # what waits can be looked at all the same
    return destination(config), config


def _destinations() -> Sequence[Destination]:
    """Look at every destination that holds anything."""
    from sentrial._config import resolve
    from sentrial._spool import state_folders
    from sentrial._spools import survey

    roots = state_folders(resolve(enabled=False).spool_dir)
    return [found for found in survey(roots) if found.owned or found.dead_letters]


def _named(name: str) -> Destination:
    found = [destination for destination in _destinations() if destination.path.name.startswith(name)]
    if len(found) != 1:
        raise CommandError(
            f"{'several destinations begin' if found else 'no destination begins'} with {name}; "
            "`sentrial spool status` lists them"
        )
    return found[0]


def _address(destination: Destination, configured: tuple[str, Config] | None) -> tuple[str | None, str | None, bool]:
    """Whom a destination is for: the server and the project, where known, and whether the settings mean it."""
    if configured is not None and configured[0] == destination.path.name:
        return configured[1].api_url, configured[1].project_id, True
    return destination.api_url, destination.project_id, False


def _document(destination: Destination, configured: tuple[str, Config] | None) -> dict[str, Any]:
    api_url, project_id, meant = _address(destination, configured)
    return {
        "destination": destination.path.name,
        "path": str(destination.path),
        "api_url": api_url,
        "project_id": project_id,
        "configured": meant,
        "events": destination.events,
        "owners": [
            {
                "name": owned.path.name,
                "life": owned.life,
                "events": owned.events,
                "bytes": owned.size_bytes,
                "oldest": owned.oldest,
            }
            for owned in destination.owned
        ],
        "dead_letters": [reason._asdict() for reason in destination.dead_letters],
    }


def _lines(destination: Destination, configured: tuple[str, Config] | None) -> list[str]:
    api_url, project_id, meant = _address(destination, configured)
    name = destination.path.name
    to = "an unknown server" if api_url is None else plain(api_url, 200)
    project = "" if project_id is None else f", project {plain(project_id, 128)}"
    lines = [f"{name[:12]}  for {to}{project}{'  (configured)' if meant else ''}  in {short_path(destination.path)}"]
    lines += [
        f"  {_events(owned.events)} wait{'s' if owned.events == 1 else ''}, {owned.size_bytes:,} bytes, "
        + (f"the oldest of {plain(owned.oldest, 40)}, " if owned.oldest else "")
        + _WHOSE[owned.life]
        for owned in destination.owned
    ]
    lines += [
        f"  {_events(reason.events)} rejected: {plain(reason.code, 64)}: {plain(reason.reason, 120)}"
        for reason in destination.dead_letters[:_MOST_REASONS]
    ]
    rest = sum(reason.events for reason in destination.dead_letters[_MOST_REASONS:])
    return [*lines, f"  {_events(rest)} rejected for other reasons"] if rest else lines


_WHOSE = {
    "alive": "of a process that lives",
    "dead": "of a process that has ended",
    "unknown": "of a process elsewhere: only its own machine can tell whether it lives",
}
