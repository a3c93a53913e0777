"""Reports: counts and times by period. A report is a mapping from periods to rows.

https://developers.livechat.com/docs/data-reporting/reports-api/v2.0
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from attrs import field, frozen

from livechat_async.display import brief, html_table, never_raises, number_of
from livechat_async.models._base import EMPTY, WireModel, json_of, plain_of

__all__ = [
    "ChatEngagement",
    "CountedHours",
    "GoalsReached",
    "GreetingsShown",
    "GroupBy",
    "NewTickets",
    "NotRepliedChats",
    "Period",
    "QueuePart",
    "QueuedVisitors",
    "RankedAgent",
    "Ratings",
    "Report",
    "ResponseTime",
    "Sales",
    "Seconds",
    "SolvedTickets",
    "TicketSources",
    "TimeSpent",
    "TotalChats",
]

Row = TypeVar("Row")

_PARSERS: Mapping[str, Callable[[str], date | time]] = {
    "0000-00-00": date.fromisoformat,
    "0000-00": lambda key: date.fromisoformat(f"{key}-01"),
    "00:00": time.fromisoformat,
    "0000-00-00 00:00": datetime.fromisoformat,
}


class GroupBy(StrEnum):
    """How long each period of a report is."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@frozen
class Period:
    """A period of a report, by its ``key`` as LiveChat sent it, such as ``2026-01``."""

    key: str

    @property
    def start(self) -> date | datetime | time | None:
        """When it starts; None for a key of a new form.

        A date for a day or a month (``2026-01``), and a time for an hour of the one day that was
        asked for (``14:00``). A naive datetime for ``2026-01-31 14:00``: LiveChat names no zone.
        """
        parse = _PARSERS.get(re.sub("[0-9]", "0", self.key))
        try:
            return None if parse is None else parse(self.key)
        except ValueError:  # there is no such day or hour
            return None


@frozen(repr=False)
class Report(Generic[Row]):
    """A report: a row for each period, in the order LiveChat sent them.

    ::

        for period, row in report.items():
            print(period.start, row.chats)

    Attributes:
        rows: the rows by the keys of their periods.
    """

    rows: Mapping[str, Row] = field(hash=False)

    @never_raises
    def __repr__(self) -> str:
        keys = list(self.rows)
        ends = [brief(key, quoted=False) for key in (*keys[:1], *keys[1:][-1:])]
        return f"Report({', '.join(filter(None, [self._numbers(), ' … '.join(ends)]))})"

    def _repr_html_(self) -> str:
        """A table of the rows, for notebooks."""
        return html_table(f"Report of {self._numbers()}", self.to_rows())

    def _numbers(self) -> str:
        kind = next((type(row).__name__ for row in self.rows.values()), "nothing")
        return f"{number_of(len(self.rows), 'period')} of {kind}"

    def to_dict(self) -> dict[str, Any]:
        """The rows as JSON types, by the keys of their periods; see `WireModel.to_dict`."""
        plain: dict[str, Any] = plain_of(self.rows)
        return plain

    def to_json(self, *, indent: int | None = None) -> str:
        """The rows as JSON text; see `to_dict`.

        Args:
            indent: how many blanks a level is indented by; None writes one line.
        """
        return json_of(self.rows, indent=indent)

    def to_rows(self) -> list[dict[str, Any]]:
        """The rows of a table: ``pandas.DataFrame(report.to_rows())``.

        Each has the ``period`` as LiveChat names it, its ``start``, and the columns of its row, or
        its ``value`` where that is a number.
        """
        return [
            {
                "period": period.key,
                "start": period.start,
                **(row.to_row() if isinstance(row, WireModel) else {"value": row}),
            }
            for period, row in self.items()
        ]

    def items(self) -> Iterator[tuple[Period, Row]]:
        """Each period with its row."""
        return ((Period(key), row) for key, row in self.rows.items())


@frozen(kw_only=True, repr=False)
class TotalChats(WireModel):
    """The number of ``chats``."""

    chats: int


@frozen(kw_only=True, repr=False)
class ChatEngagement(WireModel):
    """The number of chats by how they began: an invitation, or the visitor."""

    chats_from_auto_invite: int
    chats_from_manual_invite: int
    chats_from_immediate_start: int


@frozen(kw_only=True, repr=False)
class NotRepliedChats(WireModel):
    """The number of chats in which no agent wrote anything after the welcome message."""

    not_replied: int


@frozen(kw_only=True, repr=False)
class Ratings(WireModel):
    """Ratings from ``begin`` to ``end``, if LiveChat says so, and the number of all ``chats``."""

    begin: date | None = None
    end: date | None = None
    bad: int = 0
    good: int = 0
    chats: int | None = None


@frozen(kw_only=True, repr=False)
class RankedAgent(WireModel):
    """An agent in a ranking.

    Attributes:
        name: the login.
        good: the number of good ratings.
        bad: the number of bad ratings.
        total: the number of both.
        score: from 0 to 1. LiveChat computes it in a way of its own: it is below ``good / total``.
    """

    name: str
    good: int
    bad: int
    total: int
    score: float | None = None


