"""A chat of the archives, made of what a caller gives or of a chat that was live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from livechat_async.sandbox.checks import to_seconds
from livechat_async.sandbox.data.chats import CHAT_ZONE, agent
from livechat_async.sandbox.data.dates import chat_date, zone_of
from livechat_async.sandbox.data.live_chats import LiveChat
from livechat_async.sandbox.data.visitors import plain
from livechat_async.sandbox.state.timeline import Wire

__all__ = ["live_chat", "live_message", "new_chat_item"]

_DURATION = 60
_MOMENTS = ("started", "ended")


def new_chat_item(
    chat_id: str, fields: Mapping[str, object], omit: Iterable[str], now: int
) -> tuple[Wire, int]:
    """A chat, and when it was.

    Args:
        chat_id: its id.
        fields: wire fields, which replace those of a short chat that ended just now.
        omit: names of fields it is not to have.
        now: Unix seconds.

    Raises:
        ConfigurationError: a bad value.
    """
    given = {name: value for name, value in fields.items() if not isinstance(value, datetime)}
    values = {name: plain(name, value) for name, value in given.items()}
    zone = zone_of(values.get("timezone", CHAT_ZONE)) or UTC
    if values.get("type") == "missed_chat":
        moment = _moment(fields, "time")
        moment = now if moment is None else moment
        item = _missed_chat(chat_id, moment, zone)
    else:
        started, ended = (_moment(fields, name) for name in _MOMENTS)
        duration = values.get("duration")
        if isinstance(duration, bool) or not isinstance(duration, int):
            duration = _DURATION
        if started is None:
            started = (now if ended is None else ended) - duration
        moment = started
        item = _chat(chat_id, started, started + duration if ended is None else ended, zone)
    item |= values
    if "events" not in values and "messages" in values:
        item["events"] = _as_events(values["messages"])
    for name in omit:
        item.pop(name, None)
    return item, moment


def live_chat(visitor: Mapping[str, Any], chat: LiveChat, ended: int | None = None) -> Wire:
    """A chat that was live, or that still is as long as it has not ended."""
    told = chat.start.webhook_body()["chat"]
    started: int = told["started_timestamp"]
    zone = zone_of(CHAT_ZONE) or UTC
    item = _chat(chat.start.chat_id, started, started if ended is None else ended, zone)
    survey, variables = visitor.get("prechat_survey"), visitor.get("custom_variables")
    item |= {
        "visitor": _live_visitor(visitor),
        "agents": [
            {"display_name": each["name"], "email": each["login"]} for each in told["agents"]
        ],
        "chat_start_url": told["url"],
        "group": told["groups"],
        "prechat_survey": [
            {**answer, "id": str(2001 + index)}
            for index, answer in enumerate(survey if isinstance(survey, list) else [])
            if isinstance(answer, Mapping)
        ],
        "tags": [*chat.tags],
        "messages": [*chat.messages],
        "events": _as_events(chat.messages),
    }
    if visitor.get("referrer"):
        item["referrer"] = visitor["referrer"]
    if variables:
        item["custom_variables"] = variables
    if ended is None:
        for name in ("ended", "ended_timestamp"):
            del item[name]
        return {**item, "pending": True}
    name = item["agents"][0]["display_name"]
    closed = {
        "text": f"{name} closed the chat.",
        "date": item["ended"],
        "timestamp": ended,
        "type": "event",
        "event_type": "closed",
        "user_type": "agent",
    }
    return {**item, "events": [*item["events"], closed]}


def live_message(
    visitor: Mapping[str, Any], chat: LiveChat, text: str, moment: int, *, by_agent: bool
) -> Wire:
    """Something that is said in a chat."""
    [agent_of_chat] = chat.start.webhook_body()["chat"]["agents"]
    message: Wire = {
        "author_name": agent_of_chat["name"] if by_agent else str(visitor.get("name", "")),
        "text": text,
        "date": chat_date(moment, zone_of(CHAT_ZONE) or UTC),
        "timestamp": moment,
        "user_type": "agent" if by_agent else "visitor",
    }
    return {**message, "agent_id": agent_of_chat["login"]} if by_agent else message


def _moment(fields: Mapping[str, object], name: str) -> int | None:
    """The Unix seconds of a time that was given in one of its two fields; texts tell none."""
    for key in (f"{name}_timestamp", name):
        value = fields.get(key)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if value is not None and not (key == name and isinstance(value, str)):
            return to_seconds(key, value)
    return None


def _missed_chat(chat_id: str, moment: int, zone: tzinfo) -> Wire:
    visitor = _visitor(moment)
    return {
        "type": "missed_chat",
        "id": chat_id,
        "visitor_id": visitor["id"],
        "visitor": visitor,
        "email": "visitor@example.com",
        "time": chat_date(moment, zone),
        "message": "Nobody was there.",
        "group": [0],
        "tags": [],
        "timezone": CHAT_ZONE,
    }


def _chat(chat_id: str, started: int, ended: int, zone: tzinfo) -> Wire:
    served_by = agent(0)
    messages = [
        {
            "author_name": served_by["display_name"],
            "text": "Hello, how can I help you?",
            "date": chat_date(started, zone),
            "timestamp": started,
            "user_type": "agent",
            "agent_id": served_by["email"],
        }
    ]
    return {
        "type": "chat",
        "id": chat_id,
        "visitor": _visitor(started),
        "agents": [served_by],
        "supervisors": [],
        "rate": "not_rated",
        "duration": ended - started,
        "chat_start_url": "http://www.example.com/",
        "group": [0],
        "started": chat_date(started, zone),
        "prechat_survey": [],
        "tags": [],
        "timezone": CHAT_ZONE,
        "messages": messages,
        "events": _as_events(messages),
        "engagement": "immediate_start",
        "started_timestamp": started,
        "ended_timestamp": ended,
        "ended": chat_date(ended, zone),
    }


def _visitor(moment: int) -> Wire:
    return {
        "id": f"S{moment}.0000000001",
        "name": "Visitor",
        "ip": "192.0.2.1",
        "city": "",
        "region": "",
        "country": "",
        "country_code": "",
        "timezone": "",
    }


def _live_visitor(visitor: Mapping[str, Any]) -> Wire:
    names = ("id", "name", "ip", "city", "region", "country", "country_code", "timezone")
    known = {name: visitor[name] for name in names if name in visitor}
    if "browser" in visitor:
        known["user_agent"] = visitor["browser"]
    return known


def _as_events(messages: object) -> list[Wire]:
    """Messages, once more among the events."""
    items = messages if isinstance(messages, list) else []
    return [{**item, "type": "message"} for item in items if isinstance(item, Mapping)]
