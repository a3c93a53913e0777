"""Bare aiohttp, and a fast JSON library."""

# ruff: noqa: D102 (`Client` and `Peer` document the methods)

from __future__ import annotations

import orjson

from benchmarks.contenders.client import DETAILS
from benchmarks.contenders.with_aiohttp import AiohttpJson


class AiohttpOrjson(AiohttpJson):
    """Bare aiohttp, and orjson, into dicts."""

    loads = staticmethod(orjson.loads)

    async def post(self, address: str) -> int:
        body = orjson.dumps(DETAILS)
        headers = {"Content-Type": "application/json"}
        async with self.session.post(address, data=body, headers=headers) as answer:
            await answer.read()
            return answer.status
