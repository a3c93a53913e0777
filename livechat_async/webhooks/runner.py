"""Runs one job to its end: time limit, attempts, dead-letter hook. Every engine uses it."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import traceback
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from attrs import define, field, frozen

from livechat_async import errors
from livechat_async.checks import count, seconds
from livechat_async.client import LiveChatClient
from livechat_async.redaction import printable, redact
from livechat_async.webhooks.engine import Job, JobRunner, Outcome, Sleep, StoredJob
from livechat_async.webhooks.events import WebhookEvent, current_client
from livechat_async.webhooks.parsing import parse_webhook

Call = Callable[..., Coroutine[Any, Any, object]]
Handler = Callable[[Any], Coroutine[Any, Any, object]]
DeadLetterHook = Callable[[WebhookEvent, Exception, str], Coroutine[Any, Any, object]]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_MOST_DOUBLINGS = 60  # far beyond any backoff_max; 2 ** 60 is still a float
_LONGEST_TEXT = 500
_LONGEST_TRACE = 10_000
_LONGEST_ASKED = 3_600.0  # seconds that a ``retry_after`` may ask for
_BLOCKED = 1.0  # seconds from one ``await`` to the next that are logged


class StuckError(TimeoutError):
    """A handler did not end when it was cancelled: it goes on in the background."""


class InterruptedHandlerError(RuntimeError):
    """A handler raised KeyboardInterrupt, which is its cause."""


# NotFoundError is not one: a new visitor may reach one of LiveChat's machines before another.
_PERMANENT = (
    errors.AuthenticationError,
    errors.BadRequestError,
    errors.ClientStateError,
    errors.ConfigurationError,
    errors.PermissionDeniedError,
    errors.RedirectError,
    errors.ResponseTooLarge,
    errors.TLSError,
    InterruptedHandlerError,  # the user wants the program to stop
    StuckError,  # a second run beside the first would be worse
)


@frozen(kw_only=True)
class RunPolicy:
    """How long a handler may run, and what happens when it fails.

    The step before attempt *n* + 1 is ``backoff * 2 ** (n - 1)`` seconds, at most ``backoff_max``;
    the wait is a random time from half the step to the whole step (equal jitter). So waits never
    become shorter. With the defaults, the steps are 1, 2, 4 ... 256 and then 14 times 300 s: a
    handler is tried for 39 to 79 minutes, about an hour, and at most 5 minutes after an outage.

    If the error has a ``retry_after``, as a `RateLimitError` may have, the wait is at least that,
    but not because of it longer than an hour.

    Args:
        timeout: seconds for one run of a handler, and of the dead-letter hook.
        attempts: how often a handler runs at most for one delivery.
        backoff: the first step, in seconds; 0 for no waits.
        backoff_max: the longest step, in seconds.

    Raises:
        ConfigurationError: a value is out of range.
    """

    timeout: float = field(default=30.0, validator=seconds(above_zero=True))
    attempts: int = field(default=24, validator=count())
    backoff: float = field(default=1.0, validator=seconds())
    backoff_max: float = field(default=300.0, validator=seconds())


@define
class Counts:
    """What happened in this process so far; `ReceiverStatus` explains each."""

    done: int = 0
    failed: int = 0
    dead: int = 0
    abandoned: int = 0
    accepted: int = 0
    ignored: int = 0
    refused: int = 0
    repeats: int = 0


def is_worth_another_run(error: BaseException) -> bool:
    """Whether a handler that raised this error may succeed the next time.

    False for errors that stay until the program, its settings or the account change:
    `ConfigurationError`, `ClientStateError`, `BadRequestError`, `AuthenticationError`,
    `PermissionDeniedError`, `TLSError`, `RedirectError` and `ResponseTooLarge`; for a handler that
    raised KeyboardInterrupt; and for one that still runs because it ignored its cancellation.
    """
    return isinstance(error, Exception) and not isinstance(error, _PERMANENT)


def seconds_to_next_run(
    error: BaseException | None,
    attempt: int,
    policy: RunPolicy,
    draw: Callable[[float, float], float] = random.uniform,
) -> float:
    """How long to wait after attempt number ``attempt``, counted from 1, failed with ``error``."""
    step = min(policy.backoff * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS), policy.backoff_max)
    wait = draw(step / 2, step)
    retry_after = getattr(error, "retry_after", None)
    if isinstance(retry_after, (int, float)):
        wait = max(wait, min(retry_after, _LONGEST_ASKED))
    return wait


@types.coroutine
def _timed(call: Coroutine[Any, Any, Any], what: str) -> Generator[Any, Any, Any]:
    """Run the coroutine as ``await`` does, and log each step that blocks the event loop."""
    step: Any = call.send
    value: Any = None
    while True:
        began = time.monotonic()
        try:
            awaited = step(value)
        except StopIteration as end:
            return end.value
        finally:
            elapsed = time.monotonic() - began
            if elapsed >= _BLOCKED:
                logger.warning(
                    "%s blocked the event loop for %.1f s; use asyncio.to_thread for calls that "
                    "cannot be awaited",
                    printable(what),
                    elapsed,
                )
        try:
            value = yield awaited
        except GeneratorExit:
            call.close()
            raise
        except BaseException as error:  # noqa: BLE001 (the coroutine decides about it)
            step, value = call.throw, error
        else:
            step = call.send


class HandlerRunner:
    """Runs jobs with the registered handlers, each attempt in a task of its own.

    ``grace`` is how many seconds a cancelled handler has to end.
    """

    def __init__(
        self, client: LiveChatClient | None, policy: RunPolicy, *, grace: float = 5.0
    ) -> None:
        self.client: LiveChatClient | None = client
        self.policy: RunPolicy = policy
        self.grace: float = grace
        self.handlers: dict[str, Handler] = {}
        self.dead_letter_hook: DeadLetterHook | None = None
        self.counts: Counts = Counts()
        self.stuck: set[asyncio.Task[None]] = set()  # calls that go on after their cancellation

    async def __call__(self, job: Job, sleep: Sleep | None = None) -> bool:
        """See `livechat_async.webhooks.engine.JobRunner`."""
        number = 1
        while (outcome := await self.attempt(job, number)).wait is not None:
            await (sleep or asyncio.sleep)(outcome.wait)
            number += 1
        return outcome.succeeded

    async def attempt(self, job: Job, number: int) -> Outcome:
        """See `livechat_async.webhooks.engine.JobRunner`."""
        handler = self.handlers.get(job.handler)
        error: Exception | None = errors.ConfigurationError(
            f"no handler is named {printable(job.handler)!r} here: every machine needs all the "
            "handlers"
        )
        if handler is not None:
            error = await self._run(handler, job.event, what=f"the handler {job.handler}")
            if error is None:
                self.counts.done += 1
                return Outcome(succeeded=True)
            self.counts.failed += 1
            if number < self.policy.attempts and is_worth_another_run(error):
                wait = seconds_to_next_run(error, number, self.policy)
                progress = f"(attempt {number} of {self.policy.attempts}), again in {wait:.2f} s"
                key, problem = printable(job.event.key), _describe(error, job.event)
                logger.warning("%s failed on %s %s: %s", job.handler, key, progress, problem)
                return Outcome(succeeded=False, wait=wait, error=problem)
        assert error is not None  # noqa: S101 (a success has returned)
        try:
            await self._bury(job, error)
        except asyncio.CancelledError:
            self.counts.dead -= 1  # the engine runs it again, or abandons it
            raise
        trace = _describe(error, job.event, trace=True)[:_LONGEST_TRACE]
        return Outcome(succeeded=False, error=trace)

    def knows(self, handler: str) -> bool:
        """See `livechat_async.webhooks.engine.JobRunner`."""
        return handler in self.handlers

    async def abandon(self, job: Job, reason: str) -> None:
        """See `livechat_async.webhooks.engine.JobRunner`."""
        self.counts.abandoned += 1
        await self._bury(job, errors.ClientStateError(f"the job was not run to its end: {reason}"))

    async def _bury(self, job: Job, error: Exception) -> None:
        self.counts.dead += 1
        name, key = printable(job.handler), printable(job.event.key)
        logger.error("%s gave up %s: %s", name, key, _describe(error, job.event, trace=True))
        hook, what, problem = self.dead_letter_hook, "the dead-letter hook", None
        if hook is not None:
            problem = await self._run(hook, job.event, error, job.handler, what=what)
        if problem is not None:
            text = _describe(problem, job.event, trace=True)
            logger.error("the dead-letter hook failed on %s of %s: %s", key, name, text)
        for each in (error, problem):
            if isinstance(each, InterruptedHandlerError):
                # Out of a callback, it stops the event loop as it would have done at once.
                asyncio.get_running_loop().call_soon(_raise, each.__cause__)

    async def _run(self, call: Call, *args: Any, what: str) -> Exception | None:
        """Call a handler or the hook; None if it returns, even after its cancellation."""
        limit = self.policy.timeout
        task = asyncio.create_task(self._guarded(call, args, what), name=what)
        try:
            await asyncio.wait((task,), timeout=limit)
            is_late = not task.done()
            if is_late:
                await self._stop(task)
        except asyncio.CancelledError:
            await self._stop(task)
            raise
        if not task.done():
            return StuckError(
                f"{what} took longer than {limit:g} s and did not end when it was cancelled: it "
                "goes on in the background. Let asyncio.CancelledError through"
            )
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if isinstance(error, InterruptedHandlerError) or error is None:
            return error
        if isinstance(error, Exception) and not is_late:
            return error
        failure: Exception = RuntimeError(f"{what} raised {type(error).__name__}")
        if is_late:
            failure = TimeoutError(f"{what} took longer than {limit:g} s")
        failure.__cause__ = None if task.cancelled() else error
        return failure

    async def _guarded(self, call: Call, args: tuple[Any, ...], what: str) -> None:
        current_client.set(self.client)  # in the context of the task that runs this
        try:
            await _timed(call(*args), what)
        # Both would stop the event loop at once, and the event would be lost.
        except SystemExit as error:
            raise RuntimeError(f"{what} raised SystemExit({error.code!r})") from error
        except KeyboardInterrupt as error:  # passed on once the event is buried
            raise InterruptedHandlerError(f"{what} raised KeyboardInterrupt") from error

    async def _stop(self, task: asyncio.Task[None]) -> None:
        task.add_done_callback(_retrieve)
        task.cancel()
        try:
            await asyncio.wait((task,), timeout=self.grace)
        finally:
            if not task.done():
                self.stuck.add(task)
                task.add_done_callback(self.stuck.discard)


async def attempt_stored(
    runner: JobRunner, stored: StoredJob, reason: str, job: Job | None = None
) -> tuple[Outcome, int]:
    """Attempt a stored job, and count its attempts; ``job`` is the same if it was read already.

    It is given up if there is a reason, or if its event can no longer be read.
    """
    if job is None:
        try:
            event = parse_webhook(stored.body)
        except errors.WebhookError as error:
            problem = f"its event can no longer be read: {error}"
            logger.error("a job of %s is a dead letter: %s", printable(stored.handler), problem)  # noqa: TRY400 (the traceback may hold the event)
            return Outcome(succeeded=False, error=problem), stored.attempts
        job = Job(event, stored.handler, stored.body)
    if reason:
        await runner.abandon(job, reason)
        return Outcome(succeeded=False, error=reason), stored.attempts
    number = stored.attempts + 1
    return await runner.attempt(job, number), number


def _raise(error: BaseException | None) -> None:
    if error is not None:
        raise error


def _retrieve(task: asyncio.Task[None]) -> None:
    """Retrieve the exception: asyncio would log it otherwise, with all that it holds."""
    if not task.cancelled():
        task.exception()


def _describe(error: Exception, event: WebhookEvent, *, trace: bool = False) -> str:
    """The error in one line, and its traceback if it was raised; without the event's token."""
    secrets = [] if event.token is None else [event.token]
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 (an error class of the user's)
        text = "(its text cannot be shown)"
    text = printable(redact(text, secrets))
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}..."
    lines = [f"{type(error).__name__}: {text}" if text else type(error).__name__]
    if trace and error.__traceback__ is not None:
        traced = redact("".join(traceback.format_exception(error)), secrets)
        lines += map(printable, traced.splitlines())
    return "\n".join(lines)
