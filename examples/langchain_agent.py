"""A LangChain agent, recorded: its model calls, tool calls and decisions become one session.

Run it with `sentrial dev -- python examples/langchain_agent.py`. No key is needed: the model follows a script.
"""

from __future__ import annotations

from langchain_classic.agents import AgentExecutor, create_tool_calling_agent
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, ToolCall
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_core.utils.function_calling import convert_to_openai_tool

from sentrial import SentrialCallbackHandler, SentrialClient


@tool
def search_knowledge_base(query: str) -> list[str]:
    """Search the help articles."""
    return ["KB-001: Reset your password", f"KB-002: More about {query}"]


class ScriptedModel(FakeMessagesListChatModel):
    """Stands in for a real model: see below for what to put in its place."""

    def bind_tools(self, tools: list[object], **_: object) -> object:
        """Say which tools there are to choose from."""
        return self.bind(tools=[convert_to_openai_tool(each) for each in tools])


question = "How do I reset my password?"
search = ToolCall(name="search_knowledge_base", args={"query": "password reset"}, id="call_1")
# With a provider:
#     from langchain_openai import ChatOpenAI
#     model = ChatOpenAI(model="gpt-4o")
model = ScriptedModel(
    responses=[
        AIMessage("The user asks about passwords: the knowledge base has an article on that.", tool_calls=[search]),
        AIMessage("Open Settings, choose Security, then Reset password (KB-001)."),
    ]
)
prompt = ChatPromptTemplate.from_messages([("human", "{input}"), ("placeholder", "{agent_scratchpad}")])
tools = [search_knowledge_base]

with SentrialClient() as client:
    session_id = client.create_session(name="Customer Support Agent", input=question)
    handler = SentrialCallbackHandler(client=client, session_id=session_id, verbose=True)
    agent = create_tool_calling_agent(model, tools, prompt)
    executor = AgentExecutor(agent=agent, tools=tools, callbacks=[handler])

    result = executor.invoke({"input": question})
    print(result["output"])

    client.close_session(session_id, status="success", summary=result["output"])
    client.flush(timeout=10)
