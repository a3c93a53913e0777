"""What a webhook tells, as typed events that a queue can carry.

https://developers.livechat.com/docs/management/webhooks/v2.0
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import msgspec
from attrs import field, fields, frozen

from livechat_async.client import LiveChatClient
from livechat_async.errors import ConfigurationError
from livechat_async.http.request import BodyEncoding
from livechat_async.models._base import WireModel
from livechat_async.models.tickets import Ticket
from livechat_async.models.visitors import VisitorDetails
from livechat_async.models.webhooks import (
    IdText,
    WebhookCannedResponse,
    WebhookChat,
    WebhookEventType,
    WebhookSurveyAnswer,
    WebhookVisitor,
    hidden_repr,
)
from livechat_async.redaction import Secret

__all__ = [
    "EVENT_CLASSES",
    "CannedResponseChanged",
    "ChatChanged",
    "ChatEnded",
    "ChatStarted",
    "TicketCreated",
    "UnknownEvent",
    "VisitorEvent",
    "VisitorQueued",
    "WebhookEvent",
    "current_client",
]

current_client: Final[ContextVar[LiveChatClient | None]] = ContextVar(
    "current_client", default=None
)
"""The client that ``event.add_details`` uses: a receiver sets it around each handler."""

_PLAIN_PART = re.compile(r"[A-Za-z0-9._-]{0,64}")
_DIGEST_LENGTH = 32

_NO_CHAT = WebhookChat()
_NO_VISITOR = WebhookVisitor()


@frozen(kw_only=True)
class WebhookEvent(WireModel):
    """What every webhook brings.

    Attributes:
        event_type: a `WebhookEventType`, or the text of one this library has not heard of.
        license_id: the licence's number, always as text.
        token: with ``license_id``, what `VisitorEvent.add_details` is authorised by. A secret.
        unique_id: the event's id, ``event_unique_id`` on the wire. LiveChat sends it, and does not
            document it.
        lc_version: as sent; LiveChat does not document it.
        data_types: which data the body brought, empty or not. Only what was asked for when the
            webhook was registered comes.
    """

    event_type: WebhookEventType | str
    license_id: IdText | None = None
    token: Secret | None = field(default=None, repr=hidden_repr)
    unique_id: IdText | None = field(default=None, metadata={"wire": "event_unique_id"})
    lc_version: IdText | None = None
    data_types: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """What is the same when LiveChat delivers the same event again, on any machine.

        It is ``unique_id``. Where that is missing, it is made of what names the event, and, where
        nothing does so surely, of a digest of all the body says. Then two events that differ in
        nothing have the same key: a second ``visitor_queued`` of the same visitor on the same page,
        say. It never depends on the token. Printable ASCII, at most 400 characters.
        """
        if self.unique_id is None:
            return self._derived_key()
        if _PLAIN_PART.fullmatch(self.unique_id):
            return self.unique_id
        return _digest([self.unique_id])

    def _derived_key(self) -> str:
        names = self._names()
        parts = [self.event_type, self.license_id or "", *(names or ())]
        if not names:
            parts.append(_digest(self._told()))
        if all(map(_PLAIN_PART.fullmatch, parts)):
            return ":".join(parts)
        return _digest(parts)

    def _names(self) -> tuple[str, ...] | None:
        """What names this event among all of its type and licence; None if nothing does."""
        return None

    def _told(self) -> dict[str, Any]:
        """All the event tells, besides the token."""
        own = [each.name for each in fields(type(self)) if each.name != "token"]
        return {name: getattr(self, name) for name in own}


@frozen(kw_only=True)
class VisitorEvent(WebhookEvent):
    """An event with a visitor.

    Attributes:
        visitor: the visitor; an empty one where this data type was not asked for.
    """

    visitor: WebhookVisitor = _NO_VISITOR

    async def add_details(
        self,
        details: VisitorDetails,
        *,
        client: LiveChatClient | None = None,
        encoding: BodyEncoding = "json",
    ) -> None:
        """Show the agent what is known of this visitor, beside the running chat.

        Args:
            details: what is shown. A set of the same ``id`` is replaced.
            client: does the call; in a handler it need not be given, if the receiver has one.
            encoding: as for ``client.visitors.add_details``.

        Raises:
            ConfigurationError: there is no client, or the event lacks what the call needs.
            CallError: the call failed.
        """
        used = client or current_client.get()
        if used is None:
            raise ConfigurationError(
                "add_details needs a client: pass client=..., or make the WebhookReceiver with one"
            )
        visitor_id, license_id, token = self.visitor.id, self.license_id, self.token
        if visitor_id is None or license_id is None or token is None:
            raise self._lack()
        await used.visitors.add_details(
            visitor_id, details, license_id=license_id, token=token, encoding=encoding
        )

    def _lack(self) -> ConfigurationError:
        needs = {
            "visitor.id": self.visitor.id,
            "license_id": self.license_id,
            "token": self.token,
        }
        missing = [name for name, value in needs.items() if value is None]
        remedy = (
            "; register the webhook with the data type 'visitor'" if "visitor.id" in missing else ""
        )
        return ConfigurationError(
            f"add_details needs what this {self.event_type} event did not bring: "
            f"{', '.join(missing)}{remedy}"
        )


@frozen(kw_only=True)
class ChatStarted(VisitorEvent):
    """A chat has started.

    Attributes:
        chat: the chat; an empty one where this data type was not asked for.
        pre_chat_survey: what the visitor answered before it.
    """

    event_type: WebhookEventType | str = WebhookEventType.CHAT_STARTED
    chat: WebhookChat = _NO_CHAT
    pre_chat_survey: tuple[WebhookSurveyAnswer, ...] = ()

    def _names(self) -> tuple[str, ...] | None:
        return _chat_at(self.chat, self.chat.started)


@frozen(kw_only=True)
class ChatEnded(VisitorEvent):
    """A chat has ended.

    Attributes:
        chat: the chat; an empty one where this data type was not asked for.
        pre_chat_survey: what the visitor answered before it.
    """

    event_type: WebhookEventType | str = WebhookEventType.CHAT_ENDED
    chat: WebhookChat = _NO_CHAT
    pre_chat_survey: tuple[WebhookSurveyAnswer, ...] = ()

    def _names(self) -> tuple[str, ...] | None:
        return _chat_at(self.chat, self.chat.ended)


@frozen(kw_only=True)
class ChatChanged(VisitorEvent):
    """The tags of a chat have changed, while it runs or after it. Nothing else is told so.

    Attributes:
        chat: the chat; an empty one where this data type was not asked for.
    """

    event_type: WebhookEventType | str = WebhookEventType.CHAT_CHANGED
    chat: WebhookChat = _NO_CHAT


@frozen(kw_only=True)
class VisitorQueued(VisitorEvent):
    """A visitor waits for a chat."""

    event_type: WebhookEventType | str = WebhookEventType.VISITOR_QUEUED


@frozen(kw_only=True)
class TicketCreated(WebhookEvent):
    """A ticket was made.

    Attributes:
        ticket: the ticket.
    """

    event_type: WebhookEventType | str = WebhookEventType.TICKET_CREATED
    ticket: Ticket

    def _names(self) -> tuple[str, ...] | None:
        return (self.ticket.id,)


@frozen(kw_only=True)
class CannedResponseChanged(WebhookEvent):
    """A canned response was made, changed or deleted. LiveChat does not say which.

    Attributes:
        canned_response: the canned response.
    """

    event_type: WebhookEventType | str = WebhookEventType.CANNED_RESPONSE_CHANGED
    canned_response: WebhookCannedResponse


@frozen(kw_only=True)
class UnknownEvent(WebhookEvent):
    """An event this library has not heard of: all it says is in ``extra``, as sent."""


EVENT_CLASSES: Final[Mapping[WebhookEventType, type[WebhookEvent]]] = {
    WebhookEventType.CHAT_STARTED: ChatStarted,
    WebhookEventType.CHAT_ENDED: ChatEnded,
    WebhookEventType.CHAT_CHANGED: ChatChanged,
    WebhookEventType.VISITOR_QUEUED: VisitorQueued,
    WebhookEventType.TICKET_CREATED: TicketCreated,
    WebhookEventType.CANNED_RESPONSE_CHANGED: CannedResponseChanged,
}
"""The class of each event."""


def _chat_at(chat: WebhookChat, time: datetime | None) -> tuple[str, ...] | None:
    """What names an event that happens to a chat once at a time."""
    if chat.id is None or time is None:
        return None
    return chat.id, str(int(time.timestamp()))


def _digest(told: dict[str, Any] | Iterable[str]) -> str:
    """The same for the same values, whatever the machine, the process or the order of keys."""
    canonical = msgspec.json.encode(told, order="deterministic")
    return sha256(canonical).hexdigest()[:_DIGEST_LENGTH]
