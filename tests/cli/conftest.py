from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from cli_runner import PATIENCE, Done, Here, Process, Running, environment, run

from livechat_async.credentials import PersonalAccessToken
from livechat_async.sandbox import Sandbox

Start: TypeAlias = Callable[..., Running]
StartProcess: TypeAlias = Callable[..., Awaitable[Process]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What hangs ends with a message of its own before pytest's limit ends the test."""
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.timeout(3 * PATIENCE))


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
def here(env: dict[str, str]) -> Callable[..., Awaitable[Done]]:
    """Runs the command line here on pipes, with changes of the environment."""

    async def call(*arguments: str, **changes: str | None) -> Done:
        changed = {**env, **changes}
        return await run(*arguments, env={k: v for k, v in changed.items() if v is not None})

    return call


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts the command line here; whatever still runs is stopped with the test."""
    started: list[Running] = []

    def start(*arguments: str, **options: object) -> Running:
        started.append(Here.start(*arguments, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for it in started:
        await it.stop()


@pytest.fixture
async def start_process() -> AsyncIterator[StartProcess]:
    """Starts the command line as a process; whatever still runs is stopped with the test."""
    started: list[Process] = []

    async def start(*arguments: str, **options: object) -> Process:
        started.append(await Process.start(*arguments, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for it in started:
        await it.stop()
