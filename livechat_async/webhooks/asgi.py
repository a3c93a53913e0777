"""A receiver as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from livechat_async.webhooks.gate import Gate, ReceiverAnswer, refusal
from livechat_async.webhooks.intake import BODY_SECONDS, Desk

__all__ = ["ASGIReceive", "ASGIScope", "ASGISend", "serve_asgi"]

ASGIScope: TypeAlias = MutableMapping[str, Any]
ASGIReceive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
ASGISend: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")


async def serve_asgi(desk: Desk, scope: ASGIScope, receive: ASGIReceive, send: ASGISend) -> None:
    """Serve one connection: a webhook, or the lifespan of the server."""
    kind = scope["type"]
    if kind == "http":
        await _webhook(desk, scope, receive, send)
    elif kind == "lifespan":
        await _lifespan(desk, receive, send)
    elif kind == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
    else:
        raise ValueError(f"the receiver of webhooks serves no ASGI scope of the type {kind!r}")


async def _webhook(desk: Desk, scope: ASGIScope, receive: ASGIReceive, send: ASGISend) -> None:
    answer = await _answer(desk, scope, receive)
    if answer is None:
        return
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    start = {
        "type": "http.response.start",
        "status": answer.status,
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
    }
    await send(start)
    body = b"" if scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})


async def _answer(desk: Desk, scope: ASGIScope, receive: ASGIReceive) -> ReceiverAnswer | None:
    """The answer, or None if whoever asked has gone."""
    if scope["method"] != "POST":
        return desk.refused(refusal(405, "webhooks come by POST"))
    last = scope["path"].rpartition("/")[2] if desk.gate.wants_path_secret else None
    headers = ((name.decode("latin-1"), text.decode("latin-1")) for name, text in scope["headers"])
    refused = desk.gate.refuses(headers, last)
    if refused is not None:
        return desk.refused(refused)
    body = await _body(desk.gate, receive)
    if isinstance(body, ReceiverAnswer):
        return desk.refused(body)
    return None if body is None else await desk.take(body)


async def _body(gate: Gate, receive: ASGIReceive) -> bytes | ReceiverAnswer | None:
    """The body, or why it is not taken, or None if it will never be whole."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                part = message.get("body", b"")
                size += len(part)
                if size > gate.max_body_bytes:
                    return gate.too_large()
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        return refusal(408, f"the body took longer than {BODY_SECONDS:g} s")


async def _lifespan(desk: Desk, receive: ASGIReceive, send: ASGISend) -> None:
    while True:
        message = await receive()
        step = message["type"].removeprefix("lifespan.")
        call = desk.start if step == "startup" else desk.close
        try:
            await call()
        except Exception as error:
            logger.exception("the receiver failed at the server's %s", step)
            await send({"type": f"lifespan.{step}.failed", "message": str(error)})
            return
        await send({"type": f"lifespan.{step}.complete"})
        if step == "shutdown":
            return
