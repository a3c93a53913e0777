"""The worker's side: runs a job that came from Redis, and records its outcome there."""

from __future__ import annotations

import asyncio
import logging
import random
from uuid import uuid4

from livechat_async.display import number_of
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import printable
from livechat_async.webhooks.engine import JobRunner, Outcome
from livechat_async.webhooks.runner import attempt_stored
from livechat_async.webhooks.taskiq.connection import REDIS_UNAVAILABLE, RedisUrl, reason_of
from livechat_async.webhooks.taskiq.store import Run, TakenJob, WebhookStore

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_LEAVE_SECONDS = 4.0  # taskiq allows 5
_LEASE = 0.7  # of `redelivery`: a run ends before its entry goes to another worker


class JobWorker:
    """Runs jobs, each for as long as this worker has the job's lease, which it renews meanwhile."""

    def __init__(
        self,
        store: WebhookStore,
        url: RedisUrl,
        remember: float,
        redelivery: float,
        max_starts: int,
    ) -> None:
        self._store = store
        self._url = url
        self._remember = remember
        self._lease = _LEASE * redelivery
        self._max_starts = max_starts
        self.runner: JobRunner | None = None
        self.runs: set[asyncio.Task[tuple[Outcome, int] | None]] = set()
        self._works: dict[str, asyncio.Future[None]] = {}  # by entry
        self._logged: set[str] = set()

    def check_bound(self) -> JobRunner:
        """What runs the jobs; ConfigurationError if the engine belongs to no receiver."""
        if self.runner is None:
            raise ConfigurationError(
                "this broker's engine belongs to no WebhookReceiver: the module that the worker "
                "imports must also make the receiver and its handlers"
            )
        return self.runner

    async def work(self, entry: str, job: str, consumer: str) -> None:
        """Run the job of an entry, unless it has ended, or runs here already."""
        if entry in self._works:
            return
        self._works[entry] = ended = asyncio.get_running_loop().create_future()
        try:
            run, begun = Run(job, entry, uuid4().hex, consumer), self._clock()
            stored = await self._store.begin(run)
            if stored is not None:
                await self._carry_out(run, stored, begun)
        except REDIS_UNAVAILABLE as error:
            # The entry stays in Redis, and comes again.
            logger.warning("a job waits for Redis: %s", reason_of(error, self._url))
        finally:
            del self._works[entry]
            ended.set_result(None)

    async def leave(self) -> None:
        """Stop the jobs that still run, so that other workers get them at once."""
        if self.runs:
            logger.warning("left %s to other workers", number_of(len(self.runs), "job"))
        for run in set(self.runs):
            run.cancel()
        if self._works:
            await asyncio.wait(set(self._works.values()), timeout=_LEAVE_SECONDS)

    async def _carry_out(self, run: Run, stored: TakenJob, begun: float) -> None:
        """Run a job once, for as long as this worker has its lease, and record the outcome."""
        task = asyncio.create_task(self._attempt(stored))
        keeper = asyncio.create_task(self._keep(run, begun))
        self.runs.add(task)
        try:
            await asyncio.wait((task, keeper), return_when=asyncio.FIRST_COMPLETED)
            lost = keeper.done()
            if not task.done():
                task.cancel()
                await asyncio.wait((task,))
            if task.cancelled():
                if lost:
                    text = "%s was stopped: its lease in Redis could not be kept; it runs again"
                    logger.error(text, printable(stored.handler))
                await self._store.give_back(run, at_once=True)
            elif (result := task.result()) is None:
                await self._store.give_back(run, at_once=False)
            else:
                await self._record(run, *result)
        finally:
            task.cancel()
            keeper.cancel()
            self.runs.discard(task)

    async def _attempt(self, stored: TakenJob) -> tuple[Outcome, int] | None:
        """Run the handler once, and count the attempts; None if the job is left to others."""
        runner, reason = self.check_bound(), ""
        if not runner.knows(stored.handler):
            reason = f"no handler is named {printable(stored.handler)!r} here"
            if stored.age < self._remember:
                if stored.handler not in self._logged:
                    self._logged.add(stored.handler)
                    logger.warning("%s: its jobs are left to other workers", reason)
                return None
            reason += f", nor was it elsewhere for {self._remember:g} s"
        elif stored.losses >= self._max_starts:
            reason = f"it was begun {stored.losses} times, and its worker was lost each time"
        return await attempt_stored(runner, stored, reason)

    async def _record(self, run: Run, outcome: Outcome, attempts: int) -> None:
        """Record an outcome in Redis, however long Redis is unavailable."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._store.record(run, outcome, attempts)
            except REDIS_UNAVAILABLE as error:
                if pause == _FIRST_PAUSE:
                    logger.warning("an outcome waits for Redis: %s", reason_of(error, self._url))
            else:
                return
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _keep(self, run: Run, renewed: float) -> None:
        """Renew the lease, until another worker has it or soon may."""
        pause = self._lease / 3
        while (end := renewed + self._lease) > self._clock():
            await asyncio.sleep(min(pause, end - self._clock()))
            asked = self._clock()
            try:
                async with asyncio.timeout(max(0.0, end - asked)):
                    kept = await self._store.renew(run)
            except REDIS_UNAVAILABLE:  # a TimeoutError is an OSError
                pause = min(self._lease / 12, 0.5)
                continue
            if not kept:
                return
            renewed = asked
            pause = self._lease / 3

    @staticmethod
    def _clock() -> float:
        return asyncio.get_running_loop().time()
