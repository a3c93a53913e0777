"""What the models know of each answer: the endpoints, and the fields of each class on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import EnumType
from functools import cache
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qs

import attrs
from attrs import field, frozen

from livechat_async.models import reports as row
from livechat_async.models._base import IdText, WireModel, quirks_of, wire_name
from livechat_async.models.agents import Agent, AgentSummary
from livechat_async.models.canned_responses import CannedResponse
from livechat_async.models.chats import Chat
from livechat_async.models.goals import Goal
from livechat_async.models.greetings import Greeting
from livechat_async.models.groups import Group
from livechat_async.models.status import GroupStatus
from livechat_async.models.tags import Tag
from livechat_async.models.tickets import Ticket
from livechat_async.models.visitors import Count, Visitor
from livechat_async.models.webhooks import (
    Webhook,
    WebhookCannedResponse,
    WebhookChat,
    WebhookEventType,
    WebhookSurveyAnswer,
    WebhookVisitor,
)
from livechat_async.redaction import Secret

__all__ = [
    "ENDPOINTS",
    "NUMBERS",
    "TIMES",
    "DeliveryShape",
    "Known",
    "enum_of",
    "fields_of",
    "find_endpoint",
    "is_id",
    "is_of",
    "item_of",
    "model_of",
    "shape_of",
]


@frozen(kw_only=True, repr=False)
class _Paged(WireModel):
    total: int | None = None
    pages: int | None = None


@frozen(kw_only=True, repr=False)
class _Chats(_Paged):
    chats: tuple[Chat, ...]


@frozen(kw_only=True, repr=False)
class _Tickets(_Paged):
    tickets: tuple[Ticket, ...]


@frozen(kw_only=True, repr=False)
class _Webhooks(WireModel):
    events: tuple[Webhook, ...]


@frozen(kw_only=True, repr=False)
class DeliveryShape(WireModel):
    """The body of a webhook, of any event: the fields that the classes of events have together."""

    event_type: WebhookEventType | str
    license_id: IdText | None = None
    token: Secret | None = None
    event_unique_id: IdText | None = None
    lc_version: IdText | None = None
    visitor: WebhookVisitor | None = None
    chat: WebhookChat | None = None
    pre_chat_survey: tuple[WebhookSurveyAnswer, ...] = ()
    ticket: Ticket | None = None
    canned_response: WebhookCannedResponse | None = None


_LISTS: Mapping[Any, tuple[str, Any]] = {
    Chat: ("chats", _Chats),
    Ticket: ("tickets", _Tickets),
    Webhook: ("events", _Webhooks),
}


def _reports(root: str, rows: Mapping[str, Any]) -> dict[str, Any]:
    return {f"GET /reports/{root}{name}": rows[name] for name in rows}


def _items(path: str, argument: str, item: Any, listed: Any = None) -> dict[str, Any]:
    one = f"{path}/{{{argument}}}"
    answers = dict.fromkeys((f"POST {path}", f"GET {one}", f"PUT {one}"), item)
    return {f"GET {path}": GenericAlias(list, (listed or item,)), **answers, f"DELETE {one}": None}


def _by_period(kind: Any) -> Any:
    return Mapping[str, kind]


_RATINGS: Mapping[str, Any] = {
    "ratings": _by_period(row.Ratings),
    "ratings/ranking": row.Ranking,
}

ENDPOINTS: Final[Mapping[str, Any]] = {
    "GET /visitors": list[Visitor],
    "POST /visitors/{visitor_id}/details": None,
    "GET /chats": _Chats,
    "GET /chats/{chat_id}": Chat,
    "PUT /chats/{chat_id}/tags": None,
    "POST /chats/{chat_id}/send_transcript": None,
    "GET /tickets": _Tickets,
    "POST /tickets": Ticket,
    "GET /tickets/{ticket_id}": Ticket,
    "PUT /tickets/{ticket_id}/tags": None,
    **_items("/agents", "login", Agent, listed=AgentSummary),
    **_items("/groups", "group_id", Group),
    "GET /status": GroupStatus,
    "GET /status/{group}": GroupStatus,
    "GET /tags": list[Tag],
    "POST /tags": Tag,
    "DELETE /tags/{name}": None,
    **_items("/goals", "goal_id", Goal),
    "POST /goals/{goal_id}/mark_as_successful": None,
    **_items("/greetings", "greeting_id", Greeting),
    **_items("/canned_responses", "response_id", CannedResponse),
    "GET /webhooks": _Webhooks,
    "POST /webhooks": Webhook,
    "DELETE /webhooks/{webhook_id}": None,
    **_reports(
        "chats/",
        {
            **_RATINGS,
            "total_chats": _by_period(row.TotalChats),
            "engagement": _by_period(row.ChatEngagement),
            "not_replied_chats": _by_period(row.NotRepliedChats),
            "queued_visitors": _by_period(row.QueuedVisitors),
            "queued_visitors/waiting_times": _by_period(row.QueuedVisitors),
            "chatting_time": _by_period(row.TimeSpent),
            "first_response_time": _by_period(row.ResponseTime),
            "response_time": _by_period(row.ResponseTime),
            "agents_occupancy": _by_period(int),
            "goals": _by_period(row.GoalsReached),
            "greetings": _by_period(row.GreetingsShown),
        },
    ),
    **_reports(
        "tickets/",
        {
            **_RATINGS,
            "new_tickets": _by_period(row.NewTickets),
            "first_response_time": _by_period(row.CountedHours),
            "solved_tickets": _by_period(row.SolvedTickets),
            "resolution_time": _by_period(row.CountedHours),
            "ticket_sources": _by_period(row.TicketSources),
        },
    ),
    **_reports("", {"availability": _by_period(row.TimeSpent)}),
}
"""What each call of the documented API answers; None where the client does not read it."""


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(each, re.compile(re.sub(r"\{\w+\}", "[^/]+", each))) for each in ENDPOINTS]


def find_endpoint(method: str, path: str) -> str | None:
    """The key in `ENDPOINTS` of a call; None if it has none. Its path may begin with ``/v2``."""
    call = f"{method} {path.removeprefix('/v2').removesuffix('/')}"
    return next((each for each, pattern in _patterns() if pattern.fullmatch(call)), None)


def shape_of(endpoint: str | None, query: str, status: int, body: Any) -> Any:
    """The type of an answer with this JSON as its body; None if no model says what it is.

    ``endpoint`` is a key in `ENDPOINTS`, and ``query`` the query string of the request.
    """
    if endpoint is None or not 200 <= status < 300:  # noqa: PLR2004
        return None
    if endpoint == "GET /visitors" and "count" in parse_qs(query, keep_blank_values=True):
        return Count
    shape = ENDPOINTS[endpoint]
    key, envelope = _LISTS.get(shape, ("", None))
    is_in_list = isinstance(body, dict) and key in body and "id" not in body
    return envelope if is_in_list else shape


@frozen
class Known:
    """A field that a model has on the wire.

    Attributes:
        name: its name on the wire.
        hint: its type.
        is_needed: whether the model has no default for it.
        is_zone: whether texts of times of the object are in the zone that it names.
        is_twin: whether it is a time in Unix seconds, beside a field that has it as text.
    """

    name: str
    hint: Any = field(repr=False)
    is_needed: bool = False
    is_zone: bool = False
    is_twin: bool = False


@cache
def fields_of(cls: Any) -> Mapping[str, Known]:
    """The fields of a model by their names on the wire."""
    hints = get_type_hints(cls, include_extras=True)
    known = dict[str, Known]()
    for each in attrs.fields(cls):
        if each.name == "extra":
            continue
        name, needed = wire_name(each), each.default is attrs.NOTHING
        known[name] = Known(name, hints[each.name], needed, "zone" in each.metadata)
        twin = each.metadata.get("twin")
        if twin is not None:
            known[twin] = Known(twin, datetime | None, is_twin=True)
    return known


@cache
def _members_of(hint: Any) -> tuple[Any, ...]:
    """The types that a hint allows, without None."""
    if get_origin(hint) is Annotated:
        return _members_of(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        found = (inner for each in get_args(hint) for inner in _members_of(each))
        return tuple(each for each in found if each is not NoneType)
    return (hint,)


@cache
def model_of(hint: Any) -> Any:
    """The model that a hint allows."""
    for each in _members_of(hint):
        if isinstance(each, type) and issubclass(each, WireModel):
            return each
    return None


@cache
def enum_of(hint: Any) -> frozenset[str] | None:
    """The texts of the open set that a hint allows, with their other spellings."""
    for each in _members_of(hint):
        if isinstance(each, EnumType):
            return frozenset(map(str, each)) | {*quirks_of(each).spellings}
    return None


@cache
def item_of(hint: Any) -> tuple[Any, Any] | None:
    """``list`` or ``Mapping``, and the type of what is in it; None for other hints."""
    for each in _members_of(hint):
        origin: Any = get_origin(each)
        if origin in (list, tuple, frozenset):
            return list, get_args(each)[0]
        if origin is Mapping:
            return Mapping, get_args(each)[1]
    return None


@cache
def is_of(hint: Any, *kinds: type[Any]) -> bool:
    """Whether a hint allows one of these types."""
    return any(each in kinds for each in _members_of(hint))


@cache
def is_id(hint: Any) -> bool:
    """Whether a hint allows an id, which LiveChat sends as text or as a number."""
    return bool(hint == IdText) or IdText in get_args(hint)


TIMES: Final = (datetime, date)
NUMBERS: Final = (int, float, Decimal)
