"""How chats and tickets look: in lists, and in full."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from livechat_async.cli.output.listing import Listing, fields, joined, text_of, two_lines
from livechat_async.cli.output.show import local_time
from livechat_async.redaction import printable

if TYPE_CHECKING:
    from livechat_async import Chat, Ticket, TicketEvent

_LONG, _OF_DAY = "%Y-%m-%d %H:%M:%S %Z", "%H:%M:%S"


def chat_transcript(chat: Chat) -> Text:
    """A chat in full: who, when, and what was said."""
    visitor = chat.visitor_summary
    place = [visitor.city, visitor.country] if visitor else []
    text = _head(
        ("Chat", chat.id),
        ("Visitor", joined(_visitor_name(chat), _mail(chat), *place, by=" · ")),
        ("Agents", _agents(chat)),
        ("Started", local_time(_start(chat), _LONG)),
        ("Ended", local_time(chat.ended, _LONG) or ("not yet" if chat.pending else "")),
        ("Page", chat.chat_start_url),
        ("Groups", _groups(chat)),
        ("Rate", chat.rate or ""),
        ("Tags", joined(*chat.tags)),
    )
    if chat.message:
        _add_line(text, "", _visitor_name(chat), chat.message, "bold cyan")
    for event in chat.events or chat.messages:
        style = "bold cyan" if event.user_type == "visitor" else "bold green"
        said = joined(event.text, *getattr(event, "files", ()), by="\n")
        _add_line(text, local_time(event.date, _OF_DAY), event.author_name, said, style)
    return text


def ticket_history(ticket: Ticket) -> Text:
    """A ticket in full: who, when, and what happened to it."""
    text = _head(
        ("Ticket", ticket.id),
        ("Subject", ticket.subject),
        ("Status", ticket.status or ""),
        ("Requester", joined(*_requester(ticket), by=" · ")),
        ("Assignee", _assignee(ticket)),
        ("Opened", local_time(ticket.date, _LONG)),
        ("Groups", joined(*(group.name or str(group.id) for group in ticket.groups))),
        ("Tags", joined(*ticket.tags)),
    )
    for event in ticket.events:
        name = (event.author.name or event.author.id or "") if event.author else ""
        style = "green" if event.author and event.author.type == "agent" else "cyan"
        _add_line(text, local_time(event.date, _OF_DAY), name, _happened(event), f"bold {style}")
    return text


def _head(*lines: tuple[str, str]) -> Text:
    text = Text()
    for name, value in lines:
        if value:
            text.append(f"{name + ':':<11}", "dim").append(f"{printable(value)}\n")
    return text


def _add_line(text: Text, when: str, name: str, what: str, style: str) -> None:
    text.append("\n")
    text.append(f"{when} " if when else "", "dim")
    text.append(f"{printable(name)}: " if name else "", style)
    lines = what.splitlines() or [""]
    text.append("\n    ".join(map(printable, lines)), "" if name else "dim")


def _happened(event: TicketEvent) -> str:
    if event.message:
        files = (attachment.url for attachment in event.attachments)
        return joined(event.message, *files, by="\n")
    what = (event.type or "").replace("_", " ")
    now = event.current or (event.to.name or event.to.id or "" if event.to else "")
    change = joined(event.previous, now, by=" → ")
    return f"({what}: {change})" if change else f"({what})"


def _start(chat: Chat) -> datetime | None:
    return chat.started or chat.time


def _visitor_name(chat: Chat) -> str:
    return chat.visitor_summary.name if chat.visitor_summary else ""


def _mail(chat: Chat) -> str:
    visitor = chat.visitor_summary
    return (visitor and visitor.email) or chat.email


def _agents(chat: Chat) -> str:
    return joined(*(agent.display_name or agent.email for agent in chat.agents))


def _groups(chat: Chat) -> str:
    return joined(*map(str, chat.group))


def _missed_or_groups(chat: Chat) -> Text:
    if chat.is_missed:
        return two_lines("(missed)", chat.message)
    return two_lines(_agents(chat), f"group {_groups(chat)}" if chat.group else "")


def _rate_and_tags(chat: Chat) -> Text:
    rate = "" if chat.rate in {None, "not_rated"} else str(chat.rate).removeprefix("rated_")
    return two_lines(rate, joined(*chat.tags), {"good": "green", "bad": "red"}.get(rate, ""))


def _requester(ticket: Ticket) -> tuple[str, str]:
    requester = ticket.requester
    return (requester.name, requester.mail) if requester else ("", "")


def _assignee(ticket: Ticket) -> str:
    return "" if ticket.assignee is None else ticket.assignee.name or ticket.assignee.id or ""


CHATS: Listing[Chat] = Listing(
    "chat",
    columns={
        **fields("id", "type"),
        "started": lambda chat: text_of(_start(chat)),
        **fields("duration"),
        "visitor_id": lambda chat: (chat.visitor_summary and chat.visitor_summary.id) or "",
        "visitor": _visitor_name,
        "email": _mail,
        "agents": _agents,
        "groups": _groups,
        **fields("rate", "tags"),
        "messages": lambda chat: str(len(chat.messages)),
        "url": lambda chat: chat.chat_start_url,
    },
    cells={
        "Chat": lambda chat: two_lines(chat.id, local_time(_start(chat))),
        "Visitor": lambda chat: two_lines(_visitor_name(chat) or "(no name)", _mail(chat), "bold"),
        "Agents, group": _missed_or_groups,
        "Rate, tags": _rate_and_tags,
    },
)

TICKETS: Listing[Ticket] = Listing(
    "ticket",
    columns={
        **fields("id", "status", "subject"),
        "requester": lambda ticket: _requester(ticket)[0],
        "email": lambda ticket: _requester(ticket)[1],
        "assignee": _assignee,
        "groups": lambda ticket: joined(*(str(group.id) for group in ticket.groups)),
        **fields("tags", "date", "modified"),
    },
    cells={
        "Ticket": lambda ticket: two_lines(ticket.id, ticket.status or ""),
        "Subject": lambda ticket: two_lines(
            ticket.subject, local_time(ticket.modified or ticket.date), "bold"
        ),
        "Requester": lambda ticket: two_lines(*_requester(ticket)),
        "Assignee, tags": lambda ticket: two_lines(
            _assignee(ticket) or "(not assigned)", joined(*ticket.tags)
        ),
    },
)
