from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from livechat_async.sandbox import Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=lambda: 1_487_246_066) as running:
        yield running


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    # Without keep-alive aiohttp does not repeat a GET.
    headers = {
        "X-API-Version": "2",
        "Authorization": sandbox.credentials.authorization().reveal(),
    }
    async with aiohttp.ClientSession(
        sandbox.url, headers=headers, connector=aiohttp.TCPConnector(force_close=True)
    ) as session:
        yield session


@pytest.fixture
async def control(sandbox: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"{sandbox.url}/_sandbox/") as session:
        yield session
