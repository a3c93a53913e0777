"""A proxy in front of the API, through a session that is lent."""

from __future__ import annotations

import aiohttp
import pytest
from scripted_server import ScriptedServer, answer

from livechat_async import ConnectError, LiveChatClient, PersonalAccessToken, RetryPolicy

JOHN = PersonalAccessToken("john.doe@example.com", "johns-token")


async def test_a_proxy_that_refuses_is_a_failed_connection(server: ScriptedServer):
    server.script(answer(407, b"no"))
    async with (
        aiohttp.ClientSession(proxy=server.url) as session,
        LiveChatClient(
            JOHN, base_url="https://127.0.0.1:9", session=session, retry=RetryPolicy.none()
        ) as client,
    ):
        with pytest.raises(ConnectError, match="the proxy answered 407"):
            await client.visitors.list()
    assert server.requests[0].method == "CONNECT"
    assert "Authorization" not in server.requests[0].headers
