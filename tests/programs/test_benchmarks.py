"""The benchmarks run, and tell everything they measured. What they measured is not looked at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parent.parent.parent
SVG = "{http://www.w3.org/2000/svg}"
CALLERS = {
    "livechat_async": (),
    "aiohttp + json.loads": (),
    "aiohttp + orjson": ("orjson",),
    "httpx + .json()": ("httpx",),
    "httpx2 + .json()": ("httpx2",),
    "as LiveChat's SDK": ("httpx",),
    "httpx + pydantic": ("httpx", "pydantic"),
}
DECODERS = {
    "livechat_async": (),
    "livechat_async, from dicts": (),
    "livechat_async, carefully": (),
    "json.loads, to dicts": (),
    "msgspec, to dicts": (),
    "orjson, to dicts": ("orjson",),
    "pydantic": ("pydantic",),
    "msgspec, to attrs as sent": (),
}
KEPT = DECODERS.keys() - {
    "livechat_async, from dicts",
    "livechat_async, carefully",
    "msgspec, to dicts",
}
IMPORTS = {
    "import livechat_async's client": (),
    "import aiohttp": (),
    "import httpx": ("httpx",),
    "import httpx2": ("httpx2",),
    "import httpx, pydantic": ("httpx", "pydantic"),
    "livechat-async chats list --help": ("click", "rich"),
    "livechat-async chats list --r, and Tab": ("click", "rich"),
}


def installed(names: dict[str, tuple[str, ...]]) -> set[str]:
    return {name for name, needed in names.items() if all(map(find_spec, needed))}


def run(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """The benchmarks in a process of their own, which may do something before."""
    code = f"{before}\nimport runpy\nrunpy.run_module('benchmarks', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=550,
        check=False,
    )


def rows_of(sections: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for section in sections for row in section["rows"]]


def test_all_parts_run_and_are_reported(tmp_path: Path):
    done = run(
        "--quick", "--json", str(tmp_path / "found.json"), "--svg", str(tmp_path / "chart.svg")
    )
    assert done.returncode == 0, done.stdout + done.stderr

    sections = json.loads((tmp_path / "found.json").read_text("utf-8"))["sections"]
    there = {section["title"]: {row["name"] for row in section["rows"]} for section in sections}
    callers, decoders = installed(CALLERS), installed(DECODERS)
    by_name: dict[str, list[set[str]]] = {}
    for section in sections:
        by_name.setdefault(section["name"], []).append(there[section["title"]])
    walks = by_name.pop("paging")
    assert by_name == {
        "one-visitor": [callers],
        "400-visitors": [callers],
        "400-documented": [callers],
        "tasks": [callers | {"livechat_async, 16 at once"}],
        "details": [callers],
        "failing": [callers],
        "decoding": [
            *(decoders, decoders, decoders - {"pydantic", "msgspec, to attrs as sent"}),
            *[{"livechat_async", "json.loads, to dicts"}] * 4,
        ],
        "holding": [{"livechat_async", "livechat_async, a field unknown", "json.loads"}],
        "import": [installed(IMPORTS)],
        "memory": [decoders & KEPT],
    }
    assert len(walks[0]) == 3

    printed = [line.strip() for line in done.stdout.splitlines()]
    for title, names in there.items():
        assert title in printed
        for name in names:
            assert any(line.startswith(name) for line in printed[printed.index(title) :])

    for row in rows_of(sections):
        for ratio in row["ratios"].values():
            assert 0 <= ratio["low"] <= ratio["median"] <= ratio["high"]
    goals = {
        (section["name"], row["goal"]["measure"], row["goal"]["at_least"], row["goal"]["limit"])
        for section in sections
        for row in section["rows"]
        if "goal" in row
    }
    assert goals == {
        ("one-visitor", "CPU", False, 1.1),
        ("400-visitors", "CPU", False, 0.85),
        ("400-documented", "CPU", False, 1.0),
        ("tasks", "throughput", True, 0.95),
        ("details", "CPU", False, 1.25),
        *(("decoding", "CPU", False, limit) for limit in (0.85, 1.1, 1.2, 1.3, 1.5)),
        ("holding", "ms", False, 25),
        ("import", "CPU", False, 1.0),
        ("import", "CPU", False, 1.2),
        ("memory", "memory", False, 1.0),
        ("paging", "ratio", True, 7),
        ("paging", "ratio", False, 1.5),
        ("paging", "ratio", False, 1.25),
    }
    met = sum(row["goal"]["met"] for row in rows_of(sections) if "goal" in row)
    number = sum("goal" in row for row in rows_of(sections))
    assert f"{met} of {number} goals are met" in done.stdout

    charted = [section for section in sections if section["charted"]]
    picture = ET.parse(tmp_path / "chart.svg").getroot()  # noqa: S314 (we made it)
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert picture.tag == f"{SVG}svg"
    assert len(list(picture.iter(f"{SVG}rect"))) == len(rows_of(charted))
    for section in charted:
        assert section["title"] in texts
    for row in rows_of(charted):
        assert row["name"] in texts


def test_a_contender_that_is_not_installed_is_left_out_and_named(tmp_path: Path):
    """The base is the same whatever else is there."""
    where = tmp_path / "found.json"
    hidden = "import sys\nsys.modules['orjson'] = sys.modules['pydantic'] = None"
    done = run("--quick", "--only", "memory", "--json", str(where), before=hidden)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left out" in done.stderr
    assert "orjson" in done.stderr
    assert "pydantic" in done.stderr
    (section,) = json.loads(where.read_text("utf-8"))["sections"]
    assert {row["name"] for row in section["rows"]} == KEPT - {"orjson, to dicts", "pydantic"}
    base = next(row for row in section["rows"] if row["name"] == "json.loads, to dicts")
    assert base["ratios"]["memory"]["median"] == 1


def test_a_contender_that_fails_ends_the_run_and_is_named():
    # A server process first prints its address; nothing answers at this one.
    hidden = (
        "import contextlib\nfrom benchmarks import calls, serving\n"
        "serving.served = lambda _: contextlib.nullcontext('http://127.0.0.1:1')\n"
        "calls.CONTENDERS = dict(list(calls.CONTENDERS.items())[:1])"
    )
    done = run("--quick", "--only", "failing", before=hidden)
    assert done.returncode == 1
    assert "livechat_async failed at 'failing'; its error is above" in done.stderr
    assert "ConnectError" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--turns", "0"], "--turns: a whole number above zero is needed"),
        (["--only", "nothing"], "invalid choice: 'nothing'"),
    ],
)
def test_a_wrong_option_is_refused(arguments: list[str], message: str):
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
