"""The options that several commands share, and the tables of filters.

A table names the arguments of a method such as ``client.chats.list``, each with its option.
`given_filters` makes one parameter of a table.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import click

from livechat_async import ChatRate, GroupBy, TicketOrder, TicketStatus, VisitorState
from livechat_async.checks import parse_day
from livechat_async.cli import parsing
from livechat_async.cli.parsing import option

__all__ = [
    "CHAT_FILTERS",
    "OF_GROUP",
    "REPORT_FILTERS",
    "TICKET_FILTERS",
    "VISITOR_FILTERS",
    "AsJson",
    "Filters",
    "Interval",
    "Yes",
    "argument",
    "confirm",
    "given_filters",
    "number",
    "numbers",
    "one_of",
    "option",
    "optional",
    "text",
    "texts",
]


def argument(kind: Any, about: str, **settings: Any) -> Any:
    """An argument that has a place instead of a name."""
    return Annotated[kind, parsing.argument(about, **settings)]


Filters: TypeAlias = dict[str, Any]
"""The filters that the user gave, as arguments of the library's method."""

AsJson: TypeAlias = Annotated[
    bool, option("As one JSON document, with every field that LiveChat sent.", "--json")
]
Interval: TypeAlias = Annotated[
    float, option("Time between two polls.", metavar="SECONDS", min=0.2, max=86_400)
]

Yes: TypeAlias = Annotated[bool, option("Do not ask whether to go on.", "--yes", "-y")]


def confirm(question: str, yes: bool) -> None:
    """Ask on the terminal before something is destroyed; without a terminal, ``--yes`` is due."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.BadParameter(f"{question} Standard input is no terminal: pass --yes")
    click.confirm(question, abort=True)


def given_filters(table: Mapping[str, Any], needs: Collection[str] = ()) -> Any:
    """The options of a table as one parameter: the filters that were given, with days in order."""
    return parsing.together(_only_given, table, needs)


def _only_given(**filters: Any) -> Filters:
    first, last = filters.get("date_from"), filters.get("date_to")
    if first is not None and last is not None and first > last:
        raise click.UsageError(f"--from {first} is after --to {last}: swap the two")
    return {name: value for name, value in filters.items() if value is not None}


def _to_day(text: Any) -> date:
    day = parse_day(text)
    if day is None:
        raise ValueError("is no day: YYYY-MM-DD is needed, such as 2023-01-31")
    return day


def optional(kind: Any, text: str, *names: str, **settings: Any) -> Any:
    """An option that may be left out."""
    return Annotated[kind | None, option(text, *names, **settings)]


def text(metavar: str, about: str, *names: str) -> Any:
    """An optional text."""
    return optional(str, about, *names, metavar=metavar)


def texts(metavar: str, about: str, *names: str) -> Any:
    """An optional list of texts."""
    return optional(list[str], about, *names, metavar=metavar)


def number(about: str, *names: str) -> Any:
    """An optional number."""
    return optional(int, about, *names, metavar="NUMBER", min=0)


def numbers(about: str, *names: str) -> Any:
    """An optional list of numbers."""
    return optional(list[int], about, *names, metavar="NUMBER", min=0)


def _flag(names: str, text: str) -> Any:
    return optional(bool, text, names)


def _day(name: str, text: str) -> Any:
    return optional(date, text, name, metavar="YYYY-MM-DD", parser=_to_day)


def one_of(metavar: str, kind: type[StrEnum], about: str) -> Any:
    """An optional choice, whose help ends with the choices."""
    return optional(kind, f"{about}: {', '.join(kind)}.", metavar=metavar)


_DAYS = {
    "date_from": _day("--from", "The first day."),
    "date_to": _day("--to", "The last day; today by default."),
}
_GROUPS = numbers("Only visitors of this group; may be repeated.", "--group")
_TAGS = texts("TAG", "Only chats with this tag; may be repeated.", "--tag")

OF_GROUP: Mapping[str, Any] = {"group": number("Of this group.")}

VISITOR_FILTERS: Mapping[str, Any] = {
    "state": one_of("STATE", VisitorState, "Only visitors in this state"),
    "groups": _GROUPS,
}

CHAT_FILTERS: Mapping[str, Any] = {
    **_DAYS,
    "timezone": text("ZONE", "The time zone of the days, such as America/Phoenix."),
    "visitor_id": text("ID", "Only chats of this visitor.", "--visitor"),
    "query": text("TEXT", "Only chats with this text."),
    "agent": text("LOGIN", "Only chats of this agent."),
    "group": number("Only chats of this group."),
    "goal": number("Only chats that reached this goal."),
    "has_goal": _flag("--has-goal/--no-goal", "Only chats that reached any goal, or none."),
    "sale": number("Only chats with this tracked sale."),
    "has_sale": _flag("--has-sale/--no-sale", "Only chats with any tracked sale, or none."),
    "queued": _flag("--queued/--not-queued", "Only chats that waited in the queue, or did not."),
    "rate": one_of("RATE", ChatRate, "Only chats with this rating"),
    "include_pending": _flag("--include-pending", "Also chats that have not ended."),
    "tags": _TAGS,
    "tagged": _flag("--tagged/--untagged", "Only chats with any tag, or none."),
    "comment": _flag("--comment/--no-comment", "Only chats with a comment on the rating, or none."),
    "city": text("NAME", "Only chats from this city, in the local language."),
    "region": text("NAME", "Only chats from this region, in the local language."),
    "country": text("NAME", "Only chats from this country, in English."),
}

TICKET_FILTERS: Mapping[str, Any] = {
    **_DAYS,
    "status": one_of("STATUS", TicketStatus, "Only tickets with this status"),
    "assigned": _flag("--assigned/--unassigned", "Only tickets with an assignee, or without."),
    "assignee": text("LOGIN", "Only tickets of this agent."),
    "requester_mail": text("MAIL", "Only tickets from this e-mail address.", "--requester"),
    "group": number("Only tickets of this group."),
    "source": text("NAME", "Only tickets from this source, such as mail."),
    "query": text("TEXT", "Only tickets with this text."),
    "tag": text("TAG", "Only tickets with this tag."),
    "tagged": _flag("--tagged/--untagged", "Only tickets with any tag, or none."),
    "order": one_of("ORDER", TicketOrder, "By the last change"),
}

REPORT_FILTERS: Mapping[str, Any] = {
    "date_from": _day("--from", "The first day; by default the beginning of time."),
    "date_to": _DAYS["date_to"],
    "group_by": one_of("PERIOD", GroupBy, "How long each period is"),
    "timezone": text("ZONE", "The time zone of the days, such as America/Phoenix."),
    "group": number("Only this group."),
    "agent": text("LOGIN", "Only this agent."),
    "tags": texts("TAG", "Only this tag; may be repeated.", "--tag"),
    "goal": number("Only this goal, in chats-goals and chats-greetings."),
    "greeting": number("Only this greeting, in chats-greetings."),
    "sales_tracker": _flag("--sales/--goals", "Only tracked sales, or only goals, in chats-goals."),
    "currency": text("CODE", "Only sales in this currency, in chats-goals."),
    "weekday": text("DAY", "Of chats-occupancy, such as monday."),
}
