"""A Redis of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from redis_server import RedisServer


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def own_redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """One that may be stopped."""
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture(autouse=True)
def engines_count_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livechat_async.webhooks.taskiq.engine._COUNT_EVERY", 0.05)


@pytest.fixture
def prefix() -> str:
    """The keys of one test."""
    return f"test-{uuid4().hex[:12]}"
