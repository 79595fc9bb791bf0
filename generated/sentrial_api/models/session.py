from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Session")


@_attrs_define
class Session:
    """A session as its events tell it.

    Attributes:
        id (str): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
        status (str): A SessionStatus; readers take others as they come.
        created_at (datetime.datetime): RFC 3339. The server takes its own time where it is missing.
        metadata (Any): What the caller kept with it.
        event_count (int): Tool calls, model calls, decisions, errors and steps recorded so far.
        name (None | str | Unset): A name.
        ended_at (datetime.datetime | None | Unset): When it ended. Null: it has not.
        summary (None | str | Unset): Text.
        waiting_for (None | str | Unset): Text.
        agent_name (None | str | Unset): A name.
        user_id (None | str | Unset): A name.
        tags (list[str] | None | Unset): Words to find it by.
        version (None | str | Unset): A name.
        user_input (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
        tool_call_count (int | Unset): Tool calls recorded so far.
        llm_call_count (int | Unset): Model calls recorded so far.
        decision_count (int | Unset): Decisions recorded so far.
        error_count (int | Unset): Errors, and tool calls that failed, recorded so far.
        total_tokens (int | None | Unset): A count. Null: not known. Token counts are exclusive buckets.
        total_cost (float | None | Unset): US dollars, of the events whose cost is known. Null: of none.
        duration_ms (float | None | Unset): Milliseconds. Null: not known.
    """

    id: str
    status: str
    created_at: datetime.datetime
    metadata: Any
    event_count: int
    name: None | str | Unset = UNSET
    ended_at: datetime.datetime | None | Unset = UNSET
    summary: None | str | Unset = UNSET
    waiting_for: None | str | Unset = UNSET
    agent_name: None | str | Unset = UNSET
    user_id: None | str | Unset = UNSET
    tags: list[str] | None | Unset = UNSET
    version: None | str | Unset = UNSET
    user_input: Any | Unset = UNSET
    tool_call_count: int | Unset = UNSET
    llm_call_count: int | Unset = UNSET
    decision_count: int | Unset = UNSET
    error_count: int | Unset = UNSET
    total_tokens: int | None | Unset = UNSET
    total_cost: float | None | Unset = UNSET
    duration_ms: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        status = self.status

        created_at = self.created_at.isoformat()

        metadata = self.metadata

        event_count = self.event_count

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        ended_at: None | str | Unset
        if isinstance(self.ended_at, Unset):
            ended_at = UNSET
        elif isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

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

        tool_call_count = self.tool_call_count

        llm_call_count = self.llm_call_count

        decision_count = self.decision_count

        error_count = self.error_count

        total_tokens: int | None | Unset
        if isinstance(self.total_tokens, Unset):
            total_tokens = UNSET
        else:
            total_tokens = self.total_tokens

        total_cost: float | None | Unset
        if isinstance(self.total_cost, Unset):
            total_cost = UNSET
        else:
            total_cost = self.total_cost

        duration_ms: float | None | Unset
        if isinstance(self.duration_ms, Unset):
            duration_ms = UNSET
        else:
            duration_ms = self.duration_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "status": status,
                "createdAt": created_at,
                "metadata": metadata,
                "eventCount": event_count,
            }
        )
        if name is not UNSET:
            field_dict["name"] = name
        if ended_at is not UNSET:
            field_dict["endedAt"] = ended_at
        if summary is not UNSET:
            field_dict["summary"] = summary
        if waiting_for is not UNSET:
            field_dict["waitingFor"] = waiting_for
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
        if tool_call_count is not UNSET:
            field_dict["toolCallCount"] = tool_call_count
        if llm_call_count is not UNSET:
            field_dict["llmCallCount"] = llm_call_count
        if decision_count is not UNSET:
            field_dict["decisionCount"] = decision_count
        if error_count is not UNSET:
            field_dict["errorCount"] = error_count
        if total_tokens is not UNSET:
            field_dict["totalTokens"] = total_tokens
        if total_cost is not UNSET:
            field_dict["totalCost"] = total_cost
        if duration_ms is not UNSET:
            field_dict["durationMs"] = duration_ms

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        status = d.pop("status")

        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        metadata = d.pop("metadata")

        event_count = d.pop("eventCount")

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_ended_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_at_type_0 = datetime.datetime.fromisoformat(data)

                return ended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        ended_at = _parse_ended_at(d.pop("endedAt", UNSET))

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

        tool_call_count = d.pop("toolCallCount", UNSET)

        llm_call_count = d.pop("llmCallCount", UNSET)

        decision_count = d.pop("decisionCount", UNSET)

        error_count = d.pop("errorCount", UNSET)

        def _parse_total_tokens(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        total_tokens = _parse_total_tokens(d.pop("totalTokens", UNSET))

        def _parse_total_cost(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        total_cost = _parse_total_cost(d.pop("totalCost", UNSET))

        def _parse_duration_ms(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        duration_ms = _parse_duration_ms(d.pop("durationMs", UNSET))

        session = cls(
            id=id,
            status=status,
            created_at=created_at,
            metadata=metadata,
            event_count=event_count,
            name=name,
            ended_at=ended_at,
            summary=summary,
            waiting_for=waiting_for,
            agent_name=agent_name,
            user_id=user_id,
            tags=tags,
            version=version,
            user_input=user_input,
            tool_call_count=tool_call_count,
            llm_call_count=llm_call_count,
            decision_count=decision_count,
            error_count=error_count,
            total_tokens=total_tokens,
            total_cost=total_cost,
            duration_ms=duration_ms,
        )

        session.additional_properties = d
        return session

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
