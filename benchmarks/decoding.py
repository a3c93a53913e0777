"""What decoding costs, from an answer's bytes to its objects, without a network."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle, islice
from typing import Any, Self, TypeAlias
from unittest import mock

import msgspec
from attrs import frozen

from benchmarks.measuring import (
    ROOT,
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

Decoder: TypeAlias = Callable[[bytes], object]

OURS = "livechat_async"
BASE = "json.loads, to dicts"
NAMES = ("decoding",)


@frozen
class Payload:
    """An answer.

    Attributes:
        job: its name here.
        title: its name in the table.
        path: where the server has it; or a sample among the tests' fixtures.
        items: the type of its items.
        times: how often it is decoded in a turn.
        number: how many items are made of the sample.
        new: a field that the sample's items get in addition; "operators." puts it inside these.
        goal: our CPU time as a ratio to `json.loads`.
    """

    job: str
    title: str
    path: str
    items: str
    times: int
    number: int = 0
    new: str = ""
    goal: float | None = None

    def content(self, url: str) -> bytes:
        """Its bytes."""
        if not self.number:
            return fetch(url + self.path)
        document = json.loads((ROOT / "tests" / "fixtures" / self.path).read_text("utf-8"))
        sample = document if isinstance(document, list) else document["chats"]
        return json.dumps(
            [self._with_new(item) for item in islice(cycle(sample), self.number)]
        ).encode()

    def _with_new(self, item: dict[str, Any]) -> dict[str, Any]:
        place, _, name = self.new.rpartition(".")
        if place:
            return {**item, place: [{**inner, name: 1} for inner in item.get(place, ())]}
        return {**item, name: 1} if name else item


def _documented(title: str, goal: float, new: str = "") -> Payload:
    return Payload(title, title, "visitors_2013.json", "Visitor", 8, 400, new, goal)


PAYLOADS = (
    Payload("1", "one visitor", "/1/visitors", "Visitor", 2_000),
    Payload("400", "400 visitors", "/400/visitors", "Visitor", 8, goal=0.85),
    Payload("chats", f"{PAGE_SIZE} chats", f"/{PAGE_SIZE}/chats", "Chat", 40),
    _documented("400 documented visitors", 1.1),
    _documented("400 documented visitors with a new field", 1.2, "mood"),
    _documented("400 documented visitors with a new field inside", 1.5, "operators.rank"),
    Payload("documented chats", "25 documented chats", "chats_2013.json", "Chat", 40, 25, goal=1.3),
)


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
        if "documented" not in job or name in (OURS, BASE)
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
        """Decode a payload a number of times."""
        if job not in self._jobs:
            (payload,) = (payload for payload in PAYLOADS if payload.job == job)
            self._jobs[job] = self._make(payload.items), payload.content(self._url)
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
    sizes = {payload.job: len(payload.content(url)) for payload in PAYLOADS}
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
        goals = {} if payload.goal is None else {OURS: Goal("CPU", payload.goal)}
        cpu = in_time(statistics.median([turn.cpu for turn in taken[BASE]]))
        yield Section(
            name="decoding",
            title=f"Decoding {payload.title}, {sizes[payload.job]:,} bytes",
            base=f"{BASE}: {cpu} CPU",
            rows=compared(taken, BASE, goals, measures=["CPU"]),
            charted=None if payload.number else "CPU",
        )
