"""An httpx client, or one of httpx2, the fork of it that is developed further."""

# ruff: noqa: D102 (`Client` and `Peer` document the methods)

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sized
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from benchmarks.contenders.client import DETAILS, HEADERS, TASKS, Peer


class HttpxJson(Peer[Any]):
    """An httpx client, and ``.json()``."""

    library = "httpx"

    async def open(self) -> None:
        httpx: Any = import_module(self.library)
        # By default it keeps 20 connections and closes the others after each call.
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
        self.session: Any = await self.resources.enter_async_context(
            httpx.AsyncClient(headers=HEADERS, limits=limits)
        )

    async def get(self, which: str) -> tuple[int, Any]:
        answer = await self.session.get(f"{self.url}/{which}/visitors")
        return answer.status_code, answer

    def read(self, answer: Any) -> Sized:
        found: Sized = answer.json()
        return found

    async def post(self, address: str) -> int:
        status: int = (await self.session.post(address, json=DETAILS)).status_code
        return status


class Httpx2Json(HttpxJson):
    """An httpx2 client, and ``.json()``."""

    library = "httpx2"


class LikeTheSdk(Peer[Any]):
    """The way of LiveChat's own SDK for Python: a blocking httpx client, its hooks, ``.json()``.

    That SDK speaks later versions of the API, so the benchmark measures its way of calling, with
    its log of answers switched off. Many calls at once run in threads.
    """

    async def open(self) -> None:
        httpx: Any = import_module("httpx")

        def log(_: object) -> None:
            return

        hooks: Mapping[str, list[Callable[..., Any]]] = {"request": [log], "response": [log]}
        self.session: Any = self.resources.enter_context(
            httpx.Client(headers=HEADERS, event_hooks=hooks, timeout=15)
        )
        self._threads = self.resources.enter_context(ThreadPoolExecutor(TASKS))

    def _get(self, which: str) -> tuple[int, Any]:
        answer = self.session.get(f"{self.url}/{which}/visitors")
        return answer.status_code, answer

    async def get(self, which: str) -> tuple[int, Any]:
        return self._get(which)

    def read(self, answer: Any) -> Sized:
        found: Sized = answer.json()
        return found

    def _get_and_read(self, which: str) -> Sized:
        return self._checked(*self._get(which))

    async def list_at_once(self, which: str) -> Sized:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._get_and_read, which)

    async def post(self, address: str) -> int:
        status: int = self.session.post(address, json=DETAILS).status_code
        return status
