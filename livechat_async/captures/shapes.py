"""What the models know of each answer: the endpoints, and the fields of each class on the wire."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import EnumType
from functools import cache
from importlib import import_module
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qs

import attrs
from attrs import field, frozen

from livechat_async import models
from livechat_async.models._base import IdText, WireModel, quirks_of, wire_name
from livechat_async.models.chats import Chat
from livechat_async.models.tickets import Ticket
from livechat_async.models.visitors import Count
from livechat_async.models.webhooks import (
    Webhook,
    WebhookCannedResponse,
    WebhookChat,
    WebhookEventType,
    WebhookSurveyAnswer,
    WebhookVisitor,
)
from livechat_async.redaction import Secret


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


# The objects around lists. LiveChat sends some answers of one item in that of its list, too.
_ENVELOPES: Mapping[Any, tuple[str, Any]] = {
    Chat: ("chats", _Chats),
    Ticket: ("tickets", _Tickets),
    Webhook: ("events", _Webhooks),
}


def _endpoints() -> Iterator[tuple[str, Any]]:
    lists = {GenericAlias(list, (item,)): envelope for item, (_, envelope) in _ENVELOPES.items()}
    for info in pkgutil.iter_modules(models.__path__):
        module = import_module(f"{models.__name__}.{info.name}")
        for call, answer in getattr(module, "ENDPOINTS", {}).items():
            yield call, lists.get(answer, answer)


ENDPOINTS: Final[Mapping[str, Any]] = dict(_endpoints())
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
    if endpoint == "GET /visitors" and "1" in parse_qs(query).get("count", ()):
        return Count
    shape = ENDPOINTS[endpoint]
    key, envelope = _ENVELOPES.get(shape, ("", None))
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
    """

    name: str
    hint: Any = field(repr=False)
    is_needed: bool = False
    is_zone: bool = False


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
            known[twin] = Known(twin, datetime | None)
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
