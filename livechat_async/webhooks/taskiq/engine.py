"""More than one machine: handlers that run on workers, with Redis in between.

::

    engine = TaskiqEngine("redis://:password@127.0.0.1:6379/0")
    client = LiveChatClient(limiter=RedisLimiter("redis://:password@127.0.0.1:6379/0"))
    bot = WebhookReceiver(client, credentials=..., engine=engine)

    @bot.on(ChatStarted)
    async def show_crm(event: ChatStarted) -> None: ...

    broker = engine.broker

Receivers serve ``bot`` as they do with one machine; on each worker machine runs
``taskiq worker myapp:broker``. Both need the extra ``distributed`` and Redis 7 or newer, or
Valkey; not a Redis Cluster. How many handlers run at once in a process is taskiq's
``--max-async-tasks``, how many processes there are its ``--workers``.

What is promised, where Redis keeps its data (``appendonly yes``):

1. What was answered 200 is in Redis. How safe it is there is Redis's ``appendfsync``: with
   ``always`` a crash loses nothing; with ``everysec``, its default, it may lose the last second or
   two, of what came in as well as of what was done. A Redis that is stopped loses nothing.
2. That a job is put in and that it is marked as known is one step. A receiver may be killed at any
   moment: either Redis has the job, or LiveChat got no 200 and delivers the event again.
3. A job is done at least once. That it succeeded and that its entry is removed is one step, too:
   a worker killed after it leaves nothing to do, and one killed before it, be it after the handler
   returned, has not done the job: the handler runs again on another worker, ``redelivery`` seconds
   later. So a handler has to stand being run twice; `add_details` does.
4. Two workers never run the same job at the same time: who runs it holds a lock, renews it, and
   cancels the handler if it could not be renewed in time or is somebody else's. (A handler that
   blocks the event loop for longer than ``redelivery`` cannot be cancelled.)
5. A job that failed for good is handed to the dead-letter hook and forgotten: when LiveChat
   delivers the event once more, it runs once more. A job that was begun ``max_starts`` times and
   whose worker was lost each time is handed to it as well.
6. Receivers and workers outlive Redis: while it is away, receivers answer 503, so that LiveChat
   delivers again, and workers wait for it to come back. A handler that succeeded meanwhile is
   recorded then; one that still runs when its lock has expired is cancelled, and runs again.
7. A worker that has no handler of the job's name, as when a new version is deployed in parts,
   leaves it to others, and so does one that cannot read it. Each tries again every ``redelivery``
   seconds. When that went on for ``remember`` seconds, the dead-letter hook is told.
8. Redis's memory is bounded: an entry is removed when its job has ended, and at ``queue_size`` jobs
   receivers answer 503. Nothing is ever trimmed. Marks expire ``remember`` seconds after the job.

An event travels and waits in Redis as JSON, with its token, which it needs for `add_details`, and
with what the visitor told. So guard Redis as you guard the token: a password, TLS (``rediss://``)
between machines, and no other users. Nothing that comes from Redis is unpickled.

Why taskiq: it is made for asyncio, kept well, and brings worker processes, their restarts, and
middlewares for Prometheus and OpenTelemetry. Of the others, arq has been in maintenance only since
2025, dramatiq runs coroutines beside its threads, SAQ gives up the jobs of a worker that was
killed, procrastinate wants PostgreSQL, and FastStream is about streams of messages and has no jobs.

Of taskiq-redis's ``RedisStreamBroker`` the reading and writing are replaced, since it begins with
the messages that come after its first worker, looks after those of killed workers only when another
message comes, ends its process when Redis restarts, acknowledges what failed, and removes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from livechat_async.checks import check_count, check_seconds
from livechat_async.errors import ClientStateError, ConfigurationError, QueueFullError
from livechat_async.redaction import kind_of
from livechat_async.webhooks.engine import EngineStatus, Job, JobRunner
from livechat_async.webhooks.taskiq.broker import TASK, RepeatedJobError, WebhookBroker
from livechat_async.webhooks.taskiq.connection import AWAY, RedisUrl, check_redis, reason_of
from livechat_async.webhooks.taskiq.limiter import RedisLimiter
from livechat_async.webhooks.taskiq.wire import encode_event
from livechat_async.webhooks.taskiq.worker import JobWorker

try:
    from taskiq.exceptions import SendTaskError
except ImportError as _missing:  # pragma: no cover (every session of ours has the extra)
    raise ImportError(
        f"{_missing.name} is missing: pip install 'livechat_async[distributed]'", name=_missing.name
    ) from _missing

__all__ = ["RedisLimiter", "TaskiqEngine", "WebhookBroker"]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_PREFIX_LENGTH = 100
_COUNT_EVERY = 2.0


class TaskiqEngine:
    """Jobs wait in Redis, and run on taskiq's workers. The module says what is promised.

    Args:
        redis_url: ``redis://``, ``rediss://`` or ``unix://``. Its password is shown nowhere.
        prefix: of all keys in Redis: another one for each bot that shares a Redis.
        remember: seconds for which a job that was done is known; the default is a bit above the
            6 hours in which LiveChat repeats.
        redelivery: seconds after which the jobs of a worker that is gone are another's.
        queue_size: so many jobs may wait and run, over all machines.
        max_starts: a job that was begun so often, and whose worker was lost each time, is given up.

    Raises:
        ConfigurationError: a value makes no sense.
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
    ) -> None:
        self._url = RedisUrl(redis_url)
        remember = check_seconds("remember", remember, above_zero=True)
        self._broker = WebhookBroker(
            self._url,
            prefix=_check_prefix(prefix),
            remember=remember,
            redelivery=check_seconds("redelivery", redelivery, above_zero=True),
            queue_size=check_count("queue_size", queue_size),
        )
        self._worker = JobWorker(
            self._broker.ledger,
            self._url,
            consumer=lambda: self._broker.consumer_name,
            remember=remember,
            max_starts=check_count("max_starts", max_starts),
        )
        self._broker.before_work = self._check_bound
        self._broker.after_work = self._worker.leave

        async def webhook_job(entry: Any, body: Any, handler: Any) -> None:
            await self._worker.work(entry, body, handler)

        self._task = self._broker.register_task(webhook_job, task_name=TASK)
        self._status = EngineStatus(queued=0, running=0)
        self._counting: asyncio.Task[None] | None = None
        self._started = self._closed = self._away = False

    @property
    def broker(self) -> WebhookBroker:
        """What ``taskiq worker myapp:broker`` is given. It runs no other tasks."""
        return self._broker

    def bind(self, run: JobRunner) -> None:
        """See `livechat_async.webhooks.engine.Engine`.

        Raises:
            ConfigurationError: it is another receiver's already.
        """
        if self._worker.runner is not None:
            raise ConfigurationError("engine: a TaskiqEngine belongs to one receiver; make another")
        self._worker.runner = run

    async def start(self) -> None:
        """Find out whether Redis can be used. If it is merely away, webhooks are answered 503.

        Raises:
            ConfigurationError: Redis refuses the password of the URL, or is too old.
        """
        if self._started:
            return
        try:
            await check_redis(self._broker.redis, self._url)
        except AWAY as error:
            self._note_absence(error)
        await self._broker.startup()
        self._started = True
        self._counting = asyncio.create_task(self._count(), name="counting jobs in Redis")

    async def submit(self, job: Job) -> bool:
        """Put a job into Redis. When this returns, Redis has it.

        Returns:
            False if it is a repeat.

        Raises:
            QueueFullError: ``queue_size`` jobs wait or run, or Redis is away.
            ClientStateError: the engine is closed.
        """
        if self._closed:
            raise ClientStateError("the engine is closed: it takes no job")
        name = self._broker.ledger.digest(job.key)
        kicker = self._task.kicker().with_task_id(name)
        try:
            await kicker.kiq(entry="", body=encode_event(job.event), handler=job.handler)
        except SendTaskError as problem:
            return self._refusal(problem.__cause__ or problem)
        self._note_presence()
        return True

    async def close(self, timeout: float) -> None:  # noqa: ARG002, ASYNC109 (there is nothing to wait for)
        """Take no more. What waits is in Redis, and stays there for the workers."""
        if self._closed:
            return
        self._closed = True
        if self._counting is not None:
            self._counting.cancel()
            with suppress(asyncio.CancelledError):
                await self._counting
        await self._broker.shutdown()

    def status(self) -> EngineStatus:
        """How much there is to do, over all machines, as of a moment ago.

        ``running`` is what was given to workers, which may have been lost meanwhile. Before
        `start`, as in a worker, it is what runs in this process.
        """
        if self._started:
            return self._status
        return EngineStatus(queued=0, running=self._worker.running)

    def _refusal(self, problem: BaseException) -> bool:
        if isinstance(problem, RepeatedJobError):
            self._note_presence()
            return False
        if isinstance(problem, AWAY):
            self._note_absence(problem)
            raise QueueFullError("the queue cannot be reached") from None
        raise problem

    async def _count(self) -> None:
        while True:
            # While Redis is away, what was known last has to do.
            with suppress(*AWAY):
                self._status = await self._broker.ledger.count()
            await asyncio.sleep(_COUNT_EVERY)

    def _check_bound(self) -> None:
        if self._worker.runner is None:
            raise ConfigurationError(
                "this broker's engine belongs to no WebhookReceiver: the module that the worker "
                "imports has to make that as well, and its handlers"
            )

    def _note_absence(self, error: BaseException) -> None:
        if not self._away:
            self._away = True
            logger.error(
                "Redis at %s is away, and webhooks are answered 503 (is its URL right?): %s",
                self._url.address,
                reason_of(error, self._url),
            )

    def _note_presence(self) -> None:
        if self._away:
            self._away = False
            logger.warning("Redis at %s is back", self._url.address)

    def __repr__(self) -> str:
        return f"<TaskiqEngine at {self._url.address}>"


def _check_prefix(prefix: Any) -> str:
    if not isinstance(prefix, str):
        raise ConfigurationError(f"prefix: text is needed, not {kind_of(prefix)}")
    if not prefix.isprintable() or not 0 < len(prefix) <= _PREFIX_LENGTH:
        raise ConfigurationError(
            f"prefix={prefix[:_PREFIX_LENGTH]!r}: 1 to {_PREFIX_LENGTH} printable characters are "
            "needed"
        )
    return prefix
