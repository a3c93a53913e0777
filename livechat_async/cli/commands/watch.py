"""What ``visitors list --watch`` and ``visitors watch`` show, until Ctrl-C.

Both go on through failures that may pass, and show each of them.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol, TypeAlias

import typer
from rich.live import Live
from rich.text import Text

from livechat_async import CallError, RetryPolicy, Visitor, VisitorState
from livechat_async.cli.common import number_of
from livechat_async.cli.output.show import is_terminal, show_error, terminal
from livechat_async.cli.output.visitors import (
    CHANGE_COLUMNS,
    VISITORS,
    change_cells,
    change_json,
    change_line,
    visitors_table,
)
from livechat_async.redaction import printable
from livechat_async.watch.changes import Change
from livechat_async.watch.watch import FailureHook, Poller, VisitorWatch

__all__ = ["follow_changes", "follow_list"]

_LINES_ROUND_TABLE = 5
_LINES_OF_PROBLEM = 5

_ListView: TypeAlias = Callable[[list[Visitor] | None, str], None]
"""Shows the visitors, None before the first answer, and the problem if there is one."""


async def follow_list(
    fetch: Callable[[], Awaitable[list[Visitor]]],
    interval: float,
    to_json: Callable[[Sequence[Visitor]], str] | None,
) -> None:
    """Show the whole list again and again.

    Args:
        fetch: makes one attempt.
        interval: seconds between two polls; longer after failures, and never less than the server
            asks for.
        to_json: makes the line of JSON that is shown instead of tables and columns.

    Raises:
        LiveChatError: a failure that does not pass.
    """
    if to_json is not None:
        view = _list_on_pipe(to_json)
    elif is_terminal(sys.stdout):
        view = _list_on_terminal(interval)
    else:
        view = _list_on_pipe(lambda visitors: f"{VISITORS.lines(visitors)}\n")
    visitors: list[Visitor] | None = None
    with view as show:
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
def _list_on_pipe(to_text: Callable[[Sequence[Visitor]], str]) -> Iterator[_ListView]:
    def show(visitors: list[Visitor] | None, problem: str) -> None:
        if problem:
            show_error(f"{problem} (asking again)")
        else:
            typer.echo(to_text(visitors or []))

    yield show


@contextmanager
def _list_on_terminal(interval: float) -> Iterator[_ListView]:
    """One table that changes, with the problem below it."""
    console = terminal()
    asked = ""

    def show(visitors: list[Visitor] | None, problem: str) -> None:
        nonlocal asked
        if not problem:
            asked = f" at {_now():%H:%M:%S}"
        lines = console.height - _LINES_ROUND_TABLE - (_LINES_OF_PROBLEM if problem else 0)
        problem = problem and f"asking again: {problem}"
        table = visitors_table(
            visitors or [],
            width=console.width,
            title=f"{asked}, every {interval:g} s until Ctrl-C",
            problem=problem,
            most=max(lines // 2, 1),
        )
        is_known = visitors is not None
        live.update(table if is_known else Text(printable(problem), "red"), refresh=True)

    with Live(
        Text("asking ...", "dim"), console=console, auto_refresh=False, vertical_overflow="crop"
    ) as live:
        yield show


class _ChangeView(Protocol):
    def show(self, change: Change, visitors: Collection[Visitor], /) -> None:
        """Show a change; `visitors` are all that the same answer names."""

    def fail(self, error: CallError, seconds: float) -> None:
        """Show that a poll failed; the next one follows after so many seconds."""


async def follow_changes(
    watch: Callable[[FailureHook], VisitorWatch],
    interval: float,
    to_plain: Callable[[Any], Any] | None,
) -> None:
    """Show changes as they happen.

    Args:
        watch: makes the watch.
        interval: seconds between two polls, for the text on a terminal.
        to_plain: makes plain data of a visitor, for lines of JSON instead of text.

    Raises:
        LiveChatError: a failure that does not pass.
    """
    if to_plain is not None or not is_terminal(sys.stdout):
        await _follow(watch, _ChangesOnPipe(to_plain))
        return
    # Asked before the live display replaces stderr.
    shares_terminal = is_terminal(sys.stderr)
    with Live(
        console=terminal(), auto_refresh=False, transient=True, redirect_stderr=shares_terminal
    ) as live:
        await _follow(watch, _ChangesOnTerminal(live, interval, shares_terminal=shares_terminal))


async def _follow(watch: Callable[[FailureHook], VisitorWatch], view: _ChangeView) -> None:
    async with watch(view.fail) as changes:
        async for change in changes:
            view.show(change, changes.visitors.values())


class _ChangesOnPipe:
    """A line a change on stdout, and problems on stderr."""

    def __init__(self, to_plain: Callable[[Any], Any] | None) -> None:
        self._to_plain = to_plain
        if to_plain is None:
            typer.echo("\t".join(CHANGE_COLUMNS))

    def show(self, change: Change, _: Collection[Visitor]) -> None:
        if self._to_plain is not None:
            typer.echo(change_json(change, _now(), self._to_plain))
        else:
            typer.echo("\t".join(map(printable, change_cells(change, _now()))))

    def fail(self, error: CallError, seconds: float) -> None:
        show_error(_problem(error, seconds))


class _ChangesOnTerminal:
    """A line a change, and below them who is there; problems stand between them."""

    def __init__(self, live: Live, interval: float, *, shares_terminal: bool) -> None:
        self._live = live
        self._every = f"every {interval:g} s until Ctrl-C"
        self._shares_terminal = shares_terminal
        self._live.update(Text(f"watching {self._every}", "dim"), refresh=True)

    def show(self, change: Change, visitors: Collection[Visitor]) -> None:
        console = self._live.console
        console.print(change_line(change, _now(), console.width))
        chatting = sum(visitor.state == VisitorState.CHATTING for visitor in visitors)
        there = number_of(len(visitors), "visitor") if visitors else "nobody"
        footer = Text.assemble((there, "bold"), (f", {chatting} chatting, {self._every}", "dim"))
        self._live.update(footer, refresh=True)

    def fail(self, error: CallError, seconds: float) -> None:
        problem = _problem(error, seconds)
        if self._shares_terminal:
            line = Text.assemble((f"{_now():%H:%M:%S} ", "dim"), (f"✗ {printable(problem)}", "red"))
            self._live.console.print(line)
        else:
            show_error(problem)
        self._live.update(Text(f"no answer now, {self._every}", "red"), refresh=True)


def _problem(error: CallError, seconds: float) -> str:
    return f"{error} (asking again in {seconds:.1f} s)"


def _now() -> datetime:
    return datetime.now().astimezone()
