"""A bot as a type checker sees it: what handlers and watches are given. Nothing here is run."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never, assert_type

from livechat_async import (
    Arrived,
    Left,
    LiveChatClient,
    PageChanged,
    Resynced,
    StateChanged,
    Ticket,
    Updated,
    Visitor,
    VisitorDetails,
    VisitorState,
    Webhook,
)
from livechat_async.webhooks import (
    ChatEnded,
    ChatStarted,
    Engine,
    SQLiteEngine,
    TicketCreated,
    WebhookCredentials,
    WebhookEvent,
    WebhookReceiver,
    WebhookVisitor,
    parse_webhook,
)
from livechat_async.webhooks.taskiq import RedisLimiter, TaskiqEngine

client = LiveChatClient(limiter=RedisLimiter("redis://127.0.0.1:6379/0", rate=100, per=60))
credentials = WebhookCredentials("livechat", "password")
bot = WebhookReceiver(
    client, credentials=credentials, engine=TaskiqEngine("redis://127.0.0.1:6379/0")
)


@bot.on(ChatStarted)
async def show_crm(event: ChatStarted) -> None:
    assert_type(event.visitor, WebhookVisitor)
    assert_type(event.visitor.email, str)
    await event.add_details(VisitorDetails("crm", []))


@bot.on(ChatStarted, ChatEnded, name="log")
async def log_chat(event: ChatStarted | ChatEnded) -> None:
    assert_type(event.chat.id, str | None)


@bot.on(WebhookEvent)
async def count(event: WebhookEvent) -> None:
    assert_type(event.key, str)


@bot.on(TicketCreated)  # type: ignore[arg-type]
async def not_for_tickets(event: ChatStarted) -> None: ...


@bot.on_dead_letter
async def tell(event: WebhookEvent, error: Exception, handler: str) -> None: ...


def parse(body: bytes) -> None:
    match parse_webhook(body):
        case TicketCreated(ticket=ticket):
            assert_type(ticket, Ticket)
        case ChatEnded(chat=chat):
            assert_type(chat.messages[0].text, str)
        case _:
            pass


async def register() -> None:
    url = credentials.url("https://example.com/livechat")
    assert_type(await client.webhooks.ensure(url, ["chat_started"]), list[Webhook])
    assert_type(await client.webhooks.create("chat_ended", url=url, data_types=["chat"]), Webhook)
    assert_type(await client.webhooks.delete("c0ffee"), None)


async def watch() -> None:
    async with client.visitors.watch(interval=5, state="chatting") as changes:
        async for change in changes:
            match change:
                case Arrived(visitor=visitor) | Left(visitor=visitor) | Updated(visitor=visitor):
                    assert_type(visitor, Visitor)
                case StateChanged(before=before):
                    assert_type(before, VisitorState | str)
                case PageChanged(before=page):
                    assert_type(page, str)
                case Resynced(visitors=visitors):
                    assert_type(visitors, tuple[Visitor, ...])
                case _:
                    assert_never(change)


stored: Engine = SQLiteEngine("bot.sqlite3", concurrency=8)
assert_type(
    WebhookReceiver(credentials=WebhookCredentials.from_env(), engine=stored).status().refusals,
    Mapping[int, int],
)
