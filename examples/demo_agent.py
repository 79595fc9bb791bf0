"""What `make demo` runs: a refund agent that succeeds once, and once runs into a rule. The model follows a script."""

from __future__ import annotations

import time

from langchain_classic.agents import AgentExecutor, create_tool_calling_agent
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, ToolCall
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_core.utils.function_calling import convert_to_openai_tool

from sentrial import SentrialCallbackHandler, SentrialClient

PAID_EUR = {4412: 39.0, 4471: 1249.0}


class PolicyViolation(Exception):  # noqa: N818 - the name the desk has for it
    """A rule of the shop forbids it."""


@tool
def lookup_order(order_id: int) -> dict[str, object]:
    """Look up what was paid for an order, and how often."""
    time.sleep(0.12)
    return {"order_id": order_id, "paid_eur": PAID_EUR[order_id], "charges": 2}


@tool
def check_policy(amount_eur: float) -> str:
    """Ask whether a refund of this amount needs a person's approval."""
    return f"refunds above 500.00 EUR need approval; asked for {amount_eur:,.2f} EUR"


@tool
def create_refund(order_id: int, amount_eur: float) -> str:
    """Refund an order."""
    time.sleep(0.2)
    if amount_eur > 500:
        raise PolicyViolation(f"refund of {amount_eur:,.2f} EUR exceeds the 500.00 EUR limit")
    return f"order {order_id}: {amount_eur:,.2f} EUR refunded"


class ScriptedModel(FakeMessagesListChatModel):
    """Answers by script, with a pause as if it were thinking."""

    sleep: float | None = 0.15

    def bind_tools(self, tools: list[object], **_: object) -> object:
        """Say which tools there are to choose from."""
        return self.bind(tools=[convert_to_openai_tool(each) for each in tools])


def says(text: str, tokens: int, name: str | None = None, **args: object) -> AIMessage:
    """One turn of the model: what it says, and the tool it asks for."""
    calls = [ToolCall(name=name, args=args, id=f"call_{name}")] if name else []
    usage = {"input_tokens": tokens, "output_tokens": len(text) // 4, "total_tokens": tokens + len(text) // 4}
    return AIMessage(text, tool_calls=calls, usage_metadata=usage, response_metadata={"model_name": "scripted-model"})


def run(client: SentrialClient, order_id: int, question: str) -> None:
    """Let the agent handle one question, as one session."""
    print(f"\n> {question}")
    paid = PAID_EUR[order_id]
    turns = [
        says("Was it really charged twice? The order will tell.", 410, "lookup_order", order_id=order_id),
        says("Two charges: one goes back.", 520, "create_refund", order_id=order_id, amount_eur=paid),
        says(f"Order {order_id} was charged twice; {paid:,.2f} EUR are on their way back.", 590),
    ]
    model = ScriptedModel(responses=turns)
    tools = [lookup_order, check_policy, create_refund]
    prompt = ChatPromptTemplate.from_messages(
        [("system", "You refund orders."), ("human", "{input}"), ("placeholder", "{agent_scratchpad}")]
    )
    session_id = client.create_session(name=f"refund order {order_id}", agent="refund-agent", input=question)
    handler = SentrialCallbackHandler(client=client, session_id=session_id, verbose=True)
    agent = create_tool_calling_agent(model, tools, prompt)
    executor = AgentExecutor(agent=agent, tools=tools, callbacks=[handler])
    try:
        answer = executor.invoke({"input": question})["output"]
    except PolicyViolation as violation:
        print(f"The agent failed: {violation}")
        client.close_session(session_id, status="error", summary=str(violation))
    else:
        print(answer)
        client.close_session(session_id, status="success", summary=answer)


with SentrialClient() as client:
    run(client, 4412, "I was charged twice for order 4412.")
    run(client, 4471, "Order 4471 was charged twice, please refund it.")
    client.flush(timeout=10)
