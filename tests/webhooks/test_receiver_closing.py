"""Closing a receiver: jobs that wait are finished, and the rest goes to the dead-letter hook."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest
from receiver_help import (
    CREDENTIALS,
    DeadLetters,
    MakeReceiver,
    Recorder,
    Stubborn,
    body,
    headers,
    until,
)

from livechat_async.errors import ClientStateError, ConfigurationError
from livechat_async.webhooks import ChatStarted, MemoryEngine, WebhookEvent, WebhookReceiver


async def test_closing_finishes_the_jobs_that_wait(make_receiver: MakeReceiver) -> None:
    bot = make_receiver(engine=MemoryEngine(concurrency=2))
    recorder = Recorder()

    @bot.on(ChatStarted)
    async def slow(event: ChatStarted) -> None:
        await asyncio.sleep(0.01)
        await recorder(event)

    async with bot:
        for number in range(10):
            await bot.receive(body(number), headers())
        assert bot.status().queued == 8
    status = bot.status()
    assert (status.state, status.done, status.abandoned) == ("closed", 10, 0)
    assert recorder.ended == 10


async def test_jobs_left_when_closing_go_to_the_dead_letter_hook(
    make_receiver: MakeReceiver,
) -> None:
    bot = make_receiver(engine=MemoryEngine(concurrency=1))
    recorder, letters = Recorder(gate=asyncio.Event()), DeadLetters()
    bot.on(ChatStarted)(recorder)
    bot.on_dead_letter(letters)
    for number in range(3):
        await bot.receive(body(number), headers())
    await until(lambda: len(recorder.events) == 1)
    await bot.close(timeout=0.02)
    assert len(letters.letters) == 3
    for _, error, name in letters.letters:
        assert isinstance(error, ClientStateError)
        assert "the receiver was closed while" in str(error)
        assert name == "Recorder"
    status = bot.status()
    assert (status.dead, status.abandoned, status.done) == (3, 3, 0)
    assert (status.queued, status.running) == (0, 0)


@pytest.mark.parametrize(
    "odd", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError]
)
@pytest.mark.parametrize("is_opened", [True, False])
def test_no_event_is_lost_when_a_handler_stops_the_program(
    odd: type[BaseException], *, is_opened: bool
) -> None:
    """Each event gets its handler or the dead-letter hook, and Ctrl-C stops (field case 45)."""
    engine = MemoryEngine(concurrency=1 if is_opened else 3)
    bot = WebhookReceiver(credentials=CREDENTIALS, engine=engine, backoff=0)
    letters, handled = DeadLetters(), Recorder()
    bot.on_dead_letter(letters)

    @bot.on(ChatStarted)
    async def handler(event: WebhookEvent) -> None:
        if event.unique_id == f"{2:032x}":
            raise odd
        await asyncio.sleep(0.05)
        await handled(event)

    async def receive() -> None:
        for number in (1, 2, 3):
            await bot.receive(body(number), headers())
        await until(lambda: bot.status().done + len(letters.letters) == 3)
        await asyncio.sleep(0)  # the interrupt comes with the next turn of the event loop

    async def opened() -> None:
        async with bot:
            await receive()

    stops = odd is KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt) if stops else nullcontext():
        asyncio.run(opened() if is_opened else receive())
    assert f"{2:032x}" in [event.unique_id for event, _, _ in letters.letters]
    met = [
        event.unique_id for event in [*handled.events, *(each for each, _, _ in letters.letters)]
    ]
    assert sorted(map(str, met)) == [f"{number:032x}" for number in (1, 2, 3)]
    if is_opened:
        assert len(letters.letters) == 1, "closing handles the others"


async def test_webhooks_are_refused_as_soon_as_closing_begins(
    make_receiver: MakeReceiver,
) -> None:
    bot = make_receiver()
    recorder = Recorder(gate=asyncio.Event())
    bot.on(ChatStarted)(recorder)
    await bot.receive(body(1), headers())
    closing = asyncio.create_task(bot.close())
    await until(lambda: bot.status().state == "closing")
    answer = await bot.receive(body(2), headers())
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert recorder.gate is not None
    recorder.gate.set()
    await closing
    assert bot.status().state == "closed"
    assert (await bot.receive(body(2), headers())).status == 503
    assert (await bot.receive(body(2), {})).status == 401, "the credentials come first"
    with pytest.raises(ClientStateError, match="closed: make another"):
        await bot.start()
    await bot.close()
    assert len(recorder.events) == 1


async def test_a_receiver_can_be_closed_before_it_starts(make_receiver: MakeReceiver) -> None:
    bot = make_receiver()
    await bot.close()
    assert bot.status().state == "closed"
    assert (await bot.receive(body(), headers())).status == 503


async def test_a_receiver_can_be_closed_while_it_starts() -> None:
    class SlowEngine(MemoryEngine):
        started = False

        async def start(self) -> None:
            entered.set()
            await may_end.wait()
            self.started = True

    entered, may_end = asyncio.Event(), asyncio.Event()
    engine = SlowEngine()
    bot = WebhookReceiver(credentials=CREDENTIALS, engine=engine)
    receiving = asyncio.create_task(bot.receive(body(), headers()))
    await entered.wait()
    closing = asyncio.create_task(bot.close())
    await until(lambda: bot.status().state == "closing")
    may_end.set()
    await closing
    assert engine.started
    assert (await receiving).status == 503


async def test_closing_does_not_wait_for_a_handler_that_ignores_its_cancellation(
    make_receiver: MakeReceiver,
) -> None:
    bot = make_receiver()
    bot._runner.grace = 0.05
    letters, stubborn = DeadLetters(), Stubborn()
    bot.on_dead_letter(letters)
    bot.on(WebhookEvent)(stubborn)
    await bot.receive(body(), headers())
    await until(lambda: bot.status().running == 1)
    await bot.close(timeout=0)
    assert len(letters.letters) == 1
    assert bot.status().stuck == 1, "it still runs"
    stubborn.release.set()
    await until(lambda: bot.status().stuck == 0)


async def test_closing_ends_a_wait_for_another_attempt(make_receiver: MakeReceiver) -> None:
    bot = make_receiver(backoff=1_000, backoff_max=1_000)
    letters = DeadLetters()
    bot.on(ChatStarted)(Recorder(errors=[OSError()] * 5))
    bot.on_dead_letter(letters)
    await bot.receive(body(), headers())
    await until(lambda: bot.status().failed == 1)
    await bot.close(timeout=0)
    ((_, error, _),) = letters.letters
    assert "waited for another attempt" in str(error)


async def test_closing_does_not_wait_for_a_hook_that_hangs(
    make_receiver: MakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    bot = make_receiver(timeout=0.05)
    bot._runner.grace = 0.05
    bot.on(ChatStarted)(Recorder(gate=asyncio.Event()))

    @bot.on_dead_letter
    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    await bot.receive(body(), headers())
    await bot.close(timeout=0)
    assert "the dead-letter hook took longer than 0.05 s" in caplog.text


@pytest.mark.parametrize("seconds", [-1, float("nan"), "1", None])
async def test_a_malformed_close_timeout_is_refused(
    make_receiver: MakeReceiver, seconds: float
) -> None:
    with pytest.raises(ConfigurationError, match=r"timeout="):
        await make_receiver().close(seconds)


def test_an_event_loop_that_ends_before_close_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        bot = WebhookReceiver(credentials=CREDENTIALS)
        recorder = Recorder(gate=asyncio.Event())
        bot.on(ChatStarted)(recorder)
        await bot.receive(body(), headers())
        await until(lambda: recorder.events != [])

    asyncio.run(main())
    assert "close the receiver before its event loop ends" in caplog.text
