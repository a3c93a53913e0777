"""Clients whose waits between attempts take no time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import aiohttp
from attrs import define, field

from livechat_async import LiveChatClient
from livechat_async.http.session import SessionManager

MakeClient: TypeAlias = Callable[..., LiveChatClient]
Lend: TypeAlias = Callable[..., aiohttp.ClientSession]


@define
class Naps:
    """Waits that take no time, and their lengths."""

    seconds: list[float] = field(factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)

    def given_to(self, client: LiveChatClient) -> LiveChatClient:
        return sleeping_with(client, self)


def sleeping_with(
    client: LiveChatClient, sleep: Callable[[float], Awaitable[None]]
) -> LiveChatClient:
    manager = client._session
    client._session = SessionManager(manager.transport, manager.options, sleep=sleep)
    return client
