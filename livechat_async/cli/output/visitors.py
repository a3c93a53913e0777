"""How visitors look, and their changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from livechat_async import Visitor, VisitorDetails, VisitorState
from livechat_async.cli.common import how_long, to_json, to_plain
from livechat_async.cli.output.listing import Listing, fields, joined, text_of, two_lines
from livechat_async.cli.output.show import WIDE, new_table, terminal, titled_panel
from livechat_async.display import number_of
from livechat_async.redaction import printable
from livechat_async.watch import changes
from livechat_async.watch.changes import Change, page_of

_STYLES: Mapping[VisitorState | str, str] = {
    VisitorState.CHATTING: "bold green",
    VisitorState.LOGGING_INTO_CHAT: "green",
    VisitorState.QUEUED: "bold yellow",
    VisitorState.INVITED: "cyan",
    VisitorState.REFUSED_INVITATION: "red",
    VisitorState.CHAT_CLOSED: "dim",
}


def visitors_table(
    visitors: Sequence[Visitor],
    *,
    width: int,
    title: str,
    problem: str = "",
    most: int | None = None,
) -> Table:
    """Visitors in two lines each: the `most` first ones, if not all. A wide terminal shows more.

    The title stands above the table, and the problem below it.
    """
    wide, now = width >= WIDE, datetime.now(UTC)
    table = new_table(title)
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
        page, place, agents = path_of(page_of(visitor)), _place(visitor, wide), _agents(visitor)
        if wide:
            where = [two_lines(visitor.page_title or page, page_of(visitor)), two_lines(*place)]
        else:
            where = [two_lines(page, joined(*place))]
        visits = "" if visitor.visits is None else number_of(visitor.visits, "visit")
        table.add_row(
            two_lines(visitor.name or "(no name)", visitor.id, "bold"),
            two_lines(visitor.state, f"with {agents}" if agents else "", _style(visitor)),
            Text(text_of(visitor.group)),
            *where,
            two_lines(how_long(visitor.last_visit, now), visits),
        )
    more = f"and {len(visitors) - len(shown)} more\n" if len(shown) < len(visitors) else ""
    if more or problem:
        table.caption = Text.assemble((more, "dim"), (printable(problem), "red"))
    return table


def short_table(visitors: Iterable[Visitor]) -> Table:
    """Visitors in one line each, without their ids."""
    table, now = new_table(None, "Visitor", "State", "Page", "Place", "Here for"), datetime.now(UTC)
    for visitor in visitors:
        table.add_row(
            Text(printable(visitor.name), "bold"),
            Text(printable(visitor.state), _style(visitor)),
            Text(printable(path_of(page_of(visitor)))),
            Text(printable(joined(*_place(visitor)))),
            how_long(visitor.last_visit, now),
        )
    return table


def details_panel(visitor: Visitor, details: Iterable[VisitorDetails]) -> Panel:
    """What the agent sees of a visitor, beside the chat."""
    grid = Table.grid(padding=(0, 2))
    for item in details:
        icon = f"icon {printable(item.icon or '-')}"
        grid.add_row(Text(printable(item.id), "bold"), Text(icon, "dim"))
        for field in item.fields:
            value = Text(printable(field.value))
            if field.url is not None:
                value.stylize("underline blue")
                value.append(f"  {printable(field.url)}", "not underline dim")
            grid.add_row(Text(printable(field.name)), value)
    title = Text(f"What the agent sees of {printable(visitor.name)}", "bold")
    return titled_panel(grid, title, "green", padding=(0, 2), expand=False)


def path_of(address: str) -> str:
    """The address without its host, which is the user's own site."""
    scheme, mark, rest = address.partition("://")
    return f"/{rest.partition('/')[2]}" if mark else scheme


def _style(visitor: Visitor) -> str:
    return _STYLES.get(visitor.state, "")


def _agents(visitor: Visitor) -> str:
    return joined(*(operator.display_name or operator.id for operator in visitor.operators))


def _place(visitor: Visitor, wide: bool = False) -> tuple[str, str]:
    """The city, and the country or its code."""
    country, code = visitor.country, visitor.country_code
    return visitor.city, (country or code) if wide else (code or country)


class _Visitors(Listing[Visitor]):
    def table(self, items: Sequence[Visitor], title: str) -> Table:
        """A table as wide as the terminal."""
        return visitors_table(items, width=terminal().width, title=title)


