"""Time, memory and CPU of a walk over the archives. Each walk runs in its own process."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import aiohttp

from benchmarks.measuring import Goal, Row, Section, Settings, Spread, running, say
from benchmarks.serving import LATENCY, PAGE_SIZE
from livechat_async import LiveChatClient, PersonalAccessToken

NAMES = ("paging",)
PREFETCH = 8
RUNS = 5
A_FEW = 25
_CREDENTIALS = PersonalAccessToken("john.doe@example.com", "sandbox-token")


async def walk(url: str, pages: int, prefetch: int | None) -> int:
    """Read every chat of these pages as a typed object, and count them."""
    count = 0
    async with LiveChatClient(_CREDENTIALS, base_url=url) as client:
        async for _ in client.chats.list(prefetch=prefetch, max_items=pages * PAGE_SIZE):
            count += 1
    return count


async def walk_bare(url: str, pages: int) -> int:
    """Read the same chats into dicts, with aiohttp and the standard library's json."""
    count = 0
    headers = {"X-API-Version": "2", "Authorization": _CREDENTIALS.authorization().reveal()}
    async with aiohttp.ClientSession(headers=headers) as session:
        for page in range(1, pages + 1):
            async with session.get(f"{url}/chats", params={"page": str(page)}) as answer:
                count += len(json.loads(await answer.read())["chats"])
    return count


def measure(kind: str, url: str, pages: int, prefetch: int | None) -> dict[str, Any]:
    """Walk in this process; give wall and CPU seconds, and the peak of its memory."""
    call = walk_bare(url, pages) if kind == "bare" else walk(url, pages, prefetch)
    wall, cpu = time.perf_counter(), time.process_time()
    count = asyncio.run(call)
    return {
        "chats": count,
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak": _peak(),
    }


def _peak() -> float:
    import resource  # noqa: PLC0415 (Windows has none; the other benchmarks run there)

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # the unit depends on the system


def in_a_process(kind: str, url: str, pages: int, prefetch: int | None = None) -> dict[str, Any]:
    """Run `measure` in a new process."""
    with running("benchmarks.paging", kind, url, str(pages), str(prefetch or 0)) as process:
        output = process.stdout.read() if process.stdout else ""
    if not output:
        raise SystemExit(f"the walk {kind!r} failed; its error is above")
    result: dict[str, Any] = json.loads(output)
    if result["chats"] != pages * PAGE_SIZE:
        raise SystemExit(f"{kind} read {result['chats']} chats of {pages} pages")
    return result


def sections(settings: Settings, url: str) -> Iterator[Section]:
    """The section on paging. Each row is a ratio to its own base."""
    if not settings.wants(*NAMES):
        return
    pages, slow_pages = settings.pages, settings.slow_pages
    runs = min(RUNS, settings.turns)
    rows = []
    say(f"paging: {slow_pages} pages one by one")
    one = in_a_process("walk", f"{url}/slow", slow_pages)["wall"]
    say(f"paging: {slow_pages} pages, prefetch={PREFETCH}")
    eight = [in_a_process("walk", f"{url}/slow", slow_pages, PREFETCH)["wall"] for _ in range(runs)]
    slowly = f"{slow_pages:,} pages at {LATENCY * 1000:.0f} ms"
    what = f"{slowly}: one by one / prefetch={PREFETCH}"
    rows.append(_row(what, [one / each for each in eight], Goal("ratio", 7, at_least=True)))
    say(f"paging: {pages} pages without latency")
    ours, bare, small = [], [], []
    few = max(1, pages // A_FEW)
    for _ in range(runs):
        ours.append(in_a_process("walk", url, pages))
        bare.append(in_a_process("bare", url, pages))
        small.append(in_a_process("walk", url, few))
    what = f"peak memory: {pages * PAGE_SIZE:,} chats / {few * PAGE_SIZE:,} chats"
    rows.append(_row(what, _ratios("peak", ours, small), Goal("ratio", 1.5)))
    what = "CPU a chat: typed / bare aiohttp + json.loads"
    rows.append(_row(what, _ratios("cpu", ours, bare), Goal("ratio", 1.25)))
    yield Section("paging", "Walking the archives", "what stands after the slash", rows)


def _ratios(
    measure: str, these: list[dict[str, Any]], to_those: list[dict[str, Any]]
) -> list[float]:
    return [this[measure] / that[measure] for this, that in zip(these, to_those, strict=True)]


def _row(what: str, ratios: list[float], goal: Goal) -> Row:
    return Row(what, {"ratio": Spread.of(ratios)}, goal)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paging", description=__doc__)
    for name, type_ in {"kind": str, "url": str, "pages": int, "prefetch": int}.items():
        parser.add_argument(name, type=type_)
    given = parser.parse_args()
    found = measure(given.kind, given.url, given.pages, given.prefetch or None)
    print(json.dumps(found))  # noqa: T201
