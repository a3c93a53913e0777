"""Runs one job to its end: time limit, attempts, dead-letter hook. Every engine uses it."""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from attrs import define, field, frozen
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from livechat_async.checks import count, seconds
from livechat_async.client import LiveChatClient
from livechat_async.errors import (
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConfigurationError,
    PermissionDeniedError,
    RedirectError,
    ResponseTooLarge,
    TLSError,
)
from livechat_async.redaction import printable, redact
from livechat_async.webhooks._attempt import StuckError, TimeLimit
from livechat_async.webhooks.engine import Job, Sleep
from livechat_async.webhooks.events import WebhookEvent, current_client

__all__ = [
    "Counts",
    "DeadLetterHook",
    "Handler",
    "HandlerRunner",
    "RunPolicy",
    "is_worth_another_run",
    "seconds_to_next_run",
]

Handler = Callable[[Any], Coroutine[Any, Any, object]]
DeadLetterHook = Callable[[WebhookEvent, Exception, str], Coroutine[Any, Any, object]]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

# What stays as it is until somebody changes the program, its settings or the account. NotFoundError
# is none of these: a visitor may reach one of LiveChat's machines before another.
_NEVER_BETTER = (
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConfigurationError,
    PermissionDeniedError,
    RedirectError,
    ResponseTooLarge,
    StuckError,  # the earlier run still goes on: two at once would be worse
    TLSError,
)
_MOST_DOUBLINGS = 60  # far beyond any backoff_max, and 2 ** 60 still is a float
_LONGEST_TEXT = 500


@frozen(kw_only=True)
class RunPolicy:
    """How long a handler may run, and what happens when it fails.

    The wait before attempt *n* + 1 is drawn evenly from 0 to ``backoff * 2 ** (n - 1)`` seconds,
    at most ``backoff_max`` (full jitter). Where the error has a ``retry_after``, as a
    `RateLimitError` may have, the wait is not shorter than that, but never longer than
    ``backoff_max``.

    Args:
        timeout: seconds of one run of a handler, and of the dead-letter hook.
        attempts: at most so many runs of a handler for one delivery.
        backoff: seconds; 0 for no waits.
        backoff_max: seconds.

    Raises:
        ConfigurationError: a value makes no sense.
    """

    timeout: float = field(default=30.0, validator=seconds(above_zero=True))
    attempts: int = field(default=5, validator=count())
    backoff: float = field(default=0.5, validator=seconds())
    backoff_max: float = field(default=30.0, validator=seconds())


@define
class Counts:
    """What became of the jobs of this process.

    Attributes:
        done: jobs whose handler succeeded.
        failed: attempts that failed.
        dead: jobs that were given up: failed for good, or abandoned.
        abandoned: those of them that were not run to their end, as when the receiver was closed.
    """

    done: int = 0
    failed: int = 0
    dead: int = 0
    abandoned: int = 0


def is_worth_another_run(error: BaseException) -> bool:
    """Whether the handler that raised this may succeed the next time.

    Everything is, but what stays as it is until somebody changes the program, its settings or the
    account: `ConfigurationError`, `ClientStateError`, `BadRequestError`, `AuthenticationError`,
    `PermissionDeniedError`, `TLSError`, `RedirectError` and `ResponseTooLarge`; and a handler that
    still runs because it did not heed its cancellation.
    """
    return isinstance(error, Exception) and not isinstance(error, _NEVER_BETTER)


def seconds_to_next_run(
    error: BaseException | None,
    attempt: int,
    policy: RunPolicy,
    draw: Callable[[float, float], float] = random.uniform,
) -> float:
    """How long to wait after attempt number ``attempt``, counted from 1, failed with ``error``."""
    most = policy.backoff * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS)
    seconds = draw(0.0, min(most, policy.backoff_max))
    asked = getattr(error, "retry_after", None)
    if isinstance(asked, (int, float)):
        seconds = max(seconds, min(asked, policy.backoff_max))
    return seconds


