"""What docs/agents.md and docs/groups.md show is run."""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator

import pytest
from test_documents import ROOT, environment, run

from livechat_async.sandbox import Sandbox

PAGES = "".join((ROOT / "docs" / f"{page}.md").read_text("utf-8") for page in ("agents", "groups"))
BLOCKS = dict(re.findall(r"<!-- runs: (\w+) -->\n```python\n(.*?)```", PAGES, re.DOTALL))
COMMANDS = re.findall(r"^\$ livechat-async (.*)$", PAGES, re.MULTILINE)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


def test_every_python_block_is_run_here() -> None:
    assert PAGES.count("```python\n") == len(BLOCKS) == 2
    assert len(COMMANDS) == 7


async def test_agents(sandbox: Sandbox) -> None:
    printed = await run(sys.executable, "-c", BLOCKS["agents"], env=environment(sandbox))
    assert printed.splitlines() == [
        "john.doe@example.com John Doe owner",
        "jane.doe@example.com Jane Doe normal",
        "jenny.doe@example.com is offline in ['Sales']",
        "John Doe takes no chats now",
    ]


async def test_groups(sandbox: Sandbox) -> None:
    printed = await run(sys.executable, "-c", BLOCKS["groups"], env=environment(sandbox))
    assert printed.splitlines() == [
        "0 All operators is accepting chats with everyone",
        "2 Sales is accepting chats with john.doe@example.com, jane.doe@example.com",
        "5 Returns is accepting chats with john.doe@example.com",
        "6 VIP is accepting chats with john.doe@example.com",
        "VIP is online: False",
        "The site is online: True",
    ]


async def test_the_commands_run_as_printed(sandbox: Sandbox) -> None:
    for command in COMMANDS:
        sure = ["--yes"] if " delete " in command else []
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "livechat_async.cli", *shlex.split(command), *sure),
            env=environment(sandbox),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
        )
        out, err = await process.communicate()
        assert (process.returncode, err) == (0, b""), command
        assert out
