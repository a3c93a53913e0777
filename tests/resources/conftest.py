"""A client, and a server that shows what the client sends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from wire import Wire

from livechat_async import LiveChatClient, PersonalAccessToken, RetryPolicy


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as wire:
        yield wire


@pytest.fixture
async def client(wire: Wire) -> AsyncIterator[LiveChatClient]:
    credentials = PersonalAccessToken("john.doe@example.com", "johns-token")
    async with LiveChatClient(credentials, base_url=wire.url, retry=RetryPolicy.none()) as client:
        yield client
