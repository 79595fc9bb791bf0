from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="CreateSession")


@_attrs_define
class CreateSession:
    """A session to start.

    Attributes:
        name (str): A name.
        id (str | Unset): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
        agent_name (None | str | Unset): A name.
        user_id (None | str | Unset): A name.
        metadata (Any | Unset): Whatever the caller wants to keep with it.
        tags (list[str] | None | Unset): Words to find it by.
        version (None | str | Unset): A name.
        user_input (Any | Unset): Any JSON value. What a client cut short is marked: `{"_truncated": type, "length":
            ..., "head": ..., "tail": ...}`.
        parent_session_id (None | str | Unset): A name.
        convo_id (None | str | Unset): A name.
        timestamp (datetime.datetime | Unset): RFC 3339. The server takes its own time where it is missing.
        project_id (None | str | Unset): The project, as older published clients send it. The same rule as for the
            `Sentrial-Project` header.
        branch_name (None | str | Unset): The branch of the agent's code.
    """

    name: str
    id: str | Unset = UNSET
    agent_name: None | str | Unset = UNSET
    user_id: None | str | Unset = UNSET
    metadata: Any | Unset = UNSET
    tags: list[str] | None | Unset = UNSET
    version: None | str | Unset = UNSET
    user_input: Any | Unset = UNSET
    parent_session_id: None | str | Unset = UNSET
    convo_id: None | str | Unset = UNSET
    timestamp: datetime.datetime | Unset = UNSET
    project_id: None | str | Unset = UNSET
    branch_name: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        id = self.id

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

        user_input = self.user_input

        parent_session_id: None | str | Unset
        if isinstance(self.parent_session_id, Unset):
            parent_session_id = UNSET
        else:
            parent_session_id = self.parent_session_id

        convo_id: None | str | Unset
        if isinstance(self.convo_id, Unset):
            convo_id = UNSET
        else:
            convo_id = self.convo_id

        timestamp: str | Unset = UNSET
        if not isinstance(self.timestamp, Unset):
            timestamp = self.timestamp.isoformat()

        project_id: None | str | Unset
        if isinstance(self.project_id, Unset):
            project_id = UNSET
        else:
            project_id = self.project_id

        branch_name: None | str | Unset
        if isinstance(self.branch_name, Unset):
            branch_name = UNSET
        else:
            branch_name = self.branch_name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
            }
        )
        if id is not UNSET:
            field_dict["id"] = id
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
        if user_input is not UNSET:
            field_dict["userInput"] = user_input
        if parent_session_id is not UNSET:
            field_dict["parentSessionId"] = parent_session_id
        if convo_id is not UNSET:
            field_dict["convoId"] = convo_id
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp
        if project_id is not UNSET:
            field_dict["projectId"] = project_id
        if branch_name is not UNSET:
            field_dict["branchName"] = branch_name

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        id = d.pop("id", UNSET)

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

        user_input = d.pop("userInput", UNSET)

        def _parse_parent_session_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        parent_session_id = _parse_parent_session_id(d.pop("parentSessionId", UNSET))

        def _parse_convo_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        convo_id = _parse_convo_id(d.pop("convoId", UNSET))

        _timestamp = d.pop("timestamp", UNSET)
        timestamp: datetime.datetime | Unset
        if isinstance(_timestamp, Unset):
            timestamp = UNSET
        else:
            timestamp = datetime.datetime.fromisoformat(_timestamp)

        def _parse_project_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        project_id = _parse_project_id(d.pop("projectId", UNSET))

        def _parse_branch_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        branch_name = _parse_branch_name(d.pop("branchName", UNSET))

        create_session = cls(
            name=name,
            id=id,
            agent_name=agent_name,
            user_id=user_id,
            metadata=metadata,
            tags=tags,
            version=version,
            user_input=user_input,
            parent_session_id=parent_session_id,
            convo_id=convo_id,
            timestamp=timestamp,
            project_id=project_id,
            branch_name=branch_name,
        )

        create_session.additional_properties = d
        return create_session

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
