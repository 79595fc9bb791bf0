from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import (
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.outcome_status import OutcomeStatus, check_outcome_status
from ..types import UNSET, Unset

T = TypeVar("T", bound="LlmCallEvent")


@_attrs_define
class LlmCallEvent:
    """One call of a language model: what was asked, what came back, what it took.

    Attributes:
        event_type (Literal['llm_call']): The kind of event.
        session_id (str): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
        model (str): A name.
        id (str | Unset): The event's id, unique in the project for ever: `evt_` and a UUIDv7, or any id of the caller's
            own. The server makes one where it is missing.
        timestamp (datetime.datetime | Unset): RFC 3339. The server takes its own time where it is missing.
        parent_id (None | str | Unset): The id of the event this one happened in.
        producer_id (None | str | Unset): The process that recorded the event. With `sequence` it keeps the order.
        sequence (int | None | Unset): The event's number among those of its producer.
        trace_id (None | str | Unset): The trace id of OpenTelemetry, where there is one.
        span_id (None | str | Unset): The span id of OpenTelemetry, where there is one.
        branch_name (None | str | Unset): The branch of the agent's code.
        duration_ms (float | None | Unset): Milliseconds. Null: not known.
        metadata (Any | Unset): Whatever the caller wants to keep with it.
        prompt (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length": ...,
            "head": ..., "tail": ...}`.
        response (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length": ...,
            "head": ..., "tail": ...}`.
        prompt_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        completion_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        total_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        token_count (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        cache_read_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        cache_write_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        reasoning_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        estimated_cost (float | None | Unset): US dollars. Null: not known, which is not zero.
        time_to_first_token_ms (float | None | Unset): Milliseconds. Null: not known.
        status (OutcomeStatus | Unset): How it went. Missing: not known.
    """

    event_type: Literal["llm_call"]
    session_id: str
    model: str
    id: str | Unset = UNSET
    timestamp: datetime.datetime | Unset = UNSET
    parent_id: None | str | Unset = UNSET
    producer_id: None | str | Unset = UNSET
    sequence: int | None | Unset = UNSET
    trace_id: None | str | Unset = UNSET
    span_id: None | str | Unset = UNSET
    branch_name: None | str | Unset = UNSET
    duration_ms: float | None | Unset = UNSET
    metadata: Any | Unset = UNSET
    prompt: Any | Unset = UNSET
    response: Any | Unset = UNSET
    prompt_tokens: int | None | Unset = UNSET
    completion_tokens: int | None | Unset = UNSET
    total_tokens: int | None | Unset = UNSET
    token_count: int | None | Unset = UNSET
    cache_read_tokens: int | None | Unset = UNSET
    cache_write_tokens: int | None | Unset = UNSET
    reasoning_tokens: int | None | Unset = UNSET
    estimated_cost: float | None | Unset = UNSET
    time_to_first_token_ms: float | None | Unset = UNSET
    status: OutcomeStatus | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        event_type = self.event_type

        session_id = self.session_id

        model = self.model

        id = self.id

        timestamp: str | Unset = UNSET
        if not isinstance(self.timestamp, Unset):
            timestamp = self.timestamp.isoformat()

        parent_id: None | str | Unset
        if isinstance(self.parent_id, Unset):
            parent_id = UNSET
        else:
            parent_id = self.parent_id

        producer_id: None | str | Unset
        if isinstance(self.producer_id, Unset):
            producer_id = UNSET
        else:
            producer_id = self.producer_id

        sequence: int | None | Unset
        if isinstance(self.sequence, Unset):
            sequence = UNSET
        else:
            sequence = self.sequence

        trace_id: None | str | Unset
        if isinstance(self.trace_id, Unset):
            trace_id = UNSET
        else:
            trace_id = self.trace_id

        span_id: None | str | Unset
        if isinstance(self.span_id, Unset):
            span_id = UNSET
        else:
            span_id = self.span_id

        branch_name: None | str | Unset
        if isinstance(self.branch_name, Unset):
            branch_name = UNSET
        else:
            branch_name = self.branch_name

        duration_ms: float | None | Unset
        if isinstance(self.duration_ms, Unset):
            duration_ms = UNSET
        else:
            duration_ms = self.duration_ms

        metadata = self.metadata

        prompt = self.prompt

        response = self.response

        prompt_tokens: int | None | Unset
        if isinstance(self.prompt_tokens, Unset):
            prompt_tokens = UNSET
        else:
            prompt_tokens = self.prompt_tokens

        completion_tokens: int | None | Unset
        if isinstance(self.completion_tokens, Unset):
            completion_tokens = UNSET
        else:
            completion_tokens = self.completion_tokens

        total_tokens: int | None | Unset
        if isinstance(self.total_tokens, Unset):
            total_tokens = UNSET
        else:
            total_tokens = self.total_tokens

        token_count: int | None | Unset
        if isinstance(self.token_count, Unset):
            token_count = UNSET
        else:
            token_count = self.token_count

        cache_read_tokens: int | None | Unset
        if isinstance(self.cache_read_tokens, Unset):
            cache_read_tokens = UNSET
        else:
            cache_read_tokens = self.cache_read_tokens

        cache_write_tokens: int | None | Unset
        if isinstance(self.cache_write_tokens, Unset):
            cache_write_tokens = UNSET
        else:
            cache_write_tokens = self.cache_write_tokens

        reasoning_tokens: int | None | Unset
        if isinstance(self.reasoning_tokens, Unset):
            reasoning_tokens = UNSET
        else:
            reasoning_tokens = self.reasoning_tokens

        estimated_cost: float | None | Unset
        if isinstance(self.estimated_cost, Unset):
            estimated_cost = UNSET
        else:
            estimated_cost = self.estimated_cost

        time_to_first_token_ms: float | None | Unset
        if isinstance(self.time_to_first_token_ms, Unset):
            time_to_first_token_ms = UNSET
        else:
            time_to_first_token_ms = self.time_to_first_token_ms

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "eventType": event_type,
                "sessionId": session_id,
                "model": model,
            }
        )
        if id is not UNSET:
            field_dict["id"] = id
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp
        if parent_id is not UNSET:
            field_dict["parentId"] = parent_id
        if producer_id is not UNSET:
            field_dict["producerId"] = producer_id
        if sequence is not UNSET:
            field_dict["sequence"] = sequence
        if trace_id is not UNSET:
            field_dict["traceId"] = trace_id
        if span_id is not UNSET:
            field_dict["spanId"] = span_id
        if branch_name is not UNSET:
            field_dict["branchName"] = branch_name
        if duration_ms is not UNSET:
            field_dict["durationMs"] = duration_ms
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if prompt is not UNSET:
            field_dict["prompt"] = prompt
        if response is not UNSET:
            field_dict["response"] = response
        if prompt_tokens is not UNSET:
            field_dict["promptTokens"] = prompt_tokens
        if completion_tokens is not UNSET:
            field_dict["completionTokens"] = completion_tokens
        if total_tokens is not UNSET:
            field_dict["totalTokens"] = total_tokens
        if token_count is not UNSET:
            field_dict["tokenCount"] = token_count
        if cache_read_tokens is not UNSET:
            field_dict["cacheReadTokens"] = cache_read_tokens
        if cache_write_tokens is not UNSET:
            field_dict["cacheWriteTokens"] = cache_write_tokens
        if reasoning_tokens is not UNSET:
            field_dict["reasoningTokens"] = reasoning_tokens
        if estimated_cost is not UNSET:
            field_dict["estimatedCost"] = estimated_cost
        if time_to_first_token_ms is not UNSET:
            field_dict["timeToFirstTokenMs"] = time_to_first_token_ms
        if status is not UNSET:
            field_dict["status"] = status

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        event_type = cast(Literal["llm_call"], d.pop("eventType"))
        if event_type != "llm_call":
            raise ValueError(
                f"eventType must match const 'llm_call', got '{event_type}'"
            )

        session_id = d.pop("sessionId")

        model = d.pop("model")

        id = d.pop("id", UNSET)

        _timestamp = d.pop("timestamp", UNSET)
        timestamp: datetime.datetime | Unset
        if isinstance(_timestamp, Unset):
            timestamp = UNSET
        else:
            timestamp = datetime.datetime.fromisoformat(_timestamp)

        def _parse_parent_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        parent_id = _parse_parent_id(d.pop("parentId", UNSET))

        def _parse_producer_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        producer_id = _parse_producer_id(d.pop("producerId", UNSET))

        def _parse_sequence(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        sequence = _parse_sequence(d.pop("sequence", UNSET))

        def _parse_trace_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        trace_id = _parse_trace_id(d.pop("traceId", UNSET))

        def _parse_span_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        span_id = _parse_span_id(d.pop("spanId", UNSET))

        def _parse_branch_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        branch_name = _parse_branch_name(d.pop("branchName", UNSET))

        def _parse_duration_ms(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        duration_ms = _parse_duration_ms(d.pop("durationMs", UNSET))

        metadata = d.pop("metadata", UNSET)

        prompt = d.pop("prompt", UNSET)

        response = d.pop("response", UNSET)

        def _parse_prompt_tokens(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        prompt_tokens = _parse_prompt_tokens(d.pop("promptTokens", UNSET))

        def _parse_completion_tokens(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        completion_tokens = _parse_completion_tokens(d.pop("completionTokens", UNSET))

        def _parse_total_tokens(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        total_tokens = _parse_total_tokens(d.pop("totalTokens", UNSET))

        def _parse_token_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        token_count = _parse_token_count(d.pop("tokenCount", UNSET))

        def _parse_cache_read_tokens(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        cache_read_tokens = _parse_cache_read_tokens(d.pop("cacheReadTokens", UNSET))

        def _parse_cache_write_tokens(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        cache_write_tokens = _parse_cache_write_tokens(d.pop("cacheWriteTokens", UNSET))

        def _parse_reasoning_tokens(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        reasoning_tokens = _parse_reasoning_tokens(d.pop("reasoningTokens", UNSET))

        def _parse_estimated_cost(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        estimated_cost = _parse_estimated_cost(d.pop("estimatedCost", UNSET))

        def _parse_time_to_first_token_ms(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        time_to_first_token_ms = _parse_time_to_first_token_ms(
            d.pop("timeToFirstTokenMs", UNSET)
        )

        _status = d.pop("status", UNSET)
        status: OutcomeStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_outcome_status(_status)

        llm_call_event = cls(
            event_type=event_type,
            session_id=session_id,
            model=model,
            id=id,
            timestamp=timestamp,
            parent_id=parent_id,
            producer_id=producer_id,
            sequence=sequence,
            trace_id=trace_id,
            span_id=span_id,
            branch_name=branch_name,
            duration_ms=duration_ms,
            metadata=metadata,
            prompt=prompt,
            response=response,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            total_tokens=total_tokens,
            token_count=token_count,
            cache_read_tokens=cache_read_tokens,
            cache_write_tokens=cache_write_tokens,
            reasoning_tokens=reasoning_tokens,
            estimated_cost=estimated_cost,
            time_to_first_token_ms=time_to_first_token_ms,
            status=status,
        )

        llm_call_event.additional_properties = d
        return llm_call_event

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
