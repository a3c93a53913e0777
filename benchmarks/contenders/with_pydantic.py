"""An httpx client, and pydantic models."""

# ruff: noqa: D102 (`Client` and `Peer` document the methods)

from __future__ import annotations

from collections.abc import Sized

import httpx

from benchmarks.contenders.client import DETAILS
from benchmarks.contenders.with_httpx import HttpxJson
from benchmarks.pydantic_models import VISITORS, Details


class HttpxPydantic(HttpxJson):
    """An httpx client, and pydantic models of what comes and what is sent."""

    def read(self, answer: httpx.Response) -> Sized:
        return VISITORS.validate_json(answer.content)

    async def post(self, address: str) -> int:
        body = Details.model_validate(DETAILS).model_dump_json(by_alias=True, exclude_none=True)
        headers = {"Content-Type": "application/json"}
        return (await self.session.post(address, content=body, headers=headers)).status_code
