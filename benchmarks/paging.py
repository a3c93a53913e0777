"""How fast, how small and how cheap a walk over the archives is: ``python -m benchmarks.paging``.

The server and each measured client are processes of their own. Ratios are of medians, of runs that
took turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp

from livechat_async import LiveChatClient, PersonalAccessToken
from livechat_async.sandbox import Sandbox

PAGE_SIZE = 25
RUNS = 3
# The sandbox's own, which open nothing else.
LOGIN, TOKEN = "john.doe@example.com", "sandbox-token"


async def serve(chats: int, latency: float) -> None:
    """Be the server, until terminated; says where first."""
    async with Sandbox(chats=chats, latency=latency) as sandbox:
        print(sandbox.url, flush=True)  # noqa: T201
        await asyncio.Event().wait()


async def walk(url: str, pages: int, prefetch: int | None) -> int:
    """Every chat of so many pages, typed."""
    count = 0
    async with LiveChatClient(PersonalAccessToken(LOGIN, TOKEN), base_url=url) as client:
        async for _ in client.chats.list(prefetch=prefetch, max_items=pages * PAGE_SIZE):
            count += 1
    return count


async def walk_bare(url: str, pages: int) -> int:
    """The same with aiohttp and the standard library's json, into dicts."""
    count = 0
    headers = {
        "X-API-Version": "2",
        "Authorization": PersonalAccessToken(LOGIN, TOKEN).authorization(),
    }
    async with aiohttp.ClientSession(headers=headers) as session:
        for page in range(1, pages + 1):
            async with session.get(f"{url}/chats", params={"page": str(page)}) as answer:
                count += len(json.loads(await answer.read())["chats"])
    return count


def measure(kind: str, url: str, pages: int, prefetch: int | None) -> dict[str, Any]:
    """One walk in this process: seconds of wall and CPU time, and the peak of memory in MiB."""
    call = walk_bare(url, pages) if kind == "bare" else walk(url, pages, prefetch)
    wall, cpu = time.perf_counter(), time.process_time()
    count = asyncio.run(call)
    return {
        "chats": count,
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


@contextmanager
def server(chats: int, latency: float = 0.0) -> Iterator[str]:
    """A sandbox in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.paging", "serve", str(chats), str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert process.stdout is not None  # noqa: S101
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()


def in_a_process(kind: str, url: str, pages: int, prefetch: int | None = None) -> dict[str, Any]:
    """`measure` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.paging", kind, url, str(pages), str(prefetch or 0)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    result: dict[str, Any] = json.loads(done.stdout)
    if result["chats"] != pages * PAGE_SIZE:
        raise SystemExit(f"{kind} read {result['chats']} chats of {pages} pages")
    return result


def compare() -> Iterator[tuple[str, float, str, bool]]:
    """Each row: what, the ratio, the goal, and whether it is met."""
    with server(25_000, latency=0.05) as url:
        one = in_a_process("walk", url, 1_000)["wall"]
        eight = in_a_process("walk", url, 1_000, prefetch=8)["wall"]
    yield "1,000 pages at 50 ms: one by one / prefetch=8", one / eight, ">= 7", one / eight >= 7  # noqa: PLR2004
    with server(25_000) as url:
        small = in_a_process("walk", url, 40)["peak"]
        large = in_a_process("walk", url, 1_000)["peak"]
        ratio = large / small
        yield "peak memory: 25,000 chats / 1,000 chats", ratio, "<= 1.5", ratio <= 1.5  # noqa: PLR2004
        ours, bare = [], []
        for _ in range(RUNS):
            ours.append(in_a_process("walk", url, 1_000)["cpu"])
            bare.append(in_a_process("bare", url, 1_000)["cpu"])
        ratio = statistics.median(ours) / statistics.median(bare)
        what = "CPU a chat: typed / bare aiohttp with json.loads into dicts"
        yield what, ratio, "<= 1.25", ratio <= 1.25  # noqa: PLR2004


def main() -> None:
    """Print the table, or be one of the processes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paging", description=__doc__)
    parser.add_argument("role", nargs="?", default="compare", help=argparse.SUPPRESS)
    parser.add_argument("values", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role == "serve":
        asyncio.run(serve(int(given.values[0]), float(given.values[1])))
    elif given.role in {"walk", "bare"}:
        url, pages, prefetch = given.values
        print(json.dumps(measure(given.role, url, int(pages), int(prefetch) or None)))  # noqa: T201
    else:
        for what, ratio, goal, met in compare():
            print(f"{what:<62}{ratio:6.2f}   goal {goal:<8}{'met' if met else 'not met'}")  # noqa: T201


if __name__ == "__main__":
    main()
