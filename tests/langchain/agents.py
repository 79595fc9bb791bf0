"""The agents under test: a refund desk with three tools, as an AgentExecutor and with `create_agent`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain.agents import create_agent
from langchain_classic.agents import AgentExecutor, create_react_agent, create_tool_calling_agent
from langchain_core.language_models import FakeListLLM
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.tools import ToolException, tool

from tests.langchain.scripted import ScriptedChatModel, says

if TYPE_CHECKING:
    from collections.abc import Sequence


class PolicyViolation(Exception):  # noqa: N818  # the name the desk has for it
    """The refund is over the limit."""


@tool
def lookup_order(order_id: int) -> dict[str, Any]:
    """Look an order up."""
    return {"order_id": order_id, "paid_eur": 20 * order_id}


@tool
def refund(order_id: int, amount_eur: float) -> str:
    """Refund an order."""
    if amount_eur > 500:
        raise PolicyViolation(f"refund of {amount_eur} EUR exceeds the limit")
    return f"refunded {amount_eur} EUR"


@tool
def fragile(order_id: int) -> str:
    """Fail in a way the tool itself handles."""
    raise ToolException(f"order {order_id} is locked")


@tool
def search(query: str) -> str:
    """Search the help articles."""
    return f"about {query}"


fragile.handle_tool_error = True
TOOLS = [lookup_order, refund, fragile]


def refund_turns(amount_eur: float = 80.0) -> list[Any]:
    """Look the order up, refund it, and say so."""
    return [
        says("I need the order first.", ("lookup_order", {"order_id": 4}, "call_1")),
        says("It was charged twice.", ("refund", {"order_id": 4, "amount_eur": amount_eur}, "call_2")),
        says("Done: you get your money back."),
    ]


def executor(turns: Sequence[Any], **more: Any) -> AgentExecutor:
    """An AgentExecutor that follows the script; `callbacks=[...]` as in the documentation."""
    prompt = ChatPromptTemplate.from_messages(
        [("system", "You refund orders."), ("human", "{input}"), ("placeholder", "{agent_scratchpad}")]
    )
    agent = create_tool_calling_agent(ScriptedChatModel(turns=list(turns)), TOOLS, prompt)
    return AgentExecutor(agent=agent, tools=TOOLS, **more)


def react_executor(answers: list[str], **more: Any) -> AgentExecutor:
    """A text agent with one tool, which reads its decisions from what the model writes."""
    prompt = PromptTemplate.from_template("{tools} {tool_names} {input} {agent_scratchpad}")
    agent = create_react_agent(FakeListLLM(responses=answers), [search], prompt)
    return AgentExecutor(agent=agent, tools=[search], handle_parsing_errors=True, **more)


def graph_agent(turns: Sequence[Any], **more: Any) -> Any:
    """A `create_agent` graph that follows the script."""
    return create_agent(ScriptedChatModel(turns=list(turns)), TOOLS, **more)
