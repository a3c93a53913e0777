"""The options that several commands share, and the tables of filters.

A table names the arguments of a method such as ``client.chats.list``, each with its option.
`with_filters` gives a command the options of a table.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any, TypeAlias

import typer

from livechat_async import ChatRate, GroupBy, TicketOrder, TicketStatus, VisitorState
from livechat_async.checks import parse_day

__all__ = [
    "CHAT_FILTERS",
    "REPORT_FILTERS",
    "TICKET_FILTERS",
    "VISITOR_FILTERS",
    "AsJson",
    "AsJsonLines",
    "Everything",
    "Filters",
    "Interval",
    "MaxItems",
    "Yes",
    "confirm",
    "limits",
    "option",
    "with_filters",
]


def option(text: str, *names: str, **settings: Any) -> Any:
    """A `typer.Option`, with its help text first."""
    return typer.Option(*names, help=text, **settings)


Filters: TypeAlias = dict[str, Any]
"""The filters that the user gave, as arguments of the library's method."""

AsJson: TypeAlias = Annotated[
    bool, option("As JSON, with every field that LiveChat sent.", "--json")
]
AsJsonLines: TypeAlias = Annotated[
    bool, option("JSON lines, with every field that LiveChat sent.", "--json")
]
MaxItems: TypeAlias = Annotated[
    int, option("The most to show.", "--max-items", metavar="NUMBER", min=1)
]
Everything: TypeAlias = Annotated[bool, option("Show everything, instead of --max-items.", "--all")]
Interval: TypeAlias = Annotated[
    float, option("Time between two polls.", metavar="SECONDS", min=0.2, max=86_400)
]

Yes: TypeAlias = Annotated[bool, option("Do not ask whether to go on.", "--yes", "-y")]


