"""The worker's side: runs a job that came from Redis, and records its outcome there."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any
from uuid import uuid4

from livechat_async.errors import ConfigurationError, WebhookError
from livechat_async.redaction import Secret, printable
from livechat_async.webhooks.engine import Job, JobRunner
from livechat_async.webhooks.taskiq.connection import REDIS_UNAVAILABLE, RedisUrl, reason_of
from livechat_async.webhooks.taskiq.ledger import Outcome, RedisLedger
from livechat_async.webhooks.taskiq.messages import decode_event

__all__ = ["JobWorker"]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_LEAVE_SECONDS = 4.0  # taskiq allows 5
_SAFE = 0.9  # of the lease: clocks do not run at exactly the same rate


class JobWorker:
    """Runs jobs, each under a lock in Redis that is renewed meanwhile."""

    def __init__(
        self, ledger: RedisLedger, url: RedisUrl, remember: float, max_starts: int
    ) -> None:
        self._ledger = ledger
        self._url = url
        self._remember = remember
        self._max_starts = max_starts
        self.runner: JobRunner | None = None
        self.runs: set[asyncio.Task[bool | None]] = set()
        self._works: set[asyncio.Future[None]] = set()
        self._logged: set[str] = set()

    def check_bound(self) -> JobRunner:
        """What runs the jobs; ConfigurationError if the engine belongs to no receiver."""
        if self.runner is None:
            raise ConfigurationError(
                "this broker's engine belongs to no WebhookReceiver: the module that the worker "
                "imports must also make the receiver and its handlers"
            )
        return self.runner

    async def work(
        self, entry: str, body: Secret | None, handler: str | None, consumer: str
    ) -> None:
        """Run the job of an entry, if this worker may; without body, its message was unreadable."""
        ended = asyncio.get_running_loop().create_future()
        self._works.add(ended)
        try:
            runner, job = self.check_bound(), _read(body, handler)
            if job is None:
                await self._set_aside(entry, "a job of another version cannot be read here")
                return
            run = _Run(self._ledger, job, entry, consumer)
            if not runner.knows(job.handler):
                problem = f"no handler is named {printable(job.handler)!r} here"
                await self._set_aside(entry, problem, run)
                return
            outcome, starts = await run.begin()
            if outcome != "begun":
                logger.debug("%s is %s", run.digest, outcome)
            elif starts > self._max_starts:
                often = f"{self._max_starts} times, and its worker was lost each time"
                await self._carry_out(run, runner.abandon(job, f"it was begun {often}"))
            else:
                await self._carry_out(run, runner(job))
        except REDIS_UNAVAILABLE as error:
            # The entry stays in Redis, and comes again.
            logger.warning("a job waits for Redis: %s", reason_of(error, self._url))
        finally:
            self._works.discard(ended)
            ended.set_result(None)

    async def leave(self) -> None:
        """Stop the jobs that still run, so that other workers get them at once."""
        if self.runs:
            logger.warning("%d jobs are left to other workers", len(self.runs))
        for run in set(self.runs):
            run.cancel()
        if self._works:
            await asyncio.wait(set(self._works), timeout=_LEAVE_SECONDS)

    async def _set_aside(self, entry: str, problem: str, run: _Run | None = None) -> None:
        """Leave a job that cannot run here to other workers, and give it up in the end."""
        if await self._ledger.age(entry) < self._remember:
            if problem not in self._logged:
                self._logged.add(problem)
                logger.warning("%s: it is left to other workers", problem)
        elif run is None:
            logger.error("%s, nor could it elsewhere for %g s: it is lost", problem, self._remember)
            await self._ledger.failed("unreadable", entry, "")
        elif (await run.begin())[0] == "begun":
            reason = f"{problem}, nor was it elsewhere for {self._remember:g} s"
            await self._carry_out(run, self.check_bound().abandon(run.job, reason))

    async def _carry_out(self, run: _Run, call: Coroutine[Any, Any, bool | None]) -> None:
        """Await whether the job succeeded, for as long as this worker holds its lock."""
        task = asyncio.create_task(call)
        keeper = asyncio.create_task(run.keep())
        self.runs.add(task)
        try:
            await asyncio.wait((task, keeper), return_when=asyncio.FIRST_COMPLETED)
            lost = keeper.done()
            if not task.done():
                task.cancel()
                await asyncio.wait((task,))
            if not task.cancelled():
                step = self._ledger.done if task.result() else self._ledger.failed
                await self._record(lambda: step(*run.lock))
                return
            if lost:
                text = "%s was stopped: its lock in Redis could not be kept; it runs again"
                logger.error(text, printable(run.job.key))
            await self._ledger.give_back(*run.lock, run.consumer)
        finally:
            task.cancel()
            keeper.cancel()
            self.runs.discard(task)

    async def _record(self, step: Callable[[], Awaitable[object]]) -> None:
        """Record an outcome in Redis, however long Redis is unavailable."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await step()
            except REDIS_UNAVAILABLE as error:
                if pause == _FIRST_PAUSE:
                    logger.warning("an outcome waits for Redis: %s", reason_of(error, self._url))
            else:
                return
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311
            pause = min(2 * pause, _LONGEST_PAUSE)


class _Run:
    """One run of a job, by one worker. Its lock is the job's digest, the entry and the holder."""

    def __init__(self, ledger: RedisLedger, job: Job, entry: str, consumer: str) -> None:
        self.job = job
        self.digest = ledger.digest(job.key)
        self.consumer = consumer
        self.lock = (self.digest, entry, f"{consumer}:{uuid4().hex}")
        self._ledger = ledger
        self._renewed = 0.0

    async def begin(self) -> tuple[Outcome, int]:
        self._renewed = asyncio.get_running_loop().time()
        return await self._ledger.begin(*self.lock)

    async def keep(self) -> None:
        """Renew the lock, until another worker holds it or soon may."""
        clock = asyncio.get_running_loop().time
        lease = self._ledger.lease
        pause = lease / 3
        while (end := self._renewed + _SAFE * lease) > clock():
            await asyncio.sleep(min(pause, end - clock()))
            asked = clock()
            try:
                async with asyncio.timeout(max(0.0, end - asked)):
                    kept = await self._ledger.renew(*self.lock, self.consumer)
            except REDIS_UNAVAILABLE:  # a TimeoutError is an OSError
                pause = min(lease / 12, 0.5)
                continue
            if not kept:
                return
            self._renewed = asked
            pause = lease / 3


def _read(body: Secret | None, handler: str | None) -> Job | None:
    with suppress(WebhookError):
        if body is not None and handler is not None:
            return Job(decode_event(body), handler)
    return None
