"""The Reports page: ``/reports``. Reports are computed from the archived chats and the tickets."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import partial
from http import HTTPStatus
from typing import Any

from attrs import frozen

from livechat_async.sandbox.data.dates import DAY, day_end, day_start
from livechat_async.sandbox.http.answers import Answer, BadRequest, Wire, error, json_answer
from livechat_async.sandbox.http.bodies import query_of, read_query
from livechat_async.sandbox.http.queries import Filter, QueryReader, items_of, objects_of, part_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.account import Account
from livechat_async.sandbox.state.reports import REPORTS, Report, groups_of, logins_of, minutes_of
from livechat_async.sandbox.state.timeline import Timeline

_LENGTHS = ("month", "day", "hour")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKS = 4
_AT_A_TIME = 500


def get_report(path: str, account: Account, request: RecordedRequest) -> Answer:
    """``GET /reports/...``: a row for each period of the days, also where nothing happened."""
    report, query = REPORTS[path], {**read_query(request)}
    if report.is_for_enterprise and account.plan != "enterprise":
        return error(HTTPStatus.FORBIDDEN, f"The plan {account.plan!r} does not have this report")
    if isinstance(query.get("tag"), str):
        query["tag"] = [query["tag"]]  # the spelling before August 2017
    known = {"date_from", "date_to", *report.takes}
    reader = QueryReader({name: value for name, value in query.items() if name in known})
    zone = reader.zone()
    since, until = reader.days(zone)
    length = reader.choice("group_by", _LENGTHS)
    _, fits = reader.filters(_FILTERS)
    with_goals = _read_goals(reader)
    reader.check()

    last = _day(account.chats.now if until is None else until - 1, zone)
    # Nothing in a ticket is later than its last change, which is how tickets are ordered.
    late_entries = report.entries if report.can_be_late else None
    chats = _items(account.chats, since, until, late_entries)
    tickets = _items(account.tickets, since)
    entries = [
        (moment, value)
        for item in filter(fits, chats if report.is_of_chats else tickets)
        for moment, value in report.entries(with_goals(item))
        if moment is not None
    ]
    first = last if since is None else _day(since, zone)
    if first > last:
        raise BadRequest("date_from has to be before date_to")
    if since is None:  # from the beginning of time: of what there is
        length = length or "day"
        first = min([last, *(_day(moment, zone) for moment, _ in entries)])
    start, end = day_start(first, zone), day_end(last, zone)
    entries = [entry for entry in entries if start <= entry[0] < end]
    if not report.has_periods:
        return json_answer(report.row([value for _, value in entries]))
    # The documentation's sample asks for the hours of two days, and shows days.
    if first != last and length != "month":
        length = "day"
    periods = _Periods(first, last, length or "hour", zone)
    return json_answer(periods.rows(report, entries))


@frozen
class _Periods:
    """The days of a report, cut into periods of one ``length``: ``hour``, ``day`` or ``month``."""

    first: date
    last: date
    length: str
    zone: tzinfo

    def rows(self, report: Report, entries: Iterable[tuple[int, Any]]) -> dict[str, Wire]:
        """A row for each period."""
        values: dict[str, list[Any]] = {key: [] for key in self._keys()}
        for moment, value in entries:
            text = datetime.fromtimestamp(moment, self.zone).isoformat()
            keys = {"hour": f"{text[11:13]}:00", "day": text[:10], "month": text[:7]}
            values[keys[self.length]].append(value)
        make = (report.row_of_hour if self.length == "hour" else None) or report.row
        rows = {key: make(found) for key, found in values.items()}
        if report.has_days and self.length == "month":
            for key, row in rows.items():
                end = f"{key}-{monthrange(int(key[:4]), int(key[5:]))[1]}"
                row["begin"] = max(f"{key}-01", str(self.first))
                row["end"] = min(end, str(self.last))
        return rows

    def _keys(self) -> Iterable[str]:
        if self.length == "hour":
            return (f"{hour:02}:00" for hour in range(24))
        count = (self.last - self.first).days + 1
        days = (str(self.first + timedelta(days=number)) for number in range(count))
        return days if self.length == "day" else dict.fromkeys(day[:7] for day in days)


def _day(moment: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(moment, zone).date()


def _items(
    timeline: Timeline,
    since: int | None,
    until: int | None = None,
    late_entries: Callable[[Wire], Iterable[tuple[int | None, Any]]] | None = None,
) -> Iterator[Wire]:
    """The items from a day before ``since``, because what happens in them may be later.

    With ``late_entries``, which reads an outline, all items that have an entry from ``since`` on.
    """
    if since is None or late_entries is None:
        numbers = timeline.select(None if since is None else since - DAY, until)
    else:

        def is_late_enough(item: Wire) -> bool:
            return any(moment is not None and moment >= since for moment, _ in late_entries(item))

        key = ("late", late_entries, since)
        numbers = timeline.select(None, until, is_late_enough, key, by_outline=True)
    for begin in range(0, len(numbers), _AT_A_TIME):  # a million chats never exist together
        yield from timeline.slice(numbers, begin, begin + _AT_A_TIME)


def get_occupancy(account: Account, request: RecordedRequest) -> Answer:
    """``GET /reports/chats/agents_occupancy``: the last four of a weekday, in UTC, by hours."""
    reader = query_of(request)
    weekday = reader.choice("weekday", _WEEKDAYS)
    reader.check()
    if weekday is None:
        raise BadRequest(f"weekday is required and has to be one of: {', '.join(_WEEKDAYS)}")
    today = _day(account.chats.now, UTC)
    latest = today - timedelta(days=(today.weekday() - _WEEKDAYS.index(weekday)) % 7)
    row = {}
    for day in (latest - timedelta(weeks=week) for week in reversed(range(_WEEKS))):
        start = day_start(day)
        chats = _items(account.chats, start, start + DAY)
        running = Counter(minute for chat in chats for _, minute in minutes_of(chat))
        for hour in range(24):
            first = start // 60 + hour * 60
            row[f"{day} {hour:02}:00"] = max(running[m] for m in range(first, first + 60))
    return json_answer(row)


def _read_goals(reader: QueryReader) -> Callable[[Wire], Wire]:
    """A function that leaves in a chat only the goals that were asked for."""
    goal_id, currency = reader.number("goal"), reader.text("currency")
    only_sales = reader.flag("sales_tracker")
    reader.number("greeting")  # the archives do not know which greeting began a chat

    def fits(goal: Mapping[str, Any]) -> bool:
        order = part_of(goal, "order")
        fits_sale = order or not only_sales
        return bool(
            fits_sale
            and goal_id in (None, goal.get("id"))
            and currency in (None, order.get("currency"))
        )

    return lambda chat: {**chat, "goals": list(filter(fits, objects_of(chat, "goals")))}


_FILTERS: Mapping[str, Filter] = {
    "group": Filter(QueryReader.number, lambda item, group: group in groups_of(item)),
    "groups": Filter(
        lambda reader, name: reader.numbers(name, "the number of a group"),
        lambda item, groups: any(group in groups for group in groups_of(item)),
    ),
    "agent": Filter(QueryReader.text, lambda item, login: login in logins_of(item)),
    "agents": Filter(
        QueryReader.texts, lambda item, logins: any(login in logins for login in logins_of(item))
    ),
    "tag": Filter(
        QueryReader.texts, lambda item, tags: any(tag in items_of(item, "tags") for tag in tags)
    ),
}

ROUTES = (
    *(Route("GET", f"/reports/{path}", partial(get_report, path)) for path in REPORTS),
    Route("GET", "/reports/chats/agents_occupancy", get_occupancy),
)
