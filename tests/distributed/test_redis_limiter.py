"""The budget of requests, in a real Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from redis.asyncio import Redis
from redis_server import PASSWORD, QUOTED, RedisServer

from livechat_async import (
    ConfigurationError,
    LiveChatClient,
    RequestTimeout,
    RetryPolicy,
    Timeouts,
    VisitorDetails,
)
from livechat_async.models.visitors import DetailField
from livechat_async.webhooks.taskiq import RedisLimiter


@pytest.fixture
async def limiter(redis_server: RedisServer, prefix: str) -> AsyncIterator[RedisLimiter]:
    limiter = RedisLimiter(redis_server.url, rate=3, per=0.6, name=prefix)
    yield limiter
    await limiter.close()


async def enter(limiter: RedisLimiter, times: list[float]) -> None:
    async with limiter:
        times.append(time.monotonic())


def most_within(times: list[float], seconds: float) -> int:
    return max(sum(1 for late in times if 0 <= late - early < seconds) for early in times)


async def test_no_more_than_the_rate_begin_within_the_time(
    limiter: RedisLimiter, redis_server: RedisServer, prefix: str
):
    others = RedisLimiter(redis_server.url, rate=3, per=0.6, name=prefix)
    times: list[float] = []
    began = time.monotonic()
    await asyncio.gather(
        *(enter(limiter, times) for _ in range(6)), *(enter(others, times) for _ in range(6))
    )
    await others.close()
    assert len(times) == 12
    assert most_within(times, 0.5) == 3  # an answer of Redis's may come a bit late
    assert 1.7 < time.monotonic() - began < 100


async def test_who_comes_first_is_first(limiter: RedisLimiter):
    order: list[int] = []

    async def number(mine: int) -> None:
        async with limiter:
            order.append(mine)

    tasks = []
    for mine in range(7):
        tasks.append(asyncio.create_task(number(mine)))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert all(early < late for early, late in pairwise(order))


async def test_a_cancelled_wait_takes_nothing(
    limiter: RedisLimiter, redis_server: RedisServer, prefix: str
):
    for _ in range(3):
        await enter(limiter, [])
    waiting = [asyncio.create_task(enter(limiter, [])) for _ in range(20)]
    await asyncio.sleep(0.1)
    for task in waiting:
        task.cancel()
    assert all(
        isinstance(outcome, asyncio.CancelledError)
        for outcome in await asyncio.gather(*waiting, return_exceptions=True)
    )
    async with Redis.from_url(redis_server.url) as redis:
        assert await redis.zcard(prefix) == 3
    began = time.monotonic()
    await enter(limiter, [])
    assert time.monotonic() - began < 60


async def test_it_forgets(limiter: RedisLimiter, redis_server: RedisServer, prefix: str):
    await enter(limiter, [])
    async with Redis.from_url(redis_server.url) as redis:
        assert 0 < await redis.pttl(prefix) <= 600


async def test_it_asks_only_when_there_may_be_room(redis_server: RedisServer, prefix: str):
    limiter = RedisLimiter(redis_server.url, rate=1, per=1.0, name=prefix)
    asked = 0
    ask = limiter._ask

    async def counted(entry: str) -> float:
        nonlocal asked
        asked += 1
        return await ask(entry)

    limiter._ask = counted  # type: ignore[method-assign]
    for _ in range(3):
        await enter(limiter, [])
    await limiter.close()
    assert asked <= 7


async def test_it_waits_while_redis_is_away_and_says_so_once(
    own_redis_server: RedisServer, prefix: str, caplog: pytest.LogCaptureFixture
):
    limiter = RedisLimiter(own_redis_server.url, rate=100, per=60, name=prefix)
    await enter(limiter, [])
    own_redis_server.stop()
    times: list[float] = []
    waiting = [asyncio.create_task(enter(limiter, times)) for _ in range(5)]
    await asyncio.sleep(0.8)
    assert not times
    own_redis_server.start()
    await asyncio.gather(*waiting)
    assert len(times) == 5
    await limiter.close()
    unavailable, back = (record.getMessage() for record in caplog.records)
    assert "is unavailable (is its URL right?), and requests wait for it" in unavailable
    assert "is back" in back
    assert PASSWORD not in caplog.text


async def test_a_call_waits_no_longer_than_its_deadline(own_redis_server: RedisServer):
    limiter = RedisLimiter(own_redis_server.url)
    own_redis_server.stop()
    async with LiveChatClient(
        base_url="http://127.0.0.1:1",
        limiter=limiter,
        retry=RetryPolicy.none(),
        timeouts=Timeouts(deadline=0.5),
    ) as client:
        with pytest.raises(RequestTimeout):
            await client.visitors.add_details(
                "S1.a",
                VisitorDetails(id="crm", fields=[DetailField("Plan", "gold")]),
                license_id=1,
                token="x",
            )
    await limiter.close()


def test_it_serves_one_event_loop_after_another(redis_server: RedisServer, prefix: str):
    limiter = RedisLimiter(redis_server.url, name=prefix)

    async def use() -> None:
        async with limiter:
            pass
        await limiter.close()
        await limiter.close()

    for _ in range(2):
        asyncio.run(use())


async def test_an_exception_inside_goes_through(limiter: RedisLimiter):
    with pytest.raises(KeyError):
        async with limiter:
            raise KeyError


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://:wrong-one@127.0.0.1:{port}/0", "refuses the user name or password"),
        (f"redis://:{QUOTED}@127.0.0.1:{{port}}/99", "DB index is out of range"),
    ],
)
async def test_what_waiting_never_mends_is_an_error(
    redis_server: RedisServer, url: str, words: str
):
    limiter = RedisLimiter(url.format(port=redis_server.port))
    with pytest.raises(ConfigurationError, match=words) as caught:
        await enter(limiter, [])
    assert "wrong-one" not in str(caught.value)
    await limiter.close()


async def test_a_name_of_something_else_is_an_error(redis_server: RedisServer, prefix: str):
    async with Redis.from_url(redis_server.url) as redis:
        await redis.set(prefix, "something else")
    limiter = RedisLimiter(redis_server.url, name=prefix)
    with pytest.raises(ConfigurationError, match="WRONGTYPE"):
        await enter(limiter, [])
    await limiter.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"redis_url": "http://127.0.0.1"}, "it has to start with redis://"),
        ({"redis_url": "redis://:pass#word@127.0.0.1"}, "percent-encode"),
        ({"redis_url": None}, "it has to be text"),
        ({"rate": 0}, "rate=0"),
        ({"rate": 1.5}, r"rate=1\.5"),
        ({"per": 0}, "per=0"),
        ({"per": "60"}, "per='60'"),
    ],
)
def test_a_setting_that_makes_no_sense_is_an_error(settings: dict[str, object], words: str):
    given: dict[str, object] = {"redis_url": "redis://127.0.0.1", **settings}
    with pytest.raises(ConfigurationError, match=words) as caught:
        RedisLimiter(**given)  # type: ignore[arg-type]
    assert "pass" not in str(caught.value).replace("password", "")


def test_it_shows_no_password():
    shown = repr(RedisLimiter(f"redis://me:{QUOTED}@127.0.0.1:1/3", rate=7, per=2.5))
    assert shown == "<RedisLimiter of 7 in 2.5 s at 127.0.0.1:1/3>"
    assert "database 2" in repr(RedisLimiter(f"unix://me:{QUOTED}@/run/redis.sock?db=2"))
