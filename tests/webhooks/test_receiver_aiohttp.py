"""A receiver in an aiohttp server, with raw requests over loopback."""

from __future__ import annotations

import asyncio
import gzip
import logging
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from receiver_help import (
    TOKEN,
    MakeReceiver,
    Recorder,
    WebhookSender,
    basic,
    body,
    until,
)

from livechat_async import DetailField, LiveChatClient, VisitorDetails
from livechat_async.sandbox import Sandbox
from livechat_async.webhooks import ChatStarted, WebhookEvent, WebhookReceiver


async def serving(app: web.Application) -> AsyncIterator[WebhookSender]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield WebhookSender(runner.addresses[0][1])
    await runner.cleanup()


@pytest.fixture
def bot(make_receiver: MakeReceiver) -> WebhookReceiver:
    return make_receiver(path_secret="sesame", max_body_bytes=10_000)


@pytest.fixture
async def sender(bot: WebhookReceiver) -> AsyncIterator[WebhookSender]:
    app = web.Application()
    app.router.add_post("/livechat/{secret}", bot.aiohttp_handler)
    app.cleanup_ctx.append(bot.aiohttp_context)
    async for sender in serving(app):
        yield sender
    assert bot.status().state == "closed"


async def test_a_webhook_is_answered_and_handled(
    bot: WebhookReceiver, sender: WebhookSender
) -> None:
    recorder = Recorder()
    bot.on(ChatStarted)(recorder)
    assert bot.status().state == "running", "the application starts it"
    assert await sender.post(body()) == 200
    assert await sender.post(body()) == 200
    await until(lambda: bot.status().done == 1)
    assert len(recorder.events) == 1


async def test_each_refusal_has_its_status_and_is_logged_without_secrets(
    bot: WebhookReceiver, sender: WebhookSender, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "livechat_async.webhooks"):
        assert await sender.post(body(), path="/livechat/other") == 404
        assert await sender.post(body(), Authorization=basic("user", "other")) == 401
        assert await sender.post(body(), Authorization="Basic \xff\xfe") == 401
        assert await sender.post(body(), Content_Type="text/plain") == 415
        assert await sender.post(gzip.compress(body()), Content_Encoding="gzip") == 415
        assert await sender.post(b"{") == 400
        assert await sender.post(b"{}") == 422
        assert await sender.post(b"") == 400
        assert await sender.post(body(), method="GET") == 405
    assert bot.status().refused == 8, "aiohttp's router itself answers 405"
    assert bot.status().accepted == 0
    assert bot.status().refusals == {404: 1, 401: 2, 415: 2, 400: 2, 422: 1}
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 5
    for secret in (TOKEN, "sesame", basic(), basic("user", "other")):
        assert secret not in caplog.text


async def test_a_header_given_twice_is_refused(sender: WebhookSender) -> None:
    twice = f"Authorization: {basic()}\r\nAuthorization: {basic()}\r\n"
    assert await sender.raw(sender.head(f"Content-Length: 2\r\n{twice}") + b"{}") in {400, 401}


async def test_a_body_of_5_mb_is_refused_before_it_arrives(
    bot: WebhookReceiver, sender: WebhookSender
) -> None:
    assert await sender.raw(sender.head("Content-Length: 5000000\r\n", authorized=True)) == 413
    assert bot.status().refused == 1


async def test_a_chunked_body_is_read_up_to_the_limit(
    bot: WebhookReceiver, sender: WebhookSender
) -> None:
    chunked = sender.head("Transfer-Encoding: chunked\r\n", authorized=True)
    whole = body()
    parts = [whole[:50], whole[50:]]
    encoded = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    assert await sender.raw(chunked + encoded) == 200
    too_long = b"1000\r\n%s\r\n" % (b" " * 0x1000)
    assert await sender.raw(chunked + too_long * 3) == 413, "the rest need not come"
    assert await sender.raw(chunked + b"2\r\n{}\r\nnonsense\r\n") == 400
    assert bot.status().accepted == 1


async def test_a_long_body_that_waits_for_100_continue_is_refused(sender: WebhookSender) -> None:
    head = sender.head("Content-Length: 5000000\r\nExpect: 100-continue\r\n", authorized=True)
    assert await sender.raw(head) == 413


async def test_a_slow_body_is_accepted_and_a_missing_one_answered_408(
    sender: WebhookSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = body()
    head = sender.head(f"Content-Length: {len(whole)}\r\n", authorized=True)
    assert await sender.raw(head + whole[:40], whole[40:], pause=0.05) == 200
    monkeypatch.setattr("livechat_async.webhooks.servers._BODY_SECONDS", 0.05)
    assert await sender.raw(head + whole[:40]) == 408


async def test_a_client_that_disconnects_early_does_no_harm(
    bot: WebhookReceiver, sender: WebhookSender
) -> None:
    head = sender.head("Content-Length: 1000\r\n", authorized=True)
    await sender.leave(head + b"{")
    assert await sender.post(body()) == 200
    assert bot.status().accepted == 1


async def test_connections_are_kept_alive(sender: WebhookSender) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        for number in range(3):
            async with session.post(
                f"http://127.0.0.1:{sender.port}/livechat/sesame",
                data=body(number),
                headers={"Authorization": basic(), "Content-Type": "application/json"},
            ) as answer:
                assert answer.status == 200
                assert answer.headers.get("Connection", "keep-alive") == "keep-alive"


async def test_a_blocking_handler_delays_answers_and_loses_no_webhook(
    bot: WebhookReceiver, sender: WebhookSender
) -> None:
    @bot.on(WebhookEvent)
    async def blocks(_: WebhookEvent) -> None:
        time.sleep(0.05)  # noqa: ASYNC251 (the subject of this test)

    answers = await asyncio.gather(*(sender.post(body(number)) for number in range(5)))
    assert answers == [200] * 5
    await until(lambda: bot.status().done == 5)


async def test_the_first_webhook_starts_the_receiver(make_receiver: MakeReceiver) -> None:
    bot = make_receiver()
    app = web.Application()
    app.router.add_post("/hook", bot.aiohttp_handler)
    async for sender in serving(app):
        assert bot.status().state == "new"
        assert await sender.post(body(), path="/hook") == 200
        assert bot.status().state == "running", "the first webhook starts it"


async def test_a_handler_shows_details_to_the_agent(make_receiver: MakeReceiver) -> None:
    async with Sandbox() as sandbox, LiveChatClient(base_url=sandbox.url) as client:
        bot = make_receiver(client)

        @bot.on(ChatStarted)
        async def show(event: ChatStarted) -> None:
            await event.add_details(VisitorDetails(id="crm", fields=[DetailField("Plan", "free")]))

        app = web.Application()
        app.router.add_post("/hook", bot.aiohttp_handler)
        chat = sandbox.start_chat(sandbox.add_visitor())
        async for sender in serving(app):
            assert await sender.post_json(chat.webhook_body(), path="/hook") == 200
            await until(lambda: bot.status().done == 1)
        (shown,) = sandbox.details_of(chat.visitor_id)
        assert shown.id == "crm"
        await bot.close()
