"""The programs in the documents of tags, goals, greetings and canned responses are run."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from livechat_async.sandbox import Sandbox

DOCS = Path(__file__).parent.parent.parent / "docs"
NAMES = ("tags", "goals", "greetings", "canned_responses")
VISITOR = "S1352647457.ac951bfe2e"


@pytest.fixture
async def seeded() -> AsyncIterator[Sandbox]:
    async with Sandbox(seed=True) as sandbox:
        yield sandbox


async def printed(sandbox: Sandbox, name: str) -> list[str]:
    """What the one program of a document prints."""
    text = (DOCS / f"{name}.md").read_text("utf-8")
    (program,) = re.findall(r"<!-- runs: [\w ]+ -->\n```python\n(.*?)```", text, re.DOTALL)
    assert text.count("```python\n") == 1
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVECHAT_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", program),
        env={
            **kept,
            "LIVECHAT_BASE_URL": sandbox.url,
            "LIVECHAT_LOGIN": sandbox.credentials.login,
            "LIVECHAT_TOKEN": sandbox.credentials.token.reveal(),
        },
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    return out.decode().splitlines()


async def test_tags_are_counted(seeded: Sandbox) -> None:
    number = sum("sales" in chat["tags"] for chat in seeded.chats)
    assert await printed(seeded, "tags") == [f"sales is on {number} chats", "vip is on 0 chats"]


async def test_a_goal_is_reached(seeded: Sandbox) -> None:
    chat = seeded.chat_of(VISITOR)
    assert chat is not None
    assert await printed(seeded, "goals") == [f"{chat.chat_id} Order placed by phone 49.50 EUR"]


async def test_a_greeting_is_made_and_paused(seeded: Sandbox) -> None:
    *rules, greeting = await printed(seeded, "greetings")
    assert rules == ["visit_time_page equals 20", "url_current contains /pricing"]
    assert greeting.startswith("Greeting(id=1, active=False, name='Pricing'")


async def test_a_canned_response_is_made_and_changed(seeded: Sandbox) -> None:
    assert await printed(seeded, "canned_responses") == [
        "['bye', 'cu'] Have a great day! john.doe@example.com"
    ]
