"""Changes of visitors as they are shown: in a line each on a terminal, in columns elsewhere.

As everywhere, nothing here reads markup, and every text passes `printable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from livechat_async.cli.output.show import agents_of, number_text, path_of, place_of, style_of
from livechat_async.cli.text import how_long, number_of, to_json
from livechat_async.redaction import printable
from livechat_async.watch.changes import (
    Arrived,
    Change,
    Left,
    PageChanged,
    Resynced,
    StateChanged,
    Updated,
    VisitorChange,
    page_of,
)

__all__ = ["CHANGE_COLUMNS", "change_cells", "change_json", "change_line"]

CHANGE_COLUMNS = ("time", "change", "id", "name", "state", "group", "page", "before")

_WORDS: Mapping[type[VisitorChange], str] = {
    Arrived: "arrived",
    StateChanged: "state",
    PageChanged: "page",
    Updated: "updated",
    Left: "left",
    Resynced: "resynced",
}
_NAME_WIDTH, _ID_WIDTH, _WIDE = 14, 22, 110


def change_cells(change: Change, when: datetime) -> tuple[str, ...]:
    """What stands in the `CHANGE_COLUMNS`.

    ``before`` is the state or the page before; of a `Resynced`, how many seconds nothing was known.
    """
    start = (_time_text(when), _WORDS[type(change)])
    if isinstance(change, Resynced):
        return (*start, *[""] * 5, f"{change.outage:.3f}")
    before = change.before if isinstance(change, (StateChanged, PageChanged)) else ""
    who = change.visitor
    return (*start, who.id, who.name, who.state, number_text(who.group), page_of(who), before)


def change_json(change: Change, when: datetime, to_plain: Callable[[Any], Any]) -> str:
    """A change as a line of JSON.

    Args:
        change: what happened.
        when: when it was seen.
        to_plain: makes plain data of a visitor.
    """
    data: dict[str, Any] = {"time": _time_text(when), "change": _WORDS[type(change)]}
    match change:
        case Resynced(visitors, outage, failures):
            everybody = [to_plain(visitor) for visitor in visitors]
            data |= {"outage": round(outage, 3), "failures": failures, "visitors": everybody}
        case Arrived(visitor, at_start):
            data |= {"at_start": at_start, "visitor": to_plain(visitor)}
        case StateChanged(visitor, before) | PageChanged(visitor, before):
            data |= {"before": before, "visitor": to_plain(visitor)}
        case Updated(visitor) | Left(visitor):
            data |= {"visitor": to_plain(visitor)}
    return to_json(data)


def change_line(change: Change, when: datetime, width: int) -> Text:
    """A change in one line of a terminal: when, who, and what.

    Args:
        change: what happened.
        when: when it was seen.
        width: of the terminal.
    """
    sign, style, what = _told(change, when, wide=width >= _WIDE)
    line = Text.assemble((f"{when:%H:%M:%S} ", "dim"), (f"{sign} ", style))
    if not isinstance(change, Resynced):
        name = Text(printable(change.visitor.name or "(no name)"), "bold")
        name.truncate(_NAME_WIDTH, overflow="ellipsis", pad=True)
        # Ids are there to be copied, so they are the last to be cut.
        visitor_id = Text(printable(change.visitor.id).ljust(_ID_WIDTH), "dim")
        visitor_id.truncate(max(width // 2, _ID_WIDTH), overflow="ellipsis")
        line = Text.assemble(line, name, " ", visitor_id, " ")
    line.append_text(what)
    line.truncate(width, overflow="ellipsis")
    return line


def _told(change: Change, when: datetime, *, wide: bool) -> tuple[str, str, Text]:
    """Its sign, the style of that, and what happened."""
    match change:
        case Resynced(visitors, outage):
            there = number_of(len(visitors), "visitor")
            back = f"answered again, after {outage:.0f} s: {there}"
            return "↻", "bold yellow", Text(back, "yellow")
        case Arrived(who, at_start):
            where = printable(" ".join(filter(None, (_path(page_of(who)), *place_of(who, wide)))))
            what = Text.assemble((printable(who.state), style_of(who)), " ", (where, "dim"))
            return ("·", "dim", what) if at_start else ("+", "bold green", what)
        case StateChanged(who, before):
            agents = f" with {agents_of(who)}" if who.operators else ""
            state = (printable(who.state), style_of(who) or "bold")
            told = Text.assemble((f"{printable(before)} → ", "dim"), state, printable(agents))
            return "→", "bold yellow", told
        case PageChanged(who, before):
            old, new = (printable(_path(address)) for address in (before, change.page))
            return "→", "cyan", Text.assemble((f"{old} → ", "dim"), (new, "cyan"))
        case Updated(who):
            return "~", "dim", Text(printable(who.state), style_of(who))
        case Left(who):
            aware = who.last_visit is not None and who.last_visit.tzinfo is not None
            stay = f" after {how_long(who.last_visit, when)}" if aware else ""
            last = (f" {printable(_path(page_of(who)))}", "dim")
            return "-", "bold red", Text.assemble((f"left{stay}", "red"), last)


def _path(address: str) -> str:
    return path_of(address) or "(no page)"


def _time_text(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")
