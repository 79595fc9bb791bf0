"""The handler's own promises: flags, the guard, copies, and what a model call becomes."""

from __future__ import annotations

import copy
import logging
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.outputs import LLMResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool

from sentrial.langchain import SentrialCallbackHandler
from tests.langchain.agents import PolicyViolation, executor, graph_agent, refund_turns
from tests.langchain.scripted import RecordingClient, ScriptedChatModel, says

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

QUESTION = {"input": "I was charged twice."}


def test_the_documented_call_works(client: RecordingClient) -> None:
    """All five keywords of the documentation are taken, from the package itself."""
    from sentrial import SentrialCallbackHandler as Public

    handler = Public(
        client=client, session_id="sess_1", verbose=True, track_chain_of_thought=True, track_tool_errors=True
    )

    assert handler.failures == 0


@pytest.mark.parametrize(("session_id", "error"), [(None, TypeError), (7, TypeError), ("", ValueError)])
def test_a_wrong_session_id_fails_at_once(client: RecordingClient, session_id: Any, error: type[Exception]) -> None:
    """A session that can't exist would otherwise lose every event in silence."""
    with pytest.raises(error, match="session_id"):
        SentrialCallbackHandler(client, session_id)


def test_without_chain_of_thought_no_model_text_is_reasoning(client: RecordingClient) -> None:
    """Decisions still say what was chosen; tool calls have no reasoning."""
    handler = SentrialCallbackHandler(client, "sess_1", track_chain_of_thought=False)

    executor(refund_turns(), callbacks=[handler]).invoke(QUESTION)

    assert [event["reasoning"] for event in client.of("decision")] == [
        "Selected lookup_order", "Selected refund", "Ended: success",
    ]  # fmt: skip
    assert [event["reasoning"] for event in client.of("tool")] == [None, None]


def test_without_tool_errors_the_tool_call_alone_says_that_it_failed(client: RecordingClient) -> None:
    """The exception is not recorded again at the levels above, either."""
    handler = SentrialCallbackHandler(client, "sess_1", track_tool_errors=False)

    with pytest.raises(PolicyViolation):
        executor(refund_turns(1249.0), callbacks=[handler]).invoke(QUESTION)

    assert client.of("error") == []
    assert client.of("tool")[-1]["status"] == "error"


def test_silent_unless_verbose(client: RecordingClient, capsys: pytest.CaptureFixture[str]) -> None:
    """Without `verbose` nothing is printed at all."""
    executor(refund_turns(), callbacks=[SentrialCallbackHandler(client, "sess_1")]).invoke(QUESTION)

    assert capsys.readouterr() == ("", "")


