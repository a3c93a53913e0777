"""A receiver as an ASGI application: under uvicorn, mounted, and called directly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import fastapi
import httpx
import pytest
import starlette.applications
import starlette.routing
import uvicorn
from receiver_help import (
    MakeReceiver,
    Recorder,
    WebhookSender,
    basic,
    body,
    document,
    headers,
    until,
)

from livechat_async.webhooks import ChatStarted, WebhookReceiver


@asynccontextmanager
async def serving(app: Any, lifespan: str = "auto") -> AsyncIterator[WebhookSender]:
    config = uvicorn.Config(app, log_config=None, lifespan=lifespan, http="h11", ws="none")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server._serve([listener]))
        await until(lambda: server.started or task.done())
        try:
            yield WebhookSender(listener.getsockname()[1])
        finally:
            server.should_exit = True
            await task


@pytest.fixture
def bot(make_receiver: MakeReceiver) -> WebhookReceiver:
    return make_receiver(path_secret="sesame", max_body_bytes=10_000)


async def test_the_receiver_serves_alone_under_uvicorn(bot: WebhookReceiver) -> None:
    recorder = Recorder()
    bot.on(ChatStarted)(recorder)
    async with serving(bot, "on") as sender:
        assert bot.status().state == "running"
        assert await sender.post(body()) == 200
        assert await sender.post(body()) == 200
        await until(lambda: bot.status().done == 1)
        assert await sender.post(body(), path="/livechat/other") == 404
        assert await sender.post(body(), path="/sesame/livechat") == 404
        assert await sender.post(body(), Authorization=basic("user", "other")) == 401
        assert await sender.post(body(), Authorization="Basic \xff\xfe") == 401
        assert await sender.post(body(), Content_Type="text/plain") == 415
        assert await sender.post(b"{") == 400
        assert await sender.post(b"{}") == 422
        assert bot.status().refused == 7
    assert bot.status().state == "closed"
    assert len(recorder.events) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_only_post_is_served(bot: WebhookReceiver, method: str) -> None:
    async with serving(bot) as sender:
        answer = await sender.answer(sender.head("", method=method))
    assert b" 405 " in answer
    assert b"allow: POST\r\n" in answer


async def test_long_bodies_are_not_read(bot: WebhookReceiver) -> None:
    async with serving(bot) as sender:
        large = sender.head("Content-Length: 5000000\r\n", authorized=True)
        assert await sender.raw(large) == 413
        expecting = "Content-Length: 5000000\r\nExpect: 100-continue\r\n"
        answer = await sender.answer(sender.head(expecting, authorized=True))
        assert answer.startswith(b"HTTP/1.1 413 ")
        chunked = sender.head("Transfer-Encoding: chunked\r\n", authorized=True)
        part = b"1000\r\n%s\r\n" % (b" " * 0x1000)
        assert await sender.raw(chunked + part * 3) == 413
        whole = body()
        assert await sender.raw(chunked + b"%x\r\n%s\r\n0\r\n\r\n" % (len(whole), whole)) == 200
        head = sender.head("Content-Length: 1000\r\n", authorized=True)
        await sender.leave(head + b"{")
        assert await sender.post(body()) == 200
    assert bot.status().accepted == 2


async def test_a_body_that_never_comes_is_answered_408(
    bot: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livechat_async.webhooks.servers._BODY_SECONDS", 0.05)
    async with serving(bot) as sender:
        assert await sender.raw(sender.head("Content-Length: 9\r\n", authorized=True)) == 408


async def test_the_receiver_serves_mounted_under_fastapi(make_receiver: MakeReceiver) -> None:
    bot, recorder = make_receiver(path_secret="sesame"), Recorder()
    bot.on(ChatStarted)(recorder)

    @asynccontextmanager
    async def lifespan(_: fastapi.FastAPI) -> AsyncIterator[None]:
        async with bot:
            yield

    app = fastapi.FastAPI(lifespan=lifespan)
    app.mount("/livechat", bot)

    @app.get("/health")
    async def health() -> int:
        return bot.status().done

    async with serving(app) as sender:
        assert bot.status().state == "running"
        assert await sender.post(body()) == 200
        assert await sender.post(body(), path="/livechat/other") == 404
        await until(lambda: bot.status().done == 1)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sender.port}") as http:
            assert (await http.get("/health")).json() == 1
            answer = await http.post("/livechat/sesame", json=document(2), headers=headers())
            assert (answer.status_code, answer.content) == (200, b"")
            answer = await http.post("/livechat/sesame", json=document(2))
            assert answer.status_code == 401
            assert answer.text == "the credentials are missing or wrong\n"
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert bot.status().state == "closed"
    assert len(recorder.events) == 2


async def test_a_mounted_receiver_starts_without_a_lifespan(make_receiver: MakeReceiver) -> None:
    bot = make_receiver()
    app = starlette.applications.Starlette(routes=[starlette.routing.Mount("/hook", app=bot)])
    async with serving(app) as sender:
        assert bot.status().state == "new"
        assert await sender.post(body(), path="/hook/") == 200
        assert bot.status().state == "running"
    assert bot.status().state == "running", "the application has to close it"


async def messages(*given: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    for message in given:
        yield message


async def call(bot: WebhookReceiver, scope: dict[str, Any], *given: dict[str, Any]) -> list[Any]:
    waiting = messages(*given)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await bot(scope, waiting.__anext__, send)
    return sent


async def test_a_failed_start_is_reported_to_the_server(make_receiver: MakeReceiver) -> None:
    bot = make_receiver()
    await bot.close()
    (answer,) = await call(bot, {"type": "lifespan"}, {"type": "lifespan.startup"})
    assert answer["type"] == "lifespan.startup.failed"
    assert "the receiver is closed" in answer["message"]


async def test_websockets_are_closed_and_other_scopes_refused(bot: WebhookReceiver) -> None:
    assert await call(bot, {"type": "websocket"}, {"type": "websocket.connect"}) == [
        {"type": "websocket.close", "code": 1000}
    ]
    with pytest.raises(ValueError, match="no ASGI scope of the type 'odd'"):
        await call(bot, {"type": "odd"})


async def test_a_client_that_disconnected_gets_no_answer(bot: WebhookReceiver) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/x/sesame",
        "headers": [(b"authorization", basic().encode())],
    }
    part = {"type": "http.request", "body": b"{", "more_body": True}
    assert await call(bot, scope, part, {"type": "http.disconnect"}) == []
    assert bot.status().refused == 0
