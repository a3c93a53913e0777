"""The end of a receiver: what waits is worked off, and what is left is told."""

from __future__ import annotations

import asyncio
import time

import pytest
from receiver_help import (
    CREDENTIALS,
    DeadLetters,
    Kept,
    MakeReceiver,
    Stubborn,
    body,
    headers,
    until,
)

from livechat_async.errors import ClientStateError, ConfigurationError
from livechat_async.webhooks import ChatStarted, MemoryEngine, WebhookEvent, WebhookReceiver
from livechat_async.webhooks._attempt import TimeLimit


async def test_closing_works_off_what_waits(make_receiver: MakeReceiver) -> None:
    bot = make_receiver(engine=MemoryEngine(concurrency=2))
    kept = Kept()

    @bot.on(ChatStarted)
    async def slow(event: ChatStarted) -> None:
        await asyncio.sleep(0.01)
        await kept(event)

    async with bot:
        for number in range(10):
            await bot.receive(body(number), headers())
        assert bot.status().queued == 8
    status = bot.status()
    assert (status.state, status.done, status.abandoned) == ("closed", 10, 0)
    assert kept.ended == 10


async def test_what_is_left_goes_to_the_dead_letter_hook(make_receiver: MakeReceiver) -> None:
    bot = make_receiver(engine=MemoryEngine(concurrency=1))
    kept, letters = Kept(gate=asyncio.Event()), DeadLetters()
    bot.on(ChatStarted)(kept)
    bot.on_dead_letter(letters)
    for number in range(3):
        await bot.receive(body(number), headers())
    await until(lambda: len(kept.events) == 1)
    await bot.close(timeout=0.02)
    assert len(letters.letters) == 3
    for _, error, name in letters.letters:
        assert isinstance(error, ClientStateError)
        assert "the receiver was closed while" in str(error)
        assert name == "Kept"
    status = bot.status()
    assert (status.dead, status.abandoned, status.done) == (3, 3, 0)
    assert (status.queued, status.running) == (0, 0)


async def test_webhooks_are_refused_from_the_beginning_of_the_end(
    make_receiver: MakeReceiver,
) -> None:
    bot = make_receiver()
    kept = Kept(gate=asyncio.Event())
    bot.on(ChatStarted)(kept)
    await bot.receive(body(1), headers())
    closing = asyncio.create_task(bot.close())
    await until(lambda: bot.status().state == "closing")
    answer = await bot.receive(body(2), headers())
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert kept.gate is not None
    kept.gate.set()
    await closing
    assert bot.status().state == "closed"
    assert (await bot.receive(body(2), headers())).status == 503
    assert (await bot.receive(body(2), {})).status == 401, "first of all who asks"
    with pytest.raises(ClientStateError, match="closed: make another"):
        await bot.start()
    await bot.close()
    assert len(kept.events) == 1


async def test_closing_before_the_beginning(make_receiver: MakeReceiver) -> None:
    bot = make_receiver()
    await bot.close()
    assert bot.status().state == "closed"
    assert (await bot.receive(body(), headers())).status == 503


async def test_closing_while_it_starts() -> None:
    class SlowEngine(MemoryEngine):
        started = False

        async def start(self) -> None:
            await asyncio.sleep(0.02)
            self.started = True

    engine = SlowEngine()
    bot = WebhookReceiver(credentials=CREDENTIALS, engine=engine)
    receiving = asyncio.create_task(bot.receive(body(), headers()))
    await asyncio.sleep(0)
    await bot.close()
    assert engine.started
    assert (await receiving).status == 503


async def test_closing_does_not_wait_for_a_handler_that_does_not_heed_it(
    make_receiver: MakeReceiver,
) -> None:
    bot = make_receiver()
    letters, stubborn = DeadLetters(), Stubborn()
    bot.on_dead_letter(letters)
    bot.on(WebhookEvent)(stubborn)
    await bot.receive(body(), headers())
    await until(lambda: bot.status().running == 1)
    began = time.monotonic()
    await bot.close(timeout=0)
    assert time.monotonic() - began < 50
    assert len(letters.letters) == 1
    assert bot.status().stuck == 1
    stubborn.release.set()
    await until(lambda: bot.status().stuck == 0)


async def test_a_wait_for_another_attempt_is_cut_short(make_receiver: MakeReceiver) -> None:
    bot = make_receiver(backoff=1_000, backoff_max=1_000)
    letters = DeadLetters()
    bot.on(ChatStarted)(Kept(errors=[OSError()] * 5))
    bot.on_dead_letter(letters)
    await bot.receive(body(), headers())
    await until(lambda: bot.status().failed == 1)
    await bot.close(timeout=0)
    ((_, error, _),) = letters.letters
    assert "waited for another attempt" in str(error)


async def test_a_hook_that_hangs_does_not_hold_up_the_end(
    make_receiver: MakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    bot = make_receiver(timeout=0.05)
    bot._runner.limit = TimeLimit(grace=0.05)
    bot.on(ChatStarted)(Kept(gate=asyncio.Event()))

    @bot.on_dead_letter
    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    await bot.receive(body(), headers())
    await bot.close(timeout=0)
    assert "the dead-letter hook took longer than 0.05 s" in caplog.text


@pytest.mark.parametrize("seconds", [-1, float("nan"), "1", None])
async def test_a_time_that_makes_no_sense_is_refused(
    make_receiver: MakeReceiver, seconds: float
) -> None:
    with pytest.raises(ConfigurationError, match=r"close\(timeout\)="):
        await make_receiver().close(seconds)


def test_an_event_loop_that_ends_first_is_survived(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        bot = WebhookReceiver(credentials=CREDENTIALS)
        bot.on(ChatStarted)(Kept(gate=asyncio.Event()))
        await bot.receive(body(), headers())
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert "close the receiver before its event loop ends" in caplog.text
