"""What decoding costs, as ratios to ``json.loads`` of the same: ``python -m benchmarks.decoding``.

Everything takes turns in one process, and processor time is measured. A ratio is the median of
those of each turn, and beside it stands where the middle half of them was.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest import mock

import msgspec
from cattrs import Converter

from livechat_async import Visitor
from livechat_async.converter import make_converter
from livechat_async.models.chats import Chat
from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.made_up_chats import made_up_chat

VISITORS = 400
PAGE_SIZE = 25
FIRST_CHAT = 1_700_000_000
TURNS = 101
SECONDS_A_TURN = 0.01


def payloads() -> dict[str, tuple[bytes, Any]]:
    """Bytes as they come over the wire, and the type they are to become."""
    visitors = Sandbox(seed=VISITORS).visitors
    chance = random.Random(8)  # noqa: S311 (test data)
    chats = [
        made_up_chat(f"CHAT{index}", chance.getrandbits(64), FIRST_CHAT + 3600 * index)
        for index in range(PAGE_SIZE)
    ]
    return {
        "one visitor": (_to_bytes(visitors[VISITORS // 2 :][:1]), list[Visitor]),
        f"{VISITORS} visitors": (_to_bytes(visitors), list[Visitor]),
        f"a page of {PAGE_SIZE} chats": (_to_bytes(chats), list[Chat]),
    }


def _to_bytes(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def careful_converter(types: list[Any]) -> Converter:
    """A converter that takes no shortcut; it makes its hooks now."""
    with mock.patch("livechat_async.converter.shortcut", lambda _, __, careful: careful):
        converter = make_converter()
        for type_ in types:
            converter.get_structure_hook(type_)
    return converter


def to_typed(converter: Converter, content: bytes, type_: Any) -> object:
    """What the client does with the bytes of an answer."""
    return converter.structure(msgspec.json.decode(content), type_)


def seconds(call: Callable[[], object], times: int) -> float:
    """Processor time of one call."""
    started = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - started) / times


def measure(calls: dict[str, Callable[[], object]], turns: int) -> dict[str, list[float]]:
    """Seconds of each call, turn by turn."""
    first = next(iter(calls.values()))
    times = max(1, round(SECONDS_A_TURN / seconds(first, 3)))
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(turns + 3):
        for name, call in calls.items():
            spent = seconds(call, times)
            if turn >= 3:  # noqa: PLR2004 (the first are for warming up)
                taken[name].append(spent)
    return taken


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS)
    turns = parser.parse_args().turns
    found = payloads()
    quick = make_converter()
    careful = careful_converter([type_ for _, type_ in found.values()])
    for title, (content, type_) in found.items():
        calls: dict[str, Callable[[], object]] = {
            "json.loads": partial(json.loads, content),
            "msgspec, to dicts": partial(msgspec.json.decode, content),
            "typed, by the careful hooks": partial(to_typed, careful, content, type_),
            "typed, by the shortcut": partial(to_typed, quick, content, type_),
        }
        taken = measure(calls, turns)
        base = statistics.median(taken["json.loads"])
        print(f"{title}, {len(content):,} bytes: json.loads takes {base * 1e6:,.1f} µs")  # noqa: T201
        for name, spent in taken.items():
            # Turn by turn, so that a machine that slows down for a while slows down both.
            ratios = [each / own for each, own in zip(spent, taken["json.loads"], strict=True)]
            low, middle, high = statistics.quantiles(ratios, n=4)
            print(f"  {name:28} {middle:5.2f}  ({low:.2f} to {high:.2f})")  # noqa: T201


if __name__ == "__main__":
    main()
