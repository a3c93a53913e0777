"""``list --watch`` and ``watch``: asks again and again, through what may pass by itself."""

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
from livechat_async.cli.output.changes import CHANGE_COLUMNS, change_cells, change_json, change_line
from livechat_async.cli.output.show import is_terminal, show_error, terminal, visitors_table
from livechat_async.cli.text import number_of
from livechat_async.redaction import printable
from livechat_async.watch.changes import Change
from livechat_async.watch.watch import FailureHook, Poller, VisitorWatch

__all__ = [
    "ChangeView",
    "View",
    "change_live_view",
    "change_text_view",
    "follow",
    "live_view",
    "text_view",
    "watch",
]

View: TypeAlias = Callable[[list[Visitor] | None, str], None]
"""Shows the visitors, if they are known yet, and the problem, if there is one."""

_LINES_ROUND_TABLE = 5
_LINES_OF_PROBLEM = 5


async def watch(fetch: Callable[[], Awaitable[list[Visitor]]], view: View, interval: float) -> None:
    """Fetch and show for ever.

    Args:
        fetch: one attempt.
        view: shows what came.
        interval: seconds from one question to the next; longer after failures, and never less than
            the server asks for.

    Raises:
        LiveChatError: a failure that stays one.
    """
    visitors: list[Visitor] | None = None
    poller = Poller(
        fetch,
        retry=RetryPolicy(),
        interval=interval,
        on_failure=lambda error, _: view(visitors, str(error)),
    )
    while True:
        visitors = (await poller.next()).value
        view(visitors, "")


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


class ChangeView(Protocol):
    """Shows what a watch gives."""

    def show(self, change: Change, visitors: Collection[Visitor], /) -> None:
        """A change, and who is there by the same answer."""

    def fail(self, error: CallError, seconds: float) -> None:
        """A poll failed; the next is made after so many seconds."""


async def follow(make: Callable[[FailureHook], VisitorWatch], view: ChangeView) -> None:
    """Show changes for ever.

    Args:
        make: makes the watch.
        view: shows what it gives.

    Raises:
        LiveChatError: a failure that stays one.
    """
    async with make(view.fail) as changes:
        async for change in changes:
            view.show(change, changes.visitors.values())


class _TextChanges:
    """A line a change on stdout, and problems on stderr."""

    def __init__(self, to_text: Callable[[Change, datetime], str]) -> None:
        self._to_text = to_text

    def show(self, change: Change, _: Collection[Visitor]) -> None:
        typer.echo(self._to_text(change, _now()))

    def fail(self, error: CallError, seconds: float) -> None:
        show_error(_problem(error, seconds))


class _LiveChanges:
    """A line a change on a terminal, and below them who is there; problems in between."""

    def __init__(self, live: Live, interval: float, *, is_shared: bool) -> None:
        self._live = live
        self._every = f"every {interval:g} s until Ctrl-C"
        self._is_shared = is_shared
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
        if self._is_shared:
            line = Text.assemble((f"{_now():%H:%M:%S} ", "dim"), (f"✗ {printable(problem)}", "red"))
            self._live.console.print(line)
        else:
            show_error(problem)
        self._live.update(Text(f"no answer now, {self._every}", "red"), refresh=True)


@contextmanager
def change_text_view(
    to_plain: Callable[[Any], Any] | None = None,
) -> Iterator[ChangeView]:
    """A view for pipes: a line a change, as tab-separated columns below a line of their names.

    Args:
        to_plain: makes plain data of a visitor, for a line of JSON instead.
    """
    if to_plain is not None:
        yield _TextChanges(lambda change, when: change_json(change, when, to_plain))
        return
    typer.echo("\t".join(CHANGE_COLUMNS))
    yield _TextChanges(lambda change, when: "\t".join(map(printable, change_cells(change, when))))


@contextmanager
def change_live_view(interval: float) -> Iterator[ChangeView]:
    """A view for terminals: a line a change, and below them who is there."""
    # Looked up before the live display puts its own in the place of stderr.
    is_shared = is_terminal(sys.stderr)
    with Live(
        console=terminal(), auto_refresh=False, transient=True, redirect_stderr=is_shared
    ) as live:
        yield _LiveChanges(live, interval, is_shared=is_shared)


def _problem(error: CallError, seconds: float) -> str:
    return f"{error} (asking again in {seconds:.1f} s)"


def _now() -> datetime:
    return datetime.now().astimezone()
