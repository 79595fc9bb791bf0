from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="OtherEvent")


@_attrs_define
class OtherEvent:
    """A kind that this document does not know yet: stored as it is, so that a newer client never loses to an older server.

    Attributes:
        event_type (str): The kind of event.
        session_id (str): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
        id (str | Unset): The event's id, unique in the project for ever: `evt_` and a UUIDv7, or any id of the caller's
            own. The server makes one where it is missing.
        timestamp (datetime.datetime | Unset): RFC 3339. The server takes its own time where it is missing.
        parent_id (None | str | Unset): The id of the event this one happened in.
        producer_id (None | str | Unset): The process that recorded the event. With `sequence` it keeps the order.
        sequence (int | None | Unset): The event's number among those of its producer.
        duration_ms (float | None | Unset): Milliseconds. Null: not known.
        metadata (Any | Unset): Whatever the caller wants to keep with it.
    """

    event_type: str
    session_id: str
    id: str | Unset = UNSET
    timestamp: datetime.datetime | Unset = UNSET
    parent_id: None | str | Unset = UNSET
    producer_id: None | str | Unset = UNSET
    sequence: int | None | Unset = UNSET
    duration_ms: float | None | Unset = UNSET
    metadata: Any | Unset = UNSET
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

        duration_ms: float | None | Unset
        if isinstance(self.duration_ms, Unset):
            duration_ms = UNSET
        else:
            duration_ms = self.duration_ms

        metadata = self.metadata

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
        if duration_ms is not UNSET:
            field_dict["durationMs"] = duration_ms
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        event_type = d.pop("eventType")

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

        def _parse_duration_ms(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        duration_ms = _parse_duration_ms(d.pop("durationMs", UNSET))

        metadata = d.pop("metadata", UNSET)

        other_event = cls(
            event_type=event_type,
            session_id=session_id,
            id=id,
            timestamp=timestamp,
            parent_id=parent_id,
            producer_id=producer_id,
            sequence=sequence,
            duration_ms=duration_ms,
            metadata=metadata,
        )

        other_event.additional_properties = d
        return other_event

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
