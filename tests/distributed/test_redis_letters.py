"""Dead letters in Redis, from Python and on the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from deployment import TOKEN, until
from redis.asyncio import Redis
from redis_server import PASSWORD, QUOTED, RedisServer, free_port
from test_taskiq_engine import Bot

from livechat_async.cli import main
from livechat_async.errors import ConfigurationError
from livechat_async.webhooks.taskiq.letters import RedisLetters


@pytest.fixture
async def bot(redis_server: RedisServer, prefix: str) -> AsyncIterator[Bot]:
    """It has given up three events."""
    bot = Bot(redis_server.url, prefix)
    async with bot.at_work():
        for id_ in "abc":
            assert await bot.deliver(id_, "fail") == 200
            await until(lambda: len(bot.buried) == "abc".index(id_) + 1)  # noqa: B023
        await until(lambda: bot.engine.status().dead_letters == 3)
    yield bot
    await bot.receiver.close()


@pytest.fixture
async def letters(redis_server: RedisServer, prefix: str) -> AsyncIterator[RedisLetters]:
    letters = RedisLetters(redis_server.url, prefix=prefix)
    yield letters
    letters.close()


async def test_a_letter_says_what_was_given_up_and_why(bot: Bot, letters: RedisLetters):
    found = letters.list()
    assert [each.id for each in found] == [1, 2, 3]
    assert letters.list([3, 1]) == [found[2], found[0]]
    letter = found[1]
    assert (letter.handler, letter.attempts) == ("show", 2)
    assert letter.error.startswith("ValueError: as was wished\nTraceback ")
    assert json.loads(letter.body)["event_unique_id"] == "b"
    assert abs((datetime.now(UTC) - letter.died).total_seconds()) < 300
    assert letter.received <= letter.died
    for secret in (TOKEN, "mary@example.com"):
        assert secret not in repr(letter)
        assert secret not in letter.error
    assert len(bot.began) == 6


async def test_letters_run_again_with_all_attempts_or_are_discarded(
    bot: Bot, letters: RedisLetters
):
    assert [each.id for each in letters.replay([2])] == [2]
    assert [each.id for each in letters.discard([1])] == [1]
    assert [each.id for each in letters.list()] == [3]
    assert await bot.deliver("b", "fail") == 200
    assert bot.receiver.status().repeats == 1  # it waits already
    async with bot.at_work():
        await until(lambda: len(bot.buried) == 4)
        await until(lambda: bot.engine.status().dead_letters == 2)
    assert bot.began.count("b") == 4
    assert [each.id for each in letters.replay()] == [3, 4]
    assert letters.replay() == letters.list() == letters.discard() == []


async def test_a_delivery_of_what_was_given_up_takes_its_letter_away(
    bot: Bot, letters: RedisLetters
):
    assert await bot.deliver("a") == 200
    assert [each.id for each in letters.list()] == [2, 3]
    async with bot.at_work():
        await until(lambda: bot.done == ["a"])


async def test_an_unknown_id_changes_nothing(bot: Bot, letters: RedisLetters):
    assert bot.buried
    for step in (letters.replay, letters.discard, letters.list):
        with pytest.raises(ConfigurationError, match="there is no dead letter 9"):
            step([1, 9])
    assert [each.id for each in letters.list()] == [1, 2, 3]


async def test_letters_expire(redis_server: RedisServer, prefix: str, letters: RedisLetters):
    bot = Bot(redis_server.url, prefix, keep=0.3)
    async with bot.at_work():
        await bot.deliver("a", "fail")
        await until(lambda: len(bot.buried) == 1)
        await until(lambda: letters.list() == [])
        await bot.deliver("b", "fail")
        await until(lambda: len(bot.buried) == 2)
        async with Redis.from_url(redis_server.url) as redis:
            await until(lambda: bot.engine.status().queued == 0)
            assert await redis.zcard(f"{prefix}:dead") <= 1
    await bot.receiver.close()


async def test_letters_can_be_discarded_when_redis_is_full(
    own_redis_server: RedisServer, prefix: str
):
    """What removes work is allowed at full memory (field case 38)."""
    full = Bot(own_redis_server.url, prefix)
    letters = RedisLetters(own_redis_server.url, prefix=prefix)
    async with full.at_work(), Redis.from_url(own_redis_server.url) as redis:
        await full.deliver("a", "fail")
        await until(lambda: len(full.buried) == 1)
        await until(lambda: len(letters.list()) == 1)
        await redis.config_set("maxmemory", 1)
        assert len(letters.discard()) == 1
    letters.close()
    await full.receiver.close()


def test_a_redis_that_cannot_be_used_is_an_error():
    letters = RedisLetters(f"redis://:{QUOTED}@127.0.0.1:{free_port()}/0")
    with pytest.raises(ConfigurationError, match="Redis at 127") as caught:
        letters.list()
    for secret in (PASSWORD, QUOTED):
        assert secret not in str(caught.value)
    letters.close()


async def test_the_command_line_lists_shows_replays_and_discards(
    bot: Bot,
    redis_server: RedisServer,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def dead(*arguments: str) -> str:
        command = ["livechat-async", "webhooks", "dead", *arguments, "--prefix", prefix]
        monkeypatch.setattr(sys, "argv", command)
        assert main() == 0
        return capsys.readouterr().out

    monkeypatch.setenv("LIVECHAT_BOT_ENGINE", redis_server.url)
    lines = [line.split("\t") for line in dead("list").splitlines()]
    assert [[line[0], *line[2:]] for line in lines[1:]] == [
        [number, "chat_started", "show", "2", "ValueError: as was wished"] for number in "123"
    ]
    shown = dead("show", "2")
    assert '"event_unique_id": "b"' in shown
    assert TOKEN not in shown
    assert dead("discard", "1") == "1 dead letter removed\n"
    monkeypatch.delenv("LIVECHAT_BOT_ENGINE")
    replayed = dead("replay", "--all", "--engine", redis_server.url)
    assert replayed == "2 events will be handled again\n"
    bot.began.clear()
    async with bot.at_work():
        await until(lambda: sorted(map(str, set(bot.began))) == ["b", "c"])
