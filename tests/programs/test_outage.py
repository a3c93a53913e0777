"""A LiveChat that dies in the middle of a call, and comes back."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process

import pytest

from livechat_async import LiveChatClient, RetryPolicy, Timeouts
from livechat_async.sandbox import Sandbox


async def serve(port: int) -> Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livechat_async.cli", "sandbox", "--port", str(port)),
        stdout=PIPE,
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 200)
    return process


async def end(process: Process) -> None:
    process.send_signal(signal.SIGKILL)
    await process.communicate()


async def test_a_call_outlives_a_server_that_is_killed_and_started_again(
    caplog: pytest.LogCaptureFixture,
):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    policy = RetryPolicy(attempts=2_000, backoff=0.2, backoff_max=0.2)
    async with LiveChatClient(
        Sandbox().credentials,
        base_url=f"http://127.0.0.1:{port}",
        retry=policy,
        timeouts=Timeouts(deadline=400),
    ) as client:
        first = await serve(port)
        assert await client.visitors.list()
        await end(first)

        with caplog.at_level(logging.INFO, "livechat_async"):
            call = asyncio.create_task(client.visitors.list())
            while len(caplog.records) < 2:  # noqa: ASYNC110 (a log has no event to wait for)
                await asyncio.sleep(0.05)
        second = await serve(port)
        try:
            assert await call
        finally:
            await end(second)
