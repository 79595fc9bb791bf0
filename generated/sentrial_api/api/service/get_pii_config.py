from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.pii_config import PiiConfig
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    sentrial_project: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(sentrial_project, Unset):
        headers["Sentrial-Project"] = sentrial_project

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/sdk/pii-config",
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> PiiConfig | Problem | None:
    if response.status_code == 200:
        response_200 = PiiConfig.from_dict(response.json())

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
) -> Response[PiiConfig | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    sentrial_project: str | Unset = UNSET,
) -> Response[PiiConfig | Problem]:
    """Read the project's redaction settings

     What the clients of this project should redact before they send. Null: the project has none, and a
    client that was told to redact personal data goes by rules of its own.

    Args:
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PiiConfig | Problem]
    """

    kwargs = _get_kwargs(
        sentrial_project=sentrial_project,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    sentrial_project: str | Unset = UNSET,
) -> PiiConfig | Problem | None:
    """Read the project's redaction settings

     What the clients of this project should redact before they send. Null: the project has none, and a
    client that was told to redact personal data goes by rules of its own.

    Args:
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PiiConfig | Problem
    """

    return sync_detailed(
        client=client,
        sentrial_project=sentrial_project,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    sentrial_project: str | Unset = UNSET,
) -> Response[PiiConfig | Problem]:
    """Read the project's redaction settings

     What the clients of this project should redact before they send. Null: the project has none, and a
    client that was told to redact personal data goes by rules of its own.

    Args:
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PiiConfig | Problem]
    """

    kwargs = _get_kwargs(
        sentrial_project=sentrial_project,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    sentrial_project: str | Unset = UNSET,
) -> PiiConfig | Problem | None:
    """Read the project's redaction settings

     What the clients of this project should redact before they send. Null: the project has none, and a
    client that was told to redact personal data goes by rules of its own.

    Args:
        sentrial_project (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PiiConfig | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            sentrial_project=sentrial_project,
        )
    ).parsed
