"""A Redis of the tests' own. These tests are collected only where their folder is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from redis_server import RedisServer

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """They need redis-server, and the project's own test line needs no server."""
    if HERE not in collection_path.parents:
        return None
    start = config.invocation_params.dir
    named = [(start / argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(HERE in (path, *path.parents) for path in named) else True


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    from redis_server import RedisServer  # noqa: PLC0415 (not where nothing is collected)

    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def own_redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """One that may be stopped."""
    from redis_server import RedisServer  # noqa: PLC0415

    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def prefix() -> str:
    """The keys of one test."""
    return f"test-{uuid4().hex[:12]}"
