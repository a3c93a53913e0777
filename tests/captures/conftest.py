"""A recorder in front of a sandbox, and a client that goes through it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from recording import Recording

from livechat_async import LiveChatClient, RetryPolicy
from livechat_async.captures import Capture, Recorder
from livechat_async.sandbox import Sandbox


@pytest.fixture
async def recording(tmp_path: Path) -> AsyncIterator[Recording]:
    folder = tmp_path / "captures"
    captures, warnings = list[Capture](), list[str]()
    async with (
        Sandbox(seed=True) as sandbox,
        Recorder(folder, sandbox.url, recorded=captures.append, warn=warnings.append) as recorder,
        LiveChatClient(
            sandbox.credentials, base_url=recorder.url, retry=RetryPolicy.none()
        ) as client,
    ):
        yield Recording(folder, sandbox, recorder, client, captures, warnings)
