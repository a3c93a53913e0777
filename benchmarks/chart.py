"""The comparison as a picture: an SVG of horizontal bars, a panel for each section."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.measuring import Row, Section

_OURS = "livechat_async"
_WIDTH = 940
_GAP = 36
_PANEL = (_WIDTH - _GAP) // 2
_NAMES = 196
_VALUES = 42
_BARS = _PANEL - _NAMES - _VALUES
_LINE = 21
_BAR = 13
_HEAD = 50
_TOP = 62
_LEGEND = 30
_STEPS = (0.25, 0.5, 1, 2, 5, 10, 20)
_MOST_TICKS = 5
_MOST_SPREAD = 1.25
_DIGIT = 9

# A page in dark colours shows the picture in dark colours, also where it is an <img>.
_STYLE = """
  text { font: 12px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
         fill: #1f2328 }
  .head { font-size: 17px; font-weight: 600 }
  .title { font-size: 13px; font-weight: 600 }
  .quiet { fill: #59636e }
  .tick { font-size: 10px; fill: #59636e; text-anchor: middle }
  .name, .value { text-anchor: end }
  .ours { font-weight: 600 }
  .bar { fill: #b4bcc6 }
  .bar.base { fill: #818b98 }
  .bar.ours { fill: #1a7f5a }
  .grid { stroke: #d1d9e0 }
  .one { stroke: #59636e; stroke-dasharray: 3 2 }
  .spread { stroke: #1f2328; stroke-opacity: .65; stroke-width: 1.3 }
  .goal { stroke: #cf222e; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .quiet, .tick { fill: #9198a1 }
    .bar { fill: #4b545f }
    .bar.base { fill: #768390 }
    .bar.ours { fill: #3fb984 }
    .grid { stroke: #3d444d }
    .one { stroke: #9198a1 }
    .spread { stroke: #f0f6fc }
    .goal { stroke: #ff7b72 }
  }
"""


def chart(sections: Sequence[Section], caption: str) -> str:
    """The picture.

    Args:
        sections: the chart shows those that name a measure for it.
        caption: on what it was measured.
    """
    panels = [section for section in sections if section.charted is not None]
    heights = [0, 0]
    places = []
    for panel in panels:
        column = 0 if heights[0] <= heights[1] else 1
        places.append((column * (_PANEL + _GAP), _TOP + heights[column]))
        heights[column] += _HEAD + _LINE * len(panel.rows) + 22
    height = _TOP + max(heights) + _LEGEND
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"',
        f'viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="what">',
        f"<style>{_STYLE}</style>",
        '<title id="what">What calls and decoding cost, as ratios; less is better</title>',
        '<text class="head" x="0" y="20">What it costs, as ratios: less is better</text>',
        f'<text class="quiet" x="0" y="41">{escape(caption)}</text>',
    ]
    for panel, (left, top) in zip(panels, places, strict=True):
        lines.append(f'<g transform="translate({left} {top})">')
        lines += _panel(panel)
        lines.append("</g>")
    lines += _legend(height - 8)
    return "\n".join([*lines, "</svg>", ""])


def _panel(section: Section) -> Iterator[str]:
    measure = section.charted or ""
    rows = [row for row in section.rows if measure in row.ratios]
    most = _furthest(rows, measure)
    scale = _BARS / most
    bottom = _HEAD + _LINE * len(rows) - 6
    yield f'<text class="title" x="0" y="14">{escape(section.title)}</text>'
    what = f"{measure}; 1 is {section.base}"
    yield f'<text class="quiet" x="0" y="31">{escape(what)}</text>'
    for tick in _ticks(most):
        x = _NAMES + tick * scale
        kind = "one" if tick == 1 else "grid"
        yield f'<path class="{kind}" d="M{x:.1f} {_HEAD - 8}V{bottom}"/>'
        if tick == 0 or tick * scale > _DIGIT:
            yield f'<text class="tick" x="{x:.1f}" y="{bottom + 12}">{tick:g}</text>'
    for index, row in enumerate(rows):
        yield from _bar(row, measure, _HEAD + _LINE * index, most)


def _furthest(rows: Sequence[Row], measure: str) -> float:
    """The ratio at the right edge; a spread that is very wide is cut off there."""
    goals = [row.goal.limit for row in rows if row.goal and row.goal.measure == measure]
    highest = max(row.ratios[measure].high for row in rows)
    longest = max(row.ratios[measure].median for row in rows)
    return max(1.0, *goals, min(highest, longest * _MOST_SPREAD))


def _bar(row: Row, measure: str, top: int, most: float) -> Iterator[str]:
    found, middle, text = row.ratios[measure], top + _BAR / 2, top + _BAR - 2
    scale = _BARS / most
    name = row.name.removeprefix("import ").replace("-", "_")  # the command is ours, too
    kind = "ours" if name.startswith(_OURS) else "peer"
    if found.median == found.low == found.high == 1:
        kind = "base"
    yield f'<text class="name {kind}" x="{_NAMES - 8}" y="{text}">{escape(row.name)}</text>'
    yield (
        f'<rect class="bar {kind}" x="{_NAMES}" y="{top}" height="{_BAR}" rx="2" '
        f'width="{max(1.0, found.median * scale):.1f}"/>'
    )
    low, high = _NAMES + found.low * scale, _NAMES + min(found.high, most) * scale
    if high - low >= 1:
        yield (
            f'<path class="spread" d="M{low:.1f} {middle}H{high:.1f}'
            f'M{low:.1f} {middle - 3}v6M{high:.1f} {middle - 3}v6"/>'
        )
    if row.goal is not None and row.goal.measure == measure:
        x = _NAMES + row.goal.limit * scale
        yield f'<path class="goal" d="M{x:.1f} {top - 2}v{_BAR + 4}"/>'
    yield f'<text class="value {kind}" x="{_PANEL}" y="{text}">{found.median:.2f}</text>'


def _ticks(most: float) -> Iterator[float]:
    """Round numbers from 0 on, one of them 1, not too many."""
    step = next((step for step in _STEPS if most / step <= _MOST_TICKS), _STEPS[-1])
    ticks = {step * number for number in range(math.floor(most / step) + 1)}
    if step > 1:
        ticks.add(1)
    yield from sorted(ticks)


def _legend(y: int) -> Iterator[str]:
    yield f'<path class="spread" d="M1 {y - 4}h22m-22 -3v6m22 -6v6"/>'
    yield f'<text class="quiet" x="32" y="{y}">the middle half of the turns</text>'
    yield f'<path class="goal" d="M216 {y - 11}v14"/>'
    yield f'<text class="quiet" x="226" y="{y}">the goal: no further than this</text>'
    yield f'<path class="one" d="M424 {y - 11}v14"/>'
    yield f'<text class="quiet" x="434" y="{y}">the same as the base</text>'
