"""How a command shows what it fetched: on a terminal, on a pipe, and as JSON."""

from __future__ import annotations

import csv
import io
import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click
from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from livechat_async.cli.common import to_json, to_plain, with_client, without_secrets
from livechat_async.display import number_of
from livechat_async.redaction import printable

if TYPE_CHECKING:
    from livechat_async import BrokenItem, LiveChatClient

T = TypeVar("T")

WIDE = 110
"""The width from which a terminal shows more."""

# A spreadsheet takes a cell that begins so for a formula, also in wide letters and after blanks.
_FORMULA = "[\\s\ufeff\"']*[=+\\-@\uff1d\uff0b\uff0d\uff20]"
_AT_START = re.compile(f"{_FORMULA}|[\\x00-\\x1f\\x7f]")
# Where it divides lines at ; or |, a cell also begins after each of them, even within quotes.
_AFTER_SEPARATOR = re.compile(f"([;|])(?={_FORMULA})")
_MOST_BROKEN = 10


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
        click.echo(f"error: {printable(message)}", err=True)


def say_broken(items: Sequence[BrokenItem], noun: str, number: int | None = None) -> None:
    """Say on stderr what could not be read and is left out.

    Args:
        items: what is known of them.
        noun: what one of them is.
        number: how many there are, if some are not known any more.
    """
    number = len(items) if number is None else number
    if number:
        click.echo(f"left out {number_of(number, noun)} that cannot be read:", err=True)
    for item in items[:_MOST_BROKEN]:
        place = f"page {item.page}, {item.path}"
        text = f"{place}: expected {item.expected}, found {item.found}"
        click.echo(f"  {printable(text)}", err=True)
    if len(items) > _MOST_BROKEN:
        click.echo(f"  and {len(items) - _MOST_BROKEN:,} more", err=True)


def show_item(
    context: click.Context,
    fetch: Callable[[LiveChatClient], Awaitable[T]],
    to_text: Callable[[T], Text | str],
    *,
    as_json: bool = False,
    to_plain: Callable[[T], Any] | None = to_plain,
) -> None:
    """Run a command that fetches one thing and shows it: as a text, or as JSON."""

    async def show(client: LiveChatClient) -> None:
        item = await fetch(client)
        text = to_json(to_plain(item), indent=2) if as_json and to_plain else to_text(item)
        if isinstance(text, str):
            click.echo(text)
        else:
            terminal().print(text, soft_wrap=not is_terminal(sys.stdout))

    with_client(context, show)


def all_fields(item: Any) -> str:
    """An object as a text: a line for each field that is not empty, without secrets."""
    plain = without_secrets(to_plain(item)).items()
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


def local_time(moment: datetime | None, pattern: str = "%Y-%m-%d %H:%M %Z") -> str:
    """A moment in the time zone of this machine. A time without a zone stays as it is."""
    if moment is None:
        return ""
    if moment.tzinfo is not None:
        with suppress(OverflowError, ValueError, OSError):  # here, it is before 1 or after 9999
            moment = moment.astimezone()
    return f"{moment:{pattern}}".rstrip()


def row_of(values: Iterable[Any], *, as_csv: bool = False) -> str:
    """A line of tab-separated columns, or of CSV. Nothing is an empty cell."""
    if as_csv:
        row = io.StringIO()
        csv.writer(row, lineterminator="").writerow(map(safe_cell, values))
        return row.getvalue()
    return "\t".join("" if value is None else printable(str(value)) for value in values)


def safe_cell(value: Any) -> str:
    """Text for a cell of CSV that no spreadsheet takes for a formula; a list goes into one cell.

    An apostrophe goes before what would be a formula. To get the text back, remove one apostrophe
    wherever it is followed, at the start or after a separator, by what begins a formula.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    safe = _AFTER_SEPARATOR.sub(r"\1'", text)
    return printable(f"'{safe}" if _AT_START.match(text) else safe)
