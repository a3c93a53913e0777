"""The worker's half: runs a job that came from Redis, and tells Redis what became of it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from uuid import uuid4

from livechat_async.errors import ClientStateError, WebhookError
from livechat_async.redaction import printable
from livechat_async.webhooks.engine import Job, JobRunner
from livechat_async.webhooks.taskiq.connection import AWAY, RedisUrl, reason_of
from livechat_async.webhooks.taskiq.ledger import Begun, Outcome, RedisLedger
from livechat_async.webhooks.taskiq.wire import decode_event

__all__ = ["JobWorker"]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_LAST_SECONDS = 4.0  # taskiq gives 5
_SAFE = 0.9  # of the lease: clocks do not run at exactly the same rate


class JobWorker:
    """Runs jobs, each under a lock in Redis that is renewed meanwhile.

    Args:
        ledger: what Redis knows.
        url: where that is, for messages.
        consumer: gives this worker's name in Redis.
        remember: seconds after which a job that no worker can run is given up.
        max_starts: a job that was begun so often and never ended is given up.
    """

    def __init__(
        self,
        ledger: RedisLedger,
        url: RedisUrl,
        *,
        consumer: Callable[[], str],
        remember: float,
        max_starts: int,
    ) -> None:
        self._ledger = ledger
        self._url = url
        self._consumer = consumer
        self._remember = remember
        self._max_starts = max_starts
        self.runner: JobRunner | None = None
        self._runs: set[asyncio.Task[bool]] = set()
        self._works: set[asyncio.Future[None]] = set()
        self._told: set[str] = set()

    @property
    def running(self) -> int:
        """How many jobs run here."""
        return len(self._runs)

    async def work(self, entry: str, body: str | None, handler: str | None) -> None:
        """Run the job of an entry, if it is this worker's to run.

        Args:
            entry: its id.
            body: the event, as `encode_event` made it; None if even the message was unreadable.
            handler: the handler's name.
        """
        ended = asyncio.get_running_loop().create_future()
        self._works.add(ended)
        try:
            job = _read(body, handler)
            if job is None or not self._bound().knows(job.handler):
                await self._set_aside(entry, job)
            else:
                await self._begin(_Run(self._ledger, job, entry, self._consumer()))
        except AWAY as error:
            # The entry stays where it is, and comes again.
            logger.warning("a job waits for Redis: %s", reason_of(error, self._url))
        finally:
            self._works.discard(ended)
            ended.set_result(None)

    async def leave(self) -> None:
        """Stop what still runs, so that other workers have it at once."""
        if self._runs:
            logger.warning("%d jobs are left to other workers", len(self._runs))
        for run in set(self._runs):
            run.cancel()
        if self._works:
            await asyncio.wait(set(self._works), timeout=_LAST_SECONDS)

    async def _set_aside(self, entry: str, job: Job | None) -> None:
        """Leave to others what cannot be run here, as long as there may be others."""
        problem = (
            "a job of another version cannot be read here"
            if job is None
            else f"no handler is named {printable(job.handler)!r} here"
        )
        if await self._ledger.age(entry) < self._remember:
            if problem not in self._told:
                self._told.add(problem)
                logger.warning("%s: it is left to other workers", problem)
            return
        if job is None:
            logger.error("%s, and could not for %g s: it is lost", problem, self._remember)
            await self._ledger.failed("unreadable", entry, "")
            return
        run = _Run(self._ledger, job, entry, self._consumer())
        if (await run.begin()).outcome is Outcome.BEGUN:
            reason = f"{problem}, nor was it elsewhere for {self._remember:g} s"
            await self._carry_out(run, self._give_up(job, reason))

    async def _begin(self, run: _Run) -> None:
        begun = await run.begin()
        if begun.outcome is not Outcome.BEGUN:
            logger.debug("%s is %s", run.digest, begun.outcome.value)
        elif begun.starts > self._max_starts:
            reason = f"it was begun {self._max_starts} times, and its worker was lost each time"
            await self._carry_out(run, self._give_up(run.job, reason))
        else:
            await self._carry_out(run, self._bound()(run.job))

    async def _give_up(self, job: Job, reason: str) -> bool:
        await self._bound().abandon(job, reason)
        return False

    async def _carry_out(self, run: _Run, call: Coroutine[Any, Any, bool]) -> None:
        """Await what says whether the job succeeded, as long as the job is this worker's."""
        task = asyncio.create_task(call)
        keeper = asyncio.create_task(run.keep())
        self._runs.add(task)
        try:
            await asyncio.wait((task, keeper), return_when=asyncio.FIRST_COMPLETED)
            lost = keeper.done()
            if not task.done():
                task.cancel()
                await asyncio.wait((task,))
            await self._end(run, task, lost=lost)
        finally:
            task.cancel()
            keeper.cancel()
            self._runs.discard(task)

    async def _end(self, run: _Run, task: asyncio.Task[bool], *, lost: bool) -> None:
        if task.cancelled():
            if lost:
                logger.error(
                    "%s was stopped: its lock in Redis could not be kept; it runs again",
                    printable(run.job.key),
                )
            await run.give_back()
        elif task.result():
            await self._settle(run.done)
        else:
            await self._settle(run.failed)

    async def _settle(self, tell: Callable[[], Awaitable[object]]) -> None:
        """Tell Redis, however long it is away."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await tell()
            except AWAY as error:
                if pause == _FIRST_PAUSE:
                    logger.warning("an outcome waits for Redis: %s", reason_of(error, self._url))
            else:
                return
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _bound(self) -> JobRunner:
        if self.runner is None:
            raise ClientStateError("the engine belongs to no receiver: bind it first")
        return self.runner


class _Run:
    """One run of a job, by one worker."""

    def __init__(self, ledger: RedisLedger, job: Job, entry: str, consumer: str) -> None:
        self.job = job
        self.digest = ledger.digest(job.key)
        self._ledger = ledger
        self._entry = entry
        self._consumer = consumer
        self._holder = f"{consumer}:{uuid4().hex}"
        self._renewed = 0.0

    async def begin(self) -> Begun:
        self._renewed = asyncio.get_running_loop().time()
        return await self._ledger.begin(self.digest, self._entry, self._holder)

    async def done(self) -> None:
        await self._ledger.done(self.digest, self._entry, self._holder)

    async def failed(self) -> None:
        await self._ledger.failed(self.digest, self._entry, self._holder)

    async def give_back(self) -> None:
        await self._ledger.give_back(self.digest, self._entry, self._holder, self._consumer)

    async def keep(self) -> None:
        """Renew the lock for ever. Returns when it is somebody else's, or may soon be."""
        clock = asyncio.get_running_loop().time
        lease = self._ledger.lease
        pause = lease / 3
        while (end := self._renewed + _SAFE * lease) > clock():
            await asyncio.sleep(min(pause, end - clock()))
            asked = clock()
            try:
                async with asyncio.timeout(max(0.0, end - asked)):
                    kept = await self._ledger.renew(
                        self.digest, self._entry, self._holder, self._consumer
                    )
            except AWAY:  # OSError is a TimeoutError's base as well
                pause = min(lease / 12, 0.5)
                continue
            if not kept:
                return
            self._renewed = asked
            pause = lease / 3


def _read(body: str | None, handler: str | None) -> Job | None:
    if body is None or handler is None:
        return None
    try:
        return Job(decode_event(body), handler)
    except WebhookError:
        return None
