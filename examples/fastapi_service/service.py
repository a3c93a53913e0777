"""A FastAPI service that shows agents what the customer database knows of who chats with them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiosqlite
from attrs import asdict
from fastapi import FastAPI

from livechat_async import DetailField, LiveChatClient, VisitorDetails
from livechat_async.webhooks import ChatStarted, WebhookCredentials, WebhookReceiver

CUSTOMERS = """
CREATE TABLE IF NOT EXISTS customers (
    email TEXT PRIMARY KEY COLLATE NOCASE, plan TEXT NOT NULL, since TEXT NOT NULL
);
INSERT OR IGNORE INTO customers VALUES
    ('mary@example.com', 'Gold', '2021-03-01'), ('john.doe@example.com', 'Free', '2024-11-15');
"""

credentials = WebhookCredentials(
    os.environ["LIVECHAT_WEBHOOK_USER"], os.environ["LIVECHAT_WEBHOOK_PASSWORD"]
)
database = aiosqlite.connect(os.environ.get("DATABASE", "customers.db"))
client = LiveChatClient.from_env()
bot = WebhookReceiver(client, credentials=credentials)


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
    """Open everything, and close it in the opposite order: first the bot, which works to its end.

    A mounted application has no lifespan of its own, so the bot depends on this one.
    """
    async with database, client, bot:
        await database.executescript(CUSTOMERS)
        if "PUBLIC_URL" in os.environ:
            # With a slash at the end: without it FastAPI would redirect, and the event be lost.
            url = credentials.url(f"{os.environ['PUBLIC_URL']}/livechat/")
            await client.webhooks.ensure(url, ["chat_started"])
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/livechat", bot)


@app.get("/health")
async def health() -> dict[str, Any]:
    """How the bot does."""
    return asdict(bot.status())
