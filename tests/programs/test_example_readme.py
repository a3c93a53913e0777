from __future__ import annotations

import re
from pathlib import Path

from example_shell import BLOCKS, README, ROOT


def test_the_readme_names_every_example_and_each_block_is_run():
    examples = ROOT / "examples"
    linked = re.findall(r"^\| \[(\w+)\]\(([\w/.]+)\)", README, flags=re.MULTILINE)
    assert [name for name, _ in linked] == [Path(path).parts[0] for _, path in linked]
    assert {name for name, _ in linked} == {
        path.name for path in examples.iterdir() if path.is_dir()
    }
    assert all((examples / path).is_file() for _, path in linked)
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    assert README.count("<!-- runs: ") == len(BLOCKS)
    assert [name for name in BLOCKS if f'"{name}"' not in tests] == []


def test_every_command_but_installing_is_in_a_block_that_runs():
    lines = re.findall(r"^\$ (.*)$", README, flags=re.MULTILINE)
    left = [line for line in lines if all(line not in block for block in BLOCKS.values())]
    assert len(left) == 2
    assert left[0].startswith("python3 -m venv .venv")
    assert left[1].startswith("pip install '.[cli,distributed]'")