def test_verbose_prints_one_line_an_event_and_obeys_no_control_characters(
    client: RecordingClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a model says may be an attack on the terminal: it is shown, not obeyed."""
    turns = [says("\x1b[2Jgone\nI look.", ("lookup_order", {"order_id": 4}, "call_1")), says("Done.")]
    handler = SentrialCallbackHandler(client, "sess_1", verbose=True)

    executor(turns, callbacks=[handler]).invoke(QUESTION)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == client.kinds
    assert all(line.startswith("[sentrial] ") and line.isprintable() for line in lines)
    assert r"\x1b[2Jgone I look." in lines[1]


def test_a_client_that_raises_never_reaches_the_agent(caplog: pytest.LogCaptureFixture) -> None:
    """The agent answers, the failures are counted, and the log has one warning, not one an event."""

    class Broken(RecordingClient):
        def _keep(self, kind: str, **fields: Any) -> str:
            super()._keep(kind, **fields)
            raise RuntimeError("disk on fire")

    client = Broken()
    handler = SentrialCallbackHandler(client, "sess_1")
    with caplog.at_level(logging.WARNING):
        answer = executor(refund_turns(), callbacks=[handler]).invoke(QUESTION)

    assert answer["output"] == "Done: you get your money back."
    assert handler.failures == len(client.events) > 5
    assert [record.name for record in caplog.records] == ["sentrial"]
    assert len(handler._runs) == 0


def test_weird_callbacks_are_survived(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """No serialized form, no inputs, no generations, ends without starts, and everything twice."""
    run = uuid.uuid4()
    handler.on_chain_start(None, None, run_id=run)
    handler.on_chain_start(None, object(), run_id=run)
    handler.on_chat_model_start(None, [], run_id=(model := uuid.uuid4()), parent_run_id=run)
    handler.on_llm_end(LLMResult(generations=[]), run_id=model)
    handler.on_llm_end(LLMResult(generations=[[]]), run_id=model)
    handler.on_tool_start(None, "plain", run_id=(call := uuid.uuid4()), parent_run_id=uuid.uuid4(), inputs=None)
    handler.on_tool_end(None, run_id=call)
    handler.on_tool_end("orphan", run_id=uuid.uuid4())
    handler.on_llm_error(ValueError("orphan"), run_id=uuid.uuid4())
    handler.on_chain_end(None, run_id=run)
    handler.on_chain_end(None, run_id=run)

    assert handler.failures == 0
    assert client.kinds == ["model", "tool"]
    assert client.of("tool")[0]["tool_input"] == {"input": "plain"}
    assert client.of("model")[0]["tokens_used"] is None
    assert len(handler._runs) == 0


def test_a_copy_is_the_handler_itself(handler: SentrialCallbackHandler) -> None:
    """Frameworks copy their configuration; a copied handler would record into nowhere."""
    assert copy.copy(handler) is handler
    assert copy.deepcopy({"callbacks": [handler]})["callbacks"][0] is handler


def test_other_handlers_are_told_everything(handler: SentrialCallbackHandler) -> None:
    """A second handler of the user's own hears the same callbacks as without ours."""

    class Counter(BaseCallbackHandler):
        def __init__(self) -> None:
            self.heard: list[str] = []

        def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
            self.heard.append("model")

        def on_tool_end(self, *args: Any, **kwargs: Any) -> None:
            self.heard.append("tool")

    alone, beside = Counter(), Counter()

    executor(refund_turns()).invoke(QUESTION, {"callbacks": [alone]})
    executor(refund_turns(), callbacks=[handler]).invoke(QUESTION, {"callbacks": [beside]})

    assert beside.heard == alone.heard == ["model", "tool", "model", "tool", "model"]


def test_nothing_given_is_changed(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """Inputs and outputs are what they were, and later changes don't show in what was recorded."""
    result = {"rows": [1, 2]}

    @tool
    def rows(wanted: list[int]) -> dict[str, Any]:
        """Return rows, and spoil the input on the way."""
        wanted.append(99)
        return result

    rows.invoke({"wanted": [1]}, {"callbacks": [handler]})
    result["rows"].append(3)

    (call,) = client.of("tool")
    assert call["tool_input"] == {"wanted": [1]}
    assert call["tool_output"] == {"rows": [1, 2]}


def test_streaming_has_usage_and_the_time_to_the_first_token(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """When streaming, the usage is only on the last chunk."""
    usage: Any = {
        "input_tokens": 100, "output_tokens": 30, "total_tokens": 130,
        "input_token_details": {"cache_read": 80, "cache_creation": 5}, "output_token_details": {"reasoning": 10},
    }  # fmt: skip
    model = ScriptedChatModel(turns=[says("Hello.", usage=usage)])

    assert list(model.stream("Hi", {"callbacks": [handler]}))

    (call,) = client.of("model")
    counts = ("prompt_tokens", "completion_tokens", "tokens_used", "cache_read_tokens", "cache_write_tokens")
    assert [call[key] for key in counts] == [100, 30, 130, 80, 5]
    assert call["reasoning_tokens"] == 10
    assert call["cost"] is None
    assert 0 <= call["time_to_first_token_ms"] <= call["duration_ms"]
    assert (call["prompt"], call["response"]) == ([{"role": "user", "content": "Hi"}], "Hello.")


def test_a_model_that_fails_is_an_error_and_no_call(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """Without any part of an answer there is nothing a call could say; the error is recorded once."""
    chain = ChatPromptTemplate.from_template("{x}") | ScriptedChatModel(turns=[TimeoutError("no answer")])

    with pytest.raises(TimeoutError):
        chain.invoke({"x": "Hi"}, {"callbacks": [handler]})

    assert client.kinds == ["error"]
    assert client.of("error")[0]["error_type"] == "TimeoutError"


def test_an_error_of_the_outermost_chain_itself_is_not_recoverable(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """Nothing above it is left to go on."""

    def boom(value: str) -> str:
        raise ValueError(value)

    with pytest.raises(ValueError, match="no"):
        RunnableLambda(boom).invoke("no", {"callbacks": [handler]})

    assert client.kinds == ["error"]
    assert client.of("error")[0]["recoverable"] is False


def test_a_stream_that_breaks_midway_keeps_the_part_that_came(
    client: RecordingClient, handler: SentrialCallbackHandler
) -> None:
    """The partial answer is a model call with status error, beside the error."""

    class Breaking(ScriptedChatModel):
        def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
            chunks = super()._stream(messages, *args, **kwargs)
            yield next(chunks)
            raise ConnectionError("broken pipe")

    with pytest.raises(ConnectionError):
        list(Breaking(turns=[says("Half an answer")]).stream("Hi", {"callbacks": [handler]}))

    assert client.kinds == ["model", "error"]
    assert (client.of("model")[0]["response"], client.of("model")[0]["status"]) == ("Half an answer", "error")


def test_retries_are_errors_of_a_run_that_succeeds(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """A failed attempt is recorded; nothing says that the run failed."""
    model = ScriptedChatModel(turns=[TimeoutError("slow"), says("Hello.")])

    model.with_retry(wait_exponential_jitter=False).invoke("Hi", {"callbacks": [handler]})

    assert client.kinds == ["error", "model"]
    assert client.of("error")[0]["recoverable"] is None


def test_a_retriever_is_a_tool_call(client: RecordingClient, handler: SentrialCallbackHandler) -> None:
    """Looking documents up is something the agent does, with a query and documents."""

    class Shelf(BaseRetriever):
        def _get_relevant_documents(self, query: str, **kwargs: Any) -> list[Document]:
            return [Document(page_content="KB-1", metadata={"score": 1})]

    Shelf().invoke("password", {"callbacks": [handler]})

    (call,) = client.of("tool")
    assert call["tool_name"] == "Shelf"
    assert call["tool_input"] == {"query": "password"}
    assert call["tool_output"] == {"documents": [{"page_content": "KB-1", "metadata": {"score": 1}}]}


def test_a_run_that_outlives_its_root_keeps_no_exception_alive(handler: SentrialCallbackHandler) -> None:
    """Tracebacks hold every frame they passed: the root forgets its exceptions when it ends."""
    root, model = uuid.uuid4(), uuid.uuid4()
    handler.on_chain_start(None, {}, run_id=root)
    handler.on_chat_model_start(None, [[]], run_id=model, parent_run_id=root)

    handler.on_chain_error(ValueError("gone"), run_id=root)

    outliving = handler._runs.get(model)
    assert outliving is not None
    assert outliving.root.errors == []


def test_nothing_is_kept_of_finished_runs(handler: SentrialCallbackHandler) -> None:
    """Success, failure and streams left early leave no run behind."""
    for _ in range(3):
        executor(refund_turns(), callbacks=[handler]).invoke(QUESTION)
        with pytest.raises(PolicyViolation):
            graph_agent(refund_turns(1249.0)).invoke({"messages": ["x"]}, {"callbacks": [handler]})
        steps = graph_agent(refund_turns()).stream({"messages": ["x"]}, {"callbacks": [handler]})
        next(steps)
        steps.close()

    assert len(handler._runs) == 0
    assert handler.failures == 0
