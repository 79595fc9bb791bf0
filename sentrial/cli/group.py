"""The group of all commands: each is imported when it is asked for, and every expected error is one line.

A newcomer's mistake: adding a command and forgetting the table. `COMMANDS` is what `--help` shows; its texts are
the first lines of the commands' own help, which a test compares.
"""

from __future__ import annotations

import importlib
import os
from typing import Any, NamedTuple

import click

from sentrial.cli.problems import explain


class _Entry(NamedTuple):
    module: str
    name: str
    help: str


COMMANDS = {
    "demo": _Entry("demo", "demo", "Look at recorded runs: no agent, no key, no network."),
    "dev": _Entry("dev", "dev", "Run COMMAND beside a server and link to each of its sessions."),
    "doctor": _Entry("doctor", "doctor", "Check that what is recorded here reaches the server."),
    "import": _Entry("importing", "import_", "Import chat logs as sessions."),
    "key": _Entry("key", "key", "Make the API keys of a server."),
    "serve": _Entry("serve", "serve", "Run the server: its API and its pages."),
    "spool": _Entry("spool", "spool", "See, send or delete the events that wait on this machine."),
}


class _Problem(click.ClickException):
    exit_code = 2


def _usage(error: click.UsageError) -> click.ClickException:
    """Make a usage error one line; it names the help, unless it says itself what a value must be."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error  # no mistake: it prints the help
    said = " ".join(error.format_message().split())
    if isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter):
        return _Problem(said)
    command = error.ctx.command_path if error.ctx is not None else "sentrial"
    return _Problem(f"{said.rstrip('.')}; see `{command} --help`")


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is run, and prints expected errors as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click passes it
        """Name the commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click passes it
        """Import a command, or say that there is none of that name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(f"sentrial.cli.{entry.module}"), entry.name)
        if not isinstance(command, click.Command):
            raise TypeError(f"sentrial.cli.{entry.module}.{entry.name} is no click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table: asking each for its help would import them all."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx)])

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the group's own options; a mistake in them becomes one line too."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise _usage(error) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what users can meet becomes one line and exit code 2."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _usage(error) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            line = explain(error)
            if line is None:
                raise
            raise _Problem(" ".join(line.split())) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sentrial", message="sentrial %(version)s")
@click.pass_context
def sentrial(ctx: click.Context) -> None:
    """Show what an AI agent did, and why."""
    if os.environ.get("NO_COLOR"):
        ctx.color = False
