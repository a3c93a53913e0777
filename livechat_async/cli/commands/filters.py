"""The options that say which chats are meant, shared by ``chats list`` and ``chats export``."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, TypeAlias

import typer

from livechat_async import ChatRate

__all__ = [
    "Agent",
    "AsJson",
    "City",
    "Comment",
    "Country",
    "DateFrom",
    "DateTo",
    "Everything",
    "Goal",
    "Group",
    "HasGoal",
    "HasSale",
    "MaxItems",
    "Prefetch",
    "Query",
    "Queued",
    "Rate",
    "Region",
    "Sale",
    "Tagged",
    "Tags",
    "Timezone",
    "VisitorId",
    "WithPending",
    "check_days",
]


def _to_day(text: Any) -> date:
    try:
        day = date.fromisoformat(text)
        if day.isoformat() == text:
            return day
    except ValueError:
        pass
    raise typer.BadParameter(f"{text!r} is no day: YYYY-MM-DD is needed, such as 2023-01-31")


def check_days(first: date | None, last: date | None) -> None:
    """Whether the days are in order.

    Raises:
        typer.BadParameter: they are not.
    """
    if first is not None and last is not None and first > last:
        raise typer.BadParameter(f"--from {first} is after --to {last}: swap the two")


DateFrom: TypeAlias = Annotated[
    date | None,
    typer.Option("--from", metavar="YYYY-MM-DD", parser=_to_day, help="The first day."),
]
DateTo: TypeAlias = Annotated[
    date | None,
    typer.Option("--to", metavar="YYYY-MM-DD", parser=_to_day, help="The last day; else today."),
]
Timezone: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="Where the days are, such as America/Phoenix."),
]
VisitorId: TypeAlias = Annotated[
    str | None, typer.Option("--visitor", metavar="ID", help="Only chats of this visitor.")
]
Query: TypeAlias = Annotated[str | None, typer.Option(metavar="TEXT", help="Only with this text.")]
Agent: TypeAlias = Annotated[
    str | None, typer.Option(metavar="LOGIN", help="Only chats of this agent.")
]
Group: TypeAlias = Annotated[
    int | None, typer.Option(metavar="NUMBER", min=0, help="Only chats of this group.")
]
Goal: TypeAlias = Annotated[
    int | None, typer.Option(metavar="NUMBER", min=0, help="Only those that reached this goal.")
]
HasGoal: TypeAlias = Annotated[
    bool | None, typer.Option("--has-goal/--no-goal", help="Only those that reached any, or none.")
]
Sale: TypeAlias = Annotated[
    int | None, typer.Option(metavar="NUMBER", min=0, help="Only those with this tracked sale.")
]
HasSale: TypeAlias = Annotated[
    bool | None, typer.Option("--has-sale/--no-sale", help="Only those with any, or none.")
]
Queued: TypeAlias = Annotated[
    bool | None, typer.Option("--queued/--not-queued", help="Only those that had to wait, or not.")
]
Rate: TypeAlias = Annotated[
    ChatRate | None,
    typer.Option(metavar="RATE", help=f"Only those rated so: {', '.join(ChatRate)}."),
]
WithPending: TypeAlias = Annotated[
    bool, typer.Option("--include-pending", help="Also chats that still go on.")
]
Tags: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="Only with this tag; may be repeated."),
]
Tagged: TypeAlias = Annotated[
    bool | None, typer.Option("--tagged/--untagged", help="Only those with any tag, or none.")
]
Comment: TypeAlias = Annotated[
    bool | None,
    typer.Option("--comment/--no-comment", help="Only with a comment on the rating, or without."),
]
City: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only from there, in the local language.")
]
Region: TypeAlias = Annotated[str | None, typer.Option(metavar="NAME", help="Likewise.")]
Country: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="Likewise, in English.")
]
Prefetch: TypeAlias = Annotated[
    int, typer.Option(metavar="PAGES", min=1, max=64, help="How many pages are asked for at once.")
]
MaxItems: TypeAlias = Annotated[
    int, typer.Option("--max-items", metavar="NUMBER", min=1, help="Show so many at most.")
]
Everything: TypeAlias = Annotated[
    bool, typer.Option("--all", help="Show all there are, instead of --max-items.")
]
AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="JSON lines, with every field that LiveChat sent.")
]
