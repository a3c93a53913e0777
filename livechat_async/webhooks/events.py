"""Webhooks as typed events, which a queue can carry.

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

from livechat_async.checks import refusal
from livechat_async.client import LiveChatClient
from livechat_async.errors import ConfigurationError
from livechat_async.http.request import BodyEncoding
from livechat_async.models._base import IdText, WireModel
from livechat_async.models.tickets import Ticket
from livechat_async.models.visitors import VisitorDetails
from livechat_async.models.webhooks import (
    WebhookCannedResponse,
    WebhookChat,
    WebhookEventType,
    WebhookSurveyAnswer,
    WebhookVisitor,
    hidden_repr,
)
from livechat_async.redaction import Secret

current_client: Final[ContextVar[LiveChatClient | None]] = ContextVar(
    "current_client", default=None
)
"""The client that ``event.add_details`` uses by default; the receiver sets it for each handler."""

_PLAIN_PART = re.compile(r"[A-Za-z0-9._-]{0,64}")
_DIGEST_LENGTH = 32

_NO_CHAT = WebhookChat()
_NO_VISITOR = WebhookVisitor()


@frozen(kw_only=True, repr=False)
class WebhookEvent(WireModel):
    """The fields that every webhook has.

    Attributes:
        event_type: a `WebhookEventType`, or the text of an event unknown to this library.
        license_id: the licence's number, always as text.
        token: a secret; with ``license_id`` it authorises `VisitorEvent.add_details`.
        unique_id: the event's id, ``event_unique_id`` on the wire; LiveChat does not document it.
        lc_version: as sent; LiveChat does not document it.
        data_types: the data in the body, such as ``chat``. Null, blanks, ``{}`` and ``[]`` are
            none, but an empty survey is one.
    """

    event_type: WebhookEventType | str
    license_id: IdText | None = None
    token: Secret | None = field(default=None, repr=hidden_repr)
    unique_id: IdText | None = field(default=None, metadata={"wire": "event_unique_id"})
    lc_version: IdText | None = None
    data_types: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Identifies the event: the same for each of its deliveries, on any machine.

        It is made of the event's type, its licence, and ``unique_id`` if LiveChat sends one.
        Otherwise of its subject, such as the chat's id and start, or of a digest of the body. In
        the last case equal bodies have the same key, such as two ``visitor_queued`` of a visitor on
        the same page. The key never depends on the token. It is printable ASCII, at most 400
        characters.
        """
        if self.unique_id is not None:
            subject: tuple[str, ...] = (self.unique_id,)
        else:
            subject = self._subject() or (self._digest_of_content(),)
        return self._named(*subject)

    @property
    def series(self) -> str:
        """Names what has changed, such as a chat, if only the content identifies the change.

        The tags of a chat may become A, then A and B, then A again. Without ``unique_id``, the
        first and the last of these events can be equal, and only their order shows that the last
        one is no repeat. Empty if the `key` identifies the event.
        """
        return ""

    def _named(self, *subject: str) -> str:
        """A text for what the event is about, in its licence."""
        parts = [self.event_type, self.license_id or "", *subject]
        return ":".join(parts) if all(map(_PLAIN_PART.fullmatch, parts)) else _digest(parts)

    def _subject(self) -> tuple[str, ...] | None:
        """Identifies the event within its type and licence; None if no fields do."""
        return None

    def _digest_of_content(self) -> str:
        names = [each.name for each in fields(type(self)) if each.name != "token"]
        return _digest({name: getattr(self, name) for name in names})


@frozen(kw_only=True, repr=False)
class VisitorEvent(WebhookEvent):
    """An event with a visitor.

    Attributes:
        visitor: the visitor; empty if the webhook was registered without this data type.
    """

    visitor: WebhookVisitor = _NO_VISITOR

    async def add_details(
        self,
        details: VisitorDetails,
        *,
        client: LiveChatClient | None = None,
        encoding: BodyEncoding = "json",
    ) -> None:
        """Show details of this visitor to the agent, beside the running chat.

        Args:
            details: the details; they replace details of the same ``id``.
            client: makes the call. A handler may leave it out if its receiver has a client.
            encoding: as for ``client.visitors.add_details``.

        Raises:
            ConfigurationError: there is no client, or the event lacks a field that the call needs.
            CallError: the call failed.
        """
        used = current_client.get() if client is None else client
        if used is None:
            raise ConfigurationError(
                "add_details needs a client: pass client=..., or make the WebhookReceiver with one"
            )
        visitor_id, license_id, token = self.visitor.id, self.license_id, self.token
        if visitor_id is None or license_id is None or token is None:
            ours = {"visitor.id": visitor_id, "license_id": license_id, "token": token}
            missing = ", ".join(name for name, value in ours.items() if value is None)
            remedy = "; register the webhook with the data type 'visitor'"
            raise ConfigurationError(
                f"add_details needs fields that this {self.event_type} event does not have: "
                f"{missing}{remedy if visitor_id is None else ''}"
            )
        visitors = getattr(used, "visitors", None)  # a test may pass a client of its own
        if visitors is None or isinstance(used, type):
            raise no_client(used)
        await visitors.add_details(
            visitor_id, details, license_id=license_id, token=token, encoding=encoding
        )


