"""Made-up chats in the documentation's form: the same of the same chance, every time."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any

from livechat_async.sandbox.data.dates import chat_date, zone_of
from livechat_async.sandbox.data.people import PAGES, Person, page_address, person, pick
from livechat_async.sandbox.state.timeline import Wire

__all__ = ["CHAT_ZONE", "agent", "chat_outline", "made_up_chat", "visitor"]

CHAT_ZONE = "Europe/Berlin" if zone_of("Europe/Berlin") else "UTC"
"""The zone chats tell their times in, as in the documentation."""

_AGENTS = (("John Doe", "john.doe@example.com"), ("Jane Doe", "jane.doe@example.com"))
_PEOPLE = 997
_GROUPS = (0, 0, 2, 0, 2, 5)
_RATES = (*["not_rated"] * 4, *["rated_good"] * 3, "rated_bad")
_TAGS: tuple[list[str], ...] = (
    *([], [], [], []),
    *(["sales"], ["support"], ["sales", "feedback"], ["complaint", "support"]),
)
_GOALS = ((71, "Order placed"), (72, "Newsletter"))
_ENGAGEMENTS = ("immediate_start", "immediate_start", "auto_invite", "manual_invite")
_PRODUCTS = (("Leather boots", "199"), ("Running shoes", "89.90"), ("Shoe polish", "0"))
_CURRENCIES = ("USD", "EUR", "PLN")
_COMMENTS = ("Quick and friendly, thank you.", "I had to wait for a while.")

# Who says it, and what.
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
    """A chat, or now and then a message that was left after hours.

    Args:
        chat_id: its id.
        chance: 64 bits that everything about it is made of.
        started: Unix seconds.
        may_be_missed: False for chats only.
    """
    who = person(chance % _PEOPLE)
    if may_be_missed and chance >> 10 & 15 == 0:
        return _missed_chat(chat_id, chance, who, started)
    return _chat(chat_id, chance, who, started)


def chat_outline(chat_id: str, chance: int, started: int) -> Wire:
    """What `made_up_chat` gives, without what was said and when: that takes most of the time."""
    who = person(chance % _PEOPLE)
    if chance >> 10 & 15 == 0:
        return _missed_chat(chat_id, chance, who, started)
    return _outline(chat_id, chance, who, started)


def visitor(who: Person) -> dict[str, str]:
    """The visitor of a chat."""
    place = who.place
    return {
        "id": who.id,
        "name": who.name,
        "email": who.email,
        "ip": who.ip,
        "city": place.city,
        "region": place.region,
        "country": place.country,
        "country_code": place.country_code,
        "timezone": place.timezone,
        "user_agent": who.browser,
    }


def agent(index: int) -> dict[str, str]:
    """An agent of a chat; the first is John Doe."""
    name, login = pick(_AGENTS, index)
    return {"display_name": name, "email": login}


def _missed_chat(chat_id: str, chance: int, who: Person, moment: int) -> Wire:
    return {
        "type": "missed_chat",
        "id": chat_id,
        "visitor_id": who.id,
        "visitor": visitor(who),
        "email": who.email,
        "time": chat_date(moment, _zone()),
        "message": pick(_LEFT, chance >> 14),
        "group": [pick(_GROUPS, chance >> 18)],
        "tags": [*pick(_TAGS, chance >> 21)],
        "timezone": CHAT_ZONE,
    }


def _outline(chat_id: str, chance: int, who: Person, started: int) -> Wire:
    rate = pick(_RATES, chance >> 24)
    lines, pace = _pace(chance)
    ended = started + pace * (lines + 1)
    chat: dict[str, Any] = {
        "type": "chat",
        "id": chat_id,
        "visitor": visitor(who),
        "agents": [agent(chance >> 14 & chance >> 15 & 1)],
        "supervisors": [agent(1)] if chance >> 34 & 15 == 0 else [],
        "rate": rate,
        "duration": ended - started,
        "chat_start_url": page_address(pick(PAGES, chance >> 36)),
        "group": [pick(_GROUPS, chance >> 18)],
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
    chat["tags"] = [*pick(_TAGS, chance >> 21)]
    return chat


def _pace(chance: int) -> tuple[int, int]:
    """How many lines are said, and the seconds from one to the next."""
    return 2 + (chance >> 27) % (len(_TALK) - 1), 15 + (chance >> 30) % 45


def _chat(chat_id: str, chance: int, who: Person, started: int) -> Wire:
    chat = _outline(chat_id, chance, who, started)
    lines, pace = _pace(chance)
    ended = started + pace * (lines + 1)
    [served_by] = chat["agents"]
    messages = [
        _message(line, served_by, who, started + pace * index)
        for index, line in enumerate(_TALK[:lines])
    ]
    return {
        **chat,
        "started": chat_date(started, _zone()),
        "prechat_survey": [
            {"key": "Name:", "value": who.name, "id": "13589376348060238"},
            {"key": "E-mail:", "value": who.email, "id": "135893763480606511"},
        ],
        "timezone": CHAT_ZONE,
        "messages": messages,
        "events": [
            *({**message, "type": "message"} for message in messages),
            *([_attachment(who, ended - 5)] if chance >> 58 & 7 == 0 else []),
            {
                "text": f"{who.name} closed the chat.",
                "date": chat_date(ended, _zone()),
                "timestamp": ended,
                "type": "event",
                "event_type": "closed",
                "user_type": "visitor",
            },
        ],
        "engagement": pick(_ENGAGEMENTS, chance >> 61),
        "started_timestamp": started,
        "ended_timestamp": ended,
        "ended": chat_date(ended, _zone()),
    }


def _message(line: tuple[str, str], served_by: dict[str, str], who: Person, moment: int) -> Wire:
    kind, text = line
    message: dict[str, Any] = {
        "author_name": served_by["display_name"] if kind == "agent" else who.name,
        "text": text,
        "date": chat_date(moment, _zone()),
        "timestamp": moment,
        "user_type": kind,
    }
    if kind == "agent":
        message["agent_id"] = served_by["email"]
    return message


def _attachment(who: Person, moment: int) -> Wire:
    return {
        "author_name": who.name,
        "text": f"{who.name} uploaded the attachment.",
        "date": chat_date(moment, _zone()),
        "timestamp": moment,
        "user_type": "visitor",
        "type": "attachment",
        "files": ["https://static.example.com/boots.jpg"],
    }


def _postchat_survey(rate: str, chance: int) -> list[dict[str, str]]:
    answer = "Good" if rate == "rated_good" else "Bad"
    comment = "" if chance & 1 else pick(_COMMENTS, rate != "rated_good")
    return [
        {
            "key": "How would you rate the quality of support?",
            "value": answer,
            "id": "137164167769201638",
        },
        {"key": "Leave a comment:", "value": comment, "id": "137164167769201639"},
    ]


def _goals(chance: int, chat_id: str, moment: int) -> list[Wire]:
    goal_id, name = pick(_GOALS, chance)
    product, price = pick(_PRODUCTS, chance >> 1)
    # A goal without a sale has an order all the same, as the documentation shows.
    order = {
        "id": chat_id[:3],
        "description": product,
        "price": price,
        "currency": pick(_CURRENCIES, chance >> 1),
    }
    return [
        {
            "id": goal_id,
            "name": name,
            "date": chat_date(moment, _zone()),
            "timestamp": moment,
            "order": order if chance & 1 == 0 else {},
        }
    ]


def _zone() -> tzinfo:
    return zone_of(CHAT_ZONE) or UTC
