"""The engine with a worker in the same process, and a real Redis."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from deployment import TOKEN, body, until
from redis.asyncio import Redis
from redis_server import PASSWORD, QUOTED, RedisServer, free_port
from taskiq.api import run_receiver_task
from taskiq.exceptions import SendTaskError

from livechat_async.errors import ClientStateError, ConfigurationError, QueueFullError
from livechat_async.webhooks import ChatStarted, Job, WebhookEvent, WebhookReceiver, parse_webhook
from livechat_async.webhooks.taskiq import TaskiqEngine
from livechat_async.webhooks.taskiq.connection import check_redis
from livechat_async.webhooks.taskiq.store import Run

HEADERS = {"Content-Type": "application/json"}


class Bot:
    """An engine with its receiver, and what came of it."""

    def __init__(self, url: str, prefix: str, *, backoff: float = 0.01, **settings: Any) -> None:
        given = {"redelivery": 3.0, **settings}  # a busy machine renews such a lease in time
        self.engine: TaskiqEngine = TaskiqEngine(url, prefix=prefix, **given)
        self.receiver: WebhookReceiver = WebhookReceiver(
            None, credentials=None, engine=self.engine, attempts=2, backoff=backoff
        )
        self.done: list[str | None] = []
        self.buried: list[tuple[str | None, str, str]] = []
        self.gate: asyncio.Event | None = None
        self.began: list[str | None] = []
        self.cancelled: list[str | None] = []
        self.receiver.on(ChatStarted)(self.show)
        self.receiver.on_dead_letter(self.bury)

    async def show(self, event: ChatStarted) -> None:
        self.began.append(event.unique_id)
        wish, times = event.visitor.name, self.began.count(event.unique_id)
        if wish == "fail" or (wish == "fail once" and times == 1):
            raise ValueError("as was wished")
        try:
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(event.unique_id)
            raise
        self.done.append(event.unique_id)

    async def bury(self, event: WebhookEvent, error: Exception, handler: str) -> None:
        self.buried.append((event.unique_id, str(error), handler))

    async def deliver(self, id_: str, wish: str = "") -> int:
        answer = await self.receiver.receive(json.dumps(body(id_, wish)).encode(), HEADERS)
        return answer.status

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        task = asyncio.create_task(run_receiver_task(self.engine.broker, run_startup=True))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def job_of(id_: str, handler: str) -> Job:
    raw = json.dumps(body(id_)).encode()
    return Job(parse_webhook(raw), handler, raw)


Make = Callable[..., Bot]


@pytest.fixture
async def make(redis_server: RedisServer, prefix: str) -> AsyncIterator[Make]:
    made: list[Bot] = []

    def make(url: str = redis_server.url, **settings: Any) -> Bot:
        made.append(Bot(url, prefix, **settings))
        return made[-1]

    yield make
    for bot in made:
        await bot.receiver.close()


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_server.url) as redis:
        yield redis


async def length(redis: Redis, prefix: str) -> int:
    return int(await redis.xlen(f"{prefix}:queue")) + int(await redis.zcard(f"{prefix}:later"))


async def settled(redis: Redis, prefix: str) -> None:
    async with asyncio.timeout(100):
        while await length(redis, prefix):  # noqa: ASYNC110 (of another process)
            await asyncio.sleep(0.01)


async def test_what_was_answered_200_is_in_redis_and_done_once(
    make: Make, redis: Redis, prefix: str
):
    bot = make()
    assert [await bot.deliver(id_) for id_ in ("a", "b", "a")] == [200] * 3
    assert await length(redis, prefix) == 2
    assert bot.receiver.status().repeats == 1
    async with bot.at_work():
        await until(lambda: len(bot.done) == 2)
        await settled(redis, prefix)
        assert await bot.deliver("b") == 200
    assert sorted(map(str, bot.done)) == ["a", "b"]
    assert bot.receiver.status().repeats == 2


async def test_the_status_is_that_of_all_machines(make: Make, redis: Redis, prefix: str):
    bot = make()
    assert bot.engine.status().queued == 0
    await bot.deliver("a")
    await until(lambda: bot.engine.status().queued == 1)
    bot.gate = asyncio.Event()
    worker = make()
    worker.gate = asyncio.Event()
    async with worker.at_work():
        await until(lambda: bot.engine.status().running == 1)
        await until(lambda: worker.engine.status().running == 1)
        worker.gate.set()
        await settled(redis, prefix)


async def test_a_job_that_fails_for_good_is_buried_and_may_come_again(
    make: Make, redis: Redis, prefix: str
):
    bot = make()
    async with bot.at_work():
        for times in (1, 2):
            assert await bot.deliver("a", "fail") == 200
            await until(lambda: len(bot.buried) == times)  # noqa: B023
            await settled(redis, prefix)
    assert bot.buried == [("a", "as was wished", "show")] * 2
    assert len(bot.began) == 4


async def test_a_handler_that_takes_longer_than_the_redelivery_is_let_be(
    make: Make, redis: Redis, prefix: str
):
    one, two = make(), make()
    one.gate = two.gate = asyncio.Event()
    async with one.at_work(), two.at_work():
        await one.deliver("a")
        await asyncio.sleep(5)
        one.gate.set()
        await settled(redis, prefix)
    assert one.began + two.began == ["a"]


async def test_a_lease_that_was_taken_away_stops_the_handler(
    make: Make, redis: Redis, prefix: str, caplog: pytest.LogCaptureFixture
):
    bot = make()
    bot.gate = asyncio.Event()
    async with bot.at_work():
        await bot.deliver("a")
        await until(lambda: bot.began == ["a"])
        (job,) = await redis.keys(f"{prefix}:job:*")
        await redis.hset(job, "run", "another run")
        await until(lambda: bot.cancelled == ["a"])
        bot.gate.set()
        await settled(redis, prefix)
    assert bot.began == ["a", "a"]
    assert bot.done == ["a"]
    assert "its lease in Redis could not be kept" in caplog.text


async def test_a_handler_stops_when_its_lease_cannot_be_renewed_in_time(
    own_redis_server: RedisServer, make: Make, caplog: pytest.LogCaptureFixture
):
    bot = make(own_redis_server.url)
    bot.gate = asyncio.Event()
    async with bot.at_work():
        await bot.deliver("a")
        await until(lambda: bot.began == ["a"])
        own_redis_server.stop()
        await until(lambda: bot.cancelled == ["a"])
        bot.gate.set()
        own_redis_server.start()
        await until(lambda: bot.done == ["a"])
    assert "is unavailable" in caplog.text
    assert "is back" in caplog.text


@pytest.mark.parametrize("ends_well", [True, False])
async def test_an_outcome_waits_for_redis(
    own_redis_server: RedisServer, make: Make, prefix: str, *, ends_well: bool
):
    bot = make(own_redis_server.url, redelivery=20)
    bot.gate = asyncio.Event()
    async with bot.at_work():
        await bot.deliver("a")
        await until(lambda: bot.began == ["a"])
        own_redis_server.stop()
        if ends_well:
            bot.gate.set()
            await until(lambda: bot.done == ["a"])
        assert await bot.deliver("b") == 503
        own_redis_server.start()
        bot.gate.set()
        async with Redis.from_url(own_redis_server.url) as redis:
            await settled(redis, prefix)
        assert await bot.deliver("b") == 200
        await until(lambda: bot.done == ["a", "b"])
    assert bot.began == ["a", "b"]


async def test_a_redis_that_lost_its_memory_is_worked_with_on(make: Make, redis: Redis):
    bot = make()
    async with bot.at_work():
        await bot.deliver("a")
        await until(lambda: bot.done == ["a"])
        await redis.flushall()
        await asyncio.sleep(0.1)
        await bot.deliver("a")
        await until(lambda: bot.done == ["a", "a"])


async def test_a_receiver_starts_without_redis_and_answers_503_until_it_is_there(
    own_redis_server: RedisServer, make: Make, caplog: pytest.LogCaptureFixture
):
    own_redis_server.stop()
    bot = make(own_redis_server.url)
    answer = await bot.receiver.receive(json.dumps(body("a")).encode(), HEADERS)
    assert answer.status == 503
    assert str(own_redis_server.port) not in answer.body.decode()
    assert await bot.deliver("a") == 503
    own_redis_server.start()
    assert await bot.deliver("a") == 200
    assert bot.receiver.status().refused == 2
    told = [record.getMessage() for record in caplog.records if "Redis at" in record.getMessage()]
    unavailable, back = told
    assert f":{own_redis_server.port}/0 is unavailable" in unavailable
    assert "is back" in back
    assert PASSWORD not in caplog.text


async def test_a_worker_starts_without_redis(
    own_redis_server: RedisServer, make: Make, caplog: pytest.LogCaptureFixture
):
    bot = make(own_redis_server.url)
    await bot.deliver("a")
    own_redis_server.stop()
    async with bot.at_work():
        await until(lambda: "jobs wait for it" in caplog.text)
        own_redis_server.start()
        await until(lambda: bot.done == ["a"])


async def test_a_job_whose_workers_were_all_lost_is_buried(make: Make, redis: Redis, prefix: str):
    bot = make(max_starts=3)
    await bot.deliver("a")
    store = bot.engine.broker.store
    await store.make_group()
    entry = await store.read("lost", 1.0)
    assert entry is not None
    for number in range(3):
        await store.begin(Run(entry[1], entry[0], f"run {number}", "lost"))
    async with bot.at_work():
        await until(lambda: len(bot.buried) == 1)
        await settled(redis, prefix)
    reason = "it was begun 3 times, and its worker was lost each time"
    assert bot.buried == [("a", f"the job was not run to its end: {reason}", "show")]
    assert not bot.began


async def test_a_redis_that_hangs_is_away():
    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    engine = TaskiqEngine(f"redis://127.0.0.1:{port}/0")
    with pytest.raises(QueueFullError, match="the queue cannot be reached"):
        await asyncio.wait_for(engine.submit(job_of("a", "show")), 9)
    await engine.close(1)
    server.close()


async def test_a_redis_whose_memory_is_full_is_away(own_redis_server: RedisServer, make: Make):
    bot = make(own_redis_server.url)
    async with Redis.from_url(own_redis_server.url) as redis:
        await redis.config_set("maxmemory", 1)
        assert await bot.deliver("a") == 503
        await redis.config_set("maxmemory", 0)
    assert await bot.deliver("a") == 200
    async with bot.at_work():
        await until(lambda: bot.done == ["a"])


async def test_a_full_queue_is_answered_503(make: Make):
    bot = make(queue_size=2)
    assert [await bot.deliver(id_) for id_ in "abc"] == [200, 200, 503]
    assert await bot.deliver("a") == 200


async def test_a_closed_engine_takes_nothing(make: Make, redis: Redis, prefix: str):
    bot = make()
    await bot.deliver("a")
    await bot.receiver.close()
    assert await bot.deliver("b") == 503
    with pytest.raises(ClientStateError, match="the engine is closed"):
        await bot.engine.submit(job_of("b", "show"))
    assert await length(redis, prefix) == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://:wrong-one@127.0.0.1:{port}/0", "refuses the user name or password"),
        (f"redis://:{QUOTED}@127.0.0.1:{{port}}/99", "DB index is out of range"),
    ],
)
async def test_a_redis_that_refuses_the_url_is_an_error_at_the_start(
    redis_server: RedisServer, url: str, words: str
):
    engine = TaskiqEngine(url.format(port=redis_server.port))
    with pytest.raises(ConfigurationError, match=words) as caught:
        await engine.start()
    assert "wrong-one" not in str(caught.value)
    await engine.close(1)


async def test_an_old_redis_is_an_error(make: Make, monkeypatch: pytest.MonkeyPatch):
    engine = make().engine

    async def info(_: str) -> dict[str, str]:
        return {"redis_version": "6.2.14"}

    monkeypatch.setattr(engine.broker.redis, "info", info)
    with pytest.raises(ConfigurationError, match="has version 6: 7 or newer is needed"):
        await engine.start()


async def test_a_redis_that_tells_no_version_may_do(make: Make, monkeypatch: pytest.MonkeyPatch):
    broker = make().engine.broker

    async def info(_: str) -> dict[str, str]:
        return {}

    monkeypatch.setattr(broker.redis, "info", info)
    await check_redis(broker.redis, broker.url)


@pytest.mark.parametrize("broken", [b"", b"no JSON, but a secret", b"{}", b"\xff", b"[" * 3000])
async def test_an_event_that_cannot_be_read_is_a_dead_letter_and_blocks_none(
    make: Make, redis: Redis, prefix: str, caplog: pytest.LogCaptureFixture, broken: bytes
):
    bot = make()
    await bot.deliver("broken")
    (job,) = await redis.keys(f"{prefix}:job:*")
    await redis.hset(job, "body", broken)
    await redis.xadd(f"{prefix}:queue", {"no job": "at all"})
    async with bot.at_work():
        await bot.deliver("a")
        await until(lambda: bot.done == ["a"])
        await settled(redis, prefix)
    assert bot.began == ["a"]
    assert "a job of show is a dead letter: its event can no longer be read" in caplog.text
    assert "a secret" not in caplog.text
    (letter,) = await redis.keys(f"{prefix}:dead:*")
    assert await redis.hget(letter, "body") == broken
    assert await redis.hget(letter, "attempts") == b"0"


async def test_a_job_without_a_handler_is_buried_in_the_end(
    make: Make, redis: Redis, prefix: str, caplog: pytest.LogCaptureFixture
):
    bot = make(remember=5.0)  # longer than a busy machine takes to look
    await bot.engine.submit(job_of("a", "of_yore"))
    async with bot.at_work():
        await until(lambda: len(bot.buried) == 1)
        await settled(redis, prefix)
    ((id_, error, handler),) = bot.buried
    assert (id_, handler) == ("a", "of_yore")
    assert "no handler is named 'of_yore' here, nor was it elsewhere for 5 s" in error
    assert caplog.text.count("no handler is named 'of_yore' here: its jobs are left") == 1


async def test_a_worker_that_is_shut_down_gives_back_what_it_has(
    make: Make, redis: Redis, prefix: str
):
    leaving, staying = make(redelivery=20), make(redelivery=20)
    leaving.gate = asyncio.Event()
    async with leaving.at_work():
        await leaving.deliver("a")
        await until(lambda: leaving.began == ["a"])
    await leaving.engine.broker.shutdown()
    assert leaving.cancelled == ["a"]
    async with staying.at_work():
        await until(lambda: staying.done == ["a"])
        await settled(redis, prefix)


async def test_attempts_go_on_where_they_were_on_another_worker(
    make: Make, redis: Redis, prefix: str
):
    """The outage of a handler's database outlasts the worker (field case 16)."""
    first, second = make(backoff=1.0), make()
    async with first.at_work():
        await first.deliver("a", "fail")
        await until(lambda: first.began == ["a"])
        async with asyncio.timeout(100):
            while not await redis.zcard(f"{prefix}:later"):  # noqa: ASYNC110 (of another process)
                await asyncio.sleep(0.01)
    async with second.at_work():
        await until(lambda: len(second.buried) == 1)
        await settled(redis, prefix)
    assert len(first.began + second.began) == 2
    (letter,) = await redis.keys(f"{prefix}:dead:*")
    assert await redis.hget(letter, "attempts") == b"2"


