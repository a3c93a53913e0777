"""taskiq's broker for webhooks: how jobs get into Redis, and from there to a worker."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any
from uuid import uuid4

from taskiq import AckableMessage, AsyncBroker, BrokerMessage
from taskiq_redis import RedisStreamBroker

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import SecretBytes
from livechat_async.webhooks.taskiq.connection import (
    REDIS_UNAVAILABLE,
    Availability,
    Redis,
    RedisUrl,
    check_redis,
)
from livechat_async.webhooks.taskiq.ledger import GROUP, Entry, RedisLedger
from livechat_async.webhooks.taskiq.messages import TASK, JobFormatter
from livechat_async.webhooks.taskiq.worker import JobWorker

__all__ = ["RepeatedJobError", "WebhookBroker"]

_LONGEST_READ = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_TIDY_EVERY = 600.0


class RepeatedJobError(Exception):
    """The job waits, runs or was done already."""


class WebhookBroker(RedisStreamBroker):
    """taskiq's `RedisStreamBroker`, changed so that no accepted job is lost.

    That class skips messages from before its first worker, takes over a killed worker's messages
    only when another one comes, ends its process when Redis restarts, acknowledges failed messages,
    and removes none. So this one replaces all its reading and writing. `TaskiqEngine` makes it.
    """

    def __init__(
        self,
        url: RedisUrl,
        *,
        prefix: str,
        remember: float,
        redelivery: float,
        queue_size: int,
        max_starts: int,
    ) -> None:
        super().__init__(
            url.secret.reveal(),
            queue_name=f"{prefix}:jobs",
            consumer_group_name=GROUP,
            consumer_name=_new_consumer(),
            consumer_id="0",
            max_connection_pool_size=50,
            **url.options,
        )
        self.url: RedisUrl = url
        self.redis: Redis = Redis(connection_pool=self.connection_pool)
        times = {"remember": remember, "redelivery": redelivery}
        self.ledger: RedisLedger = RedisLedger(self.redis, prefix, queue_size=queue_size, **times)
        self.worker: JobWorker = JobWorker(self.ledger, url, remember, max_starts)
        self._redelivery = redelivery
        self._availability = Availability(url, "jobs wait for it")
        self._has_group = False
        self._claim_at = self._tidy_at = 0.0
        self.with_formatter(JobFormatter())

        async def webhook_job(entry: Any, body: Any, handler: Any) -> None:
            await self.worker.work(entry, body, handler, self.consumer_name)

        self.job_task: Any = self.register_task(webhook_job, task_name=TASK)

    async def startup(self) -> None:
        """See taskiq. Redis may be unavailable, but must not refuse the password of the URL."""
        if self.is_worker_process:
            self.worker.check_bound()
            self.consumer_name: str = _new_consumer()  # taskiq makes processes by forking
            try:
                await check_redis(self.redis, self.url)
            except REDIS_UNAVAILABLE as error:
                self._availability.lost(error)
        # Skips RedisStreamBroker.startup, which needs Redis to make the group; `listen` makes it.
        await AsyncBroker.startup(self)

    async def shutdown(self) -> None:
        """See taskiq. Jobs that have not ended go to other workers at once."""
        if self.is_worker_process:
            await self.worker.leave()
            with suppress(*REDIS_UNAVAILABLE):
                await self.ledger.tidy(leaving=self.consumer_name)
        await super().shutdown()

    async def kick(self, message: BrokerMessage) -> None:
        """See taskiq. Puts a job into Redis, or raises RepeatedJobError or QueueFullError."""
        if message.task_name != TASK:
            raise ConfigurationError(
                f"{message.task_name!r} is not a task of the webhook engine: make another broker "
                "for other tasks"
            )
        if not await self.ledger.add(message.task_id, message.message):
            raise RepeatedJobError

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        """Yield the jobs to run, for as long as taskiq asks; Redis may come and go meanwhile."""
        now = asyncio.get_running_loop().time()
        self._claim_at = now + random.uniform(0, min(2.0, self._redelivery / 4))  # noqa: S311
        self._tidy_at = now + _TIDY_EVERY
        pause = _FIRST_PAUSE
        while True:
            try:
                entry = await self._next()
            except REDIS_UNAVAILABLE as error:
                self._has_group = False  # Redis may come back with an empty memory
                if "NOGROUP" not in str(error):
                    self._availability.lost(error)
                await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            if self._availability.restored():
                # Give the other workers time to show that they are alive.
                alive_at = asyncio.get_running_loop().time() + self._redelivery / 4
                self._claim_at = max(self._claim_at, alive_at)
            pause = _FIRST_PAUSE
            if entry is not None:
                # The task itself acknowledges: taskiq would do so whatever became of the job.
                data = SecretBytes(b"%s\n%s" % (entry.id.encode(), entry.data))
                yield AckableMessage(data=data, ack=lambda: None)

    async def _next(self) -> Entry | None:
        clock = asyncio.get_running_loop().time
        if not self._has_group:
            await self.ledger.make_group()
            self._has_group = True
        if clock() >= self._claim_at:
            entry = await self.ledger.claim(self.consumer_name)
            if entry is not None:
                return entry
            self._claim_at = clock() + random.uniform(0.15, 0.25) * self._redelivery  # noqa: S311
        if clock() >= self._tidy_at:
            self._tidy_at = clock() + _TIDY_EVERY
            await self.ledger.tidy()
        wait = min(_LONGEST_READ, self._claim_at - clock())
        return await self.ledger.read(self.consumer_name, wait)

    def __repr__(self) -> str:
        return f"<WebhookBroker of {self.queue_name} at {self.url.address}>"


def _new_consumer() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:12]}"
