from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.batch_result import BatchResult
from ...models.problem import Problem
from ...types import UNSET, File, Response, Unset


def _get_kwargs(
    *,
    body: File,
    sentrial_project: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(sentrial_project, Unset):
        headers["Sentrial-Project"] = sentrial_project

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/sdk/events/batch",
    }

    _kwargs["content"] = body.payload
    headers["Content-Type"] = "application/x-ndjson"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> BatchResult | Problem | None:
    if response.status_code == 200:
        response_200 = BatchResult.from_dict(response.json())

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

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[BatchResult | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: File,
    sentrial_project: str | Unset = UNSET,
) -> Response[BatchResult | Problem]:
    """Record many events

     Newline-delimited JSON: one event a line, each as `createEvent` takes it; at most 1,000 lines,
    1 MiB a line, 8 MiB in all. Empty lines are skipped, but count in `index`. Every line gets its own
    outcome: one bad event never
    spoils a batch. The answer is sent after the events are stored for good.

    Args:
        sentrial_project (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BatchResult | Problem]
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
    body: File,
    sentrial_project: str | Unset = UNSET,
) -> BatchResult | Problem | None:
    """Record many events

     Newline-delimited JSON: one event a line, each as `createEvent` takes it; at most 1,000 lines,
    1 MiB a line, 8 MiB in all. Empty lines are skipped, but count in `index`. Every line gets its own
    outcome: one bad event never
    spoils a batch. The answer is sent after the events are stored for good.

    Args:
        sentrial_project (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BatchResult | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        sentrial_project=sentrial_project,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: File,
    sentrial_project: str | Unset = UNSET,
) -> Response[BatchResult | Problem]:
    """Record many events

     Newline-delimited JSON: one event a line, each as `createEvent` takes it; at most 1,000 lines,
    1 MiB a line, 8 MiB in all. Empty lines are skipped, but count in `index`. Every line gets its own
    outcome: one bad event never
    spoils a batch. The answer is sent after the events are stored for good.

    Args:
        sentrial_project (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[BatchResult | Problem]
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
    body: File,
    sentrial_project: str | Unset = UNSET,
) -> BatchResult | Problem | None:
    """Record many events

     Newline-delimited JSON: one event a line, each as `createEvent` takes it; at most 1,000 lines,
    1 MiB a line, 8 MiB in all. Empty lines are skipped, but count in `index`. Every line gets its own
    outcome: one bad event never
    spoils a batch. The answer is sent after the events are stored for good.

    Args:
        sentrial_project (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        BatchResult | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            sentrial_project=sentrial_project,
        )
    ).parsed
