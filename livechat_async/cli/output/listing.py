"""How a list looks: a table, tab-separated columns, CSV or JSON. Every command lists in these ways.

A terminal gets a table, and a pipe gets columns below a line of their names, unless ``--json`` or
``--csv`` asks for something else. What comes page by page is written as it comes.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar

import click
from attrs import field, frozen
from click.shell_completion import CompletionItem
from rich.table import Table
from rich.text import Text

from livechat_async.checks import meant
from livechat_async.cli.common import number_or_no, to_json, to_plain, with_client
from livechat_async.cli.output.show import (
    is_terminal,
    new_table,
    row_of,
    say_broken,
    terminal,
)
from livechat_async.cli.parsing import Together, option
from livechat_async.display import number_of
from livechat_async.redaction import printable

if TYPE_CHECKING:
    from livechat_async import BrokenItem, LiveChatClient, Pager

T = TypeVar("T")

_Widths: TypeAlias = tuple[int, int, int]
"""How wide a column would be; how narrow before a word is cut; before an address is cut."""

_ONE_PAGE = 25
_LEAST_WIDTH, _NARROWEST = 8, 3
_LONGEST_WORD = 36  # of an id
_GAP = 2  # between two columns


@frozen
class Listing(Generic[T]):
    """How a list of items looks: as columns by their names on pipes, as cells on terminals.

    Without cells, it has the same columns everywhere. ``about_json`` says what is in the JSON.
    """

    noun: str
    columns: Mapping[str, Callable[[T], str]]
    cells: Mapping[str, Callable[[T], Text]] | None = None
    to_plain: Callable[[T], Any] = to_plain
    about_json: str = "every field that LiveChat sent"

    def options(self, *, pages: bool = False) -> Any:
        """The options that make a `View`, for ``Annotated``.

        Args:
            pages: whether the list comes page by page, so that the first page is the default.
        """
        form = "JSON lines, an object a line," if pages else "one JSON document, a list,"
        names = ", ".join(self.columns)
        table = {
            "as_json": Annotated[bool, option(f"As {form} with {self.about_json}.", "--json")],
            "as_csv": Annotated[bool, option("As CSV.", "--csv")],
            "columns": Annotated[
                tuple[str, ...] | None,
                option(
                    f"Only these columns, separated by commas, of: {names}.",
                    "--columns",
                    metavar="NAMES",
                    parser=self._choose,
                    shell_complete=self._complete,
                ),
            ],
            "limit": Annotated[
                int | None,
                option(
                    "Show at most this many." + (f" [default: {_ONE_PAGE}]" if pages else ""),
                    "--limit",
                    "--max-items",
                    metavar="NUMBER",
                    min=1,
                ),
            ],
        }
        if pages:
            table["everything"] = Annotated[bool, option("Show all, without a limit.", "--all")]
        return Together(partial(View, self, pages), table)

    def _choose(self, text: str) -> tuple[str, ...]:
        names = tuple(filter(None, (name.strip() for name in text.split(","))))
        unknown = [name for name in names if name not in self.columns]
        if unknown or not names:
            hint = meant(unknown[0], self.columns) if unknown else ""
            raise ValueError(f"names no columns of: {', '.join(self.columns)}{hint}")
        return names

    def _complete(
        self, _context: click.Context, _option: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        before, comma, begun = incomplete.rpartition(",")
        found = [name for name in self.columns if name.startswith(begun)]
        return [CompletionItem(f"{before}{comma}{name}") for name in found]

    def details(self, item: T) -> Text:
        """The columns of one item, each in a line below the other."""
        text, width = Text(), max(map(len, self.columns)) + 2
        for name, value in self.columns.items():
            text.append(f"{name + ':':<{width}}", "dim").append(f"{printable(value(item))}\n")
        return text

    def table(self, items: Sequence[T], title: str) -> Table:
        """A table of the items. It fits the terminal."""
        return _fitting_table(title, self.cells or _cells_of(self.columns), items)


@frozen
class View(Generic[T]):
    """A listing as the options ask for it."""

    listing: Listing[T]
    comes_in_pages: bool
    as_json: bool = field(kw_only=True)
    as_csv: bool = field(kw_only=True)
    columns: tuple[str, ...] | None = field(kw_only=True)
    limit: int | None = field(kw_only=True)
    everything: bool = field(kw_only=True, default=False)

    def __attrs_post_init__(self) -> None:
        if self.as_json and (self.as_csv or self.columns):
            raise click.UsageError(
                f"--json goes without {'--csv' if self.as_csv else '--columns'}: it has every field"
            )
        if self.everything and self.limit:
            raise click.UsageError("--all and --limit contradict each other: give one of them")

    @property
    def is_drawn(self) -> bool:
        """Whether a person gets a table."""
        return not self.as_json and not self.as_csv and is_terminal(sys.stdout)

    @property
    def is_plain(self) -> bool:
        """Whether no option asks for another form than the usual one."""
        return self.is_drawn and not self.columns

    @property
    def of_pager(self) -> dict[str, Any]:
        """The arguments of a method that makes a pager."""
        return {"prefetch": 8} if self.everything else {}

    @property
    def most(self) -> int | None:
        """The largest number of items of a pager, or None."""
        return None if self.everything else self.limit or _ONE_PAGE

    @property
    def chosen(self) -> dict[str, Callable[[T], str]]:
        """The columns to show."""
        columns = self.listing.columns
        return {name: columns[name] for name in self.columns or columns}

    def head(self) -> list[str]:
        """The lines before the items: the names of the columns, or none."""
        return [] if self.as_json else [row_of(self.chosen, as_csv=self.as_csv)]

    def line(self, item: T) -> str:
        """An item as one line."""
        if self.as_json:
            return to_json(self.listing.to_plain(item))
        texts = [text(item) for text in self.chosen.values()]
        return row_of(texts, as_csv=self.as_csv)

    def draw(self, items: Sequence[T], total: int | None) -> None:
        """Show the items in a table on the terminal, or say that there are none."""
        title = self._count(len(items), total)
        if not items:
            click.echo(f"{title.capitalize()}.")
            return
        if self.columns:
            table = _fitting_table(title, _cells_of(self.chosen), items)
        else:
            table = self.listing.table(items, title)
        terminal().print(table)

    def say_rest(self, shown: int, total: int | None, broken: Sequence[BrokenItem] = ()) -> None:
        """Say on stderr that there is more, and what could not be read."""
        say_broken(broken, self.listing.noun)
        if total is not None and shown + len(broken) < total:
            rest = ", --all for the rest" if self.comes_in_pages else ""
            click.echo(f"{self._count(shown, total)}{rest}", err=True)

    def _count(self, shown: int, total: int | None) -> str:
        if total is not None and shown < total:
            return f"{shown:,} of {number_of(total, self.listing.noun)}"
        return number_or_no(shown, self.listing.noun)


def show_items(
    context: click.Context, fetch: Callable[[LiveChatClient], Pager[T]], view: View[T]
) -> None:
    """Run a command that shows a pager: a table on a terminal, elsewhere a line when it comes."""

    async def show(client: LiveChatClient) -> None:
        broken: list[BrokenItem] = []
        async with fetch(client) as pager, aclosing(_read(pager, view.most, broken)) as items:
            if view.is_drawn:
                shown = [item async for item in items]
                done = len(shown)
                view.draw(shown, pager.progress.items_expected)
            else:
                done = 0
                for line in view.head():
                    click.echo(line)
                async for item in items:
                    click.echo(view.line(item))
                    done += 1
            view.say_rest(done, pager.progress.items_expected, broken)

    with_client(context, show)


async def _read(
    pager: Pager[T], most: int | None, broken: list[BrokenItem]
) -> AsyncGenerator[T, None]:
    """The items of all pages, or the first of them. It adds what cannot be read to ``broken``."""
    read = count(1)
    async with aclosing(pager.pages()) as pages:
        async for page in pages:
            broken += page.broken
            for item in page:
                yield item
                if next(read) == most:
                    return


def show_list(
    context: click.Context,
    fetch: Callable[[LiveChatClient], Awaitable[Sequence[T]]],
    view: View[T],
) -> None:
    """Run a command that shows a list which comes in one answer, or says that it is empty."""

    async def show(client: LiveChatClient) -> None:
        draw_list(await fetch(client), view)

    with_client(context, show)


def draw_list(items: Sequence[T], view: View[T]) -> None:
    """Show a list that is there, or say that it is empty."""
    shown = items[: view.limit]
    if view.as_json:
        click.echo(to_json([view.listing.to_plain(item) for item in shown], indent=2))
    elif not view.is_drawn:
        click.echo("\n".join([*view.head(), *map(view.line, shown)]))
    else:
        view.draw(shown, len(items))
    view.say_rest(len(shown), len(items))


def fields(*names: str) -> dict[str, Callable[[Any], str]]:
    """Columns that are fields of an item."""
    return {name: partial(_field, name) for name in names}


def _field(name: str, item: Any) -> str:
    return text_of(getattr(item, name))


def text_of(value: Any) -> str:
    """The value of a field in one line."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return joined(*map(str, value))
    return str(value)


