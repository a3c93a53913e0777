"""Measures this client beside others: ``python -m benchmarks``.

All contenders take turns at the same work, each in a process of its own, against one server in
another process. The tables show ratios to bare aiohttp with ``json.loads``, or to the base that a
table names: of the client's processor time (CPU) and of time by the clock (wall). A ratio is the
median of the ratios of the turns, with the middle half of them in parentheses. The garbage
collector runs as usual. Measure on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks import calls, decoding, footprint, holding, paging
from benchmarks.chart import chart
from benchmarks.measuring import ROOT, Section, Settings, are_installed, say
from benchmarks.report import document, machine, summary, table
from benchmarks.serving import PAGE_SIZE, served

MODULES = (calls, decoding, holding, footprint, paging)
WEBHOOKS = "webhooks"
NAMES = [*(name for module in MODULES for name in module.NAMES), WEBHOOKS]
OPTIONAL = ("httpx", "httpx2", "orjson", "pydantic")
QUICK = Settings(turns=1, rounds=1, warm_up=False, part=0.005, pages=25, slow_pages=8)


def main() -> None:
    """Measure, print the tables, and write the files that the options name."""
    summary_line, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=summary_line, epilog=more
    )
    parser.add_argument("--turns", type=int, metavar="N", help="turns of each contender")
    parser.add_argument(
        "--only", action="append", choices=NAMES, metavar="NAME", help=", ".join(NAMES)
    )
    parser.add_argument("--quick", action="store_true", help="only check that everything runs")
    parser.add_argument(
        "--all",
        action="store_true",
        help="measure the receiver of webhooks too, and walk 1,000 pages that come late, not 200",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the chart there")
    given = parser.parse_args()
    if given.turns is not None and given.turns < 1:
        parser.error("--turns: a whole number above zero is needed")
    usual = QUICK if given.quick else Settings()
    settings = Settings(
        turns=given.turns or usual.turns,
        rounds=min(usual.rounds, given.turns or usual.rounds),
        warm_up=usual.warm_up,
        part=usual.part,
        pages=usual.pages,
        slow_pages=1_000 if given.all else usual.slow_pages,
        only=frozenset(given.only or ()),
    )
    missing = [name for name in OPTIONAL if not are_installed([name])]
    if missing:
        say(f"left out, because they are not installed: {', '.join(missing)}")
    sections = run(settings)
    if given.quick:
        print("this was a check that everything runs: the numbers mean nothing")  # noqa: T201
    if given.json is not None:
        text = json.dumps(document(sections, settings), indent=2, ensure_ascii=False)
        given.json.write_text(text + "\n", encoding="utf-8")
    if given.svg is not None:
        given.svg.write_text(chart(sections, caption()), encoding="utf-8")
    if given.all or WEBHOOKS in settings.only:
        run_webhooks(quick=given.quick)


def run(settings: Settings) -> list[Section]:
    """Measure, and print each table as soon as it is complete."""
    sections = []
    pages = max(settings.pages, settings.slow_pages) if settings.wants(*paging.NAMES) else 0
    with served(pages * PAGE_SIZE) as url:
        for module in MODULES:
            for section in module.sections(settings, url):
                sections.append(section)
                print(table(section), flush=True)  # noqa: T201
    if sections:
        print(summary(sections), flush=True)  # noqa: T201
    return sections


def run_webhooks(*, quick: bool) -> None:
    """Measure the receiver of webhooks, which prints a table of its own."""
    arguments = ["--rate", "50", "--seconds", "1", "--runs", "1"] if quick else []
    command = [sys.executable, "-m", "benchmarks.webhooks", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 (of our own)
    if done.returncode:
        sys.exit(done.returncode)


def caption() -> str:
    """The Python, the cores and the packages, in one line."""
    found = machine()
    packages = ", ".join(f"{name} {version}" for name, version in found["packages"].items())
    return f"Python {found['python']}, {found['cores']} cores; {packages}"


if __name__ == "__main__":
    main()
