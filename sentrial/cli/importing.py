"""`sentrial import`: chat logs become sessions, through the same client that agents use.

A newcomer's mistake: making ids or times while sending. Both come from the content (`chatlog.py`), which is why a
second import adds nothing and a broken one is simply run again.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentrial.cli.options import DEFAULT_PORT
from sentrial.cli.problems import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sentrial.cli.chatlog import ImportedSession
    from sentrial.client import SentrialClient

_FLUSH_EVERY_EVENTS = 5_000
_STRANGERS = {301, 302, 303, 307, 308, 404, 405, 410, 501}  # how others answer a path that only we have


def _number(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    if math.isnan(value):  # no range keeps it out: it is neither below nor above
        raise click.BadParameter("nan is no number of seconds")
    return value


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--api-url",
    envvar="SENTRIAL_API_URL",
    default=f"http://127.0.0.1:{DEFAULT_PORT}",
    show_default=True,
    show_envvar=True,
    metavar="URL",
    help="The server to import into.",
)
@click.option("--project", metavar="NAME", help="The project to import into; a key decides it by itself.")
@click.option("--agent", metavar="NAME", help="The agent's name.  [default: the file's name]")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1, max=86_400),
    callback=_number,
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the server may take nothing before the import gives up.",
)
def import_(file: Path, api_url: str, project: str | None, agent: str | None, timeout: float) -> None:
    """Import chat logs as sessions.

    FILE holds conversations in the form of OpenAI's chat messages: one object with "messages" a line (JSONL),
    one list of messages a line, or a JSON array of either. The whole file is checked before anything is sent.

    Each conversation becomes a session: a model call for each turn of the assistant, a tool call for each call
    in it, and a decision where it chose tools. A "reward" of 0 or less makes a failed session. Durations, tokens
    and costs that the file does not hold stay unknown.

    Times come from "created_at", "timestamp" or "created", of a message or of its conversation. A conversation
    without any is dated in the year 2000, on a day that follows from the file's content.

    Ids follow from the content too: importing a file again adds nothing. SENTRIAL_API_KEY is the key, where the
    server asks for one.
    """
    from sentrial.client import SentrialClient

    survey = _survey(file)
    counts: Counter[str] = Counter()
    with SentrialClient(project_id=project, api_url=api_url, timeout=timeout, enabled=True) as client:
        _greet(client)
        unsent = 0
        for session in _with_progress(_sessions(file, survey), survey.conversations):
            _record(client, session, agent or file.stem)
            counts.update(type(event).__name__ for event in session.events)
            unsent += len(session.events) + 2
            if unsent >= _FLUSH_EVERY_EVENTS:
                _deliver(client, timeout)
                unsent = 0
        _deliver(client, timeout)
    click.echo(
        f"{_count(survey.conversations, 'session')}, {_count(counts['ModelCall'], 'model call')}, "
        f"{_count(counts['ToolCall'], 'tool call')} imported into {client.api_url}"
    )


@dataclass(frozen=True, slots=True)
class _Survey:
    """What must be known of a whole file before its first conversation can be mapped."""

    conversations: int
    first_digest: str
    digest: str
    tools: tuple[str, ...]


def _greet(client: SentrialClient) -> None:
    """Read something, so that what is wrong with the server or the key is known before anything is recorded.

    Raises:
        CommandError: It is no Sentrial server, or it wants another key.
        APIError: It can't be reached, or refused for a reason of its own, which the message says.
    """
    from sentrial.errors import APIError, ConnectionFailed, Unauthorized

    try:
        next(client.list_sessions(), None)
    except ConnectionFailed:
        raise
    except Unauthorized as error:
        raise CommandError(
            f"{client.api_url} asks for a key that it knows; set SENTRIAL_API_KEY to a key made with "
            "`sentrial key create`"
        ) from error
    except APIError as error:
        if error.status is None or error.status in _STRANGERS:
            raise CommandError(
                f"{client.api_url} is no Sentrial server; check --api-url or SENTRIAL_API_URL"
            ) from error
        raise


def _survey(path: Path) -> _Survey:
    """Read a file through once.

    Raises:
        CommandError: It can't be read a second time, a part of it is no conversation, or it holds none.
    """
    from sentrial.cli.chatfile import read_conversations
    from sentrial.cli.chatlog import tool_names

    if not path.is_file():
        raise CommandError(f"{path} is no regular file, and an import reads it twice; save it to a file first")
    count, first_digest, tools, digest = 0, "", dict[str, None](), hashlib.sha256()
    for conversation in read_conversations(path):
        count += 1
        first_digest = first_digest or conversation.digest
        digest.update(conversation.digest.encode())
        tools.update(dict.fromkeys(tool_names(conversation)))
    if not count:
        raise CommandError(f"{path.name} holds no conversation; nothing was imported")
    return _Survey(count, first_digest, digest.hexdigest(), tuple(tools))


def _sessions(path: Path, survey: _Survey) -> Iterator[ImportedSession]:
    """Give the sessions of a surveyed file.

    Raises:
        CommandError: At the end, where the file was not what the survey saw.
    """
    from sentrial.cli.chatfile import read_conversations
    from sentrial.cli.chatlog import session_of
    from sentrial.cli.chattime import undated

    seen: Counter[str] = Counter()
    digest = hashlib.sha256()
    for position, conversation in enumerate(read_conversations(path)):
        base = undated(survey.first_digest, position)
        yield session_of(conversation, repeat=seen[conversation.digest], base=base, tools=survey.tools)
        seen[conversation.digest] += 1
        digest.update(conversation.digest.encode())
    if digest.hexdigest() != survey.digest:
        raise CommandError(
            f"{path.name} changed while it was imported: {_count(seen.total(), 'conversation')} read of "
            f"{survey.conversations:,}; run the command again when the file is complete"
        )


def _record(client: SentrialClient, session: ImportedSession, name: str) -> None:
    from sentrial.cli.chatlog import Decision, ModelCall, ToolCall

    client.create_session(
        name,
        session.metadata,
        agent=name,
        input=session.user_input,
        session_id=session.session_id,
        event_id=session.start_event_id,
        timestamp=session.started,
    )
    for event in session.events:
        match event:
            case ModelCall():
                client.track_llm_call(
                    session.session_id,
                    event.model,
                    prompt=event.prompt,
                    response=event.response,
                    prompt_tokens=event.prompt_tokens,
                    completion_tokens=event.completion_tokens,
                    metadata=event.metadata,
                    event_id=event.event_id,
                    timestamp=event.timestamp,
                )
            case Decision():
                client.track_decision(
                    session.session_id,
                    event.reasoning,
                    alternatives=event.alternatives,
                    chosen=event.chosen,
                    metadata=event.metadata,
                    event_id=event.event_id,
                    timestamp=event.timestamp,
                )
            case ToolCall():
                client.track_tool_call(
                    session.session_id,
                    event.tool_name,
                    event.tool_input,
                    event.tool_output,
                    status=event.status,
                    error=event.error,
                    metadata=event.metadata,
                    event_id=event.event_id,
                    timestamp=event.timestamp,
                )
    client.close_session(
        session.session_id,
        session.status,
        session.summary,
        event_id=session.end_event_id,
        timestamp=session.ended,
    )


def _deliver(client: SentrialClient, timeout: float) -> None:
    """Wait until the server has everything; give up when nothing has moved for `timeout` seconds.

    Raises:
        CommandError: Some events still wait in the spool, or the server refused some.
    """
    left = client.flush(timeout=timeout)
    while left:
        before, left = left, client.flush(timeout=timeout)
        if left >= before:
            client.close(timeout=0)  # it would wait once more, for a server that takes nothing
            raise CommandError(
                f"{_count(left, 'event')} could not be sent to {client.api_url} and wait in the spool; run the command "
                "again when the server answers: nothing is imported twice"
            )
    stats = client.stats()
    if refused := stats.rejected + sum(stats.lost.values()):
        raise CommandError(
            f"{_count(refused, 'event')} could not be imported into {client.api_url}; the server's reasons are in the "
            "spool, with the dead letters"
        )


def _with_progress(sessions: Iterable[ImportedSession], total: int) -> Iterator[ImportedSession]:
    with contextlib.ExitStack() as stack:
        if sys.stderr.isatty():
            bar = click.progressbar(sessions, length=total, label="Importing", file=sys.stderr)
            sessions = stack.enter_context(bar)
        yield from sessions


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
