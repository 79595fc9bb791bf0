from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.update_session_status import (
    UpdateSessionStatus,
    check_update_session_status,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="UpdateSession")


@_attrs_define
class UpdateSession:
    """What changes, or how it ended.

    Attributes:
        status (UpdateSessionStatus | Unset): The status from now on. completed and failed are read as success and
            error.
        summary (None | str | Unset): Text.
        waiting_for (None | str | Unset): Text.
        name (None | str | Unset): A name.
        agent_name (None | str | Unset): A name.
        user_id (None | str | Unset): A name.
        metadata (Any | Unset): Whatever the caller wants to keep with it.
        tags (list[str] | None | Unset): Words to find it by.
        version (None | str | Unset): A name.
        success (bool | None | Unset): What the published clients send beside the status.
        failure_reason (None | str | Unset): Text.
        estimated_cost (float | None | Unset): US dollars. Null: not known, which is not zero.
        custom_metrics (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
        duration_ms (float | None | Unset): Milliseconds. Null: not known.
        prompt_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        completion_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        total_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        user_input (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
        assistant_output (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type,
            "length": ..., "head": ..., "tail": ...}`.
        timestamp (datetime.datetime | Unset): RFC 3339. The server takes its own time where it is missing.
    """

    status: UpdateSessionStatus | Unset = UNSET
    summary: None | str | Unset = UNSET
    waiting_for: None | str | Unset = UNSET
    name: None | str | Unset = UNSET
    agent_name: None | str | Unset = UNSET
    user_id: None | str | Unset = UNSET
    metadata: Any | Unset = UNSET
    tags: list[str] | None | Unset = UNSET
    version: None | str | Unset = UNSET
    success: bool | None | Unset = UNSET
    failure_reason: None | str | Unset = UNSET
    estimated_cost: float | None | Unset = UNSET
    custom_metrics: Any | Unset = UNSET
    duration_ms: float | None | Unset = UNSET
    prompt_tokens: int | None | Unset = UNSET
    completion_tokens: int | None | Unset = UNSET
    total_tokens: int | None | Unset = UNSET
    user_input: Any | Unset = UNSET
    assistant_output: Any | Unset = UNSET
    timestamp: datetime.datetime | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        summary: None | str | Unset
        if isinstance(self.summary, Unset):
            summary = UNSET
        else:
            summary = self.summary

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

        metadata = self.metadata

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

        success: bool | None | Unset
        if isinstance(self.success, Unset):
            success = UNSET
        else:
            success = self.success

        failure_reason: None | str | Unset
        if isinstance(self.failure_reason, Unset):
            failure_reason = UNSET
        else:
            failure_reason = self.failure_reason

        estimated_cost: float | None | Unset
        if isinstance(self.estimated_cost, Unset):
            estimated_cost = UNSET
        else:
            estimated_cost = self.estimated_cost

        custom_metrics = self.custom_metrics

        duration_ms: float | None | Unset
        if isinstance(self.duration_ms, Unset):
            duration_ms = UNSET
        else:
            duration_ms = self.duration_ms

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

        assistant_output = self.assistant_output

        timestamp: str | Unset = UNSET
        if not isinstance(self.timestamp, Unset):
            timestamp = self.timestamp.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if status is not UNSET:
            field_dict["status"] = status
        if summary is not UNSET:
            field_dict["summary"] = summary
        if waiting_for is not UNSET:
            field_dict["waitingFor"] = waiting_for
        if name is not UNSET:
            field_dict["name"] = name
        if agent_name is not UNSET:
            field_dict["agentName"] = agent_name
        if user_id is not UNSET:
            field_dict["userId"] = user_id
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if tags is not UNSET:
            field_dict["tags"] = tags
        if version is not UNSET:
            field_dict["version"] = version
        if success is not UNSET:
            field_dict["success"] = success
        if failure_reason is not UNSET:
            field_dict["failureReason"] = failure_reason
        if estimated_cost is not UNSET:
            field_dict["estimatedCost"] = estimated_cost
        if custom_metrics is not UNSET:
            field_dict["customMetrics"] = custom_metrics
        if duration_ms is not UNSET:
            field_dict["durationMs"] = duration_ms
        if prompt_tokens is not UNSET:
            field_dict["promptTokens"] = prompt_tokens
        if completion_tokens is not UNSET:
            field_dict["completionTokens"] = completion_tokens
        if total_tokens is not UNSET:
            field_dict["totalTokens"] = total_tokens
        if user_input is not UNSET:
            field_dict["userInput"] = user_input
        if assistant_output is not UNSET:
            field_dict["assistantOutput"] = assistant_output
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _status = d.pop("status", UNSET)
        status: UpdateSessionStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_update_session_status(_status)

        def _parse_summary(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        summary = _parse_summary(d.pop("summary", UNSET))

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

        metadata = d.pop("metadata", UNSET)

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

        def _parse_success(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        success = _parse_success(d.pop("success", UNSET))

        def _parse_failure_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        failure_reason = _parse_failure_reason(d.pop("failureReason", UNSET))

        def _parse_estimated_cost(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        estimated_cost = _parse_estimated_cost(d.pop("estimatedCost", UNSET))

        custom_metrics = d.pop("customMetrics", UNSET)

        def _parse_duration_ms(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        duration_ms = _parse_duration_ms(d.pop("durationMs", UNSET))

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

        assistant_output = d.pop("assistantOutput", UNSET)

        _timestamp = d.pop("timestamp", UNSET)
        timestamp: datetime.datetime | Unset
        if isinstance(_timestamp, Unset):
            timestamp = UNSET
        else:
            timestamp = datetime.datetime.fromisoformat(_timestamp)

        update_session = cls(
            status=status,
            summary=summary,
            waiting_for=waiting_for,
            name=name,
            agent_name=agent_name,
            user_id=user_id,
            metadata=metadata,
            tags=tags,
            version=version,
            success=success,
            failure_reason=failure_reason,
            estimated_cost=estimated_cost,
            custom_metrics=custom_metrics,
            duration_ms=duration_ms,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            total_tokens=total_tokens,
            user_input=user_input,
            assistant_output=assistant_output,
            timestamp=timestamp,
        )

        update_session.additional_properties = d
        return update_session

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
