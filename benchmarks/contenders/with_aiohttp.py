"""Bare aiohttp."""

# ruff: noqa: D102 (`Client` and `Peer` document the methods)

from __future__ import annotations

import json
from collections.abc import Callable, Sized
from typing import Any

import aiohttp

from benchmarks.contenders.client import DETAILS, HEADERS, Peer


class AiohttpJson(Peer[bytes]):
    """Bare aiohttp, and the standard library's json."""

    loads: Callable[[bytes], Any] = staticmethod(json.loads)

    async def open(self) -> None:
        self.session = await self.resources.enter_async_context(
            aiohttp.ClientSession(headers=HEADERS)
        )

    async def get(self, which: str) -> tuple[int, bytes]:
        async with self.session.get(f"{self.url}/{which}/visitors") as answer:
            return answer.status, await answer.read()

    def read(self, answer: bytes) -> Sized:
        found: Sized = self.loads(answer)
        return found

    async def post(self, address: str) -> int:
        async with self.session.post(address, json=DETAILS) as answer:
            await answer.read()
            return answer.status
