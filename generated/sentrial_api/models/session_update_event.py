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

from ..models.session_update_event_status import (
    SessionUpdateEventStatus,
    check_session_update_event_status,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="SessionUpdateEvent")


@_attrs_define
class SessionUpdateEvent:
    """A change to a session that goes on.

    Attributes:
        event_type (Literal['session_update']): The kind of event.
        session_id (str): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
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
        status (SessionUpdateEventStatus | Unset): active: it runs; waiting: it waits for a person or another system.
        waiting_for (None | str | Unset): Text.
        name (None | str | Unset): A name.
        agent_name (None | str | Unset): A name.
        user_id (None | str | Unset): A name.
        tags (list[str] | None | Unset): Words to find it by.
        version (None | str | Unset): A name.
        user_input (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
    """

    event_type: Literal["session_update"]
    session_id: str
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
    status: SessionUpdateEventStatus | Unset = UNSET
    waiting_for: None | str | Unset = UNSET
    name: None | str | Unset = UNSET
    agent_name: None | str | Unset = UNSET
    user_id: None | str | Unset = UNSET
    tags: list[str] | None | Unset = UNSET
    version: None | str | Unset = UNSET
    user_input: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        event_type = self.event_type

        session_id = self.session_id

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

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        waiting_for: None | str | Unset
        if isinstance(self.waiting_for, Unset):
            waiting_for = UNSET
        else:
            waiting_for = self.waiting_for

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        agent_name: None | str | Unset
        if isinstance(self.agent_name, Unset):
            agent_name = UNSET
        else:
            agent_name = self.agent_name

        user_id: None | str | Unset
        if isinstance(self.user_id, Unset):
            user_id = UNSET
        else:
            user_id = self.user_id

        tags: list[str] | None | Unset
        if isinstance(self.tags, Unset):
            tags = UNSET
        elif isinstance(self.tags, list):
            tags = self.tags

        else:
            tags = self.tags

        version: None | str | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        user_input = self.user_input

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "eventType": event_type,
                "sessionId": session_id,
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
        if status is not UNSET:
            field_dict["status"] = status
        if waiting_for is not UNSET:
            field_dict["waitingFor"] = waiting_for
        if name is not UNSET:
            field_dict["name"] = name
        if agent_name is not UNSET:
            field_dict["agentName"] = agent_name
        if user_id is not UNSET:
            field_dict["userId"] = user_id
        if tags is not UNSET:
            field_dict["tags"] = tags
        if version is not UNSET:
            field_dict["version"] = version
        if user_input is not UNSET:
            field_dict["userInput"] = user_input

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        event_type = cast(Literal["session_update"], d.pop("eventType"))
        if event_type != "session_update":
            raise ValueError(
                f"eventType must match const 'session_update', got '{event_type}'"
            )

        session_id = d.pop("sessionId")

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

        _status = d.pop("status", UNSET)
        status: SessionUpdateEventStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_session_update_event_status(_status)

        def _parse_waiting_for(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        waiting_for = _parse_waiting_for(d.pop("waitingFor", UNSET))

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_agent_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        agent_name = _parse_agent_name(d.pop("agentName", UNSET))

        def _parse_user_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        user_id = _parse_user_id(d.pop("userId", UNSET))

        def _parse_tags(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                componentsschemas_tags_type_0 = cast(list[str], data)

                return componentsschemas_tags_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        tags = _parse_tags(d.pop("tags", UNSET))

        def _parse_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

        user_input = d.pop("userInput", UNSET)

        session_update_event = cls(
            event_type=event_type,
            session_id=session_id,
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
            status=status,
            waiting_for=waiting_for,
            name=name,
            agent_name=agent_name,
            user_id=user_id,
            tags=tags,
            version=version,
            user_input=user_input,
        )

        session_update_event.additional_properties = d
        return session_update_event

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
