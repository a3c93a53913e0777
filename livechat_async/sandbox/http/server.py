"""The HTTP server: records each request, and sends its answer or a fault."""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web
from attrs import define, field

from livechat_async.checks import check_count, refusal
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import WireText, is_secret_name
from livechat_async.sandbox.faults import Fault
from livechat_async.sandbox.http.answers import Answer, Exchange, error
from livechat_async.sandbox.http.requests import RecordedRequest, RequestLog
from livechat_async.servers import is_from_web_page, is_local_host, server_logger

__all__ = ["FaultQueue", "Server"]

# The first part of a control call's path.
_CONTROL = "_sandbox"
# The time for answers under way once the server stops; aiohttp waits this long twice.
_STOP_SECONDS = 0.05


@define(eq=False)
class Server:
    """A loopback server: ``control`` answers what is under ``/_sandbox/``, ``api`` the rest.

    Requests of the API are recorded, meet faults, and wait for the seconds of ``latency``.
    """

    _api: Callable[[RecordedRequest], Answer]
    _control: Callable[[RecordedRequest], Answer]
    _log: RequestLog
    _faults: FaultQueue
    _latency: float = 0
    _runner: web.ServerRunner | None = field(default=None, init=False)

    @property
    def is_running(self) -> bool:
        """Whether the server listens, or is about to."""
        return self._runner is not None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Start to listen, and return the address and the port; port 0 takes any free one."""
        if self._runner is not None:
            raise ConfigurationError("the sandbox runs already: start it once, or stop it first")
        server = web.Server(
            self._handle,
            # Without this, a slow answer would go on after its client has left.
            handler_cancellation=True,
            # Bodies are recorded as sent, and LiveChat documents no compression.
            auto_decompress=False,
            access_log=None,
            logger=server_logger("livechat_async.sandbox"),
        )
        self._runner = runner = web.ServerRunner(server, shutdown_timeout=_STOP_SECONDS)
        try:
            await runner.setup()
            await web.TCPSite(runner, host, port).start()
        except OSError as problem:
            await self.stop()
            why = "is in use" if problem.errno == errno.EADDRINUSE else f"cannot be had ({problem})"
            raise ConfigurationError(
                f"port {port} on {host} {why}: leave port out to get a free one"
            ) from None
        except BaseException:
            await self.stop()
            raise
        address: tuple[str, int] = runner.addresses[0][:2]
        return address

    async def stop(self) -> None:
        """Stop at once and drop what is under way; does nothing if the server does not run."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body, refusal = b"", _refuse_stranger(request)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            text = "The body is larger than 1 MiB"
            refusal = refusal or error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
        record = _record(request, body)
        if record.raw_path.split("/")[1:2] == [_CONTROL]:
            answer = refusal or self._control(record)
            return Exchange(request, lambda: answer, lambda _: None).whole(answer)
        number = self._log.add(record)
        exchange = Exchange(
            request,
            lambda: refusal or self._api(record),
            lambda status: self._log.answered(number, status),
        )
        fault = self._faults.take()
        if self._latency:
            await asyncio.sleep(self._latency)
        if fault is None:
            return exchange.whole(exchange.process())
        with suppress(ConnectionError):
            return await fault.send(exchange)
        return exchange.drop()


class FaultQueue:
    """The faults of the next requests, in order."""

    def __init__(self) -> None:
        self._entries: deque[tuple[Fault, int]] = deque()

    def __iter__(self) -> Iterator[Fault]:
        return (fault for fault, times in self._entries for _ in range(times))

    def add(self, fault: object, times: object = 1) -> None:
        """Add a fault for ``times`` requests that have none yet."""
        if not isinstance(fault, Fault):
            raise refusal("fault", fault, "a fault is needed, as in Status(503)")
        self._entries.append((fault, check_count("times", times)))

    def take(self) -> Fault | None:
        """Remove and return the fault of the next request."""
        if not self._entries:
            return None
        fault, times = self._entries.popleft()
        if times > 1:
            self._entries.appendleft((fault, times - 1))
        return fault

    def clear(self) -> None:
        """Remove all faults."""
        self._entries.clear()


def _refuse_stranger(request: web.BaseRequest) -> Answer | None:
    """403 for a web page, whether of another site or of a name that was made to lead here."""
    if is_from_web_page(request.method, request.headers):
        text = "Web pages may not use the sandbox: send no Origin header"
        return error(HTTPStatus.FORBIDDEN, text)
    hosts = request.headers.getall("Host", [])
    # A target such as http://example.com/visitors counts as well. No browser leaves Host out.
    if hosts and not all(map(is_local_host, [*hosts, request.host])):
        text = "The Host header has to name this machine, as in localhost or 127.0.0.1"
        return error(HTTPStatus.FORBIDDEN, text)
    return None


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
