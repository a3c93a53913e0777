"""A bot that needs only aiohttp. It shows agents when the visitor chatted before, and with whom."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator

from aiohttp import web
from attrs import asdict

from livechat_async import DetailField, LiveChatClient, VisitorDetails
from livechat_async.webhooks import ChatStarted, SQLiteEngine, WebhookCredentials, WebhookReceiver

credentials = WebhookCredentials.from_env()
client = LiveChatClient.from_env()
engine = SQLiteEngine(os.environ.get("BOT_DATABASE", "bot.sqlite3"))
bot = WebhookReceiver(client, credentials=credentials, engine=engine)


@bot.on(ChatStarted)
async def show_history(event: ChatStarted) -> None:
    """Show earlier chats from the archive. The current chat gets there only when it has ended."""
    page = await client.chats.list(visitor_id=event.visitor.id)
    fields = [DetailField("Earlier chats", page.total or len(page.items))]
    for chat in page.items[:3]:
        agents = ", ".join(agent.display_name for agent in chat.agents)
        day = f"{chat.started:%Y-%m-%d}" if chat.started else "Some day"
        fields.append(DetailField(day, agents or "nobody"))
    await event.add_details(VisitorDetails("history", fields))


async def health(_: web.Request) -> web.Response:
    """The bot's counts."""
    return web.json_response(asdict(bot.status()))


async def lifespan(_: web.Application) -> AsyncIterator[None]:
    """Open both, and close the bot first: it finishes its jobs with the client."""
    async with client, bot:
        if "PUBLIC_URL" in os.environ:
            url = credentials.url(f"{os.environ['PUBLIC_URL']}/livechat")
            await client.webhooks.ensure(url, ["chat_started"])
        yield


app = web.Application()
app.router.add_post("/livechat", bot.aiohttp_handler)
app.router.add_get("/health", health)
app.cleanup_ctx.append(lifespan)

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    host = os.environ.get("HOST", "127.0.0.1")
    web.run_app(app, host=host, port=int(os.environ.get("PORT", "8000")))
