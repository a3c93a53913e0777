from __future__ import annotations

import asyncio
import re
import signal
import socket
import textwrap
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cli_runner import PATIENCE, Running, run, show, until

import livechat_async
from livechat_async import DetailField, VisitorDetails
from livechat_async.cli.commands import demo
from livechat_async.cli.commands.demo import CODE, make_customers
from livechat_async.sandbox import Sandbox
from livechat_async.webhooks import WebhookCredentials

STORY = (
    *("Who is on the site?", "client.visitors.list()", "Mary Brown", "chatting", "Kim Horak"),
    *("How many of them are chatting?", "client.visitors.count(", "→ 2 of 5"),
    *("A bot shows the agents", "WebhookReceiver(", "sqlite3.connect(", "event.add_details("),
    *("LiveChat is to call the bot", "bot.aiohttp_handler", "client.webhooks.ensure("),
    *("→ chat_started goes to http://127.0.0.1:", "with a password"),
    *("John Doe comes to the site", "client.visitors.watch()", "print("),
    "+ John Doe http://www.example.com/pricing\n       → John Doe browsing → chatting\n",
    *("The webhook comes", "→ chat_started of john.doe@example.com was answered 200"),
    *("What the agent sees of John Doe", "icon example.com/crm.png", "Plan", "Gold, since 2021"),
    *("Profile", "Open in CRM", "https://crm.example.com/7"),
    *("Next:", "livechat-async webhooks listen", "livechat-async visitors watch"),
)


def assert_tells_the_story(text: str) -> None:
    place = 0
    for part in STORY:
        place = text.find(part, place)
        assert place >= 0, part
    assert max(map(len, text.splitlines())) <= 80
    for line in "\n".join(CODE).splitlines():
        assert f"   {line}\n" in text or not line
    assert len(text.splitlines()) <= 80


async def test_the_demo_tells_its_story_at_80_columns(env: dict[str, str]) -> None:
    # What the environment says is of no interest to it.
    done = await run("demo", env={**env, "LIVECHAT_BASE_URL": "http://example.com"})

    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out
    assert_tells_the_story(done.out)
    assert set(re.findall(r"\d+\.\d+\.\d+\.\d+", done.out)) == {"127.0.0.1"}
    assert not re.search(r"[0-9a-f]{20}|s3cr3t|sandbox-", done.out)


async def test_the_demo_is_colourful_on_a_terminal(env: dict[str, str]) -> None:
    code, terminal = await show("demo", env=env, height=60)

    assert code == 0
    assert "\x1b[1;36m" in terminal.text
    assert_tells_the_story(terminal.plain)


async def test_the_code_it_shows_does_what_it_shows(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    make_customers(tmp_path / "customers.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(
        vars(livechat_async),
        "LiveChatClient",
        lambda credentials: livechat_async.client.LiveChatClient(credentials, base_url=sandbox.url),
    )
    program = "\n".join(
        (
            "import asyncio, sqlite3",
            "from contextlib import closing",
            "from aiohttp import web",
            "from livechat_async import *",
            "from livechat_async.webhooks import *",
            "async def program(login, token, credentials, address, port, seen):",
            "    try:",
            textwrap.indent("\n".join(CODE).replace("watch()", "watch(interval=0.05)"), " " * 8),
            "    finally:",
            "        seen.update(visitors=visitors, chatting=chatting)",
            "        await runner.cleanup()",
        )
    )
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102
    already_there = sandbox.add_visitor(state="chatting")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    seen: dict[str, Any] = {}

    running = asyncio.create_task(
        names["program"](
            *("john.doe@example.com", "s3cr3t-of-john", WebhookCredentials("user", "s3cr3t")),
            *(f"http://127.0.0.1:{port}/livechat", port, seen),
        )
    )
    printed = ""

    async def until(condition: Callable[[], object]) -> None:
        nonlocal printed
        async with asyncio.timeout(PATIENCE):
            while not condition():
                assert not running.done(), running
                await asyncio.sleep(0.02)
                printed += capsys.readouterr().out

    # The list, the count, the two of the webhook, and the first poll of the watch.
    await until(lambda: len(sandbox.requests) >= 5)
    john = sandbox.add_visitor(name="John Doe", page_current="http://www.example.com/pricing")
    await until(lambda: "+ John Doe" in printed)
    stranger = sandbox.add_visitor(name="Robin Miller")
    for visitor in (stranger, john):
        sandbox.start_chat(visitor)
    await until(lambda: sandbox.details_of(john) and "→ John Doe" in printed)
    await sandbox.delivered()
    running.cancel()
    await asyncio.wait((running,), timeout=PATIENCE)

    assert running.cancelled()
    assert [visitor.id for visitor in seen["visitors"]] == [already_there]
    assert seen["chatting"] == 1
    assert printed.startswith("+ John Doe http://www.example.com/pricing\n")
    assert "→ John Doe browsing → chatting\n" in printed
    assert [delivery.statuses for delivery in sandbox.deliveries] == [[200], [200]]
    fields = [
        DetailField("Plan", "Gold, since 2021"),
        DetailField("Profile", "Open in CRM", url="https://crm.example.com/7"),
    ]
    assert sandbox.details_of(john) == [
        VisitorDetails("crm", fields, icon="example.com/crm.png"),
    ]
    assert sandbox.details_of(stranger) == []


async def test_the_demo_in_a_browser_goes_on_until_ctrl_c(
    start: Callable[..., Running], env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    monkeypatch.setattr(demo, "_PAUSE", 0.01)
    process = start("demo", "--window", env=env)
    await until(lambda: opened)
    async with aiohttp.ClientSession(opened[0]) as browser:
        async with browser.get("/", headers={"Accept": "text/html"}) as page:
            assert page.status == 200
        async with browser.get("/_sandbox/window/changes"):
            await process.until("ends it.")
        visitor = {"name": "Mary", "email": "mary@example.com"}
        async with browser.post("/_sandbox/visitors", json=visitor) as answer:
            mary = (await answer.json())["id"]
        async with browser.post(f"/_sandbox/visitors/{mary}/chat"):
            details: list[Any] = []
        while not details:
            async with browser.get(f"/_sandbox/visitors/{mary}/details") as answer:
                details = await answer.json()
    done = await process.end(signal.SIGINT)
    assert details[0]["fields"][0]["value"] == "Silver, since 2019"
    assert (done.code, done.err) == (130, "")
    assert "What the agent sees of John Doe" in done.out
