"""A server that keeps each request and gives the answers that a test prepared."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web
from attrs import define, field, frozen


@frozen
class Sent:
    """A request as it arrived. A form is a list of pairs, and no body is None."""

    line: str
    body: Any
    authorized: bool


@define
class Wire:
    """Answers request *n* with answer *n*, and further requests with the last answer.

    An answer is a JSON document, or bytes that are sent as they are.
    """

    answers: list[Any] = field(factory=lambda: [b""])
    sent: list[Sent] = field(factory=list)
    url: str = ""
    _runner: web.ServerRunner = field(init=False)

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        content: Any = await request.read() or None
        if request.content_type == "application/x-www-form-urlencoded":
            content = parse_qsl(content.decode(), keep_blank_values=True, strict_parsing=True)
        elif content is not None:
            content = json.loads(content)
        line = f"{request.method} {request.raw_path}"
        self.sent.append(Sent(line, content, authorized="Authorization" in request.headers))
        answer = self.answers[min(len(self.sent), len(self.answers)) - 1]
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return web.Response(body=body, content_type="application/json")

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle))
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
