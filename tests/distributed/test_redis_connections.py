"""How Redis is reached, and what another Redis, a full one or a frozen one does to a bot."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from deployment import until
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError
from redis_server import PASSWORD, QUOTED, RedisServer
from test_taskiq_engine import Bot

from livechat_async.errors import ConfigurationError
from livechat_async.webhooks.taskiq import RedisLimiter
from livechat_async.webhooks.taskiq.connection import Availability, RedisUrl


class Name:
    """A name that leads to one Redis or another: connections that are open stay with theirs."""

    def __init__(self, target: int) -> None:
        self.target: int = target
        self.opened: int = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers += [writer, far_writer]

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while data := await source.read(65_536):
                    sink.write(data)
                    await sink.drain()
            sink.close()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"redis://:{QUOTED}@127.0.0.1:{port}/0"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        for writer in self._writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@pytest.fixture
async def pair(
    own_redis_server: RedisServer, tmp_path: Path
) -> AsyncIterator[tuple[RedisServer, RedisServer]]:
    """A Redis and its replica."""
    with RedisServer(tmp_path / "replica") as replica:
        async with Redis.from_url(replica.url) as redis:
            await redis.config_set("masterauth", PASSWORD)
            await redis.replicaof("127.0.0.1", own_redis_server.port)
            async with asyncio.timeout(100):
                while (await redis.info("replication"))["master_link_status"] != "up":  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        yield own_redis_server, replica


async def fail_over(old: RedisServer, new: RedisServer) -> None:
    """Make the replica the master. The old one lives on as its replica, and refuses to write."""
    async with Redis.from_url(new.url) as redis:
        await redis.replicaof("NO", "ONE")
        await redis.config_set("masterauth", PASSWORD)
    async with Redis.from_url(old.url) as redis:
        await redis.config_set("masterauth", PASSWORD)
        await redis.replicaof("127.0.0.1", new.port)


async def test_receivers_and_workers_follow_a_name_to_another_redis(
    pair: tuple[RedisServer, RedisServer], prefix: str
):
    """Not a webhook more than one for each open connection is refused (field case 12)."""
    old, new = pair
    name = Name(old.port)
    async with name as url:
        bot, worker = Bot(url, prefix), Bot(url, prefix)
        async with worker.at_work():
            statuses = await asyncio.gather(*(bot.deliver(f"before-{n}") for n in range(8)))
            assert statuses == [200] * 8
            await until(lambda: len(worker.done) == 8)
            name.target = new.port
            await fail_over(old, new)
            opened = name.opened
            refused = 0
            while await bot.deliver("after") != 200:
                refused += 1
            assert refused <= opened
            await until(lambda: len(worker.done) == 9)
        assert worker.done[-1] == "after"
        await bot.receiver.close()
        await worker.receiver.close()


async def test_the_budget_follows_a_name_to_another_redis(
    pair: tuple[RedisServer, RedisServer],
):
    """A request that waits goes on with the new master (field case 12)."""
    old, new = pair
    name = Name(old.port)
    async with name as url:
        limiter = RedisLimiter(url)
        async with limiter:
            pass
        name.target = new.port
        await fail_over(old, new)
        async with asyncio.timeout(100), limiter:
            pass
        await limiter.close()


async def test_a_frozen_redis_whose_name_leads_elsewhere_is_left(
    pair: tuple[RedisServer, RedisServer], prefix: str
):
    """Connections whose answers never arrive are dropped as well (field case 12)."""
    old, new = pair
    name = Name(old.port)
    async with name as url:
        bot = Bot(url, prefix)
        assert await bot.deliver("before") == 200
        old.freeze()
        name.target = new.port
        async with Redis.from_url(new.url) as redis:
            await redis.replicaof("NO", "ONE")
        assert await bot.deliver("after") == 503
        assert await bot.deliver("after") == 200
        old.thaw()
        await bot.receiver.close()


@pytest.mark.parametrize(
    "query",
    [
        "decode_responses=true",
        "protocol=3",
        "socket_timeout=0.5",
        "foo=bar",
        "max_connections=1",
        "db=0&Socket_Timeout=1",
        "retry_on_timeout=",
    ],
)
def test_a_query_that_overrides_what_the_library_needs_is_refused_by_name(query: str):
    """A value is never shown, as it may be a secret (field case 13)."""
    name = re.escape(query.rpartition("&")[2].partition("=")[0])
    with pytest.raises(ConfigurationError, match=f"its query sets '{name}'"):
        RedisUrl(f"redis://127.0.0.1:6379/0?{query}")
    with pytest.raises(ConfigurationError, match="its query sets"):
        RedisLimiter(f"redis://127.0.0.1:6379/0?{query}")


@given(
    names=st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=20), st.text("a1.", max_size=5), max_size=3
    )
)
def test_every_query_is_taken_or_refused_before_anything_is_sent(names: dict[str, str]):
    """No other error than ConfigurationError, whatever the query holds (field case 13)."""
    query = "&".join(f"{name}={value}" for name, value in names.items())
    with contextlib.suppress(ConfigurationError):
        found = RedisUrl(f"redis://127.0.0.1/?{query}").pool().connection_kwargs
        assert (found["protocol"], found["socket_timeout"]) == (2, None)
        assert "decode_responses" not in found


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1/?db=3&client_name=bot&health_check_interval=30",
        "rediss://127.0.0.1/?ssl_ca_certs=/etc/ssl/ca.pem&ssl_cert_reqs=required",
    ],
)
def test_other_settings_of_a_query_are_heeded(url: str):
    found = RedisUrl(url).pool().connection_kwargs
    assert found.get("client_name") == "bot" or found["ssl_ca_certs"] == "/etc/ssl/ca.pem"


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1/?db=three",
        "redis://127.0.0.1/?ssl_ca_certs=x",  # not with redis://
        "rediss://127.0.0.1/?ssl_cert_reqs=perhaps",
        "redis://:pass?word=1@127.0.0.1/0",
        "redis://127.0.0.1/0?decode_responses=true&client_name=@",
        "redis://127.0.0.1:port/0",
    ],
)
def test_a_url_that_cannot_be_used_is_an_error_without_its_parts(url: str):
    with pytest.raises(ConfigurationError, match="percent-encode") as caught:
        RedisUrl(url)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    for part in ("pass", "word=", "perhaps"):
        assert part not in str(caught.value).replace("password", "")


async def fill(redis: Redis) -> None:
    """Let Redis use as much memory as it may, and not a byte more."""
    await redis.config_set("maxmemory-policy", "noeviction")
    await redis.config_set("maxmemory", (await redis.info("memory"))["used_memory"] // 2)


@pytest.mark.parametrize("moment", ["waits", "runs"])
async def test_workers_go_on_when_redis_is_full(
    own_redis_server: RedisServer, prefix: str, moment: str
):
    """What was answered 200 is handled; a new webhook is answered 503 (field case 38)."""
    url = own_redis_server.url
    bot, worker = Bot(url, prefix), Bot(url, prefix)
    worker.gate = asyncio.Event()
    names = [f"event-{number}" for number in range(30)]
    wishes = {names[0]: "fail", names[1]: "fail once"}
    async with Redis.from_url(url) as redis, contextlib.AsyncExitStack() as work:
        if moment == "runs":
            await work.enter_async_context(worker.at_work())
        for name in names:
            assert await bot.deliver(name, wishes.get(name, "")) == 200
        if moment == "runs":
            await until(lambda: len(worker.began) >= 10)
        await fill(redis)
        if moment == "waits":
            await work.enter_async_context(worker.at_work())
        assert await bot.deliver("too many") == 503
        await asyncio.sleep(3)  # longer than a lease
        worker.gate.set()
        await until(lambda: set(worker.done) == set(names[1:]))
        await until(lambda: {each[0] for each in worker.buried} == {names[0]})
        async with asyncio.timeout(100):
            while await redis.exists(f"{prefix}:later") or await redis.xlen(f"{prefix}:queue"):  # noqa: ASYNC110 (of another process)
                await asyncio.sleep(0.02)
        assert await bot.deliver("too many") == 503
        await redis.config_set("maxmemory", 0)
        assert await bot.deliver("too many") == 200
        await until(lambda: worker.done[-1] == "too many")
        assert await bot.deliver(names[1]) == 200
        assert bot.receiver.status().repeats == 1
    await bot.receiver.close()
    await worker.receiver.close()


def test_a_full_redis_is_named_as_such(caplog: pytest.LogCaptureFixture):
    availability = Availability(RedisUrl("redis://127.0.0.1:1/0"), "webhooks are answered 503")
    availability.lost(OutOfMemoryError("command not allowed when used memory > 'maxmemory'"))
    assert "is full (raise its maxmemory), and webhooks are answered 503" in caplog.text


async def test_the_budget_goes_on_when_redis_is_full(own_redis_server: RedisServer):
    """A handler that calls LiveChat can end, which makes room (field case 38)."""
    limiter = RedisLimiter(own_redis_server.url, rate=2, per=0.5)
    async with Redis.from_url(own_redis_server.url) as redis:
        await fill(redis)
    for _ in range(3):
        async with asyncio.timeout(100), limiter:
            pass
    await limiter.close()


async def test_a_redis_that_stood_still_loses_nothing(own_redis_server: RedisServer, prefix: str):
    """It stands still for longer than a lease: the handler is stopped and runs again."""
    url = own_redis_server.url
    bot, worker = Bot(url, prefix, redelivery=1.0), Bot(url, prefix, redelivery=1.0)
    worker.gate = asyncio.Event()
    async with worker.at_work():
        assert await bot.deliver("a") == 200
        await until(lambda: worker.began == ["a"])
        own_redis_server.freeze()
        await until(lambda: worker.cancelled == ["a"])
        own_redis_server.thaw()
        worker.gate.set()
        await until(lambda: worker.done == ["a"])
        assert await bot.deliver("a") == 200
    assert worker.began == ["a", "a"]
    await bot.receiver.close()
    await worker.receiver.close()
