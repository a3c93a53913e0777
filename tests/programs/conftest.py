"""Terminals, with a sandbox in the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from example_shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with Shell(tmp_path) as shell:
        shell.start_sandbox()
        yield shell
