"""Calls over https, with a certificate that is trusted and with one that is not."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
import trustme
from aiohttp import web

from livechat_async import ConnectError, LiveChatClient, PersonalAccessToken, TLSError

JOHN = PersonalAccessToken("john.doe@example.com", "johns-token")


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def secure_url(authority: trustme.CA) -> AsyncIterator[str]:
    async def no_visitors(_: web.Request) -> web.Response:
        return web.json_response([])

    app = web.Application()
    app.router.add_get("/visitors", no_visitors)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_an_untrusted_certificate_is_an_error_that_is_not_repeated(secure_url: str):
    async with LiveChatClient(JOHN, base_url=secure_url) as client:
        with pytest.raises(TLSError, match="CA certificates") as caught:
            await client.visitors.list()
    assert isinstance(caught.value, ConnectError)
    assert caught.value.attempts == 1


async def test_a_lent_session_says_whom_to_trust(secure_url: str, authority: trustme.CA):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
        LiveChatClient(JOHN, base_url=secure_url, session=session) as client,
    ):
        assert await client.visitors.list() == []
