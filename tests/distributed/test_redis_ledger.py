"""The steps of a job's life, in a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from attrs import evolve
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from redis_server import RedisServer

from livechat_async.errors import QueueFullError
from livechat_async.webhooks.engine import EngineStatus
from livechat_async.webhooks.taskiq.connection import RedisUrl
from livechat_async.webhooks.taskiq.ledger import Entry, RedisLedger

Make = Callable[..., RedisLedger]
JOB = RedisLedger.digest("an event:a handler")
DATA = b"\x00 the \r\n data \xff"


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    redis = Redis(connection_pool=RedisUrl(redis_server.url).pool())
    yield redis
    await redis.connection_pool.disconnect()


@pytest.fixture
def make(redis: Redis, prefix: str) -> Make:
    def make(**settings: float) -> RedisLedger:
        given = {"remember": 60.0, "redelivery": 0.4, "queue_size": 5, **settings}
        return RedisLedger(redis, prefix=prefix, **given)  # type: ignore[arg-type]

    return make


@pytest.fixture
async def ledger(make: Make) -> RedisLedger:
    ledger = make()
    await ledger.make_group()
    return ledger


async def first(ledger: RedisLedger, consumer: str = "one") -> Entry:
    entry = await ledger.read(consumer, 1.0)
    assert entry is not None
    return entry


async def begun(ledger: RedisLedger, consumer: str = "one") -> Entry:
    assert await ledger.add(JOB, DATA)
    entry = await first(ledger, consumer)
    assert await ledger.begin(JOB, entry.id, consumer) == ("begun", 1)
    return entry


def test_a_digest_is_of_one_length_whatever_the_key():
    digests = {RedisLedger.digest(key) for key in ("", "a", "a" * 10_000, "\ud800", "ß")}
    assert {len(digest) for digest in digests} == {32}
    assert len(digests) == 5


async def test_a_job_waits_runs_and_is_done(ledger: RedisLedger, redis: Redis, prefix: str):
    assert await ledger.count() == EngineStatus(queued=0, running=0)
    assert await ledger.add(JOB, DATA)
    assert not await ledger.add(JOB, DATA)
    assert await ledger.count() == EngineStatus(queued=1, running=0)
    entry = await first(ledger)
    assert entry.data == DATA
    assert "data" not in repr(entry)
    assert await ledger.count() == EngineStatus(queued=0, running=1)
    assert await ledger.begin(JOB, entry.id, "me") == ("begun", 1)
    assert not await ledger.add(JOB, DATA)
    await ledger.done(JOB, entry.id, "me")
    await ledger.done(JOB, entry.id, "me")
    assert not await ledger.add(JOB, DATA)
    assert await ledger.count() == EngineStatus(queued=0, running=0)
    assert (
        await redis.keys(f"{prefix}:*")
        == [*sorted([f"{prefix}:jobs".encode(), f"{prefix}:mark:{JOB}".encode()])]
        or len(await redis.keys(f"{prefix}:*")) == 2
    )
    assert 50_000 < await redis.pttl(f"{prefix}:mark:{JOB}") <= 60_000


async def test_a_job_that_failed_may_come_again(ledger: RedisLedger, redis: Redis, prefix: str):
    entry = await begun(ledger)
    assert await ledger.failed(JOB, entry.id, "one")
    assert await ledger.failed(JOB, entry.id, "one")
    assert await redis.keys(f"{prefix}:*") == [f"{prefix}:jobs".encode()]
    assert await ledger.add(JOB, DATA)


async def test_a_job_is_forgotten_after_a_time(make: Make):
    ledger = make(remember=0.1)
    assert await ledger.add(JOB, DATA)
    await asyncio.sleep(0.2)
    assert await ledger.add(JOB, DATA)


async def test_what_is_put_in_twice_is_done_once(ledger: RedisLedger, redis: Redis, prefix: str):
    """As when its mark was lost, or had expired."""
    await ledger.add(JOB, DATA)
    await redis.delete(f"{prefix}:mark:{JOB}")
    await ledger.add(JOB, DATA)
    one, two = await first(ledger, "one"), await first(ledger, "two")
    assert (await ledger.begin(JOB, one.id, "one"))[0] == "begun"
    assert (await ledger.begin(JOB, two.id, "two"))[0] == "busy"
    assert (await ledger.begin(JOB, one.id, "one"))[0] == "begun"  # the answer was lost
    await ledger.done(JOB, one.id, "one")
    assert (await ledger.begin(JOB, two.id, "two"))[0] == "done"
    assert (await ledger.begin(JOB, two.id, "two"))[0] == "gone"
    assert await redis.xlen(ledger.stream) == 0


async def test_a_full_queue_takes_no_more_but_knows_its_own(ledger: RedisLedger):
    jobs = [RedisLedger.digest(str(number)) for number in range(6)]
    for job in jobs[:5]:
        assert await ledger.add(job, DATA)
    with pytest.raises(QueueFullError, match="5 jobs wait in Redis already: start more workers"):
        await ledger.add(jobs[5], DATA)
    assert not await ledger.add(jobs[0], DATA)
    entry = await first(ledger)
    await ledger.begin(jobs[0], entry.id, "me")
    await ledger.done(jobs[0], entry.id, "me")
    assert await ledger.add(jobs[5], DATA)


async def test_what_came_before_the_first_worker_is_not_lost(make: Make):
    ledger = make()
    assert await ledger.count() == EngineStatus(queued=0, running=0)
    await ledger.add(JOB, DATA)
    assert await ledger.count() == EngineStatus(queued=1, running=0)
    await ledger.make_group()
    await ledger.make_group()
    assert (await first(ledger)).data == DATA


async def test_an_entry_is_another_workers_when_it_was_left_alone_and_not_before(
    ledger: RedisLedger,
):
    entry = await begun(ledger)
    assert await ledger.claim("two") is None
    await asyncio.sleep(0.25)
    assert await ledger.renew(JOB, entry.id, "one", "one")
    await asyncio.sleep(0.25)
    assert await ledger.claim("two") is None
    await asyncio.sleep(0.25)
    claimed = await ledger.claim("two")
    assert claimed == entry
    assert claimed.data == DATA
    assert await ledger.claim("two") is None
    assert await ledger.begin(JOB, entry.id, "two") == ("begun", 2)
    assert not await ledger.renew(JOB, entry.id, "one", "one")
    assert not await ledger.failed(JOB, entry.id, "one")
    assert await ledger.renew(JOB, entry.id, "two", "two")
    await ledger.give_back(JOB, entry.id, "one", "one")  # nothing of one's own
    assert await ledger.claim("three") is None
    await ledger.done(JOB, entry.id, "one")  # yet done is done
    assert (await ledger.begin(JOB, entry.id, "two"))[0] == "gone"
    await ledger.failed(JOB, entry.id, "two")
    assert not await ledger.add(JOB, DATA)


async def test_a_lock_that_expired_is_had_again_if_nobody_else_wants_it(ledger: RedisLedger):
    entry = await begun(ledger)
    await asyncio.sleep(0.35)
    assert await ledger.renew(JOB, entry.id, "one", "one")
    assert (await ledger.begin(JOB, entry.id, "two"))[0] == "busy"


async def test_a_job_that_another_has_done_is_not_renewed(ledger: RedisLedger):
    entry = await begun(ledger)
    await asyncio.sleep(0.35)
    assert (await ledger.begin(JOB, entry.id, "two"))[0] == "begun"
    await ledger.done(JOB, entry.id, "two")
    assert not await ledger.renew(JOB, entry.id, "one", "one")


async def test_a_run_goes_on_though_redis_lost_its_memory(ledger: RedisLedger, redis: Redis):
    entry = await begun(ledger)
    await redis.flushall()
    assert await ledger.renew(JOB, entry.id, "one", "one")
    await ledger.make_group()
    assert await ledger.renew(JOB, entry.id, "one", "one")
    await ledger.done(JOB, entry.id, "one")
    assert not await ledger.add(JOB, DATA)


async def test_a_job_given_back_is_anothers_at_once(ledger: RedisLedger):
    entry = await begun(ledger)
    await ledger.give_back(JOB, entry.id, "one", "one")
    assert await ledger.claim("two") == entry
    assert await ledger.begin(JOB, entry.id, "two") == ("begun", 1)


async def test_an_entry_somebody_removed_is_passed_over(ledger: RedisLedger, redis: Redis):
    gone = await begun(ledger)
    other = RedisLedger.digest("another")
    await ledger.add(other, DATA)
    left = await first(ledger)
    await redis.xdel(ledger.stream, gone.id)
    await asyncio.sleep(0.5)
    claimed = await ledger.claim("two")
    assert claimed == evolve(left)
    assert (await redis.xpending(ledger.stream, "workers"))["pending"] == 1


async def test_a_worker_that_leaves_is_forgotten_once_it_has_nothing(
    ledger: RedisLedger, redis: Redis
):
    entry = await begun(ledger)
    assert await ledger.read("two", 0.01) is None
    await ledger.tidy(leaving="two")
    assert [each["name"] for each in await redis.xinfo_consumers(ledger.stream, "workers")] == [
        b"one"
    ]
    await ledger.tidy(leaving="one")
    claimed = await ledger.claim("three")
    assert claimed == entry
    await ledger.tidy(leaving="one")
    await ledger.tidy()
    assert [each["name"] for each in await redis.xinfo_consumers(ledger.stream, "workers")] == [
        b"three"
    ]


async def test_the_age_of_an_entry_is_by_rediss_clock(ledger: RedisLedger):
    entry = await begun(ledger)
    await asyncio.sleep(0.1)
    assert 0.05 < await ledger.age(entry.id) < 10


async def test_a_key_of_something_else_is_an_error(ledger: RedisLedger, redis: Redis):
    await redis.delete(ledger.stream)
    await redis.set(ledger.stream, "something else")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await ledger.make_group()
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await ledger.add(JOB, DATA)
