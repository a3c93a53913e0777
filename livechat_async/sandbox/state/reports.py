"""What reports count: the entries that a chat or ticket adds to each, and rows of such entries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias

from attrs import frozen

from livechat_async.sandbox.data.dates import DAY, read_ticket_time
from livechat_async.sandbox.http.answers import Wire
from livechat_async.sandbox.http.queries import items_of, objects_of, part_of, values_of

_Entries: TypeAlias = Iterable[tuple[int | None, Any]]
_Row: TypeAlias = Callable[[list[Any]], Wire]

_MINUTE, _HOUR = 60, 3600
_NO_AGENT = ("timezone", "group", "group_by", "tag")
_COMMON = (*_NO_AGENT, "agent")
_RATES = ("bad", "good")
_WAYS = ("auto_invite", "manual_invite", "immediate_start")
_SOURCES = {
    "chat_window": ("chat-window",),
    "mail": ("mail",),
    "chat": ("lc2", "agent-app-manual"),  # an agent created it
}


@frozen
class Report:
    """A report.

    Attributes:
        entries: of a chat or ticket, each entry as its Unix seconds and a value. Without a time it
            does not count.
        row: makes the row of a period from the values of its entries.
        takes: the parameters besides the days.
        row_of_hour: makes the row of an hour, if it differs.
        has_periods: whether there is a row a period, and not one row for all.
        has_days: whether the row of a month names its first and last day.
        is_of_chats: whether it counts chats, and not tickets.
        is_for_enterprise: whether smaller plans get a 403.
        can_be_late: whether an entry can be days later than its chat began. The outline of the chat
            has such entries.
    """

    entries: Callable[[Wire], _Entries]
    row: _Row
    takes: tuple[str, ...] = _COMMON
    row_of_hour: _Row | None = None
    has_periods: bool = True
    has_days: bool = False
    is_of_chats: bool = True
    is_for_enterprise: bool = False
    can_be_late: bool = False


def groups_of(item: Wire) -> list[object]:
    """The numbers of the groups of a chat or ticket."""
    return [*items_of(item, "group"), *items_of(item, "groups"), *values_of(item, "groups", "id")]


def logins_of(item: Wire) -> list[str]:
    """The logins of the agents of a chat, or of the ticket's assignee."""
    logins = [*values_of(item, "agents", "email"), part_of(item, "assignee").get("id")]
    return [login for login in logins if isinstance(login, str) and login]


def _begun(chat: Wire) -> _Entries:
    yield _seconds(chat, "started_timestamp"), chat


