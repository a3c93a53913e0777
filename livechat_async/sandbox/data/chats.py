"""Chats of the archives: made-up ones, and those that callers give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo

from livechat_async.sandbox.data.dates import chat_date, to_seconds, zone_of
from livechat_async.sandbox.data.people import AGENTS, PAGES, Person, person, pick
from livechat_async.sandbox.http.answers import Wire, plain
from livechat_async.sandbox.http.queries import objects_of, part_of

_ZONE_NAME = "Europe/Berlin" if zone_of("Europe/Berlin") else "UTC"  # the documentation's zone
_ZONE = zone_of(_ZONE_NAME) or UTC

_AGENTS = tuple((name, login) for login, name in AGENTS.items())
AGENT_IP = "192.0.2.10"
"""The address that agents chat from."""

_PEOPLE = 997
_PLACE = ("city", "region", "country", "country_code", "timezone")
_GROUPS = (0, 0, 2, 0, 2, 5)
_RATES = (*["not_rated"] * 4, *["rated_good"] * 3, "rated_bad")
_TAGS: tuple[list[str], ...] = (
    *([], [], [], []),
    *(["sales"], ["support"], ["sales", "feedback"], ["complaint", "support"]),
)
GOALS = ((71, "Order placed"), (72, "Newsletter"))
"""The goals of made-up chats, by number and name."""
_ENGAGEMENTS = ("immediate_start", "immediate_start", "auto_invite", "manual_invite")
_PRODUCTS = (("Leather boots", "199"), ("Running shoes", "89.90"), ("Shoe polish", "0"))
_CURRENCIES = ("USD", "EUR", "PLN")
_LONGEST = 10**9  # seconds of a chat; a longer one may not end in any year
_COMMENTS = ("Quick and friendly, thank you.", "I had to wait for a while.")
_TALK = (
    ("agent", "Hello, how can I help you?"),
    ("visitor", "Hi, do you have these boots in another size?"),
    ("agent", "Let me have a look."),
    ("agent", "Yes, in 39 and 42."),
    ("visitor", "42 would be great. How long does the delivery take?"),
    ("agent", "Two days, or one with express delivery."),
    ("visitor", "Thanks, that is all."),
    ("agent", "You are welcome. Have a nice day!"),
)
_LEFT = (
    "Nobody was there. When do you open?",
    "My order has not arrived yet, please call me back.",
    "Do you deliver to other countries?",
)


def made_up_chat(chat_id: str, chance: int, started: int, *, may_be_missed: bool = True) -> Wire:
    """A chat, or sometimes a message left after hours.

    The 64 bits of ``chance`` decide everything: the same arguments give the same chat.
    """
    who = person(chance % _PEOPLE)
    if may_be_missed and _is_missed(chance):
        return _made_up_missed_chat(chat_id, chance, who, started)
    lines, pace, ended = _timing(chance, started)
    outline = _outline(chat_id, chance, who, started)
    [served_by] = outline["agents"]
    messages = [
        message(
            text,
            started + pace * index,
            author=served_by["display_name"] if kind == "agent" else who.name,
            login=served_by["email"] if kind == "agent" else None,
        )
        for index, (kind, text) in enumerate(_TALK[:lines])
    ]
    item = archived_chat(chat_id, started, ended, messages) | outline
    if chance >> 58 & 7 == 0:
        add_event(item, _attachment(who, ended - 5))
    add_event(item, closed_event(who.name, ended, "visitor"))
    item["prechat_survey"] = [
        {"key": "Name:", "value": who.name, "id": "13589376348060238"},
        {"key": "E-mail:", "value": who.email, "id": "135893763480606511"},
    ]
    item["engagement"] = pick(_ENGAGEMENTS, chance >> 61)
    return item


def chat_outline(chat_id: str, chance: int, started: int) -> Wire:
    """`made_up_chat` without messages and times, which take most of the time to make."""
    who = person(chance % _PEOPLE)
    if _is_missed(chance):
        return _made_up_missed_chat(chat_id, chance, who, started)
    return _outline(chat_id, chance, who, started)


def given_chat(
    chat_id: str, fields: Mapping[str, object], omit: Iterable[str], now: int
) -> tuple[Wire, int]:
    """A chat that a caller gives, and its moment in Unix seconds; see `Actions.add_chat`."""
    texts = {name: each for name, each in fields.items() if not isinstance(each, datetime)}
    values = {name: plain(name, each) for name, each in texts.items()}
    zone = zone_of(values.get("timezone", _ZONE_NAME)) or UTC
    if values.get("type") == "missed_chat":
        moment = _moment(fields, "time", now)
        item = _missed_chat(chat_id, moment, _unknown_visitor(moment), "Nobody was there.", zone)
    else:
        duration = values.get("duration")
        if type(duration) is not int or abs(duration) >= _LONGEST:  # true and false are ints, too
            duration = 60
        moment = _moment(fields, "started", _moment(fields, "ended", now) - duration)
        ended = _moment(fields, "ended", moment + duration)
        said = message(_TALK[0][1], moment, author=_AGENTS[0][0], login=_AGENTS[0][1], zone=zone)
        item = archived_chat(chat_id, moment, ended, [said], zone)
    item |= {**flat_visitor(part_of(values, "visitor")), **values}
    if "events" not in values and "messages" in values:
        item["events"] = as_events(chat_id, values["messages"])
    for name in omit:
        item.pop(name, None)
    return item, moment


def archived_chat(
    chat_id: str, started: int, ended: int, messages: Iterable[Wire], zone: tzinfo = _ZONE
) -> Wire:
    """A chat between an unknown visitor and John Doe."""
    visitor = _unknown_visitor(started)
    said = [
        {**each, "event_id": f"{chat_id}_{number}"} for number, each in enumerate(messages, start=1)
    ]
    return {
        "type": "chat",
        "id": chat_id,
        **flat_visitor(visitor),
        "visitor": visitor,
        "agents": [_agent(0)],
        "supervisors": [],
        "rate": "not_rated",
        "duration": ended - started,
        "chat_start_url": "http://www.example.com/",
        "group": [0],
        "started": chat_date(started, zone),
        "prechat_survey": [],
        "tags": [],
        "timezone": _ZONE_NAME,
        "tickets": [],
        "messages": said,
        "events": as_events(chat_id, said),
        "engagement": "immediate_start",
        "started_timestamp": started,
        "ended_timestamp": ended,
        "ended": chat_date(ended, zone),
    }


def message(
    text: str, moment: int, *, author: str, login: str | None = None, zone: tzinfo = _ZONE
) -> Wire:
    """A message of a chat: the agent's if there is a ``login``, otherwise the visitor's."""
    said = {
        "author_name": author,
        "text": text,
        "date": chat_date(moment, zone),
        "timestamp": moment,
        "user_type": "visitor" if login is None else "agent",
    }
    return said if login is None else {**said, "agent_id": login}


def as_events(chat_id: str, messages: object) -> list[Wire]:
    """Messages in the form of events; chats contain both forms."""
    said = objects_of({"": messages}, "")
    return [
        {"event_id": f"{chat_id}_{number}", **each, "type": "message"}
        for number, each in enumerate(said, start=1)
    ]


def add_event(chat: Wire, event: Wire) -> None:
    """Add an event to a chat, with the next id."""
    events = chat["events"]
    events.append({**event, "event_id": f"{chat['id']}_{len(events) + 1}"})


def flat_visitor(visitor: Mapping[str, object]) -> Wire:
    """The fields of a visitor that captured chats have beside the visitor."""
    return {f"visitor_{name}": visitor[name] for name in ("name", "id", "ip") if name in visitor}


def reached_goal(goal_id: int, name: str, moment: int, order: Wire) -> Wire:
    """A goal that the visitor of a chat has reached."""
    date = chat_date(moment, _ZONE)
    return {"id": goal_id, "name": name, "date": date, "timestamp": moment, "order": order}


def is_chat_of(chat: Wire, visitor_id: str) -> bool:
    """Whether a chat, or a message left after hours, is of this visitor."""
    return visitor_id in (chat.get("visitor_id"), part_of(chat, "visitor").get("id"))


def closed_event(name: str, moment: int, user_type: str) -> Wire:
    """The event at the end of a chat."""
    return {
        "text": f"{name} closed the chat.",
        "date": chat_date(moment, _ZONE),
        "timestamp": moment,
        "type": "event",
        "event_type": "closed",
        "user_type": user_type,
    }


def _is_missed(chance: int) -> bool:
    return chance >> 10 & 15 == 0


def _timing(chance: int, started: int) -> tuple[int, int, int]:
    """The number of messages, the seconds between two of them, and the end of the chat."""
    lines, pace = 2 + (chance >> 27) % (len(_TALK) - 1), 15 + (chance >> 30) % 45
    return lines, pace, started + pace * (lines + 1)


def _outline(chat_id: str, chance: int, who: Person, started: int) -> Wire:
    rate, visitor = pick(_RATES, chance >> 24), _visitor(who)
    ended = _timing(chance, started)[2]
    chat: Wire = {
        "type": "chat",
        "id": chat_id,
        **flat_visitor(visitor),
        "visitor": visitor,
        "agents": [_agent(chance >> 14 & chance >> 15 & 1)],
        "supervisors": [_agent(1)] if chance >> 34 & 15 == 0 else [],
        "rate": rate,
        "duration": ended - started,
        "chat_start_url": pick(PAGES, chance >> 36).address,
        "group": [pick(_GROUPS, chance >> 18)],
        "tags": [*pick(_TAGS, chance >> 21)],
    }
    if chance >> 38 & 3 == 0:
        chat["referrer"] = "https://www.example.org/search?q=shoes"
    if rate != "not_rated":
        chat["postchat_survey"] = _postchat_survey(rate, chance >> 40)
    if chance >> 42 & 3 == 0:
        chat["custom_variables"] = [{"key": "empty_cart", "value": "true"}]
    if chance >> 44 & 15 == 0:
        chat["integration_variables"] = [{"key": "facebook.email", "value": who.email}]
    if chance >> 46 & 7 == 0:
        chat["goals"] = _goals(chance >> 49, chat_id, ended)
    if chance >> 52 & 3 == 0:
        chat["queue"] = {"duration": 5 + (chance >> 54) % 120}
    return chat


def _made_up_missed_chat(chat_id: str, chance: int, who: Person, moment: int) -> Wire:
    missed = _missed_chat(chat_id, moment, _visitor(who), pick(_LEFT, chance >> 14))
    group, tags = [pick(_GROUPS, chance >> 18)], [*pick(_TAGS, chance >> 21)]
    return {**missed, "group": group, "tags": tags}


def _missed_chat(chat_id: str, moment: int, visitor: Wire, text: str, zone: tzinfo = _ZONE) -> Wire:
    return {
        "type": "missed_chat",
        "id": chat_id,
        "visitor_id": visitor["id"],
        "visitor": visitor,
        "email": visitor.get("email", "visitor@example.com"),
        "time": chat_date(moment, zone),
        "message": text,
        "group": [0],
        "tags": [],
        "timezone": _ZONE_NAME,
    }


def _agent(index: int) -> Wire:
    name, login = pick(_AGENTS, index)
    return {"display_name": name, "email": login, "ip": AGENT_IP}


def _visitor(who: Person) -> Wire:
    place = {name: who.place[name] for name in _PLACE}
    known = {"id": who.id, "name": who.name, "email": who.email, "ip": who.ip}
    return {**known, **place, "user_agent": who.browser}


def _unknown_visitor(moment: int) -> Wire:
    visitor = {"id": f"S{moment}.0000000001", "name": "Visitor", "ip": "192.0.2.1"}
    return {**visitor, **dict.fromkeys(_PLACE, "")}


def _attachment(who: Person, moment: int) -> Wire:
    return {
        **message(f"{who.name} uploaded the attachment.", moment, author=who.name),
        "type": "attachment",
        "files": ["https://static.example.com/boots.jpg"],
    }


def _postchat_survey(rate: str, chance: int) -> list[Wire]:
    question = "How would you rate the quality of support?"
    answer = "Good" if rate == "rated_good" else "Bad"
    comment = "" if chance & 1 else pick(_COMMENTS, rate != "rated_good")
    return [
        {"key": question, "value": answer, "id": "137164167769201638"},
        {"key": "Leave a comment:", "value": comment, "id": "137164167769201639"},
    ]


def _goals(chance: int, chat_id: str, moment: int) -> list[Wire]:
    goal_id, name = pick(GOALS, chance)
    product, price = pick(_PRODUCTS, chance >> 1)
    order: Wire = {}  # the documentation shows an empty one for a goal without a sale
    if chance & 1 == 0:
        currency = pick(_CURRENCIES, chance >> 1)
        order = {"id": chat_id[:3], "description": product, "price": price, "currency": currency}
    return [reached_goal(goal_id, name, moment, order)]


def _moment(fields: Mapping[str, object], name: str, default: int) -> int:
    """The Unix seconds in a time's timestamp or its other field, whose texts do not count."""
    for key in (f"{name}_timestamp", name):
        value = fields.get(key)
        if isinstance(value, str) and re.fullmatch("[0-9]{1,18}", value):
            value = int(value)
        if value is not None and not (key == name and isinstance(value, str)):
            return to_seconds(key, value)
    return default
