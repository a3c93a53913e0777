"""taskiq's broker for webhooks: how a worker gets its jobs out of Redis."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from taskiq import AsyncBroker, BrokerMessage, TaskiqMessage
from taskiq.abc.formatter import TaskiqFormatter

from livechat_async.errors import ConfigurationError
from livechat_async.webhooks.taskiq.connection import (
    REDIS_UNAVAILABLE,
    Availability,
    RedisUrl,
    check_redis,
)
from livechat_async.webhooks.taskiq.store import WebhookStore
from livechat_async.webhooks.taskiq.worker import JobWorker

_TASK = "livechat_async.webhooks:job"  # the name of the only task
_LONGEST_READ = 0.5  # seconds; so late may another attempt begin
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_TIDY_EVERY = 600.0


class _EntryFormatter(TaskiqFormatter):
    """To taskiq, a message is an entry of the stream and its job's digest: no event, no secret."""

    def dumps(self, message: TaskiqMessage) -> BrokerMessage:
        raise ConfigurationError(
            f"{message.task_name!r} is not a task of the webhook engine: make another broker for "
            "other tasks"
        )

    def loads(self, message: bytes) -> TaskiqMessage:
        entry, _, job = message.decode().partition(" ")
        return TaskiqMessage(
            task_id=job, task_name=_TASK, labels={}, args=[], kwargs={"entry": entry, "job": job}
        )


class WebhookBroker(AsyncBroker):
    """Gives jobs to taskiq's workers, and to no other task. `TaskiqEngine` makes it."""

    def __init__(self, url: RedisUrl, *, max_starts: int, prefix: str, **settings: Any) -> None:
        super().__init__()
        self.url: RedisUrl = url
        self.consumer_name: str = _new_consumer()
        self.redis: Redis = Redis(connection_pool=url.pool())
        self.store: WebhookStore = WebhookStore(self.redis, prefix, **settings)
        self._redelivery: float = settings["redelivery"]
        self.worker: JobWorker = JobWorker(
            self.store, url, settings["remember"], self._redelivery, max_starts
        )
        self._availability = Availability(url, "jobs wait for it")
        self._has_group = False
        self._find_at = self._claim_at = self._tidy_at = 0.0
        self.with_formatter(_EntryFormatter())

        async def webhook_job(entry: Any, job: Any) -> None:
            await self.worker.work(entry, job, self.consumer_name)

        self.register_task(webhook_job, task_name=_TASK)

    async def startup(self) -> None:
        """See taskiq. Redis may be unavailable, but must not refuse the password of the URL."""
        if self.is_worker_process:
            self.worker.check_bound()
            self.consumer_name = _new_consumer()  # taskiq makes processes by forking
            try:
                await check_redis(self.redis, self.url)
            except REDIS_UNAVAILABLE as error:
                self._availability.lost(error)
        await super().startup()

    async def shutdown(self) -> None:
        """See taskiq. Jobs that have not ended go to other workers at once."""
        if self.is_worker_process:
            await self.worker.leave()
            with suppress(*REDIS_UNAVAILABLE):
                await self.store.tidy(leaving=self.consumer_name)
        await super().shutdown()
        await self.redis.connection_pool.disconnect()

    async def kick(self, message: BrokerMessage) -> None:
        """See taskiq. No message comes here: the formatter refuses all tasks."""
        raise NotImplementedError

    async def listen(self) -> AsyncGenerator[bytes, None]:
        """Yield the jobs to run, for as long as taskiq asks; Redis may come and go meanwhile.

        The task itself acknowledges: taskiq would do so whatever became of the job.
        """
        clock = asyncio.get_running_loop().time
        self._claim_at = clock() + random.uniform(0, min(2.0, self._redelivery / 4))  # noqa: S311
        self._tidy_at = clock() + _TIDY_EVERY
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
                self._claim_at = max(self._claim_at, clock() + self._redelivery / 4)
            pause = _FIRST_PAUSE
            if entry is not None:
                yield " ".join(entry).encode()

    async def _next(self) -> tuple[str, str] | None:
        """The next entry, with its job's digest; None after a while without one."""
        clock = asyncio.get_running_loop().time
        if not self._has_group:
            await self.store.make_group()
            self._has_group = True
        if clock() >= self._find_at:
            claims = clock() >= self._claim_at
            entry = await self.store.find(self.consumer_name, claims=claims)
            if entry is not None:
                return entry
            self._find_at = clock() + _LONGEST_READ
            if claims:
                between = random.uniform(0.15, 0.25)  # noqa: S311
                self._claim_at = clock() + between * self._redelivery
        if clock() >= self._tidy_at:
            self._tidy_at = clock() + _TIDY_EVERY
            await self.store.tidy()
        wait = min(self._find_at, max(self._claim_at, clock() + 0.05)) - clock()
        return await self.store.read(self.consumer_name, max(wait, 0.001))

    def __repr__(self) -> str:
        return f"<WebhookBroker at {self.url.address}>"


def _new_consumer() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:12]}"
