"""Real receivers, real ``taskiq worker`` processes, a real Redis; and what kills them."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from deployment import TOKEN, Deployment, body, until
from redis.asyncio import Redis
from redis_server import PASSWORD, QUOTED, RedisServer


async def left_in(server: RedisServer, prefix: str) -> int:
    async with Redis.from_url(server.url) as redis:
        return int(await redis.xlen(f"{prefix}:queue")) + int(await redis.zcard(f"{prefix}:later"))


async def test_two_workers_do_each_of_many_events_once_though_a_third_are_repeats(
    redis_server: RedisServer, tmp_path: Path, prefix: str
):
    distinct = [f"{number:032x}" for number in range(120)]
    deliveries = distinct + random.Random(7).choices(distinct, k=60)  # noqa: S311
    random.Random(8).shuffle(deliveries)  # noqa: S311
    with Deployment(redis_server, tmp_path, prefix) as bot:
        bot.receiver()
        workers = [bot.worker("first"), bot.worker("second")]
        await bot.at_work(2)
        await bot.deliver(body("warm-up"))
        statuses = await asyncio.gather(*(bot.post(body(id_, "sleep 0.02")) for id_ in deliveries))
        assert Counter(statuses) == {200: 180}
        await bot.noted("done", 121)
        for worker in workers:
            bot.end(worker, signal.SIGTERM)
        assert bot.counts("done") == Counter(["warm-up", *distinct])
        assert len({note["pid"] for note in bot.notes("done")}) == 2
        logs = bot.logs()
    assert await left_in(redis_server, prefix) == 0
    for secret in (TOKEN, PASSWORD, QUOTED, "mary@example.com"):
        assert secret not in logs


async def test_a_job_whose_worker_is_killed_in_mid_handler_runs_on_another(
    redis_server: RedisServer, tmp_path: Path, prefix: str
):
    with Deployment(redis_server, tmp_path, prefix) as bot:
        bot.receiver()
        bot.worker("first")
        bot.worker("second")
        await bot.deliver(body("a", "hang once"))
        (first,) = await bot.noted("began")
        os.kill(first["pid"], signal.SIGKILL)
        (done,) = await bot.noted("done")
    assert len(bot.notes("began")) == 2
    assert done["pid"] != first["pid"]
    assert await left_in(redis_server, prefix) == 0


@pytest.mark.parametrize(
    ("moment", "runs"), [("before begin", 1), ("before record", 2), ("after record", 1)]
)
async def test_a_worker_killed_around_a_step_loses_nothing(
    redis_server: RedisServer, tmp_path: Path, prefix: str, moment: str, runs: int
):
    with Deployment(redis_server, tmp_path, prefix, BOT_KILLED=moment) as bot:
        bot.receiver()
        bot.worker("first")
        bot.worker("second")
        await bot.deliver(body("a"))
        await bot.noted("done", runs)
        await bot.deliver(body("b"))  # they are at work
        await until(lambda: bot.counts("done")["b"] == 1)
        await bot.deliver(body("a"))  # LiveChat repeats it
        await asyncio.sleep(4)  # longer than the redelivery takes
        assert bot.counts("done")["a"] == runs
    assert (tmp_path / "killed").exists()
    assert await left_in(redis_server, prefix) == 0


@pytest.mark.parametrize("moment", ["before add", "after add"])
async def test_a_receiver_killed_around_its_one_step_loses_nothing(
    redis_server: RedisServer, tmp_path: Path, prefix: str, moment: str
):
    with Deployment(redis_server, tmp_path, prefix, BOT_KILLED=moment) as bot:
        receiver = bot.receiver()
        while not (tmp_path / "killed").exists():
            assert await bot.post(body("a")) is None  # no answer, so that LiveChat repeats
            await asyncio.sleep(0.05)
        receiver.wait(10)
        bot.receiver()
        bot.worker()
        await bot.deliver(body("a"))
        await bot.noted("done")
        await bot.deliver(body("a"))
        await bot.deliver(body("b"))
        await bot.noted("done", 2)
    assert bot.counts("done") == {"a": 1, "b": 1}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_redis_is_away_for_a_while_and_nothing_is_lost(
    own_redis_server: RedisServer, tmp_path: Path, prefix: str, how: signal.Signals
):
    server = own_redis_server
    with Deployment(server, tmp_path, prefix, BOT_REDELIVERY="4") as bot:
        bot.receiver()
        bot.worker("first")
        bot.worker("second")
        await bot.deliver(body("before"))
        await bot.noted("done")
        for number in range(10):
            await bot.deliver(body(f"across-{number}", "sleep 1"))
        await bot.noted("began", 11)
        await asyncio.sleep(0.3)
        server.stop(how)
        await bot.deliver(body("while", ""), 503)
        await bot.noted("done", 11)  # what ran, ends
        assert await bot.post(body("while")) == 503
        server.start()
        await bot.deliver(body("while"))
        await bot.deliver(body("across-0"))
        await bot.deliver(body("after"))
        await bot.noted("done", 13)
        await asyncio.sleep(1)
    assert set(bot.counts("done").values()) == {1}
    assert await left_in(server, prefix) == 0
    assert "is unavailable" in bot.logs()
    assert "is back" in bot.logs()


def repeats_in(notes: list[dict[str, Any]], killed: dict[int, float]) -> int:
    """How many successful runs were followed by another, each because its worker was killed."""
    begins: dict[str, list[dict[str, Any]]] = {}
    ends = {(note["id"], note["pid"]): note["at"] for note in notes if note["what"] == "done"}
    for note in notes:
        if note["what"] == "began":
            begins.setdefault(note["id"], []).append(note)
    repeated = 0
    for id_, runs in begins.items():
        for earlier, later in pairwise(runs):
            end = ends.get((id_, earlier["pid"]))
            gone = killed.get(earlier["pid"], float("inf"))
            assert min(end or gone, gone) <= later["at"], f"{id_} ran twice at the same time"
            assert gone < later["at"], f"{id_} ran again though its worker lived"
            repeated += end is not None
    return repeated


async def test_every_event_answered_200_is_handled_though_processes_are_killed_30_times(
    redis_server: RedisServer, tmp_path: Path, prefix: str
):
    """None succeeds twice unless a kill fell between its end and its record (field case 14)."""
    accepted: set[str] = set()
    killed: dict[int, float] = {}
    is_over = asyncio.Event()

    async def send(bot: Deployment) -> None:
        async def deliver(id_: str) -> None:
            for _ in range(random.choice((1, 1, 2))):  # noqa: S311
                await bot.deliver(body(id_, "sleep 0.05"))
                accepted.add(id_)

        async with asyncio.TaskGroup() as group:
            while not is_over.is_set():
                group.create_task(deliver(uuid4().hex))
                await asyncio.sleep(0.05)

    with Deployment(redis_server, tmp_path, prefix, BOT_REDELIVERY="2") as bot:
        receiver = bot.receiver()
        bot.worker("first", "--workers", "2")
        bot.worker("second", "--workers", "2")
        sending = asyncio.create_task(send(bot))
        for number in range(30):
            alive: set[int] = set()
            while not alive:
                await asyncio.sleep(random.uniform(0.05, 0.2))  # noqa: S311
                alive = {note["pid"] for note in bot.notes("began")} - set(killed)
            if number % 5 == 4:
                bot.end(receiver, signal.SIGKILL)
                receiver = bot.receiver()
            else:
                pid = random.choice(sorted(alive))  # noqa: S311
                killed[pid] = time.time()
                os.kill(pid, signal.SIGKILL)
        is_over.set()
        await sending
        await until(lambda: accepted <= set(bot.counts("done")))
        notes = bot.notes()
    assert len(killed) == 24
    assert not [note for note in notes if note["what"].startswith("buried")]
    repeated = repeats_in(notes, killed)
    print(f"{len(accepted)} events, 30 kills, {repeated} handled twice")  # noqa: T201
    assert repeated <= 30


async def test_the_budget_is_shared_by_two_workers(
    redis_server: RedisServer, tmp_path: Path, prefix: str
):
    from aiohttp import web  # noqa: PLC0415

    times: list[float] = []

    async def details(request: web.Request) -> web.Response:
        times.append(asyncio.get_running_loop().time())
        assert (await request.json())["token"] == TOKEN  # it travelled through Redis
        return web.json_response({"result": "Visitor details added successfully"})

    app = web.Application()
    app.router.add_post("/visitors/{id}/details", details)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        with Deployment(redis_server, tmp_path, prefix, BOT_API=api, BOT_REDELIVERY="9") as bot:
            bot.receiver()
            bot.worker("first")
            bot.worker("second")
            await bot.at_work(2)
            await bot.deliver(body("warm-up"))
            await asyncio.gather(*(bot.deliver(body(f"{n}", "details")) for n in range(16)))
            done = await bot.noted("done", 17)
    finally:
        await runner.cleanup()
    assert len(times) == 16
    # 5 in any 2 seconds; the requests take a moment to arrive, and not all the same.
    assert all(late - early > 1.5 for early, late in zip(times, times[5:], strict=False))
    assert len({note["pid"] for note in done}) == 2


async def test_a_job_that_kills_its_workers_is_given_up(
    redis_server: RedisServer, tmp_path: Path, prefix: str
):
    with Deployment(redis_server, tmp_path, prefix, BOT_REDELIVERY="0.8", BOT_STARTS="2") as bot:
        bot.receiver()
        bot.worker()
        await bot.deliver(body("a", "die"))
        (buried,) = await bot.noted("buried")
        assert "begun 2 times" in buried["what"]
        assert len(bot.notes("began")) == 2
        await bot.deliver(body("b"))
        await bot.noted("done")
    assert await left_in(redis_server, prefix) == 0


async def test_a_job_waits_for_a_worker_of_the_new_version(
    redis_server: RedisServer, tmp_path: Path, prefix: str
):
    with Deployment(redis_server, tmp_path, prefix) as bot:
        bot.receiver(BOT_NEW="yes")
        old = bot.worker("old")
        await bot.deliver(body("a", kind="chat_ended"))
        await bot.deliver(body("b"))
        await bot.noted("done")
        await until(lambda: "no handler is named 'only_in_the_new_version' here" in bot.logs())
        assert bot.counts("done") == {"b": 1}
        bot.worker("new", BOT_NEW="yes")
        await bot.noted("done", 2)
        assert old.poll() is None
    assert bot.counts("done") == {"a": 1, "b": 1}
    assert not bot.notes("buried")


async def test_a_worker_that_is_stopped_gives_its_jobs_to_others_at_once(
    redis_server: RedisServer, tmp_path: Path, prefix: str
):
    with Deployment(redis_server, tmp_path, prefix, BOT_REDELIVERY="30") as bot:
        bot.receiver()
        first = bot.worker("first", "--wait-tasks-timeout", "0.5")
        await bot.deliver(body("a", "hang once"))
        await bot.noted("began")
        bot.end(first, signal.SIGTERM)
        bot.worker("second")
        (done,) = await asyncio.wait_for(bot.noted("done"), 200)
    assert done["id"] == "a"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1/0", "it has to start with redis://"),
        ("redis://:wrong-one@127.0.0.1:{port}/0", "refuses the user name or password"),
        ("redis://127.0.0.1:{port}/0", "refuses the user name or password"),
        (f"redis://:{QUOTED}@127.0.0.1:{{port}}/99", "DB index is out of range"),
    ],
)
async def test_a_wrong_url_ends_a_worker_with_a_clear_error(
    redis_server: RedisServer, tmp_path: Path, prefix: str, url: str, words: str
):
    with Deployment(
        redis_server, tmp_path, prefix, BOT_REDIS=url.format(port=redis_server.port)
    ) as bot:
        bot.worker()
        await until(lambda: "ConfigurationError: " in bot.logs())
    assert words in bot.logs()
    for secret in ("wrong-one", PASSWORD, QUOTED):
        assert secret not in bot.logs()
