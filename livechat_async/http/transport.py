"""The only module that calls aiohttp: it sends prepared requests and reads whole answers.

A client and the copies that ``with_options`` makes share one transport, with one aiohttp session.
"""

from __future__ import annotations

import asyncio
import math
import netrc
import os
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from livechat_async.checks import check_count, check_list, refusal
from livechat_async.errors import (
    ClientStateError,
    ConfigurationError,
    ConnectError,
    ConnectionLost,
    ConnectTimeout,
    ProtocolError,
    RequestTimeout,
    ResponseTooLarge,
    TLSError,
    TransportError,
)
from livechat_async.http.request import READS, PreparedRequest, redirected
from livechat_async.http.response import RawResponse

_REDIRECTS = (301, 302, 303, 307, 308)
_SHORTEST = 0.001  # seconds; aiohttp takes 0 for no limit
_NEVER_FROM_A_SESSION = ("authorization", "cookie")
# What aiohttp says of an answer that breaks HTTP, and what we say: its words quote the answer.
_BREACHES = {
    # Only aiohttp 3.13 says this: newer ones give out what they decompress in small parts.
    "decompressed data exceeds": "a part of its compressed body expands to more than 32 MB",
    "got more than": "a header or the status line is too long",
    "too many headers": "there are too many headers",
    "content-encoding": "the body is not in the encoding that Content-Encoding names, or this is "
    "an encoding that aiohttp cannot read here",
    "deflate": "the body is not in the encoding that Content-Encoding names",
    "content-length": "Content-Length is wrong",
    "transfer-encoding": "Transfer-Encoding is wrong",
    "chunk": "the chunks of the body are malformed",
    "header": "a line of its head is malformed",
}


