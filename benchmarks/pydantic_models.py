"""A visitor as a pydantic model, with the same fields: how one would be written with care.

It reads blanks as None where an id, a number or a time is due, leaves nobody out of the operators,
and takes a time from its twin in Unix seconds where there is one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from livechat_async import VisitorState

T = TypeVar("T")


def _none_if_blank(value: Any) -> Any:
    return None if value == "" else value


def _without_blanks(value: Any) -> Any:
    if isinstance(value, list):
        return [each for each in value if not isinstance(each, dict) or each.get("id")]
    return value


OrBlank = Annotated[T | None, BeforeValidator(_none_if_blank)]


class Model(BaseModel):
    """The base of all models."""

    model_config = ConfigDict(frozen=True)


class Operator(Model):
    """An agent who is in a chat."""

    id: str
    display_name: str = ""


class Pair(Model):
    """An answer in a survey, or a variable."""

    key: str
    value: str = ""


class VisitedPage(Model):
    """A page the visitor was on."""

    page: str
    title: str = ""
    invitation: str = ""
    time: OrBlank[datetime] = Field(None, validation_alias=AliasChoices("time_ts", "time"))
    time_ref: int | None = None


class VisitorChat(Model):
    """The chat a visitor is in."""

    id: OrBlank[str] = None
    chat_room: int | None = None
    start_time: OrBlank[datetime | int] = None
    agents: Annotated[tuple[Operator, ...], BeforeValidator(_without_blanks)] = ()


class Visitor(Model):
    """A visitor who is on the site now."""

    id: str
    state: VisitorState | str = Field(union_mode="left_to_right")
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
    latitude: OrBlank[float] = None
    longitude: OrBlank[float] = None
    last_visit: OrBlank[datetime] = Field(
        None, validation_alias=AliasChoices("last_visit_ts", "last_visit")
    )
    page_entered: OrBlank[datetime] = Field(
        None, validation_alias=AliasChoices("page_entered_ts", "page_entered")
    )
    page_time: OrBlank[datetime] = Field(
        None, validation_alias=AliasChoices("page_time_ts", "page_time")
    )
    page_current: str = ""
    page_address: str = ""
    page_title: str = ""
    referrer: str = ""
    invitation: str = ""
    visit_path: tuple[VisitedPage, ...] = ()
    chat_id: OrBlank[str] = None
    chat_start_time: OrBlank[datetime] = Field(
        None, validation_alias=AliasChoices("chat_start_time_ts", "chat_start_time")
    )
    chat: VisitorChat | None = None
    queue_start_time: OrBlank[datetime | int] = None
    operators: Annotated[tuple[Operator, ...], BeforeValidator(_without_blanks)] = ()
    prechat_survey: tuple[Pair, ...] = ()
    custom_variables: tuple[Pair, ...] = ()
    chats: int | None = None
    visits: int | None = None
    page_views: int | None = None
    greetings_all: int | None = None
    greetings_accepted: int | None = None
    greetings_refused: int | None = None


class DetailField(Model):
    """One line of what the agent is shown of a visitor."""

    name: str = Field(min_length=1)
    value: str
    url: str | None = None


class Details(Model):
    """The body that adds details."""

    license_id: str
    token: str = Field(min_length=1)
    id: str = Field(min_length=1)
    fields_: tuple[DetailField, ...] = Field(
        validation_alias="fields", serialization_alias="fields", min_length=1
    )
    icon: str | None = None


VISITORS: TypeAdapter[list[Visitor]] = TypeAdapter(list[Visitor])
