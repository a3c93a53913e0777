"""The HTTP server: records each request, and sends its answer or a fault."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web
from attrs import define, evolve, field

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import HIDDEN, WireText, is_secret_name
from livechat_async.sandbox.http.access import Access
from livechat_async.sandbox.http.answers import Answer, Exchange, Stream, error
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.state.account import Account
from livechat_async.servers import is_from_own_page, is_from_web_page, listen, server_logger

# The first part of a control call's path.
_CONTROL = "_sandbox"
_OF_PAGE = (_CONTROL, "_window")
# The time for answers under way once the server stops; aiohttp waits this long twice.
_STOP_SECONDS = 0.05

_logger = logging.getLogger("livechat_async.sandbox")


@define(eq=False)
class Server:
    """The HTTP server: ``control`` answers what is under ``/_sandbox/``, ``api`` the rest.

    Before both, ``window`` is asked: it returns None for what is not its own. Requests of the API
    are recorded, meet the faults of the account, and wait as its ``pace`` says.
    """

    _api: Callable[[RecordedRequest], Answer]
    _control: Callable[[RecordedRequest], Answer]
    _window: Callable[[RecordedRequest], Answer | Stream | None]
    _account: Account
    _access: Access
    _runner: web.ServerRunner | None = field(default=None, init=False)
    _streams: set[asyncio.Task[Any]] = field(factory=set[asyncio.Task[Any]], init=False)

    @property
    def is_running(self) -> bool:
        """Whether the server listens, or is about to."""
        return self._runner is not None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Start to listen, and return the address and the port; port 0 takes any free one."""
        if self._runner is not None:
            raise ConfigurationError("the sandbox runs already: start it once, or stop it first")
        server = web.Server(
            self._handle_and_log,
            # Without this, a slow answer would go on after its client has left.
            handler_cancellation=True,
            # Bodies are recorded as sent, and LiveChat documents no compression.
            auto_decompress=False,
            access_log=None,
            logger=server_logger(_logger.name),
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=_STOP_SECONDS)
        try:
            return await listen(self._runner, host, port, "leave port out to get a free one")
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop at once and drop what is under way; does nothing if the server does not run."""
        runner, self._runner = self._runner, None
        for task in self._streams:  # they would go on for as long as aiohttp waits
            task.cancel()
        try:
            await asyncio.gather(*self._streams, return_exceptions=True)
        finally:
            if runner is not None:
                await runner.cleanup()

    async def _handle_and_log(self, request: web.BaseRequest) -> web.StreamResponse:
        began, status, met = time.perf_counter(), "unfinished", list[str]()
        try:
            response = await self._handle(request, met)
            if request.transport is not None and not request.transport.is_closing():
                status = str(response.status)
            return response
        finally:
            if _logger.isEnabledFor(logging.INFO):
                took = (time.perf_counter() - began) * 1000
                because = f" ({met[0]})" if met else ""
                shown = self._access.show(_shown_target(request))
                _logger.info("%s %s %s %.0f ms%s", request.method, shown, status, took, because)

    async def _handle(self, request: web.BaseRequest, met: list[str]) -> web.StreamResponse:
        body, refusal = b"", _refuse_stranger(request, self._access)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            text = "The body is larger than 1 MiB"
            refusal = refusal or error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
        record = _record(request, body)
        shown = None if refusal else self._window(record)
        if isinstance(shown, Stream):
            return await self._send_stream(request, shown)
        if shown is not None or _first_part(request) == _CONTROL:
            answer = refusal or shown or self._control(record)
            return Exchange(request, lambda: answer, lambda _: None).whole(answer)
        log, fault = self._account.requests, self._account.faults.take()
        if fault is not None:
            met.append(type(fault).__name__)
            record = evolve(record, fault=met[0])
        began, number = time.perf_counter(), log.add(record)
        exchange = Exchange(
            request,
            lambda: refusal or self._api(record),
            lambda answer: log.answered(number, answer),
        )
        try:
            await self._account.pace.wait()
            if fault is None:
                return exchange.whole(exchange.process())
            with suppress(ConnectionError):
                return await fault.send(exchange)
            return exchange.drop()
        finally:
            log.ended(number, time.perf_counter() - began)

    async def _send_stream(self, request: web.BaseRequest, stream: Stream) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream", **stream.headers}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        if task := asyncio.current_task():
            self._streams.add(task)
            task.add_done_callback(self._streams.discard)
        # aiohttp cancels this when the client leaves; a write may notice it first.
        async with aclosing(stream.parts) as parts:
            with suppress(ConnectionError):
                async for part in parts:
                    await response.write(part)
        return response


def _refuse_stranger(request: web.BaseRequest, access: Access) -> Answer | None:
    """403 for a web page, whether of another site or of a name that was made to lead here.

    401 for a control call without the token that it needs. Only the sandbox's own page may use its
    controls, and load its files.
    """
    is_own = _first_part(request) in _OF_PAGE and is_from_own_page(request.headers)
    if is_from_web_page(request.method, request.headers) and not is_own:
        text = "Web pages may not use the sandbox: send no Origin header"
        return error(HTTPStatus.FORBIDDEN, text)
    hosts = request.headers.getall("Host", [])
    # A target such as http://example.com/visitors counts as well. No browser leaves Host out.
    refusal = access.refuse_host([*hosts, request.host]) if hosts else None
    if refusal is None and _first_part(request) == _CONTROL:
        refusal = access.refuse_control(request.headers.get("Authorization", ""))
    return refusal


def _shown_target(request: web.BaseRequest) -> str:
    """The path and the query as sent, without what stands under a secret's name."""
    target, mark, query = request.raw_path.partition("?")
    return f"{target}{mark}{'&'.join(map(_shown_pair, query.split('&')))}"


def _shown_pair(pair: str) -> str:
    name, sign, value = pair.partition("=")
    is_secret = is_secret_name(unquote_plus(name).partition("[")[0])
    return f"{name}{sign}{HIDDEN if value and is_secret else value}"


def _first_part(request: web.BaseRequest) -> str:
    """The first part of the path; "" for ``/``."""
    return request.rel_url.raw_path.removeprefix("/").partition("/")[0]


def _record(request: web.BaseRequest, body: bytes) -> RecordedRequest:
    headers = request.headers.copy()
    for name in list(headers):
        if is_secret_name(name):
            headers[name] = WireText(headers[name])
    return RecordedRequest(
        method=request.method,
        raw_path=request.rel_url.raw_path,
        raw_query=request.rel_url.raw_query_string,
        headers=headers,
        body=body,
        received_at=datetime.now(UTC),
    )
