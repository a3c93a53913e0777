"""Takes webhooks, and puts what is to be done into Redis. ``python receiver.py`` runs it."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator

from aiohttp import web
from attrs import asdict
from bot import bot, client, credentials, limiter


async def health(_: web.Request) -> web.Response:
    """How the bot does; ``queued`` and ``running`` are those of all workers."""
    return web.json_response(asdict(bot.status()))


async def lifespan(_: web.Application) -> AsyncIterator[None]:
    """Open, register, and close in the opposite order."""
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
