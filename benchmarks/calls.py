"""Calls over HTTP: this client beside bare aiohttp, httpx, and others."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping

from attrs import field, frozen

from benchmarks.contenders import CONTENDERS, NEEDS
from benchmarks.contenders.client import TASKS
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

OURS = "livechat_async"
BY_DEFAULT = "livechat_async, 16 at once"
BASE = "aiohttp + json.loads"


@frozen
class Workload:
    """What each contender does.

    Attributes:
        name: its name for ``--only``.
        job: its name in `benchmarks.contenders`.
        title: its name in the table.
        times: the number of calls in a turn; with tasks, the number each task makes.
        goals: by the contender's name.
        measures: what the table shows.
    """

    name: str
    job: str
    title: str
    times: int
    goals: Mapping[str, Goal] = field(factory=dict[str, Goal])
    measures: tuple[str, ...] = ("CPU", "wall")


WORKLOADS = (
    Workload("one-visitor", "1", "Listing one visitor", 200, {OURS: Goal("CPU", 1.10)}),
    Workload("400-visitors", "400", "Listing 400 visitors", 20, {OURS: Goal("CPU", 0.85)}),
    Workload(
        "400-documented",
        "documented",
        "Listing 400 visitors as documented, their times as text",
        20,
        {OURS: Goal("CPU", 1.0)},
    ),
    Workload(
        "tasks",
        "tasks",
        # With 400 visitors it would measure the decoding again.
        f"{TASKS} tasks at once, each listing 10 visitors",
        6,
        {OURS: Goal("throughput", 0.95, at_least=True)},
        ("CPU", "throughput"),
    ),
    Workload("details", "details", "Adding details to a visitor", 200, {OURS: Goal("CPU", 1.25)}),
    Workload(
        "failing",
        "failing",
        "Listing 10 visitors, 1 answer in 10 a 503 (no waits)",
        180,
    ),
)
NAMES = tuple(workload.name for workload in WORKLOADS)


def sections(settings: Settings, url: str) -> Iterator[Section]:
    """The comparisons that ``--only`` asks for."""
    wanted = [workload for workload in WORKLOADS if settings.wants(workload.name)]
    if not wanted:
        return
    names = [name for name in CONTENDERS if are_installed(NEEDS.get(name, ()))]
    found: dict[str, Taken] = {workload.name: {} for workload in wanted}
    for round_ in range(settings.rounds):
        with workers("benchmarks.contenders", names, url) as all_of_them:
            for workload in wanted:
                say(f"{workload.title}: round {round_ + 1} of {settings.rounds}")
                chosen = {
                    name: worker
                    for name, worker in all_of_them.items()
                    if name != BY_DEFAULT or workload.job == "tasks"
                }
                taken = take_turns(
                    chosen,
                    workload.job,
                    settings.times(workload.times),
                    settings.turns_of(round_),
                    warm_up=settings.warm_up,
                )
                for name, turns in taken.items():
                    found[workload.name].setdefault(name, []).extend(turns)
    for workload in wanted:
        yield _section(workload, found[workload.name])


def _section(workload: Workload, taken: Taken) -> Section:
    base = taken[BASE]
    cpu = in_time(statistics.median([turn.cpu for turn in base]))
    wall = in_time(statistics.median([turn.wall for turn in base]))
    return Section(
        name=workload.name,
        title=workload.title,
        base=f"{BASE}: {cpu} CPU, {wall} wall",
        rows=compared(taken, BASE, workload.goals, workload.measures),
        charted="CPU",
    )
