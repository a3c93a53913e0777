"""The story that ``livechat-async demo`` shows: what the library does, against a sandbox."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web
from rich.console import RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from livechat_async import DetailField, LiveChatClient, Operator, Visitor, VisitorDetails
from livechat_async.cli.common import open_in_browser
from livechat_async.cli.output.show import terminal
from livechat_async.cli.output.visitors import details_panel, short_table
from livechat_async.redaction import printable
from livechat_async.sandbox import Sandbox
from livechat_async.servers import listen, url_of
from livechat_async.watch.changes import Arrived, Change, StateChanged
from livechat_async.webhooks import ChatStarted, SQLiteEngine, WebhookCredentials, WebhookReceiver

# The lines that a user would write. Together they are one program, which a test runs.
_OPEN = "async with LiveChatClient(PersonalAccessToken(login, token)) as client:"
_LIST = "    visitors = await client.visitors.list()"
_COUNT = '    chatting = await client.visitors.count(state="chatting")'
_BOT = """\
    engine = SQLiteEngine("bot.sqlite3")
    bot = WebhookReceiver(client, credentials=credentials, engine=engine)

    def look_up(email):
        with closing(sqlite3.connect("customers.db")) as customers:
            query = "SELECT plan, page FROM customers WHERE email = ?"
            return customers.execute(query, (email,)).fetchone()

    @bot.on(ChatStarted)
    async def show_customer(event):
        if found := await asyncio.to_thread(look_up, event.visitor.email):
            plan, page = found
            fields = [
                DetailField("Plan", plan),
                DetailField("Profile", "Open in CRM", url=page),
            ]
            crm = VisitorDetails("crm", fields, icon="example.com/crm.png")
            await event.add_details(crm)"""
_SERVE = """\
    app = web.Application()
    app.router.add_post("/livechat", bot.aiohttp_handler)
    app.cleanup_ctx.append(bot.aiohttp_context)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await client.webhooks.ensure(credentials.url(address), ["chat_started"])"""
_WATCH = """\
    async with client.visitors.watch() as changes:
        async for change in changes:
            match change:
                case Arrived(visitor, at_start=False):
                    print("+", visitor.name, visitor.page_current)
                case StateChanged(visitor, before):
                    print("→", visitor.name, before, "→", visitor.state)"""
CODE = (_OPEN, _LIST, _COUNT, _BOT, _SERVE, _WATCH)

CUSTOMERS = (
    ("john.doe@example.com", "Gold, since 2021", "https://crm.example.com/7"),
    ("mary@example.com", "Silver, since 2019", "https://crm.example.com/3"),
)
"""E-mail address, plan, and page in the CRM."""

_VISITORS, _PATIENCE = 5, 10.0
_PAUSE = 2.0  # between steps that one wants to see in a browser
_INTERVAL = 0.05  # a sandbox does not mind
_AGENT = Operator(id="mary@example.com", display_name="Mary")


def make_customers(path: Path) -> None:
    """Make the database in which the bot looks up customers."""
    with closing(sqlite3.connect(path)) as customers, customers:
        customers.execute("CREATE TABLE customers (email TEXT PRIMARY KEY, plan TEXT, page TEXT)")
        customers.executemany("INSERT INTO customers VALUES (?, ?, ?)", CUSTOMERS)


async def tell_story(*, window: bool = False) -> None:
    """Run the program against a sandbox, and show its code and what comes of it.

    Args:
        window: whether to show the sandbox in a browser too. Then it waits between the steps, and
            at the end until it is cancelled.
    """
    with TemporaryDirectory() as directory:
        path = Path(directory, "customers.db")
        await asyncio.to_thread(make_customers, path)
        async with (
            Sandbox(seed=_VISITORS, chats=0, tickets=0) as sandbox,
            LiveChatClient(sandbox.credentials, base_url=sandbox.url) as client,
        ):
            await _tell(sandbox, client, path, window=window)


async def _show_window(sandbox: Sandbox) -> None:
    """Open the sandbox in a browser, and wait until it shows."""
    await open_in_browser(sandbox.url)
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while not sandbox.open_windows:  # noqa: ASYNC110 - the sandbox has no event for it
                await asyncio.sleep(_INTERVAL)


async def _tell(sandbox: Sandbox, client: LiveChatClient, path: Path, *, window: bool) -> None:
    pause = _PAUSE if window else 0
    _say("A LiveChat sandbox runs on ", (sandbox.url, "cyan"), ", for this demo only.\n")
    if window:
        await _show_window(sandbox)
    _code(_OPEN)

    _step(1, "Who is on the site?", _LIST)
    visitors = await client.visitors.list()
    _show(short_table(visitors))

    _step(2, "How many of them are chatting?", _COUNT)
    chatting = await client.visitors.count(state="chatting")
    _result(f"{chatting} of {len(visitors)}")

    _step(3, "A bot shows the agents which customer they talk to.", _BOT)
    credentials = WebhookCredentials("livechat", secrets.token_urlsafe())
    engine = SQLiteEngine(path.with_name("bot.sqlite3"))
    bot = WebhookReceiver(client, credentials=credentials, engine=engine)
    shown = asyncio.Event()

    @bot.on(ChatStarted)
    async def show_customer(event: ChatStarted) -> None:
        if found := await asyncio.to_thread(_look_up, path, event.visitor.email):
            plan, page = found
            fields = [DetailField("Plan", plan), DetailField("Profile", "Open in CRM", url=page)]
            crm = VisitorDetails("crm", fields, icon="example.com/crm.png")
            await event.add_details(crm)
            shown.set()

    _step(4, "LiveChat is to call the bot when a chat starts.", _SERVE)
    async with _served(bot) as address, client.visitors.watch(interval=_INTERVAL) as changes:
        [webhook] = await client.webhooks.ensure(credentials.url(address), ["chat_started"])
        _result(f"{webhook.event_type} goes to {webhook.address}, with a password")

        _step(5, "John Doe comes to the site, and starts a chat.", _WATCH)
        for _ in visitors:
            await anext(changes)
        page = "http://www.example.com/pricing"
        await asyncio.sleep(pause)
        visitor_id = sandbox.add_visitor(name="John Doe", page_current=page)
        _changed(await anext(changes))
        await asyncio.sleep(pause)
        sandbox.start_chat(visitor_id, _AGENT)
        sandbox.say(visitor_id, "Hello! Which plan do I have?")
        visitor = _changed(await anext(changes))

        _step(6, "The webhook comes, and the bot knows who that is.")
        async with asyncio.timeout(_PATIENCE):
            await sandbox.delivered()
            await shown.wait()
        [delivery] = sandbox.deliveries
        email = delivery.body()["visitor"]["email"]
        _result(f"{delivery.event_type} of {email} was answered {delivery.statuses[0]}")
        _show(details_panel(visitor, sandbox.details_of(visitor_id)))
        if window:
            _say(
                "\nStart more chats in the browser: the bot is still there. ",
                ("Ctrl-C", "bold"),
                " ends it.",
            )
            await asyncio.Event().wait()
    _say(
        ("\nNext: ", "bold"),
        "write your bot against ",
        ("livechat-async sandbox", "cyan"),
        ", look at your webhooks\n      with ",
        ("livechat-async webhooks listen", "cyan"),
        ", or set LIVECHAT_LOGIN and\n      LIVECHAT_TOKEN and run ",
        ("livechat-async visitors watch", "cyan"),
    )


def _look_up(path: Path, email: str) -> tuple[str, str] | None:
    with closing(sqlite3.connect(path)) as customers:
        query = "SELECT plan, page FROM customers WHERE email = ?"
        found: tuple[str, str] | None = customers.execute(query, (email,)).fetchone()
        return found


@asynccontextmanager
async def _served(bot: WebhookReceiver) -> AsyncIterator[str]:
    """Serve the bot on loopback. The value is its address."""
    app = web.Application()
    app.router.add_post("/livechat", bot.aiohttp_handler)
    app.cleanup_ctx.append(bot.aiohttp_context)
    runner = web.AppRunner(app, access_log=None)
    try:
        address = await listen(runner, "127.0.0.1", 0, "see what keeps this machine from listening")
        yield f"{url_of(*address)}/livechat"
    finally:
        await runner.cleanup()


def _changed(change: Change) -> Visitor:
    """Show what the program prints for a change, and return its visitor."""
    match change:
        case Arrived(visitor):
            _result(f"{visitor.name} {visitor.page_current}", sign="+")
        case StateChanged(visitor, before):
            _result(f"{visitor.name} {before} → {visitor.state}")
        case _:
            raise TypeError(f"{type(change).__name__} is no part of the story")
    return visitor


def _step(number: int, title: str, code: str = "") -> None:
    _say((f"\n{number}  ", "bold cyan"), (title, "bold"))
    if code:
        _code(code)


def _result(text: str, *, sign: str = "→") -> None:
    _say("       ", (f"{sign} {printable(text)}", "bold green"))


def _code(code: str) -> None:
    highlighter = Syntax("", "python", theme="ansi_dark", background_color="default")
    text = highlighter.highlight(code)
    text.rstrip()
    for line in text.split(allow_blank=True):
        _say(*(("   ", line) if line else ()))


def _show(renderable: RenderableType) -> None:
    terminal().print(Padding(renderable, (1, 0, 0, 3), expand=False))


def _say(*parts: str | Text | tuple[str, str]) -> None:
    terminal().print(Text.assemble(*parts))