class HandlerRunner:
    """Runs jobs with the handlers it was given.

    Args:
        client: what ``event.add_details`` uses inside a handler, if it is not told another one.
        policy: time limit and attempts.
        limit: runs what is not ours.
    """

    def __init__(
        self,
        client: LiveChatClient | None,
        policy: RunPolicy,
        limit: TimeLimit | None = None,
    ) -> None:
        self.client: LiveChatClient | None = client
        self.policy: RunPolicy = policy
        self.limit: TimeLimit = TimeLimit() if limit is None else limit
        self.handlers: dict[str, Handler] = {}
        self.dead_letter_hook: DeadLetterHook | None = None
        self.counts: Counts = Counts()

    async def __call__(self, job: Job, sleep: Sleep | None = None) -> bool:
        """See `livechat_async.webhooks.engine.JobRunner`."""
        handler = self.handlers.get(job.handler)
        if handler is None:
            error: Exception | None = ConfigurationError(
                f"no handler is named {printable(job.handler)!r} here: every machine needs all the "
                "handlers"
            )
        else:
            error = await self._attempt(job, handler)
            if error is not None:
                error = await self._repeat(job, handler, error, sleep or asyncio.sleep)
        if error is None:
            self.counts.done += 1
            return True
        try:
            await self._bury(job, error)
        except asyncio.CancelledError:
            self.counts.dead -= 1  # the engine runs it again, or abandons it
            raise
        return False

    def knows(self, handler: str) -> bool:
        """See `livechat_async.webhooks.engine.JobRunner`."""
        return handler in self.handlers

    async def abandon(self, job: Job, reason: str) -> None:
        """See `livechat_async.webhooks.engine.JobRunner`."""
        self.counts.abandoned += 1
        await self._bury(job, ClientStateError(f"the job was not run to its end: {reason}"))

    async def _attempt(self, job: Job, handler: Handler) -> Exception | None:
        what = f"the handler {job.handler}"
        error = await self.limit.run(
            self._handle, handler, job.event, seconds=self.policy.timeout, what=what
        )
        if error is not None:
            self.counts.failed += 1
        return error

    async def _handle(self, handler: Handler, event: WebhookEvent) -> None:
        current_client.set(self.client)  # the task that runs this has a context of its own
        await handler(event)

    async def _repeat(
        self, job: Job, handler: Handler, first: Exception, sleep: Sleep
    ) -> Exception | None:
        """The other attempts. What was raised by the last of them, or None if it succeeded.

        The first is made without tenacity, since nearly every job needs no other.
        """
        errors = [first]

        async def attempt() -> None:
            error = errors.pop() if errors else await self._attempt(job, handler)
            if error is not None:
                raise error

        try:
            await self._retrying(job, sleep)(attempt)
        except Exception as error:  # noqa: BLE001 (the dead-letter hook's to judge)
            return error
        return None

    def _retrying(self, job: Job, sleep: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
        def wait(state: RetryCallState) -> float:
            return seconds_to_next_run(_error_of(state), state.attempt_number, self.policy)

        def tell(state: RetryCallState) -> None:
            logger.warning(
                "%s failed on %s (attempt %d of %d), again in %.2f s: %s",
                job.handler,
                printable(job.event.key),
                state.attempt_number,
                self.policy.attempts,
                state.upcoming_sleep,
                _description(_error_of(state), job.event),
            )

        return AsyncRetrying(
            retry=retry_if_exception(is_worth_another_run),
            wait=wait,
            stop=stop_after_attempt(self.policy.attempts),
            before_sleep=tell,
            sleep=sleep,
            reraise=True,
        )

    async def _bury(self, job: Job, error: Exception) -> None:
        self.counts.dead += 1
        logger.error(
            "%s gave up %s: %s%s",
            printable(job.handler),
            printable(job.event.key),
            _description(error, job.event),
            _trace(error, job.event),
        )
        hook = self.dead_letter_hook
        if hook is None:
            return
        problem = await self.limit.run(
            self._tell,
            hook,
            job,
            error,
            seconds=self.policy.timeout,
            what="the dead-letter hook",
        )
        if problem is not None:
            logger.error(
                "the dead-letter hook failed on %s of %s: %s%s",
                printable(job.event.key),
                printable(job.handler),
                _description(problem, job.event),
                _trace(problem, job.event),
            )

    async def _tell(self, hook: DeadLetterHook, job: Job, error: Exception) -> None:
        current_client.set(self.client)
        await hook(job.event, error, job.handler)


def _error_of(state: RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()


def _description(error: BaseException | None, event: WebhookEvent) -> str:
    """The error in one line, without the event's token."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 (an error of the user's that cannot even be shown)
        text = "(its text cannot be had)"
    text = printable(_without_token(text, event))
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _trace(error: Exception, event: WebhookEvent) -> str:
    """Where it was raised, for the log; nothing where no code of a handler was run."""
    if error.__traceback__ is None:
        return ""
    lines = _without_token("".join(traceback.format_exception(error)), event).splitlines()
    return "\n" + "\n".join(printable(line) for line in lines)


def _without_token(text: str, event: WebhookEvent) -> str:
    return redact(text, [] if event.token is None else [event.token])
