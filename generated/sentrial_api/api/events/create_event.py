from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.client_report_event import ClientReportEvent
from ...models.error_event import ErrorEvent
from ...models.event_receipt import EventReceipt
from ...models.llm_call_event import LlmCallEvent
from ...models.llm_decision_event import LlmDecisionEvent
from ...models.other_event import OtherEvent
from ...models.problem import Problem
from ...models.session_end_event import SessionEndEvent
from ...models.session_start_event import SessionStartEvent
from ...models.session_update_event import SessionUpdateEvent
from ...models.step_event import StepEvent
from ...models.tool_call_event import ToolCallEvent
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: ClientReportEvent
    | ErrorEvent
    | LlmCallEvent
    | LlmDecisionEvent
    | OtherEvent
    | SessionEndEvent
    | SessionStartEvent
    | SessionUpdateEvent
    | StepEvent
    | ToolCallEvent,
    sentrial_project: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(sentrial_project, Unset):
        headers["Sentrial-Project"] = sentrial_project

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/sdk/events",
    }

    if isinstance(body, ToolCallEvent):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, LlmCallEvent):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, LlmDecisionEvent):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, ErrorEvent):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, StepEvent):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, SessionStartEvent):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, SessionUpdateEvent):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, SessionEndEvent):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, ClientReportEvent):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> EventReceipt | Problem | None:
    if response.status_code == 200:
        response_200 = EventReceipt.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = EventReceipt.from_dict(response.json())

        return response_201

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[EventReceipt | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: ClientReportEvent
    | ErrorEvent
    | LlmCallEvent
    | LlmDecisionEvent
    | OtherEvent
    | SessionEndEvent
    | SessionStartEvent
    | SessionUpdateEvent
    | StepEvent
    | ToolCallEvent,
    sentrial_project: str | Unset = UNSET,
) -> Response[EventReceipt | Problem]:
    """Record one event

     Appends one event. The server makes the id where none is sent. The session need not be known yet.

    Args:
        sentrial_project (str | Unset):
        body (ClientReportEvent | ErrorEvent | LlmCallEvent | LlmDecisionEvent | OtherEvent |
            SessionEndEvent | SessionStartEvent | SessionUpdateEvent | StepEvent | ToolCallEvent): One
            recorded fact. The most frequent kinds stand first.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EventReceipt | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        sentrial_project=sentrial_project,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: ClientReportEvent
    | ErrorEvent
    | LlmCallEvent
    | LlmDecisionEvent
    | OtherEvent
    | SessionEndEvent
    | SessionStartEvent
    | SessionUpdateEvent
    | StepEvent
    | ToolCallEvent,
    sentrial_project: str | Unset = UNSET,
) -> EventReceipt | Problem | None:
    """Record one event

     Appends one event. The server makes the id where none is sent. The session need not be known yet.

    Args:
        sentrial_project (str | Unset):
        body (ClientReportEvent | ErrorEvent | LlmCallEvent | LlmDecisionEvent | OtherEvent |
            SessionEndEvent | SessionStartEvent | SessionUpdateEvent | StepEvent | ToolCallEvent): One
            recorded fact. The most frequent kinds stand first.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EventReceipt | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        sentrial_project=sentrial_project,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: ClientReportEvent
    | ErrorEvent
    | LlmCallEvent
    | LlmDecisionEvent
    | OtherEvent
    | SessionEndEvent
    | SessionStartEvent
    | SessionUpdateEvent
    | StepEvent
    | ToolCallEvent,
    sentrial_project: str | Unset = UNSET,
) -> Response[EventReceipt | Problem]:
    """Record one event

     Appends one event. The server makes the id where none is sent. The session need not be known yet.

    Args:
        sentrial_project (str | Unset):
        body (ClientReportEvent | ErrorEvent | LlmCallEvent | LlmDecisionEvent | OtherEvent |
            SessionEndEvent | SessionStartEvent | SessionUpdateEvent | StepEvent | ToolCallEvent): One
            recorded fact. The most frequent kinds stand first.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EventReceipt | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        sentrial_project=sentrial_project,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: ClientReportEvent
    | ErrorEvent
    | LlmCallEvent
    | LlmDecisionEvent
    | OtherEvent
    | SessionEndEvent
    | SessionStartEvent
    | SessionUpdateEvent
    | StepEvent
    | ToolCallEvent,
    sentrial_project: str | Unset = UNSET,
) -> EventReceipt | Problem | None:
    """Record one event

     Appends one event. The server makes the id where none is sent. The session need not be known yet.

    Args:
        sentrial_project (str | Unset):
        body (ClientReportEvent | ErrorEvent | LlmCallEvent | LlmDecisionEvent | OtherEvent |
            SessionEndEvent | SessionStartEvent | SessionUpdateEvent | StepEvent | ToolCallEvent): One
            recorded fact. The most frequent kinds stand first.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EventReceipt | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            sentrial_project=sentrial_project,
        )
    ).parsed
