"""``--watch``: asks again and again, through what may pass by itself."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeAlias

import typer
from rich.live import Live
from rich.text import Text

from livechat_async import CallError, RetryPolicy, Visitor
from livechat_async.cli.show import show_error, terminal, visitors_table
from livechat_async.redaction import printable
from livechat_async.retry import is_worth_repeating

__all__ = ["View", "live_view", "text_view", "watch"]

View: TypeAlias = Callable[[list[Visitor] | None, str], None]
"""Shows the visitors, if they are known yet, and the problem, if there is one."""

_ANY_WAIT = RetryPolicy(retry_after_max=float(sys.maxsize))
_LINES_ROUND_TABLE = 5
_LINES_OF_PROBLEM = 5


async def watch(fetch: Callable[[], Awaitable[list[Visitor]]], view: View, interval: float) -> None:
    """Fetch and show for ever.

    Args:
        fetch: one attempt.
        view: shows what came.
        interval: seconds between an answer and the next question, or what the server asks for.

    Raises:
        LiveChatError: a failure that stays one.
    """
    visitors: list[Visitor] | None = None
    while True:
        problem, pause = "", interval
        try:
            visitors = await fetch()
        except CallError as error:
            if not is_worth_repeating(error, _ANY_WAIT, read=True):
                raise
            problem, pause = str(error), max(interval, getattr(error, "retry_after", None) or 0.0)
        view(visitors, problem)
        await asyncio.sleep(pause)


@contextmanager
def text_view(to_text: Callable[[Sequence[Visitor]], str]) -> Iterator[View]:
    """A view for pipes: answers to stdout, problems to stderr."""

    def view(visitors: list[Visitor] | None, problem: str) -> None:
        if problem:
            show_error(f"{problem} (asking again)")
        else:
            typer.echo(to_text(visitors or []))

    yield view


@contextmanager
def live_view(interval: float) -> Iterator[View]:
    """A view for terminals: one table that changes, with the problem below it."""
    console = terminal()
    asked = ""

    def view(visitors: list[Visitor] | None, problem: str) -> None:
        nonlocal asked
        if not problem:
            asked = f" at {datetime.now().astimezone():%H:%M:%S}"
        lines = console.height - _LINES_ROUND_TABLE - (_LINES_OF_PROBLEM if problem else 0)
        problem = problem and f"asking again: {problem}"
        table = visitors_table(
            visitors or [],
            width=console.width,
            title=f"{asked}, every {interval:g} s until Ctrl-C",
            problem=problem,
            most=max(lines // 2, 1),
        )
        known = visitors is not None
        live.update(table if known else Text(printable(problem), "red"), refresh=True)

    with Live(
        Text("asking ...", "dim"), console=console, auto_refresh=False, vertical_overflow="crop"
    ) as live:
        yield view
