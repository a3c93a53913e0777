"""How a command shows what it fetched: on a terminal, on a pipe, and as JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TextIO, TypeVar

import typer
from attrs import frozen
from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from livechat_async import LiveChatClient, Pager
from livechat_async.cli.common import Settings, number_of, to_json, wait_for
from livechat_async.redaction import printable

__all__ = [
    "WIDE",
    "Listing",
    "is_terminal",
    "joined",
    "new_table",
    "show_error",
    "show_item",
    "show_items",
    "show_list",
    "table_of",
    "terminal",
    "titled_panel",
    "two_lines",
]

T = TypeVar("T")

WIDE = 110
"""The width from which a terminal shows more."""


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at the stream, through something that can draw."""
    return stream.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 - the BrokenPipeError, for which rich would exit with code 1


def terminal(stream: TextIO | None = None) -> Console:
    """A console on a stream, stdout by default; without colour where that is no terminal."""
    file: TextIO = sys.stdout if stream is None else stream
    return _Console(
        file=file, force_terminal=is_terminal(file), markup=False, highlight=False, emoji=False
    )


def titled_panel(text: str, title: str, style: str) -> Panel:
    """A panel with a title, for what must not be overlooked on a terminal."""
    return Panel(Text(printable(text)), title=title, title_align="left", border_style=style)


def show_error(message: str) -> None:
    """Show an error on stderr: in a panel on a terminal, else in one line."""
    if is_terminal(sys.stderr):
        terminal(sys.stderr).print(titled_panel(message, "Error", "red"))
    else:
        typer.echo(f"error: {printable(message)}", err=True)


@frozen
class Listing(Generic[T]):
    """How a list of items looks.

    Attributes:
        columns: for pipes: the text of each column by its name.
        table: for terminals: makes a table of all items.
    """

    columns: Mapping[str, Callable[[T], str]]
    table: Callable[[Sequence[T]], Table]

    @property
    def header(self) -> str:
        """The names of the columns, separated by tabs."""
        return "\t".join(self.columns)

    def line(self, item: T) -> str:
        """The columns of an item, separated by tabs."""
        return "\t".join(printable(text(item)) for text in self.columns.values())

    def lines(self, items: Iterable[T]) -> str:
        """The header, and a line for each item below it."""
        return "\n".join([self.header, *map(self.line, items)])


def show_items(
    context: typer.Context,
    fetch: Callable[[LiveChatClient], Pager[T]],
    listing: Listing[T],
    *,
    as_json: bool,
) -> None:
    """Run a command that shows the items of a pager.

    A terminal gets one table. Pipes get a line for each item as soon as it comes; so does
    ``--json``, everywhere.

    Args:
        context: of the command.
        fetch: makes the pager.
        listing: how the items look.
        as_json: whether to show JSON lines.
    """
    settings: Settings = context.obj

    async def show() -> None:
        async with settings.client() as client, fetch(client) as pager:
            if as_json:
                async for item in pager:
                    typer.echo(to_json(client.converter.unstructure(item)))
            elif is_terminal(sys.stdout):
                terminal().print(listing.table([item async for item in pager]))
            else:
                typer.echo(listing.header)
                async for item in pager:
                    typer.echo(listing.line(item))

    wait_for(show())


def show_list(
    context: typer.Context,
    fetch: Callable[[LiveChatClient], Awaitable[Sequence[T]]],
    listing: Listing[T],
    *,
    as_json: bool,
    nothing: str,
    to_plain: Callable[[LiveChatClient, T], Any] | None = None,
) -> None:
    """Run a command that shows a list which comes in one answer.

    Args:
        context: of the command.
        fetch: fetches the list.
        listing: how the items look.
        as_json: whether to show a JSON list.
        nothing: what a terminal shows for an empty list.
        to_plain: makes plain data of an item, if not the client's converter.
    """
    settings: Settings = context.obj

    async def show() -> None:
        async with settings.client() as client:
            items = await fetch(client)
            if as_json:
                plain = to_plain or _to_plain
                typer.echo(to_json([plain(client, item) for item in items], indent=2))
            elif not is_terminal(sys.stdout):
                typer.echo(listing.lines(items))
            elif items:
                terminal().print(listing.table(items))
            else:
                typer.echo(nothing)

    wait_for(show())


def show_item(
    context: typer.Context,
    fetch: Callable[[LiveChatClient], Awaitable[T]],
    to_text: Callable[[T], Text],
    *,
    as_json: bool,
) -> None:
    """Run a command that shows one item in full.

    Args:
        context: of the command.
        fetch: fetches the item.
        to_text: the item for people.
        as_json: whether to show JSON.
    """
    settings: Settings = context.obj

    async def show() -> None:
        async with settings.client() as client:
            item = await fetch(client)
            if as_json:
                typer.echo(to_json(_to_plain(client, item), indent=2))
            else:
                terminal().print(to_text(item), soft_wrap=not is_terminal(sys.stdout))

    wait_for(show())


def _to_plain(client: LiveChatClient, item: Any) -> Any:
    return client.converter.unstructure(item)


def table_of(noun: str, items: Sequence[T], cells: Mapping[str, Callable[[T], Text]]) -> Table:
    """A table of items below their number.

    Args:
        noun: what an item is called.
        items: the rows.
        cells: the cell of an item by the title of its column.
    """
    table = new_table(number_of(len(items), noun) if items else f"No {noun}s")
    for title in cells:
        table.add_column(title, overflow="fold")
    for item in items:
        table.add_row(*(cell(item) for cell in cells.values()))
    return table


def new_table(title: str | None = None) -> Table:
    """An empty table, as all commands draw them."""
    return Table(
        box=box.SIMPLE_HEAD,
        header_style="dim",
        title=None if title is None else Text(title, "bold"),
        title_justify="left",
        caption_justify="left",
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )


def two_lines(first: str, second: str, style: str = "") -> Text:
    """A cell of two lines, the second one dim. What does not fit is cut."""
    lines = (printable(first), style), "\n", (printable(second), "dim")
    return Text.assemble(*lines, no_wrap=True, overflow="ellipsis")


def joined(*parts: str | None, by: str = ", ") -> str:
    """The parts that are not empty, in one text."""
    return by.join(filter(None, parts))
