"""Plots how chats of the last weeks began, how they were rated, and how long visitors waited.

It needs matplotlib, and the credentials of `LiveChatClient.from_env` in the environment::

    python plot.py chats.png
"""

from __future__ import annotations

import asyncio
import sys
from datetime import date, timedelta

from matplotlib.axes import Axes
from matplotlib.dates import MO, DateFormatter, WeekdayLocator
from matplotlib.figure import Figure

from livechat_async import ChatEngagement, LiveChatClient, QueuedVisitors, Ratings, Report

DAYS = 42
# Colours that colour-blind people can tell apart.
BLUE, ORANGE, GREEN, RED, GREY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#999999"


async def main(path: str) -> None:
    """Fetch three reports at the same time, and plot them below each other."""
    today = date.today()  # noqa: DTZ011 (days are those of the account)
    first = today - timedelta(days=DAYS - 1)
    async with LiveChatClient.from_env() as client:
        chats = client.reports.chats
        engagement, ratings, queue = await asyncio.gather(
            chats.engagement(date_from=first, date_to=today, group_by="day"),
            chats.ratings(date_from=first, date_to=today, group_by="day"),
            chats.waiting_times(date_from=first, date_to=today, group_by="day"),
        )

    figure = Figure(figsize=(9, 8), layout="constrained")
    upper, middle, lower = figure.subplots(3, sharex=True)
    plot_engagement(upper, engagement)
    plot_ratings(middle, ratings)
    plot_waiting(lower, queue)
    lower.xaxis.set_major_locator(WeekdayLocator(MO))
    lower.xaxis.set_major_formatter(DateFormatter("%Y-%m-%d"))
    figure.savefig(path, dpi=120)
    print(f"{path}: {len(engagement.rows)} days")  # noqa: T201


def plot_engagement(axes: Axes, report: Report[ChatEngagement]) -> None:
    """Bars of chats, by how they began."""
    days = [period.start for period, _ in report.items()]
    rows = report.rows.values()
    parts = {
        "by the visitor": ([row.chats_from_immediate_start for row in rows], BLUE),
        "by a greeting": ([row.chats_from_auto_invite for row in rows], ORANGE),
        "by an agent": ([row.chats_from_manual_invite for row in rows], GREEN),
    }
    below = [0] * len(days)
    for label, (counts, colour) in parts.items():
        axes.bar(days, counts, bottom=below, label=label, color=colour)
        below = [sum(pair) for pair in zip(below, counts, strict=True)]
    decorate(axes, "Chats begun", "chats a day")


def plot_ratings(axes: Axes, report: Report[Ratings]) -> None:
    """Good ratings upwards, bad ones downwards."""
    days = [period.start for period, _ in report.items()]
    axes.bar(days, [row.good for row in report.rows.values()], label="good", color=GREEN)
    axes.bar(days, [-row.bad for row in report.rows.values()], label="bad", color=RED)
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    decorate(axes, "Ratings", "ratings a day")


def plot_waiting(axes: Axes, report: Report[QueuedVisitors]) -> None:
    """The average and longest waits; a day without a queue leaves a gap."""
    days = [period.start for period, _ in report.items()]
    parts = [row.entered_chat for row in report.rows.values()]
    for label, waits, colour in (
        ("longest", [part.max for part in parts], GREY),
        ("average", [part.average for part in parts], BLUE),
    ):
        seconds = [wait.seconds if wait else None for wait in waits]
        axes.plot(days, seconds, "o-", markersize=4, label=label, color=colour)
    axes.set_ylim(bottom=0)
    decorate(axes, "Waiting in the queue", "seconds")


def decorate(axes: Axes, title: str, unit: str) -> None:
    """What all three plots have."""
    axes.set_title(title, loc="left")
    axes.set_ylabel(unit)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.01)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, borderpad=0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "chats.png"))
