"""The request budget, shared by every process that has the same Redis.

Why not a library for it: `limits`, the best kept, reads the clock of each machine, so that a clock
which is ahead breaks the budget, and says yes or no, so that waiting means asking again and again.
One script by Redis's own clock does neither.
"""

from __future__ import annotations

import asyncio
import logging
import random
from types import TracebackType
from typing import Any, Final
from uuid import uuid4

from livechat_async.checks import check_count, check_seconds
from livechat_async.errors import ConfigurationError
from livechat_async.webhooks.taskiq.connection import (
    AWAY,
    Redis,
    RedisUrl,
    misuse_of,
    reason_of,
    within,
)

__all__ = ["RedisLimiter"]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

# The times of the latest entries, in microseconds. Answers how long to wait; 0 is a turn taken.
# The same entry asked for twice, because an answer was lost, is one.
_ENTER: Final = """
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
_SPREAD = 0.02


class RedisLimiter:
    """Lets at most ``rate`` requests begin in any ``per`` seconds, over all processes together.

    ::

        limiter = RedisLimiter("redis://127.0.0.1:6379/0", rate=100, per=60)
        client = LiveChatClient(..., limiter=limiter)

    A request waits for its turn, first come, first served within a process; between processes
    nobody is promised to be first. A wait that is cancelled, as by ``Timeouts(deadline=...)``,
    takes nothing from the budget, unless its turn has come at that very moment. Time is Redis's, so
    that no machine's clock matters.

    While Redis is away nothing begins: a request waits until Redis is back, or until its deadline.
    A warning says so once, and once that it is over. If Redis has lost its memory by then, the
    budget starts anew.

    Args:
        redis_url: ``redis://``, ``rediss://`` or ``unix://``. Its password is shown nowhere.
        rate: so many requests.
        per: in so many seconds.
        name: of the budget in Redis: one a LiveChat account.

    Raises:
        ConfigurationError: a value that cannot be used; when first entered, also a password that
            Redis refuses.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        rate: int = 100,
        per: float = 60.0,
        name: str = "livechat:budget",
    ) -> None:
        self._url = RedisUrl(redis_url)
        self.rate: int = check_count("rate", rate)
        self.per: float = check_seconds("per", per, above_zero=True)
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._away = False

    def _open(self) -> None:
        """What belongs to one event loop: made in the first, and made anew in another."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        self._turn = asyncio.Lock()
        self._redis: Redis = Redis(connection_pool=self._url.pool(most=4))
        self._script = self._redis.register_script(_ENTER)

    async def __aenter__(self) -> None:
        self._open()
        entry = uuid4().hex
        async with self._turn:
            pause = _FIRST_PAUSE
            while True:
                try:
                    wait = await self._ask(entry)
                except AWAY as error:
                    self._note_absence(error)
                    await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311
                    pause = min(2 * pause, _LONGEST_PAUSE)
                    continue
                self._note_presence()
                pause = _FIRST_PAUSE
                if not wait:
                    return
                # Others who wait were told the same moment: do not all ask at once.
                await asyncio.sleep(wait + random.uniform(0.0, _SPREAD))  # noqa: S311

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return

    async def close(self) -> None:
        """Close the connections. Entering again opens new ones."""
        if self._loop is not None:
            self._loop = None
            await self._redis.connection_pool.disconnect()

    async def _ask(self, entry: str) -> float:
        async with within():
            told: Any = await self._script(
                keys=[self._name], args=[self.rate, round(self.per * _MICRO), entry]
            )
        return int(told) / _MICRO

    def _note_absence(self, error: Exception) -> None:
        misuse = misuse_of(error, self._url)
        if misuse is not None:
            raise ConfigurationError(misuse) from None
        if not self._away:
            self._away = True
            logger.warning(
                "no request begins: Redis at %s, which holds the budget, is away (%s)",
                self._url.address,
                reason_of(error, self._url),
            )

    def _note_presence(self) -> None:
        if self._away:
            self._away = False
            logger.warning("requests begin again: Redis at %s is back", self._url.address)

    def __repr__(self) -> str:
        return f"<RedisLimiter of {self.rate} in {self.per:g} s at {self._url.address}>"
