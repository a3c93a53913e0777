"""An export that is killed, and killed again, and goes on each time."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sys
from pathlib import Path

import pytest

from livechat_async.sandbox import Sandbox

FIRST, LAST = "2023-01-01", "2025-12-31"
CHATS = 60_000


def done(output: Path) -> int:
    """How many chats the export has made safe."""
    try:
        checkpoint = json.loads(output.with_name(f"{output.name}.checkpoint").read_text())
    except FileNotFoundError:
        return 0
    return int(checkpoint["checkpoint"]["items_done"])


def ids_in(output: Path) -> list[str]:
    """The ids of the lines, which all have to be whole; to parse every one would take seconds."""
    lines = output.read_bytes().splitlines(keepends=True)
    assert all(line.endswith(b"}\n") for line in lines)
    found = [re.match(rb'\{"id":"([A-Z0-9]{10})",', line) for line in lines]
    assert None not in found
    assert [json.loads(line)["id"] for line in lines[::97]] == [
        match[1].decode() for match in found[::97] if match
    ]
    return [match[1].decode() for match in found if match]


@pytest.mark.timeout(1_200)
async def test_an_export_killed_twice_holds_each_chat_once(
    tmp_path: Path,
) -> None:
    output = tmp_path / "chats.jsonl"
    async with Sandbox(chats=CHATS, chats_from=FIRST, chats_to=LAST) as sandbox:
        there = set(sandbox.chat_ids(date_from=FIRST, date_to=LAST))
        environment = {
            **os.environ,
            "LIVECHAT_BASE_URL": sandbox.url,
            "LIVECHAT_LOGIN": sandbox.credentials.login,
            "LIVECHAT_TOKEN": sandbox.credentials.token.reveal(),
        }

        async def start(*options: str) -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "livechat_async.cli", "chats", "export", *options),
                *("--from", FIRST, "--to", LAST, "--output", str(output), "--prefetch", "8"),
                env=environment,
                stderr=asyncio.subprocess.PIPE,
            )

        async def until(chats: int) -> None:
            while done(output) < chats:
                assert process.returncode is None, "the export was over before it was looked at"
                await asyncio.sleep(0.05)

        early = sandbox.let_chats_arrive(every=5, day=LAST, at_most=120)
        process = await start()
        # Once a second it is made safe what was done, which can be 10,000 more than was waited for.
        for chats in (random.randint(1_000, 10_000), random.randint(15_000, 25_000)):  # noqa: S311
            await until(chats)
            await asyncio.sleep(random.uniform(0, 0.5))  # noqa: S311
            process.send_signal(signal.SIGKILL)
            assert await process.wait() == -signal.SIGKILL
            assert chats <= done(output) < CHATS
            assert not output.exists()
            process = await start("--resume")
        await until(CHATS - 25_000)
        late = sandbox.let_chats_arrive(every=2, day=LAST, at_most=10)
        _, errors = await process.communicate()

        assert process.returncode == 0, errors
        ids = ids_in(output)
        assert (len(early.ids), len(late.ids)) == (120, 10)
        assert len(ids) == len(set(ids))
        assert set(ids) == {*there, *early.ids, *late.ids}
        assert os.listdir(tmp_path) == [output.name]  # noqa: PTH208