class Transport:
    """One aiohttp session: made here at the first call, or lent by the caller.

    A session that was lent is neither closed nor changed. ``trace_configs`` are aiohttp's own, only
    for a session made here.

    Raises:
        ConfigurationError: a session that cannot be used.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession | None,
        *,
        host: str,
        max_concurrency: int,
        trace_configs: Sequence[aiohttp.TraceConfig],
    ) -> None:
        check_count("max_concurrency", max_concurrency)
        _check_trace_configs(trace_configs)
        if session is not None:
            _check_lent(session, host, trace_configs)
        self._session = session
        self._is_lent = session is not None
        self._trace_configs = list(trace_configs)
        self._max_concurrency = max_concurrency
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closed: bool = False
        self.slots: asyncio.Semaphore = asyncio.Semaphore(max_concurrency)
        self._bodies: _Bodies = _Bodies()

    def open(self) -> aiohttp.ClientSession:
        """The session; makes it if there is none yet.

        Raises:
            ClientStateError: it is closed, or belongs to another event loop.
        """
        if self.closed:
            raise ClientStateError("this client is closed: make a new one")
        loop = asyncio.get_running_loop()
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._max_concurrency),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                trace_configs=self._trace_configs,
            )
        if self._loop is None:
            self._loop = getattr(self._session, "_loop", loop)
        if self._loop is not loop:
            raise ClientStateError(
                "the connections of this client belong to another event loop: make a client in "
                "each asyncio.run, and lend it only sessions made there"
            )
        if self._session.closed:
            raise ClientStateError(
                "the aiohttp session lent to this client is closed: keep it open while the client "
                "is in use"
            )
        return self._session

    async def close(self) -> None:
        """Close the connections, unless the session was lent. Closing twice does no harm."""
        self.closed = True
        if self._session is not None and not self._is_lent:
            self._bodies.end()
            await self._session.close()

    def __del__(self) -> None:
        session = getattr(self, "_session", None)
        if session is not None and not self._is_lent and not session.closed:
            warnings.warn(
                "a LiveChatClient was never closed: use `async with`, or await client.close()",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )

    async def exchange(
        self,
        request: PreparedRequest,
        *,
        seconds: float,
        connect: float | None,
        max_bytes: int,
        max_header: int | None = None,
    ) -> RawResponse:
        """Send the request, follow redirects, and read the whole answer, whatever its status.

        ``seconds`` limits all of that, infinity meaning no limit; ``connect`` limits the making of
        one connection; ``max_bytes`` limits the body, and ``max_header`` each header.

        Raises:
            TransportError: no whole answer came.
            ClientStateError: the session cannot be used.
        """
        clock = asyncio.get_running_loop().time
        started, left, redirects = clock(), seconds, 0
        waits = False
        if request.method not in READS:
            # The event loop learns of a pooled connection that the server has closed: one turn
            # reads its end, the next one comes back here. A read would be repeated, a write not.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        session = self.open()
        try:
            while True:
                waits = self._is_lent and _is_full(session.connector, request.url)
                raw = await _exchange_once(
                    session,
                    request,
                    _limits(left, connect, waits=waits),
                    max_bytes,
                    max_header,
                    is_lent=self._is_lent,
                    bodies=self._bodies,
                )
                if raw is None:
                    raise ResponseTooLarge(
                        method=request.method, url=request.shown_url, limit_bytes=max_bytes
                    )
                if raw.status not in _REDIRECTS or "Location" not in raw.headers:
                    return raw
                redirects += 1
                request = redirected(request, raw.status, raw.headers["Location"], redirects)
                left = max(_SHORTEST, started + seconds - clock())
                session = self.open()  # it may have been closed meanwhile
        except asyncio.CancelledError as cancelled:
            task = asyncio.current_task()
            if task is None or task.cancelling() or not session.closed:
                # Without the frames of aiohttp, which hold the URL with its query, and the answer.
                raise cancelled.with_traceback(None) from None
            # The task was not cancelled: aiohttp ends so the wait for a connection.
            failure: TransportError = ConnectionLost(
                method=request.method, url=request.shown_url, reason="the session was closed"
            )
        except (aiohttp.ClientError, OSError) as error:
            failure = _transport_error(error, request, seconds, connect)
            if isinstance(failure, ConnectionLost) and session.closed:
                failure.reason = "the session was closed"
            if isinstance(failure, RequestTimeout) and waits:
                failure.reason = failure.reason or "all connections of the lent session were in use"
        # Raised out here, it is not chained to aiohttp's errors: some of them show our headers.
        raise failure


@lru_cache(maxsize=64)
def _limits(seconds: float, connect: float | None, *, waits: bool) -> aiohttp.ClientTimeout:
    # aiohttp's `connect` counts the look-up of the host's name, and the wait for a free connection,
    # which says nothing about the server.
    return aiohttp.ClientTimeout(
        total=None if seconds == math.inf else seconds,
        connect=None if waits else connect,
        sock_connect=connect,
        ceil_threshold=math.inf,  # not rounded up to whole seconds
    )


def _is_full(connector: aiohttp.BaseConnector | None, url: URL) -> bool:
    """Whether a request has to wait for a connection. Our own session has one for each slot."""
    if connector is None:
        return False
    used = len(getattr(connector, "_acquired", ()))
    of_hosts = getattr(connector, "_acquired_per_host", {})
    here = sum(
        len(of_hosts[key]) for key in of_hosts if (key.host, key.port) == (url.host, url.port)
    )
    return 0 < connector.limit <= used or 0 < connector.limit_per_host <= here


async def _exchange_once(
    session: aiohttp.ClientSession,
    request: PreparedRequest,
    limits: aiohttp.ClientTimeout,
    max_bytes: int,
    max_header: int | None,
    *,
    is_lent: bool,
    bodies: _Bodies,
) -> RawResponse | None:
    """The answer, or None if it is too large."""
    middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = (_never_repeat,)
    if is_lent:
        ours = partial(_send_ours, request.headers)
        middlewares = (_never_repeat, *getattr(session, "_middlewares", ()), ours)
    async with session.request(
        request.method,
        request.url,
        headers=request.headers,
        data=request.body,
        allow_redirects=False,
        raise_for_status=False,
        middlewares=middlewares,
        auto_decompress=True,
        timeout=limits,
        max_line_size=max_header,
        max_field_size=max_header,
    ) as answer:
        chunks: list[bytes] = []
        size = 0
        bodies.add(answer.content)
        if is_lent:
            bodies.watch(answer.connection)
        try:
            while chunk := await answer.content.readany():
                size += len(chunk)
                if size > max_bytes:
                    answer.close()
                    return None
                chunks.append(chunk)
        finally:
            bodies.discard(answer.content)
        return RawResponse(
            status=answer.status,
            reason=answer.reason or "",
            headers=answer.headers,
            content=b"".join(chunks),
        )


class _Bodies(set[aiohttp.StreamReader]):
    """Bodies that are being read. aiohttp leaves who reads them waiting if it is closed."""

    def end(self) -> None:
        for body in self:
            body.set_exception(aiohttp.ClientPayloadError("the session was closed"))

    def watch(self, connection: Any) -> None:
        """End the body on this connection if the caller closes the session."""
        closed = getattr(getattr(connection, "protocol", None), "closed", None)
        if closed is not None:  # else the whole body is here
            closed.remove_done_callback(self._end_detached)  # an earlier call may have added it
            closed.add_done_callback(self._end_detached)

    def _end_detached(self, closed: asyncio.Future[None]) -> None:
        closed.exception()  # otherwise asyncio logs that it was never retrieved
        for body in self:
            if body.is_eof() or body.exception() is not None:
                continue
            connection = getattr(body, "_protocol", None)
            if connection is not None and not connection.connected:
                body.set_exception(aiohttp.ClientPayloadError("the session was closed"))


class _Lost(aiohttp.ClientError):
    """Wraps a failure of the connection, so that aiohttp does not repeat the request."""

    def __init__(self, error: aiohttp.ClientConnectionError) -> None:
        super().__init__()
        self.error = error


async def _never_repeat(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    # aiohttp sends a GET, PUT or DELETE a second time when its connection breaks. That would be
    # one attempt more than our policy allows, and might do a write twice.
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Lost(error) from None


async def _send_ours(
    ours: Mapping[str, str], request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    # A lent session adds the cookies of its jar, and perhaps a signature, to every request. They
    # may belong to another account.
    for name in _NEVER_FROM_A_SESSION:
        request.headers.popall(name, None)
    request.headers.update(
        {name: value for name, value in ours.items() if name.lower() in _NEVER_FROM_A_SESSION}
    )
    return await handler(request)


def _check_lent(session: Any, host: str, trace_configs: Sequence[aiohttp.TraceConfig]) -> None:
    if not isinstance(session, aiohttp.ClientSession):
        raise refusal("session", session, "an aiohttp.ClientSession is needed, or None")
    if session.closed:
        raise ConfigurationError(
            "session: the aiohttp session lent is closed already; lend an open one"
        )
    if session.auth is not None or "Authorization" in session.headers:
        raise ConfigurationError(
            "session: the aiohttp session lent signs requests itself (auth= or an Authorization "
            "header), which conflicts with this client's credentials: lend one that does not"
        )
    if session.trust_env and _is_in_netrc(host):
        raise ConfigurationError(
            "session: the aiohttp session lent obeys the netrc file (trust_env=True), which signs "
            f"requests to {host}: take the host out of the file, or lend another session"
        )
    if trace_configs:
        raise ConfigurationError(
            "trace_configs is for a session made here: give them to the session you lend"
        )


def _check_trace_configs(given: Any) -> None:
    needed = "aiohttp.TraceConfig is needed, as in [aiohttp.TraceConfig()]"
    for each in check_list("trace_configs", given, needed):
        if not isinstance(each, aiohttp.TraceConfig):
            raise refusal("trace_configs", given, f"a list of {needed}")


def _is_in_netrc(host: str) -> bool:
    path = Path(os.environ.get("NETRC") or Path.home() / ".netrc")
    try:
        return netrc.netrc(path).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def _transport_error(
    error: Exception, request: PreparedRequest, seconds: float, connect: float | None
) -> TransportError:
    if isinstance(error, _Lost):
        error = error.error
    method, url = request.method, request.shown_url
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectTimeout(method=method, url=url, seconds=connect or 0.0)
    if isinstance(error, TimeoutError) and error.errno is None:
        return RequestTimeout(method=method, url=url, limit="attempt", seconds=seconds)
    kind, reason = _kind_and_reason(error)
    return kind(method=method, url=url, reason=reason)


def _kind_and_reason(error: Exception) -> tuple[type[TransportError], str]:
    # Only messages that are known to hold no header are used.
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return TLSError, str(error)
        case aiohttp.ClientHttpProxyError():
            return ConnectError, f"the proxy answered {error.status}"
        case aiohttp.ClientConnectorError():
            return ConnectError, str(error)
        case aiohttp.ServerDisconnectedError():
            reason = "the server closed it before it answered"
        case aiohttp.ClientPayloadError() | aiohttp.ClientResponseError():
            breach = _breach(error)
            if breach:
                return ProtocolError, breach
            is_cut = isinstance(error, aiohttp.ClientPayloadError)
            reason = "the answer was cut short" if is_cut else "the answer is no HTTP"
        case OSError() if error.errno:
            reason = os.strerror(error.errno)
        case _:
            reason = "it broke"
    return ConnectionLost, reason


def _breach(error: Exception) -> str:
    """How an answer breaks HTTP, in words that quote nothing of it; "" if it is cut or no HTTP."""
    said = str(getattr(error, "message", "") or error).lower()
    for quoted in ("\n  b'", ": b'", ': b"', ": bytearray"):
        said = said.partition(quoted)[0]
    if "not enough data" in said:
        return ""
    return next((reason for words, reason in _BREACHES.items() if words in said), "")
