"""AgentExecutor, given the handler as the documentation does it: to the constructor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import FakeListLLM
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool

from sentrial.langchain import SentrialCallbackHandler
from tests.langchain.agents import PolicyViolation, executor, react_executor, refund_turns
from tests.langchain.scripted import RecordingClient, ScriptedChatModel, says

if TYPE_CHECKING:
    from collections.abc import Callable

QUESTION = {"input": "I was charged twice for order 4."}
WHOLE_RUN = ["model", "decision", "tool", "model", "decision", "tool", "model", "decision"]


def _invoke(agent: Any, config: Any = None) -> None:
    agent.invoke(QUESTION, config)


def _ainvoke(agent: Any, config: Any = None) -> None:
    asyncio.run(agent.ainvoke(QUESTION, config))


def _stream(agent: Any, config: Any = None) -> None:
    assert list(agent.stream(QUESTION, config))


def _astream(agent: Any, config: Any = None) -> None:
    async def consume() -> list[Any]:
        return [step async for step in agent.astream(QUESTION, config)]

    assert asyncio.run(consume())


WAYS = pytest.mark.parametrize("run", [_invoke, _ainvoke, _stream, _astream])


@WAYS
def test_constructor_callbacks_record_the_whole_run(
    run: Callable[..., None], client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """Model calls, tool calls, decisions and the completion arrive, though LangChain does not pass the handler on."""
    agent = executor(refund_turns(), callbacks=[handler])

    run(agent)

    assert client.kinds == WHOLE_RUN
    assert client.of("tool")[1]["tool_input"] == {"order_id": 4, "amount_eur": 80.0}
    assert client.of("tool")[1]["tool_output"] == {"output": "refunded 80.0 EUR"}
    assert client.of("decision")[2]["metadata"]["status"] == "success"
    assert handler.failures == 0


@WAYS
@pytest.mark.parametrize("amount_eur", [80.0, 1249.0])
def test_config_callbacks_record_exactly_the_same(run: Callable[..., None], amount_eur: float) -> None:
    """The two places to give a handler, and both at once, differ in nothing that is recorded."""
    outlines: list[Any] = []
    for given in ("constructor", "config", "both"):
        client = RecordingClient()
        handler = SentrialCallbackHandler(client, "sess_1")
        more = {"callbacks": [handler]} if given != "config" else {}
        config = {"callbacks": [handler]} if given != "constructor" else None
        agent = executor(refund_turns(amount_eur), **more)

        try:
            run(agent, config)
        except PolicyViolation:
            assert amount_eur > 500

        outlines.append(client.outline)

    assert outlines[0]
    assert outlines[0] == outlines[1] == outlines[2]


def test_the_same_handler_twice_records_once(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """A handler listed twice is told everything twice, and keeps the first."""
    agent = executor(refund_turns())

    agent.invoke(QUESTION, {"callbacks": [handler, handler]})

    assert client.kinds == WHOLE_RUN


def test_nothing_is_recorded_after_an_awaited_run(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """In asyncio the bridge stays in the context after the run: an unrelated call must not pass over it."""

    async def run_then_ask() -> None:
        await executor(refund_turns(), callbacks=[handler]).ainvoke(QUESTION)
        await ScriptedChatModel(turns=[says("unrelated")]).ainvoke("hello")
        await executor(refund_turns()).ainvoke(QUESTION)

    asyncio.run(run_then_ask())

    assert client.kinds == WHOLE_RUN


def test_nothing_is_recorded_of_strangers_during_a_stream(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """Between two steps of a stream the caller does other things in the same context."""
    for _ in executor(refund_turns(), callbacks=[handler]).stream(QUESTION):
        ScriptedChatModel(turns=[says("unrelated")]).invoke("hello")
        executor(refund_turns()).invoke(QUESTION)

    assert client.kinds == WHOLE_RUN


def test_two_sessions_in_one_loop_stay_apart() -> None:
    """Two executors with two handlers run at once, each into its own session."""
    clients = RecordingClient(), RecordingClient()

    async def run_both() -> None:
        agents = [executor(refund_turns(), callbacks=[SentrialCallbackHandler(c, "s")]) for c in clients]
        await asyncio.gather(*(agent.ainvoke(QUESTION) for agent in agents))

    asyncio.run(run_both())

    assert [client.kinds for client in clients] == [WHOLE_RUN, WHOLE_RUN]


def test_interleaved_streams_stay_apart() -> None:
    """Two streams consumed in turns, in one context: each session gets its own events."""
    clients = RecordingClient(), RecordingClient()
    streams = [executor(refund_turns(), callbacks=[SentrialCallbackHandler(c, "s")]).stream(QUESTION) for c in clients]

    for _ in zip(*streams, strict=True):
        pass

    assert [client.kinds for client in clients] == [WHOLE_RUN, WHOLE_RUN]


@WAYS
def test_nested_executors_with_two_handlers_record_each_run_where_it_belongs(run: Callable[..., None]) -> None:
    """The inner agent's events reach its own handler and the one outside, once each."""
    outer, inner = RecordingClient(), RecordingClient()
    inner_agent = executor(refund_turns(), callbacks=[SentrialCallbackHandler(inner, "inner")])

    @tool
    def ask_desk(question: str) -> str:
        """Ask the refund desk."""
        return inner_agent.invoke({"input": question})["output"]

    outer_agent = executor(
        [says("The desk knows.", ("ask_desk", {"question": "refund?"}, "call_9")), says("All done.")],
        callbacks=[SentrialCallbackHandler(outer, "outer")],
    )
    outer_agent.tools = [ask_desk]

    run(outer_agent)

    assert inner.kinds == WHOLE_RUN
    assert outer.kinds == ["model", "decision", *WHOLE_RUN, "tool", "model", "decision"]
    assert outer.of("decision")[-1]["metadata"]["output"] == "All done."


