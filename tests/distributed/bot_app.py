"""What both the receiver and the workers run: ``taskiq worker bot_app:broker``, or as a program."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from livechat_async import LiveChatClient, RetryPolicy, VisitorDetails
from livechat_async.models.visitors import DetailField
from livechat_async.webhooks import ChatEnded, ChatStarted, WebhookEvent, WebhookReceiver
from livechat_async.webhooks.taskiq import RedisLimiter, TaskiqEngine

NOTES = Path(os.environ["BOT_NOTES"])

engine = TaskiqEngine(
    os.environ["BOT_REDIS"],
    prefix=os.environ["BOT_PREFIX"],
    redelivery=float(os.environ.get("BOT_REDELIVERY", "3")),
    max_starts=int(os.environ.get("BOT_STARTS", "10")),
)
client = LiveChatClient(
    base_url=os.environ.get("BOT_API", "http://127.0.0.1:1"),
    limiter=RedisLimiter(
        os.environ["BOT_REDIS"], rate=5, per=2.0, name=os.environ["BOT_PREFIX"] + ":budget"
    ),
    retry=RetryPolicy.none(),
)
bot = WebhookReceiver(client, credentials=None, engine=engine, attempts=2, backoff=0.05)
broker = engine.broker


def note(what: str, event: WebhookEvent) -> None:
    """One line, written at once: whoever is killed next."""
    line = json.dumps({"what": what, "id": event.unique_id, "pid": os.getpid(), "at": time.time()})
    with NOTES.open("a") as notes:
        notes.write(line + "\n")


def once(name: str) -> bool:
    """Whether this is the first time, in any process."""
    try:
        (NOTES.parent / name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@bot.on(ChatStarted)
async def show(event: ChatStarted) -> None:
    wish = event.visitor.name
    hangs = wish == "hang once" and once("hung")
    note("began", event)  # the test may kill this process from now on
    if wish == "fail":
        raise ValueError("as was wished")
    if hangs:
        await asyncio.sleep(300)
    if wish == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if wish.startswith("sleep "):
        await asyncio.sleep(float(wish.removeprefix("sleep ")))
    if wish == "details":
        await event.add_details(VisitorDetails(id="crm", fields=[DetailField("Plan", "gold")]))
    note("done", event)


if os.environ.get("BOT_NEW"):

    @bot.on(ChatEnded)
    async def only_in_the_new_version(event: ChatEnded) -> None:
        note("done", event)


@bot.on_dead_letter
async def bury(event: WebhookEvent, error: Exception, handler: str) -> None:
    note(f"buried by {handler}: {error}", event)


def killed_around(step: Callable[..., Awaitable[Any]], *, before: bool) -> Callable[..., Any]:
    """The step, with the process killed once just before or just after it."""

    async def killed(*args: Any) -> Any:
        if before and once("killed"):
            os.kill(os.getpid(), signal.SIGKILL)
        answer = await step(*args)
        if once("killed"):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return killed


if "BOT_KILLED" in os.environ:
    moment, step = os.environ["BOT_KILLED"].split()
    setattr(
        broker.store,
        step,
        killed_around(getattr(broker.store, step), before=moment == "before"),
    )


if __name__ == "__main__":
    app = web.Application()
    app.router.add_post("/livechat", bot.aiohttp_handler)
    app.cleanup_ctx.append(bot.aiohttp_context)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=lambda _: None)
