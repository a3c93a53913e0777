"""The benchmark of the receiver runs, and is exact; how fast it is, is not for a test to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_short_load_loses_nothing() -> None:
    command = [sys.executable, "-m", "benchmarks.webhooks", "--seconds", "1", "--rate", "100"]
    done = subprocess.run(
        [*command, "--runs", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "100 webhooks in 1 s, 33 of them repeats, 1 times: all answered 200" in done.stdout
    assert "each of 67 events handled once\n" in done.stdout
    assert "with faults: 100 webhooks" in done.stdout
    assert "each of 67 events handled once by each of two handlers" in done.stdout
