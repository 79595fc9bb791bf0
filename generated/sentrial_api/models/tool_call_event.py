from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.outcome_status import OutcomeStatus, check_outcome_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.error_detail import ErrorDetail


T = TypeVar("T", bound="ToolCallEvent")


@_attrs_define
class ToolCallEvent:
    """A tool or function the agent called, with what went in and what came out.

    Attributes:
        event_type (Literal['tool_call']): The kind of event.
        session_id (str): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
        tool_name (str): The tool's name.
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
        tool_input (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
        tool_output (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
        tool_error (ErrorDetail | None | Unset): What went wrong, if anything.
        reasoning (None | str | Unset): Text.
        status (OutcomeStatus | Unset): How it went. Missing: not known.
        estimated_cost (float | None | Unset): US dollars. Null: not known, which is not zero.
        token_count (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        state_before (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
        state_after (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
    """

    event_type: Literal["tool_call"]
    session_id: str
    tool_name: str
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
    tool_input: Any | Unset = UNSET
    tool_output: Any | Unset = UNSET
    tool_error: ErrorDetail | None | Unset = UNSET
    reasoning: None | str | Unset = UNSET
    status: OutcomeStatus | Unset = UNSET
    estimated_cost: float | None | Unset = UNSET
    token_count: int | None | Unset = UNSET
    state_before: Any | Unset = UNSET
    state_after: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.error_detail import ErrorDetail  # noqa: PLC0415

        event_type = self.event_type

        session_id = self.session_id

        tool_name = self.tool_name

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

        tool_input = self.tool_input

        tool_output = self.tool_output

        tool_error: dict[str, Any] | None | Unset
        if isinstance(self.tool_error, Unset):
            tool_error = UNSET
        elif isinstance(self.tool_error, ErrorDetail):
            tool_error = self.tool_error.to_dict()
        else:
            tool_error = self.tool_error

        reasoning: None | str | Unset
        if isinstance(self.reasoning, Unset):
            reasoning = UNSET
        else:
            reasoning = self.reasoning

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        estimated_cost: float | None | Unset
        if isinstance(self.estimated_cost, Unset):
            estimated_cost = UNSET
        else:
            estimated_cost = self.estimated_cost

        token_count: int | None | Unset
        if isinstance(self.token_count, Unset):
            token_count = UNSET
        else:
            token_count = self.token_count

        state_before = self.state_before

        state_after = self.state_after

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "eventType": event_type,
                "sessionId": session_id,
                "toolName": tool_name,
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
        if tool_input is not UNSET:
            field_dict["toolInput"] = tool_input
        if tool_output is not UNSET:
            field_dict["toolOutput"] = tool_output
        if tool_error is not UNSET:
            field_dict["toolError"] = tool_error
        if reasoning is not UNSET:
            field_dict["reasoning"] = reasoning
        if status is not UNSET:
            field_dict["status"] = status
        if estimated_cost is not UNSET:
            field_dict["estimatedCost"] = estimated_cost
        if token_count is not UNSET:
            field_dict["tokenCount"] = token_count
        if state_before is not UNSET:
            field_dict["stateBefore"] = state_before
        if state_after is not UNSET:
            field_dict["stateAfter"] = state_after

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.error_detail import ErrorDetail  # noqa: PLC0415

        d = dict(src_dict)
        event_type = cast(Literal["tool_call"], d.pop("eventType"))
        if event_type != "tool_call":
            raise ValueError(
                f"eventType must match const 'tool_call', got '{event_type}'"
            )

        session_id = d.pop("sessionId")

        tool_name = d.pop("toolName")

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

        tool_input = d.pop("toolInput", UNSET)

        tool_output = d.pop("toolOutput", UNSET)

        def _parse_tool_error(data: object) -> ErrorDetail | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                tool_error_type_0 = ErrorDetail.from_dict(data)

                return tool_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ErrorDetail | None | Unset, data)

        tool_error = _parse_tool_error(d.pop("toolError", UNSET))

        def _parse_reasoning(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reasoning = _parse_reasoning(d.pop("reasoning", UNSET))

        _status = d.pop("status", UNSET)
        status: OutcomeStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_outcome_status(_status)

        def _parse_estimated_cost(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        estimated_cost = _parse_estimated_cost(d.pop("estimatedCost", UNSET))

        def _parse_token_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        token_count = _parse_token_count(d.pop("tokenCount", UNSET))

        state_before = d.pop("stateBefore", UNSET)

        state_after = d.pop("stateAfter", UNSET)

        tool_call_event = cls(
            event_type=event_type,
            session_id=session_id,
            tool_name=tool_name,
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
            tool_input=tool_input,
            tool_output=tool_output,
            tool_error=tool_error,
            reasoning=reasoning,
            status=status,
            estimated_cost=estimated_cost,
            token_count=token_count,
            state_before=state_before,
            state_after=state_after,
        )

        tool_call_event.additional_properties = d
        return tool_call_event

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
