"""A request budget for all processes that share a Redis.

One script, by Redis's own clock, decides about each request and says how long to wait.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Any, Final
from uuid import uuid4

from redis.asyncio import Redis

from livechat_async.checks import check_count, check_seconds
from livechat_async.webhooks.taskiq.connection import (
    REDIS_UNAVAILABLE,
    Availability,
    RedisUrl,
    asking,
    check_prefix,
    misuse_of,
)

# Keeps the times of the latest requests, in microseconds. Returns how long to wait; 0 means that
# the request may begin. A request that asks twice, because an answer was lost, counts once. A full
# Redis allows it: handlers have to go on, since they make room.
_ENTER: Final = """#!lua flags=allow-oom
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local rate, per = tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call('ZSCORE', KEYS[1], ARGV[3]) then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - per))
local taken = redis.call('ZCARD', KEYS[1])
if taken < rate then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[3])
  redis.call('PEXPIRE', KEYS[1], math.ceil(per / 1000))
  return 0
end
local leaving = redis.call('ZRANGE', KEYS[1], taken - rate, taken - rate, 'WITHSCORES')
return math.max(1, leaving[2] + per - now)
"""
_MICRO = 1_000_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_SPREAD = 0.02  # processes that wait for the same moment do not all ask at once


class RedisLimiter:
    """Lets at most ``rate`` requests begin in any ``per`` seconds, over all processes together.

    ::

        limiter = RedisLimiter("redis://127.0.0.1:6379/0", rate=100, per=60)
        client = LiveChatClient(..., limiter=limiter)

    Requests of one process begin in the order in which they came. A cancelled wait takes nothing
    from the budget unless its turn came at that very moment. The time is Redis's, so the machines'
    clocks do not matter. While Redis is unavailable, requests wait until it is back, or until their
    deadline; the log says so. If it has lost its memory meanwhile, the budget starts afresh.

    Args:
        redis_url: ``redis://``, ``rediss://`` or ``unix://``. Its password is never shown.
        rate: how many requests may begin.
        per: in how many seconds.
        name: the name of the budget in Redis; use one for each LiveChat account.

    Raises:
        ConfigurationError: a value is out of range; when first entered, also if Redis refuses the
            password.
    """

    def __init__(
        self, redis_url: str, *, rate: int = 100, per: float = 60.0, name: str = "livechat:budget"
    ) -> None:
        self._url = RedisUrl(redis_url)
        self.rate: int = check_count("rate", rate)
        self.per: float = check_seconds("per", per, above_zero=True)
        self._name = check_prefix(name, "name")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._availability = Availability(self._url, "requests wait for it", logging.WARNING)

    def _open(self) -> None:
        """Make what belongs to one event loop; again in another loop."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        self._turn = asyncio.Lock()
        self._redis: Redis = Redis(connection_pool=self._url.pool(4))
        self._script = self._redis.register_script(_ENTER)

    async def __aenter__(self) -> None:
        self._open()
        request = uuid4().hex
        async with self._turn:
            pause = _FIRST_PAUSE
            while True:
                try:
                    wait = await self._ask(request)
                except REDIS_UNAVAILABLE as error:
                    misuse = misuse_of(error, self._url)
                    if misuse is not None:
                        raise misuse from None
                    self._availability.lost(error)
                    await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311
                    pause = min(2 * pause, _LONGEST_PAUSE)
                    continue
                self._availability.restored()
                pause = _FIRST_PAUSE
                if not wait:
                    return
                await asyncio.sleep(wait + random.uniform(0.0, _SPREAD))  # noqa: S311

    async def __aexit__(self, *_: object) -> None:
        return

    async def close(self) -> None:
        """Close the connections. Entering again opens new ones."""
        if self._loop is not None:
            self._loop = None
            await self._redis.connection_pool.disconnect()

    async def _ask(self, request: str) -> float:
        async with asking(self._redis):
            answer: Any = await self._script(
                keys=[self._name], args=[self.rate, round(self.per * _MICRO), request]
            )
        return int(answer) / _MICRO

    def __repr__(self) -> str:
        return f"<RedisLimiter of {self.rate} in {self.per:g} s at {self._url.address}>"
