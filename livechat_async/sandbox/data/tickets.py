"""Tickets in the form of 2019: times as ``2019-03-01T12:00:00Z``, groups as objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from livechat_async.sandbox.data.dates import iso_date, read_ticket_time, to_seconds
from livechat_async.sandbox.data.people import AGENTS, GROUPS, PAGES, Person, person, pick
from livechat_async.sandbox.http.answers import Wire, plain

_JOHN, _JANE = ({"id": login, "name": name} for login, name in AGENTS.items())
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
    """A ticket. The 64 bits of ``chance`` decide everything: the same give the same ticket."""
    who = person(chance % _PEOPLE)
    status = pick(_STATUSES, chance >> 8)
    answered = status in {"pending", "solved"}
    age = 600 + (chance >> 12) % 172_800 if answered else 0
    created, first = modified - age, modified - age // 2
    source = {"type": pick(_SOURCES, chance >> 32)}
    if source["type"] == "chat-window":
        source["url"] = pick(PAGES, chance >> 34).address
    requester = {"mail": who.email, "name": who.name}
    ticket = new_ticket(ticket_id, created, requester, pick(_SUBJECTS, chance >> 38), source)
    ticket["requester"] |= {"ip": who.ip, "utc_offset": who.place["timezone"]}
    group = group_of(pick(_GROUP_NUMBERS, chance >> 40))
    ticket |= {
        "status": status,
        "groups": [group],
        "currentGroup": group,
        "modified": iso_date(modified),
        "tags": [*pick(_TAGS, chance >> 42)],
    }
    if answered or chance >> 44 & 1:
        ticket["assignee"] = _JOHN
        assigned = {"type": "assignee_changed", "to": _JOHN, "author": _JANE}
        ticket["events"].append({**assigned, "date": iso_date(created)})
    if answered:
        _answer(ticket, first, modified, who)
    if chance >> 45 & 7 == 0 and status == "solved":
        ticket["rate"] = "rated_good"
        author = {"id": who.email, "name": who.name, "type": "client"}
        ticket["events"] += [
            {"type": "rating_offer_sent", "date": iso_date(modified)},
            {"type": "rated", "current": "good", "date": iso_date(modified), "author": author},
        ]
    return ticket


def given_ticket(
    ticket_id: str, fields: Mapping[str, object], omit: Iterable[str], now: int
) -> tuple[Wire, int]:
    """A ticket that a caller gives, and its last change; see `Actions.add_ticket`."""
    created, modified = (_moment(name, fields.get(name)) for name in ("date", "modified"))
    if modified is None:
        modified = now if created is None else created
    if created is None:
        created = modified
    requester = {"mail": "mary.brown@example.com", "name": "Mary Brown"}
    ticket = new_ticket(ticket_id, created, requester, _SUBJECTS[0], {"type": "mail"})
    ticket["modified"] = iso_date(modified)
    ticket |= {
        name: iso_date(to_seconds(name, value))
        if isinstance(value, datetime)
        else plain(name, value)
        for name, value in fields.items()
    }
    for name in omit:
        ticket.pop(name, None)
    return ticket, modified


def new_ticket(
    ticket_id: str,
    created: int,
    requester: Mapping[str, str],
    question: tuple[str, str],
    source: Mapping[str, str],
) -> Wire:
    """An open ticket with its first message; the question is its subject and that message."""
    (subject, message), moment, group = question, iso_date(created), group_of(0)
    author = {"id": requester["mail"], "name": requester["name"], "type": "client"}
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
        "source": {**source},
        "tags": [],
        "ccs": [],
        "rate": "not_rated",
        "events": [_message(author, moment, message, source)],
    }


def group_of(number: int) -> Wire:
    """A group in the form of tickets."""
    return {"id": number, "name": GROUPS.get(number, f"Group {number}"), "inherited": False}


def _message(author: Wire, moment: str, text: str, source: Mapping[str, str]) -> Wire:
    said = {"type": "message", "author": author, "date": moment, "is_private": False}
    return {**said, "message": text, "source": {**source}}


def _answer(ticket: Wire, first: int, last: int, who: Person) -> None:
    """Add an agent's answer and the new status."""
    changed = {"type": "status_changed", "current": ticket["status"], "previous": "open"}
    changed["date"] = iso_date(last)
    if ticket["status"] == "pending":
        changed["author"] = _JOHN  # LiveChat itself solves a ticket that gets no more messages
    else:
        ticket["resolutionDate"] = iso_date(last)
    agent, text = {**_JOHN, "type": "agent"}, f"Dear {who.name}, {_ANSWER}"
    ticket["events"] += [_message(agent, iso_date(first), text, {"type": "lc2"}), changed]
    ticket["firstResponse"] = {"agent": _JOHN["id"], "date": iso_date(first)}
    ticket["opened"][0]["to"] = iso_date(last)


def _moment(name: str, value: object) -> int | None:
    return to_seconds(name, value) if isinstance(value, datetime) else read_ticket_time(value)