@WAYS
def test_a_failing_tool_is_one_tool_call_one_error_and_a_failed_run(
    run: Callable[..., None], client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """The same exception passes the tool and the executor: one error, at the tool, which is not called recoverable."""
    agent = executor(refund_turns(1249.0), callbacks=[handler])

    with pytest.raises(PolicyViolation):
        run(agent)

    (error,) = client.of("error")
    failed = client.of("tool")[1]
    assert failed["status"] == "error"
    assert failed["error"] == {"type": "PolicyViolation", "message": "refund of 1249.0 EUR exceeds the limit"}
    assert error["error_type"] == "PolicyViolation"
    assert error["tool_name"] == "refund"
    assert error["recoverable"] is None
    assert "in refund\n    raise PolicyViolation" in error["stack_trace"]
    assert error["parent_id"] == f"evt_{client.kinds.index('error')}"
    assert client.of("decision")[-1]["metadata"]["status"] == "error"


def test_parallel_calls_of_one_tool_keep_their_own_thoughts(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """Two calls of one tool in one turn, and one of the next turn, are told apart by their input."""
    turns = [
        says("Both orders.", ("lookup_order", {"order_id": 1}, "a"), ("lookup_order", {"order_id": 2}, "b")),
        says("One more.", ("lookup_order", {"order_id": 3}, "c")),
        says("Done."),
    ]

    asyncio.run(executor(turns, callbacks=[handler]).ainvoke(QUESTION))

    calls = {call["tool_input"]["order_id"]: call for call in client.of("tool")}
    assert {order: call["reasoning"] for order, call in calls.items()} == {
        1: "Both orders.", 2: "Both orders.", 3: "One more.",
    }  # fmt: skip
    assert {order: call["metadata"]["tool_call_id"] for order, call in calls.items()} == {1: "a", 2: "b", 3: "c"}
    assert calls[2]["tool_output"]["paid_eur"] == 40


def test_a_tool_that_does_not_exist_is_a_failed_call_of_that_name(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """AgentExecutor runs a pseudo tool instead; the reader sees the name the model asked for."""
    turns = [says("", ("delete_everything", {"really": True}, "call_1")), says("I can't.")]

    executor(turns, callbacks=[handler]).invoke(QUESTION)

    (call,) = client.of("tool")
    assert (call["tool_name"], call["tool_input"], call["status"]) == ("delete_everything", {"really": True}, "error")
    assert client.of("decision")[0]["reasoning"] == "Selected delete_everything"


def test_an_agent_that_is_stopped_says_so(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """Running out of iterations is neither success nor an error."""
    agent = executor(refund_turns(), callbacks=[handler], max_iterations=1)

    agent.invoke(QUESTION)

    assert client.of("decision")[-1]["metadata"]["status"] == "stopped"


def test_a_stream_left_early_is_cancelled_and_leaves_nothing_behind(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """Closing the stream ends the run without an error, and what follows is not recorded."""
    steps = executor(refund_turns(), callbacks=[handler]).stream(QUESTION)
    next(steps)

    steps.close()
    seen = len(client.events)
    ScriptedChatModel(turns=[says("unrelated")]).invoke("hello")

    assert client.of("decision")[-1]["metadata"]["status"] == "cancelled"
    assert client.of("error") == []
    assert len(client.events) == seen
    assert len(handler._runs) == 0


@WAYS
def test_a_text_agent_decides_by_its_actions(
    run: Callable[..., None], client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """A ReAct agent has no tool calls in its messages. A parse error is an error; its pseudo tool is no event."""
    script = [
        "Thought: I need it.\nAction: search\nAction Input: refunds",
        "I forgot the format",
        "Thought: I know.\nFinal Answer: in 3 days",
    ]

    run(react_executor(script, callbacks=[handler]))

    assert client.kinds == ["model", "decision", "tool", "model", "error", "model", "decision"]
    assert client.of("error")[0]["error_type"] == "OutputParserException"
    decision, finish = client.of("decision")
    (call,) = client.of("tool")
    assert (decision["chosen"], decision.get("confidence")) == ("search", None)
    assert decision["reasoning"] == script[0]
    assert (call["tool_input"], call["reasoning"]) == ({"input": "refunds"}, script[0])
    assert finish["metadata"]["output"] == "in 3 days"
    assert (handler.failures, len(handler._runs)) == (0, 0)


def test_a_text_agents_action_told_twice_is_one_decision(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """Actions have no id of their own: the object tells whether it was heard before."""
    agent = react_executor(["Thought: I need it.\nAction: search\nAction Input: refunds", "Final Answer: in 3 days"])

    agent.invoke(QUESTION, {"callbacks": [handler, handler]})

    assert client.kinds == ["model", "decision", "tool", "model", "decision"]


def test_a_tools_own_constructor_callbacks_reach_what_it_calls(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """A tool can be the root too: the model it asks is recorded, a later one is not."""

    @tool
    def summarise(text: str) -> str:
        """Summarise."""
        return str(ScriptedChatModel(turns=[says("short")]).invoke(text).content)

    summarise.callbacks = [handler]
    summarise.invoke({"text": "long"})
    ScriptedChatModel(turns=[says("unrelated")]).invoke("hello")

    assert client.kinds == ["model", "tool"]


def test_a_models_own_constructor_callbacks_are_recorded_once(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """The model's parent is unknown to its handler: it is a root, and recorded all the same."""
    model = ScriptedChatModel(turns=[says("hi"), says("ho")], callbacks=[handler])
    chain = ChatPromptTemplate.from_template("{x}") | model

    chain.invoke({"x": "?"})
    chain.invoke({"x": "?"}, {"callbacks": [handler]})

    assert client.kinds == ["model", "model"]


def test_a_fallback_is_an_error_and_then_a_call(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """LangChain may show the members of a fallback as roots: the run goes on, whatever the first one's end says."""
    model = ScriptedChatModel(turns=[TimeoutError("slow")]).with_fallbacks([ScriptedChatModel(turns=[says("hi")])])

    model.invoke("?", {"callbacks": [handler]})

    assert client.kinds == ["error", "model"]
    assert client.of("error")[0]["recoverable"] is None
    assert len(handler._runs) == 0


def test_one_handler_serves_a_batch_in_threads(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """Runs at once on one handler: every one is recorded, and nothing is kept of them."""
    turns = [says("", ("lookup_order", {"order_id": 7}, "call_1")), says("Done.")]

    @tool
    def ask(question: str) -> str:
        """Run one agent of its own, so that each has its own script."""
        return executor(turns, callbacks=[handler]).invoke({"input": question})["output"]

    ask.batch([{"question": str(number)} for number in range(8)])

    assert sorted(client.kinds) == sorted(["model", "decision", "tool", "model", "decision"] * 8)
    assert {call["tool_output"]["paid_eur"] for call in client.of("tool")} == {140}
    assert len(handler._runs) == 0


def test_other_handlers_hear_a_text_model_again_once_the_run_is_over(handler: SentrialCallbackHandler) -> None:
    """LangChain drops others' callbacks of text models beside an inline handler: a dead bridge must not be one."""

    class Listener(BaseCallbackHandler):
        heard = 0

        def on_llm_start(self, *args: Any, **kwargs: Any) -> None:
            self.heard += 1

    listener = Listener()

    async def run_then_ask() -> None:
        await executor(refund_turns(), callbacks=[handler]).ainvoke(QUESTION)
        await FakeListLLM(responses=["hi"]).ainvoke("hello", {"callbacks": [listener]})

    asyncio.run(run_then_ask())

    assert listener.heard == 1
