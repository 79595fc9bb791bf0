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

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.error_detail import ErrorDetail


T = TypeVar("T", bound="ErrorEvent")


@_attrs_define
class ErrorEvent:
    """Something that went wrong, whether or not the agent recovered from it.

    Attributes:
        event_type (Literal['error']): The kind of event.
        session_id (str): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
        tool_error (ErrorDetail): What went wrong.
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
        tool_name (None | str | Unset): A name.
        recoverable (bool | None | Unset): Whether the agent could go on. Null: not known.
        recovery_action (None | str | Unset): Text.
        state_before (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
        state_after (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
    """

    event_type: Literal["error"]
    session_id: str
    tool_error: ErrorDetail
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
    tool_name: None | str | Unset = UNSET
    recoverable: bool | None | Unset = UNSET
    recovery_action: None | str | Unset = UNSET
    state_before: Any | Unset = UNSET
    state_after: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        event_type = self.event_type

        session_id = self.session_id

        tool_error = self.tool_error.to_dict()

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

        tool_name: None | str | Unset
        if isinstance(self.tool_name, Unset):
            tool_name = UNSET
        else:
            tool_name = self.tool_name

        recoverable: bool | None | Unset
        if isinstance(self.recoverable, Unset):
            recoverable = UNSET
        else:
            recoverable = self.recoverable

        recovery_action: None | str | Unset
        if isinstance(self.recovery_action, Unset):
            recovery_action = UNSET
        else:
            recovery_action = self.recovery_action

        state_before = self.state_before

        state_after = self.state_after

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "eventType": event_type,
                "sessionId": session_id,
                "toolError": tool_error,
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
        if tool_name is not UNSET:
            field_dict["toolName"] = tool_name
        if recoverable is not UNSET:
            field_dict["recoverable"] = recoverable
        if recovery_action is not UNSET:
            field_dict["recoveryAction"] = recovery_action
        if state_before is not UNSET:
            field_dict["stateBefore"] = state_before
        if state_after is not UNSET:
            field_dict["stateAfter"] = state_after

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.error_detail import ErrorDetail  # noqa: PLC0415

        d = dict(src_dict)
        event_type = cast(Literal["error"], d.pop("eventType"))
        if event_type != "error":
            raise ValueError(f"eventType must match const 'error', got '{event_type}'")

        session_id = d.pop("sessionId")

        tool_error = ErrorDetail.from_dict(d.pop("toolError"))

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

        def _parse_tool_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        tool_name = _parse_tool_name(d.pop("toolName", UNSET))

        def _parse_recoverable(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        recoverable = _parse_recoverable(d.pop("recoverable", UNSET))

        def _parse_recovery_action(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        recovery_action = _parse_recovery_action(d.pop("recoveryAction", UNSET))

        state_before = d.pop("stateBefore", UNSET)

        state_after = d.pop("stateAfter", UNSET)

        error_event = cls(
            event_type=event_type,
            session_id=session_id,
            tool_error=tool_error,
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
            tool_name=tool_name,
            recoverable=recoverable,
            recovery_action=recovery_action,
            state_before=state_before,
            state_after=state_after,
        )

        error_event.additional_properties = d
        return error_event

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