@frozen(kw_only=True, repr=False)
class Ranking(WireModel):
    """The answer around a ``ranking``."""

    ranking: tuple[RankedAgent, ...]


@frozen(kw_only=True, repr=False)
class Seconds(WireModel):
    """A time in ``seconds``, None for the average of nothing; ``count`` may say of how many."""

    seconds: float | None = None
    count: int | None = None


@frozen(kw_only=True, repr=False)
class CountedHours(WireModel):
    """An average in ``hours``, and of how many tickets; None for the average of nothing."""

    count: int
    hours: float | None = None


@frozen(kw_only=True, repr=False)
class QueuePart(WireModel):
    """A number of visitors, and how long they waited: at least, at most, and on average.

    Only the report of waiting times has the times.
    """

    count: int
    min: Seconds | None = None
    max: Seconds | None = None
    average: Seconds | None = None


@frozen(kw_only=True, repr=False)
class QueuedVisitors(WireModel):
    """The visitors in the queue: all of them, those who left, and those who got a chat."""

    queued: QueuePart
    left_queue: QueuePart
    entered_chat: QueuePart


@frozen(kw_only=True, repr=False)
class TimeSpent(WireModel):
    """A time: ``minutes`` of each hour in the report of one day, else ``hours`` of each day."""

    hours: float | None = None
    minutes: float | None = None


@frozen(kw_only=True, repr=False)
class ResponseTime(WireModel):
    """How long agents took to respond. `count` and `seconds` read the field that was sent.

    LiveChat sends one of the two fields, and not always the one that the report is named after.
    """

    first_response_time: Seconds | None = None
    avg_response_time: Seconds | None = None

    @property
    def count(self) -> int:
        """The number of responses."""
        return self._sent.count or 0

    @property
    def seconds(self) -> float | None:
        """The average time of a response; None if there was no response."""
        return self._sent.seconds

    @property
    def _sent(self) -> Seconds:
        return self.first_response_time or self.avg_response_time or Seconds()


@frozen(kw_only=True, repr=False)
class Sales(WireModel):
    """The tracked sales in one currency: their number, and their ``value`` together."""

    sales_count: int
    value: Decimal


@frozen(kw_only=True, repr=False)
class GoalsReached(WireModel):
    """The number of ``goals`` reached, and the tracked sales by currency, such as ``EUR``."""

    begin: date | None = None
    end: date | None = None
    goals: int
    value: Mapping[str, Sales] = field(default=EMPTY, hash=False)


@frozen(kw_only=True, repr=False)
class GreetingsShown(WireModel):
    """Greetings that were displayed, the chats that came of them, and the goals of these chats."""

    begin: date | None = None
    end: date | None = None
    displayed: int
    accepted: int
    goals: int


@frozen(kw_only=True, repr=False)
class NewTickets(WireModel):
    """The number of tickets that were created."""

    new_tickets: int


@frozen(kw_only=True, repr=False)
class SolvedTickets(WireModel):
    """The number of tickets that were solved."""

    solved_tickets: int


@frozen(kw_only=True, repr=False)
class TicketSources(WireModel):
    """New tickets by source: the ticket form, a mail, or an agent in a chat."""

    tickets_from_chat_window: int
    tickets_from_mail: int
    tickets_from_chat: int


ENDPOINTS: Mapping[str, Any] = {
    "GET /reports/chats/ratings": Mapping[str, Ratings],
    "GET /reports/chats/ratings/ranking": Ranking,
    "GET /reports/chats/total_chats": Mapping[str, TotalChats],
    "GET /reports/chats/engagement": Mapping[str, ChatEngagement],
    "GET /reports/chats/not_replied_chats": Mapping[str, NotRepliedChats],
    "GET /reports/chats/queued_visitors": Mapping[str, QueuedVisitors],
    "GET /reports/chats/queued_visitors/waiting_times": Mapping[str, QueuedVisitors],
    "GET /reports/chats/chatting_time": Mapping[str, TimeSpent],
    "GET /reports/chats/first_response_time": Mapping[str, ResponseTime],
    "GET /reports/chats/response_time": Mapping[str, ResponseTime],
    "GET /reports/chats/agents_occupancy": Mapping[str, int],
    "GET /reports/chats/goals": Mapping[str, GoalsReached],
    "GET /reports/chats/greetings": Mapping[str, GreetingsShown],
    "GET /reports/tickets/ratings": Mapping[str, Ratings],
    "GET /reports/tickets/ratings/ranking": Ranking,
    "GET /reports/tickets/new_tickets": Mapping[str, NewTickets],
    "GET /reports/tickets/first_response_time": Mapping[str, CountedHours],
    "GET /reports/tickets/solved_tickets": Mapping[str, SolvedTickets],
    "GET /reports/tickets/resolution_time": Mapping[str, CountedHours],
    "GET /reports/tickets/ticket_sources": Mapping[str, TicketSources],
    "GET /reports/availability": Mapping[str, TimeSpent],
}
