"""The engine for many machines: taskiq's workers run the handlers, with Redis in between.

::

    engine = TaskiqEngine("redis://:password@127.0.0.1:6379/0")
    bot = WebhookReceiver(client, credentials=..., engine=engine)
    broker = engine.broker

Receivers serve ``bot`` as on one machine; worker machines run ``taskiq worker myapp:broker``, with
``--workers`` processes and up to ``--max-async-tasks`` handlers at once in each. Both need the
extra ``distributed`` and Redis 7 or newer, or Valkey, but not a Redis Cluster.

The engine promises, if Redis stores its data (``appendonly yes``):

1. A webhook answered 200 is in Redis. A Redis that is stopped properly loses nothing. A crash loses
   nothing with ``appendfsync always``; with ``everysec``, the default, it may lose the last second
   or two, of new jobs and of outcomes.
2. Storing a job and making it known is one step. A receiver may be killed at any moment: either
   Redis has the job, or LiveChat got no 200 and delivers the event again.
3. A job is done at least once. If a worker is killed before it has recorded a success, even after
   the handler returned, the handler runs again on another worker ``redelivery`` seconds later. So
   handlers must tolerate a second run; `add_details` does.
4. Two workers never run a job at the same time. A worker that cannot renew its lease of the job in
   time cancels the handler. (A handler that blocks the event loop that long cannot be cancelled.)
5. A job that waits for another attempt waits in Redis and takes no worker's place, and goes on
   with its attempts after any restart.
6. A job that failed for good, or was begun ``max_starts`` times and lost its worker each time, is
   passed to the dead-letter hook, and stays as a dead letter for ``keep`` seconds: see
   ``livechat-async webhooks dead``. It runs again if LiveChat delivers it again.
7. Receivers and workers outlive Redis. While it is unavailable, receivers answer 503, so LiveChat
   delivers again, and workers wait. A success meanwhile is recorded when Redis is back; a handler
   that still runs when its lease ends is cancelled and runs again. When the name of the URL leads
   to another Redis, they follow it.
8. A full Redis (``maxmemory`` with ``noeviction``) refuses new jobs, so receivers answer 503;
   workers go on, which makes room.
9. A worker that has no handler of the job's name leaves it to other workers, as when a new version
   is deployed step by step. Each tries again every ``redelivery`` seconds. After ``remember``
   seconds it is a dead letter. A job whose event can no longer be read is one as soon as a worker
   that has its handler takes it.
10. Redis's memory is bounded: at ``queue_size`` jobs receivers answer 503. Successes are remembered
    for ``remember`` seconds.

An event waits in Redis as LiveChat sent it, with its token and the visitor's data. So protect Redis
as you protect the token: with a password, with TLS (``rediss://``) between machines, and with no
other users. Nothing from Redis is unpickled.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from livechat_async.checks import check_count, check_seconds
from livechat_async.errors import ClientStateError, ConfigurationError, QueueFullError
from livechat_async.webhooks.engine import EngineStatus, Job, JobRunner
from livechat_async.webhooks.taskiq.broker import WebhookBroker
from livechat_async.webhooks.taskiq.connection import (
    REDIS_UNAVAILABLE,
    Availability,
    RedisUrl,
    check_prefix,
    check_redis,
)

_COUNT_EVERY = 2.0


class TaskiqEngine:
    """Jobs wait in Redis, and run on taskiq's workers. The module's docstring states the promises.

    Args:
        redis_url: ``redis://``, ``rediss://`` or ``unix://``. Its password is never shown.
        prefix: of all keys in Redis; use another one for each bot that shares a Redis.
        remember: for how many seconds successful jobs are remembered; the default is longer than
            the 6 hours in which LiveChat repeated deliveries, as its older documents say.
        redelivery: after how many seconds without a sign of life a worker's jobs go to others.
        queue_size: how many jobs may wait and run, on all machines together.
        max_starts: a job is given up after this many starts, if its worker was lost each time.
        keep: for how many seconds dead letters are kept, 30 days by default.

    Attributes:
        broker: the broker for ``taskiq worker myapp:broker``. It runs no other tasks.

    Raises:
        ConfigurationError: a value is out of range.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        prefix: str = "livechat",
        remember: float = 25_200.0,
        redelivery: float = 60.0,
        queue_size: int = 100_000,
        max_starts: int = 10,
        keep: float = 2_592_000.0,
    ) -> None:
        self._url = RedisUrl(redis_url)
        self.broker: WebhookBroker = WebhookBroker(
            self._url,
            prefix=check_prefix(prefix),
            remember=check_seconds("remember", remember, above_zero=True),
            redelivery=check_seconds("redelivery", redelivery, above_zero=True),
            queue_size=check_count("queue_size", queue_size),
            max_starts=check_count("max_starts", max_starts),
            keep=check_seconds("keep", keep, above_zero=True),
        )
        self._availability = Availability(self._url, "webhooks are answered 503")
        self._status = EngineStatus(queued=0, running=0)
        self._counting: asyncio.Task[None] | None = None
        self._started = self._closed = False

    def bind(self, run: JobRunner) -> None:
        """See `livechat_async.webhooks.engine.Engine`."""
        if self.broker.worker.runner is not None:
            raise ConfigurationError("engine: a TaskiqEngine belongs to one receiver; make another")
        self.broker.worker.runner = run

    async def start(self) -> None:
        """Find out whether Redis can be used. If it is only unavailable, webhooks are answered 503.

        Raises:
            ConfigurationError: Redis refuses the password of the URL, or is too old.
        """
        if self._started:
            return
        try:
            await check_redis(self.broker.redis, self._url)
        except REDIS_UNAVAILABLE as error:
            self._availability.lost(error)
        await self.broker.startup()
        self._started = True
        self._counting = asyncio.create_task(self._count(), name="counting jobs in Redis")

    async def submit(self, job: Job) -> bool:
        """Put a job into Redis. On return, Redis has it; False if it is a repeat.

        Raises:
            QueueFullError: ``queue_size`` jobs wait or run, or Redis is full or unavailable.
            ClientStateError: the engine is closed.
            ConfigurationError: the job has no body.
        """
        if self._closed:
            raise ClientStateError("the engine is closed: it accepts no jobs")
        if not job.body:
            raise ConfigurationError(
                "a TaskiqEngine stores the body of a job: pass body=... to Job"
            )
        try:
            is_new = await self.broker.store.add(job)
        except REDIS_UNAVAILABLE as error:
            self._availability.lost(error)
            raise QueueFullError("the queue cannot be reached") from None
        self._availability.restored()
        return is_new

    async def close(self, timeout: float) -> None:  # noqa: ARG002, ASYNC109 (nothing to wait for)
        """Accept no more jobs. Those that wait stay in Redis, for the workers."""
        if self._closed:
            return
        self._closed = True
        if self._counting is not None:
            self._counting.cancel()
            with suppress(asyncio.CancelledError):
                await self._counting
        await self.broker.shutdown()

    def status(self) -> EngineStatus:
        """How much there is to do on all machines, as of a moment ago.

        ``running`` counts the jobs given to workers, even to workers that were lost meanwhile.
        Before `start`, as in a worker, it counts the jobs that run in this process.
        """
        if self._started:
            return self._status
        return EngineStatus(queued=0, running=len(self.broker.worker.runs))

    async def _count(self) -> None:
        while True:
            # While Redis is unavailable, the last known numbers remain.
            with suppress(*REDIS_UNAVAILABLE):
                self._status = await self.broker.store.count()
            await asyncio.sleep(_COUNT_EVERY)

    def __repr__(self) -> str:
        return f"<TaskiqEngine at {self._url.address}>"
