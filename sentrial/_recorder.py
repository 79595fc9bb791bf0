"""The verbs that both clients share: each builds an event and puts it into the pipe. None waits for the network.

They raise only for wrong use of Python (TypeError, ValueError: an unknown status, a negative number, an empty
name); any Python value may be tracked. They take the same arguments everywhere: `SentrialClient`,
`AsyncSentrialClient`, and without `session_id` a session that `client.session(...)` gives.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

from sentrial import _checks, _config, _events, _ids, _redact
from sentrial._pipe import Pipe, Stats
from sentrial._quick import QuickShaper
from sentrial._values import Shaper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from os import PathLike
    from re import Pattern
    from types import FunctionType

    from sentrial._events import Timestamp
    from sentrial._policy import Policy
    from sentrial.types import Alternative, ChatMessage, Outcome

Id = TypeVar("Id", bound=str)
_MOST_SESSIONS = 10_000
RedactOption: TypeAlias = "bool | Callable[[str, Any], Any] | str | Pattern[str] | Iterable[str | Pattern[str]]"


class Recorder(Generic[Id]):
    """What `SentrialClient` and `AsyncSentrialClient` have in common."""

    def __init__(
        self,
        api_key: str | None = None,
        project_id: str | None = None,
        api_url: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        *,
        enabled: bool | None = None,
        redact: RedactOption | None = None,
        spool_dir: str | PathLike[str] | None = None,
        fsync: Literal["never", "interval", "always"] | None = None,
        max_spool_bytes: int | None = None,
        exit_timeout: float | None = None,
        pii: bool | None = None,
    ) -> None:
        """Make a client. Nothing is opened, started or sent before the first event.

        Args:
            api_key: The API key; else SENTRIAL_API_KEY. A server on this machine needs none.
            project_id: The project; else SENTRIAL_PROJECT_ID. The key decides it by itself.
            api_url: The server's address; else SENTRIAL_API_URL, else https://api.realm.ai.
            timeout: Seconds that one request may take, 30 by default.
            max_retries: Further tries of one request before it counts as failed, 3 by default. No event is
                ever given up for it.
            enabled: False records nothing: no thread, file or socket.
            redact: What must not be kept, on top of key-like names and known token formats: a list of names and
                compiled patterns, or a callable `(name, value) -> value`. False: nothing is redacted.
            spool_dir: The folder that events wait in; else SENTRIAL_SPOOL_DIR, else the user's state folder.
            max_spool_bytes: Bytes that may wait on the disk, 1 GiB by default; beyond, the oldest events are dropped
                and counted.
            fsync: "never" (default) survives the death of the process, "always" that of the machine, and "interval"
                that of the machine but for the last 200 ms, at no cost to the caller.
            exit_timeout: Seconds that the end of the process may wait to deliver, 2 by default.
            pii: True redacts personal data too (e-mail addresses, telephone and card numbers, ...), by the settings
                that the project has at the server. Until they are there, everything that is known is redacted.

        Raises:
            ConfigurationError: A value can't be used, or the address needs a key and there is none.
        """
        api_key = _config.hidden(api_key)  # a traceback may be shown with the locals of this frame
        self._config = _config.resolve(
            api_key=api_key,
            project_id=project_id,
            api_url=api_url,
            timeout=timeout,
            max_retries=max_retries,
            enabled=enabled,
            pii=pii,
            spool_dir=spool_dir,
            fsync=fsync,
            max_spool_bytes=max_spool_bytes,
            exit_timeout=exit_timeout,
        )
        secrets = () if self._config.api_key is None else (self._config.api_key,)
        self._policy: Policy | None = None
        if self._config.pii:
            from sentrial._policy import Policy  # noqa: PLC0415 - hardly anybody asks for it, and it takes time

            self._policy = Policy(self._config)
        self._redactor = _redact.from_option(redact, secrets, self._policy)
        self._pipe = Pipe(self._config) if self._config.enabled else None
        self._last_begun: dict[str, float] = {}

    def __repr__(self) -> str:
        if "_config" not in vars(self):  # shown by a traceback of its making
            return f"{type(self).__name__}()"
        return f"{type(self).__name__}(api_url={self._config.api_url!r}, project_id={self._config.project_id!r})"

    @property
    def api_url(self) -> str:
        """The server's address."""
        return self._config.api_url

    def stats(self) -> Stats:
        """What became of the events so far: appended, delivered, pending, rejected, and lost by reason."""
        return Stats(0, 0, 0, 0, {}) if self._pipe is None else self._pipe.stats()

    # ---- sessions -----------------------------------------------------------------------------------

    def create_session(
        self,
        name: str,
        metadata: dict[str, Any] | None = None,
        *,
        agent: str | None = None,
        user_id: str | None = None,
        tags: Sequence[str] | None = None,
        version: str | None = None,
        input: Any = None,  # noqa: A002 - the documented name
        session_id: str | None = None,
        timestamp: Timestamp | None = None,
        event_id: str | None = None,
    ) -> Id:
        """Start a session, one run of an agent. Works offline too.

        Args:
            name: What it is called.
            metadata: Whatever to keep with it. A `user_id` in it counts as the session's user.
            agent: The agent that runs.
            user_id: The user it runs for.
            tags: Words to find it by.
            version: The version of the agent.
            input: What the agent was asked.
            session_id: An id of your own: letters, digits and `_.:-`, at most 128. Made where it is missing.
            timestamp: When it started; now by default.
            event_id: An id of your own for the event that says so.

        Returns:
            The session's id.
        """
        session = _ids.session_id() if session_id is None else _checks.identifier("session_id", session_id)
        fields = (session, name, agent, user_id, tags, version, input)
        self._record(_events.session_start, fields, metadata, event_id, None, timestamp)
        return self._receipt(session)

    def _update_session(
        self,
        session_id: str,
        status: str | None,
        metadata: dict[str, Any] | None,
        tags: Sequence[str] | None,
        waiting_for: str | None,
        timestamp: Timestamp | None,
    ) -> None:
        fields = (session_id, status, tags, waiting_for)
        self._record(_events.session_update, fields, metadata, None, None, timestamp)

    def _close_session(
        self,
        session_id: str,
        status: str,
        summary: str | None,
        timestamp: Timestamp | None,
        event_id: str | None,
    ) -> None:
        self._record(_events.session_end, (session_id, status, summary), None, event_id, None, timestamp)

    # ---- events -------------------------------------------------------------------------------------

    def track_tool_call(
        self,
        session_id: str,
        tool_name: str,
        tool_input: Any = None,
        tool_output: Any = None,
        reasoning: str | None = None,
        duration_ms: float | None = None,
        status: Outcome = "success",
        *,
        error: Any = None,
        metadata: dict[str, Any] | None = None,
        parent_id: str | None = None,
        timestamp: Timestamp | None = None,
        event_id: str | None = None,
    ) -> Id:
        """Record a tool or function that the agent called.

        Args:
            session_id: The session it belongs to.
            tool_name: The tool's name.
            tool_input: What went in: any value.
            tool_output: What came out: any value.
            reasoning: Why the agent called it.
            duration_ms: How long it took, in milliseconds.
            status: "success", "error" or "cancelled".
            error: What went wrong: an exception, a text, or a dict with `message` and `type`.
            metadata: Whatever to keep with it.
            parent_id: The event it happened in.
            timestamp: When it began; now, less `duration_ms`, by default.
            event_id: An id of your own; recording the same id again adds nothing.

        Returns:
            The event's id.

        Raises:
            TypeError: An id, name or number is of a wrong type.
            ValueError: An unknown status, a negative duration, an empty name or id.
        """
        fields = (session_id, tool_name, tool_input, tool_output, reasoning, duration_ms, status, error)
        return self._record(_events.tool_call, fields, metadata, event_id, parent_id, timestamp)

    def track_decision(
        self,
        session_id: str,
        reasoning: str | None,
        alternatives: Sequence[str | Alternative] | None = None,
        chosen: str | None = None,
        confidence: float | None = None,
        metadata: dict[str, Any] | None = None,
        *,
        name: str | None = None,
        parent_id: str | None = None,
        timestamp: Timestamp | None = None,
        event_id: str | None = None,
    ) -> Id:
        """Record a choice the agent made: what it weighed, what it took, and why.

        Args:
            session_id: The session it belongs to.
            reasoning: Why it chose so.
            alternatives: What could have been chosen: names, or `{"name", "score"}`.
            chosen: What was chosen.
            confidence: How sure the agent was, from 0 to 1.
            metadata: Whatever to keep with it.
            name: What was being decided.
            parent_id: The event it happened in.
            timestamp: When it happened; now by default.
            event_id: An id of your own; recording the same id again adds nothing.

        Returns:
            The event's id.

        Raises:
            TypeError: An id or the confidence is of a wrong type.
            ValueError: A confidence outside 0 to 1, an empty id.
        """
        fields = (session_id, reasoning, alternatives, chosen, confidence, name)
        return self._record(_events.decision, fields, metadata, event_id, parent_id, timestamp)

    def track_llm_call(
        self,
        session_id: str,
        model: str,
        prompt: str | Sequence[ChatMessage] | Any = None,
        response: str | Sequence[ChatMessage] | Any = None,
        tokens_used: int | None = None,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
        cost: float | None = None,
        duration_ms: float | None = None,
        *,
        cache_read_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        reasoning_tokens: int | None = None,
        time_to_first_token_ms: float | None = None,
        status: Outcome = "success",
        metadata: dict[str, Any] | None = None,
        parent_id: str | None = None,
        timestamp: Timestamp | None = None,
        event_id: str | None = None,
    ) -> Id:
        """Record one call of a language model.

        Args:
            session_id: The session it belongs to.
            model: The model's name.
            prompt: What was asked: a text, or a list of chat messages.
            response: What came back: a text, or a list of chat messages.
            tokens_used: All tokens of the call.
            prompt_tokens: Tokens of the prompt.
            completion_tokens: Tokens of the answer.
            cost: US dollars. None means not known, which is not zero.
            duration_ms: How long it took, in milliseconds.
            cache_read_tokens: Tokens read from the provider's cache.
            cache_write_tokens: Tokens written to the provider's cache.
            reasoning_tokens: Tokens the model spent on reasoning.
            time_to_first_token_ms: Milliseconds until the first token came.
            status: "success", "error" or "cancelled".
            metadata: Whatever to keep with it.
            parent_id: The event it happened in.
            timestamp: When it began; now, less `duration_ms`, by default.
            event_id: An id of your own; recording the same id again adds nothing.

        Returns:
            The event's id.

        Raises:
            TypeError: An id, name or number is of a wrong type.
            ValueError: A negative count, cost or duration, an unknown status, an empty name or id.
        """
        counts = {
            "tokens_used": tokens_used,
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "cache_read_tokens": cache_read_tokens,
            "cache_write_tokens": cache_write_tokens,
            "reasoning_tokens": reasoning_tokens,
        }
        fields = (session_id, model, prompt, response, counts, cost, duration_ms, time_to_first_token_ms, status)
        return self._record(_events.llm_call, fields, metadata, event_id, parent_id, timestamp)

    def track_error(
        self,
        session_id: str,
        error_type: str,
        error_message: str,
        stack_trace: str | None = None,
        recoverable: bool | None = True,
        recovery_action: str | None = None,
        *,
        tool_name: str | None = None,
        metadata: dict[str, Any] | None = None,
        parent_id: str | None = None,
        timestamp: Timestamp | None = None,
        event_id: str | None = None,
    ) -> Id:
        """Record something that went wrong.

        Args:
            session_id: The session it belongs to.
            error_type: The kind of error: a class name, say.
            error_message: What was said.
            stack_trace: The stack, as text.
            recoverable: Whether the agent can go on; None where not known.
            recovery_action: What it does then.
            tool_name: The tool it happened in.
            metadata: Whatever to keep with it.
            parent_id: The event it happened in.
            timestamp: When it happened; now by default.
            event_id: An id of your own; recording the same id again adds nothing.

        Returns:
            The event's id.

        Raises:
            TypeError: An id or name is of a wrong type.
            ValueError: An empty id or name.
        """
        fields = (session_id, error_type, error_message, stack_trace, recoverable, recovery_action, tool_name)
        return self._record(_events.error, fields, metadata, event_id, parent_id, timestamp)

    # ---- the common end -----------------------------------------------------------------------------

    def _record(
        self,
        kind: Callable[..., dict[str, Any]],
        fields: Sequence[Any],
        metadata: Any,
        event_id: str | None,
        parent_id: str | None,
        timestamp: Timestamp | None,
    ) -> Id:
        now = time.time()
        own_id = _ids.event_id(now) if event_id is None else _checks.identifier("event_id", event_id)
        quick = QuickShaper(self._redactor)
        event = kind(quick, *fields)
        begun = self._begun(now, event) if timestamp is None else now
        _events.envelope(event, quick, own_id, begun, timestamp, parent_id, metadata)
        pipe = self._pipe
        if pipe is not None and not (quick.passes() and pipe.put_plain(event)):
            if self._redactor.hook is not None:
                names = cast("FunctionType", kind).__code__.co_varnames[1 : 1 + len(fields)]
                *fields, metadata = self._redactor.shown_to_hook((*names, "metadata"), (*fields, metadata))
            shape = Shaper(self._redactor)
            event = kind(shape, *fields)
            _events.envelope(event, shape, own_id, begun, timestamp, parent_id, metadata)
            pipe.put(event)
        return self._receipt(own_id)

    def _begun(self, now: float, event: dict[str, Any]) -> float:
        """When something that ends now began, but never before what was recorded before it in the session.

        A timestamp is the beginning; still the order in which a run is told is the order in which it is shown.
        """
        known, session_id = self._last_begun, event["sessionId"]
        begun: float = max(now - event["durationMs"] / 1000, 0.0) if "durationMs" in event else now
        last = known.get(session_id)
        if last is None:
            if len(known) >= _MOST_SESSIONS:
                known.clear()
        elif last > begun:
            return last
        known[session_id] = begun
        return begun

    def _receipt(self, text: str) -> Id:
        raise NotImplementedError
