from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.client_report_event import ClientReportEvent
    from ..models.error_event import ErrorEvent
    from ..models.llm_call_event import LlmCallEvent
    from ..models.llm_decision_event import LlmDecisionEvent
    from ..models.other_event import OtherEvent
    from ..models.session_end_event import SessionEndEvent
    from ..models.session_start_event import SessionStartEvent
    from ..models.session_update_event import SessionUpdateEvent
    from ..models.step_event import StepEvent
    from ..models.tool_call_event import ToolCallEvent


T = TypeVar("T", bound="EventPage")


@_attrs_define
class EventPage:
    """A page of events.

    Attributes:
        items (list[ClientReportEvent | ErrorEvent | LlmCallEvent | LlmDecisionEvent | OtherEvent | SessionEndEvent |
            SessionStartEvent | SessionUpdateEvent | StepEvent | ToolCallEvent]): The events, in the order in which they
            happened.
        next_cursor (None | str): Where the next page begins. Null: there is none.
    """

    items: list[
        ClientReportEvent
        | ErrorEvent
        | LlmCallEvent
        | LlmDecisionEvent
        | OtherEvent
        | SessionEndEvent
        | SessionStartEvent
        | SessionUpdateEvent
        | StepEvent
        | ToolCallEvent
    ]
    next_cursor: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.client_report_event import ClientReportEvent  # noqa: PLC0415
        from ..models.error_event import ErrorEvent  # noqa: PLC0415
        from ..models.llm_call_event import LlmCallEvent  # noqa: PLC0415
        from ..models.llm_decision_event import LlmDecisionEvent  # noqa: PLC0415
        from ..models.session_end_event import SessionEndEvent  # noqa: PLC0415
        from ..models.session_start_event import SessionStartEvent  # noqa: PLC0415
        from ..models.session_update_event import SessionUpdateEvent  # noqa: PLC0415
        from ..models.step_event import StepEvent  # noqa: PLC0415
        from ..models.tool_call_event import ToolCallEvent  # noqa: PLC0415

        items = []
        for items_item_data in self.items:
            items_item: dict[str, Any]
            if isinstance(items_item_data, ToolCallEvent):
                items_item = items_item_data.to_dict()
            elif isinstance(items_item_data, LlmCallEvent):
                items_item = items_item_data.to_dict()
            elif isinstance(items_item_data, LlmDecisionEvent):
                items_item = items_item_data.to_dict()
            elif isinstance(items_item_data, ErrorEvent):
                items_item = items_item_data.to_dict()
            elif isinstance(items_item_data, StepEvent):
                items_item = items_item_data.to_dict()
            elif isinstance(items_item_data, SessionStartEvent):
                items_item = items_item_data.to_dict()
            elif isinstance(items_item_data, SessionUpdateEvent):
                items_item = items_item_data.to_dict()
            elif isinstance(items_item_data, SessionEndEvent):
                items_item = items_item_data.to_dict()
            elif isinstance(items_item_data, ClientReportEvent):
                items_item = items_item_data.to_dict()
            else:
                items_item = items_item_data.to_dict()

            items.append(items_item)

        next_cursor: None | str
        next_cursor = self.next_cursor

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "items": items,
                "nextCursor": next_cursor,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.client_report_event import ClientReportEvent  # noqa: PLC0415
        from ..models.error_event import ErrorEvent  # noqa: PLC0415
        from ..models.llm_call_event import LlmCallEvent  # noqa: PLC0415
        from ..models.llm_decision_event import LlmDecisionEvent  # noqa: PLC0415
        from ..models.other_event import OtherEvent  # noqa: PLC0415
        from ..models.session_end_event import SessionEndEvent  # noqa: PLC0415
        from ..models.session_start_event import SessionStartEvent  # noqa: PLC0415
        from ..models.session_update_event import SessionUpdateEvent  # noqa: PLC0415
        from ..models.step_event import StepEvent  # noqa: PLC0415
        from ..models.tool_call_event import ToolCallEvent  # noqa: PLC0415

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:

            def _parse_items_item(
                data: object,
            ) -> (
                ClientReportEvent
                | ErrorEvent
                | LlmCallEvent
                | LlmDecisionEvent
                | OtherEvent
                | SessionEndEvent
                | SessionStartEvent
                | SessionUpdateEvent
                | StepEvent
                | ToolCallEvent
            ):
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_0 = ToolCallEvent.from_dict(data)

                    return componentsschemas_event_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_1 = LlmCallEvent.from_dict(data)

                    return componentsschemas_event_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_2 = LlmDecisionEvent.from_dict(data)

                    return componentsschemas_event_type_2
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_3 = ErrorEvent.from_dict(data)

                    return componentsschemas_event_type_3
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_4 = StepEvent.from_dict(data)

                    return componentsschemas_event_type_4
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_5 = SessionStartEvent.from_dict(data)

                    return componentsschemas_event_type_5
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_6 = SessionUpdateEvent.from_dict(data)

                    return componentsschemas_event_type_6
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_7 = SessionEndEvent.from_dict(data)

                    return componentsschemas_event_type_7
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_event_type_8 = ClientReportEvent.from_dict(data)

                    return componentsschemas_event_type_8
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_event_type_9 = OtherEvent.from_dict(data)

                return componentsschemas_event_type_9

            items_item = _parse_items_item(items_item_data)

            items.append(items_item)

        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("nextCursor"))

        event_page = cls(
            items=items,
            next_cursor=next_cursor,
        )

        event_page.additional_properties = d
        return event_page

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
