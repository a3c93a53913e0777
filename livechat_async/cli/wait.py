"""Waits for what a command does asynchronously."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import typer

__all__ = ["BROKEN_PIPE", "wait_for"]

BROKEN_PIPE = 141
"""What a shell shows of a program that ended because nobody read on: 128 + SIGPIPE."""


def wait_for(work: Coroutine[Any, Any, None]) -> None:
    """Run it in an event loop of its own.

    Raises:
        typer.Exit: nobody reads stdout any more.
    """
    try:
        asyncio.run(work)
    except BrokenPipeError:
        # Caught before typer sees it, which would make it exit code 1.
        raise typer.Exit(BROKEN_PIPE) from None
