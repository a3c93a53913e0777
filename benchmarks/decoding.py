"""What decoding costs, from an answer's bytes to its objects, without a network."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self, TypeAlias
from unittest import mock

import msgspec
from attrs import frozen

from benchmarks.measuring import (
    Goal,
    Section,
    Settings,
    Taken,
    are_installed,
    compared,
    in_time,
    say,
    take_turns,
    workers,
)
from benchmarks.serving import PAGE_SIZE, fetch

__all__ = ["BASE", "DECODERS", "NAMES", "NEEDS", "OURS", "PAYLOADS", "contender", "sections"]

Decoder: TypeAlias = Callable[[bytes], object]

OURS = "livechat_async"
BASE = "json.loads, to dicts"
NAMES = ("decoding",)


@frozen
class Payload:
    """An answer.

    Attributes:
        job: what it is called here.
        title: what it is.
        path: where the server has it.
        items: of what it is a list.
        times: how often it is decoded in a turn.
    """

    job: str
    title: str
    path: str
    items: str
    times: int


PAYLOADS = (
    Payload("1", "one visitor", "/1/visitors", "Visitor", 2_000),
    Payload("400", "400 visitors", "/400/visitors", "Visitor", 8),
    Payload("chats", f"{PAGE_SIZE} chats", f"/{PAGE_SIZE}/chats", "Chat", 40),
)
GOALS = {"400": {OURS: Goal("CPU", 1.25)}}


def _converter_and_type(items: str) -> tuple[Any, Any]:
    # Imported here: the processes of the others are to hold no more than they need.
    from livechat_async import Chat, Visitor  # noqa: PLC0415
    from livechat_async.decoding.converter import make_converter  # noqa: PLC0415

    return make_converter(), {"Visitor": list[Visitor], "Chat": list[Chat]}[items]


def _ours(items: str) -> Decoder:
    """What the client does with the bytes of an answer."""
    from livechat_async.decoding.bodies import value_reader  # noqa: PLC0415

    converter, type_ = _converter_and_type(items)
    return value_reader(converter, type_)


def _from_dicts(items: str) -> Decoder:
    """What the client's converter makes of dicts, as for a user who structures with it."""
    converter, type_ = _converter_and_type(items)
    return lambda content: converter.structure(msgspec.json.decode(content), type_)


def _carefully(items: str) -> Decoder:
    """The careful hooks alone: what an item costs that is not usual."""
    with mock.patch("livechat_async.decoding.converter._fields_of", return_value=None):
        converter, type_ = _converter_and_type(items)
        converter.get_structure_hook(type_)  # made now, or else with the quick way
    return lambda content: converter.structure(msgspec.json.decode(content), type_)


def _orjson(_: str) -> Decoder:
    import orjson  # noqa: PLC0415

    return orjson.loads


def _pydantic(_: str) -> Decoder:
    from benchmarks.pydantic_models import VISITORS  # noqa: PLC0415

    return VISITORS.validate_json


def _plain(_: str) -> Decoder:
    from benchmarks.plain_models import PlainVisitor  # noqa: PLC0415

    return msgspec.json.Decoder(list[PlainVisitor]).decode


DECODERS: Mapping[str, Callable[[str], Decoder]] = {
    OURS: _ours,
    "livechat_async, from dicts": _from_dicts,
    "livechat_async, carefully": _carefully,
    BASE: lambda _: json.loads,
    "orjson, to dicts": _orjson,
    "msgspec, to dicts": lambda _: msgspec.json.decode,
    "pydantic": _pydantic,
    "msgspec, to attrs as sent": _plain,
}
"""By name, what makes the decoder of a list of these."""

NEEDS = {"orjson, to dicts": ("orjson",), "pydantic": ("pydantic",)}
_VISITORS_ONLY = ("pydantic", "msgspec, to attrs as sent")


def decoders(job: str) -> list[str]:
    """The names of those that can decode this payload."""
    return [
        name
        for name in DECODERS
        if are_installed(NEEDS.get(name, ())) and not (job == "chats" and name in _VISITORS_ONLY)
    ]


class Decoding:
    """A decoder in a process of its own."""

    def __init__(self, name: str, url: str) -> None:
        self._make = DECODERS[name]
        self._url = url
        self._jobs: dict[str, tuple[Decoder, bytes]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def run(self, job: str, times: int) -> int:
        """Decode a payload so many times."""
        if job not in self._jobs:
            (payload,) = (payload for payload in PAYLOADS if payload.job == job)
            self._jobs[job] = self._make(payload.items), fetch(self._url + payload.path)
        decode, content = self._jobs[job]
        for _ in range(times):
            decode(content)
        return times


def contender(name: str, url: str) -> Decoding:
    """The contender of this name; `benchmarks.worker` calls this."""
    return Decoding(name, url)


def sections(settings: Settings, url: str) -> Iterator[Section]:
    """The comparisons, a payload each."""
    if not settings.wants(*NAMES):
        return
    found: dict[str, Taken] = {payload.job: {} for payload in PAYLOADS}
    sizes = {payload.job: len(fetch(url + payload.path)) for payload in PAYLOADS}
    for round_ in range(settings.rounds):
        say(f"decoding: round {round_ + 1} of {settings.rounds}")
        with workers("benchmarks.decoding", decoders("1"), url) as all_of_them:
            for payload in PAYLOADS:
                chosen = {name: all_of_them[name] for name in decoders(payload.job)}
                times, turns = settings.times(payload.times), settings.turns_of(round_)
                taken = take_turns(chosen, payload.job, times, turns, warm_up=settings.warm_up)
                for name, each in taken.items():
                    found[payload.job].setdefault(name, []).extend(each)
    for payload in PAYLOADS:
        taken = found[payload.job]
        cpu = in_time(statistics.median([turn.cpu for turn in taken[BASE]]))
        yield Section(
            name="decoding",
            title=f"Decoding {payload.title}, {sizes[payload.job]:,} bytes",
            base=f"{BASE}: {cpu} CPU",
            rows=compared(taken, BASE, GOALS.get(payload.job, {}), measures=["CPU"]),
            charted="CPU",
        )
