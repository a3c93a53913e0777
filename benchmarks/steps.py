"""Counts the steps of a call: ``python -m benchmarks.steps``.

An entry is one call of a function of ``livechat_async``. A return is an entry of a function in a
file that the call had left for another file. Each call is made twice, and the second is counted:
what happens only once does not count. The sandbox runs in a thread of its own and is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import dis
import os
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import aiohttp
from aiohttp import web
from attrs import define, field

import livechat_async
from livechat_async import DetailField, LiveChatClient, RetryPolicy, VisitorDetails
from livechat_async.cli import main as command_line
from livechat_async.sandbox import Sandbox, Status
from livechat_async.webhooks import ChatStarted, MemoryEngine, WebhookReceiver

PACKAGE = str(Path(livechat_async.__file__).parent)
NOT_COUNTED = str(Path(PACKAGE, "sandbox"))
DETAILS = VisitorDetails(id="my-app", fields=[DetailField("Age", 36)])
DAY = date(2026, 1, 5)
CHATS = 50
GOALS = {
    "visitors.list": 50,
    "visitors.add_details": 60,
    "a list whose first answer is 503": 90,
    "a webhook, its handler, add_details": 110,
    "50 chats exported to a file": 1_900,
}


@cache
def start_of(code: CodeType) -> int:
    """Where a call of this function begins; a coroutine that goes on does so further behind."""
    return next(step.offset for step in dis.get_instructions(code) if step.opname == "RESUME")


@define
class Steps:
    """The functions entered while `counting`."""

    calls: list[tuple[str, str]] = field(factory=list)

    def _see(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        code = frame.f_code
        file = code.co_filename
        if frame.f_lasti > start_of(code):  # a coroutine that goes on after a wait
            return
        if file.startswith(PACKAGE) and not file.startswith(NOT_COUNTED):
            self.calls.append((file, code.co_qualname))

    @property
    def entries(self) -> int:
        """How many functions were entered."""
        return len(self.calls)

    @property
    def files(self) -> int:
        """How many files they are in."""
        return len({file for file, _ in self.calls})

    @property
    def returns(self) -> int:
        """How many entries lead back into a file that was left for another."""
        seen: set[str] = set()
        here, count = "", 0
        for file, _ in self.calls:
            if file != here:
                count += file in seen
                seen.add(file)
                here = file
        return count

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Counts what this thread does meanwhile."""
        sys.setprofile(self._see)
        try:
            yield
        finally:
            sys.setprofile(None)


class SandboxThread:
    """A sandbox with a thread and an event loop of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.sandbox = Sandbox(seed=3)
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.run(self.sandbox.start())

    def run(self, work: Awaitable[Any]) -> Any:
        """Await it in the sandbox's loop."""

        async def waited() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(waited(), self.loop).result(timeout=60)

    def do(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call it in the sandbox's loop."""

        async def called() -> Any:
            return function(*arguments, **options)

        return self.run(called())


def nothing() -> None:
    """Prepares a call that needs no preparation."""


async def second_time(
    call: Callable[[], Awaitable[object]], before: Callable[[], object] = nothing
) -> Steps:
    """The steps of the second call."""
    steps = Steps()
    before()
    await call()
    before()
    with steps.counting():
        await call()
    return steps


async def count_calls(server: SandboxThread) -> dict[str, Steps]:
    """The steps of the calls of a client."""
    sandbox = server.sandbox
    started = server.do(lambda: sandbox.start_chat(sandbox.add_visitor()))

    async with LiveChatClient(
        sandbox.credentials, base_url=sandbox.url, retry=RetryPolicy(backoff=0)
    ) as client:

        async def add_details() -> None:
            await client.visitors.add_details(
                started.visitor_id, DETAILS, license_id=started.license_id, token=started.token
            )

        async def list_visitors() -> None:
            await client.visitors.list(state="chatting", groups=[0])

        counted = {
            "visitors.list": await second_time(list_visitors),
            "visitors.add_details": await second_time(add_details),
            "a list whose first answer is 503": await second_time(
                list_visitors, lambda: server.do(sandbox.inject, Status(503))
            ),
        }
        counted["a webhook, its handler, add_details"] = await count_webhook(server, client)
        return counted


@asynccontextmanager
async def served(receiver: WebhookReceiver) -> AsyncIterator[str]:
    """The address at which the receiver takes webhooks."""
    app = web.Application()
    app.router.add_post("/", receiver.aiohttp_handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def count_webhook(server: SandboxThread, client: LiveChatClient) -> Steps:
    """The steps from a webhook's arrival until its handler has added details."""
    sandbox = server.sandbox
    handled = asyncio.Event()
    steps = Steps()
    async with WebhookReceiver(client, credentials=None, engine=MemoryEngine()) as receiver:

        @receiver.on(ChatStarted)
        async def greet(event: ChatStarted) -> None:
            await event.add_details(DETAILS)
            handled.set()

        async with served(receiver) as address:
            for _ in range(2):
                started = server.do(lambda: sandbox.start_chat(sandbox.add_visitor()))
                steps.calls.clear()
                handled.clear()
                async with aiohttp.ClientSession() as session:
                    with steps.counting():
                        async with session.post(address, json=started.webhook_body()) as answer:
                            answer.raise_for_status()
                        await handled.wait()
    return steps


def count_export(server: SandboxThread) -> Steps:
    """The steps of ``livechat-async chats export``."""
    sandbox = server.sandbox
    server.do(sandbox.seed_chats, CHATS, date_from=DAY, date_to=DAY)
    os.environ |= {
        "LIVECHAT_LOGIN": sandbox.credentials.login,
        "LIVECHAT_TOKEN": sandbox.credentials.token.reveal(),
        "LIVECHAT_BASE_URL": sandbox.url,
    }
    steps = Steps()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first.jsonl", "second.jsonl"):
            steps.calls.clear()
            file = str(Path(folder, name))
            days = ["--from", str(DAY), "--to", str(DAY)]
            sys.argv = ["livechat-async", "chats", "export", *days, "--output", file]
            with steps.counting():
                command_line()
            lines = len(Path(file).read_text(encoding="utf-8").splitlines())
            if lines != CHATS:
                raise SystemExit(f"{lines} chats were exported, not {CHATS}")
    return steps


def main() -> None:
    """Count, and print a line for each kind of call."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__)
    parser.add_argument("--show", metavar="CALL", help="list the functions of this call, too")
    shown = parser.parse_args().show
    server = SandboxThread()
    counted = asyncio.run(count_calls(server))
    counted["50 chats exported to a file"] = count_export(server)
    print(f"{'call':<38}{'entries':>8}{'goal':>7}{'files':>7}{'returns':>9}")  # noqa: T201
    for name, steps in counted.items():
        goal = GOALS[name]
        print(f"{name:<38}{steps.entries:>8,}{goal:>7,}{steps.files:>7}{steps.returns:>9,}")  # noqa: T201
        if shown == name:
            for file, function in steps.calls:
                print(f"    {Path(file).relative_to(PACKAGE)}:{function}")  # noqa: T201


if __name__ == "__main__":
    main()
