"""Chats: the archive of what was said, and the messages left after hours.

https://developers.livechat.com/docs/management/configuration-api/v2.0#archives
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from attrs import field, frozen

from livechat_async.models._base import IdText, Quirks, WireModel, person
from livechat_async.models.visitors import CustomVariable, SurveyAnswer, email_in

__all__ = [
    "Chat",
    "ChatAgent",
    "ChatEvent",
    "ChatEventType",
    "ChatGoal",
    "ChatMessage",
    "ChatQueue",
    "ChatRate",
    "ChatSurveyAnswer",
    "ChatType",
    "ChatVisitor",
    "Engagement",
    "GoalOrder",
    "UserType",
]


class ChatType(StrEnum):
    """What an item of the archive is."""

    CHAT = "chat"
    MISSED_CHAT = "missed_chat"


class ChatRate(StrEnum):
    """How the visitor rated a chat. ``RATED`` is only for asking: good or bad."""

    RATED = "rated"
    NOT_RATED = "not_rated"
    RATED_GOOD = "rated_good"
    RATED_BAD = "rated_bad"


class Engagement(StrEnum):
    """How a chat came about."""

    AUTO_INVITE = "auto_invite"
    MANUAL_INVITE = "manual_invite"
    IMMEDIATE_START = "immediate_start"


class UserType(StrEnum):
    """Who said or did something in a chat."""

    AGENT = "agent"
    VISITOR = "visitor"
    SUPERVISOR = "supervisor"


class ChatEventType(StrEnum):
    """What happened in a chat."""

    MESSAGE = "message"
    ATTACHMENT = "attachment"
    EVENT = "event"


@frozen(kw_only=True, repr=False)
class ChatVisitor(WireModel):
    """The visitor of a chat.

    Attributes:
        id: the visitor's id; opaque.
        name: the name.
        email: the e-mail address.
        ip: the address the visitor came from.
        city: by that address; this and the next three may be blank.
        region: by that address.
        country: by that address.
        country_code: by that address.
        timezone: the visitor's own time zone. The times of the chat are not in it.
        user_agent: the browser's User-Agent text.
    """

    id: IdText | None = None
    name: str = ""
    email: str = ""
    ip: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    country_code: str = ""
    timezone: str = ""
    user_agent: str = ""

    def _label(self) -> str:
        return person(self.name, self.email) or self.id or ""


@Quirks(skip_if_blank=True)
@frozen(kw_only=True, repr=False)
class ChatAgent(WireModel):
    """An agent, or a supervisor, of a chat.

    Attributes:
        display_name: the name the visitor sees.
        email: the agent's login.
        ip: the address the agent chatted from.
    """

    display_name: str = ""
    email: str = ""
    ip: str = ""

    def _label(self) -> str:
        return self.email or self.display_name


@frozen(kw_only=True, repr=False)
class ChatSurveyAnswer(SurveyAnswer):
    """A question of a survey and its answer, in a chat.

    Attributes:
        id: the question's id, which is text of digits.
    """

    id: IdText | None = None


@frozen(kw_only=True, repr=False)
class GoalOrder(WireModel):
    """What was ordered when a goal was reached.

    Attributes:
        id: the order's id.
        description: what was ordered.
        price: the price, exactly; in ``currency``.
        currency: its code, such as ``"USD"``.
    """

    id: IdText | None = None
    description: str = ""
    price: Decimal | None = None
    currency: str = ""


@frozen(kw_only=True, repr=False)
class ChatGoal(WireModel):
    """A goal that was reached in a chat.

    Attributes:
        id: the goal's number.
        name: its name.
        type: its type.
        date: when it was reached.
        order: what was ordered; None where nothing was.
    """

    id: int | None = None
    name: str = ""
    type: str = ""
    date: datetime | None = field(default=None, metadata={"twin": "timestamp"})
    order: GoalOrder | None = None

    def _label(self) -> str:
        return self.name


@frozen(kw_only=True, repr=False)
class ChatQueue(WireModel):
    """The visitor's wait before the chat.

    Attributes:
        duration: seconds.
    """

    duration: int | None = None


@frozen(kw_only=True, repr=False)
class ChatMessage(WireModel):
    """Something that was said in a chat.

    Attributes:
        text: the message.
        author_name: who wrote it, or ``""``.
        user_type: a `UserType`, or the text of a new one.
        agent_id: the login of the agent or supervisor; None for a visitor.
        date: when.
        message_json: a rich message, as JSON text.
        event_id: its id, such as ``MH022RD0K5_3``.
    """

    text: str = ""
    author_name: str = ""
    user_type: UserType | str | None = None
    agent_id: IdText | None = None
    date: datetime | None = field(default=None, metadata={"twin": "timestamp"})
    message_json: str | None = None
    event_id: IdText | None = None


@frozen(kw_only=True, repr=False)
class ChatEvent(ChatMessage):
    """Something that happened in a chat: also that something was said.

    Attributes:
        type: a `ChatEventType`, or the text of a new one.
        event_type: what kind of ``event``, such as ``"closed"``, or ``""``.
        files: the addresses of what was attached.
    """

    type: ChatEventType | str | None = None
    event_type: str = ""
    files: tuple[str, ...] = ()


@Quirks(can_mix_times=True)
@frozen(kw_only=True, repr=False)
class Chat(WireModel):
    """A chat that has ended, one that is still going on, or a message left after hours.

    The times are aware where the answer says one of them in Unix seconds too, or names a known
    ``timezone``, or the client has one. Otherwise they are naive. They never mix: see `Visitor`.
    Times that contradict each other are not reconciled. A blank id, time or number is None; free
    text stays as sent.

    Attributes:
        id: the chat's id.
        type: a `ChatType`, or the text of a new one.
        visitor: who chatted; None in old answers, where the next three say it.
        visitor_id: the visitor's id.
        visitor_name: the name.
        visitor_ip: the address the visitor came from.
        agents: who answered.
        supervisors: who supervised.
        rate: a `ChatRate`, or the text of a new one.
        duration: seconds.
        chat_start_url: the page the chat began on.
        referrer: where the visitor came from, or ``""``.
        group: the numbers of the groups.
        started: when it began.
        ended: when it ended; None while it goes on.
        pending: whether it still goes on.
        prechat_survey: what the visitor answered before the chat.
        postchat_survey: what the visitor answered after it.
        custom_variables: what the site's tracking code says of the visitor.
        integration_variables: what a Facebook log-in says of the visitor.
        goals: the goals that were reached.
        queue: the wait before the chat; None if there was no queue.
        tags: the tags.
        tickets: the tickets made of the chat, as sent; LiveChat does not document them.
        timezone: the zone that times without one are in.
        messages: what was said.
        events: what was said, and what else happened.
        engagement: an `Engagement`, or the text of a new one.
        message_id: an id, as sent; LiveChat does not say what of.
        time: of a missed chat: when it was written.
        message: of a missed chat: the message.
    """

    _shown: ClassVar[Sequence[str]] = (
        *("id", "type", "visitor_summary", "agents", "started", "time", "duration", "group"),
        *("rate", "tags", "messages", "events", "message"),
    )

    id: IdText
    type: ChatType | str | None = None
    visitor: ChatVisitor | None = None
    visitor_id: IdText | None = None
    visitor_name: str = ""
    visitor_ip: str = ""
    agents: tuple[ChatAgent, ...] = ()
    supervisors: tuple[ChatAgent, ...] = ()
    rate: ChatRate | str | None = None
    duration: int | None = None
    chat_start_url: str = ""
    referrer: str = ""
    group: tuple[int, ...] = ()
    started: datetime | None = field(default=None, metadata={"twin": "started_timestamp"})
    ended: datetime | None = field(default=None, metadata={"twin": "ended_timestamp"})
    pending: bool = False
    prechat_survey: tuple[ChatSurveyAnswer, ...] = ()
    postchat_survey: tuple[ChatSurveyAnswer, ...] = ()
    custom_variables: tuple[CustomVariable, ...] = ()
    integration_variables: tuple[CustomVariable, ...] = ()
    goals: tuple[ChatGoal, ...] = ()
    queue: ChatQueue | None = None
    tags: tuple[str, ...] = ()
    tickets: tuple[Any, ...] = field(default=(), hash=False)
    timezone: str = field(default="", metadata={"zone": True})
    messages: tuple[ChatMessage, ...] = ()
    events: tuple[ChatEvent, ...] = ()
    engagement: Engagement | str | None = None
    message_id: IdText | None = None
    _email: str = field(default="", alias="email", metadata={"wire": "email"})
    time: datetime | None = None
    message: str = ""

    @property
    def email(self) -> str:
        """The visitor's e-mail address, or ``""``.

        Of a missed chat it is where to answer. Else it is ``visitor.email``, or what the visitor
        gave in the pre-chat survey.
        """
        known = self.visitor.email if self.visitor is not None else ""
        return self._email or known or email_in(self.prechat_survey)

    def to_row(self) -> dict[str, Any]:
        """The chat as a row of a table: the columns of ``livechat-async chats export`` to CSV.

        Values are texts, numbers, booleans, times, None, and lists of these. Aware times are in
        UTC. ``started`` is the ``time`` of a missed chat; ``duration`` and ``queued`` are seconds;
        ``messages`` is their number.
        """
        return super().to_row()

    def _row(self) -> dict[str, Any]:
        visitor = self.visitor_summary or ChatVisitor()
        return {
            "id": self.id,
            "type": None if self.type is None else str(self.type),
            "started": self.started or self.time,
            "ended": self.ended,
            "duration": self.duration,
            "pending": self.pending,
            "visitor_id": visitor.id or self.visitor_id,
            "visitor_name": visitor.name or self.visitor_name,
            "visitor_email": self.email,
            "visitor_ip": visitor.ip or self.visitor_ip,
            "city": visitor.city,
            "region": visitor.region,
            "country": visitor.country,
            "agents": [agent.email or agent.display_name for agent in self.agents],
            "groups": list(self.group),
            "tags": list(self.tags),
            "rate": None if self.rate is None else str(self.rate),
            "goals": [goal.name for goal in self.goals],
            "engagement": None if self.engagement is None else str(self.engagement),
            "url": self.chat_start_url,
            "referrer": self.referrer,
            "queued": None if self.queue is None else self.queue.duration,
            "messages": len(self.messages),
            "message": self.message,
            "timezone": self.timezone,
        }

    @property
    def is_missed(self) -> bool:
        """Whether it is a message left after hours: only ``message`` says what was written."""
        return self.type == ChatType.MISSED_CHAT

    @property
    def visitor_summary(self) -> ChatVisitor | None:
        """The visitor, also where the answer has only the flat fields; None if it says nothing."""
        if self.visitor is not None:
            return self.visitor
        flat = ChatVisitor(
            id=self.visitor_id, name=self.visitor_name, ip=self.visitor_ip, email=self.email
        )
        return None if flat == ChatVisitor() else flat


ENDPOINTS: Mapping[str, Any] = {
    "GET /chats": list[Chat],
    "GET /chats/{chat_id}": Chat,
    "PUT /chats/{chat_id}/tags": None,
    "POST /chats/{chat_id}/send_transcript": None,
}
