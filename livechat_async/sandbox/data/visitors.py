"""Visitors in the form LiveChat sends them: new ones, made-up ones, and changes of their fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from livechat_async.checks import refusal
from livechat_async.sandbox.data.people import PAGES, Page, person, pick
from livechat_async.sandbox.http.answers import Wire, plain
from livechat_async.sandbox.http.queries import objects_of

# Every sample of the documentation has its texts one hour ahead of the Unix seconds beside them.
_ZONE = timezone(timedelta(hours=1))
_FORMAT = "%Y-%m-%d %H:%M:%S"
_TWINS = ("last_visit", "page_entered", "page_time", "chat_start_time")

NO_OPERATOR = {"id": "", "display_name": ""}
"""The only item of ``operators`` when no agent chats with the visitor."""

_FIRST_STATES = (
    *("chatting", "online", "queued", "browsing", "chatting", "invited", "refused invitation"),
    "chat closed",
)
_LATER_STATES = (
    *("browsing", "browsing", "queued", "browsing", "chatting", "browsing", "invited", "browsing"),
    *("logging into chat", "browsing", "chat closed", "browsing", "refused invitation"),
)


def time_text(seconds: int) -> str:
    """Unix seconds as the wire's text."""
    return datetime.fromtimestamp(seconds, _ZONE).strftime(_FORMAT)


def new_visitor(visitor_id: str, now: int) -> Wire:
    """An anonymous visitor who has just opened the first page."""
    moment = time_text(now)
    unknown = ("city", "region", "country", "country_code", "timezone", "latitude", "longitude")
    return {
        "id": visitor_id,
        "name": "Visitor",
        "state": "browsing",
        "group": 0,
        "ip": "192.0.2.1",
        "host": "192.0.2.1",
        "browser": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "language": "en",
        **dict.fromkeys(unknown, ""),
        "last_visit": moment,
        "last_visit_ts": now,
        "page_entered": moment,
        "page_entered_ts": now,
        "page_time": moment,
        "page_time_ts": now,
        **_page_fields(Page("http://www.example.com/", "Example"), now, invitation=""),
        "referrer": "",
        "chat_id": "",
        "chat_start_time": "",
        "queue_start_time": "",
        "operators": [dict(NO_OPERATOR)],
        "prechat_survey": [],
        "chats": 0,
        "visits": 1,
        "page_views": 1,
        **dict.fromkeys(("greetings_accepted", "greetings_all", "greetings_refused"), 0),
    }


def made_up_visitor(index: int, now: int) -> Wire:
    """The wire fields of a made-up visitor, the same every time except for the times.

    The first eight are in every state except one, and two of them chat.
    """
    who, page = person(index), pick(PAGES, index)
    state = _FIRST_STATES[index] if index < len(_FIRST_STATES) else pick(_LATER_STATES, index)
    # Visits began up to half an hour ago, and current pages have been open for less than that.
    began = now - 120 - index * 97 % 1_700
    entered = began + index * 31 % 110
    greetings, visits = index % 5, index * 7 % 16 + 1
    fields = {
        "id": who.id,
        "name": who.name,
        "state": state,
        "group": (0, 0, 2, 0, 2, 5)[index % 6],
        "ip": who.ip,
        "host": f"host-{who.ip.replace('.', '-')}.example.net",
        "browser": who.browser,
        **who.place,
        "last_visit_ts": began,
        "page_entered_ts": entered,
        "page_time_ts": entered,
        **_page_fields(page, entered, "Can I help you?" if state == "invited" else ""),
        "referrer": "https://www.example.org/search?q=shoes" if index % 3 == 0 else "",
        "visits": visits,
        "page_views": visits * 3,
        "greetings_all": greetings,
        "greetings_accepted": greetings // 2,
        "greetings_refused": greetings // 3,
    }
    if index % 4 == 0:
        fields["custom_variables"] = [{"key": "empty_cart", "value": "true"}]
    return fields


def move_fields(visitor: Mapping[str, Any], address: str | None, title: str, now: int) -> Wire:
    """The fields of a visitor who opens a page, by default the next one of the made-up site."""
    addresses = [page.address for page in PAGES]
    if not address:
        here = visitor.get("page_current")
        address = pick(PAGES, addresses.index(here) + 1 if here in addresses else 0).address
    if not title and address in addresses:
        title = PAGES[addresses.index(address)].title
    fields = _page_fields(Page(address, title), now, invitation="")
    views = visitor.get("page_views")
    if isinstance(views, int):
        fields["page_views"] = views + 1
    path = [*objects_of(visitor, "visit_path"), *fields["visit_path"]]
    return {**fields, "visit_path": path, "page_entered_ts": now, "page_time_ts": now}


def _page_fields(page: Page, entered: int, invitation: str) -> Wire:
    moments = {"time": time_text(entered), "time_ts": entered, "time_ref": entered}
    visited = {"page": page.address, "title": page.title, "invitation": invitation, **moments}
    return {
        "page_current": page.address,
        "page_address": page.address,
        "page_title": page.title,
        "invitation": invitation,
        "visit_path": [visited],
    }


def write_fields(visitor: Wire, fields: Mapping[str, object], omit: Iterable[str] = ()) -> None:
    """Set wire fields of a visitor, and remove others; see `Actions.add_visitor`."""
    # All values are checked before any is set: a refused call changes nothing.
    values = {name: _plain(name, value) for name, value in fields.items()}
    dropped = list(omit)
    for name in _TWINS:
        twin = f"{name}_ts"
        if name in values and twin not in values:
            seconds = _seconds(values[name])
            if seconds is None:
                dropped.append(twin)
            else:
                values[twin] = seconds
        elif twin in values and name not in values:
            values[name] = _checked_text(twin, values[twin])
    visitor.update(values)
    for name in dropped:
        visitor.pop(name, None)


def shown_visitor(visitor: Mapping[str, Any]) -> Wire:
    """A visitor as an answer has it: with the survey only while the chat runs."""
    if visitor["state"] == "chatting" or "prechat_survey" not in visitor:
        return {**visitor}
    return {**visitor, "prechat_survey": []}


def _plain(name: str, value: object) -> object:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise refusal(name, value, "it has no time zone; give it one, such as tzinfo=UTC")
        return value.astimezone(_ZONE).strftime(_FORMAT)
    return plain(name, value)


def _seconds(text: object) -> int | None:
    """The Unix seconds of a wire text; None for any other value, such as a blank."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text):
        return None
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=_ZONE).timestamp())
    except ValueError:
        return None


def _checked_text(name: str, seconds: object) -> str:
    if isinstance(seconds, int):
        try:
            return time_text(seconds)
        except (OverflowError, OSError, ValueError):
            pass
    raise refusal(name, seconds, "whole Unix seconds are needed")