@frozen(kw_only=True, repr=False)
class ChatStarted(VisitorEvent):
    """A chat has started.

    Attributes:
        chat: the chat; empty if the webhook was registered without this data type.
        pre_chat_survey: the visitor's answers before the chat.
    """

    event_type: WebhookEventType | str = WebhookEventType.CHAT_STARTED
    chat: WebhookChat = _NO_CHAT
    pre_chat_survey: tuple[WebhookSurveyAnswer, ...] = ()

    def _subject(self) -> tuple[str, ...] | None:
        return _chat_at(self.chat, self.chat.started)


@frozen(kw_only=True, repr=False)
class ChatEnded(VisitorEvent):
    """A chat has ended.

    Attributes:
        chat: the chat; empty if the webhook was registered without this data type.
        pre_chat_survey: the visitor's answers before the chat.
    """

    event_type: WebhookEventType | str = WebhookEventType.CHAT_ENDED
    chat: WebhookChat = _NO_CHAT
    pre_chat_survey: tuple[WebhookSurveyAnswer, ...] = ()

    def _subject(self) -> tuple[str, ...] | None:
        return _chat_at(self.chat, self.chat.ended)


@frozen(kw_only=True, repr=False)
class ChatChanged(VisitorEvent):
    """The tags of a chat have changed, during the chat or after it. No other change is announced.

    Attributes:
        chat: the chat; empty if the webhook was registered without this data type.
    """

    event_type: WebhookEventType | str = WebhookEventType.CHAT_CHANGED
    chat: WebhookChat = _NO_CHAT

    @property
    def series(self) -> str:
        """See `WebhookEvent.series`: the chat."""
        is_guess = self.unique_id is None and self.chat.id is not None
        return self._named(self.chat.id or "") if is_guess else ""


@frozen(kw_only=True, repr=False)
class VisitorQueued(VisitorEvent):
    """A visitor waits in the queue for a chat."""

    event_type: WebhookEventType | str = WebhookEventType.VISITOR_QUEUED


@frozen(kw_only=True, repr=False)
class TicketCreated(WebhookEvent):
    """A ticket was created."""

    event_type: WebhookEventType | str = WebhookEventType.TICKET_CREATED
    ticket: Ticket

    def _subject(self) -> tuple[str, ...] | None:
        return (self.ticket.id,)


@frozen(kw_only=True, repr=False)
class CannedResponseChanged(WebhookEvent):
    """A canned response was created, changed or deleted. LiveChat does not say which."""

    event_type: WebhookEventType | str = WebhookEventType.CANNED_RESPONSE_CHANGED
    canned_response: WebhookCannedResponse

    @property
    def series(self) -> str:
        """See `WebhookEvent.series`: the canned response."""
        number = self.canned_response.id
        is_guess = self.unique_id is None and number is not None
        return self._named(str(number)) if is_guess else ""


@frozen(kw_only=True, repr=False)
class UnknownEvent(WebhookEvent):
    """An event unknown to this library: ``extra`` has all its fields, as sent."""


EVENT_CLASSES: Final[Mapping[WebhookEventType, type[WebhookEvent]]] = {
    WebhookEventType.CHAT_STARTED: ChatStarted,
    WebhookEventType.CHAT_ENDED: ChatEnded,
    WebhookEventType.CHAT_CHANGED: ChatChanged,
    WebhookEventType.VISITOR_QUEUED: VisitorQueued,
    WebhookEventType.TICKET_CREATED: TicketCreated,
    WebhookEventType.CANNED_RESPONSE_CHANGED: CannedResponseChanged,
}
"""The class for each event type."""


def no_client(value: object) -> ConfigurationError:
    """The error for an argument that has to be a client."""
    return refusal("client", value, "a LiveChatClient is needed, or None")


def _chat_at(chat: WebhookChat, time: datetime | None) -> tuple[str, ...] | None:
    """Identifies an event that happens to a chat at most once at a time."""
    if chat.id is None or time is None:
        return None
    return chat.id, str(int(time.timestamp()))


def _digest(values: dict[str, Any] | Iterable[str]) -> str:
    """The digest of the values, whatever the machine, the process or the order of keys."""
    canonical = msgspec.json.encode(values, order="deterministic")
    return sha256(canonical).hexdigest()[:_DIGEST_LENGTH]
