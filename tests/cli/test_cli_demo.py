from __future__ import annotations

import re
import textwrap
from typing import Any

from cli_process import run, show

import livechat_async
from livechat_async import DetailField, VisitorDetails
from livechat_async.cli.demo import CODE
from livechat_async.sandbox import Sandbox

STORY = (
    *("Who is on the site?", "client.visitors.list()", "Mary Brown", "chatting", "Sam Lee"),
    *("How many of them are chatting?", "client.visitors.count(", "→ 2 of 6"),
    *("Sam Lee starts a chat", "Tell the agent what you know", "client.visitors.add_details("),
    *("What the agent sees of Sam Lee", "icon example.com/icon.png", "Age", "36", "Profile"),
    *("Open in CRM", "https://crm.example.com/7", "Next:", "livechat-async visitors list --watch"),
)


def assert_tells_the_story(text: str) -> None:
    place = 0
    for part in STORY:
        place = text.find(part, place)
        assert place >= 0, part
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 50


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


async def test_the_code_it_shows_does_what_it_shows(sandbox: Sandbox, monkeypatch: Any) -> None:
    visitor = sandbox.add_visitor(state="chatting")
    chat = sandbox.chat_of(visitor)
    assert chat is not None
    monkeypatch.setitem(
        vars(livechat_async),
        "LiveChatClient",
        lambda credentials: livechat_async.client.LiveChatClient(credentials, base_url=sandbox.url),
    )
    program = "\n".join(
        (
            "from livechat_async import *",
            "async def program(login, token, visitor_id, license_id, webhook_token):",
            textwrap.indent("\n".join(CODE), "    "),
            "        return visitors, chatting",
        )
    )
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102

    visitors, chatting = await names["program"](
        "jane.roe@example.com", "s3cr3t-of-jane", visitor, chat.license_id, chat.token
    )

    assert [item.id for item in visitors] == [visitor]
    assert chatting == 1
    assert sandbox.details_of(visitor) == [
        VisitorDetails(
            "my-app",
            [
                DetailField("Age", 36),
                DetailField("Profile", "Open in CRM", url="https://crm.example.com/7"),
            ],
            icon="example.com/icon.png",
        )
    ]