def joined(*parts: str | None, by: str = ", ") -> str:
    """The parts that are not empty, in one text."""
    return by.join(filter(None, parts))


def two_lines(first: str, second: str, style: str = "", *, fold: bool = False) -> Text:
    """A cell of two lines, the second one dim. What does not fit is cut, or folded."""
    lines = (printable(first), style), "\n", (printable(second), "dim")
    return Text.assemble(*lines, no_wrap=not fold, overflow="fold" if fold else "ellipsis")


def _cells_of(columns: Mapping[str, Callable[[T], str]]) -> dict[str, Callable[[T], Text]]:
    return {
        name.replace("_", " ").capitalize(): partial(_cell, text) for name, text in columns.items()
    }


def _cell(text: Callable[[T], str], item: T) -> Text:
    return Text(printable(text(item)))


def _fitting_table(
    title: str, cells: Mapping[str, Callable[[T], Text]], items: Sequence[T]
) -> Table:
    rows = [[cell(item) for cell in cells.values()] for item in items]
    table = new_table(title)
    named = [(name, [row[at] for row in rows]) for at, name in enumerate(cells)]
    room = terminal().width - _GAP * (len(named) - 1)
    widths = _fit([_widths(name, texts) for name, texts in named], room)
    for (name, _), width in zip(named, widths, strict=True):
        table.add_column(name, width=width, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _widths(name: str, texts: Sequence[Text]) -> _Widths:
    lines = [name, *(line for text in texts for line in text.plain.split("\n"))]
    width = max(map(_width, lines))
    words = [line for line in lines if " " not in line]
    address = max((_width(word) for word in words if "@" in word), default=0)
    word = max((_width(word) for word in words if len(word) <= _LONGEST_WORD), default=0)
    least = min(width, _LEAST_WIDTH)
    return width, max(least, word, address), max(min(width, _NARROWEST), address)


def _width(line: str) -> int:
    return Text(line).cell_len


def _fit(widths: Sequence[_Widths], room: int) -> list[int]:
    """Widths that fit into the room: texts give first, then ids, and e-mail addresses last."""
    fitted = [width for width, _, _ in widths]

    def gives(at: int) -> tuple[bool, bool, int]:
        _, least, last = widths[at]
        return fitted[at] > least, fitted[at] > last, fitted[at]

    while sum(fitted) > max(room, len(fitted)):
        fitted[max(range(len(fitted)), key=gives)] -= 1
    return fitted
