"""Which addresses are called, and how often, as aioresponses sees it.

No socket is opened here, so this proves nothing of connections, bodies, timeouts or retries on the
wire: `tests/http` does. It shows that users who test with aioresponses can.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from aioresponses import aioresponses
from yarl import URL

from livechat_async import (
    AuthenticationError,
    ConnectError,
    DetailField,
    LiveChatClient,
    PersonalAccessToken,
    RequestTimeout,
    RetryPolicy,
    ServerError,
    VisitorDetails,
)

API = "https://api.livechatinc.com"
VISITORS = f"{API}/visitors"
DETAILS = VisitorDetails("my-app", [DetailField("Age", 36)])


class MockedResponse(aiohttp.ClientResponse):
    """What aioresponses answers with: it does not know of `stream_writer`, new in aiohttp 3.14."""

    def __init__(self, *args: Any, **options: Any) -> None:
        if "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters:
            options.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **options)


class Mocked(aioresponses):
    def add(self, *args: Any, **options: Any) -> None:
        options.setdefault("response_class", MockedResponse)
        super().add(*args, **options)

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Method and address of every request."""
        return [(method, str(url)) for (method, url), calls in self.requests.items() for _ in calls]

    def sent(self, method: str, url: str) -> dict[str, Any]:
        """What aiohttp was given for the one request to this address."""
        (call,) = self.requests[method, URL(url, encoded=True)]
        sent: dict[str, Any] = call.kwargs
        return sent


@pytest.fixture
def mocked() -> Iterator[Mocked]:
    with Mocked() as mocked:
        yield mocked


@pytest.fixture
async def client() -> AsyncIterator[LiveChatClient]:
    credentials = PersonalAccessToken("john", "pat")
    async with LiveChatClient(credentials, retry=RetryPolicy(backoff=0)) as client:
        yield client


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({}, ""),
        ({"state": "chatting"}, "?state=chatting"),
        ({"groups": [0, 2]}, "?group%5B%5D=0&group%5B%5D=2"),
        ({"state": "queued", "groups": [7]}, "?group%5B%5D=7&state=queued"),
    ],
)
async def test_list_calls_its_address_once(
    mocked: Mocked, client: LiveChatClient, filters: dict[str, Any], query: str
) -> None:
    mocked.get(f"{VISITORS}{query}", payload=[{"id": "S1", "state": "chatting"}])
    assert [visitor.id for visitor in await client.visitors.list(**filters)] == ["S1"]
    mocked.assert_called_once()


async def test_count_asks_for_a_count(mocked: Mocked, client: LiveChatClient) -> None:
    mocked.get(f"{VISITORS}?count=1", payload={"count": 7})
    assert await client.visitors.count() == 7
    assert mocked.calls == [("GET", f"{VISITORS}?count=1")]


@pytest.mark.parametrize(
    ("visitor_id", "segment"), [("S1.a", "S1.a"), ("a/b", "a%2Fb"), ("100%", "100%25")]
)
async def test_details_go_to_the_visitors_own_address(
    mocked: Mocked, client: LiveChatClient, visitor_id: str, segment: str
) -> None:
    mocked.post(re.compile(rf"{API}/visitors/.*/details"), payload={"result": "ok"})
    await client.visitors.add_details(visitor_id, DETAILS, license_id=7, token="t")
    assert mocked.calls == [("POST", f"{VISITORS}/{segment}/details")]


async def test_aiohttp_is_never_told_to_raise_or_to_follow_by_itself(
    mocked: Mocked, client: LiveChatClient
) -> None:
    mocked.get(VISITORS, payload=[])
    await client.visitors.list()
    sent = mocked.sent("GET", VISITORS)
    assert sent["raise_for_status"] is False
    assert sent["allow_redirects"] is False
    assert "auth" not in sent
    assert sent["headers"]["Authorization"] == "Basic am9objpwYXQ="


async def test_a_read_is_called_as_often_as_the_policy_says(
    mocked: Mocked, client: LiveChatClient
) -> None:
    mocked.get(VISITORS, status=503, repeat=True)
    with pytest.raises(ServerError) as caught:
        await client.visitors.list()
    assert caught.value.attempts == len(mocked.calls) == 4


async def test_a_read_stops_being_called_at_its_first_success(
    mocked: Mocked, client: LiveChatClient
) -> None:
    mocked.get(VISITORS, exception=aiohttp.ServerDisconnectedError())
    mocked.get(VISITORS, body="")
    mocked.get(VISITORS, payload=[])
    mocked.get(VISITORS, status=500)
    assert await client.visitors.list() == []
    assert len(mocked.calls) == 3


async def test_a_write_that_failed_is_called_once(mocked: Mocked, client: LiveChatClient) -> None:
    mocked.post(f"{VISITORS}/S1/details", status=500, repeat=True)
    with pytest.raises(ServerError):
        await client.visitors.add_details("S1", DETAILS, license_id=7, token="t")
    mocked.assert_called_once()


async def test_an_error_status_is_not_called_again(mocked: Mocked, client: LiveChatClient) -> None:
    mocked.get(VISITORS, status=401, payload={"error": "no rights"}, repeat=True)
    with pytest.raises(AuthenticationError, match="no rights"):
        await client.visitors.list()
    mocked.assert_called_once()


async def test_an_address_nobody_mocked_is_a_failed_connect(
    mocked: Mocked, client: LiveChatClient
) -> None:
    """aioresponses raises aiohttp's ClientConnectionError for it."""
    with pytest.raises(Exception, match=re.escape(VISITORS)) as caught:
        await client.visitors.list()
    assert type(caught.value).__module__ == "livechat_async.errors"
    assert len(mocked.calls) == 4


async def test_errors_of_aiohttp_become_ours(mocked: Mocked, client: LiveChatClient) -> None:
    key = Mock(host="api.livechatinc.com", port=443, ssl=True)
    refused = aiohttp.ClientConnectorError(key, ConnectionRefusedError(111, "refused"))
    mocked.post(f"{VISITORS}/S1/details", exception=refused, repeat=True)
    with pytest.raises(ConnectError):
        await client.visitors.add_details("S1", DETAILS, license_id=7, token="t")
    assert len(mocked.calls) == 4


async def test_aiohttps_own_connection_timeout_becomes_ours(
    mocked: Mocked, client: LiveChatClient
) -> None:
    mocked.get(VISITORS, exception=aiohttp.ConnectionTimeoutError("slow"), repeat=True)
    with pytest.raises(RequestTimeout) as caught:
        await client.visitors.list()
    assert (caught.value.limit, caught.value.attempts) == ("connect", 4)


async def test_a_copy_calls_the_same_api(mocked: Mocked, client: LiveChatClient) -> None:
    mocked.get(VISITORS, payload=[], repeat=True)
    await client.visitors.list()
    await client.with_options(retry=RetryPolicy.none()).visitors.list()
    assert mocked.calls == [("GET", VISITORS)] * 2
