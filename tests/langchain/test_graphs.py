"""`create_agent` and plain LangGraph: graphs whose control flow looks like errors."""

from __future__ import annotations

import asyncio
import operator
from typing import Annotated, Any, TypedDict

import pytest
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig  # noqa: TC002  # LangGraph reads the annotation
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from sentrial.langchain import SentrialCallbackHandler
from tests.langchain.agents import PolicyViolation, executor, graph_agent, refund_turns
from tests.langchain.scripted import RecordingClient, ScriptedChatModel, says

QUESTION = {"messages": [HumanMessage("I was charged twice.")]}
WHOLE_RUN = ["model", "decision", "tool", "model", "decision", "tool", "model", "decision"]


def test_a_graph_agent_is_recorded_like_an_executor(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """LangGraph reports no agent events: the completion comes from the end of its root."""
    agent = graph_agent(refund_turns())

    agent.invoke(QUESTION, {"callbacks": [handler]})

    assert client.kinds == WHOLE_RUN
    assert client.of("decision")[0]["chosen"] == "lookup_order"
    assert client.of("decision")[0]["alternatives"] == ["refund", "fragile"]
    assert client.of("tool")[1]["reasoning"] == "It was charged twice."
    assert client.of("tool")[1]["metadata"]["langgraph_node"] == "tools"
    assert client.of("decision")[-1]["chosen"] == "finish"
    assert client.of("decision")[-1]["metadata"]["output"] == "Done: you get your money back."


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
def test_bound_callbacks_of_a_graph_record_the_same(way: str) -> None:
    """`with_config(callbacks=[...])` is LangGraph's constructor callback."""

    async def drive(agent: Any, config: Any) -> None:
        match way:
            case "invoke":
                await asyncio.to_thread(agent.invoke, QUESTION, config)
            case "ainvoke":
                await agent.ainvoke(QUESTION, config)
            case "stream":
                await asyncio.to_thread(lambda: list(agent.stream(QUESTION, config)))
            case _:
                assert [step async for step in agent.astream(QUESTION, config)]

    clients = RecordingClient(), RecordingClient()
    handlers = [SentrialCallbackHandler(client, "s") for client in clients]

    asyncio.run(drive(graph_agent(refund_turns()).with_config(callbacks=[handlers[0]]), None))
    asyncio.run(drive(graph_agent(refund_turns()), {"callbacks": [handlers[1]]}))

    assert clients[0].kinds == WHOLE_RUN
    assert clients[0].outline == clients[1].outline


def test_one_exception_through_many_levels_is_one_error(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """The tool, the node and the graph all report it; the run ends with status error."""
    agent = graph_agent(refund_turns(1249.0))

    with pytest.raises(PolicyViolation):
        agent.invoke(QUESTION, {"callbacks": [handler]})

    assert len(client.of("error")) == 1
    assert client.of("error")[0]["tool_name"] == "refund"
    assert client.of("decision")[-1]["metadata"] == {
        "run_id": client.of("decision")[-1]["metadata"]["run_id"],
        "status": "error",
        "error_type": "PolicyViolation",
        "error": "refund of 1249.0 EUR exceeds the limit",
    }


def test_a_tool_that_handles_its_own_error_is_a_failed_call(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """`handle_tool_error` ends the tool like any other: only the message's status tells."""
    turns = [says("", ("fragile", {"order_id": 4}, "call_1")), says("It is locked.")]

    graph_agent(turns).invoke(QUESTION, {"callbacks": [handler]})

    assert [call["status"] for call in client.of("tool")] == ["error"]
    assert client.of("error") == []
    assert client.of("decision")[-1]["metadata"]["status"] == "success"


def test_an_interrupt_in_a_tool_is_a_pause_and_the_resume_one_success(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """The paused run has no error, no tool call and no completion; the tool is recorded when it really ran."""

    @tool
    def approve(amount: int) -> str:
        """Ask a person."""
        return f"approved: {interrupt({'approve': amount})}"

    model = ScriptedChatModel(turns=[says("", ("approve", {"amount": 9}, "call_1")), says("It is approved.")])
    agent = create_agent(model, [approve], checkpointer=InMemorySaver())
    config: Any = {"callbacks": [handler], "configurable": {"thread_id": "1"}}

    agent.invoke(QUESTION, config)
    paused = client.kinds, client.of("decision")[-1]
    agent.invoke(Command(resume="yes"), config)

    assert paused[0] == ["model", "decision", "decision"]
    assert (paused[1]["chosen"], paused[1]["metadata"]["status"]) == ("interrupt", "interrupted")
    assert paused[1]["metadata"]["interrupt"] == {"approve": 9}
    assert client.kinds[3:] == ["tool", "model", "decision"]
    assert client.of("tool")[0]["tool_output"] == {"output": "approved: yes"}
    assert client.of("tool")[0]["status"] == "success"
    assert client.of("error") == []


class State(TypedDict):
    """What the plain graphs pass on."""

    steps: Annotated[list[str], operator.add]


def test_an_interrupt_in_a_node_and_a_jump_to_the_parent_are_no_errors(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """LangGraph steers by exceptions: none of them went wrong."""

    def jump(state: State) -> Command[Any]:
        return Command(graph=Command.PARENT, goto="ask", update={"steps": ["jump"]})

    def ask(state: State) -> State:
        return {"steps": [interrupt("go on?")]}

    inner = StateGraph(State).add_node("jump", jump).add_edge(START, "jump").compile()
    graph = StateGraph(State).add_node("inner", inner).add_node("ask", ask)
    graph.add_edge(START, "inner").add_edge("ask", END)
    agent = graph.compile(checkpointer=InMemorySaver())
    config: Any = {"callbacks": [handler], "configurable": {"thread_id": "1"}}

    agent.invoke({"steps": []}, config)
    agent.invoke(Command(resume="yes"), config)

    assert client.of("error") == []
    assert [event["metadata"]["status"] for event in client.of("decision")] == ["interrupted"]
    assert client.of("decision")[0]["metadata"]["interrupt"] == "go on?"


def test_an_executor_in_a_node_finishes_once(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """The executor's completion is that of the graph around it: the graph's end adds none."""

    def desk(state: State, config: RunnableConfig) -> State:
        return {"steps": [executor(refund_turns()).invoke({"input": "refund"}, config)["output"]]}

    agent = StateGraph(State).add_node("desk", desk).add_edge(START, "desk").compile()

    agent.invoke({"steps": []}, {"callbacks": [handler]})

    assert client.kinds == WHOLE_RUN


def test_a_failing_node_leaves_open_whether_the_graph_goes_on(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """In a node nobody knows that yet; and a plain graph without a model has no completion."""

    def boom(state: State) -> State:
        raise ValueError("no such order")

    agent = StateGraph(State).add_node("boom", boom).add_edge(START, "boom").compile()

    with pytest.raises(ValueError, match="no such order"):
        agent.invoke({"steps": []}, {"callbacks": [handler]})

    (error,) = client.of("error")
    assert (error["error_type"], error["recoverable"]) == ("ValueError", None)
    assert error["metadata"]["langgraph_node"] == "boom"
    assert client.kinds == ["error"]


def test_parallel_tools_of_one_turn_are_recorded_once_each(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """LangGraph runs them in threads: input, output and reasoning stay together."""
    turns = [
        says("All three.", *(("lookup_order", {"order_id": number}, f"call_{number}") for number in (1, 2, 3))),
        says("Done."),
    ]

    graph_agent(turns).invoke(QUESTION, {"callbacks": [handler]})

    found = {(call["tool_input"]["order_id"], call["metadata"]["tool_call_id"]) for call in client.of("tool")}
    assert found == {(1, "call_1"), (2, "call_2"), (3, "call_3")}
    assert {call["reasoning"] for call in client.of("tool")} == {"All three."}
    assert client.of("decision")[0]["chosen"] == "lookup_order"


def test_a_cancelled_run_is_no_error(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """Cancelling the task ends the run as cancelled; LangChain says nothing of the tool, so neither do we."""
    begun = asyncio.Event()

    @tool
    async def wait(minutes: int) -> str:
        """Wait."""
        begun.set()
        await asyncio.sleep(60 * minutes)
        return "waited"

    agent = create_agent(ScriptedChatModel(turns=[says("", ("wait", {"minutes": 1}, "call_1"))]), [wait])

    async def cancel_soon() -> None:
        task = asyncio.create_task(agent.ainvoke(QUESTION, {"callbacks": [handler]}))
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancel_soon())

    assert client.kinds == ["model", "decision", "decision"]
    assert client.of("decision")[-1]["metadata"]["status"] == "cancelled"
