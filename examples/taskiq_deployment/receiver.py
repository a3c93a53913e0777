"""Accepts webhooks and puts jobs into Redis. ``python receiver.py`` runs it."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator

from aiohttp import web
from attrs import asdict
from bot import bot, client, credentials, limiter


async def health(_: web.Request) -> web.Response:
    """The bot's counts; ``queued`` and ``running`` are those of all workers."""
    return web.json_response(asdict(bot.status()))


async def lifespan(_: web.Application) -> AsyncIterator[None]:
    """Open the client and the bot, register the webhook, and close in reverse order."""
    async with client, bot:
        if "PUBLIC_URL" in os.environ:
            url = credentials.url(f"{os.environ['PUBLIC_URL']}/livechat")
            await client.webhooks.ensure(url, ["chat_started"])
        yield
    await limiter.close()


app = web.Application()
app.router.add_post("/livechat", bot.aiohttp_handler)
app.router.add_get("/health", health)
app.cleanup_ctx.append(lifespan)

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    web.run_app(app, host=host, port=port)
