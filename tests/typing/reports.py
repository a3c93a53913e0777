"""Reports as a type checker sees them: what each method takes and gives. Nothing here is run."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import assert_type

from livechat_async import (
    CountedHours,
    GoalsReached,
    GroupBy,
    LiveChatClient,
    NotRepliedChats,
    Period,
    QueuedVisitors,
    RankedAgent,
    Ratings,
    Report,
    ResponseTime,
    TimeSpent,
    TotalChats,
)


async def reading(client: LiveChatClient) -> None:
    chats, tickets = client.reports.chats, client.reports.tickets
    report = await chats.total(
        date_from=date(2026, 1, 1),
        date_to=None,
        timezone="America/Phoenix",
        group=2,
        agent="john.doe@example.com",
        group_by="day",
        tags=("sales",),
    )
    assert_type(report, Report[TotalChats])
    assert_type(report.rows, Mapping[str, TotalChats])
    for period, row in report.items():
        assert_type(period, Period)
        assert_type(period.start, date | datetime | time | None)
        assert_type(row.chats, int)
    assert_type(await chats.ratings(group_by=GroupBy.MONTH), Report[Ratings])
    assert_type(await chats.ranking(tags=["sales"]), list[RankedAgent])
    assert_type(await chats.waiting_times(group_by="hour"), Report[QueuedVisitors])
    assert_type(await chats.response_time(agent="john.doe@example.com"), Report[ResponseTime])
    assert_type(await chats.occupancy("monday"), Report[int])
    goals = await chats.goals(goal=71, sales_tracker=True, currency="EUR")
    assert_type(goals, Report[GoalsReached])
    assert_type(goals.rows["2026-01"].value["EUR"].value, Decimal)
    lists = await chats.not_replied(groups=range(3), agents=["john.doe@example.com"])
    assert_type(lists, Report[NotRepliedChats])
    assert_type(await client.reports.availability(timezone="UTC"), Report[TimeSpent])
    assert_type(await tickets.resolution_time(), Report[CountedHours])


async def refused(client: LiveChatClient) -> None:
    chats, tickets = client.reports.chats, client.reports.tickets
    await chats.total(goal=71)  # type: ignore[call-arg]
    await chats.total(date_from="2026-01-01")  # type: ignore[arg-type]
    await chats.ranking(group_by="day")  # type: ignore[call-arg]
    await chats.queued_visitors(agent="john.doe@example.com")  # type: ignore[call-arg]
    await chats.chatting_time(timezone="UTC")  # type: ignore[call-arg]
    await chats.not_replied(group=1)  # type: ignore[call-arg]
    await chats.goals(greeting=3)  # type: ignore[call-arg]
    await chats.greetings(agent="john.doe@example.com")  # type: ignore[call-arg]
    await chats.occupancy()  # type: ignore[call-arg]
    await client.reports.availability(tags=["sales"])  # type: ignore[call-arg]
    await tickets.new(agent="john.doe@example.com")  # type: ignore[call-arg]
    (await tickets.solved()).rows = {}  # type: ignore[misc]
