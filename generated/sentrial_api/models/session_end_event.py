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

from ..models.session_end_event_status import (
    SessionEndEventStatus,
    check_session_end_event_status,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="SessionEndEvent")


@_attrs_define
class SessionEndEvent:
    """The end of a session. The first end stands.

    Attributes:
        event_type (Literal['session_end']): The kind of event.
        session_id (str): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
        status (SessionEndEventStatus): How it ended. completed and failed are read as success and error.
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
        summary (None | str | Unset): Text.
        failure_reason (None | str | Unset): Text.
        assistant_output (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type,
            "length": ..., "head": ..., "tail": ...}`.
        success (bool | None | Unset): What the published clients send beside the status.
        estimated_cost (float | None | Unset): US dollars. Null: not known, which is not zero.
        custom_metrics (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
        prompt_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        completion_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        total_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        user_input (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
    """

    event_type: Literal["session_end"]
    session_id: str
    status: SessionEndEventStatus
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
    summary: None | str | Unset = UNSET
    failure_reason: None | str | Unset = UNSET
    assistant_output: Any | Unset = UNSET
    success: bool | None | Unset = UNSET
    estimated_cost: float | None | Unset = UNSET
    custom_metrics: Any | Unset = UNSET
    prompt_tokens: int | None | Unset = UNSET
    completion_tokens: int | None | Unset = UNSET
    total_tokens: int | None | Unset = UNSET
    user_input: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        event_type = self.event_type

        session_id = self.session_id

        status: str = self.status

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

        summary: None | str | Unset
        if isinstance(self.summary, Unset):
            summary = UNSET
        else:
            summary = self.summary

        failure_reason: None | str | Unset
        if isinstance(self.failure_reason, Unset):
            failure_reason = UNSET
        else:
            failure_reason = self.failure_reason

        assistant_output = self.assistant_output

        success: bool | None | Unset
        if isinstance(self.success, Unset):
            success = UNSET
        else:
            success = self.success

        estimated_cost: float | None | Unset
        if isinstance(self.estimated_cost, Unset):
            estimated_cost = UNSET
        else:
            estimated_cost = self.estimated_cost

        custom_metrics = self.custom_metrics

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

        user_input = self.user_input

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "eventType": event_type,
                "sessionId": session_id,
                "status": status,
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
        if summary is not UNSET:
            field_dict["summary"] = summary
        if failure_reason is not UNSET:
            field_dict["failureReason"] = failure_reason
        if assistant_output is not UNSET:
            field_dict["assistantOutput"] = assistant_output
        if success is not UNSET:
            field_dict["success"] = success
        if estimated_cost is not UNSET:
            field_dict["estimatedCost"] = estimated_cost
        if custom_metrics is not UNSET:
            field_dict["customMetrics"] = custom_metrics
        if prompt_tokens is not UNSET:
            field_dict["promptTokens"] = prompt_tokens
        if completion_tokens is not UNSET:
            field_dict["completionTokens"] = completion_tokens
        if total_tokens is not UNSET:
            field_dict["totalTokens"] = total_tokens
        if user_input is not UNSET:
            field_dict["userInput"] = user_input

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        event_type = cast(Literal["session_end"], d.pop("eventType"))
        if event_type != "session_end":
            raise ValueError(
                f"eventType must match const 'session_end', got '{event_type}'"
            )

        session_id = d.pop("sessionId")

        status = check_session_end_event_status(d.pop("status"))

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

        def _parse_summary(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        summary = _parse_summary(d.pop("summary", UNSET))

        def _parse_failure_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        failure_reason = _parse_failure_reason(d.pop("failureReason", UNSET))

        assistant_output = d.pop("assistantOutput", UNSET)

        def _parse_success(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        success = _parse_success(d.pop("success", UNSET))

        def _parse_estimated_cost(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        estimated_cost = _parse_estimated_cost(d.pop("estimatedCost", UNSET))

        custom_metrics = d.pop("customMetrics", UNSET)

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

        user_input = d.pop("userInput", UNSET)

        session_end_event = cls(
            event_type=event_type,
            session_id=session_id,
            status=status,
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
            summary=summary,
            failure_reason=failure_reason,
            assistant_output=assistant_output,
            success=success,
            estimated_cost=estimated_cost,
            custom_metrics=custom_metrics,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            total_tokens=total_tokens,
            user_input=user_input,
        )

        session_end_event.additional_properties = d
        return session_end_event

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
