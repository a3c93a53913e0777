"""The options that several commands share.

A table names the arguments of a method such as ``client.chats.list``, each with its option.
`given_filters` makes one parameter of it.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from datetime import date
from enum import Enum, StrEnum
from typing import Annotated, Any, TypeAlias

import click

from livechat_async.checks import parse_day
from livechat_async.cli import parsing
from livechat_async.cli.parsing import option


def argument(kind: Any, about: str, **settings: Any) -> Any:
    """An argument that has a place instead of a name."""
    return Annotated[kind, parsing.argument(about, **settings)]


Filters: TypeAlias = dict[str, Any]
"""The filters that the user gave, as arguments of the library's method."""

AsJson: TypeAlias = Annotated[
    bool, option("As one JSON document, with every field that LiveChat sent.", "--json")
]
Interval: TypeAlias = Annotated[
    float,
    option(
        "The time between two polls. LiveChat bills each: 5 s costs some 140 USD in 30 days.",
        metavar="SECONDS",
        min=0.2,
        max=86_400,
    ),
]

Port: TypeAlias = Annotated[
    int, option("The port to listen on; 0 for any free one.", min=0, max=65_535)
]
Yes: TypeAlias = Annotated[bool, option("Do not ask whether to go on.", "--yes", "-y")]


class OnBroken(StrEnum):
    """What to do about an item that cannot be read."""

    RAISE = "raise"
    SKIP = "skip"


def confirm(question: str, yes: bool) -> None:
    """Ask on the terminal before something is destroyed; without a terminal, ``--yes`` is due."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.BadParameter(f"{question} Standard input is no terminal: pass --yes")
    click.confirm(question, abort=True)


def given_filters(table: Mapping[str, Any], needs: Collection[str] = ()) -> Any:
    """The options of a table as one parameter: the filters that were given."""
    return parsing.Together(_only_given, table, needs)


def _only_given(**filters: Any) -> Filters:
    given = {name: value for name, value in filters.items() if value is not None}
    return {name: v.value if isinstance(v, Enum) else v for name, v in given.items()}


def _to_day(text: Any) -> date:
    found = parse_day(text)
    if found is None:
        raise ValueError("is no day: YYYY-MM-DD is needed, such as 2023-01-31")
    return found


def optional(kind: Any, text: str, *names: str, **settings: Any) -> Any:
    """An option that may be left out."""
    return Annotated[kind | None, option(text, *names, **settings)]


def text(metavar: str, about: str, *names: str, **settings: Any) -> Any:
    """An optional text."""
    return optional(str, about, *names, metavar=metavar, **settings)


def texts(metavar: str, about: str, *names: str) -> Any:
    """An optional list of texts."""
    return optional(list[str], about, *names, metavar=metavar)


def number(about: str, *names: str, **settings: Any) -> Any:
    """An optional number."""
    return optional(int, about, *names, metavar="NUMBER", min=0, **settings)


def numbers(about: str, *names: str) -> Any:
    """An optional list of numbers."""
    return optional(list[int], about, *names, metavar="NUMBER", min=0)


def flag(names: str, text: str) -> Any:
    """An optional yes or no, with an option for each, such as ``--tagged/--untagged``."""
    return optional(bool, text, names)


def of_group(about: str) -> Mapping[str, Any]:
    """The table of commands whose only filter is a group."""
    return {"group": number(about)}


def on_broken(noun: str, default: OnBroken = OnBroken.RAISE) -> Any:
    """The option for an item that cannot be read."""
    about = f"Stop at a {noun} that cannot be read, or say so on stderr and skip it."
    return optional(OnBroken, about, default=default)


def day(name: str, text: str) -> Any:
    """An optional day."""
    return optional(date, text, name, metavar="YYYY-MM-DD", parser=_to_day)


def one_of(metavar: str, kind: type[StrEnum], about: str) -> Any:
    """An optional choice, whose help ends with the choices."""
    return optional(kind, f"{about}: {', '.join(kind)}.", metavar=metavar)


DAYS: Mapping[str, Any] = {
    "date_from": day("--from", "The first day; by default all days count."),
    "date_to": day("--to", "The last day; today by default."),
}
