from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypeAlias

import pytest
from cli_process import Done, environment

from livechat_async.cli.run import run as run_here
from livechat_async.credentials import PersonalAccessToken
from livechat_async.sandbox import Sandbox

Here: TypeAlias = Callable[..., Awaitable[Done]]


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    """``--verbose`` sets the library's logger up; here that has to end with the test."""
    ours = logging.getLogger("livechat_async")
    handlers, level = ours.handlers[:], ours.level
    yield
    ours.handlers[:] = handlers
    ours.setLevel(level)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    credentials = PersonalAccessToken("john.doe@example.com", "s3cr3t-of-john")
    async with Sandbox(credentials=credentials) as sandbox:
        yield sandbox


@pytest.fixture
def env(sandbox: Sandbox) -> dict[str, str]:
    return environment(
        LIVECHAT_BASE_URL=sandbox.url,
        LIVECHAT_LOGIN="john.doe@example.com",
        LIVECHAT_TOKEN="s3cr3t-of-john",
    )


@pytest.fixture
def here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], env: dict[str, str]
) -> Here:
    """Runs the command line in this process, in a thread with a loop of its own."""

    async def call(*arguments: str, **changes: str | None) -> Done:
        for name in ("LIVECHAT_ACCESS_TOKEN", "LIVECHAT_LICENSE_ID", "LIVECHAT_WEBHOOK_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        values = {name: value for name, value in env.items() if name.startswith("LIVECHAT_")}
        for name, value in {**values, **changes}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = await asyncio.to_thread(run_here, arguments)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return call
