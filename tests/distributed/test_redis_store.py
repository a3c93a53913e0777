"""The steps of a job's life, in a real Redis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any
from uuid import uuid4

import pytest
from deployment import body
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from redis_server import RedisServer

from livechat_async.errors import QueueFullError
from livechat_async.webhooks import EngineStatus, Job, Outcome, parse_webhook
from livechat_async.webhooks.taskiq.connection import RedisUrl, milliseconds
from livechat_async.webhooks.taskiq.letters import RedisLetters
from livechat_async.webhooks.taskiq.store import GROUP, Run, TakenJob, WebhookStore, digest

Make = Callable[..., WebhookStore]
Age = Callable[[float], Awaitable[None]]
DONE = Outcome(succeeded=True)
FAILED = Outcome(succeeded=False, error="ValueError: of no use")
LATER = Outcome(succeeded=False, wait=100)
AT_ONCE = Outcome(succeeded=False, wait=0)
CONSUMERS = st.sampled_from(["one", "two", "three"])


def job_of(id_: str) -> Job:
    raw = json.dumps(body(id_), indent=1).encode()
    return Job(parse_webhook(raw), "show", raw)


JOB = job_of("a")


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    redis = Redis(connection_pool=RedisUrl(redis_server.url).pool())
    yield redis
    await redis.connection_pool.disconnect()


@pytest.fixture
def make(redis: Redis, prefix: str) -> Make:
    def make(**more: Any) -> WebhookStore:
        given = {"remember": 60.0, "redelivery": 100.0, "queue_size": 5, "keep": 600.0, **more}
        return WebhookStore(redis, prefix, **given)

    return make


@pytest.fixture
async def store(make: Make) -> WebhookStore:
    store = make()
    await store.make_group()
    return store


@pytest.fixture
def age(redis: Redis, prefix: str) -> Age:
    """As if no lease had been renewed for this many seconds."""

    async def age(seconds: float) -> None:
        queue = f"{prefix}:queue"
        for each in await redis.xpending_range(queue, GROUP, "-", "+", 100):
            await age_entry(redis, queue, each["consumer"], each["message_id"], seconds)

    return age


async def age_entry(redis: Redis, queue: str, consumer: str, entry: str, seconds: float) -> None:
    await redis.xclaim(queue, GROUP, consumer, 0, [entry], idle=milliseconds(seconds), justid=True)


async def begin(store: WebhookStore, entry: str, name: str, job: Job = JOB) -> TakenJob | None:
    return await store.begin(run_of(entry, name, job))


def run_of(entry: str, name: str, job: Job = JOB) -> Run:
    return Run(digest(job.key), entry, name, name)


async def taken(store: WebhookStore, consumer: str = "one") -> str:
    found = await store.read(consumer, 1.0)
    assert found is not None
    return found[0]


async def begun(store: WebhookStore) -> str:
    assert await store.add(JOB)
    entry = await taken(store)
    assert await begin(store, entry, "one") is not None
    return entry


async def claimed(store: WebhookStore, consumer: str) -> str | None:
    found = await store.find(consumer, claims=True)
    return None if found is None else found[0]


async def keys_of(redis: Redis, prefix: str) -> set[str]:
    names = [key.decode().removeprefix(prefix) for key in await redis.keys(f"{prefix}:*")]
    return {name.replace(digest(JOB.key), "*") for name in names}


class Lives:
    """Deliveries, runs, lost workers and late outcomes, in any order; most steps are sent twice.

    The model is the stream's entries, the worker that has each, and the run that has each job.
    """

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.prefix = f"test-{uuid4().hex[:12]}"
        self.redis = Redis(connection_pool=RedisUrl(url).pool())
        self.letters = RedisLetters(url, prefix=self.prefix)
        self.store = WebhookStore(
            self.redis, self.prefix, remember=1000, redelivery=1000, queue_size=2, keep=1000
        )
        self.do(self.store.make_group())
        self.jobs: set[str] = set()  # those that wait or run
        self.queue: list[str] = []  # the job of each entry that no worker has
        self.later: list[str] = []
        self.consumers: dict[str, str] = {}  # which worker has each entry
        self.idle: set[str] = set()  # entries whose lease has ended
        self.holders: dict[str, Run] = {}  # which run has each job
        self.taken: list[Run] = []  # runs that have not begun
        self.begun: list[Run] = []  # those that have, and may since have lost their job
        self.done: set[str] = set()
        self.dead: list[str] = []

    def do(self, call: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(call)

    def twice(self, step: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **more: Any) -> Any:
        """The first answer: it was lost, so the step is sent again."""
        first = self.do(step(*args, **more))
        self.do(step(*args, **more))
        return first

    def deliver(self, data: st.DataObject) -> None:
        number = len(self.done) + data.draw(st.integers(-1, 2))  # there is always a new one
        job = job_of(str(number))
        name = digest(job.key)
        if name in self.jobs or name in self.done:
            assert self.do(self.store.add(job)) is False
        elif len(self.queue) + len(self.later) + len(self.consumers) >= 2:
            with pytest.raises(QueueFullError):
                self.do(self.store.add(job))
        else:
            assert self.do(self.store.add(job)) is True
            self.jobs.add(name)
            self.queue.append(name)
            if name in self.dead:
                self.dead.remove(name)

    def take(self, data: st.DataObject) -> None:
        """As a broker does; the lease of one of the entries may have ended before."""
        consumer = data.draw(CONSUMERS)
        entry = data.draw(st.sampled_from([None, *sorted(self.consumers)]))
        claims = entry is not None or data.draw(st.booleans())
        if entry is not None:
            owner = self.consumers[entry]
            self.do(age_entry(self.redis, self.store.stream, owner, entry, 1000))
            self.idle.add(entry)
        found = self.do(self.store.find(consumer, claims=claims))
        self.queue += self.later
        self.later.clear()
        if claims and self.idle:
            assert found[0] in self.idle
        else:
            assert found is None
            if not self.queue:  # to read would wait
                return
            found = self.do(self.store.read(consumer, 1.0))
            assert found[0] not in self.consumers
            assert found[1] == self.queue.pop(0)
        entry, job = found
        self.consumers[entry] = consumer
        self.idle.discard(entry)
        own = (each.entry for each in self.taken + self.begun if each.consumer == consumer)
        if entry not in own:  # a worker runs an entry once at a time
            self.taken.append(Run(job, entry, uuid4().hex, consumer))

    def begin(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.taken))
        self.taken.remove(run)
        has_begun = self.twice(self.store.begin, run) is not None
        is_mine = self.consumers.get(run.entry) == run.consumer
        assert has_begun == (is_mine and run.digest in self.jobs)
        if has_begun:
            self.holders[run.digest] = run
            self.begun.append(run)
        if is_mine:
            self.idle.discard(run.entry)
            if not has_begun:  # the job has ended
                del self.consumers[run.entry]

    def renew(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.begun))
        kept = self.twice(self.store.renew, run)
        if self.holders.get(run.digest) == run:
            assert kept
            self.consumers[run.entry] = run.consumer
            self.idle.discard(run.entry)
        elif run.digest in self.jobs or run.digest in self.done:
            assert not kept

    def record(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.begun))
        self.begun.remove(run)
        outcome = data.draw(st.sampled_from([DONE, FAILED, AT_ONCE]))
        self.twice(self.store.record, run, outcome, 1)
        name, is_mine = run.digest, self.holders.get(run.digest) == run
        if is_mine or outcome.succeeded:
            self.holders.pop(name, None)
            self.consumers.pop(run.entry, None)
            self.idle.discard(run.entry)
        if outcome.succeeded:
            self.jobs.discard(name)
            self.done.add(name)
            self.later = [each for each in self.later if each != name]
            self.dead = [each for each in self.dead if each != name]
        elif is_mine and outcome.wait is None:
            self.jobs.remove(name)
            self.dead.append(name)
        elif is_mine:
            self.later.append(name)

    def give_back(self, data: st.DataObject) -> None:
        run, at_once = data.draw(st.sampled_from(self.begun)), data.draw(st.booleans())
        self.begun.remove(run)
        self.twice(self.store.give_back, run, at_once=at_once)
        if self.holders.get(run.digest) == run:
            del self.holders[run.digest]
            self.consumers[run.entry] = run.consumer
            (self.idle.add if at_once else self.idle.discard)(run.entry)

    def tidy(self, data: st.DataObject) -> None:
        leaving = data.draw(CONSUMERS | st.just(""))
        self.twice(self.store.tidy, leaving)
        self.idle |= {entry for entry, each in self.consumers.items() if each == leaving}

    def replay(self, _: st.DataObject) -> None:
        assert len(self.letters.replay()) == len(self.dead)
        self.jobs |= {*self.dead}
        self.queue += self.dead
        self.dead.clear()

    def check_counts(self) -> None:
        queued = len(self.queue) + len(self.later)
        counts = EngineStatus(queued, len(self.consumers), len(self.dead))
        assert self.do(self.store.count()) == counts

    def step(self, data: st.DataObject) -> None:
        """One of the steps that can come now."""
        steps = [self.deliver]
        if self.queue or self.later or self.consumers:
            steps += [self.take] * 4 + [self.tidy]
        if self.taken:
            steps += [self.begin] * 8
        if self.begun:
            steps += [self.renew, self.record, self.record, self.give_back]
        if self.dead:
            steps += [self.replay]
        data.draw(st.sampled_from(steps))(data)

    def close(self) -> None:
        self.letters.close()
        self.do(self.redis.connection_pool.disconnect())
        self.loop.close()


@settings(suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_job_is_lost_or_run_twice_at_a_time_whatever_happens(
    redis_server: RedisServer, data: st.DataObject
) -> None:
    lives = Lives(redis_server.url)
    try:
        for _ in range(60):
            lives.step(data)
            lives.check_counts()
    finally:
        lives.close()


def test_a_digest_has_one_length_whatever_the_key() -> None:
    digests = {digest(key) for key in ("", "a", "a" * 10_000, "\ud800", "ß")}
    assert {len(each) for each in digests} == {32}
    assert len(digests) == 5


async def test_a_job_waits_runs_and_is_done(store: WebhookStore, redis: Redis, prefix: str):
    assert await store.count() == EngineStatus(queued=0, running=0)
    assert await store.add(JOB)
    assert not await store.add(JOB)
    assert await store.count() == EngineStatus(queued=1, running=0)
    entry = await taken(store)
    assert await store.count() == EngineStatus(queued=0, running=1)
    stored = await begin(store, entry, "one")
    assert stored is not None
    assert (stored.handler, stored.body, stored.attempts, stored.losses) == ("show", JOB.body, 0, 0)
    assert stored.age < 60
    assert "mary" not in repr(stored)
    assert not await store.add(JOB)
    for _ in range(2):  # the first answer was lost
        await store.record(run_of(entry, "one"), DONE, 1)
    assert not await store.add(JOB)
    assert await store.count() == EngineStatus(queued=0, running=0)
    assert await keys_of(redis, prefix) == {":queue", ":done:*"}
    assert 50_000 < await redis.pttl(f"{prefix}:done:{digest(JOB.key)}") <= 60_000


@settings(suppress_health_check=list(HealthCheck))
@given(raw=st.binary(min_size=1, max_size=300), handler=st.text(min_size=1, max_size=20))
async def test_the_body_travels_as_it_came(store: WebhookStore, raw: bytes, handler: str):
    """No byte of a body is changed, and the stored job is read whatever it holds."""
    job = Job(JOB.event, handler.encode("utf-8", "replace").decode(), raw)
    assert await store.add(job)
    run = run_of(await taken(store), "one", job)
    stored = await store.begin(run)
    assert stored is not None
    assert (stored.body, stored.handler) == (raw, job.handler)
    await store.record(run, FAILED, 1)


async def test_a_job_that_failed_for_good_is_a_dead_letter_and_may_come_again(
    store: WebhookStore, redis: Redis, prefix: str
):
    entry = await begun(store)
    for _ in range(2):
        await store.record(run_of(entry, "one"), FAILED, 1)
    assert await store.count() == EngineStatus(queued=0, running=0, dead_letters=1)
    letter = f"{prefix}:dead:{digest(JOB.key)}"
    assert await keys_of(redis, prefix) == {":queue", ":dead", ":dead:*", ":dead-letters"}
    assert await redis.hget(letter, "error") == b"ValueError: of no use"
    assert 500_000 < await redis.pttl(letter) <= 600_000
    assert await store.add(JOB)
    assert await store.count() == EngineStatus(queued=1, running=0)
    assert await keys_of(redis, prefix) == {":queue", ":job:*", ":dead-letters"}


@pytest.mark.parametrize("other", [FAILED, LATER])
async def test_a_late_success_takes_away_what_another_run_left(
    store: WebhookStore, age: Age, redis: Redis, prefix: str, other: Outcome
):
    """The first worker was frozen, and the second one ran the job meanwhile."""
    entry = await begun(store)
    await age(100)
    assert await claimed(store, "two") == entry
    assert await begin(store, entry, "two") is not None
    await store.record(run_of(entry, "two"), other, 1)
    await store.record(run_of(entry, "one"), DONE, 1)
    assert await store.count() == EngineStatus(queued=0, running=0)
    assert await keys_of(redis, prefix) - {":dead-letters"} == {":queue", ":done:*"}


async def test_an_attempt_waits_in_redis_and_counts(store: WebhookStore, redis: Redis, prefix: str):
    entry = await begun(store)
    for _ in range(2):
        await store.record(run_of(entry, "one"), LATER, 7)
    assert await store.count() == EngineStatus(queued=1, running=0)
    assert not await store.add(JOB)
    assert await claimed(store, "two") is None
    assert await store.read("two", 0.01) is None
    await redis.zadd(f"{prefix}:later", {digest(JOB.key): 1})  # as if the time had passed
    assert await claimed(store, "two") is None  # it only became due
    stored = await begin(store, await taken(store, "two"), "two")
    assert stored is not None
    assert (stored.attempts, stored.losses) == (7, 0)


async def test_a_success_is_forgotten_after_a_time(make: Make):
    store = make(remember=0.1)
    await store.make_group()
    entry = await begun(store)
    await store.record(run_of(entry, "one"), DONE, 1)
    await asyncio.sleep(0.2)
    assert await store.add(JOB)


async def test_a_full_queue_takes_no_more_but_knows_its_own(store: WebhookStore):
    jobs = [job_of(str(number)) for number in range(6)]
    for job in jobs[:5]:
        assert await store.add(job)
    first = run_of(await taken(store), "one", jobs[0])
    await store.begin(first)
    await store.record(first, LATER, 1)  # it still counts
    with pytest.raises(QueueFullError, match="in Redis is full with 5 jobs: start more workers"):
        await store.add(jobs[5])
    assert not await store.add(jobs[0])
    second = run_of(await taken(store), "one", jobs[1])
    await store.begin(second)
    await store.record(second, DONE, 1)
    assert await store.add(jobs[5])


async def test_what_came_before_the_first_worker_is_not_lost(make: Make):
    store = make()
    await store.add(JOB)
    assert await store.count() == EngineStatus(queued=1, running=0)
    await store.make_group()
    await store.make_group()
    assert await begin(store, await taken(store), "one") is not None


async def test_an_entry_is_another_workers_when_its_lease_has_ended_and_not_before(
    store: WebhookStore, age: Age
):
    entry = await begun(store)
    one, two = run_of(entry, "one"), run_of(entry, "two")
    await age(90)
    assert await claimed(store, "two") is None
    await age(100)
    assert await store.renew(one)
    assert await claimed(store, "two") is None
    await age(100)
    assert await store.find("two", claims=False) is None
    assert await claimed(store, "two") == entry
    assert await claimed(store, "two") is None
    for _ in range(2):
        stored = await store.begin(two)
        assert stored is not None
        assert stored.losses == 1
    assert not await store.renew(one)
    for outcome in (FAILED, LATER):  # of a run that lost its lease
        await store.record(one, outcome, 1)
    await store.give_back(one, at_once=True)
    assert await claimed(store, "three") is None
    assert await store.renew(two)
    await store.record(one, DONE, 1)  # yet a success counts
    assert not await store.renew(two)
    assert await store.begin(two) is None
    await store.record(two, FAILED, 1)
    assert not await store.add(JOB)
    assert await store.count() == EngineStatus(queued=0, running=0)


async def test_an_entry_that_went_to_another_worker_before_it_was_begun_is_not_begun(
    store: WebhookStore, age: Age
):
    """And a lease begins with the run, not with the reading."""
    await store.add(JOB)
    entry = await taken(store)
    await age(100)
    assert await begin(store, entry, "one") is not None
    assert await claimed(store, "two") is None
    await age(100)
    assert await claimed(store, "two") == entry
    assert await begin(store, entry, "one") is None
    assert await begin(store, entry, "two") is not None


async def test_a_run_goes_on_though_redis_lost_its_memory(store: WebhookStore, redis: Redis):
    run = run_of(await begun(store), "one")
    await redis.flushall()
    assert await store.renew(run)
    await store.make_group()
    assert await store.renew(run)
    await store.record(run, DONE, 1)
    assert not await store.add(JOB)


async def test_a_job_given_back_is_anothers_at_once(store: WebhookStore):
    entry = await begun(store)
    await store.give_back(run_of(entry, "one"), at_once=True)
    assert await claimed(store, "two") == entry
    stored = await begin(store, entry, "two")
    assert stored is not None
    assert stored.losses == 0


@pytest.mark.parametrize("step", ["gives it back", "puts it off"])
async def test_a_run_that_lost_its_job_stops_also_while_no_run_has_it(
    store: WebhookStore, age: Age, step: str
):
    entry = await begun(store)
    await age(100)
    assert await claimed(store, "two") == entry
    assert await begin(store, entry, "two") is not None
    if step == "gives it back":
        await store.give_back(run_of(entry, "two"), at_once=True)
    else:
        await store.record(run_of(entry, "two"), LATER, 1)
    assert not await store.renew(run_of(entry, "one"))


async def test_a_job_left_to_others_waits_for_the_end_of_its_lease(store: WebhookStore, age: Age):
    entry = await begun(store)
    await store.give_back(run_of(entry, "one"), at_once=False)
    assert await claimed(store, "two") is None
    await age(100)
    assert await claimed(store, "two") == entry


async def test_an_entry_that_was_removed_is_passed_over(
    store: WebhookStore, redis: Redis, age: Age
):
    gone = await begun(store)
    await store.add(job_of("another"))
    left = await taken(store)
    await age(100)
    await redis.xdel(store.stream, gone)
    assert await claimed(store, "two") is None
    assert await claimed(store, "two") == left
    assert (await redis.xpending(store.stream, "workers"))["pending"] == 1


async def test_a_worker_that_leaves_is_forgotten_once_it_has_nothing(
    store: WebhookStore, redis: Redis
):
    async def workers() -> list[bytes]:
        return [each["name"] for each in await redis.xinfo_consumers(store.stream, "workers")]

    entry = await begun(store)
    assert await store.read("two", 0.01) is None
    await store.tidy(leaving="two")
    assert await workers() == [b"one"]
    await store.tidy(leaving="one")
    assert await claimed(store, "three") == entry
    await store.tidy(leaving="one")
    await store.tidy()
    assert await workers() == [b"three"]


async def test_a_change_that_is_undone_and_made_again_is_no_repeat(store: WebhookStore):
    """The tags A, A and B, A, each delivered twice, and without an id (field case 15)."""
    added = []
    for tags in (["a"], ["a", "b"], ["a"]):
        document = body("x", kind="chat_changed")
        del document["event_unique_id"]
        document["chat"]["tags"] = tags
        raw = json.dumps(document).encode()
        job = Job(parse_webhook(raw), "show", raw)
        assert job.series
        added += [await store.add(job), await store.add(job)]
    assert added == [True, False] * 3


async def test_a_key_of_something_else_is_an_error(store: WebhookStore, redis: Redis):
    await redis.delete(store.stream)
    await redis.set(store.stream, "something else")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await store.make_group()
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await store.add(JOB)
