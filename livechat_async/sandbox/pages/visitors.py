"""The Visitors page: the list, and the details that a program adds for the agent."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from livechat_async.errors import ConfigurationError
from livechat_async.models.visitors import DetailField, VisitorDetails
from livechat_async.redaction import Secret
from livechat_async.sandbox.http.answers import (
    Answer,
    BadRequest,
    json_answer,
    no_rights,
    not_found,
)
from livechat_async.sandbox.http.bodies import query_of, read_body
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.account import Account

_MOST_PROBLEMS = 100

# The states that can be asked for; a visitor may be in others.
_FILTER_STATES = ("chatting", "queued", "browsing", "invited", "refused invitation", "chat closed")


def list_visitors(account: Account, request: RecordedRequest) -> Answer:
    """``GET /visitors``: the visitors, or their number with ``count=1``."""
    reader = query_of(request)
    state = reader.choice("state", _FILTER_STATES)
    groups = reader.numbers("group", "the number of a group")
    is_count = reader.flag("count")
    reader.check()
    found = account.visitors.find(state, groups)
    if not is_count:
        return json_answer(found)
    number = len(found)
    shapes = {"object": {"count": number}, "number": number, "text": str(number)}
    return json_answer(shapes[account.count_shape])


def add_details(account: Account, request: RecordedRequest, visitor_id: str) -> Answer:
    """``POST /visitors/<VISITOR_ID>/details``: the body holds the licence and the token."""
    body = read_body(request, lists=("fields",))
    if visitor_id not in account.visitors:
        return not_found("Visitor not found")
    visitor = account.visitors.get(visitor_id)
    license_id, token = body.get("license_id"), body.get("token")
    is_number = isinstance(license_id, (int, float)) and not isinstance(license_id, bool)
    has_license = str(license_id) == str(account.license_id)
    if not has_license or not isinstance(token, Secret) or token not in visitor.tokens:
        return no_rights()
    details = read_details(body)
    if not is_number:  # with a JSON number, LiveChat answers 200 and shows nothing
        visitor.details[details.id] = details
    return json_answer({"result": "Visitor details added"})


def read_details(body: Mapping[str, object]) -> VisitorDetails:
    """The details in a body; a BadRequest with everything that is wrong with them."""
    problems: list[str] = []
    details_id, icon = body.get("id"), body.get("icon")
    if not isinstance(details_id, str) or not details_id:
        problems.append("id is required and has to be text")
    elif any(unicodedata.category(character)[0] not in "LMNPS" for character in details_id):
        problems.append("id should include only letters, digits and punctuation marks")
    if "icon" in body and not _is_bare_url(icon):
        problems.append("icon has to be a URL without http://, such as example.com/icon.png")
    fields, items = list[DetailField](), body.get("fields")
    if not isinstance(items, list) or not items:
        problems.append("fields is required and has to be a list of at least one object")
        items = []
    for number, item in enumerate(items):
        if len(problems) >= _MOST_PROBLEMS:  # a megabyte of wrong items would be answered by 30
            break
        field = _read_field(f"fields[{number}]", item, problems)
        if field is not None:
            fields.append(field)
    if problems:
        raise BadRequest(*problems)
    return VisitorDetails(
        id=str(details_id), fields=fields, icon=icon if isinstance(icon, str) else None
    )


def _read_field(place: str, item: object, problems: list[str]) -> DetailField | None:
    if not isinstance(item, Mapping):
        problems.append(f"{place} has to be an object with name and value")
        return None
    name, value, url = item.get("name"), item.get("value"), item.get("url")
    if not isinstance(name, str) or not name.strip():
        problems.append(f"{place}.name is required and has to be text")
        name = None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        problems.append(f"{place}.value is required and has to be text or a number")
    elif name is not None:
        try:
            return DetailField(name, value, url if "url" in item else None)
        except ConfigurationError:
            problems.append(f"{place}.url has to be a whole URL, such as https://example.com/7")
    return None


def _is_bare_url(value: object) -> bool:
    return (
        isinstance(value, str)
        and value.removeprefix("//") != ""
        and value.isprintable()
        and " " not in value
        and "://" not in value
    )


ROUTES = (
    Route("GET", "/visitors", list_visitors),
    # The token in the body is the credential here.
    Route("POST", "/visitors/{visitor_id}/details", add_details, is_open=True),
)
