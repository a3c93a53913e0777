"""A FastAPI service that shows agents the customer database's record of their visitor."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiosqlite
from attrs import asdict
from fastapi import FastAPI

from livechat_async import DetailField, LiveChatClient, VisitorDetails
from livechat_async.webhooks import ChatStarted, SQLiteEngine, WebhookCredentials, WebhookReceiver

CUSTOMERS = """
CREATE TABLE IF NOT EXISTS customers (
    email TEXT PRIMARY KEY COLLATE NOCASE, plan TEXT NOT NULL, since TEXT NOT NULL
);
INSERT OR IGNORE INTO customers VALUES
    ('mary@example.com', 'Gold', '2021-03-01'), ('john.doe@example.com', 'Free', '2024-11-15');
"""

logging.basicConfig(level=logging.INFO)
credentials = WebhookCredentials.from_env()
database = aiosqlite.connect(os.environ.get("DATABASE", "customers.db"))
client = LiveChatClient.from_env()
engine = SQLiteEngine(os.environ.get("BOT_DATABASE", "bot.sqlite3"))
bot = WebhookReceiver(client, credentials=credentials, engine=engine)


@bot.on(ChatStarted)
async def show_customer(event: ChatStarted) -> None:
    """Look the visitor up by e-mail address."""
    query = "SELECT plan, since FROM customers WHERE email = ?"
    async with database.execute(query, (event.visitor.email,)) as found:
        customer = await found.fetchone()
    if customer is not None:
        fields = [DetailField("Plan", customer[0]), DetailField("Customer since", customer[1])]
        await event.add_details(VisitorDetails("customers", fields))


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open everything, and close the bot first: it finishes its jobs with the client and database.

    Starlette runs no lifespan of a mounted application, so this one opens and closes the bot.
    """
    async with database, client, bot:
        await database.executescript(CUSTOMERS)
        if "PUBLIC_URL" in os.environ:
            # With a slash at the end: without it FastAPI redirects, which LiveChat does not follow.
            url = credentials.url(f"{os.environ['PUBLIC_URL']}/livechat/")
            await client.webhooks.ensure(url, ["chat_started"])
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/livechat", bot)


@app.get("/health")
async def health() -> dict[str, Any]:
    """The bot's counts."""
    return asdict(bot.status())
