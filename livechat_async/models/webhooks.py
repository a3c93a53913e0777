"""Webhooks: how they are registered, and what their bodies are made of.

https://developers.livechat.com/docs/management/configuration-api/v2.0#webhooks
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar

from attrs import field, frozen

from livechat_async.models._base import IdText, Quirks, WireModel, person
from livechat_async.models.chats import UserType
from livechat_async.models.visitors import CustomVariable
from livechat_async.redaction import HIDDEN, Secret

_USER_INFO = r"\A([^/?#]*//)?[^/?#]*@"


def hidden_repr(value: object) -> str:
    """What a ``repr`` shows of a secret that may be None, also where it is no `Secret`."""
    return "None" if value is None else f"'{HIDDEN}'"


@Quirks(spellings={"visior_queued": "visitor_queued"})
class WebhookEventType(StrEnum):
    """When a webhook is sent."""

    CHAT_STARTED = "chat_started"
    CHAT_ENDED = "chat_ended"
    CHAT_CHANGED = "chat_changed"
    VISITOR_QUEUED = "visitor_queued"
    TICKET_CREATED = "ticket_created"
    CANNED_RESPONSE_CHANGED = "canned_response_changed"


class WebhookDataType(StrEnum):
    """What a webhook brings, if it was asked for when the webhook was registered."""

    CHAT = "chat"
    VISITOR = "visitor"
    PRE_CHAT_SURVEY = "pre_chat_survey"
    TICKET = "ticket"
    CANNED_RESPONSE = "canned_response"


_CHAT = (WebhookDataType.CHAT, WebhookDataType.VISITOR)

DATA_TYPES: Mapping[WebhookEventType, tuple[WebhookDataType, ...]] = MappingProxyType(
    {
        WebhookEventType.CHAT_STARTED: (*_CHAT, WebhookDataType.PRE_CHAT_SURVEY),
        WebhookEventType.CHAT_ENDED: (*_CHAT, WebhookDataType.PRE_CHAT_SURVEY),
        WebhookEventType.CHAT_CHANGED: _CHAT,
        WebhookEventType.VISITOR_QUEUED: (WebhookDataType.VISITOR,),
        WebhookEventType.TICKET_CREATED: (WebhookDataType.TICKET,),
        WebhookEventType.CANNED_RESPONSE_CHANGED: (WebhookDataType.CANNED_RESPONSE,),
    }
)
"""What each event can bring."""


@frozen(kw_only=True, repr=False)
class Webhook(WireModel):
    """A registration: where LiveChat sends which event.

    Attributes:
        id: the registration's id.
        event_type: a `WebhookEventType`, or the text of a new one.
        data_types: what the bodies bring; each a `WebhookDataType`, or the text of another one.
        url: where they are sent to. A secret: it may hold a user name and a password.
        token: a secret; LiveChat does not say what for.
        license_id: the licence's number as text; ``licence`` on the wire.
        verified: as sent; LiveChat does not say what it means.
    """

    _derived: ClassVar[Sequence[str]] = ("address",)

    id: IdText
    event_type: WebhookEventType | str
    data_types: tuple[WebhookDataType | str, ...] = ()
    url: Secret = field(repr=hidden_repr)
    token: Secret | None = field(default=None, repr=hidden_repr)
    license_id: IdText | None = field(default=None, metadata={"wire": "licence"})
    verified: bool | None = None

    @property
    def address(self) -> str:
        """The ``url`` without user name and password."""
        return re.sub(_USER_INFO, r"\1", self.url.reveal())


@frozen(kw_only=True, repr=False)
class WebhookMessage(WireModel):
    """Something that was said in a chat.

    Attributes:
        text: the message.
        author_name: who wrote it, or ``""``.
        user_type: a `UserType`, or the text of a new one.
        agent_id: the login of the agent or supervisor; None for a visitor.
        date: when; ``timestamp`` on the wire.
        json: a rich message: JSON text, or what it stands for, as sent; None if it is none.
    """

    text: str = ""
    author_name: str = ""
    user_type: UserType | str | None = None
    agent_id: IdText | None = None
    date: datetime | None = field(default=None, metadata={"twin": "timestamp"})
    json: Any = field(default=None, hash=False)

    @property
    def is_from_visitor(self) -> bool:
        """Whether the visitor wrote it: only agents and supervisors have an ``agent_id``."""
        # Not by user_type: bodies were seen that call visitors agents there.
        return self.agent_id is None


@frozen(kw_only=True, repr=False)
class WebhookChatEvent(WebhookMessage):
    """Something that happened in a chat.

    Attributes:
        type: what, such as ``"closed"``.
    """

    type: str = ""


@frozen(kw_only=True, repr=False)
class WebhookChatAgent(WireModel):
    """An agent of a chat.

    Attributes:
        name: the name the visitor sees.
        login: the agent's login, which is an e-mail address.
    """

    name: str = ""
    login: str = ""

    def _label(self) -> str:
        return self.login or self.name


@Quirks(can_mix_times=True)
@frozen(kw_only=True, repr=False)
class WebhookChat(WireModel):
    """A chat, as a webhook brings it. Times are aware, in UTC.

    Attributes:
        id: the chat's id; None where the webhook brings no chat.
        started: when it began; ``started_timestamp`` on the wire.
        ended: when it ended, ``ended_timestamp`` on the wire; None while it goes on.
        messages: what was said so far.
        events: what else happened.
        tags: the tags.
        url: the page of the chat, or ``""``.
        referrer: where the visitor came from, or ``""``; ``referer`` on the wire.
        agents: who answers.
        groups: the numbers of the groups.
        attachments: what was attached, as sent; LiveChat does not document it.
    """

    id: IdText | None = None
    started: datetime | None = field(default=None, metadata={"twin": "started_timestamp"})
    ended: datetime | None = field(default=None, metadata={"twin": "ended_timestamp"})
    messages: tuple[WebhookMessage, ...] = ()
    events: tuple[WebhookChatEvent, ...] = ()
    tags: tuple[str, ...] = ()
    url: str = ""
    referrer: str = field(default="", metadata={"wire": "referer"})
    agents: tuple[WebhookChatAgent, ...] = ()
    groups: tuple[int, ...] = ()
    attachments: tuple[Any, ...] = field(default=(), hash=False)

    def _label(self) -> str:
        return self.id or ""


@frozen(kw_only=True, repr=False)
class WebhookVisitor(WireModel):
    """A visitor, as a webhook brings it.

    Attributes:
        id: the visitor's id, opaque; None where the webhook brings no visitor.
        name: the name, or ``""``.
        email: the e-mail address, or ``""``.
        custom_variables: what the site's tracking code says.
        country: by the visitor's address; may be blank.
        city: by the visitor's address; may be blank.
        language: the visitor's language, such as ``en``.
        page_current: the address of the page the visitor is on.
        timezone: the name of the visitor's time zone, such as ``Australia/South``.
    """

    id: IdText | None = None
    name: str = ""
    email: str = ""
    custom_variables: tuple[CustomVariable, ...] = ()
    country: str = ""
    city: str = ""
    language: str = ""
    page_current: str = ""
    timezone: str = ""

    def _label(self) -> str:
        return person(self.name, self.email) or self.id or ""


@frozen(kw_only=True, repr=False)
class WebhookSurveyChoice(WireModel):
    """One of the choices of a question.

    Attributes:
        label: the choice.
        chosen: whether the visitor chose it.
    """

    label: str = ""
    chosen: bool = False

    def _label(self) -> str:
        return self.label if self.chosen else f"(not: {self.label})"


@frozen(kw_only=True, repr=False)
class WebhookSurveyAnswer(WireModel):
    """A question of the pre-chat survey and its answer.

    Attributes:
        id: the question's id, which is text of digits.
        type: its type, such as ``name``, ``email`` or ``checkbox``.
        label: the question.
        answer: the answer; ``""`` where choices are given.
        answers: every choice, chosen or not.
    """

    id: IdText | None = None
    type: str = ""
    label: str = ""
    answer: str = ""
    answers: tuple[WebhookSurveyChoice, ...] = ()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The labels of the choices that were chosen."""
        return tuple(choice.label for choice in self.answers if choice.chosen)

    def _label(self) -> str:
        return f"{self.label.rstrip(': ')}: {self.answer or ', '.join(self.chosen)}"


@frozen(kw_only=True, repr=False)
class WebhookCannedResponse(WireModel):
    """A canned response. A webhook does not say whether it was made, changed or deleted.

    Attributes:
        id: its number.
        group: the number of the group it is of.
        modified: when it was last changed, aware, in UTC; ``modification_date`` on the wire.
        tags: what an agent types to find it.
        text: what it says.
    """

    id: int | None = None
    group: int | None = None
    modified: datetime | None = field(default=None, metadata={"twin": "modification_date"})
    tags: tuple[str, ...] = ()
    text: str = ""


ENDPOINTS: Mapping[str, Any] = {
    "GET /webhooks": list[Webhook],
    "POST /webhooks": Webhook,
    "DELETE /webhooks/{webhook_id}": None,
}
