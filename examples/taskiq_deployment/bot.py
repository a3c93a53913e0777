"""The bot that receivers and workers share. ``taskiq worker bot:broker`` runs the handlers."""

from __future__ import annotations

import os

from taskiq import TaskiqEvents, TaskiqState

from livechat_async import DetailField, LiveChatClient, VisitorDetails
from livechat_async.webhooks import ChatStarted, WebhookCredentials, WebhookReceiver
from livechat_async.webhooks.taskiq import RedisLimiter, TaskiqEngine

PLANS = {"mary@example.com": "Gold", "john.doe@example.com": "Free"}  # your own database

credentials = WebhookCredentials.from_env()
redis_url = os.environ.get("REDIS_URL")
if not redis_url:
    raise SystemExit("set REDIS_URL: jobs wait there, as at redis://127.0.0.1:6379/0")
engine = TaskiqEngine(redis_url)
limiter = RedisLimiter(redis_url, rate=100, per=60)
client = LiveChatClient.from_env(limiter=limiter)
bot = WebhookReceiver(client, credentials=credentials, engine=engine)
broker = engine.broker


@bot.on(ChatStarted)
async def show_plan(event: ChatStarted) -> None:
    """Show the plan. A second run for the same event changes nothing."""
    plan = PLANS.get(event.visitor.email, "not a customer")
    await event.add_details(VisitorDetails("crm", [DetailField("Plan", plan)]))


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def close(_: TaskiqState) -> None:
    """Close the worker's own client and limiter."""
    await client.close()
    await limiter.close()
