"""Contains all the data models used in inputs/outputs"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .batch_result import BatchResult
    from .client_report_event import ClientReportEvent
    from .create_session import CreateSession
    from .error_code import ErrorCode
    from .error_detail import ErrorDetail
    from .error_event import ErrorEvent
    from .event_page import EventPage
    from .event_receipt import EventReceipt
    from .health import Health
    from .llm_call_event import LlmCallEvent
    from .llm_decision_event import LlmDecisionEvent
    from .other_event import OtherEvent
    from .outcome_status import OutcomeStatus
    from .pii_config import PiiConfig
    from .problem import Problem
    from .rejection import Rejection
    from .session import Session
    from .session_end_event import SessionEndEvent
    from .session_end_event_status import SessionEndEventStatus
    from .session_page import SessionPage
    from .session_start_event import SessionStartEvent
    from .session_status import SessionStatus
    from .session_update_event import SessionUpdateEvent
    from .session_update_event_status import SessionUpdateEventStatus
    from .step_event import StepEvent
    from .tool_call_event import ToolCallEvent
    from .update_session import UpdateSession
    from .update_session_status import UpdateSessionStatus

_MODULES = {
    "BatchResult": ".batch_result",
    "ClientReportEvent": ".client_report_event",
    "CreateSession": ".create_session",
    "ErrorCode": ".error_code",
    "ErrorDetail": ".error_detail",
    "ErrorEvent": ".error_event",
    "EventPage": ".event_page",
    "EventReceipt": ".event_receipt",
    "Health": ".health",
    "LlmCallEvent": ".llm_call_event",
    "LlmDecisionEvent": ".llm_decision_event",
    "OtherEvent": ".other_event",
    "OutcomeStatus": ".outcome_status",
    "PiiConfig": ".pii_config",
    "Problem": ".problem",
    "Rejection": ".rejection",
    "Session": ".session",
    "SessionEndEvent": ".session_end_event",
    "SessionEndEventStatus": ".session_end_event_status",
    "SessionPage": ".session_page",
    "SessionStartEvent": ".session_start_event",
    "SessionStatus": ".session_status",
    "SessionUpdateEvent": ".session_update_event",
    "SessionUpdateEventStatus": ".session_update_event_status",
    "StepEvent": ".step_event",
    "ToolCallEvent": ".tool_call_event",
    "UpdateSession": ".update_session",
    "UpdateSessionStatus": ".update_session_status",
}

__all__ = (
    "BatchResult",
    "ClientReportEvent",
    "CreateSession",
    "ErrorCode",
    "ErrorDetail",
    "ErrorEvent",
    "EventPage",
    "EventReceipt",
    "Health",
    "LlmCallEvent",
    "LlmDecisionEvent",
    "OtherEvent",
    "OutcomeStatus",
    "PiiConfig",
    "Problem",
    "Rejection",
    "Session",
    "SessionEndEvent",
    "SessionEndEventStatus",
    "SessionPage",
    "SessionStartEvent",
    "SessionStatus",
    "SessionUpdateEvent",
    "SessionUpdateEventStatus",
    "StepEvent",
    "ToolCallEvent",
    "UpdateSession",
    "UpdateSessionStatus",
)


def __getattr__(name: str) -> Any:
    """Import a model's module when the model is asked for."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
