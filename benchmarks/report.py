"""The results, as a table and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import attrs

from benchmarks.measuring import Row, Section, Settings

_NAME_WIDTH = 32
_COLUMN_WIDTH = 24
_PACKAGES = (
    *("livechat_async", "aiohttp", "attrs", "cattrs", "msgspec"),
    *("httpx", "httpx2", "orjson", "pydantic"),
)


def machine() -> dict[str, Any]:
    """The machine and the versions of the packages."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name)) is not None},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def table(section: Section) -> str:
    """A section as text, with the goal beside each row that has one."""
    measures = list(dict.fromkeys(name for row in section.rows for name in row.ratios))
    width = max(_NAME_WIDTH, *(len(row.name) + 2 for row in section.rows))
    head = "".join(f"{measure:{_COLUMN_WIDTH}}" for measure in measures)
    lines = [section.title, f"1.00 is {section.base}", f"{'':{width + 2}}{head}".rstrip()]
    for row in section.rows:
        cells = "".join(f"{row.ratios.get(measure, '')!s:{_COLUMN_WIDTH}}" for measure in measures)
        lines.append(f"  {row.name:{width}}{cells}{_goal(row)}".rstrip())
    return "\n".join(lines) + "\n"


def _goal(row: Row) -> str:
    if row.goal is None:
        return ""
    return f"goal: {row.goal}, {'met' if row.is_met else 'not met'}"


_WHY = "docs/performance-tables.md says what the time goes into, under 'What costs what'."


def summary(sections: Sequence[Section]) -> str:
    """The number of goals that are met, and those that are not."""
    rows = [(section, row) for section in sections for row in section.rows if row.goal is not None]
    missed = list(_missed(rows))
    count = f"{len(rows) - len(missed)} of {len(rows)} goals are met"
    return "\n".join([f"{count}; not met:", *missed, _WHY]) if missed else count


def _missed(rows: Sequence[tuple[Section, Row]]) -> Iterator[str]:
    for section, row in rows:
        if row.goal is not None and not row.is_met:
            found = row.ratios[row.goal.measure].median
            yield f"  {section.title}, {row.name}: {found:.2f}, goal {row.goal}"


def document(sections: Sequence[Section], settings: Settings) -> dict[str, Any]:
    """All results as one document of JSON."""
    return {
        "machine": machine(),
        "turns": settings.turns,
        "rounds": settings.rounds,
        "sections": [
            {
                "name": section.name,
                "title": section.title,
                "base": section.base,
                "charted": section.charted,
                "rows": [_row(row) for row in section.rows],
            }
            for section in sections
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": row.name,
        "ratios": {measure: attrs.asdict(spread) for measure, spread in row.ratios.items()},
    }
    if row.goal is not None:
        described["goal"] = {**attrs.asdict(row.goal), "met": row.is_met}
    return described
