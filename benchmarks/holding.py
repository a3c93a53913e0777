"""How long a large list holds the event loop while a thread reads it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle, islice
from typing import Any

from benchmarks.measuring import Goal, Row, Section, Settings, Spread, say
from livechat_async import Visitor
from livechat_async.decoding.bodies import value_reader
from livechat_async.decoding.converter import make_converter
from livechat_async.sandbox import Sandbox

NAMES = ("holding",)
_BYTES = 10_000_000
_VISITORS = 400


def sections(settings: Settings, _: str) -> Iterator[Section]:
    """The one comparison."""
    if not settings.wants(*NAMES):
        return
    say("holding the event loop")
    size = settings.times(_BYTES)
    usual = _list_of(size)
    odd = _list_of(size, new_in_version_4=1)
    calls: dict[str, Callable[[], float]] = {
        "livechat_async": lambda: _longest_turn(usual),
        "livechat_async, a field unknown": lambda: _longest_turn(odd),
        "json.loads": lambda: _milliseconds(lambda: json.loads(usual)),
    }
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(settings.turns + 1):
        for name, call in calls.items():
            longest = call()
            if turn:  # the first is for warming up
                taken[name].append(longest)
    goals = {"livechat_async": Goal("ms", 25)}
    yield Section(
        name="holding",
        title=f"Longest time the event loop is held by a list of {size / 1e6:g} MB",
        base="a millisecond by the clock",
        rows=[
            Row(name, {"ms": Spread.of(spent)}, goals.get(name)) for name, spent in taken.items()
        ],
    )


def _list_of(size: int, **more: Any) -> bytes:
    visitors = [{**wire, **more} for wire in Sandbox(seed=_VISITORS).visitors]
    texts = [json.dumps(wire) for wire in visitors]
    average = sum(map(len, texts)) // len(texts) + 2
    return f"[{', '.join(islice(cycle(texts), max(1, size // average)))}]".encode()


def _longest_turn(content: bytes) -> float:
    read = value_reader(make_converter(), list[Visitor])
    return asyncio.run(_longest_turn_of(lambda: asyncio.to_thread(read, content)))


async def _longest_turn_of(work: Callable[[], Awaitable[object]]) -> float:
    """The longest time between two turns of another task, in milliseconds, while the work runs."""
    reading = asyncio.ensure_future(work())
    longest = 0.0
    while not reading.done():
        began = time.perf_counter()
        await asyncio.sleep(0)
        longest = max(longest, time.perf_counter() - began)
    await reading
    return longest * 1000


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
