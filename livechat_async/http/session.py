"""The session manager: it signs, sends, repeats and decodes every call of every resource."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import math
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, overload

from attrs import define, evolve

from livechat_async.credentials import Credentials, CredentialsKeeper
from livechat_async.decoding.bodies import IS_STOPPED, LARGE, Reader
from livechat_async.decoding.converter import ClientConverter
from livechat_async.errors import CallError, ConfigurationError, RequestTimeout
from livechat_async.http.request import PreparedRequest, Request, RequestBuilder
from livechat_async.http.response import (
    SUCCESSES,
    RawResponse,
    Response,
    decode,
    deprecation_of,
    status_error,
)
from livechat_async.http.retry import Deadline, DeadlinePassed, call_with_retries
from livechat_async.http.transport import Transport
from livechat_async.options import ClientOptions, Limiter

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("livechat_async")

_UNAUTHORIZED = 401
_MOST_DEPRECATED = 100  # endpoints that are warned of: a program may write ids into its paths


class SessionManager:
    """Turns requests into responses, by the options of one client.

    A client and its copies share the transport. ``sleep`` waits between attempts.
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
        self.converter: ClientConverter = ClientConverter(options.timezone)
        self.credentials: CredentialsKeeper = CredentialsKeeper(options.credentials)
        self.builder: RequestBuilder = RequestBuilder(
            options.base_url, options.headers, options.region
        )
        self.deprecated: set[tuple[str, str]] = set()
        self._sleep = sleep

    def with_options(self, **changes: Any) -> SessionManager:
        """A copy with other options, on the same transport."""
        copy = SessionManager(self.transport, evolve(self.options, **changes), sleep=self._sleep)
        if "credentials" not in changes:
            copy.credentials = self.credentials
        if "timezone" not in changes:
            copy.converter = self.converter
        copy.deprecated = self.deprecated
        return copy

    @overload
    async def call(self, request: Request, read: None) -> Response[None]: ...
    @overload
    async def call(self, request: Request, read: Reader[T]) -> Response[T]: ...

    async def call(self, request: Request, read: Reader[Any] | None) -> Response[Any]:
        """Make a call. ``read`` makes a value of the body; an error of it is a `DecodeError`."""
        if request.authenticate and self.credentials.missing:
            raise ConfigurationError(
                f"{request.method} {request.path} needs credentials: pass a PersonalAccessToken "
                "or a BearerToken, or set the variables that LiveChatClient.from_env reads"
            )
        call = _Call(self, request, read, Deadline(self.options.timeouts.deadline))
        try:
            return await call_with_retries(
                call.attempt,
                self.options.retry,
                read=request.is_read,
                deadline=call.deadline,
                sleep=self._sleep,
            )
        except DeadlinePassed as passed:
            failure = call.timed_out(reason=str(passed))
        raise failure  # out here, it is chained to no other error


def _outcome(raw: RawResponse | None) -> str:
    return "no answer" if raw is None else f"{raw.status}, {len(raw.content)} bytes"


