from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.session_page import SessionPage
from ...models.session_status import SessionStatus
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    status: SessionStatus | Unset = UNSET,
    agent: str | Unset = UNSET,
    user: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sentrial_project: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(sentrial_project, Unset):
        headers["Sentrial-Project"] = sentrial_project

    params: dict[str, Any] = {}

    json_status: str | Unset = UNSET
    if not isinstance(status, Unset):
        json_status = status

    params["status"] = json_status

    params["agent"] = agent

    params["user"] = user

    params["limit"] = limit

    params["cursor"] = cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/sdk/sessions",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | SessionPage | None:
    if response.status_code == 200:
        response_200 = SessionPage.from_dict(response.json())

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

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Problem | SessionPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    status: SessionStatus | Unset = UNSET,
    agent: str | Unset = UNSET,
    user: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sentrial_project: str | Unset = UNSET,
) -> Response[Problem | SessionPage]:
    """List sessions

     The sessions of the project, the newest start first, a page at a time.

    Args:
        status (SessionStatus | Unset): Where a session stands.
        agent (str | Unset):
        user (str | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SessionPage]
    """

    kwargs = _get_kwargs(
        status=status,
        agent=agent,
        user=user,
        limit=limit,
        cursor=cursor,
        sentrial_project=sentrial_project,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    status: SessionStatus | Unset = UNSET,
    agent: str | Unset = UNSET,
    user: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sentrial_project: str | Unset = UNSET,
) -> Problem | SessionPage | None:
    """List sessions

     The sessions of the project, the newest start first, a page at a time.

    Args:
        status (SessionStatus | Unset): Where a session stands.
        agent (str | Unset):
        user (str | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SessionPage
    """

    return sync_detailed(
        client=client,
        status=status,
        agent=agent,
        user=user,
        limit=limit,
        cursor=cursor,
        sentrial_project=sentrial_project,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    status: SessionStatus | Unset = UNSET,
    agent: str | Unset = UNSET,
    user: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sentrial_project: str | Unset = UNSET,
) -> Response[Problem | SessionPage]:
    """List sessions

     The sessions of the project, the newest start first, a page at a time.

    Args:
        status (SessionStatus | Unset): Where a session stands.
        agent (str | Unset):
        user (str | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SessionPage]
    """

    kwargs = _get_kwargs(
        status=status,
        agent=agent,
        user=user,
        limit=limit,
        cursor=cursor,
        sentrial_project=sentrial_project,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    status: SessionStatus | Unset = UNSET,
    agent: str | Unset = UNSET,
    user: str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: str | Unset = UNSET,
    sentrial_project: str | Unset = UNSET,
) -> Problem | SessionPage | None:
    """List sessions

     The sessions of the project, the newest start first, a page at a time.

    Args:
        status (SessionStatus | Unset): Where a session stands.
        agent (str | Unset):
        user (str | Unset):
        limit (int | Unset):  Default: 50.
        cursor (str | Unset):
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SessionPage
    """

    return (
        await asyncio_detailed(
            client=client,
            status=status,
            agent=agent,
            user=user,
            limit=limit,
            cursor=cursor,
            sentrial_project=sentrial_project,
        )
    ).parsed
