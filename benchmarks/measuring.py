"""Settings and results of the benchmarks, and the processes that take turns."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from attrs import frozen

Process: TypeAlias = "subprocess.Popen[str]"

ROOT = Path(__file__).parent.parent
_SECONDS_TO_END = 10


@frozen
class Settings:
    """How much is measured.

    Attributes:
        turns: turns of each contender in each comparison.
        rounds: how often new processes are started: no two processes of the same program are
            equally fast.
        warm_up: whether each contender has one more turn in each round, which does not count.
        part: the part of the usual number of calls that a turn has.
        pages: pages of a walk over the archives.
        slow_pages: pages of a walk in which each page comes late.
        only: names of what is measured; empty for everything.
    """

    turns: int = 20
    rounds: int = 5
    warm_up: bool = True
    part: float = 1.0
    pages: int = 1_000
    slow_pages: int = 200
    only: frozenset[str] = frozenset()

    def wants(self, *names: str) -> bool:
        """Whether any of these names is measured."""
        return not self.only or not self.only.isdisjoint(names)

    def times(self, usual: int) -> int:
        """How many calls a turn has."""
        return max(1, round(usual * self.part))

    def turns_of(self, round_: int) -> int:
        """The number of turns in this round, counted from 0."""
        return len(range(round_, self.turns, self.rounds))


@frozen
class Turn:
    """Seconds of one call in a turn: by the clock, and of the client's processor time."""

    wall: float
    cpu: float


Taken: TypeAlias = dict[str, list[Turn]]
"""The turns of each contender."""


@frozen
class Spread:
    """A median, and the bounds of the middle half."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of these values."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.median:.2f}"
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


@frozen
class Goal:
    """A limit for a ratio."""

    measure: str
    limit: float
    at_least: bool = False

    def is_met_by(self, ratio: float) -> bool:
        """Whether the ratio keeps to the limit."""
        return ratio >= self.limit if self.at_least else ratio <= self.limit

    def __str__(self) -> str:
        return f"{self.measure} {'>=' if self.at_least else '<='} {self.limit:g}"


@frozen
class Row:
    """A line of the table.

    Attributes:
        name: the contender.
        ratios: to the base of the section, by measure.
        goal: the goal for one of them.
    """

    name: str
    ratios: Mapping[str, Spread]
    goal: Goal | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None if there is none."""
        if self.goal is None:
            return None
        return self.goal.is_met_by(self.ratios[self.goal.measure].median)


@frozen
class Section:
    """One comparison.

    Attributes:
        name: its name for ``--only``.
        title: the work that was done.
        base: what the ratio 1.0 stands for.
        rows: the results of the contenders.
        charted: the measure that the chart shows; less of it is better.
    """

    name: str
    title: str
    base: str
    rows: Sequence[Row]
    charted: str | None = None


def say(text: str) -> None:
    """Print progress, apart from the results."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def are_installed(modules: Sequence[str]) -> bool:
    """Whether these can be imported."""
    return all(find_spec(module) is not None for module in modules)


def in_time(seconds: float) -> str:
    """Seconds as text, in ms or µs."""
    value, unit = (seconds * 1e3, "ms") if seconds >= 0.001 else (seconds * 1e6, "µs")  # noqa: PLR2004
    return f"{value:,.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}"  # noqa: PLR2004


class Worker:
    """A contender in a process of its own, which measures itself."""

    def __init__(self, name: str, process: Process) -> None:
        self._name = name
        self._process = process

    def turn(self, job: str, times: int) -> Turn:
        """One turn of ``times`` calls."""
        if self._process.stdin is None or self._process.stdout is None:
            raise TypeError("a worker is started with pipes")
        self._process.stdin.write(json.dumps({"job": job, "times": times}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._name} failed at {job!r}; its error is above")
        return Turn(**json.loads(line))


@contextmanager
def running(*arguments: str) -> Iterator[Process]:
    """A module of this package as a process, which ends when its standard input does."""
    process = subprocess.Popen(  # noqa: S603 (of our own)
        [sys.executable, "-m", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        try:
            process.communicate(timeout=_SECONDS_TO_END)  # which closes its standard input
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@contextmanager
def workers(module: str, names: Sequence[str], url: str) -> Iterator[dict[str, Worker]]:
    """A process for each contender of a module.

    Args:
        module: has a function ``contender``, which `benchmarks.worker` calls.
        names: of the contenders.
        url: where the server is.
    """
    with ExitStack() as stack:
        yield {
            name: Worker(
                name,
                stack.enter_context(running("benchmarks.worker", module, name, url)),
            )
            for name in names
        }


def take_turns(
    contenders: Mapping[str, Worker], job: str, times: int, turns: int, *, warm_up: bool
) -> Taken:
    """The results of each contender, turn by turn.

    Args:
        contenders: by name.
        job: the work.
        times: calls in a turn.
        turns: turns of each contender.
        warm_up: whether each has one more turn before them, which does not count.
    """
    names = list(contenders)
    taken: Taken = {name: [] for name in names}
    for turn in range(-1 if warm_up else 0, turns):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            took = contenders[name].turn(job, times)
            if turn >= 0:
                taken[name].append(took)
    return taken


MEASURES: Mapping[str, Callable[[Turn, Turn], float]] = {
    "CPU": lambda own, base: own.cpu / base.cpu,
    "wall": lambda own, base: own.wall / base.wall,
    "throughput": lambda own, base: base.wall / own.wall,
}


def compared(
    taken: Taken, base: str, goals: Mapping[str, Goal], measures: Sequence[str]
) -> list[Row]:
    """Each contender's ratios to the base of the same turn.

    Args:
        taken: turn by turn.
        base: the contender whose ratios are 1.0.
        goals: by the contender's name.
        measures: names in `MEASURES`.
    """
    # Turn by turn: a machine that slows down for a while slows down both.
    rows = []
    for name, turns in taken.items():
        pairs = list(zip(turns, taken[base], strict=True))
        ratios = {
            measure: Spread.of([MEASURES[measure](own, other) for own, other in pairs])
            for measure in measures
        }
        rows.append(Row(name, ratios, goals.get(name)))
    return rows