async def test_an_entry_that_comes_twice_to_one_worker_runs_once(
    make: Make, redis: Redis, prefix: str
):
    """As when the event loop was blocked for longer than a lease."""
    bot = make()
    bot.gate = asyncio.Event()
    async with bot.at_work():
        await bot.deliver("a")
        await until(lambda: bot.began == ["a"])
        (job,) = await redis.keys(f"{prefix}:job:*")
        ((entry, _),) = await redis.xrange(f"{prefix}:queue")
        broker = bot.engine.broker
        await broker.worker.work(
            entry.decode(), job.decode().rpartition(":")[2], broker.consumer_name
        )
        bot.gate.set()
        await settled(redis, prefix)
    assert bot.began == bot.done == ["a"]


async def test_a_broker_without_a_receiver_is_an_error(redis_server: RedisServer):
    engine = TaskiqEngine(redis_server.url)
    engine.broker.is_worker_process = True
    with pytest.raises(ConfigurationError, match="belongs to no WebhookReceiver"):
        await engine.broker.startup()
    await engine.broker.shutdown()


async def test_an_engine_belongs_to_one_receiver(make: Make):
    bot = make()
    with pytest.raises(ConfigurationError, match="belongs to one receiver; make another"):
        WebhookReceiver(None, credentials=None, engine=bot.engine)


