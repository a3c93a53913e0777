"""An httpx client."""

# ruff: noqa: D102 (`Client` and `Peer` document the methods)

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sized
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from benchmarks.contenders.client import DETAILS, HEADERS, TASKS, Peer

__all__ = ["HttpxJson", "LikeTheSdk"]


class HttpxJson(Peer[httpx.Response]):
    """An httpx client, and ``.json()``."""

    async def open(self) -> None:
        # By default it keeps 20 connections, and would make anew what it needs beyond them.
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
        self.session = await self.resources.enter_async_context(
            httpx.AsyncClient(headers=HEADERS, limits=limits)
        )

    async def get(self, which: str) -> tuple[int, httpx.Response]:
        answer = await self.session.get(f"{self.url}/{which}/visitors")
        return answer.status_code, answer

    def read(self, answer: httpx.Response) -> Sized:
        found: Sized = answer.json()
        return found

    async def post(self, address: str) -> int:
        return (await self.session.post(address, json=DETAILS)).status_code


class LikeTheSdk(Peer[httpx.Response]):
    """The way of LiveChat's own SDK for Python: a blocking httpx client, its hooks, ``.json()``.

    That SDK speaks later versions of the API, so it is its way that is measured and not itself. It
    logs each answer unless told not to; this one was told. Many calls at once are threads.
    """

    async def open(self) -> None:
        def log(_: object) -> None:
            return

        hooks: Mapping[str, list[Callable[..., Any]]] = {"request": [log], "response": [log]}
        self.session = self.resources.enter_context(
            httpx.Client(headers=HEADERS, event_hooks=hooks, timeout=15)
        )
        self._threads = self.resources.enter_context(ThreadPoolExecutor(TASKS))

    def _get(self, which: str) -> tuple[int, httpx.Response]:
        answer = self.session.get(f"{self.url}/{which}/visitors")
        return answer.status_code, answer

    async def get(self, which: str) -> tuple[int, httpx.Response]:
        return self._get(which)

    def read(self, answer: httpx.Response) -> Sized:
        found: Sized = answer.json()
        return found

    def _get_and_read(self, which: str) -> Sized:
        return self._checked(*self._get(which))

    async def list_at_once(self, which: str) -> Sized:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._get_and_read, which)

    async def post(self, address: str) -> int:
        return self.session.post(address, json=DETAILS).status_code
