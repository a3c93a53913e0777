"""Events as they are shown: in a line each on a terminal, in columns or JSON elsewhere.

As everywhere, nothing here reads markup, and every text passes `printable`. A token is in nothing
that is made for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import frozen
from rich.text import Text

from livechat_async.cli.output.show import path_of
from livechat_async.decoding.converter import make_converter
from livechat_async.models.tickets import TicketRequester
from livechat_async.models.webhooks import WebhookDataType, WebhookEventType
from livechat_async.redaction import is_secret_name, printable
from livechat_async.webhooks import (
    CannedResponseChanged,
    ChatChanged,
    ChatEnded,
    ChatStarted,
    TicketCreated,
    VisitorEvent,
    VisitorQueued,
    WebhookEvent,
)

__all__ = ["EVENT_COLUMNS", "event_cells", "event_data", "event_line", "without_secrets"]

EVENT_COLUMNS = ("time", "event_type", "key", "id", "visitor_id", "name", "email", "about")

_SIGNS: Mapping[str, tuple[str, str]] = {
    WebhookEventType.CHAT_STARTED: ("+", "bold green"),
    WebhookEventType.CHAT_ENDED: ("-", "bold red"),
    WebhookEventType.CHAT_CHANGED: ("~", "bold cyan"),
    WebhookEventType.VISITOR_QUEUED: ("…", "bold yellow"),
    WebhookEventType.TICKET_CREATED: ("#", "bold magenta"),
    WebhookEventType.CANNED_RESPONSE_CHANGED: ("=", "bold blue"),
}
_TYPE_WIDTH, _NAME_WIDTH, _ID_WIDTH, _WIDE = 14, 14, 22, 110
_DATA = frozenset(kind.value for kind in WebhookDataType)
_CONVERTER = make_converter()


def event_data(event: WebhookEvent) -> dict[str, Any]:
    """An event as data for JSON, with its token: `parse_webhook` makes the same event of it.

    Only the parts that came are in it. Times are text, as ``started`` for ``started_timestamp``.
    """
    fields: dict[str, Any] = _CONVERTER.unstructure(event)
    del fields["data_types"]
    return {
        name: value
        for name, value in fields.items()
        if value is not None and (name not in _DATA or name in event.data_types)
    }


def without_secrets(data: Any) -> Any:
    """The same without the token, and whatever else is named like a secret."""
    if isinstance(data, dict):
        return {k: without_secrets(item) for k, item in data.items() if not is_secret_name(k)}
    return [without_secrets(item) for item in data] if isinstance(data, list) else data


def event_cells(event: WebhookEvent, when: datetime) -> tuple[str, ...]:
    """What stands in the `EVENT_COLUMNS`: ``about`` is a page, tags, a subject or a text."""
    subject = _subject_of(event)
    return (
        when.isoformat(timespec="milliseconds"),
        event.event_type,
        event.key,
        subject.id,
        subject.visitor_id,
        subject.name,
        subject.email,
        subject.about,
    )


def event_line(event: WebhookEvent, when: datetime, width: int) -> Text:
    """An event in one line of a terminal: when, what, who, and where.

    Args:
        event: what happened.
        when: when it came.
        width: of the terminal.
    """
    subject, wide = _subject_of(event), width >= _WIDE
    sign, style = _SIGNS.get(event.event_type, ("?", "dim"))
    kind = Text(printable(event.event_type), style)
    kind.truncate(_TYPE_WIDTH, overflow="ellipsis", pad=True)
    name = Text(printable(subject.name or "-"), "bold")
    name.truncate(_NAME_WIDTH, overflow="ellipsis", pad=True)
    # Ids are there to be copied, so they are the last to be cut.
    id_ = Text(printable(subject.visitor_id or subject.id).ljust(_ID_WIDTH), "dim")
    id_.truncate(max(width // 2, _ID_WIDTH), overflow="ellipsis")
    about = path_of(subject.about) if isinstance(event, VisitorEvent) else subject.about
    line = Text.assemble(
        (f"{when:%H:%M:%S} ", "dim"),
        (f"{sign} ", style),
        *(kind, " ", name, " ", id_, " "),
        printable("  ".join(filter(None, (about, subject.email if wide else "")))),
    )
    line.truncate(width, overflow="ellipsis")
    return line


@frozen(kw_only=True)
class _Subject:
    """Whom and what an event is about."""

    id: str = ""
    visitor_id: str = ""
    name: str = ""
    email: str = ""
    about: str = ""


def _subject_of(event: WebhookEvent) -> _Subject:
    match event:
        case ChatStarted() | ChatEnded() | ChatChanged() | VisitorQueued():
            who, chat = event.visitor, None if isinstance(event, VisitorQueued) else event.chat
            about = who.page_current or (chat.url if chat else "")
            if isinstance(event, ChatChanged) and chat is not None:
                about = ", ".join(chat.tags) or "no tags"
            return _Subject(
                id=(chat.id if chat else None) or "",
                visitor_id=who.id or "",
                name=who.name,
                email=who.email,
                about=about,
            )
        case TicketCreated(ticket=ticket):
            asks = ticket.requester or TicketRequester()
            return _Subject(
                id=ticket.id,
                name=asks.name,
                email=asks.mail,
                about=ticket.subject,
            )
        case CannedResponseChanged(canned_response=response):
            number = "" if response.id is None else str(response.id)
            tags = " ".join(f"#{tag}" for tag in response.tags)
            return _Subject(id=number, name=tags, about=response.text)
        case _:
            return _Subject()