async def test_the_broker_runs_no_other_tasks(make: Make):
    broker = make().engine.broker

    @broker.task(task_name="other")
    async def other() -> None: ...

    with pytest.raises(SendTaskError) as caught:
        await other.kiq()
    assert isinstance(caught.value.__cause__, ConfigurationError)
    assert "'other' is not a task of the webhook engine" in str(caught.value.__cause__)


async def test_secrets_are_not_logged_however_much_is(
    make: Make, caplog: pytest.LogCaptureFixture, redis: Redis, prefix: str
):
    bot = make()
    with caplog.at_level(logging.DEBUG):
        async with bot.at_work():
            await bot.deliver("a")
            await bot.deliver("b", "fail")
            await until(lambda: bot.done == ["a"] and len(bot.buried) == 1)
            await settled(redis, prefix)
    assert "Received message" in caplog.text  # taskiq's own, at this level
    for secret in (TOKEN, PASSWORD, QUOTED, "mary@example.com"):
        assert secret not in caplog.text
        assert secret not in repr(bot.engine) + repr(bot.engine.broker) + repr(
            bot.engine.broker.url
        )


async def test_tidying_up_happens_now_and_then(make: Make, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("livechat_async.webhooks.taskiq.broker._TIDY_EVERY", 0.1)
    tidied = asyncio.Event()
    bot = make()
    tidy: Callable[..., Awaitable[None]] = bot.engine.broker.store.tidy

    async def noted(**settings: str) -> None:
        await tidy(**settings)
        tidied.set()

    monkeypatch.setattr(bot.engine.broker.store, "tidy", noted)
    async with bot.at_work():
        await asyncio.wait_for(tidied.wait(), 100)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"prefix": ""}, "prefix=''"),
        ({"prefix": "a\n"}, "printable"),
        ({"prefix": "a" * 101}, "1 to 100"),
        ({"prefix": 1}, "text is needed, such as"),
        ({"remember": 0}, "remember=0"),
        ({"redelivery": -1}, "redelivery=-1"),
        ({"queue_size": 0}, "queue_size=0"),
        ({"max_starts": 0}, "max_starts=0"),
        ({"keep": 0}, "keep=0"),
        ({"redis_url": "127.0.0.1:6379"}, "it has to start with redis://"),
    ],
)
def test_a_setting_that_makes_no_sense_is_an_error(settings: dict[str, Any], words: str):
    url = f"redis://127.0.0.1:{free_port()}/0"
    with pytest.raises(ConfigurationError, match=words):
        TaskiqEngine(**{"redis_url": url, **settings})
