"""What is shown: tables and panels on a terminal, plain columns elsewhere.

Nothing here reads markup, and every text passes `printable`: names and pages come from strangers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TextIO

import typer
from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from livechat_async import Visitor, VisitorDetails, VisitorState
from livechat_async.cli.text import how_long, number_of
from livechat_async.redaction import printable
from livechat_async.watch.changes import page_of

__all__ = [
    "agents_of",
    "details_panel",
    "is_terminal",
    "number_text",
    "path_of",
    "place_of",
    "short_table",
    "show_error",
    "style_of",
    "terminal",
    "to_columns",
    "visitors_table",
]

_WIDE = 110
_COLUMNS = (
    *("id", "name", "state", "group", "page", "city", "region", "country", "since", "visits"),
    "agents",
)
_STYLES: dict[VisitorState | str, str] = {
    VisitorState.CHATTING: "bold green",
    VisitorState.LOGGING_INTO_CHAT: "green",
    VisitorState.QUEUED: "bold yellow",
    VisitorState.INVITED: "cyan",
    VisitorState.REFUSED_INVITATION: "red",
    VisitorState.CHAT_CLOSED: "dim",
}


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at it, through something that can draw."""
    return stream.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 - the BrokenPipeError, which rich would make an exit of its own


def terminal(stream: TextIO | None = None) -> Console:
    """A console on stdout, or on another stream; without colour where that is no terminal."""
    file: TextIO = sys.stdout if stream is None else stream
    return _Console(
        file=file,
        force_terminal=is_terminal(file),
        markup=False,
        highlight=False,
        emoji=False,
    )


def show_error(message: str) -> None:
    """Tell on stderr what went wrong: a panel on a terminal, else one line."""
    if is_terminal(sys.stderr):
        panel = Panel(
            Text(printable(message)), title="Error", title_align="left", border_style="red"
        )
        terminal(sys.stderr).print(panel)
    else:
        typer.echo(f"error: {printable(message)}", err=True)


def to_columns(visitors: Iterable[Visitor]) -> str:
    """Visitors as lines of tab-separated columns, below a line of their names."""
    lines = [_COLUMNS, *(_cells(visitor) for visitor in visitors)]
    return "\n".join("\t".join(map(printable, line)) for line in lines)


def _cells(visitor: Visitor) -> tuple[str, ...]:
    return (
        visitor.id,
        visitor.name,
        visitor.state,
        number_text(visitor.group),
        page_of(visitor),
        visitor.city,
        visitor.region,
        visitor.country or visitor.country_code,
        "" if visitor.last_visit is None else visitor.last_visit.isoformat(),
        number_text(visitor.visits),
        agents_of(visitor),
    )


def visitors_table(
    visitors: Sequence[Visitor],
    *,
    width: int,
    title: str = "",
    problem: str = "",
    most: int | None = None,
) -> Table:
    """Visitors in two lines each.

    Args:
        visitors: who is on the site.
        width: of the terminal; a wide one shows more.
        title: stands above it, behind the number of visitors.
        problem: stands below it.
        most: show no more than so many visitors, and tell how many there are besides.
    """
    wide, now = width >= _WIDE, datetime.now(UTC)
    table = _table(f"{number_of(len(visitors), 'visitor') if visitors else 'Nobody'}{title}")
    # Ids are there to be copied, so they are the last to be cut.
    id_width = min(max([16, *(len(visitor.id) for visitor in visitors)]), width // 2)
    table.add_column("Visitor", width=id_width)
    table.add_column("State")
    table.add_column("Group", justify="right", width=5)
    table.add_column("Page" if wide else "Page, place")
    if wide:
        table.add_column("Place")
    table.add_column("Here for", width=9)
    shown = visitors[:most]
    for visitor in shown:
        page, place, agents = path_of(page_of(visitor)), place_of(visitor, wide), agents_of(visitor)
        where = (
            [_two(visitor.page_title or page, page_of(visitor)), _two(*place)]
            if wide
            else [_two(page, ", ".join(filter(None, place)))]
        )
        table.add_row(
            _two(visitor.name or "(no name)", visitor.id, "bold"),
            _two(visitor.state, f"with {agents}" if agents else "", style_of(visitor)),
            Text(number_text(visitor.group)),
            *where,
            _two(how_long(visitor.last_visit, now), _visits(visitor)),
        )
    more = f"and {len(visitors) - len(shown)} more\n" if len(shown) < len(visitors) else ""
    table.caption = (
        Text.assemble((more, "dim"), (printable(problem), "red")) if more + problem else None
    )
    return table


def short_table(visitors: Iterable[Visitor]) -> Table:
    """Visitors in one line each, without their ids."""
    table, now = _table(), datetime.now(UTC)
    for title in ("Visitor", "State", "Page", "Place", "Here for"):
        table.add_column(title)
    for visitor in visitors:
        table.add_row(
            Text(printable(visitor.name), "bold"),
            Text(printable(visitor.state), style_of(visitor)),
            Text(printable(path_of(page_of(visitor)))),
            Text(printable(", ".join(filter(None, place_of(visitor))))),
            how_long(visitor.last_visit, now),
        )
    return table


def details_panel(visitor: Visitor, details: Iterable[VisitorDetails]) -> Panel:
    """What the agent is shown of a visitor, beside the chat."""
    grid = Table.grid(padding=(0, 2))
    for item in details:
        grid.add_row(
            Text(printable(item.id), "bold"), Text(f"icon {printable(item.icon or '-')}", "dim")
        )
        for field in item.fields:
            value = Text(printable(field.value))
            if field.url is not None:
                value.stylize("underline blue")
                value.append(f"  {printable(field.url)}", "not underline dim")
            grid.add_row(Text(printable(field.name)), value)
    return Panel(
        grid,
        title=Text(f"What the agent sees of {printable(visitor.name)}", "bold"),
        title_align="left",
        border_style="green",
        padding=(0, 2),
        expand=False,
    )


def _table(title: str | None = None) -> Table:
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


def _two(first: str, second: str, style: str = "") -> Text:
    lines = (printable(first), style), "\n", (printable(second), "dim")
    return Text.assemble(*lines, no_wrap=True, overflow="ellipsis")


def style_of(visitor: Visitor) -> str:
    """The style of a visitor's state; ``""`` for one that has none."""
    return _STYLES.get(visitor.state, "")


def number_text(number: int | None) -> str:
    """The number, or ``""``."""
    return "" if number is None else str(number)


def agents_of(visitor: Visitor) -> str:
    """The names of the agents who are in the chat."""
    return ", ".join(operator.display_name or operator.id for operator in visitor.operators)


def path_of(address: str) -> str:
    """The address without its host: one's own site is known."""
    scheme, mark, rest = address.partition("://")
    return f"/{rest.partition('/')[2]}" if mark else scheme


def place_of(visitor: Visitor, wide: bool = False) -> tuple[str, str]:
    """The city, and the country or its code."""
    country, code = visitor.country, visitor.country_code
    return visitor.city, (country or code) if wide else (code or country)


def _visits(visitor: Visitor) -> str:
    return "" if visitor.visits is None else number_of(visitor.visits, "visit")
