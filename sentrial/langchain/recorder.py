"""Decides which signal becomes which event.

A run is recorded when it ends: that is when its facts are known. One model turn makes an LLM call and, where it asks
for tools, one decision; one exception makes one error, at the innermost run it passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sentrial.langchain import failures, mapping
from sentrial.langchain.callbacks import Acted, Ended, Failed, Finished, Signal, Started, Streamed
from sentrial.langchain.mapping import ToolResult
from sentrial.langchain.messages import plain, prompt, thought, tool_calls
from sentrial.langchain.runs import Choice, Run, Runs

if TYPE_CHECKING:
    from langchain_core.agents import AgentAction, AgentFinish
    from langchain_core.outputs import LLMResult

    from sentrial.langchain.writer import EventWriter

_PARSE_ERROR_TOOL = "_Exception"  # AgentExecutor runs it to give a parse error back to the model
_UNKNOWN_TOOL = "invalid_tool"  # AgentExecutor runs it in place of a tool that does not exist
_STOPPED = "Agent stopped due to"
_FINISH, _INTERRUPT = "finish", "interrupt"


class Recorder:
    """Follows the runs of one session and has its events written."""

    def __init__(self, runs: Runs, writer: EventWriter, *, chain_of_thought: bool, tool_errors: bool) -> None:
        self._runs = runs
        self._writer = writer
        self._chain_of_thought = chain_of_thought
        self._tool_errors = tool_errors

    def observe(self, signal: Signal, via: object) -> Run | None:
        """Record what the signal says; `via` is who brought it. Returns the run that begins with it, if one does."""
        run = None if isinstance(signal, Started) else self._runs.get(signal.run_id, via)
        match signal:
            case Started():
                return self._start(signal, via)
            case _ if run is None:  # never begun, ended before, or told by another way too
                return None
            case Streamed():
                self._runs.first_token(run)
            case Ended():
                if self._runs.end(run):
                    self._end(run, signal.value)
                    self._runs.settle(run)
            case Failed():
                if self._runs.end(run):
                    self._fail(run, signal.error, signal.partial)
                    self._runs.settle(run)
            case Acted():
                self._act(run, signal.action)
            case Finished():
                self._finish(run, signal.finish)
        return None

    # ---- starts and ends, by the kind of run -------------------------------------------------------

    def _start(self, started: Started, via: object) -> Run | None:
        run = self._runs.start(started, via)
        if run is None:
            return None
        if started.kind != "chain" and "langgraph_node" in started.metadata:
            run.root.agentic = True  # a graph in which nothing acts is no agent
        match started.kind:
            case "model":
                run.value = prompt(started.value)
            case "tool":
                run.value = mapping.tool_input(started.value)
            case "retriever":
                run.value = {"query": started.value}
            case "chain":
                create_agent = started.metadata.get("ls_integration") == "langchain_create_agent"
                run.agentic = create_agent or started.name == "AgentExecutor"
        return run

    def _end(self, run: Run, value: Any) -> None:
        match run.started.kind:
            case "model":
                self._model_answered(run, value)
            case "tool":
                self._tool_ran(run, mapping.tool_result(value))
            case "retriever":
                self._tool_ran(run, ToolResult({"documents": plain(value)}))
            case "chain" if run.is_root:
                self._root_ended(run, value)
            case "chain":
                pass

    def _fail(self, run: Run, error: BaseException, partial: LLMResult | None) -> None:
        meaning = failures.meaning(error)
        if meaning == "interrupt":
            run.root.interrupt = (failures.interrupt_value(error),)
            return
        event_id: str | None = None
        tool: str | None = None
        match run.started.kind:
            case "model" if partial is not None and mapping.has_answer(partial):
                self._writer.llm_call(run, partial, "error" if meaning == "failure" else "cancelled")
            case "tool" | "retriever":
                tool = run.started.name
                event_id = self._tool_failed(run, error, meaning)
            case _:
                pass
        if meaning == "failure" and self._runs.is_new_error(run, error) and (tool is None or self._tool_errors):
            ended_all = run.is_root and run.started.kind == "chain"
            self._writer.error(run, error, recoverable=False if ended_all else None, tool=tool, parent_id=event_id)
        if run.is_root and run.agentic and meaning != "jump":
            self._break_off(run, error, meaning)

    # ---- models and their decisions ----------------------------------------------------------------

    def _model_answered(self, run: Run, result: LLMResult) -> None:
        self._writer.llm_call(run, result, "success")
        message = mapping.message_of(result)
        calls = tool_calls(message) if message is not None else []
        if message is None or not calls:
            return
        names = list(dict.fromkeys(str(call["name"]) for call in calls))
        reason = (thought(message) or None) if self._chain_of_thought else None
        chosen = ", ".join(names)
        decision_id = self._writer.decision(
            run,
            chosen,
            reason or f"Selected {chosen}",
            [name for name in mapping.bound_tools(run.started) if name not in names],
            {"tool_call_ids": [call["id"] for call in calls if call["id"]]},
        )
        for call in calls:
            if call["id"]:
                choice = Choice(str(call["name"]), plain(call["args"]), call["id"], reason, decision_id)
                run.root.asked[call["id"]] = choice

    # ---- AgentExecutor's own reports ---------------------------------------------------------------

    def _act(self, run: Run, action: AgentAction) -> None:
        if action.tool == _PARSE_ERROR_TOOL or any(action is known for known in run.actions):
            return
        run.actions.append(action)
        call_id: Any = getattr(action, "tool_call_id", None)
        choice = run.root.asked.get(call_id) if isinstance(call_id, str) else None
        if choice is None:
            reason = (action.log.strip() or None) if self._chain_of_thought else None
            decision_id = self._writer.decision(
                run,
                action.tool,
                reason or f"Selected {action.tool}",
                None,
                {"tool_call_ids": [call_id]} if call_id else {},
            )
            choice = Choice(action.tool, mapping.tool_input(action.tool_input), call_id, reason, decision_id)
        run.choices.append(choice)

    def _finish(self, run: Run, finish: AgentFinish) -> None:
        if run.finished:
            return
        output = mapping.final_output(finish.return_values)
        stopped = not finish.log and isinstance(output, str) and output.startswith(_STOPPED)
        self._complete(run, "stopped" if stopped else "success", output, finish.log.strip())

    # ---- tools -------------------------------------------------------------------------------------

    def _tool_ran(self, run: Run, result: ToolResult) -> None:
        tool = run.started.name
        if tool == _PARSE_ERROR_TOOL:
            return
        if tool == _UNKNOWN_TOOL and "requested_tool_name" in run.value:
            tool = str(run.value["requested_tool_name"])
            choice = self._runs.take_choice(run, tool, None, None)
            said = mapping.as_text(result.output.get("output"))
            asked: Any = choice.tool_input if choice is not None else {}
            self._writer.tool_call(run, tool, asked, ToolResult({"error": said}, "error"), choice=choice)
            return
        self._writer.tool_call(run, tool, run.value, result, choice=self._choice_of(run))

    def _tool_failed(self, run: Run, error: BaseException, meaning: failures.Meaning) -> str:
        if meaning == "jump":
            result = mapping.tool_result(error.args[0] if error.args else None)
            return self._writer.tool_call(run, run.started.name, run.value, result, choice=self._choice_of(run))
        output = {"error": failures.message(error), "error_type": type(error).__name__}
        result = ToolResult(output, "error" if meaning == "failure" else "cancelled")
        return self._writer.tool_call(
            run, run.started.name, run.value, result, choice=self._choice_of(run), error=error
        )

    def _choice_of(self, run: Run) -> Choice | None:
        return self._runs.take_choice(run, run.started.name, run.value, run.started.extra.get("tool_call_id"))

    # ---- how an agent's run ended ------------------------------------------------------------------

    def _root_ended(self, root: Run, outputs: Any) -> None:
        if root.interrupt is not None:
            # LangGraph ends the root of a paused run like any other.
            (asked,) = root.interrupt
            value = plain(asked)
            facts = {"status": "interrupted", "interrupt": value}
            self._writer.decision(root, _INTERRUPT, f"Waiting for: {mapping.as_text(value)}", None, facts)
        elif root.agentic and not root.finished:
            self._complete(root, "success", mapping.final_output(outputs))

    def _complete(self, run: Run, status: str, output: Any, log: str = "") -> None:
        ancestor: Run | None = run
        while ancestor is not None and ancestor.started.kind == "chain":
            ancestor.finished = True  # a chain around an agent ends with it; a tool around one does not
            ancestor = ancestor.parent
        said = log or mapping.as_text(output)
        reason = said if self._chain_of_thought and said else f"Ended: {status}"
        self._writer.decision(run, _FINISH, reason, None, {"status": status, "output": output})

    def _break_off(self, root: Run, error: BaseException, meaning: failures.Meaning) -> None:
        name, said = type(error).__name__, failures.message(error)
        status = "error" if meaning == "failure" else "cancelled"
        reason = f"{name}: {said}" if said else name
        self._writer.decision(root, _FINISH, reason, None, {"status": status, "error_type": name, "error": said})
