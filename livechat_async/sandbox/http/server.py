"""The HTTP server: records each request, and sends its answer or a fault."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web
from attrs import define, evolve, field

from livechat_async.checks import check_count, refusal
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import HIDDEN, WireText, is_secret_name
from livechat_async.sandbox.chaos import Chaos
from livechat_async.sandbox.faults import Fault
from livechat_async.sandbox.http.access import Access
from livechat_async.sandbox.http.answers import Answer, Exchange, Stream, error
from livechat_async.sandbox.http.requests import RecordedRequest, RequestLog
from livechat_async.servers import is_from_own_page, is_from_web_page, listen, server_logger

# The first part of a control call's path.
_CONTROL = "_sandbox"
_OF_PAGE = (_CONTROL, "_window")
# The time for answers under way once the server stops; aiohttp waits this long twice.
_STOP_SECONDS = 0.05
_THAW_SECONDS = 0.02

_logger = logging.getLogger("livechat_async.sandbox")


@define(eq=False)
class Server:
    """The HTTP server: ``control`` answers what is under ``/_sandbox/``, ``api`` the rest.

    Before both, ``window`` is asked: it returns None for what is not its own. Requests of the API
    are recorded, meet faults, and wait as the ``pace`` says.
    """

    _api: Callable[[RecordedRequest], Answer]
    _control: Callable[[RecordedRequest], Answer]
    _window: Callable[[RecordedRequest], Answer | Stream | None]
    _log: RequestLog
    _faults: FaultQueue
    _pace: Pace
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
        await asyncio.gather(*self._streams, return_exceptions=True)
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
        fault = self._faults.take()
        if fault is not None:
            met.append(type(fault).__name__)
            record = evolve(record, fault=met[0])
        began, number = time.perf_counter(), self._log.add(record)
        exchange = Exchange(
            request,
            lambda: refusal or self._api(record),
            lambda answer: self._log.answered(number, answer),
        )
        try:
            await self._pace.wait()
            if fault is None:
                return exchange.whole(exchange.process())
            with suppress(ConnectionError):
                return await fault.send(exchange)
            return exchange.drop()
        finally:
            self._log.ended(number, time.perf_counter() - began)

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


@define(eq=False)
class Pace:
    """How fast the API answers: after ``latency`` seconds, and not at all while it is frozen."""

    latency: float = 0.0
    is_frozen: bool = False

    async def wait(self) -> None:
        """Wait until a request may be carried out."""
        if self.latency:
            await asyncio.sleep(self.latency)
        while self.is_frozen:  # noqa: ASYNC110 - an Event is of one thread; any may thaw this
            await asyncio.sleep(_THAW_SECONDS)


class FaultQueue:
    """The faults of the next requests: those that were added, in order, or else those of chaos."""

    def __init__(self) -> None:
        self._entries: deque[tuple[Fault, int]] = deque()
        self.chaos: Chaos | None = None

    def __iter__(self) -> Iterator[Fault]:
        return (fault for fault, times in self._entries for _ in range(times))

    @property
    def entries(self) -> list[tuple[Fault, int]]:
        """Each fault with the number of requests that will meet it."""
        return list(self._entries)

    def add(self, fault: object, times: object = 1) -> None:
        """Add a fault for ``times`` requests that have none yet."""
        if not isinstance(fault, Fault):
            raise refusal("fault", fault, "a fault is needed, as in Status(503)")
        self._entries.append((fault, check_count("times", times)))

    def take(self) -> Fault | None:
        """Remove and return the fault of the next request."""
        drawn = None if self.chaos is None else self.chaos.next_fault()
        if not self._entries:
            return drawn
        fault, times = self._entries.popleft()
        if times > 1:
            self._entries.appendleft((fault, times - 1))
        return fault

    def clear(self) -> None:
        """Remove all faults that were added."""
        self._entries.clear()


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
