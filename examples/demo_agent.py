"""What `make demo` runs: a refund agent that succeeds once, and once runs into a rule. The model follows a script."""

from __future__ import annotations

from langchain_classic.agents import AgentExecutor, create_tool_calling_agent
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, ToolCall
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_core.utils.function_calling import convert_to_openai_tool

from sentrial import SentrialCallbackHandler, SentrialClient


@tool
def lookup_order(order_id: int) -> str:
    """Look up how often an order was charged."""
    return f"order {order_id} was charged twice"


@tool
def create_refund(order_id: int, amount_eur: float) -> str:
    """Refund an order."""
    if amount_eur > 500:
        raise PermissionError(f"refund of {amount_eur:,.2f} EUR exceeds the 500.00 EUR limit")
    return f"order {order_id}: {amount_eur:,.2f} EUR refunded"


class ScriptedModel(FakeMessagesListChatModel):
    """Answers by script; `examples/langchain_agent.py` shows what to put in its place."""

    def bind_tools(self, tools: list[object], **_: object) -> object:
        """Say which tools there are to choose from."""
        return self.bind(tools=[convert_to_openai_tool(each) for each in tools])


tools = [lookup_order, create_refund]
prompt = ChatPromptTemplate.from_messages([("human", "{input}"), ("placeholder", "{agent_scratchpad}")])
with SentrialClient() as client:
    for order_id, amount in ((4412, 39.0), (4471, 1249.0)):
        question = f"Order {order_id} was charged twice, please send {amount:,.2f} EUR back."
        order = {"order_id": order_id}
        look = ToolCall(name="lookup_order", args=order, id="call_1")
        refund = ToolCall(name="create_refund", args={**order, "amount_eur": amount}, id="call_2")
        turns = [
            AIMessage("Was it really charged twice? The order will tell.", tool_calls=[look]),
            AIMessage("Two charges: one goes back.", tool_calls=[refund]),
            AIMessage(f"Done: {amount:,.2f} EUR are on their way back."),
        ]
        agent = create_tool_calling_agent(ScriptedModel(responses=turns, sleep=0.2), tools, prompt)
        session_id = client.create_session(f"Refund order {order_id}", agent="refund-agent", input=question)
        handler = SentrialCallbackHandler(client=client, session_id=session_id, verbose=True)
        print(f"\n> {question}")
        try:
            answer = AgentExecutor(agent=agent, tools=tools, callbacks=[handler]).invoke({"input": question})
            client.close_session(session_id, "success", answer["output"])
        except PermissionError as problem:
            client.close_session(session_id, "error", str(problem))
    client.flush(timeout=10)