def minutes_of(chat: Wire) -> Iterator[tuple[int, int]]:
    """Each minute in which the chat ran, a day at most: by its Unix seconds and by its number."""
    started, ended = _seconds(chat, "started_timestamp"), _seconds(chat, "ended_timestamp")
    if started is not None and ended is not None:
        for minute in range(started // _MINUTE, min(ended, started + DAY) // _MINUTE + 1):
            yield minute * _MINUTE, minute


def _hours(chat: Wire) -> Iterator[tuple[int, int]]:
    """Each minute of the hours in which the chat ran: then an agent was there."""
    for hour in {moment // _HOUR for moment, _ in minutes_of(chat)}:
        for minute in range(hour * 60, hour * 60 + 60):
            yield minute * _MINUTE, minute


def _responses(chat: Wire) -> _Entries:
    """The seconds from each question of the visitor to the agent's answer."""
    asked = None
    for said in objects_of(chat, "messages"):
        moment = _seconds(said, "timestamp")
        if said.get("user_type") != "agent":
            asked = moment if asked is None else asked
        elif asked is not None and moment is not None:
            yield _seconds(chat, "started_timestamp"), moment - asked
            asked = None


def _goals(chat: Wire) -> _Entries:
    return ((_seconds(goal, "timestamp"), goal) for goal in objects_of(chat, "goals"))


def _at(name: str) -> Callable[[Wire], _Entries]:
    return lambda ticket: [(read_ticket_time(ticket.get(name)), ticket)]


def _answered(ticket: Wire) -> _Entries:
    return _hours_until(ticket, part_of(ticket, "firstResponse").get("date"))


def _solved(ticket: Wire) -> _Entries:
    return _hours_until(ticket, ticket.get("resolutionDate"))


def _hours_until(ticket: Wire, time: object) -> _Entries:
    created, end = read_ticket_time(ticket.get("date")), read_ticket_time(time)
    if created is not None and end is not None:
        yield end, (end - created) / _HOUR


def _seconds(item: Mapping[str, Any], name: str) -> int | None:
    value = item.get(name)
    return value if isinstance(value, int) else None


def _count(name: str) -> _Row:
    return lambda values: {name: len(values)}


def _engagement(chats: list[Wire]) -> Wire:
    ways = [chat.get("engagement") for chat in chats]
    return {f"chats_from_{way}": ways.count(way) for way in _WAYS}


def _not_replied(chats: list[Wire]) -> Wire:
    """The chats without a message of an agent after the first one, which welcomes the visitor."""
    later = [objects_of(chat, "messages")[1:] for chat in chats]
    return {"not_replied": sum(all(m.get("user_type") != "agent" for m in said) for said in later)}


def _ratings(items: list[Wire]) -> Wire:
    given = [item.get("rate") for item in items]
    return {rate: given.count(f"rated_{rate}") for rate in _RATES}


def _queue(chats: list[Wire]) -> dict[str, list[int]]:
    """The seconds in the queue, by what became of the visitors: the archives know only chats."""
    found = (_seconds(part_of(chat, "queue"), "duration") for chat in chats)
    waits = [wait for wait in found if wait is not None]
    return {"queued": waits, "left_queue": [], "entered_chat": waits}


def _queue_counts(chats: list[Wire]) -> Wire:
    return {part: {"count": len(waits)} for part, waits in _queue(chats).items()}


def _queue_times(chats: list[Wire]) -> Wire:
    return {
        part: {
            "count": len(waits),
            "min": {"seconds": min(waits, default=None)},
            "max": {"seconds": max(waits, default=None)},
            "average": {"seconds": _average(waits)},
        }
        for part, waits in _queue(chats).items()
    }


def _average(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 2) if values else None


def _averaged(unit: str) -> _Row:
    return lambda values: {"count": len(values), unit: _average(values)}


def _goals_reached(goals: list[Wire]) -> Wire:
    prices: dict[str, list[Decimal]] = defaultdict(list)
    for order in filter(None, (part_of(goal, "order") for goal in goals)):
        price = str(order.get("price"))
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", price, re.ASCII):
            prices[str(order.get("currency"))].append(Decimal(price))
    value = {
        currency: {"sales_count": len(found), "value": float(sum(found))}
        for currency, found in prices.items()
    }
    return {"goals": len(goals), **({"value": value} if value else {})}


def _greetings(chats: list[Wire]) -> Wire:
    """The archives know only greetings that led to a chat."""
    accepted = [chat for chat in chats if chat.get("engagement") == "auto_invite"]
    goals = sum(len(objects_of(chat, "goals")) for chat in accepted)
    return {"displayed": len(accepted), "accepted": len(accepted), "goals": goals}


def _sources(tickets: list[Wire]) -> Wire:
    types = [part_of(ticket, "source").get("type") for ticket in tickets]
    return {
        f"tickets_from_{name}": sum(types.count(source) for source in sources)
        for name, sources in _SOURCES.items()
    }


def _ranking(items: list[Wire]) -> Wire:
    """The agents by the ratings of their chats or tickets, the best first."""
    rated: dict[str, list[Wire]] = defaultdict(list)
    for item in items:
        for login in logins_of(item):
            rated[login].append(item)
    rows = []
    for login, found in rated.items():
        row = _ratings(found)
        total = sum(row.values())
        if total:
            rows.append({**row, "total": total, "score": row["good"] / total, "name": login})
    return {"ranking": sorted(rows, key=lambda row: -row["score"])}


_TIME_SPENT: dict[str, Any] = {
    "row": lambda minutes: {"hours": round(len(set(minutes)) / 60, 2)},
    "row_of_hour": lambda minutes: {"minutes": len(set(minutes))},
}
_QUEUE_TAKES = ("timezone", "group", "group_by")

_ON_TICKETS = partial(Report, is_of_chats=False)
_ON_TIMES = partial(Report, takes=("group", "agent", "group_by", "tag"), is_for_enterprise=True)

REPORTS: Mapping[str, Report] = {
    "chats/total_chats": Report(_begun, _count("chats")),
    "chats/engagement": Report(_begun, _engagement),
    "chats/not_replied_chats": Report(_begun, _not_replied, (*_COMMON, "groups", "agents")),
    "chats/ratings": Report(
        _begun, lambda chats: {**_ratings(chats), "chats": len(chats)}, has_days=True
    ),
    "chats/ratings/ranking": Report(_begun, _ranking, ("group", "tag"), has_periods=False),
    "chats/queued_visitors": Report(_begun, _queue_counts, _QUEUE_TAKES),
    "chats/queued_visitors/waiting_times": Report(_begun, _queue_times, _QUEUE_TAKES),
    "availability": Report(_hours, takes=("timezone", "group", "agent"), **_TIME_SPENT),
    "chats/chatting_time": Report(
        minutes_of, takes=("group", "agent", "tag"), is_for_enterprise=True, **_TIME_SPENT
    ),
    "chats/first_response_time": _ON_TIMES(
        lambda chat: list(_responses(chat))[:1],
        lambda waits: {"first_response_time": _averaged("seconds")(waits)},
    ),
    "chats/response_time": _ON_TIMES(
        _responses, lambda waits: {"avg_response_time": _averaged("seconds")(waits)}
    ),
    "chats/goals": Report(
        _goals,
        _goals_reached,
        (*_COMMON, "goal", "sales_tracker", "currency"),
        has_days=True,
        can_be_late=True,
    ),
    "chats/greetings": Report(_begun, _greetings, (*_NO_AGENT, "goal", "greeting"), has_days=True),
    "tickets/new_tickets": _ON_TICKETS(_at("date"), _count("new_tickets"), _NO_AGENT),
    "tickets/first_response_time": _ON_TICKETS(_answered, _averaged("hours")),
    "tickets/solved_tickets": _ON_TICKETS(_solved, _count("solved_tickets")),
    "tickets/resolution_time": _ON_TICKETS(_solved, _averaged("hours")),
    "tickets/ticket_sources": _ON_TICKETS(_at("date"), _sources, _NO_AGENT),
    "tickets/ratings": _ON_TICKETS(_at("modified"), _ratings, has_days=True),
    "tickets/ratings/ranking": _ON_TICKETS(
        _at("modified"), _ranking, ("group", "tag"), has_periods=False
    ),
}
"""The reports by their paths below ``/reports/``."""
