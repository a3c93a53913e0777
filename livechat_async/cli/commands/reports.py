"""``livechat-async reports``: every report, on a terminal as a table with bars."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import click
from rich.table import Table
from rich.text import Text

from livechat_async import GroupBy
from livechat_async.checks import meant
from livechat_async.cli.commands import options
from livechat_async.cli.common import to_json, to_plain, with_client
from livechat_async.cli.output.show import is_terminal, new_table, row_of, terminal
from livechat_async.cli.parsing import argument, option
from livechat_async.redaction import printable

if TYPE_CHECKING:
    from livechat_async import LiveChatClient

# Not read from the resources, which take long to import.
_PARTS: Mapping[str, str] = {
    "chats": """total engagement not_replied ratings ranking queued_visitors waiting_times
        chatting_time first_response_time response_time occupancy goals greetings""",
    "tickets": "new first_response_time solved resolution_time sources ratings ranking",
}
_METHODS: Mapping[str, str] = {
    f"{part}-{method}".replace("_", "-"): f"{part}.{method}"
    for part, methods in _PARTS.items()
    for method in methods.split()
} | {"availability": "availability"}
_NAMES = ", ".join(_METHODS)

_UNITS = ("seconds", "hours", "minutes", "score")
_ONLY_IN_FILES = ("begin", "end", " min seconds", " max seconds")
_STYLES = {"good": "green", "bad": "red"}
_LONGEST_BAR, _EIGHTHS = 40, " ▏▎▍▌▋▊▉"


_FILTERS: Mapping[str, Any] = {
    "date_from": options.day("--from", "The first day; by default all days count."),
    "date_to": options.DAYS["date_to"],
    "group_by": options.one_of("PERIOD", GroupBy, "How long each period is"),
    "timezone": options.text("ZONE", "The time zone of the days, such as America/Phoenix."),
    "group": options.number("Only this group."),
    "agent": options.text("LOGIN", "Only this agent."),
    "tags": options.texts("TAG", "Only this tag; may be repeated.", "--tag"),
    "goal": options.number("Only this goal, in chats-goals and chats-greetings."),
    "greeting": options.number("Only this greeting, in chats-greetings."),
    "sales_tracker": options.flag(
        "--sales/--goals", "Only tracked sales, or only goals, in chats-goals."
    ),
    "currency": options.text("CODE", "Only sales in this currency, in chats-goals."),
    "weekday": options.text("DAY", "Only this weekday, such as monday; needed by chats-occupancy."),
}


def _complete(_context: click.Context, _argument: click.Parameter, begun: str) -> list[str]:
    return [name for name in _METHODS if name.startswith(begun)]


def show_report(
    context: click.Context,
    name: Annotated[
        str, argument(f"The report: {_NAMES}.", metavar="NAME", shell_complete=_complete)
    ],
    *,
    filters: Annotated[options.Filters, options.given_filters(_FILTERS)],
    as_json: options.AsJson = False,
    as_csv: Annotated[bool, option("As CSV.", "--csv")] = False,
) -> None:
    """Show a report.

    A table on a terminal, with bars: one scale for all counts, and one for each
    unit. Elsewhere tab-separated columns below a line of their names.

    Examples:
      livechat-async reports chats-total --from 2026-01-01 --group-by month
      livechat-async reports chats-ratings --from 2026-01-01 --csv
      livechat-async reports chats-occupancy --weekday monday
    """
    if name not in _METHODS:
        raise click.BadParameter(f"NAME: {name!r} is none of: {_NAMES}{meant(name, _METHODS)}")
    if name == "chats-not-replied":  # it takes lists
        filters |= {f"{one}s": [filters.pop(one)] for one in ("group", "agent") if one in filters}
    elif name == "chats-occupancy":
        filters.setdefault("weekday", "")

    async def show(client: LiveChatClient) -> None:
        found: Any = await attrgetter(_METHODS[name])(client.reports)(**filters)
        is_ranking = isinstance(found, list)
        plain = to_plain(found if is_ranking else found.rows)
        rows = {row.pop("name"): row for row in map(dict, plain)} if is_ranking else plain
        flat = {key: dict(_flat(row)) for key, row in rows.items()}
        found_names = (n for row in flat.values() for n, v in row.items() if v is not None)
        names = ["agent" if is_ranking else "period", *dict.fromkeys(found_names)]
        lines = [[key, *map(row.get, names[1:])] for key, row in flat.items()]
        if as_json:
            click.echo(to_json(plain, indent=2))
        elif as_csv or not is_terminal(sys.stdout):
            for line in [names, *lines]:
                click.echo(row_of(line, as_csv=as_csv))
        elif lines:
            terminal().print(_table(name, names, lines))
        else:
            click.echo(f"No {names[0]}s.")

    with_client(context, show)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """What is in a row, by the names of the fields on the way to it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{path} {name}".lstrip())
    else:
        yield path or "most_chats", value


def _table(name: str, names: Sequence[str], lines: Sequence[Sequence[Any]]) -> Table:
    """A table as wide as the terminal, with a bar beside each number."""
    shown = [at for at, title in enumerate(names) if at and not title.endswith(_ONLY_IN_FILES)]
    widths = {at: max((len(_short(line[at])) for line in lines), default=0) for at in shown}
    most: dict[str, float] = defaultdict(float)
    for line in lines:
        for at in shown:
            most[_unit(names[at])] = max(most[_unit(names[at])], float(line[at] or 0))
    first = max(len(str(line[0])) for line in [names, *lines])
    room = terminal().width - first - sum(width + 3 for width in widths.values())
    longest = max(0, min(room // max(1, len(shown)), _LONGEST_BAR))
    table = new_table(name)
    table.add_column(names[0], width=first)
    for at, width in widths.items():
        table.add_column(printable(names[at]).replace("_", " "), width=width + 1 + longest)
    for line in lines:
        cells = [Text(printable(str(line[0])))]
        for at, width in widths.items():
            length = longest * float(line[at] or 0) / (most[_unit(names[at])] or 1)
            bar = (_bar(length), _STYLES.get(names[at], "cyan"))
            cells.append(Text.assemble(_short(line[at]).rjust(width), " ", bar))
        table.add_row(*cells)
    return table


def _unit(title: str) -> str:
    """What has a scale of its own: a unit, or the money of a currency."""
    last = title.rpartition(" ")[2]
    return title if last == "value" else last if last in _UNITS else "count"


def _short(value: Any) -> str:
    return "-" if value is None else f"{float(value):,.2f}".rstrip("0").rstrip(".")


def _bar(length: float) -> str:
    whole, rest = divmod(round(length * 8), 8)
    return "█" * whole + _EIGHTHS[rest].strip()
