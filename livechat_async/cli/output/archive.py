"""Chats and tickets as they are shown: in tables, in columns, and one of them in full.

As everywhere, nothing here reads markup, and every text passes `printable`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from livechat_async import Chat, ChatMessage, Pager, Ticket, TicketEvent
from livechat_async.cli.output.show import is_terminal, terminal
from livechat_async.cli.text import number_of, to_json
from livechat_async.redaction import printable

__all__ = [
    "CHAT_COLUMNS",
    "TICKET_COLUMNS",
    "chat_cells",
    "chat_transcript",
    "chats_table",
    "show_items",
    "ticket_cells",
    "ticket_history",
    "tickets_table",
]

T = TypeVar("T")

CHAT_COLUMNS = (
    *("id", "type", "started", "duration", "visitor_id", "visitor", "email", "agents", "groups"),
    *("rate", "tags", "messages", "url"),
)
TICKET_COLUMNS = (
    *("id", "status", "subject", "requester", "email", "assignee", "groups", "tags", "date"),
    "modified",
)


async def show_items(
    pager: Pager[T],
    *,
    columns: Sequence[str],
    cells: Callable[[T], Sequence[str]],
    table: Callable[[Sequence[T]], Table],
    to_plain: Callable[[T], Any],
    as_json: bool,
) -> None:
    """Show items: a table on a terminal, else line by line as they come.

    Args:
        pager: gives them.
        columns: the names of the columns.
        cells: an item's columns.
        table: all items as a table.
        to_plain: an item as plain data.
        as_json: JSON lines, wherever they go.
    """
    async with pager:
        if as_json:
            async for item in pager:
                typer.echo(to_json(to_plain(item)))
        elif is_terminal(sys.stdout):
            terminal().print(table([item async for item in pager]))
        else:
            typer.echo("\t".join(columns))
            async for item in pager:
                typer.echo("\t".join(map(printable, cells(item))))


def chat_cells(chat: Chat) -> tuple[str, ...]:
    """A chat in `CHAT_COLUMNS`."""
    visitor = chat.visitor_summary
    return (
        chat.id,
        chat.type or "",
        _iso(chat.started or chat.time),
        "" if chat.duration is None else str(chat.duration),
        (visitor and visitor.id) or "",
        visitor.name if visitor else "",
        _mail(chat),
        _agents(chat),
        ", ".join(map(str, chat.group)),
        chat.rate or "",
        ", ".join(chat.tags),
        str(len(chat.messages)),
        chat.chat_start_url,
    )


def chats_table(chats: Sequence[Chat]) -> Table:
    """Chats in two lines each."""
    table = _table(number_of(len(chats), "chat") if chats else "No chats")
    for name in ("Chat", "Visitor", "Agents, group", "Rate, tags"):
        table.add_column(name)
    for chat in chats:
        visitor = chat.visitor_summary
        rate = "" if chat.rate in {None, "not_rated"} else str(chat.rate).removeprefix("rated_")
        groups = ", ".join(map(str, chat.group))
        left = printable(chat.message) if chat.is_missed else f"group {groups}" if groups else ""
        table.add_row(
            _two(chat.id, _short(chat.started or chat.time)),
            _two((visitor and visitor.name) or "(no name)", _mail(chat), "bold"),
            _two("(missed)" if chat.is_missed else _agents(chat), left),
            _two(rate, ", ".join(chat.tags), _rate_style(rate)),
        )
    return table


def chat_transcript(chat: Chat) -> Text:
    """A chat in full: who, when, and what was said."""
    visitor = chat.visitor_summary
    place = [visitor.city, visitor.country] if visitor else []
    text = _head(
        ("Chat", chat.id),
        (
            "Visitor",
            " · ".join(filter(None, [visitor.name if visitor else "", _mail(chat), *place])),
        ),
        ("Agents", _agents(chat)),
        ("Started", _iso(chat.started or chat.time)),
        ("Ended", _iso(chat.ended) or ("not yet" if chat.pending else "")),
        ("Page", chat.chat_start_url),
        ("Groups", ", ".join(map(str, chat.group))),
        ("Rate", chat.rate or ""),
        ("Tags", ", ".join(chat.tags)),
    )
    if chat.message:
        _say(text, "", visitor.name if visitor else "", chat.message, "bold cyan")
    for event in chat.events or chat.messages:
        _say(text, _clock(event.date), event.author_name, _said(event), _author_style(event))
    return text


def ticket_cells(ticket: Ticket) -> tuple[str, ...]:
    """A ticket in `TICKET_COLUMNS`."""
    return (
        ticket.id,
        ticket.status or "",
        ticket.subject,
        ticket.requester.name if ticket.requester else "",
        ticket.requester.mail if ticket.requester else "",
        _assignee(ticket),
        ", ".join(str(group.id) for group in ticket.groups),
        ", ".join(ticket.tags),
        _iso(ticket.date),
        _iso(ticket.modified),
    )


def tickets_table(tickets: Sequence[Ticket]) -> Table:
    """Tickets in two lines each."""
    table = _table(number_of(len(tickets), "ticket") if tickets else "No tickets")
    for name in ("Ticket", "Subject", "Requester", "Assignee, tags"):
        table.add_column(name)
    for ticket in tickets:
        requester = ticket.requester
        table.add_row(
            _two(ticket.id, ticket.status or ""),
            _two(ticket.subject, _short(ticket.modified or ticket.date), "bold"),
            _two(requester.name if requester else "", requester.mail if requester else ""),
            _two(_assignee(ticket) or "(nobody)", ", ".join(ticket.tags)),
        )
    return table


def ticket_history(ticket: Ticket) -> Text:
    """A ticket in full: who, when, and what happened to it."""
    requester = ticket.requester
    who = [requester.name, requester.mail] if requester else []
    text = _head(
        ("Ticket", ticket.id),
        ("Subject", ticket.subject),
        ("Status", ticket.status or ""),
        ("Requester", " · ".join(filter(None, who))),
        ("Assignee", _assignee(ticket)),
        ("Opened", _iso(ticket.date)),
        ("Groups", ", ".join(group.name or str(group.id) for group in ticket.groups)),
        ("Tags", ", ".join(ticket.tags)),
    )
    for event in ticket.events:
        name = (event.author.name or event.author.id or "") if event.author else ""
        style = "green" if event.author and event.author.type == "agent" else "cyan"
        _say(text, _clock(event.date), name, _happened(event), f"bold {style}")
    return text


def _said(event: ChatMessage) -> str:
    files: Iterable[str] = getattr(event, "files", ())
    return "\n".join(filter(None, [event.text, *files]))


def _happened(event: TicketEvent) -> str:
    if event.message:
        files = (attachment.url for attachment in event.attachments)
        return "\n".join(filter(None, [event.message, *files]))
    what = (event.type or "").replace("_", " ")
    now = event.current or (event.to.name or event.to.id or "" if event.to else "")
    change = " → ".join(filter(None, [event.previous, now]))
    return f"({what}: {change})" if change else f"({what})"


def _head(*lines: tuple[str, str]) -> Text:
    text = Text()
    for name, value in lines:
        if value:
            text.append(f"{name + ':':<11}", "dim").append(f"{printable(value)}\n")
    return text


def _say(text: Text, when: str, name: str, what: str, style: str) -> None:
    text.append("\n")
    text.append(f"{when} " if when else "", "dim")
    text.append(f"{printable(name)}: " if name else "", style)
    lines = what.splitlines() or [""]
    text.append("\n    ".join(map(printable, lines)), "" if name else "dim")


def _author_style(event: ChatMessage) -> str:
    return "bold cyan" if event.user_type == "visitor" else "bold green"


def _rate_style(rate: str) -> str:
    return {"good": "green", "bad": "red"}.get(rate, "")


def _mail(chat: Chat) -> str:
    visitor = chat.visitor_summary
    return (visitor and visitor.email) or chat.email


def _agents(chat: Chat) -> str:
    return ", ".join(agent.display_name or agent.email for agent in chat.agents)


def _assignee(ticket: Ticket) -> str:
    return "" if ticket.assignee is None else ticket.assignee.name or ticket.assignee.id or ""


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _short(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _clock(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%H:%M:%S}"


def _two(first: str, second: str, style: str = "") -> Text:
    lines = (printable(first), style), "\n", (printable(second), "dim")
    return Text.assemble(*lines, no_wrap=True, overflow="ellipsis")


def _table(title: str) -> Table:
    return Table(
        box=box.SIMPLE_HEAD,
        header_style="dim",
        title=Text(title, "bold"),
        title_justify="left",
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
