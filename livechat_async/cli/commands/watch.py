"""What ``visitors list --watch`` and ``visitors watch`` show, until Ctrl-C.

Both go on through failures that may pass, and show each of them.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import TypeAlias

import click
from rich.live import Live
from rich.text import Text

from livechat_async import CallError, LiveChatClient, RetryPolicy, Visitor, VisitorState
from livechat_async.cli.commands.options import Filters
from livechat_async.cli.common import number_or_no, to_json, to_plain
from livechat_async.cli.output import visitors as output
from livechat_async.cli.output.listing import View
from livechat_async.cli.output.show import is_terminal, row_of, show_error, terminal
from livechat_async.redaction import printable
from livechat_async.watch.changes import Change
from livechat_async.watch.watch import FailureHook, Poller

_NO_RETRIES = RetryPolicy.none()  # the next poll repeats a failed call
_LINES_ROUND_TABLE, _LINES_OF_PROBLEM = 5, 5

_ListView: TypeAlias = Callable[[list[Visitor] | None, str], None]
"""Shows the visitors, None before the first answer, and the problem if there is one."""
_ShowChange: TypeAlias = Callable[[Change, Collection[Visitor]], None]
"""Shows a change, and counts the visitors that the same answer names."""


async def follow_list(
    client: LiveChatClient, filters: Filters, interval: float, view: View[Visitor]
) -> None:
    """Show the whole list again and again, until a failure does not pass."""
    client = client.with_options(retry=_NO_RETRIES)

    async def fetch() -> list[Visitor]:
        return await client.visitors.list(**filters)

    def to_text(visitors: list[Visitor]) -> str:
        visitors = visitors[: view.limit]
        if view.as_json:
            return to_json(to_plain(visitors))
        return "\n".join([*view.head(), *map(view.line, visitors), ""])

    def show_text(visitors: list[Visitor] | None, problem: str) -> None:
        if problem:
            show_error(f"{problem} (asking again)")
        else:
            click.echo(to_text(visitors or []))

    visitors: list[Visitor] | None = None
    with _live_table(interval, view.limit) if view.is_plain else nullcontext(show_text) as show:
        poller = Poller(
            fetch,
            retry=RetryPolicy(),
            interval=interval,
            on_failure=lambda error, _: show(visitors, str(error)),
        )
        while True:
            visitors = (await poller.next()).value
            show(visitors, "")


@contextmanager
def _live_table(interval: float, limit: int | None) -> Iterator[_ListView]:
    """One table on a terminal that changes, with the problem below it."""
    console = terminal()
    asked = ""

    def show(visitors: list[Visitor] | None, problem: str) -> None:
        nonlocal asked
        if not problem:
            asked = f" at {_now():%H:%M:%S %Z}"
        lines = console.height - _LINES_ROUND_TABLE - (_LINES_OF_PROBLEM if problem else 0)
        problem = problem and f"asking again: {problem}"
        count = number_or_no(len(visitors or ()), "visitor").capitalize()
        table = output.visitors_table(
            visitors or [],
            width=console.width,
            title=f"{count}{asked}, every {interval:g} s until Ctrl-C",
            problem=problem,
            most=min(max(lines // 2, 1), limit or lines),
        )
        is_known = visitors is not None
        live.update(table if is_known else Text(printable(problem), "red"), refresh=True)

    with Live(
        Text("asking ...", "dim"), console=console, auto_refresh=False, vertical_overflow="crop"
    ) as live:
        yield show


async def follow_changes(
    client: LiveChatClient, filters: Filters, interval: float, *, as_json: bool
) -> None:
    """Show changes as they happen, until a failure does not pass."""
    client = client.with_options(retry=_NO_RETRIES)

    async def follow(show: _ShowChange, fail: FailureHook) -> None:
        watch = client.visitors.watch(interval=interval, on_failure=fail, **filters)
        async with watch as changes:
            async for change in changes:
                show(change, changes.visitors.values())

    def show_text(change: Change, _: object) -> None:
        if as_json:
            click.echo(output.change_json(change, _now()))
        else:
            click.echo(row_of(output.change_cells(change, _now())))

    if is_terminal(sys.stdout) and not as_json:
        await _follow_live(follow, f"every {interval:g} s until Ctrl-C")
        return
    if not as_json:
        click.echo(row_of(output.CHANGE_COLUMNS))
    await follow(show_text, lambda error, seconds: show_error(_problem(error, seconds)))


async def _follow_live(
    follow: Callable[[_ShowChange, FailureHook], Awaitable[None]], every: str
) -> None:
    """A line a change on a terminal, and below them who is there; problems stand between them."""
    console = terminal()
    # Asked before the live display replaces stderr.
    shares_terminal = is_terminal(sys.stderr)

    def show(change: Change, visitors: Collection[Visitor]) -> None:
        console.print(output.change_line(change, _now(), console.width))
        chatting = sum(visitor.state == VisitorState.CHATTING for visitor in visitors)
        there = number_or_no(len(visitors), "visitor")
        footer = Text.assemble((there, "bold"), (f", {chatting} chatting, {every}", "dim"))
        live.update(footer, refresh=True)

    def fail(error: CallError, seconds: float) -> None:
        problem = _problem(error, seconds)
        if shares_terminal:
            line = (f"{_now():%H:%M:%S} ", "dim"), (f"✗ {printable(problem)}", "red")
            console.print(Text.assemble(*line))
        else:
            show_error(problem)
        live.update(Text(f"no answer now, {every}", "red"), refresh=True)

    with Live(
        console=console, auto_refresh=False, transient=True, redirect_stderr=shares_terminal
    ) as live:
        live.update(Text(f"watching {every}", "dim"), refresh=True)
        await follow(show, fail)


def _problem(error: CallError, seconds: float) -> str:
    return f"{error} (asking again in {seconds:.1f} s)"


def _now() -> datetime:
    return datetime.now().astimezone()
