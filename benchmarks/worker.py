"""The process of one contender: ``python -m benchmarks.worker MODULE NAME URL``.

Each line of its standard input asks for a turn. The process answers with a line that says what a
call took, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Contender(Protocol):
    """A contender: an async context manager that does jobs."""

    async def run(self, job: str, times: int) -> int:
        """Do the job ``times`` times.

        Returns:
            The number of calls.
        """
        raise NotImplementedError


async def _work(opened: AbstractAsyncContextManager[Contender]) -> None:
    async with opened as contender:
        for line in sys.stdin:
            order: dict[str, Any] = json.loads(line)
            await contender.run(order["job"], 1)  # replaces connections that went stale
            wall, cpu = time.perf_counter(), time.process_time()
            calls = await contender.run(order["job"], order["times"])
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            print(json.dumps({"wall": wall / calls, "cpu": cpu / calls}), flush=True)  # noqa: T201


if __name__ == "__main__":
    module, name, url = sys.argv[1:]
    asyncio.run(_work(importlib.import_module(module).contender(name, url)))
