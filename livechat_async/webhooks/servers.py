"""A receiver as a handler of an aiohttp server."""

from __future__ import annotations

import asyncio

from aiohttp import web

from livechat_async.webhooks.gate import Gate, ReceiverAnswer, refusal
from livechat_async.webhooks.intake import BODY_SECONDS, Desk

__all__ = ["serve_aiohttp"]


async def serve_aiohttp(desk: Desk, request: web.Request) -> web.Response:
    """Serve one webhook."""
    answer = await _answer(desk, request)
    response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
    if not request.content.is_eof():
        response.force_close()  # the rest of the body is not wanted
    return response


async def _answer(desk: Desk, request: web.Request) -> ReceiverAnswer:
    refused = desk.gate.refuses(request.headers.items(), request.match_info.get("secret"))
    if refused is not None:
        return desk.refused(refused)
    body = await _body(desk.gate, request)
    return desk.refused(body) if isinstance(body, ReceiverAnswer) else await desk.take(body)


async def _body(gate: Gate, request: web.Request) -> bytes | ReceiverAnswer:
    """The body, or why it is not taken."""
    content = request.content
    try:
        if content.is_eof():  # all of it is here already, as nearly always
            body = content.read_nowait()
            return gate.too_large() if len(body) > gate.max_body_bytes else body
        parts = bytearray()
        async with asyncio.timeout(BODY_SECONDS):
            async for part in content.iter_any():
                parts += part
                if len(parts) > gate.max_body_bytes:
                    return gate.too_large()
    except TimeoutError:
        return refusal(408, f"the body took longer than {BODY_SECONDS:g} s")
    except (web.RequestPayloadError, ConnectionError, ValueError):
        return refusal(400, "the body was cut off")
    return bytes(parts)
