"""How a command shows what it fetched: on a terminal, on a pipe, and as JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TextIO, TypeVar

import typer
from attrs import frozen
from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from livechat_async import LiveChatClient, Pager
from livechat_async.cli.common import number_of, to_json, with_client
from livechat_async.decoding.converter import shared_converter
from livechat_async.redaction import is_secret_name, printable

__all__ = [
    "WIDE",
    "Listing",
    "all_fields",
    "draw_list",
    "fields",
    "is_terminal",
    "joined",
    "new_table",
    "show_error",
    "show_item",
    "show_items",
    "show_list",
    "terminal",
    "titled_panel",
    "two_lines",
    "without_secrets",
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


def titled_panel(content: Text | Table, title: str | Text, style: str, **settings: Any) -> Panel:
    """A panel with a title, for what must not be overlooked on a terminal."""
    return Panel(content, title=title, title_align="left", border_style=style, **settings)


def show_error(message: str) -> None:
    """Show an error on stderr: in a panel on a terminal, else in one line."""
    if is_terminal(sys.stderr):
        terminal(sys.stderr).print(titled_panel(Text(printable(message)), "Error", "red"))
    else:
        typer.echo(f"error: {printable(message)}", err=True)


@frozen
class Listing(Generic[T]):
    """How a list of items looks: as columns by their names on pipes, as cells on terminals."""

    noun: str
    columns: Mapping[str, Callable[[T], str]]
    cells: Mapping[str, Callable[[T], Text]]

    @classmethod
    def of_columns(cls, noun: str, **columns: Callable[[T], str]) -> Listing[T]:
        """A listing with the same columns everywhere."""
        texts = {name.capitalize(): text for name, text in columns.items()}
        cells = {title: partial(_cell, text) for title, text in texts.items()}
        return cls(noun, columns, cells)

    @property
    def header(self) -> str:
        """The names of the columns, separated by tabs."""
        return "\t".join(self.columns)

    def line(self, item: T) -> str:
        """The columns of an item, separated by tabs."""
        return "\t".join(printable(text(item)) for text in self.columns.values())

    def details(self, item: T) -> Text:
        """The columns of one item, each in a line below the other."""
        text, width = Text(), max(map(len, self.columns)) + 2
        for name, value in self.columns.items():
            text.append(f"{name + ':':<{width}}", "dim").append(f"{printable(value(item))}\n")
        return text

    def table(self, items: Sequence[T]) -> Table:
        """A table of the items below their number."""
        table = new_table(number_of(len(items), self.noun) if items else f"No {self.noun}s")
        for title in self.cells:
            table.add_column(title, overflow="fold")
        for item in items:
            table.add_row(*(cell(item) for cell in self.cells.values()))
        return table


def fields(*names: str) -> dict[str, Callable[[Any], str]]:
    """Columns that are fields of an item; nothing is an empty text."""
    return {name: partial(_field, name) for name in names}


def _field(name: str, item: Any) -> str:
    value = getattr(item, name)
    return "" if value is None else str(value)


def show_items(
    context: typer.Context,
    fetch: Callable[[LiveChatClient], Pager[T]],
    listing: Listing[T],
    *,
    as_json: bool,
) -> None:
    """Run a command that shows a pager: a table on a terminal, elsewhere a line when it comes."""

    async def show(client: LiveChatClient) -> None:
        async with fetch(client) as pager:
            if as_json:
                async for item in pager:
                    typer.echo(to_json(_to_plain(client, item)))
            elif is_terminal(sys.stdout):
                terminal().print(listing.table([item async for item in pager]))
            else:
                typer.echo(listing.header)
                async for item in pager:
                    typer.echo(listing.line(item))

    with_client(context, show)


def _to_plain(_: LiveChatClient, item: Any) -> Any:
    return shared_converter().unstructure(item)


def show_list(
    context: typer.Context,
    fetch: Callable[[LiveChatClient], Awaitable[Sequence[T]]],
    listing: Listing[T],
    *,
    as_json: bool,
    nothing: str | None = None,
    to_plain: Callable[[LiveChatClient, T], Any] = _to_plain,
) -> None:
    """Run a command that shows a list which comes in one answer, or says that it is empty."""

    async def show(client: LiveChatClient) -> None:
        items = await fetch(client)
        plain = partial(to_plain, client)
        draw_list(items, listing, as_json=as_json, nothing=nothing, to_plain=plain)

    with_client(context, show)


def draw_list(
    items: Sequence[T],
    listing: Listing[T],
    *,
    as_json: bool,
    nothing: str | None,
    to_plain: Callable[[T], Any],
) -> None:
    """Show a list that is there, or say that it is empty."""
    if as_json:
        typer.echo(to_json([to_plain(item) for item in items], indent=2))
    elif not is_terminal(sys.stdout):
        typer.echo("\n".join([listing.header, *map(listing.line, items)]))
    elif items:
        terminal().print(listing.table(items))
    else:
        typer.echo(nothing or f"No {listing.noun}s.")


def show_item(
    context: typer.Context,
    fetch: Callable[[LiveChatClient], Awaitable[T]],
    to_text: Callable[[T], Text | str],
    *,
    as_json: bool = False,
    to_plain: Callable[[LiveChatClient, T], Any] = _to_plain,
) -> None:
    """Run a command that fetches one thing and shows it: as a text, or as JSON."""

    async def show(client: LiveChatClient) -> None:
        item = await fetch(client)
        text = to_json(to_plain(client, item), indent=2) if as_json else to_text(item)
        if isinstance(text, str):
            typer.echo(text)
        else:
            terminal().print(text, soft_wrap=not is_terminal(sys.stdout))

    with_client(context, show)


def without_secrets(_: LiveChatClient | None, item: Any) -> dict[str, Any]:
    """An object as plain values, but for its secrets, such as the ``api_key`` of an agent."""
    plain = shared_converter().unstructure(item)
    return {name: value for name, value in plain.items() if not is_secret_name(name)}


def all_fields(item: Any) -> str:
    """An object as a text: a line for each field that is not empty, without secrets."""
    plain = without_secrets(None, item).items()
    filled = {name: value for name, value in plain if value not in (None, "", [], {})}
    texts = {name: v if isinstance(v, str) else to_json(v) for name, v in filled.items()}
    return "\n".join(f"{name}: {printable(text)}" for name, text in texts.items())


def new_table(title: str | None, *columns: str) -> Table:
    """An empty table, as all commands draw them."""
    return Table(
        *columns,
        box=box.SIMPLE_HEAD,
        header_style="dim",
        title=None if title is None else Text(title, "bold"),
        title_justify="left",
        caption_justify="left",
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )


def two_lines(first: str, second: str, style: str = "", *, fold: bool = False) -> Text:
    """A cell of two lines, the second one dim. What does not fit is cut, or folded."""
    lines = (printable(first), style), "\n", (printable(second), "dim")
    return Text.assemble(*lines, no_wrap=not fold, overflow="fold" if fold else "ellipsis")


def _cell(text: Callable[[T], str], item: T) -> Text:
    return Text(printable(text(item)))


def joined(*parts: str | None, by: str = ", ") -> str:
    """The parts that are not empty, in one text."""
    return by.join(filter(None, parts))
