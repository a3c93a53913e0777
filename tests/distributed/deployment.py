"""Receivers and workers as processes, and LiveChat's half of the conversation."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from redis.asyncio import Redis
from redis_server import RedisServer, free_port

HERE = Path(__file__).parent
# Nobody counts the lines of processes that are killed, and counting takes time.
ENVIRONMENT = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
TOKEN = "27f41c8da685c81a890f9e5f8ce48387"


def body(id_: str, wish: str = "", kind: str = "chat_started") -> dict[str, Any]:
    return {
        "event_type": kind,
        "event_unique_id": id_,
        "token": TOKEN,
        "license_id": "12345",
        "chat": {"id": f"chat-{id_}", "started_timestamp": 1_473_433_500},
        "visitor": {"id": f"S{id_}.ac951bfe2e", "name": wish, "email": "mary@example.com"},
    }


class Deployment:
    """The processes of one bot. All end with it."""

    def __init__(self, server: RedisServer, folder: Path, prefix: str, **settings: str) -> None:
        self.server: RedisServer = server
        self.folder: Path = folder
        self.notes_file: Path = folder / "notes"
        self.notes_file.touch()
        self.settings: dict[str, str] = {
            "BOT_REDIS": server.url,
            "BOT_PREFIX": prefix,
            "BOT_NOTES": str(self.notes_file),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")])),
            **settings,
        }
        self._processes: list[subprocess.Popen[bytes]] = []
        self.port: int = free_port()

    def _spawn(self, arguments: list[str], name: str, settings: dict[str, str]) -> Any:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "error::ResourceWarning", *arguments],
                cwd=HERE,
                env={**ENVIRONMENT, **self.settings, **settings},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def worker(self, name: str = "worker", *more: str, **settings: str) -> subprocess.Popen[bytes]:
        options = ["--workers", "1", "--log-level", "DEBUG", *more]
        return self._spawn(["-m", "taskiq", "worker", "bot_app:broker", *options], name, settings)

    async def at_work(self, workers: int) -> None:
        """Until so many wait for jobs. Whoever comes first may take all there are."""
        async with asyncio.timeout(400), Redis.from_url(self.server.url) as redis:
            waiting = 0
            while waiting < workers:
                waiting = (await redis.info("clients"))["blocked_clients"]
                await asyncio.sleep(0.03)

    def receiver(self, **settings: str) -> subprocess.Popen[bytes]:
        return self._spawn(["bot_app.py", str(self.port)], "receiver", settings)

    def end(self, process: subprocess.Popen[bytes], signal_: signal.Signals) -> None:
        process.send_signal(signal_)
        process.wait(20)

    async def post(self, document: dict[str, Any]) -> int | None:
        """The status, or None if no answer came."""
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"http://127.0.0.1:{self.port}/livechat", json=document) as answer,
            ):
                return answer.status
        except aiohttp.ClientError:
            return None

    async def deliver(self, document: dict[str, Any], status: int = 200) -> None:
        """As often as it takes."""
        async with asyncio.timeout(400):
            while await self.post(document) != status:  # noqa: ASYNC110 (of another process)
                await asyncio.sleep(0.05)

    def notes(self, what: str = "") -> list[dict[str, Any]]:
        lines = self.notes_file.read_text().splitlines()
        told = [json.loads(line) for line in lines]
        return [each for each in told if each["what"].startswith(what)]

    def counts(self, what: str) -> Counter[str]:
        return Counter(each["id"] for each in self.notes(what))

    async def noted(self, what: str, number: int = 1) -> list[dict[str, Any]]:
        await until(lambda: len(self.notes(what)) >= number)
        return self.notes(what)

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._processes:
            # What it started, too: each is the leader of a group of its own.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if error is not None:
            sys.stderr.write(self.logs()[-20000:])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(400):
        while not condition():  # noqa: ASYNC110 (of other processes)
            await asyncio.sleep(0.03)
