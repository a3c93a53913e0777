"""Reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any, TypedDict, Unpack

import attrs

from livechat_async.checks import check_choice, check_numbers
from livechat_async.decoding.bodies import value_reader
from livechat_async.decoding.problems import WireError, show
from livechat_async.http.request import Request
from livechat_async.http.session import SessionManager
from livechat_async.models import reports as row
from livechat_async.models._base import WireModel, wire_name
from livechat_async.models.agents import Weekday
from livechat_async.models.reports import GroupBy, Period, RankedAgent, Ranking, Report
from livechat_async.resources._arguments import (
    as_flag,
    as_mail,
    as_number,
    as_text,
    as_zone_name,
    date_range,
    given_tags,
)
from livechat_async.resources._base import Resource


# What the methods take. A type checker refuses the rest, and so does `_query`.
class _Days(TypedDict, total=False):
    date_from: date | None
    date_to: date | None


class _Ranking(_Days, total=False):
    group: int | None
    tags: Iterable[str] | None


class _ChattingTime(_Ranking, total=False):
    agent: str | None


class _Response(_ChattingTime, total=False):
    group_by: GroupBy | str | None


class ReportFilters(_Response, total=False):
    """What the reports take. Some take less, and a few take more.

    Attributes:
        date_from: the first day. By default it is the beginning of time, and the answer is large.
        date_to: the last day; today by default.
        timezone: the name of the time zone of days and hours, such as ``"America/Phoenix"``.
        group: only the group with this number.
        agent: only the agent with this login.
        group_by: the length of each period. By default it is a day, or an hour for one day.
        tags: only chats, or tickets, with these tags.
    """

    timezone: str | None


class _Goals(ReportFilters, total=False):
    goal: int | None
    sales_tracker: bool | None
    currency: str | None


class _Availability(_Days, total=False):
    timezone: str | None
    group: int | None
    agent: str | None


class _NotReplied(_Days, total=False):
    timezone: str | None
    groups: Iterable[int] | None
    agents: Iterable[str] | None
    group_by: GroupBy | str | None
    tags: Iterable[str] | None


class _Queue(_Days, total=False):
    timezone: str | None
    group: int | None
    group_by: GroupBy | str | None


class _NoAgent(_Queue, total=False):
    tags: Iterable[str] | None


class _Greetings(_NoAgent, total=False):
    goal: int | None
    greeting: int | None


class _Reports(Resource):
    _root = "/reports"

    async def _report(self, path: str, model: Any, given: Any, takes: Any = None) -> Report[Any]:
        query = _query(takes, given) if takes else given
        request = Request("GET", f"{self._root}/{path}", query=query)
        read = value_reader(self._session.converter.current, Mapping[str, model])
        answer = await self._session.call(request, lambda content: _check_rows(read(content)))
        return Report(answer.value)

    async def _ranking(self, filters: _Ranking) -> list[RankedAgent]:
        query, path = _query(_Ranking, filters), f"{self._root}/ratings/ranking"
        return list((await self._call("GET", path, Ranking, query=query)).ranking)


class ChatReports(_Reports):
    """The reports on chats: ``client.reports.chats``."""

    _root = "/reports/chats"

    async def total(self, **filters: Unpack[ReportFilters]) -> Report[row.TotalChats]:
        """How many chats there were."""
        return await self._report("total_chats", row.TotalChats, filters, ReportFilters)

    async def engagement(self, **filters: Unpack[ReportFilters]) -> Report[row.ChatEngagement]:
        """How many chats began by an invitation, and how many without one."""
        return await self._report("engagement", row.ChatEngagement, filters, ReportFilters)

    async def not_replied(self, **filters: Unpack[_NotReplied]) -> Report[row.NotRepliedChats]:
        """How many chats got nothing from an agent but the welcome message."""
        return await self._report("not_replied_chats", row.NotRepliedChats, filters, _NotReplied)

    async def ratings(self, **filters: Unpack[ReportFilters]) -> Report[row.Ratings]:
        """How chats were rated."""
        return await self._report("ratings", row.Ratings, filters, ReportFilters)

    async def ranking(self, **filters: Unpack[_Ranking]) -> list[RankedAgent]:
        """The agents by the ratings of their chats, the best first."""
        return await self._ranking(filters)

    async def queued_visitors(self, **filters: Unpack[_Queue]) -> Report[row.QueuedVisitors]:
        """How many visitors waited in the queue, and what became of them."""
        return await self._report("queued_visitors", row.QueuedVisitors, filters, _Queue)

    async def waiting_times(self, **filters: Unpack[_Queue]) -> Report[row.QueuedVisitors]:
        """How long visitors waited in the queue, in seconds."""
        return await self._report(
            "queued_visitors/waiting_times", row.QueuedVisitors, filters, _Queue
        )

    async def chatting_time(self, **filters: Unpack[_ChattingTime]) -> Report[row.TimeSpent]:
        """How long agents chatted. Plans below Enterprise get a 403."""
        return await self._report("chatting_time", row.TimeSpent, filters, _ChattingTime)

    async def first_response_time(self, **filters: Unpack[_Response]) -> Report[row.ResponseTime]:
        """How long agents took to respond to a new chat. Plans below Enterprise get a 403."""
        return await self._report("first_response_time", row.ResponseTime, filters, _Response)

    async def response_time(self, **filters: Unpack[_Response]) -> Report[row.ResponseTime]:
        """How long agents took to respond to a message. Plans below Enterprise get a 403."""
        return await self._report("response_time", row.ResponseTime, filters, _Response)

    async def occupancy(self, weekday: Weekday | str) -> Report[int]:
        """The most chats at the same time, for each hour of some days on a `Weekday`."""
        query = {"weekday": check_choice("weekday", weekday, Weekday)[:3]}
        return await self._report("agents_occupancy", int, query)

    async def goals(self, **filters: Unpack[_Goals]) -> Report[row.GoalsReached]:
        """How many goals were reached, or with ``sales_tracker=True`` only tracked sales."""
        return await self._report("goals", row.GoalsReached, filters, _Goals)

    async def greetings(self, **filters: Unpack[_Greetings]) -> Report[row.GreetingsShown]:
        """How many greetings were displayed, and led to chats and goals."""
        return await self._report("greetings", row.GreetingsShown, filters, _Greetings)


class TicketReports(_Reports):
    """The reports on tickets: ``client.reports.tickets``."""

    _root = "/reports/tickets"

    async def new(self, **filters: Unpack[_NoAgent]) -> Report[row.NewTickets]:
        """How many tickets were created."""
        return await self._report("new_tickets", row.NewTickets, filters, _NoAgent)

    async def first_response_time(
        self, **filters: Unpack[ReportFilters]
    ) -> Report[row.CountedHours]:
        """How long agents took to respond to a new ticket, in hours."""
        return await self._report("first_response_time", row.CountedHours, filters, ReportFilters)

    async def solved(self, **filters: Unpack[ReportFilters]) -> Report[row.SolvedTickets]:
        """How many tickets were solved."""
        return await self._report("solved_tickets", row.SolvedTickets, filters, ReportFilters)

    async def resolution_time(self, **filters: Unpack[ReportFilters]) -> Report[row.CountedHours]:
        """How long tickets took to be solved, in hours."""
        return await self._report("resolution_time", row.CountedHours, filters, ReportFilters)

    async def sources(self, **filters: Unpack[_NoAgent]) -> Report[row.TicketSources]:
        """Where new tickets came from."""
        return await self._report("ticket_sources", row.TicketSources, filters, _NoAgent)

    async def ratings(self, **filters: Unpack[ReportFilters]) -> Report[row.Ratings]:
        """How tickets were rated."""
        return await self._report("ratings", row.Ratings, filters, ReportFilters)

    async def ranking(self, **filters: Unpack[_Ranking]) -> list[RankedAgent]:
        """The agents by the ratings of their tickets, the best first."""
        return await self._ranking(filters)


class ReportsResource(_Reports):
    """The reports: ``client.reports``, with its ``chats`` and ``tickets``.

    `ReportFilters` describes what the methods take. A `PermissionDeniedError` can mean that the
    account's plan lacks a report.

    https://developers.livechat.com/docs/data-reporting/reports-api/v2.0
    """

    def __init__(self, session: SessionManager) -> None:
        super().__init__(session)
        self.chats: ChatReports = ChatReports(session)
        self.tickets: TicketReports = TicketReports(session)

    async def availability(self, **filters: Unpack[_Availability]) -> Report[row.TimeSpent]:
        """How long an agent, a group or the account could be chatted with."""
        return await self._report("availability", row.TimeSpent, filters, _Availability)


def _check_rows(rows: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rows, unless they are another answer: it would pass for rows of zeros."""
    for key, found in rows.items():
        if isinstance(found, WireModel) and found.extra:
            # Version 3 answers {"records": {...}}: no period, and no row with a field of ours.
            if Period(key).start is None:
                raise WireError("a period, such as 2026-01-31", show(key))
            names = [each for each in attrs.fields(type(found)) if each.name != "extra"]
            if all(getattr(found, each.name) == each.default for each in names):
                known, new = (", ".join(each) for each in (map(wire_name, names), found.extra))
                raise WireError(f"one of the fields {known}", f"only {new}", f"[{key!r}]")
    return rows


def _query(takes: Any, filters: Any) -> dict[str, Any]:
    strange = {name: filters[name] for name in filters if name not in takes.__optional_keys__}
    if strange:
        from livechat_async.keywords import options_of, unknown  # noqa: PLC0415 (for a mistake only)

        raise unknown("this report", strange, options_of(takes))
    query: dict[str, Any] = date_range(filters.get("date_from"), filters.get("date_to"))
    for name, value in filters.items():
        if value is not None and name in _RULES:
            query["tag" if name == "tags" else name] = _RULES[name](name, value)
    return query


_some = partial(given_tags, empty="leave it out to mean any")
_RULES: Mapping[str, Callable[[str, Any], Any]] = {
    "timezone": as_zone_name,
    "group": as_number,
    "groups": partial(check_numbers, default="any group"),
    "agent": as_mail,
    "agents": lambda name, logins: [as_mail(name, login) for login in _some(name, logins)],
    "group_by": partial(check_choice, choices=GroupBy),
    "tags": _some,
    "goal": as_number,
    "greeting": as_number,
    "sales_tracker": as_flag,
    "currency": as_text,
}
