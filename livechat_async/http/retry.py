"""When a call is repeated, how long it waits before, and when it has to be over.

Functions of plain values decide; `call_with_retries` hands them to tenacity.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from livechat_async.errors import (
    APIStatusError,
    CallError,
    ConnectError,
    InvalidJSONError,
    ProtocolError,
    RateLimitError,
    RedirectError,
    ResponseTooLarge,
    TLSError,
    TransportError,
)
from livechat_async.options import RetryPolicy

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("livechat_async")

_NEVER_BETTER = (TLSError, ProtocolError, ResponseTooLarge, RedirectError)
_SERVICE_UNAVAILABLE = 503
_MOST_DOUBLINGS = 60  # far beyond any backoff_max, and 2 ** 60 still is a float


class DeadlinePassed(Exception):
    """A call took longer than its deadline allows. Its text is the latest failure's, if any."""


class Deadline:
    """The time by which a call has to be over: ``seconds`` from now, or never if None.

    A timer of the event loop costs a good part of the CPU time of a call, so no timer runs for the
    whole call. `run` awaits whatever may have to wait; an exchange gets what is `left` as its own
    limit.
    """

    __slots__ = ("_clock", "_ends", "_started")

    def __init__(self, seconds: float | None) -> None:
        self._clock = asyncio.get_running_loop().time
        self._started = self._clock()
        self._ends = math.inf if seconds is None else self._started + seconds

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return self._clock() - self._started

    @property
    def left(self) -> float:
        """Seconds until the deadline; zero or less once it has passed."""
        return self._ends - self._clock()

    async def run(self, work: Awaitable[T]) -> T:
        """Await it; cancel it at the deadline.

        Raises:
            DeadlinePassed: the deadline came first.
        """
        limit = asyncio.timeout_at(None if self._ends == math.inf else self._ends)
        try:
            async with limit:
                return await work
        except TimeoutError:
            if not limit.expired():
                raise
        raise DeadlinePassed


def was_surely_not_processed(error: BaseException) -> bool:
    """Whether the server cannot have carried out the request that failed with this error."""
    if isinstance(error, APIStatusError) and error.status == _SERVICE_UNAVAILABLE:
        return error.retry_after is not None
    return isinstance(error, (ConnectError, RateLimitError))


def is_worth_repeating(error: BaseException, policy: RetryPolicy, *, read: bool) -> bool:
    """Whether another attempt may succeed, and is allowed. A ``read`` is repeated without harm."""
    if isinstance(error, InvalidJSONError):
        return read  # a write that was answered with a success has been carried out
    if isinstance(error, APIStatusError):
        if error.status not in policy.statuses:
            return False
        if error.retry_after is not None and error.retry_after > policy.retry_after_max:
            return False
    elif not isinstance(error, TransportError) or isinstance(error, _NEVER_BETTER):
        return False
    return read or policy.retry_writes or was_surely_not_processed(error)


def seconds_to_wait(
    error: BaseException | None,
    attempt: int,
    policy: RetryPolicy,
    draw: Callable[[float, float], float] = random.uniform,
) -> float:
    """Seconds to wait after attempt number ``attempt``, counted from 1, failed with ``error``."""
    if isinstance(error, APIStatusError) and error.retry_after is not None:
        return error.retry_after
    most = policy.backoff * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS)
    return draw(0.0, min(most, policy.backoff_max))


async def call_with_retries(
    attempt: Callable[[], Awaitable[T]],
    policy: RetryPolicy,
    *,
    read: bool,
    deadline: Deadline,
    sleep: Callable[[float], Awaitable[None]],
) -> T:
    """Make attempts until one succeeds or the policy allows no more; return its result.

    No wait begins that cannot end before the deadline. Each is logged, with its reason.

    Raises:
        CallError: the latest attempt's, if it is not repeated.
        DeadlinePassed: the deadline came first.
    """
    failures: list[CallError] = []
    latest: object = ""
    try:
        return await attempt()
    except CallError as error:
        if not is_worth_repeating(error, policy, read=read):
            raise  # here, so that its traceback shows no frames of tenacity
        failures.append(error)

    # Imported only after a first failure: tenacity's set-up costs as much CPU as a successful call.
    from tenacity import AsyncRetrying, RetryCallState, retry_if_exception  # noqa: PLC0415

    async def next_attempt() -> T:
        if failures:
            raise failures.pop()
        return await attempt()

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return seconds_to_wait(error, state.attempt_number, policy)

    def stop(state: RetryCallState) -> bool:
        return state.attempt_number >= policy.attempts or state.upcoming_sleep >= deadline.left

    def log(state: RetryCallState) -> None:
        nonlocal latest
        latest = state.outcome.exception() if state.outcome else None
        logger.info("waiting %.2f s before the next attempt: %s", state.upcoming_sleep, latest)

    retries = AsyncRetrying(
        retry=retry_if_exception(partial(is_worth_repeating, policy=policy, read=read)),
        wait=wait,
        stop=stop,
        before_sleep=log,
        sleep=sleep,
        reraise=True,
    )
    try:
        return await deadline.run(retries(next_attempt))
    except DeadlinePassed:
        raise DeadlinePassed(str(latest)) from None
