"""Tickets: what is answered by mail, or later.

https://developers.livechat.com/docs/management/configuration-api/v2.0#tickets
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from attrs import field, frozen

from livechat_async.models._base import IdText, Quirks, WireModel, person

__all__ = [
    "FirstResponse",
    "Ticket",
    "TicketAgent",
    "TicketAttachment",
    "TicketAuthor",
    "TicketAuthorType",
    "TicketEvent",
    "TicketEventType",
    "TicketGroup",
    "TicketOrder",
    "TicketPeriod",
    "TicketRate",
    "TicketRequester",
    "TicketSource",
    "TicketSourceType",
    "TicketStatus",
]


class TicketStatus(StrEnum):
    """The state of a ticket."""

    OPEN = "open"
    PENDING = "pending"
    SOLVED = "solved"
    SPAM = "spam"


class TicketOrder(StrEnum):
    """The order of tickets in a list, by their last change."""

    DESCENDING = "desc"
    ASCENDING = "asc"


class TicketSourceType(StrEnum):
    """Where a ticket came from."""

    LC2 = "lc2"
    MAIL = "mail"
    FACEBOOK = "facebook"
    FACEBOOK_CONVERSATION = "facebook:conversation"
    FACEBOOK_POST = "facebook:post"
    AGENT_APP_MANUAL = "agent-app-manual"
    CHAT_WINDOW = "chat-window"


class TicketRate(StrEnum):
    """How the requester rated a ticket."""

    NOT_RATED = "not_rated"
    RATED_GOOD = "rated_good"
    RATED_BAD = "rated_bad"


class TicketEventType(StrEnum):
    """What happened to a ticket."""

    MESSAGE = "message"
    ASSIGNEE_CHANGED = "assignee_changed"
    STATUS_CHANGED = "status_changed"
    RATING_OFFER_SENT = "rating_offer_sent"
    RATED = "rated"
    FOLLOW_UP_SENT = "follow_up_sent"


class TicketAuthorType(StrEnum):
    """Who did something to a ticket."""

    CLIENT = "client"
    AGENT = "agent"


@frozen(kw_only=True, repr=False)
class TicketRequester(WireModel):
    """Who asks.

    Attributes:
        mail: the e-mail address.
        name: the name.
        ip: the address the ticket was written from.
        utc_offset: in spite of its name, the name of a time zone, such as ``America/Santiago``.
    """

    mail: str = ""
    name: str = ""
    ip: str = ""
    utc_offset: str = ""

    def _label(self) -> str:
        return person(self.name, self.mail)


@Quirks(bare_id=IdText)
@frozen(kw_only=True, repr=False)
class TicketAgent(WireModel):
    """An agent, or whoever a ticket is assigned to.

    Attributes:
        id: the login.
        name: the name.
    """

    id: IdText | None = None
    name: str = ""

    def _label(self) -> str:
        return self.id or self.name


@frozen(kw_only=True, repr=False)
class TicketAuthor(TicketAgent):
    """Who did something to a ticket.

    Attributes:
        type: a `TicketAuthorType`, or the text of a new one.
    """

    type: TicketAuthorType | str | None = None


@Quirks(bare_id=int)
@frozen(kw_only=True, repr=False)
class TicketGroup(WireModel):
    """A group of a ticket.

    Attributes:
        id: the group's number.
        name: its name; ``""`` where LiveChat sends the number alone.
        inherited: whether the ticket has it of its assignee; None where LiveChat does not say.
    """

    id: int
    name: str = ""
    inherited: bool | None = None

    def _label(self) -> str:
        return self.name or str(self.id)


@frozen(kw_only=True, repr=False)
class TicketPeriod(WireModel):
    """A time during which a ticket was open.

    Attributes:
        start: from when; ``from`` on the wire.
        end: to when, ``to`` on the wire; None while it is open.
    """

    start: datetime | None = field(default=None, metadata={"wire": "from"})
    end: datetime | None = field(default=None, metadata={"wire": "to"})


@frozen(kw_only=True, repr=False)
class FirstResponse(WireModel):
    """The first answer to a ticket.

    Attributes:
        agent: who gave it.
        date: when.
    """

    agent: TicketAgent | None = None
    date: datetime | None = None


@frozen(kw_only=True, repr=False)
class TicketSource(WireModel):
    """Where a ticket, or a message of it, came from.

    Attributes:
        type: a `TicketSourceType`, or the text of a new one.
        url: the page it was written on, or ``""``.
        id: an id, as sent; LiveChat does not say what of.
    """

    type: TicketSourceType | str | None = None
    url: str = ""
    id: IdText | None = None

    def _label(self) -> str:
        return str(self.type or "")


@frozen(kw_only=True, repr=False)
class TicketAttachment(WireModel):
    """A file of a message.

    Attributes:
        url: where it is.
        name: its name.
        width: of a picture, in pixels.
        height: of a picture, in pixels.
        content_type: its media type.
        content_encoding: how its bytes are encoded.
    """

    url: str = ""
    name: str = ""
    width: int | None = None
    height: int | None = None
    content_type: str = ""
    content_encoding: str = ""

    def _label(self) -> str:
        return self.url


@frozen(kw_only=True, repr=False)
class TicketEvent(WireModel):
    """Something that happened to a ticket. Which fields are set depends on its ``type``.

    Attributes:
        type: a `TicketEventType`, or the text of a new one.
        date: when.
        author: who did it; None if it just happened.
        is_private: of a message: only agents see it.
        message: of a message: its text.
        source: of a message: where it came from.
        attachments: of a message: its files.
        to: of ``assignee_changed``: who has the ticket now; None if no agent has it.
        current: of ``status_changed``: the new status; of ``rated``: ``"good"`` or ``"bad"``.
        previous: of ``status_changed``: the old status.
    """

    type: TicketEventType | str | None = None
    date: datetime | None = None
    author: TicketAuthor | None = None
    is_private: bool = False
    message: str = ""
    source: TicketSource | None = None
    attachments: tuple[TicketAttachment, ...] = ()
    to: TicketAgent | None = None
    current: str = ""
    previous: str = ""


@Quirks(can_mix_times=True)
@frozen(kw_only=True, repr=False)
class Ticket(WireModel):
    """A ticket.

    Times are aware: LiveChat sends them in UTC or in Unix seconds. A blank id, time or number is
    None; free text stays as sent.

    Attributes:
        id: the ticket's id.
        status: a `TicketStatus`, or the text of a new one.
        subject: the subject.
        requester: who asks.
        assignee: the agent who has it; None while no agent has it.
        groups: its groups.
        current_group: the group that has it; ``currentGroup`` on the wire.
        date: when it was made.
        modified: when it was last changed.
        opened: the times during which it was open.
        first_response: the first answer, ``firstResponse`` on the wire; None before there is one.
        resolution_date: when it was solved; ``resolutionDate`` on the wire.
        source: where it came from.
        tags: its tags.
        ccs: who gets copies, as sent; LiveChat does not document them.
        rate: a `TicketRate`, or the text of a new one.
        events: what happened to it.
    """

    _derived: ClassVar[Sequence[str]] = ("email",)
    _shown: ClassVar[Sequence[str]] = (
        *("id", "status", "subject", "requester", "assignee", "groups", "date", "modified"),
        *("rate", "tags", "events"),
    )

    id: IdText
    status: TicketStatus | str | None = None
    subject: str = ""
    requester: TicketRequester | None = None
    assignee: TicketAgent | None = None
    groups: tuple[TicketGroup, ...] = ()
    current_group: TicketGroup | None = field(default=None, metadata={"wire": "currentGroup"})
    date: datetime | None = None
    modified: datetime | None = None
    opened: tuple[TicketPeriod, ...] = ()
    first_response: FirstResponse | None = field(default=None, metadata={"wire": "firstResponse"})
    resolution_date: datetime | None = field(default=None, metadata={"wire": "resolutionDate"})
    source: TicketSource | None = None
    tags: tuple[str, ...] = ()
    ccs: tuple[Any, ...] = field(default=(), hash=False)
    rate: TicketRate | str | None = None
    events: tuple[TicketEvent, ...] = ()

    @property
    def email(self) -> str:
        """The e-mail address of who asks, or ``""``."""
        return "" if self.requester is None else self.requester.mail

    @property
    def messages(self) -> tuple[TicketEvent, ...]:
        """The events that are messages, in the order of ``events``."""
        return tuple(event for event in self.events if event.type == TicketEventType.MESSAGE)


ENDPOINTS: Mapping[str, Any] = {
    "GET /tickets": list[Ticket],
    "POST /tickets": Ticket,
    "GET /tickets/{ticket_id}": Ticket,
    "PUT /tickets/{ticket_id}/tags": None,
}
