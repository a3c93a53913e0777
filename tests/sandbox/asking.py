"""Requests to a sandbox, for tests."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import aiohttp
from yarl import URL

from livechat_async.sandbox import Sandbox


async def ask(
    http: aiohttp.ClientSession, path: str, method: str = "GET", **options: Any
) -> tuple[int, Any]:
    """The status and the JSON of an answer."""
    async with http.request(method, path, **options) as response:
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        return response.status, await response.json()


async def call(
    control: aiohttp.ClientSession, method: str, path: str, **options: Any
) -> tuple[int, Any]:
    """The status and the JSON of a control call's answer."""
    return await ask(control, path, method, **options)


async def send_bytes(sandbox: Sandbox, head: str | bytes) -> bytes:
    """All bytes of the answer to a request, until the server closes the connection."""
    url = URL(sandbox.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    with contextlib.closing(writer):
        writer.write(head if isinstance(head, bytes) else head.encode("latin-1"))
        return await reader.read()


async def chat_ids(http: aiohttp.ClientSession, query: str) -> list[str]:
    """The ids of the chats on a page."""
    status, answer = await ask(http, f"/chats?{query}")
    assert status == 200
    return [chat["id"] for chat in answer["chats"]]
