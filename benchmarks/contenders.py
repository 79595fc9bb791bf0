"""The contenders, each with its own way to record one call, at its default settings.

`floor` is the least that durable recording can cost: encode, and write to a file. Peers are imported only when
they run, in an environment of their own.
"""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any, Protocol

from payloads import PROMPT, REASONING, RESPONSE, TOOL_INPUT, TOOL_OUTPUT


class Contender(Protocol):
    """One way to record."""

    def tool_call(self) -> None:
        """Record one tool call."""

    def llm_call(self) -> None:
        """Record one model call."""

    def finish(self) -> None:
        """Deliver what is left."""


class Floor:
    """msgspec and one write: no bounds, no redaction, no framing, no ids that sort, no sender."""

    def __init__(self, _url: str) -> None:
        import ctypes

        import msgspec

        self._encode = msgspec.json.Encoder().encode
        library = ctypes.PyDLL(None)
        self._write = library.write
        self._write.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)
        self._file = tempfile.TemporaryFile()
        self._descriptor = self._file.fileno()

    def tool_call(self) -> None:
        data = self._encode(
            {
                "eventType": "tool_call",
                "id": "evt_0193a1c8e0c17a02b3d45e6f708192a3",
                "sessionId": "sess_0193a1c8e0b47f5d9a3c51f2a7d40e61",
                "timestamp": "2026-11-21T14:02:11.512000Z",
                "toolName": "search",
                "toolInput": TOOL_INPUT,
                "toolOutput": TOOL_OUTPUT,
                "reasoning": REASONING,
                "durationMs": 143,
                "status": "success",
            }
        )
        self._write(self._descriptor, data, len(data))

    def llm_call(self) -> None:
        data = self._encode(
            {
                "eventType": "llm_call",
                "id": "evt_0193a1c8e0c17a02b3d45e6f708192a3",
                "sessionId": "sess_0193a1c8e0b47f5d9a3c51f2a7d40e61",
                "timestamp": "2026-11-21T14:02:11.512000Z",
                "model": "gpt-4",
                "prompt": PROMPT,
                "response": RESPONSE,
                "promptTokens": 1200,
                "completionTokens": 210,
                "durationMs": 1200,
            }
        )
        self._write(self._descriptor, data, len(data))

    def finish(self) -> None:
        self._file.close()


class Sentrial:
    """This package: bounded, redacted, on the disk when the call returns."""

    def __init__(self, url: str) -> None:
        from sentrial import SentrialClient

        self.client = SentrialClient(api_url=url)
        self._session = self.client.create_session("bench")

    def tool_call(self) -> None:
        self.client.track_tool_call(self._session, "search", TOOL_INPUT, TOOL_OUTPUT, REASONING, 143)

    def llm_call(self) -> None:
        self.client.track_llm_call(
            self._session, "gpt-4", PROMPT, RESPONSE, prompt_tokens=1200, completion_tokens=210, duration_ms=1200
        )

    def finish(self) -> None:
        left = self.client.flush(120)
        if left:
            raise SystemExit(f"{left} events were not delivered")
        self.client.close()


class OpenTelemetry:
    """A span a call, through the BatchSpanProcessor and the OTLP exporter over HTTP. In memory until sent."""

    def __init__(self, url: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._provider = TracerProvider()
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url}/v1/traces")))
        self._tracer = self._provider.get_tracer("bench")

    def tool_call(self) -> None:
        with self._tracer.start_as_current_span("search") as span:
            span.set_attribute("gen_ai.tool.name", "search")
            span.set_attribute("gen_ai.tool.call.arguments", json.dumps(TOOL_INPUT))
            span.set_attribute("gen_ai.tool.call.result", json.dumps(TOOL_OUTPUT))
            span.set_attribute("reasoning", REASONING)

    def llm_call(self) -> None:
        with self._tracer.start_as_current_span("gpt-4") as span:
            span.set_attribute("gen_ai.request.model", "gpt-4")
            span.set_attribute("gen_ai.input.messages", json.dumps(PROMPT))
            span.set_attribute("gen_ai.output.messages", RESPONSE)
            span.set_attribute("gen_ai.usage.input_tokens", 1200)
            span.set_attribute("gen_ai.usage.output_tokens", 210)

    def finish(self) -> None:
        self._provider.shutdown()


class Langfuse:
    """An observation a call. In memory until sent."""

    def __init__(self, url: str) -> None:
        from langfuse import Langfuse as Client

        self._client = Client(public_key="pk-lf-1", secret_key="sk-lf-1", base_url=url)  # noqa: S106

    def tool_call(self) -> None:
        span = self._client.start_observation(name="search", as_type="tool", input=TOOL_INPUT)
        span.update(output=TOOL_OUTPUT, metadata={"reasoning": REASONING})
        span.end()

    def llm_call(self) -> None:
        generation = self._client.start_observation(name="chat", as_type="generation", model="gpt-4", input=PROMPT)
        generation.update(output=RESPONSE, usage_details={"input": 1200, "output": 210})
        generation.end()

    def finish(self) -> None:
        self._client.shutdown()


class LangSmith:
    """A run a call. In memory until sent."""

    def __init__(self, url: str) -> None:
        os.environ["LANGSMITH_TRACING"] = "true"
        from langsmith import Client
        from langsmith.run_trees import RunTree

        self._client = Client(api_url=url, api_key="lsv2_pt_1")
        self._run_tree = RunTree

    def _run(self, name: str, kind: str, inputs: Any, outputs: Any) -> None:
        run = self._run_tree(name=name, run_type=kind, inputs=inputs, ls_client=self._client)
        run.post()
        run.end(outputs=outputs)
        run.patch()

    def tool_call(self) -> None:
        self._run("search", "tool", TOOL_INPUT, TOOL_OUTPUT)

    def llm_call(self) -> None:
        self._run("gpt-4", "llm", {"messages": PROMPT}, {"content": RESPONSE})

    def finish(self) -> None:
        self._client.flush()


CONTENDERS: dict[str, type[Any]] = {
    "floor": Floor,
    "sentrial": Sentrial,
    "opentelemetry": OpenTelemetry,
    "langfuse": Langfuse,
    "langsmith": LangSmith,
}