def confirm(question: str, yes: bool) -> None:
    """Ask on the terminal before something is destroyed; without a terminal, ``--yes`` is due."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{question} Standard input is no terminal: pass --yes")
    typer.confirm(question, abort=True)


def limits(max_items: int, everything: bool) -> dict[str, Any]:
    """What ``--max-items`` and ``--all`` are for a pager."""
    return {"prefetch": 8} if everything else {"max_items": max_items}


def with_filters(table: Mapping[str, Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorator: replaces a command's parameter ``filters`` by the options of a table.

    The command gets the filters that were given, and days in order.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        parameters = inspect.signature(command, eval_str=True).parameters
        options = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in table.items()
        ]

        @wraps(command)
        def run(**given: Any) -> None:
            filters = {name: given.pop(name) for name in table}
            first, last = filters.get("date_from"), filters.get("date_to")
            if first is not None and last is not None and first > last:
                raise typer.BadParameter(f"--from {first} is after --to {last}: swap the two")
            wanted = {name: value for name, value in filters.items() if value not in (None, [])}
            command(**given, filters=wanted)

        signature = [
            parameter
            for name, own in parameters.items()
            for parameter in (options if name == "filters" else [own])
        ]
        vars(run)["__signature__"] = inspect.Signature(signature)  # what typer reads
        return run

    return decorate


def _to_day(text: Any) -> date:
    day = parse_day(text)
    if day is None:
        raise typer.BadParameter(f"{text!r} is no day: YYYY-MM-DD is needed, such as 2023-01-31")
    return day


def _filter(kind: Any, text: str, *names: str, **settings: Any) -> Any:
    return Annotated[kind | None, option(text, *names, **settings)]


def _text(metavar: str, text: str, *names: str) -> Any:
    return _filter(str, text, *names, metavar=metavar)


def _number(text: str) -> Any:
    return _filter(int, text, metavar="NUMBER", min=0)


def _flag(names: str, text: str) -> Any:
    return _filter(bool, text, names)


def _day(name: str, text: str) -> Any:
    return _filter(date, text, name, metavar="YYYY-MM-DD", parser=_to_day)


def _choice(metavar: str, kind: type[StrEnum], text: str) -> Any:
    return _filter(kind, f"{text}: {', '.join(kind)}.", metavar=metavar)


_DAYS = {
    "date_from": _day("--from", "The first day."),
    "date_to": _day("--to", "The last day; today by default."),
}
_GROUPS = _filter(
    list[int], "Only visitors of this group; may be repeated.", "--group", metavar="NUMBER", min=0
)
_TAGS = _filter(list[str], "Only chats with this tag; may be repeated.", "--tag", metavar="TAG")

VISITOR_FILTERS: Mapping[str, Any] = {
    "state": _choice("STATE", VisitorState, "Only visitors in this state"),
    "groups": _GROUPS,
}

CHAT_FILTERS: Mapping[str, Any] = {
    **_DAYS,
    "timezone": _text("ZONE", "The time zone of the days, such as America/Phoenix."),
    "visitor_id": _text("ID", "Only chats of this visitor.", "--visitor"),
    "query": _text("TEXT", "Only chats with this text."),
    "agent": _text("LOGIN", "Only chats of this agent."),
    "group": _number("Only chats of this group."),
    "goal": _number("Only chats that reached this goal."),
    "has_goal": _flag("--has-goal/--no-goal", "Only chats that reached any goal, or none."),
    "sale": _number("Only chats with this tracked sale."),
    "has_sale": _flag("--has-sale/--no-sale", "Only chats with any tracked sale, or none."),
    "queued": _flag("--queued/--not-queued", "Only chats that waited in the queue, or did not."),
    "rate": _choice("RATE", ChatRate, "Only chats with this rating"),
    "include_pending": _flag("--include-pending", "Also chats that have not ended."),
    "tags": _TAGS,
    "tagged": _flag("--tagged/--untagged", "Only chats with any tag, or none."),
    "comment": _flag("--comment/--no-comment", "Only chats with a comment on the rating, or none."),
    "city": _text("NAME", "Only chats from this city, in the local language."),
    "region": _text("NAME", "Only chats from this region, in the local language."),
    "country": _text("NAME", "Only chats from this country, in English."),
}

TICKET_FILTERS: Mapping[str, Any] = {
    **_DAYS,
    "status": _choice("STATUS", TicketStatus, "Only tickets with this status"),
    "assigned": _flag("--assigned/--unassigned", "Only tickets with an assignee, or without."),
    "assignee": _text("LOGIN", "Only tickets of this agent."),
    "requester_mail": _text("MAIL", "Only tickets from this e-mail address.", "--requester"),
    "group": _number("Only tickets of this group."),
    "source": _text("NAME", "Only tickets from this source, such as mail."),
    "query": _text("TEXT", "Only tickets with this text."),
    "tag": _text("TAG", "Only tickets with this tag."),
    "tagged": _flag("--tagged/--untagged", "Only tickets with any tag, or none."),
    "order": _choice("ORDER", TicketOrder, "By the last change"),
}

REPORT_FILTERS: Mapping[str, Any] = {
    "date_from": _day("--from", "The first day; by default the beginning of time."),
    "date_to": _DAYS["date_to"],
    "group_by": _choice("PERIOD", GroupBy, "How long each period is"),
    "timezone": _text("ZONE", "The time zone of the days, such as America/Phoenix."),
    "group": _number("Only this group."),
    "agent": _text("LOGIN", "Only this agent."),
    "tags": _filter(list[str], "Only this tag; may be repeated.", "--tag", metavar="TAG"),
    "goal": _number("Only this goal, in chats-goals and chats-greetings."),
    "greeting": _number("Only this greeting, in chats-greetings."),
    "sales_tracker": _flag("--sales/--goals", "Only tracked sales, or only goals, in chats-goals."),
    "currency": _text("CODE", "Only sales in this currency, in chats-goals."),
    "weekday": _text("DAY", "Of chats-occupancy, such as monday."),
}