@define(eq=False, repr=False)
class _Call:
    """One call while it runs."""

    session: SessionManager
    request: Request
    read: Reader[Any] | None
    deadline: Deadline
    attempts: int = 0
    prepared: PreparedRequest | None = None
    signed_with: Credentials | None = None

    def timed_out(self, reason: str) -> RequestTimeout:
        """The error that says that the deadline has passed."""
        unprepared_url = f"{self.session.builder.root}{self.request.path}"
        return RequestTimeout(
            method=self.request.method,
            url=self.prepared.shown_url if self.prepared else unprepared_url,
            attempts=self.attempts,
            limit="deadline",
            seconds=self.session.options.timeouts.deadline or 0.0,
            reason=reason,
        )

    async def attempt(self) -> Response[Any]:
        """Sign, send, and read the answer; after a 401, repeat it with new credentials.

        Raises:
            CallError: the attempt failed.
            DeadlinePassed: there is no time left.
        """
        keeper, authenticate = self.session.credentials, self.request.authenticate
        try:
            if authenticate and keeper.at_hand is None:
                await self.deadline.run(keeper.get())
            credentials = keeper.at_hand
            prepared, raw = await self._exchange(credentials)
            if raw.status == _UNAUTHORIZED and authenticate:
                fresh = await self.deadline.run(keeper.get(refused=credentials))
                if fresh is not None:
                    prepared, raw = await self._exchange(fresh)
            if raw.status not in SUCCESSES:
                raise status_error(raw, prepared, datetime.now(UTC))
            value = None
            if self.read is not None:
                if len(raw.content) < LARGE:
                    value = decode(raw, prepared, self.read)
                else:  # in a thread: other tasks run meanwhile
                    value = await self._decode_in_thread(raw, prepared, self.read)
        except CallError as error:
            error.attempts = self.attempts
            raise
        return Response(
            value=value,
            status=raw.status,
            headers=raw.headers,
            attempts=self.attempts,
            elapsed=self.deadline.elapsed,
            content=raw.content,
        )

    async def _decode_in_thread(
        self, raw: RawResponse, prepared: PreparedRequest, read: Reader[Any]
    ) -> Any:
        stopped, context = threading.Event(), contextvars.copy_context()
        context.run(IS_STOPPED.set, stopped.is_set)
        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(None, lambda: context.run(decode, raw, prepared, read))
        try:
            return await self.deadline.run(reading)
        finally:
            stopped.set()  # at the deadline, or when cancelled: the thread ends at its next item

    async def _exchange(
        self, credentials: Credentials | None
    ) -> tuple[PreparedRequest, RawResponse]:
        session, deadline = self.session, self.deadline
        prepared = self.prepared
        if prepared is None or credentials is not self.signed_with:
            prepared = session.builder.build(self.request, credentials)
            self.prepared, self.signed_with = prepared, credentials
        slots, limiter = session.transport.slots, session.options.limiter
        await (deadline.run(slots.acquire()) if slots.locked() else slots.acquire())
        try:
            if limiter is None:
                raw = await self._send(prepared)
            else:
                raw = await deadline.run(self._send_within(limiter, prepared))
        finally:
            slots.release()
        if "Deprecation" in raw.headers or "Legacy" in raw.headers:
            self._warn(raw, prepared)
        return prepared, raw

    def _warn(self, raw: RawResponse, prepared: PreparedRequest) -> None:
        """Log once per endpoint that it is deprecated.

        It is no Python warning: a program that turns those into errors would lose the answer.
        """
        endpoint, known = (self.request.method, self.request.path), self.session.deprecated
        if endpoint not in known and len(known) < _MOST_DEPRECATED:
            known.add(endpoint)
            text, path = "LiveChat calls %s %s deprecated (%s)", prepared.redact(self.request.path)
            logger.warning(text, prepared.method, path, deprecation_of(raw, prepared))

    async def _send_within(self, limiter: Limiter, prepared: PreparedRequest) -> RawResponse:
        failure: BaseException | None = None
        async with limiter:
            try:
                return await self._send(prepared)
            except BaseException as error:
                failure = error
                raise
        # Here the limiter has swallowed the failure. It is the call's all the same.
        raise failure or ConfigurationError(
            "limiter: it ended the call without an error; its __aexit__ has to return None or False"
        )

    async def _send(self, prepared: PreparedRequest) -> RawResponse:
        options, left = self.session.options, self.deadline.left
        limit = options.timeouts.attempt or math.inf
        if left <= 0:
            raise DeadlinePassed
        self.attempts += 1
        answer: RawResponse | None = None
        try:
            raw = answer = await self.session.transport.exchange(
                prepared,
                seconds=min(limit, left),
                connect=options.timeouts.connect,
                max_bytes=options.max_response_bytes,
                max_header=options.max_header_bytes,
            )
        except RequestTimeout as error:
            if error.limit == "attempt" and left < limit:
                raise DeadlinePassed from None
            raise
        finally:
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug(
                    "%s %s: %s in %.3f s (attempt %d)",
                    prepared.method,
                    prepared.shown_url,
                    _outcome(answer),
                    left - self.deadline.left,
                    self.attempts,
                )
        return raw