VISITORS: Listing[Visitor] = _Visitors(
    "visitor",
    columns={
        **fields("id", "name", "state", "group"),
        "page": page_of,
        **fields("city", "region"),
        "country": lambda visitor: visitor.country or visitor.country_code,
        "since": lambda visitor: text_of(visitor.last_visit),
        **fields("visits"),
        "agents": _agents,
    },
)

# Changes

CHANGE_COLUMNS = ("time", "change", "id", "name", "state", "group", "page", "before")

_WORDS: Mapping[type[changes.VisitorChange], str] = {
    changes.Arrived: "arrived",
    changes.StateChanged: "state",
    changes.PageChanged: "page",
    changes.Updated: "updated",
    changes.Left: "left",
    changes.Resynced: "resynced",
}
_NAME_WIDTH, _ID_WIDTH = 14, 22


def change_cells(change: Change, when: datetime) -> tuple[str, ...]:
    """The texts of `CHANGE_COLUMNS`; for a `Resynced`, the last is the seconds without answers."""
    start = (_time_text(when), _WORDS[type(change)])
    if isinstance(change, changes.Resynced):
        return (*start, *[""] * 5, f"{change.outage:.3f}")
    who, before = change.visitor, getattr(change, "before", "")
    return (*start, who.id, who.name, who.state, text_of(who.group), page_of(who), before)


def change_json(change: Change, when: datetime) -> str:
    """A change as a line of JSON."""
    data: dict[str, Any] = {"time": _time_text(when), "change": _WORDS[type(change)]}
    # The visitor is long, and comes last.
    data |= reversed(to_plain(change).items())
    if isinstance(change, changes.Resynced):
        data["outage"] = round(change.outage, 3)
    return to_json(data)


def change_line(change: Change, when: datetime, width: int) -> Text:
    """A change in one line of a terminal: when, who, and what."""
    sign, style, what = _describe(change, when, wide=width >= WIDE)
    line = event_start(when, sign, style)
    if not isinstance(change, changes.Resynced):
        who = change.visitor
        line.append_text(who_in_columns(who.name or "(no name)", who.id, width))
    line.append_text(what)
    line.truncate(width, overflow="ellipsis")
    return line


def event_start(when: datetime, sign: str, style: str) -> Text:
    """The time and a sign, which begin each line."""
    return Text.assemble((f"{when:%H:%M:%S} ", "dim"), (f"{sign} ", style))


def who_in_columns(name: str, id_: str, width: int) -> Text:
    """A name and an id, so wide that those of all lines stand below each other."""
    who = Text(printable(name), "bold")
    who.truncate(_NAME_WIDTH, overflow="ellipsis", pad=True)
    identity = Text(printable(id_).ljust(_ID_WIDTH), "dim")
    identity.truncate(max(width // 2, _ID_WIDTH), overflow="ellipsis")
    return Text.assemble(who, " ", identity, " ")


def _describe(change: Change, when: datetime, *, wide: bool) -> tuple[str, str, Text]:
    """The sign of a change, the style of the sign, and what happened."""
    match change:
        case changes.Resynced(visitors, outage):
            there = number_of(len(visitors), "visitor")
            back = f"answered again, after {outage:.0f} s: {there}"
            return "↻", "bold yellow", Text(back, "yellow")
        case changes.Arrived(who, at_start):
            where = printable(joined(_path(page_of(who)), *_place(who, wide), by=" "))
            what = Text.assemble((printable(who.state), _style(who)), " ", (where, "dim"))
            return ("·", "dim", what) if at_start else ("+", "bold green", what)
        case changes.StateChanged(who, before):
            agents = f" with {_agents(who)}" if who.operators else ""
            state = (printable(who.state), _style(who) or "bold")
            what = Text.assemble((f"{printable(before)} → ", "dim"), state, printable(agents))
            return "→", "bold yellow", what
        case changes.PageChanged(who, before):
            old, new = (printable(_path(address)) for address in (before, change.page))
            return "→", "cyan", Text.assemble((f"{old} → ", "dim"), (new, "cyan"))
        case changes.Updated(who):
            return "~", "dim", Text(printable(who.state), _style(who))
        case changes.Left(who):
            aware = who.last_visit is not None and who.last_visit.tzinfo is not None
            stay = f" after {how_long(who.last_visit, when)}" if aware else ""
            last = (f" {printable(_path(page_of(who)))}", "dim")
            return "-", "bold red", Text.assemble((f"left{stay}", "red"), last)


def _path(address: str) -> str:
    return path_of(address) or "(no page)"


def _time_text(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")
