"""The export that docs/paging.md shows is killed at many of its lines, and loses nothing."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE
from contextlib import closing
from pathlib import Path

from documents import BLOCKS

from livechat_async.sandbox import Sandbox

FIRST, LAST = "2024-01-01", "2024-01-21"
ZONE = "Europe/Warsaw"
KILLED = str(int(signal.SIGKILL))


def stored(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "chats.sqlite3")) as store:
        return [row[0] for row in store.execute("SELECT id FROM chats")]


async def run(sandbox: Sandbox, folder: Path, today: str, *runs: int | str) -> list[str]:
    """What the runs of a night print, and then how each ended: see killed_document.py."""
    program = folder / "program.py"
    program.write_text(BLOCKS["export"], encoding="utf-8")
    runner = Path(__file__).with_name("killed_document.py")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", str(runner), str(program), today, *map(str, runs)),
        cwd=folder,
        env={
            **os.environ,
            "LIVECHAT_BASE_URL": sandbox.url,
            "LIVECHAT_LOGIN": sandbox.credentials.login,
            "LIVECHAT_TOKEN": sandbox.credentials.token.reveal(),
        },
        stdout=PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode().splitlines()


async def test_the_export_of_the_documents_neither_repeats_nor_loses_a_chat(tmp_path: Path):
    """Killed at any item and run again, and run again the next night (field case 26)."""
    # About 430 lines bring the next hundred chats: no number of runs can finish before the last.
    killed_at = [random.randint(1, 600) for _ in range(12)]  # noqa: S311
    async with Sandbox(chats=2_000, chats_from=FIRST, chats_to=LAST) as sandbox:

        def until(day: str) -> list[str]:
            return sorted(sandbox.chat_ids(date_from=FIRST, date_to=day, timezone=ZONE))

        *killed, end, code = await run(sandbox, tmp_path, "2024-01-16", *killed_at, "all")
        chats = until("2024-01-15")
        assert killed == [KILLED] * 12
        assert end == f"{FIRST} to 2024-01-15 is complete, with {len(chats)} chats"
        assert code == "0"
        assert sorted(stored(tmp_path)) == chats

        *killed, end, code = await run(sandbox, tmp_path, "2024-01-18", 1, 60, 200, "all")
        assert killed == [KILLED] * 3
        new = len(until("2024-01-17")) - len(chats)
        assert new > 0
        assert end == f"2024-01-16 to 2024-01-17 is complete, with {new} chats"
        assert code == "0"
        assert sorted(stored(tmp_path)) == until("2024-01-17")

        assert await run(sandbox, tmp_path, "2024-01-18", "all") == ["0"], "the same night again"


async def test_a_night_that_was_killed_is_made_up_for_in_the_next(tmp_path: Path):
    async with Sandbox(chats=800, chats_from=FIRST, chats_to=LAST) as sandbox:
        assert await run(sandbox, tmp_path, "2024-01-11", 600) == [KILLED]
        assert len(stored(tmp_path)) == 100

        *nights, code = await run(sandbox, tmp_path, "2024-01-13", "all")
        assert [night.partition(",")[0] for night in nights] == [
            f"{FIRST} to 2024-01-10 is complete",
            "2024-01-11 to 2024-01-12 is complete",
        ]
        assert code == "0"
        assert sorted(stored(tmp_path)) == sorted(
            sandbox.chat_ids(date_from=FIRST, date_to="2024-01-12", timezone=ZONE)
        )
