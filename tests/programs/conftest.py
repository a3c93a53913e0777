"""Terminals, with a sandbox in the first; and the site's program on the path."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from example_shell import ROOT, Shell

# Last, so that the library that is installed is the one that is tested.
sys.path.append(str(ROOT))


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with Shell(tmp_path) as shell:
        shell.start_sandbox()
        yield shell
