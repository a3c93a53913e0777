"""Visitors: who is on the site, and what the agent is shown of them.

https://developers.livechat.com/docs/management/configuration-api/v2.0#visitors
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import partial
from typing import Any, ClassVar, TypeAlias

from attrs import field, frozen
from attrs.validators import optional

from livechat_async.checks import check_items, is_text, needs
from livechat_async.models._base import IdText, Quirks, WireModel
from livechat_async.redaction import repr_of_fields


class VisitorState(StrEnum):
    """What a visitor is doing. LiveChat may know more states: those arrive as their text."""

    BROWSING = "browsing"
    CHATTING = "chatting"
    LOGGING_INTO_CHAT = "logging into chat"
    QUEUED = "queued"
    INVITED = "invited"
    REFUSED_INVITATION = "refused invitation"
    CHAT_CLOSED = "chat closed"
    ONLINE = "online"


@Quirks(skip_if_blank=True)
@frozen(kw_only=True, repr=False)
class Operator(WireModel):
    """An agent who is in a chat.

    Attributes:
        id: the agent's login, which is an e-mail address.
        display_name: the name the visitor sees.
    """

    id: IdText
    display_name: str = ""

    def _label(self) -> str:
        return self.id


@frozen(kw_only=True, repr=False)
class SurveyAnswer(WireModel):
    """A question of the pre-chat survey and its answer.

    Attributes:
        key: the question.
        value: the answer.
    """

    key: str = ""
    value: str = ""

    def _label(self) -> str:
        return f"{self.key.rstrip(': ')}: {self.value}"


@frozen(kw_only=True, repr=False)
class CustomVariable(WireModel):
    """A variable the site's tracking code sets.

    Attributes:
        key: its name.
        value: its value.
    """

    key: str = ""
    value: str = ""

    def _label(self) -> str:
        return f"{self.key}: {self.value}"


@frozen(kw_only=True, repr=False)
class VisitedPage(WireModel):
    """A page the visitor was on.

    Attributes:
        page: its address.
        title: its title.
        invitation: the greeting shown there, or ``""``.
        time: when it was entered.
        time_ref: Unix seconds, as sent; LiveChat does not say what of.
    """

    page: str = ""
    title: str = ""
    invitation: str = ""
    time: datetime | None = field(default=None, metadata={"twin": "time_ts"})
    time_ref: int | None = None

    def _label(self) -> str:
        return self.page


@frozen(kw_only=True, repr=False)
class VisitorChat(WireModel):
    """The chat a visitor is in, as newer answers show it. LiveChat does not document it.

    Attributes:
        id: the chat's id.
        chat_room: a number, as sent.
        start_time: when it began, as in ``queue_start_time``.
        agents: who is in the chat.
    """

    id: IdText | None = None
    chat_room: int | None = None
    start_time: datetime | int | None = None
    agents: tuple[Operator, ...] = ()

    def _label(self) -> str:
        return self.id or ""


@Quirks(can_mix_times=True)
@frozen(kw_only=True, repr=False)
class Visitor(WireModel):
    """A visitor who is on the site now.

    The times are aware where the answer says one of them in Unix seconds too, or the client has a
    ``timezone``. Otherwise they are naive: LiveChat does not document the zone of its texts. They
    never mix: a text without Unix seconds is in the zone that another time shows, which has both,
    else in UTC. A blank id, time or number is None; free text stays as sent.

    Attributes:
        id: the visitor's id; opaque.
        state: a `VisitorState`, or the text of a new one.
        name: the name, ``"Visitor"`` when LiveChat does not know it, or ``""``.
        group: the group's number.
        ip: the address the visitor comes from.
        host: its name, or the address again.
        browser: the User-Agent text.
        language: the language code.
        city: by that address; this and the next three may be blank.
        region: by that address.
        country: by that address.
        country_code: by that address.
        timezone: the visitor's own time zone. The times here are not in it.
        latitude: degrees, north positive.
        longitude: degrees, east positive.
        last_visit: when this visit began.
        page_entered: when the current page was entered.
        page_time: when the visitor was last seen on it.
        page_current: the address of the current page.
        page_address: the same address, in newer answers.
        page_title: its title.
        referrer: where the visitor came from, or ``""``.
        invitation: the greeting shown, or ``""``.
        visit_path: the pages of this visit.
        chat_id: the chat the visitor is in.
        chat_start_time: when it began.
        chat: that chat, in newer answers.
        queue_start_time: when the visitor entered the queue. A number that can only be Unix
            seconds (10 digits) or milliseconds (13 digits) is an aware time; another number stays
            as sent, as its unit is not known.
        operators: the agents in the chat.
        prechat_survey: what the visitor answered before the chat.
        custom_variables: what the site's tracking code says of the visitor.
        chats: how many chats so far.
        visits: how many visits so far.
        page_views: how many pages so far.
        greetings_all: how many greetings were shown.
        greetings_accepted: how many of them were answered.
        greetings_refused: how many of them were closed.
    """

    _derived: ClassVar[Sequence[str]] = ("email",)
    _shown: ClassVar[Sequence[str]] = (
        *("id", "state", "name", "email", "group", "city", "country", "page_current"),
        *("last_visit", "visits", "chat_id", "operators"),
    )

    id: IdText
    state: VisitorState | str
    name: str = ""
    group: int | None = None
    ip: str = ""
    host: str = ""
    browser: str = ""
    language: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    country_code: str = ""
    timezone: str = ""
    latitude: float | None = None
    longitude: float | None = None
    last_visit: datetime | None = field(default=None, metadata={"twin": "last_visit_ts"})
    page_entered: datetime | None = field(default=None, metadata={"twin": "page_entered_ts"})
    page_time: datetime | None = field(default=None, metadata={"twin": "page_time_ts"})
    page_current: str = ""
    page_address: str = ""
    page_title: str = ""
    referrer: str = ""
    invitation: str = ""
    visit_path: tuple[VisitedPage, ...] = ()
    chat_id: IdText | None = None
    chat_start_time: datetime | None = field(default=None, metadata={"twin": "chat_start_time_ts"})
    chat: VisitorChat | None = None
    queue_start_time: datetime | int | None = None
    operators: tuple[Operator, ...] = ()
    prechat_survey: tuple[SurveyAnswer, ...] = ()
    custom_variables: tuple[CustomVariable, ...] = ()
    chats: int | None = None
    visits: int | None = None
    page_views: int | None = None
    greetings_all: int | None = None
    greetings_accepted: int | None = None
    greetings_refused: int | None = None

    @property
    def email(self) -> str:
        """The e-mail address that the visitor gave in the pre-chat survey, or ``""``."""
        return email_in(self.prechat_survey)


@frozen
class Count:
    """How many visitors there are.

    Attributes:
        number: the number of visitors.
    """

    number: int

    __repr__ = repr_of_fields


def email_in(answers: Iterable[SurveyAnswer]) -> str:
    """The e-mail address among the answers of a survey, or ``""``.

    A question whose name has "mail" in it comes first. Surveys are in any language, so without one
    the first answer that is an address counts.
    """
    found = [answer for answer in answers if re.fullmatch(_EMAIL, answer.value.strip())]
    asked = (answer for answer in found if "mail" in answer.key.lower())
    answer = next(asked, found[0] if found else None)
    return "" if answer is None else answer.value.strip()


FieldValue: TypeAlias = str | int | float | Decimal | date | datetime

# Patterns are kept as text: `re` compiles each when it is first used, and remembers it.
_SCHEME = r"(?i)^(https?:)?//"
_LINK = r"(?i)(https?://|mailto:|tel:)[^\s/]\S*"
_EMAIL = r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+"
_ICON = r"[^\s/:?#@]+(:\d+)?(/\S*)?"
_IN_IDS = set("LMNPS")  # categories of characters: letters, marks, numbers, punctuation, symbols


def _to_text(value: FieldValue) -> str:
    if type(value) is str:
        return value
    plain: Any = value.value if isinstance(value, Enum) else value
    if isinstance(plain, bool):
        plain = int(plain)
    if isinstance(plain, date):
        return plain.isoformat()
    with suppress(OverflowError, ValueError):  # a number of thousands of digits, or a Decimal sNaN
        if isinstance(plain, (int, float, Decimal)) and math.isfinite(plain):
            return str(plain)
    return plain  # type: ignore[no-any-return]  # what is no text is for the validator to refuse


def _is(pattern: str, value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(pattern, value)) and value.isprintable()


_check_name = needs("a name is needed; it is the label", is_text)
_check_value = needs(
    "text, a number or a date is needed; leave the field out if there is none",
    lambda value: isinstance(value, str),
)
_check_link = needs(
    "a whole address is needed, such as https://crm.example.com/7", partial(_is, _LINK)
)


@frozen
class DetailField:
    """One line of what the agent is shown of a visitor.

    Args:
        name: the label.
        value: the text, number or date beside it; it travels as text. With a ``url`` it is the
            text of the link.
        url: the address the value links to.

    Raises:
        ConfigurationError: no name, a value that is no text, number or date, or no whole address.
    """

    name: str = field(validator=_check_name)
    value: str = field(converter=_to_text, validator=_check_value)
    url: str | None = field(default=None, validator=optional(_check_link))

    __repr__ = repr_of_fields


def _is_id(value: Any) -> bool:
    found = {unicodedata.category(each)[0] for each in value} if isinstance(value, str) else set()
    return bool(found) and found <= _IN_IDS


_check_id = needs(
    "a name for the set of data is needed, of letters, digits and punctuation marks, such as "
    "'my-app'",
    _is_id,
)


def _to_fields(values: Iterable[DetailField]) -> tuple[DetailField, ...]:
    example = '[DetailField("Age", 36)]'
    return tuple(check_items("VisitorDetails: fields", values, DetailField, example))


def _to_icon(value: str | None) -> str | None:
    return re.sub(_SCHEME, "", value, count=1) if isinstance(value, str) else value


_check_icon = needs(
    "the address of a picture is needed, such as example.com/icon.png", partial(_is, _ICON)
)


@frozen
class VisitorDetails:
    """A set of data the agent is shown beside the chat.

    Args:
        id: names the set, so that several can stand beside each other; letters, digits and
            punctuation only. Sending a set of the same id again replaces it.
        fields: what is shown, in order; at least one.
        icon: address of a picture of 64 by 64 pixels, served over https. LiveChat wants it without
            its scheme, so a scheme is taken off.

    Raises:
        ConfigurationError: a value LiveChat would refuse, or drop in silence.
    """

    id: str = field(validator=_check_id)
    fields: tuple[DetailField, ...] = field(converter=_to_fields)
    icon: str | None = field(default=None, converter=_to_icon, validator=optional(_check_icon))

    __repr__ = repr_of_fields


ENDPOINTS: Mapping[str, Any] = {
    "GET /visitors": list[Visitor],
    "POST /visitors/{visitor_id}/details": None,
}
