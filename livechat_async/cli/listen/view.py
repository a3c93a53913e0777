"""What ``webhooks listen`` shows: events on stdout, and everything else on stderr.

Nothing here reads markup, every text passes `printable`, and people see no token.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import click
from attrs import astuple, frozen
from rich.text import Text

from livechat_async.cli.common import to_json, to_plain, without_secrets
from livechat_async.cli.output.listing import joined
from livechat_async.cli.output.show import WIDE, is_terminal, row_of, terminal, titled_panel
from livechat_async.cli.output.visitors import event_start, path_of, who_in_columns
from livechat_async.display import number_of
from livechat_async.models.tickets import TicketRequester
from livechat_async.models.webhooks import WebhookDataType, WebhookEventType
from livechat_async.redaction import printable, reveal
from livechat_async.webhooks import ReceiverStatus, WebhookEvent, events

EVENT_COLUMNS = ("time", "event_type", "key", "id", "visitor_id", "name", "email", "about")

_SIGNS: Mapping[str, tuple[str, str]] = {
    WebhookEventType.CHAT_STARTED: ("+", "bold green"),
    WebhookEventType.CHAT_ENDED: ("-", "bold red"),
    WebhookEventType.CHAT_CHANGED: ("~", "bold cyan"),
    WebhookEventType.VISITOR_QUEUED: ("…", "bold yellow"),
    WebhookEventType.TICKET_CREATED: ("#", "bold magenta"),
    WebhookEventType.CANNED_RESPONSE_CHANGED: ("=", "bold blue"),
}
_TYPE_WIDTH = 14
_DATA_TYPES = frozenset(kind.value for kind in WebhookDataType)


def event_data(event: WebhookEvent) -> dict[str, Any]:
    """An event as data for JSON, with its token. `parse_webhook` makes the same event of it.

    The data has only the parts that came. Times are text: ``started`` for ``started_timestamp``.
    """
    fields: dict[str, Any] = to_plain(event)
    del fields["data_types"]
    return {
        name: reveal(value)
        for name, value in fields.items()
        if value is not None and (name not in _DATA_TYPES or name in event.data_types)
    }


def event_cells(event: WebhookEvent, when: datetime) -> tuple[str, ...]:
    """The texts of `EVENT_COLUMNS`: ``about`` is a page, tags, a subject or a text."""
    start = when.isoformat(timespec="milliseconds"), event.event_type, event.key
    return (*start, *astuple(_subject_of(event)))


def event_line(event: WebhookEvent, when: datetime, width: int) -> Text:
    """An event in one line of a terminal: when, what, who, and where."""
    subject = _subject_of(event)
    sign, style = _SIGNS.get(event.event_type, ("?", "dim"))
    kind = Text(printable(event.event_type), style)
    kind.truncate(_TYPE_WIDTH, overflow="ellipsis", pad=True)
    about = path_of(subject.about) if isinstance(event, events.VisitorEvent) else subject.about
    line = Text.assemble(
        event_start(when, sign, style),
        *(kind, " "),
        who_in_columns(subject.name or "-", subject.visitor_id or subject.id, width),
        printable(joined(about, subject.email if width >= WIDE else "", by="  ")),
    )
    line.truncate(width, overflow="ellipsis")
    return line


@frozen(kw_only=True)
class _Subject:
    """Whom and what an event is about, in the order of the columns."""

    id: str = ""
    visitor_id: str = ""
    name: str = ""
    email: str = ""
    about: str = ""


def _subject_of(event: WebhookEvent) -> _Subject:
    match event:
        case events.VisitorEvent(visitor=who):
            chat = getattr(event, "chat", None)
            about = who.page_current or (chat.url if chat else "")
            if isinstance(event, events.ChatChanged) and chat is not None:
                about = joined(*chat.tags) or "no tags"
            chat_id = (chat.id if chat else None) or ""
            return _Subject(
                id=chat_id, visitor_id=who.id or "", name=who.name, email=who.email, about=about
            )
        case events.TicketCreated(ticket=ticket):
            asks = ticket.requester or TicketRequester()
            return _Subject(id=ticket.id, name=asks.name, email=asks.mail, about=ticket.subject)
        case events.CannedResponseChanged(canned_response=response):
            number = "" if response.id is None else str(response.id)
            tags = " ".join(f"#{tag}" for tag in response.tags)
            return _Subject(id=number, name=tags, about=response.text)
        case _:
            return _Subject()


class ListenView(logging.Handler):
    """Shows a receiver at work, and what it logs."""

    def __init__(self, *, as_json: bool = False, with_token: bool = False) -> None:
        super().__init__()
        self._as_json = as_json
        self._with_token = with_token
        self._is_drawn = is_terminal(sys.stdout) and not as_json
        self._shows_log = False

    def begin(self) -> None:
        """Show what comes before the first event."""
        self._shows_log = True
        if not self._is_drawn and not self._as_json:
            click.echo(row_of(EVENT_COLUMNS))

    def end(self) -> None:
        """Show no more warnings, because what is under way ends by force."""
        self._shows_log = False

    def show(self, event: WebhookEvent) -> None:
        """Show an event."""
        if self._as_json:
            data = event_data(event)
            click.echo(to_json(data if self._with_token else without_secrets(data)))
            return
        now = datetime.now().astimezone()
        if self._is_drawn:
            console = terminal()
            console.print(event_line(event, now, console.width))
        else:
            click.echo(row_of(event_cells(event, now)))

    def say(self, *parts: str | tuple[str, str]) -> None:
        """Show a text on stderr."""
        with suppress(OSError):  # without a reader of stderr, events still are to be handled
            terminal(sys.stderr).print(Text.assemble(*parts), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Show a warning on stderr, in a panel on a terminal."""
        if is_terminal(sys.stderr):
            terminal(sys.stderr).print(titled_panel(Text(printable(text)), "Warning", "yellow"))
        else:
            self.say(f"warning: {printable(text)}")

    def sum_up(self, status: ReceiverStatus, *, with_program: bool) -> None:
        """Show what became of all webhooks."""
        failed = status.dead - status.abandoned
        runs = f" (after {number_of(status.failed, 'failed run')})" if status.failed else ""
        summary = joined(
            f"{number_of(status.accepted, 'webhook')} accepted",
            f"{status.done} {'handled' if with_program else 'shown'}",
            f"{failed} failed{runs}" if with_program else "",
            f"{number_of(status.repeats, 'repeat')} dropped",
            f"{status.ignored} of other events" if status.ignored else "",
            f"{status.abandoned} not handled to the end" if status.abandoned else "",
            f"{status.refused} refused" if status.refused else "",
        )
        self.say(summary)

    @contextmanager
    def warnings(self) -> Iterator[None]:
        """Show what the receiver logs, a line each, unless ``--verbose`` already does."""
        logger = logging.getLogger("livechat_async.webhooks")
        if logger.isEnabledFor(logging.DEBUG):
            yield
            return
        level = logger.level
        logger.addHandler(self)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        try:
            yield
        finally:
            logger.propagate = True
            logger.setLevel(level)
            logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record of the log."""
        if not self._shows_log:
            return
        text = printable(record.getMessage().partition("\n")[0])
        is_error = record.levelno >= logging.ERROR
        if is_terminal(sys.stderr):
            sign = (f"✗ {text}", "red") if is_error else (f"! {text}", "yellow")
            self.say((f"{datetime.now().astimezone():%H:%M:%S} ", "dim"), sign)
        else:
            self.say(f"{'error' if is_error else 'warning'}: {text}")
