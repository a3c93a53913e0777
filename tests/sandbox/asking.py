"""Requests to a sandbox, for tests."""

from __future__ import annotations

from typing import Any

import aiohttp


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


async def chat_ids(http: aiohttp.ClientSession, query: str) -> list[str]:
    """The ids of the chats on a page."""
    status, answer = await ask(http, f"/chats?{query}")
    assert status == 200
    return [chat["id"] for chat in answer["chats"]]
