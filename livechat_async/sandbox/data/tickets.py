"""Tickets in the form of 2019: times as ``2019-03-01T12:00:00Z``, groups as objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from livechat_async.sandbox.checks import to_seconds
from livechat_async.sandbox.data.dates import iso_date
from livechat_async.sandbox.data.people import PAGES, Person, page_address, person, pick
from livechat_async.sandbox.data.visitors import plain
from livechat_async.sandbox.state.timeline import Wire

__all__ = [
    "client_message",
    "group_of",
    "made_up_ticket",
    "new_ticket_item",
    "read_moment",
    "ticket_of",
]

_JOHN = {"id": "john.doe@example.com", "name": "John Doe"}
_JANE = {"id": "jane.doe@example.com", "name": "Jane Doe"}
_GROUPS = {0: "All operators", 2: "Sales", 5: "Returns"}
_GROUP_NUMBERS = (0, 0, 2, 5)
_PEOPLE = 199
_STATUSES = ("open", "pending", "solved", "solved", "spam")
_SOURCES = ("mail", "lc2", "chat-window", "agent-app-manual")
_TAGS: tuple[list[str], ...] = ([], [], ["sales"], ["feedback", "support"])
_SUBJECTS = (
    ("My new shoes are broken", "It seems that my new shoes are broken. What can we do?"),
    ("Where is my order?", "My order has not arrived yet. Could you have a look?"),
    ("Wrong size", "The boots are too small. May I change them?"),
)
_ANSWER = "Thank you for your message, I will see to it."


def made_up_ticket(ticket_id: str, chance: int, modified: int) -> Wire:
    """A ticket, the same of the same chance every time.

    Args:
        ticket_id: its id.
        chance: 64 bits that everything about it is made of.
        modified: when it was changed last, in Unix seconds.
    """
    who = person(chance % _PEOPLE)
    status = pick(_STATUSES, chance >> 8)
    answered = status in {"pending", "solved"}
    age = 600 + (chance >> 12) % 172_800 if answered else 0
    created, first = modified - age, modified - age // 2
    source = {"type": pick(_SOURCES, chance >> 32)}
    if source["type"] == "chat-window":
        source["url"] = page_address(pick(PAGES, chance >> 34))
    subject, message = pick(_SUBJECTS, chance >> 38)
    ticket = ticket_of(ticket_id, created, requester=_requester(who), subject=subject)
    group = group_of(pick(_GROUP_NUMBERS, chance >> 40))
    ticket |= {
        "status": status,
        "groups": [group],
        "currentGroup": group,
        "modified": iso_date(modified),
        "source": source,
        "tags": [*pick(_TAGS, chance >> 42)],
        "events": [client_message(who.email, who.name, message, source, created)],
    }
    if answered or chance >> 44 & 1:
        ticket["assignee"] = _JOHN
        ticket["events"].append(_assigned(created))
    if answered:
        _answer(ticket, first, modified, who)
    if chance >> 45 & 7 == 0 and status == "solved":
        ticket["rate"] = "rated_good"
        ticket["events"] += _rated(who, modified)
    return ticket


def new_ticket_item(
    ticket_id: str, fields: Mapping[str, object], omit: Iterable[str], now: int
) -> tuple[Wire, int]:
    """A ticket, and when it was changed last.

    Args:
        ticket_id: its id.
        fields: wire fields, which replace those of a ticket that has just come by mail.
        omit: names of fields it is not to have.
        now: Unix seconds.

    Raises:
        ConfigurationError: a bad value.
    """
    created, modified = (_moment(name, fields.get(name)) for name in ("date", "modified"))
    if modified is None:
        modified = now if created is None else created
    if created is None:
        created = modified
    requester = {"mail": "mary.brown@example.com", "name": "Mary Brown"}
    ticket = ticket_of(ticket_id, created, requester=requester, subject=_SUBJECTS[0][0])
    ticket["modified"] = iso_date(modified)
    ticket["events"] = [
        client_message(
            requester["mail"], requester["name"], _SUBJECTS[0][1], ticket["source"], created
        )
    ]
    ticket |= {
        name: iso_date(to_seconds(name, value))
        if isinstance(value, datetime)
        else plain(name, value)
        for name, value in fields.items()
    }
    for name in omit:
        ticket.pop(name, None)
    return ticket, modified


def ticket_of(ticket_id: str, created: int, *, requester: Mapping[str, Any], subject: str) -> Wire:
    """An open ticket that nobody has looked at yet."""
    moment, group = iso_date(created), group_of(0)
    return {
        "id": ticket_id,
        "status": "open",
        "subject": subject,
        "requester": {**requester},
        "groups": [group],
        "currentGroup": group,
        "date": moment,
        "modified": moment,
        "opened": [{"from": moment}],
        "firstResponse": {},
        "source": {"type": "mail"},
        "tags": [],
        "ccs": [],
        "rate": "not_rated",
        "events": [],
    }


def group_of(number: int) -> Wire:
    """A group as tickets have it."""
    return {"id": number, "name": _GROUPS.get(number, f"Group {number}"), "inherited": False}


def client_message(mail: str, name: str, text: str, source: Mapping[str, Any], moment: int) -> Wire:
    """The event of a message of the requester."""
    return {
        "type": "message",
        "author": {"id": mail, "name": name, "type": "client"},
        "date": iso_date(moment),
        "is_private": False,
        "message": text,
        "source": {**source},
    }


def _requester(who: Person) -> Wire:
    zone = who.place.timezone
    return {"mail": who.email, "name": who.name, "ip": who.ip, "utc_offset": zone}


def _assigned(moment: int) -> Wire:
    return {"type": "assignee_changed", "to": _JOHN, "author": _JANE, "date": iso_date(moment)}


def _answer(ticket: Wire, first: int, last: int, who: Person) -> None:
    """An agent answers, and the status changes."""
    agent = {**_JOHN, "type": "agent"}
    changed = {
        "type": "status_changed",
        "current": ticket["status"],
        "previous": "open",
        "date": iso_date(last),
    }
    if ticket["status"] == "pending":
        changed["author"] = _JOHN  # a ticket is solved by itself when nobody writes any more
    else:
        ticket["resolutionDate"] = iso_date(last)
    answer = {
        "type": "message",
        "author": agent,
        "date": iso_date(first),
        "is_private": False,
        "message": f"Dear {who.name}, {_ANSWER}",
        "source": {"type": "lc2"},
    }
    ticket["events"] += [answer, changed]
    ticket["firstResponse"] = {"agent": _JOHN, "date": iso_date(first)}
    ticket["opened"][0]["to"] = iso_date(last)


def _rated(who: Person, moment: int) -> list[Wire]:
    author = {"id": who.email, "name": who.name, "type": "client"}
    return [
        {"type": "rating_offer_sent", "date": iso_date(moment)},
        {"type": "rated", "current": "good", "date": iso_date(moment), "author": author},
    ]


def _moment(name: str, value: object) -> int | None:
    return to_seconds(name, value) if isinstance(value, datetime) else read_moment(value)


def read_moment(value: object) -> int | None:
    """The Unix seconds of a time in a ticket, text or number; None for anything else."""
    if isinstance(value, int):
        return value
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return int(moment.timestamp()) if moment is not None and moment.tzinfo is not None else None
