"""A receiver of webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Self

from aiohttp import web
from attrs import define, field


@define
class Receiver:
    """Keeps each webhook, and gives the prepared answers; 200 when none is left.

    An answer is a status, or seconds as a float: it then answers 200 after that time.
    """

    answers: list[int | float] = field(factory=list[int | float])
    bodies: list[dict[str, Any]] = field(factory=list[dict[str, Any]])
    raw: list[bytes] = field(factory=list[bytes])
    paths: list[str] = field(factory=list[str])
    headers: list[Mapping[str, str]] = field(factory=list[Mapping[str, str]])
    port: int = 0
    _runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/livechat"

    async def __aenter__(self) -> Self:
        server = web.Server(self._answer, access_log=None, handler_cancellation=True)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        self.raw.append(await request.read())
        self.bodies.append(await request.json())
        self.paths.append(request.raw_path)
        self.headers.append(request.headers.copy())
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = 200
        return web.Response(status=answer, headers={"Location": "/elsewhere"})

    def parts(self) -> list[dict[str, Any]]:
        """The bodies without what every one has."""
        envelope = ("event_type", "token", "license_id", "event_unique_id", "lc_version")
        return [
            {name: value for name, value in body.items() if name not in envelope}
            for body in self.bodies
        ]
