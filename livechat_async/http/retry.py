"""Which failures are worth another attempt, how long to wait, and when to stop.

What is decided here is decided by functions of plain values; `call_with_retries` hands them to
tenacity.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from livechat_async.errors import (
    APIStatusError,
    CallError,
    ConnectError,
    InvalidJSONError,
    RateLimitError,
    RedirectError,
    ResponseTooLarge,
    TLSError,
    TransportError,
)
from livechat_async.http.deadline import Deadline
from livechat_async.options import RetryPolicy

__all__ = [
    "call_with_retries",
    "is_worth_repeating",
    "seconds_to_wait",
    "was_surely_not_processed",
]

T = TypeVar("T")

_NEVER_BETTER = (TLSError, ResponseTooLarge, RedirectError)
_SERVICE_UNAVAILABLE = 503
_MOST_DOUBLINGS = 60  # far beyond any backoff_max, and 2 ** 60 still is a float


def was_surely_not_processed(error: BaseException) -> bool:
    """Whether the server cannot have carried out the request that failed so."""
    if isinstance(error, (ConnectError, RateLimitError)):
        return True
    return (
        isinstance(error, APIStatusError)
        and error.status == _SERVICE_UNAVAILABLE
        and error.retry_after is not None
    )


def is_worth_repeating(error: BaseException, policy: RetryPolicy, *, read: bool) -> bool:
    """Whether another attempt may succeed, and may be made.

    Args:
        error: what the attempt raised.
        policy: the client's.
        read: whether the request is a read, which can be repeated without harm.
    """
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
    """How long to wait after attempt number ``attempt``, counted from 1, failed with ``error``."""
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
    before_wait: Callable[[CallError, float], None],
    sleep: Callable[[float], Awaitable[None]],
) -> T:
    """What ``attempt`` gives, which is repeated as the policy says.

    Args:
        attempt: makes one, within the deadline.
        policy: the client's.
        read: whether the request is a read.
        deadline: of all attempts; no wait is begun that cannot end before it.
        before_wait: told of each failure that is repeated, and of the wait.
        sleep: waits so many seconds.

    Raises:
        CallError: the latest attempt's, that is not worth repeating.
        DeadlinePassed: it did.
    """
    failures: list[CallError] = []
    try:
        return await attempt()
    except CallError as error:
        failures.append(error)

    # Only now, for tenacity takes about as long as all else that a call does here.
    from tenacity import AsyncRetrying, RetryCallState, retry_if_exception  # noqa: PLC0415

    async def next_attempt() -> T:
        if failures:
            raise failures.pop()
        return await attempt()

    def error_of(state: RetryCallState) -> BaseException | None:
        return None if state.outcome is None else state.outcome.exception()

    def wait(state: RetryCallState) -> float:
        return seconds_to_wait(error_of(state), state.attempt_number, policy)

    def stop(state: RetryCallState) -> bool:
        return state.attempt_number >= policy.attempts or state.upcoming_sleep >= deadline.left

    def tell(state: RetryCallState) -> None:
        error = error_of(state)
        if isinstance(error, CallError):
            before_wait(error, state.upcoming_sleep)

    retries = AsyncRetrying(
        retry=retry_if_exception(lambda error: is_worth_repeating(error, policy, read=read)),
        wait=wait,
        stop=stop,
        before_sleep=tell,
        sleep=sleep,
        reraise=True,
    )
    return await deadline.of(retries(next_attempt))
