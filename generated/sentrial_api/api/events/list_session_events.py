from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.event_page import EventPage
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    session_id: str,
    *,
    limit: int | Unset = 200,
    cursor: str | Unset = UNSET,
    sentrial_project: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(sentrial_project, Unset):
        headers["Sentrial-Project"] = sentrial_project

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["cursor"] = cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/sdk/sessions/{session_id}/events".format(
            session_id=quote(str(session_id), safe=""),
        ),
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> EventPage | Problem | None:
    if response.status_code == 200:
        response_200 = EventPage.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[EventPage | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    session_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 200,
    cursor: str | Unset = UNSET,
    sentrial_project: str | Unset = UNSET,
) -> Response[EventPage | Problem]:
    """List the events of a session

     In the order in which they happened: by timestamp, producer and sequence.

    Args:
        session_id (str): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
        limit (int | Unset):  Default: 200.
        cursor (str | Unset):
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EventPage | Problem]
    """

    kwargs = _get_kwargs(
        session_id=session_id,
        limit=limit,
        cursor=cursor,
        sentrial_project=sentrial_project,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    session_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 200,
    cursor: str | Unset = UNSET,
    sentrial_project: str | Unset = UNSET,
) -> EventPage | Problem | None:
    """List the events of a session

     In the order in which they happened: by timestamp, producer and sequence.

    Args:
        session_id (str): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
        limit (int | Unset):  Default: 200.
        cursor (str | Unset):
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EventPage | Problem
    """

    return sync_detailed(
        session_id=session_id,
        client=client,
        limit=limit,
        cursor=cursor,
        sentrial_project=sentrial_project,
    ).parsed


async def asyncio_detailed(
    session_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 200,
    cursor: str | Unset = UNSET,
    sentrial_project: str | Unset = UNSET,
) -> Response[EventPage | Problem]:
    """List the events of a session

     In the order in which they happened: by timestamp, producer and sequence.

    Args:
        session_id (str): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
        limit (int | Unset):  Default: 200.
        cursor (str | Unset):
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[EventPage | Problem]
    """

    kwargs = _get_kwargs(
        session_id=session_id,
        limit=limit,
        cursor=cursor,
        sentrial_project=sentrial_project,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    session_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 200,
    cursor: str | Unset = UNSET,
    sentrial_project: str | Unset = UNSET,
) -> EventPage | Problem | None:
    """List the events of a session

     In the order in which they happened: by timestamp, producer and sequence.

    Args:
        session_id (str): The session's id: `sess_` and a UUIDv7, or any id of the caller's own.
        limit (int | Unset):  Default: 200.
        cursor (str | Unset):
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        EventPage | Problem
    """

    return (
        await asyncio_detailed(
            session_id=session_id,
            client=client,
            limit=limit,
            cursor=cursor,
            sentrial_project=sentrial_project,
        )
    ).parsed
