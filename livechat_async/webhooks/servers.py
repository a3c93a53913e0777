"""The receiver as a handler of an aiohttp server, and as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeAlias

from aiohttp import StreamReader, web

from livechat_async.webhooks.gate import RefusedError
from livechat_async.webhooks.intake import Intake

ASGIScope: TypeAlias = MutableMapping[str, Any]
ASGIReceive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
ASGISend: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_BODY_SECONDS = 10.0  # LiveChat waits no longer for the answer


@asynccontextmanager
async def _time_limit() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            yield
    except TimeoutError:
        raise RefusedError(408, f"the body took longer than {_BODY_SECONDS:g} s") from None


async def serve_aiohttp(intake: Intake, request: web.Request) -> web.Response:
    """Answer one request of an aiohttp server."""
    content = request.content
    answer = await intake.answer(
        request.headers.items(), request.match_info.get("secret"), partial(_read_aiohttp, content)
    )
    response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
    if not content.is_eof():
        response.force_close()  # instead of reading the rest of a body that was refused
    return response


async def _read_aiohttp(content: StreamReader, limit: int) -> bytes:
    body = bytearray()
    try:
        if content.is_eof():  # all of it is here already, as nearly always
            return content.read_nowait()
        async with _time_limit():
            async for part in content.iter_any():
                body += part
                if len(body) > limit:
                    break
    except (web.RequestPayloadError, ConnectionError, ValueError):
        raise RefusedError(400, "the body was cut off") from None
    return bytes(body)


class _DisconnectedError(Exception):
    """The client went away before the whole body had come."""


async def serve_asgi(
    intake: Intake, scope: ASGIScope, receive: ASGIReceive, send: ASGISend
) -> None:
    """Serve one ASGI scope: a request, or the lifespan of the server."""
    kind = scope["type"]
    if kind == "http":
        await _serve_http(intake, scope, receive, send)
    elif kind == "lifespan":
        await _serve_lifespan(intake, receive, send)
    elif kind == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
    else:
        raise ValueError(f"the webhook receiver serves no ASGI scope of the type {kind!r}")


async def _serve_http(
    intake: Intake, scope: ASGIScope, receive: ASGIReceive, send: ASGISend
) -> None:
    has_secret = intake.gate.path_secret is not None
    last = scope["path"].rpartition("/")[2] if has_secret else None
    texts = ((name.decode("latin-1"), text.decode("latin-1")) for name, text in scope["headers"])
    try:
        if scope["method"] == "POST":
            answer = await intake.answer(texts, last, partial(_read_asgi, receive))
        else:
            answer = intake.refuse(RefusedError(405, "webhooks come by POST"))
    except _DisconnectedError:
        return
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    pairs = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    body = b"" if scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})


async def _read_asgi(receive: ASGIReceive, limit: int) -> bytes:
    body = bytearray()
    more = True
    async with _time_limit():
        while more and len(body) <= limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _DisconnectedError
            body += message.get("body", b"")
            more = message.get("more_body", False)
    return bytes(body)


async def _serve_lifespan(intake: Intake, receive: ASGIReceive, send: ASGISend) -> None:
    step = ""
    while step != "shutdown":
        message = await receive()
        step = message["type"].removeprefix("lifespan.")
        try:
            await (intake.start() if step == "startup" else intake.close())
        except Exception as error:
            logger.exception("the webhook receiver failed at the server's %s", step)
            await send({"type": f"lifespan.{step}.failed", "message": str(error)})
            return
        await send({"type": f"lifespan.{step}.complete"})
