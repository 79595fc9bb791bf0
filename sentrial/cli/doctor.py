"""`sentrial doctor`: whether what is recorded here reaches the server, one line a check.

A newcomer's mistake: trying it with the user's own spool. Where the server can't be reached, the trial's events would
wait there, and turn up as a session days later; so the trial has a spool of its own, which goes with it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import platform
import shutil
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sentrial.cli.talk import plain, short_path

if TYPE_CHECKING:
    from collections.abc import Generator

    from sentrial._config import Config
    from sentrial.client import SentrialClient
    from sentrial.errors import APIError

_LONGEST_SECONDS = 10.0
_WIDTH = 400
_SHOWN_KEY = 4
_LONG_KEY = 16
_REACHING = "check SENTRIAL_API_URL; a server on this machine is started with `sentrial serve`"


class Check(NamedTuple):
    """What one check found.

    Attributes:
        name: What was looked at.
        well: Whether all is well there.
        said: What was found.
        advice: What to do, where it is not well.
    """

    name: str
    well: bool
    said: str
    advice: str | None = None


@click.command
@click.option("--api-url", metavar="URL", help="The server to check, instead of SENTRIAL_API_URL.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(api_url: str | None, as_json: bool) -> None:
    """Check that what is recorded here reaches the server.

    A session "sentrial doctor" is recorded, read back and deleted again. Exit code 1 if anything is not well.
    """
    checks = _examine(api_url)
    well = all(check.well for check in checks)
    if as_json:
        click.echo(json.dumps({"well": well, "checks": [check._asdict() for check in checks]}, indent=2))
    else:
        for check in checks:
            click.echo("\n".join(_lines(check)))
    if not well:
        raise click.exceptions.Exit(1)


def _examine(api_url: str | None) -> list[Check]:
    from sentrial._config import resolve
    from sentrial.errors import ConfigurationError

    checks = [_versions()]
    try:
        config = resolve(api_url=api_url)
    except ConfigurationError as problem:
        what, _, advice = str(problem).partition(": ")
        return [*checks, Check("settings", False, what, advice or "correct it, or unset the variable")]
    checks += _settings(config, {"api_url": api_url})
    checks.append(_spool(config))
    if config.enabled:
        reached = _server(config)
        checks.append(reached)
        if reached.well:
            checks.append(_round_trip(config))
    return checks


def _versions() -> Check:
    from importlib.metadata import version

    python = f"Python {platform.python_version()} ({sys.executable})"
    return Check("versions", True, f"sentrial {version('sentrial')}, {python}")


def _settings(config: Config, given: dict[str, str | None]) -> list[Check]:
    """One check a setting: its value, and where that comes from."""
    from sentrial._config import SETTINGS

    checks: list[Check] = []
    for setting in SETTINGS:
        value: Any = getattr(config, setting.name)
        if setting.name == "api_key" and value is not None:
            value = f"***{value[-_SHOWN_KEY:]}" if len(value) >= _LONG_KEY else "***"
        source = "default"
        if given.get(setting.name) is not None:
            source = "argument"
        elif setting.variable is not None and os.environ.get(setting.variable):
            source = setting.variable
        off = setting.name == "enabled" and not value
        advice = f"unset {setting.variable}: nothing is recorded" if off else None
        checks.append(Check(setting.name, not off, f"{value} ({source})", advice))
    return checks


def _spool(config: Config) -> Check:
    from sentrial._delivery import FREE_BYTES
    from sentrial._pipe import destination
    from sentrial._spool import state_folders
    from sentrial._spools import survey

    roots = state_folders(config.spool_dir)
    best = roots[0]
    try:
        best.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=best):
            disk = shutil.disk_usage(best)
    except OSError as problem:
        instead = f"events wait in {roots[1]}" if len(roots) > 1 else "events wait in memory, and are lost with it"
        said = f"{best} can't be written to ({problem.strerror}); {instead}"
        return Check("spool", False, said, "make it writable, or set SENTRIAL_SPOOL_DIR to a folder that is")
    ours = [found for found in survey(roots) if found.path.name == destination(config)]
    waiting = sum(found.events for found in ours)
    rejected = sum(reason.events for found in ours for reason in found.dead_letters)
    said = f"{short_path(best)}, {disk.free / 1e9:,.1f} GB free, events waiting: {waiting:,}, rejected: {rejected:,}"
    if disk.free < min(FREE_BYTES, disk.total // 20):
        return Check("spool", False, said, "free some space on this disk: the oldest events are dropped now")
    return Check("spool", True, said)


def _server(config: Config) -> Check:
    """Ask the server for its health; it answers without a key."""
    from sentrial._api import Reader
    from sentrial.errors import APIError, ConnectionFailed

    reader = Reader(config._replace(timeout=min(config.timeout, _LONGEST_SECONDS), max_retries=0))
    begun = time.perf_counter()
    try:
        version = reader.ask("getHealth")["version"]
        took = _ms(begun)
    except ConnectionFailed as problem:
        return Check("server", False, str(problem).partition(". Is it")[0], _REACHING)
    except APIError as problem:
        said = str(problem) if problem.status is None else f"{config.api_url} answered {problem}"
        return Check("server", False, said, _REACHING)
    finally:
        reader.close()
    return Check("server", True, f"{config.api_url} answers in {took}, version {version}")


def _round_trip(config: Config) -> Check:
    """Record a session with one event, read it back, delete it."""
    from sentrial.client import SentrialClient
    from sentrial.errors import APIError

    with tempfile.TemporaryDirectory(prefix="sentrial-", ignore_cleanup_errors=True) as folder, _listening() as heard:
        client = SentrialClient(
            config.api_key,
            config.project_id,
            config.api_url,
            timeout=min(config.timeout, _LONGEST_SECONDS),
            max_retries=0,
            spool_dir=folder,
        )
        try:
            return _there_and_back(client)
        except APIError as problem:
            # What the worker met says more than that the session is not there.
            undelivered = client.stats().pending or client.stats().rejected
            said = heard[-1] if undelivered and heard else str(problem)
            return Check("round trip", False, said, _advice(problem))
        finally:
            client.close(0)


def _there_and_back(client: SentrialClient) -> Check:
    begun = time.perf_counter()
    with client.session("sentrial doctor") as session:
        event_id = session.track_tool_call("doctor", {"said": "hello"}, {"heard": "hello"})
    recorded = _ms(begun)
    # A read sends first what was recorded.
    found = {event["id"] for event in client.list_events(session.id)}
    read = _ms(begun)
    client.delete_session(session.id)
    if event_id not in found:
        return Check("round trip", False, "the server took an event, and does not give it back", "look into its log")
    return Check(
        "round trip", True, f"an event recorded in {recorded}, read back after {read}, deleted after {_ms(begun)}"
    )


@contextlib.contextmanager
def _listening() -> Generator[list[str]]:
    """What the client logs meanwhile, as a list that grows; none of it is printed."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage().removeprefix("sentrial: "))

    logger, ear = logging.getLogger("sentrial"), Ear(logging.WARNING)
    logger.addHandler(ear)
    try:
        yield heard
    finally:
        logger.removeHandler(ear)


def _advice(problem: APIError) -> str:
    from sentrial import errors

    match problem:
        case errors.Unauthorized():
            return "set SENTRIAL_API_KEY to a key of this server; `sentrial key create --project NAME` makes one"
        case errors.Forbidden():
            return "set SENTRIAL_PROJECT_ID to the project of the key, or unset it; the key must read and write"
        case errors.ConnectionFailed():
            return "see that the server stays up, and that nothing stands between it and this machine"
        case _:
            return "see that SENTRIAL_API_URL is the address of a Sentrial server, and look into its log"


def _ms(begun: float) -> str:
    return f"{(time.perf_counter() - begun) * 1000:.1f} ms"


def _lines(check: Check) -> list[str]:
    mark = click.style("✓", fg="green") if check.well else click.style("✕", fg="red")
    line = f"{mark} {check.name:<15} {plain(check.said, _WIDTH)}"
    return [line] if check.advice is None else [line, f"  {'':<15} → {plain(check.advice, _WIDTH)}"]
