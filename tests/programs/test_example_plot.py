"""The example that plots reports writes a picture, and draws what the reports say."""

from __future__ import annotations

import importlib.util
import struct
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from example_shell import BLOCKS, ROOT, Shell
from matplotlib.figure import Figure

from livechat_async import ChatEngagement, QueuedVisitors, QueuePart, Ratings, Report, Seconds

DAYS = ["2026-01-30", "2026-01-31", "2026-02-01"]


@pytest.fixture
def plot() -> Any:
    path = ROOT / "examples" / "reports_plot" / "plot.py"
    spec = importlib.util.spec_from_file_location("reports_plot", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_writes_a_picture(shell: Shell, tmp_path: Path):
    (line,) = BLOCKS["plot"]
    picture = tmp_path / "chats.png"

    printed = shell.run(line.replace("chats.png", str(picture)))

    assert printed == f"{picture}: 42 days\n"
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height) == (1080, 960)


def test_the_bars_of_engagement_stand_on_each_other(plot: Any):
    names = ("chats_from_immediate_start", "chats_from_auto_invite", "chats_from_manual_invite")
    counts = [(1, 2, 3), (0, 0, 0), (4, 0, 1)]
    rows = [ChatEngagement(**dict(zip(names, row, strict=True))) for row in counts]
    axes = Figure().subplots()

    plot.plot_engagement(axes, Report(dict(zip(DAYS, rows, strict=True))))

    bars = [[(bar.get_y(), bar.get_height()) for bar in part] for part in axes.containers]
    assert bars == [
        [(0, 1), (0, 0), (0, 4)],
        [(1, 2), (0, 0), (4, 0)],
        [(3, 3), (0, 0), (4, 1)],
    ]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "by the visitor",
        "by a greeting",
        "by an agent",
    ]


def test_bad_ratings_go_down_and_are_labelled_as_counts(plot: Any):
    axes = Figure().subplots()

    plot.plot_ratings(axes, Report({day: Ratings(good=2, bad=1) for day in DAYS}))

    good, bad = ([bar.get_height() for bar in part] for part in axes.containers)
    assert (good, bad) == ([2] * 3, [-1] * 3)
    assert axes.yaxis.get_major_formatter()(-1, 0) == "1"


def test_a_day_without_a_queue_is_a_gap(plot: Any):
    def row(*waits: float | None) -> QueuedVisitors:
        longest, average = (Seconds(seconds=wait) for wait in waits)
        part = QueuePart(count=1, max=longest, average=average)
        return QueuedVisitors(queued=part, left_queue=QueuePart(count=0), entered_chat=part)

    axes = Figure().subplots()
    rows = [row(30, 20), row(None, None), row(10, 5)]

    plot.plot_waiting(axes, Report(dict(zip(DAYS, rows, strict=True))))

    longest, average = axes.lines
    assert [float(y) for y in longest.get_ydata(orig=False)][::2] == [30, 10]
    assert [float(y) for y in average.get_ydata(orig=False)][::2] == [20, 5]
    assert str(float(average.get_ydata(orig=False)[1])) == "nan"
    assert list(longest.get_xdata(orig=True)) == [date.fromisoformat(day) for day in DAYS]
