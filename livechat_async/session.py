"""The session manager: one `Request` in, one `Response` out.

It signs, sends, repeats and decodes. Every call of every resource goes through
`SessionManager.send`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar, overload

import attrs
from cattrs import Converter

from livechat_async.converter import make_converter
from livechat_async.credentials import Credentials, CredentialsKeeper
from livechat_async.decoding.reading import Reader, value_reader
from livechat_async.errors import CallError, ConfigurationError, RequestTimeout
from livechat_async.options import ClientOptions
from livechat_async.request import PreparedRequest, Request, build
from livechat_async.response import RawResponse, Response, check_status, decode
from livechat_async.retry import call_with_retries
from livechat_async.transport import Transport

__all__ = ["SessionManager"]

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("livechat_async")

_UNAUTHORIZED = 401


@attrs.define
class _Call:
    """What is known of a call while it goes on."""

    base_url: str
    path: str
    prepared: PreparedRequest | None = None
    attempts: int = 0
    last_failure: str = ""

    @property
    def shown_url(self) -> str:
        if self.prepared is None:
            return f"{self.base_url.rstrip('/')}{self.path}"
        return self.prepared.shown_url


@attrs.frozen
class _Exchange:
    """A request that was sent, what came, and the value in it."""

    prepared: PreparedRequest
    raw: RawResponse
    value: Any = attrs.field(repr=False)


class SessionManager:
    """Turns requests into responses, by the options of one client.

    Args:
        transport: shared by a client and its copies.
        options: the client's.
        sleep: waits so many seconds between attempts.
    """

    def __init__(
        self,
        transport: Transport,
        options: ClientOptions,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.transport = transport
        self.options = options
        self.converter: Converter = make_converter(options.timezone)
        self._credentials = CredentialsKeeper(options.credentials)
        self._sleep = sleep

    def with_options(self, **changes: Any) -> SessionManager:
        """A copy with other options, on the same transport."""
        copy = SessionManager(
            self.transport, attrs.evolve(self.options, **changes), sleep=self._sleep
        )
        if "credentials" not in changes:
            copy._credentials = self._credentials
        if "timezone" not in changes:
            copy.converter = self.converter
        return copy

    @overload
    async def send(self, request: Request, type_: None = None) -> Response[None]: ...
    @overload
    async def send(self, request: Request, type_: type[T]) -> Response[T]: ...
    @overload
    async def send(self, request: Request, type_: Any) -> Response[Any]: ...

    async def send(self, request: Request, type_: Any = None) -> Response[Any]:
        """Make a call. `LiveChatClient.send` documents it."""
        if type_ is None:
            return await self.call(request, None)
        return await self.call(request, value_reader(self.converter, type_))

    @overload
    async def call(self, request: Request, read: None) -> Response[None]: ...
    @overload
    async def call(self, request: Request, read: Reader[T]) -> Response[T]: ...

    async def call(self, request: Request, read: Reader[Any] | None) -> Response[Any]:
        """Make a call.

        Args:
            request: what to call.
            read: makes the value of the answer's body; None leaves the body unread. What it
                raises becomes a `DecodeError`.
        """
        timeouts, clock = self.options.timeouts, asyncio.get_running_loop().time
        if request.authenticate and self._credentials.missing:
            raise ConfigurationError(
                f"{request.method} {request.path} needs credentials: pass a PersonalAccessToken "
                "or a BearerToken, or set the variables that LiveChatClient.from_env reads"
            )
        deadline = asyncio.timeout(timeouts.deadline)
        call = _Call(str(self.options.base_url), request.path)
        started = clock()

        async def attempt() -> _Exchange:
            try:
                return await self._attempt(request, call, read)
            except CallError as error:
                error.attempts = call.attempts
                call.last_failure = str(error)
                raise

        def seconds_left() -> float:
            return (
                float("inf") if timeouts.deadline is None else started + timeouts.deadline - clock()
            )

        def before_wait(error: CallError, seconds: float) -> None:
            logger.info("waiting %.2f s before the next attempt: %s", seconds, error)

        try:
            async with deadline:
                exchange = await call_with_retries(
                    attempt,
                    self.options.retry,
                    read=request.is_read,
                    seconds_left=seconds_left,
                    before_wait=before_wait,
                    sleep=self._sleep,
                )
        except TimeoutError:
            if not deadline.expired():
                raise
        else:
            return Response(
                value=exchange.value,
                status=exchange.raw.status,
                headers=exchange.raw.headers,
                attempts=call.attempts,
                elapsed=clock() - started,
                content=exchange.raw.content,
            )
        raise RequestTimeout(
            method=request.method,
            url=call.shown_url,
            attempts=call.attempts,
            limit="deadline",
            seconds=timeouts.deadline or 0.0,
            reason=call.last_failure,
        )

    async def _attempt(self, request: Request, call: _Call, read: Reader[Any] | None) -> _Exchange:
        credentials = await self._credentials.get() if request.authenticate else None
        prepared, raw = await self._exchange(request, credentials, call)
        if raw.status == _UNAUTHORIZED and credentials is not None:
            fresh = await self._credentials.get(refused=credentials)
            if fresh is not None:
                prepared, raw = await self._exchange(request, fresh, call)
        check_status(raw, prepared, datetime.now(UTC))
        value = None if read is None else await _in_turns(decode(raw, prepared, read))
        return _Exchange(prepared, raw, value)

    async def _exchange(
        self, request: Request, credentials: Credentials | None, call: _Call
    ) -> tuple[PreparedRequest, RawResponse]:
        options, clock = self.options, asyncio.get_running_loop().time
        prepared = build(
            request,
            base_url=options.base_url,
            credentials=credentials,
            region=options.region or self._credentials.region,
            headers=options.headers,
        )
        call.prepared = prepared
        async with self.transport.slots, options.limiter or nullcontext():
            call.attempts += 1
            started = clock()
            outcome = "no answer"
            try:
                raw = await self.transport.exchange(
                    prepared, timeouts=options.timeouts, max_bytes=options.max_response_bytes
                )
                outcome = f"{raw.status}, {len(raw.content)} bytes"
            finally:
                if logger.isEnabledFor(logging.DEBUG):
                    logger.debug(
                        "%s %s: %s in %.3f s (attempt %d)",
                        prepared.method,
                        prepared.shown_url,
                        outcome,
                        clock() - started,
                        call.attempts,
                    )
        return prepared, raw


async def _in_turns(work: Generator[None, None, T]) -> T:
    """What a generator returns, while other tasks run wherever it yields."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            value: T = done.value
            return value
        await asyncio.sleep(0)
