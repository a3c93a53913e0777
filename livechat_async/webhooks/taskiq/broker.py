"""taskiq's broker, as the webhooks need it: how jobs get into Redis, and from there to a worker."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Final
from uuid import uuid4

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, SecretBytes
from livechat_async.webhooks.taskiq.connection import (
    AWAY,
    Redis,
    RedisUrl,
    check_redis,
    reason_of,
)
from livechat_async.webhooks.taskiq.ledger import Entry, RedisLedger

try:
    from taskiq import AckableMessage, AsyncBroker, BrokerMessage, TaskiqMessage
    from taskiq.abc.formatter import TaskiqFormatter
    from taskiq_redis import RedisStreamBroker
except ImportError as _missing:  # pragma: no cover (every session of ours has the extra)
    raise ImportError(
        f"{_missing.name} is missing: pip install 'livechat_async[distributed]'", name=_missing.name
    ) from _missing

__all__ = ["TASK", "JobFormatter", "RepeatedJobError", "WebhookBroker"]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

TASK: Final = "livechat_async.webhooks:job"
"""The name of the one task there is."""

_LONGEST_READ = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_TIDY_EVERY = 600.0


class RepeatedJobError(Exception):
    """The job is known already."""


class JobFormatter(TaskiqFormatter):
    """Messages as JSON. What cannot be read still reaches the task, which sees to it."""

    def dumps(self, message: TaskiqMessage) -> BrokerMessage:
        """See taskiq. The message holds secrets, and shows none."""
        return BrokerMessage(
            task_id=message.task_id,
            task_name=message.task_name,
            message=SecretBytes(message.model_dump_json().encode()),
            labels=message.labels,
        )

    def loads(self, message: bytes) -> TaskiqMessage:
        """See taskiq. It is given the id of the entry, a line feed, and what `dumps` made."""
        entry, _, data = message.partition(b"\n")
        name = entry.decode()
        known = _load(data)
        if known is None:
            arguments = {"entry": name, "body": None, "handler": None}
            return TaskiqMessage(task_id=name, task_name=TASK, labels={}, args=[], kwargs=arguments)
        known.kwargs = {
            "entry": name,
            "body": Secret(known.kwargs["body"]),
            "handler": known.kwargs["handler"],
        }
        return known


def _load(data: bytes) -> TaskiqMessage | None:
    try:
        known = TaskiqMessage.model_validate(json.loads(data))
    except ValueError:  # pydantic's and json's own are kinds of it
        return None
    arguments = [known.kwargs.get("body"), known.kwargs.get("handler")]
    if known.task_name != TASK or not all(isinstance(each, str) for each in arguments):
        return None
    return known


class WebhookBroker(RedisStreamBroker):
    """taskiq's `RedisStreamBroker`, except that what was taken is never lost.

    Args:
        url: where Redis is.
        prefix: of all keys.
        remember: seconds for which a job is known.
        redelivery: seconds after which what a worker leaves alone is another's.
        queue_size: so many jobs may wait and run.
    """

    def __init__(
        self, url: RedisUrl, *, prefix: str, remember: float, redelivery: float, queue_size: int
    ) -> None:
        super().__init__(
            url.secret,
            queue_name=f"{prefix}:jobs",
            consumer_group_name=RedisLedger.GROUP,
            consumer_name=f"{socket.gethostname()}-{uuid4().hex[:12]}",
            consumer_id="0",
            max_connection_pool_size=50,
            **url.options,
        )
        self.url: RedisUrl = url
        self.redis: Redis = Redis(connection_pool=self.connection_pool)
        self.ledger: RedisLedger = RedisLedger(
            self.redis,
            prefix=prefix,
            remember=remember,
            redelivery=redelivery,
            queue_size=queue_size,
        )
        self.before_work: Callable[[], None] = _nothing
        """Called when a worker starts; may raise."""
        self.after_work: Callable[[], Awaitable[None]] = _done
        """Awaited when a worker stops: what still runs has to end."""
        self._redelivery = redelivery
        self._away = self._has_group = False
        self._claim_at = self._tidy_at = 0.0
        self.with_formatter(JobFormatter())

    async def startup(self) -> None:
        """See taskiq. Redis may be away, but not refuse the URL's password."""
        if self.is_worker_process:
            self.before_work()
            self.consumer_name: str = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:12]}"
            try:
                await check_redis(self.redis, self.url)
            except AWAY as error:
                self._note_absence(error)
        # Not the RedisStreamBroker's own: it asks Redis for the group, which `listen` sees to.
        await AsyncBroker.startup(self)

    async def shutdown(self) -> None:
        """See taskiq. What was not run to its end goes to other workers at once."""
        if self.is_worker_process:
            await self.after_work()
            with suppress(*AWAY):
                await self.ledger.tidy(leaving=self.consumer_name)
        await super().shutdown()

    async def kick(self, message: BrokerMessage) -> None:
        """Put a job into Redis.

        Raises:
            RepeatedJobError: it is known already.
            QueueFullError: too many wait.
            ConfigurationError: it is another task than the engine's.
        """
        if message.task_name != TASK:
            raise ConfigurationError(
                f"{message.task_name!r} is no task of the webhook engine: make a broker of its own "
                "for other tasks"
            )
        if not await self.ledger.add(message.task_id, message.message):
            raise RepeatedJobError

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        """What is to be run, as long as taskiq asks for it; Redis may come and go meanwhile."""
        self._start_listening()
        pause = _FIRST_PAUSE
        while True:
            try:
                entry = await self._next()
            except AWAY as error:
                self._has_group = False  # perhaps: it may come back with an empty memory
                if "NOGROUP" not in str(error):
                    self._note_absence(error)
                await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            self._note_presence()
            pause = _FIRST_PAUSE
            if entry is not None:
                # Acknowledging is the task's: taskiq would do it whatever became of the job.
                data = SecretBytes(b"%s\n%s" % (entry.id.encode(), entry.data))
                yield AckableMessage(data=data, ack=_nothing)

    def _start_listening(self) -> None:
        now = asyncio.get_running_loop().time()
        self._claim_at = now + random.uniform(0, min(2.0, self._redelivery / 4))  # noqa: S311
        self._tidy_at = now + _TIDY_EVERY

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

    def _note_absence(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            logger.error(
                "Redis at %s is away, and jobs wait for it: %s",
                self.url.address,
                reason_of(error, self.url),
            )

    def _note_presence(self) -> None:
        if self._away:
            self._away = False
            logger.warning("Redis at %s is back", self.url.address)
            # Others have to say first that they are still at work.
            clock = asyncio.get_running_loop().time
            self._claim_at = max(self._claim_at, clock() + self._redelivery / 4)

    def __repr__(self) -> str:
        return f"<WebhookBroker of {self.queue_name} at {self.url.address}>"


def _nothing() -> None:
    return


async def _done() -> None:
    return
