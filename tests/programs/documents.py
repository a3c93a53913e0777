"""The README and the pages of docs/, and a way to run what they show.

A program runs in the test's own event loop, beside the sandbox: its ``asyncio.run`` hands over the
coroutine instead of running it. This is quicker than a process for each program, and a program
that goes on for ever can be cancelled.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
import re
import shlex
import sys
from collections.abc import Coroutine
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from livechat_async.cli import main

ROOT = Path(__file__).parent.parent.parent
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
BLOCKS: dict[str, str] = {}
for text in PAGES.values():
    for name, block in re.findall(
        r"<!-- runs: ([\w ]+) -->\n```\w+\n(.*?)```", text, flags=re.DOTALL
    ):
        assert name not in BLOCKS, f"two blocks are named {name}"
        BLOCKS[name] = block


def load(
    code: str, name: str = "__main__"
) -> tuple[dict[str, Any], list[Coroutine[Any, Any, Any]]]:
    """The names of a program, and what it would have run with ``asyncio.run``."""
    run: list[Coroutine[Any, Any, Any]] = []
    names: dict[str, Any] = {"__name__": name}
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # a notebook
    compiled = compile(code, f"<{name}>", "exec", flags, dont_inherit=True)
    with patch.object(asyncio, "run", run.append):
        if compiled.co_flags & inspect.CO_COROUTINE:
            run.append(eval(compiled, names))  # noqa: S307 (our own documents)
        else:
            exec(compiled, names)  # noqa: S102 (our own documents)
    return names, run


async def run_program(name: str) -> list[str]:
    """Run a program of the documents, and return the lines that it prints."""
    with redirect_stdout(io.StringIO()) as out:
        _, coroutines = load(BLOCKS[name])
        for coroutine in coroutines:
            await coroutine
    return out.getvalue().splitlines()


async def run_commands(name: str) -> list[str]:
    """Run each ``livechat-async`` command of a block, and return what each prints."""
    return [await run_command(line) for line in lines_of(name)]


async def run_command(line: str) -> str:
    """Run the command line in a thread, for it has an event loop of its own."""
    program, *arguments = shlex.split(line)
    assert program == "livechat-async"
    sure = ["--yes"] if "delete" in arguments else []
    with (
        redirect_stdout(io.StringIO()) as out,
        patch.object(sys, "argv", [program, *arguments, *sure]),
    ):
        assert await asyncio.to_thread(main) == 0, line
    return out.getvalue()


def lines_of(name: str) -> list[str]:
    """The lines of a block of commands, without their prompts."""
    return [line.removeprefix("$ ") for line in BLOCKS[name].splitlines()]
