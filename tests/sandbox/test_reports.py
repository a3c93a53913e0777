"""Reports count what is in the archives and tickets of the sandbox."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from asking import ask
from hypothesis import given, settings
from hypothesis import strategies as st

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox import RecordedRequest, Sandbox
from livechat_async.sandbox.pages.reports import get_report
from livechat_async.sandbox.state.reports import REPORTS

# The fixtures' clock stands here.
NOW = datetime(2017, 2, 16, 11, 54, 26, tzinfo=UTC)
JOHN, JANE = "john.doe@example.com", "jane.doe@example.com"
DAYS = "date_from=2017-02-01&date_to=2017-02-03"


async def report(http: aiohttp.ClientSession, path: str, query: str = DAYS) -> Any:
    status, answer = await ask(http, f"/reports/{path}?{query}")
    assert status == 200, answer
    return answer


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def add_chat(sandbox: Sandbox, started: str, minutes: int = 5, **fields: Any) -> str:
    begin = moment(started)
    login = fields.pop("login", JOHN)
    agents = [{"display_name": "An agent", "email": login}]
    end = begin + timedelta(minutes=minutes)
    return sandbox.add_chat(started=begin, ended=end, agents=agents, **fields)


def said(*parts: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "text": "…",
            "user_type": who,
            "author_name": who,
            "timestamp": int(moment(f"2017-02-01T{time}").timestamp()),
        }
        for who, time in parts
    ]


async def test_every_day_has_a_row_and_a_day_begins_in_the_zone(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    add_chat(sandbox, "2017-01-31T23:30:00")
    add_chat(sandbox, "2017-02-02T10:00:00")
    add_chat(sandbox, "2017-02-02T23:30:00")
    sandbox.add_chat(type="missed_chat", time=moment("2017-02-02T12:00:00"))

    utc = await report(http, "chats/total_chats")
    warsaw = await report(http, "chats/total_chats", f"{DAYS}&timezone=Europe/Warsaw")
    month = await report(http, "chats/total_chats", f"{DAYS}&group_by=month")

    days = ["2017-02-01", "2017-02-02", "2017-02-03"]
    assert utc == {day: {"chats": count} for day, count in zip(days, (0, 2, 0), strict=True)}
    assert warsaw == {day: {"chats": count} for day, count in zip(days, (1, 1, 1), strict=True)}
    assert month == {"2017-02": {"chats": 2}}
    assert list(utc) == days


async def test_one_day_comes_by_hours_and_two_days_never(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    add_chat(sandbox, "2017-02-01T10:59:00")
    one = "date_from=2017-02-01&date_to=2017-02-01"

    hours = await report(http, "chats/total_chats", one)
    same_day = await report(http, "chats/total_chats", f"{one}&group_by=day")
    days = await report(http, "chats/total_chats", f"{DAYS}&group_by=hour")

    assert list(hours) == [f"{hour:02}:00" for hour in range(24)]
    assert {key: row["chats"] for key, row in hours.items() if row["chats"]} == {"10:00": 1}
    assert same_day == {"2017-02-01": {"chats": 1}}
    assert list(days) == ["2017-02-01", "2017-02-02", "2017-02-03"]


async def test_the_days_go_from_the_first_chat_to_today_by_default(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    assert await report(http, "chats/total_chats", "") == {"2017-02-16": {"chats": 0}}
    add_chat(sandbox, "2017-02-14T10:00:00")
    assert list(await report(http, "chats/total_chats", "")) == [
        f"2017-02-{day}" for day in (14, 15, 16)
    ]
    assert len(await report(http, "chats/total_chats", "date_from=2017-02-16")) == 24
    sandbox.add_ticket(date=moment("2017-02-14T10:00:00"))
    for path, row in (("chats/total_chats", "chats"), ("tickets/new_tickets", "new_tickets")):
        rows = await report(http, path, "date_to=2017-01-01")
        assert rows == {"2017-01-01": {row: 0}}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("group=2", 1),
        ("group=7", 0),
        (f"agent={JANE}", 1),
        ("tag[]=vip", 1),
        ("tag[]=vip&tag[]=sales", 2),
        ("tag=vip", 1),  # as before August 2017
        ("tag=nothing", 0),
        ("goal=71", 2),  # nothing that this report takes
    ],
)
async def test_filters_narrow_a_report(
    sandbox: Sandbox, http: aiohttp.ClientSession, query: str, count: int
) -> None:
    add_chat(sandbox, "2017-02-01T10:00:00", group=[2], tags=["sales", "vip"])
    add_chat(sandbox, "2017-02-01T11:00:00", login=JANE, tags=["sales"])

    rows = await report(http, "chats/total_chats", f"{DAYS}&{query}")

    assert rows["2017-02-01"] == {"chats": count}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("groups[]=2", 1),
        ("groups[]=0&groups[]=2", 2),
        (f"agents[]={JANE}&agents[]={JOHN}", 2),
        (f"agents[]={JANE}", 1),
        (f"agent={JANE}", 1),  # as the documentation's sample
        ("", 2),
    ],
)
async def test_chats_that_were_not_replied_to_take_lists(
    sandbox: Sandbox, http: aiohttp.ClientSession, query: str, count: int
) -> None:
    welcome = said(("agent", "10:00:00"), ("visitor", "10:01:00"))
    add_chat(sandbox, "2017-02-01T10:00:00", group=[2], messages=welcome)
    add_chat(sandbox, "2017-02-01T10:00:00", login=JANE, messages=welcome[1:])
    add_chat(sandbox, "2017-02-01T10:00:00", messages=[*welcome, *said(("agent", "10:02:00"))])

    rows = await report(http, "chats/not_replied_chats", f"{DAYS}&{query}")

    assert rows["2017-02-01"] == {"not_replied": count}


async def test_times_of_responses_are_averages_and_null_without_any(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    talk = said(
        ("agent", "10:00:00"),
        ("visitor", "10:00:10"),
        ("visitor", "10:00:20"),
        ("agent", "10:00:30"),
        ("visitor", "10:01:00"),
        ("agent", "10:01:05"),
        ("visitor", "10:02:00"),
    )
    add_chat(sandbox, "2017-02-01T10:00:00", messages=talk)

    first = await report(http, "chats/first_response_time")
    every = await report(http, "chats/response_time")

    assert first["2017-02-01"] == {"first_response_time": {"count": 1, "seconds": 20}}
    assert every["2017-02-01"] == {"avg_response_time": {"count": 2, "seconds": 12.5}}
    assert first["2017-02-02"] == {"first_response_time": {"count": 0, "seconds": None}}


async def test_engagement_ratings_and_greetings_count_chats(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    goal = {"id": 71, "name": "Order placed", "order": {}}
    add_chat(
        sandbox,
        "2017-02-01T10:00:00",
        engagement="auto_invite",
        rate="rated_good",
        goals=[goal, {**goal, "id": 72}],
    )
    add_chat(sandbox, "2017-02-01T11:00:00", engagement="manual_invite", rate="rated_bad")

    engagement = await report(http, "chats/engagement")
    ratings = await report(
        http, "chats/ratings", "date_from=2017-01-30&date_to=2017-02-03&group_by=month"
    )
    days = await report(http, "chats/ratings")
    greetings = await report(http, "chats/greetings")
    one_goal = await report(http, "chats/greetings", f"{DAYS}&goal=71")

    assert engagement["2017-02-01"] == {
        "chats_from_auto_invite": 1,
        "chats_from_manual_invite": 1,
        "chats_from_immediate_start": 0,
    }
    assert ratings == {
        "2017-01": {"begin": "2017-01-30", "end": "2017-01-31", "bad": 0, "good": 0, "chats": 0},
        "2017-02": {"begin": "2017-02-01", "end": "2017-02-03", "bad": 1, "good": 1, "chats": 2},
    }
    assert days["2017-02-01"] == {"bad": 1, "good": 1, "chats": 2}
    assert greetings["2017-02-01"] == {"displayed": 1, "accepted": 1, "goals": 2}
    assert one_goal["2017-02-01"] == {"displayed": 1, "accepted": 1, "goals": 1}


async def test_the_queue_is_counted_and_timed(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    add_chat(sandbox, "2017-02-01T10:00:00", queue={"duration": 10})
    add_chat(sandbox, "2017-02-01T11:00:00", queue={"duration": 25})
    add_chat(sandbox, "2017-02-01T12:00:00")

    counts = await report(http, "chats/queued_visitors")
    times = await report(http, "chats/queued_visitors/waiting_times")

    two, none = {"count": 2}, {"count": 0}
    assert counts["2017-02-01"] == {"queued": two, "left_queue": none, "entered_chat": two}
    nothing = {name: {"seconds": None} for name in ("min", "max", "average")}
    waited = {"min": {"seconds": 10}, "max": {"seconds": 25}, "average": {"seconds": 17.5}}
    assert times["2017-02-01"] == {
        "queued": two | waited,
        "left_queue": none | nothing,
        "entered_chat": two | waited,
    }


async def test_times_spent_are_hours_of_days_and_minutes_of_hours(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    add_chat(sandbox, "2017-02-01T10:50:00", minutes=29)
    add_chat(sandbox, "2017-02-01T10:55:00", minutes=4)  # at the same time
    one = "date_from=2017-02-01&date_to=2017-02-01"

    chatting = await report(http, "chats/chatting_time")
    chatting_hours = await report(http, "chats/chatting_time", one)
    available = await report(http, "availability")
    available_hours = await report(http, "availability", one)

    assert chatting["2017-02-01"] == {"hours": 0.5}
    assert chatting["2017-02-02"] == {"hours": 0}
    assert chatting_hours["10:00"] == {"minutes": 10}
    assert chatting_hours["11:00"] == {"minutes": 20}
    assert available["2017-02-01"] == {"hours": 2}
    assert available_hours["11:00"] == {"minutes": 60}
    assert available_hours["12:00"] == {"minutes": 0}


async def test_broken_chats_and_tickets_break_no_report(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    broken: list[Any] = [None, "text", -1, 1.5, [["x"]], {"a": []}, [{"email": ["x"], "id": {}}]]
    names = ("agents", "group", "tags", "rate", "messages", "goals", "queue", "engagement")
    for value in broken:
        sandbox.add_chat(started=moment("2017-02-01T10:00:00"), **dict.fromkeys(names, value))
        sandbox.add_chat(started_timestamp=0, ended_timestamp=10**10)
        order = {"currency": value, "price": value}
        goal = {"id": value, "timestamp": int(NOW.timestamp()), "order": order}
        sandbox.add_chat(started=moment("2017-02-01T10:00:00"), goals=[goal])
        names_of_ticket = ("assignee", "groups", "tags", "rate", "source", "firstResponse")
        sandbox.add_ticket(resolutionDate=value, **dict.fromkeys(names_of_ticket, value))

    for path in REPORTS:
        assert await report(http, path, "date_from=2017-01-01&group=0&agent=a&tag=b")
        assert await report(http, path, "date_from=2017-01-01")
    assert await report(http, "chats/agents_occupancy", "weekday=wed")


async def test_a_goal_counts_on_the_day_it_was_reached_however_old_the_chat_is(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    """A visitor orders days after the chat, and a program then marks the goal as successful."""
    reached = int(moment("2017-02-02T09:00:00").timestamp())
    add_chat(sandbox, "2017-01-10T10:00:00", goals=[{"id": 71, "timestamp": reached}])

    rows = await report(http, "chats/goals")

    assert {day: row["goals"] for day, row in rows.items() if row["goals"]} == {"2017-02-02": 1}


async def test_occupancy_shows_the_last_four_of_a_weekday(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    for _ in range(2):
        add_chat(sandbox, "2017-02-06T09:58:00", minutes=4)
    add_chat(sandbox, "2017-02-06T10:30:00", minutes=4)

    hours = await report(http, "chats/agents_occupancy", "weekday=mon")
    thursdays = await report(http, "chats/agents_occupancy", "weekday=thu")
    status, refused = await ask(http, "/reports/chats/agents_occupancy?weekday=monday")
    none_status, none = await ask(http, "/reports/chats/agents_occupancy")

    days = ["2017-01-23", "2017-01-30", "2017-02-06", "2017-02-13"]
    assert list(hours) == [f"{day} {hour:02}:00" for day in days for hour in range(24)]
    found = {key: count for key, count in hours.items() if count}
    assert found == {"2017-02-06 09:00": 2, "2017-02-06 10:00": 2}
    assert list(thursdays)[-1] == "2017-02-16 23:00"
    assert (status, none_status) == (400, 400)
    assert "weekday has to be one of: mon" in refused["errors"][0]
    assert "weekday is required" in none["errors"][0]


@pytest.mark.parametrize(
    ("query", "row"),
    [
        (
            "",
            {
                "goals": 4,
                "value": {
                    "EUR": {"sales_count": 2, "value": 149.5},
                    "USD": {"sales_count": 1, "value": 3},
                },
            },
        ),
        ("goal=72", {"goals": 1}),
        ("sales_tracker=1&goal=72", {"goals": 0}),
        ("currency=USD", {"goals": 1, "value": {"USD": {"sales_count": 1, "value": 3}}}),
    ],
)
async def test_goals_come_with_the_value_of_sales(
    sandbox: Sandbox, http: aiohttp.ClientSession, query: str, row: Any
) -> None:
    at = int(moment("2017-02-01T10:01:00").timestamp())
    orders = [("EUR", "100"), ("EUR", "49.50"), ("USD", 3)]
    goals = [
        {"id": 71, "timestamp": at, "order": {"currency": currency, "price": price}}
        for currency, price in orders
    ]
    add_chat(
        sandbox, "2017-01-31T23:59:00", goals=[*goals, {"id": 72, "timestamp": at, "order": {}}]
    )
    add_chat(sandbox, "2017-02-01T10:00:00", goals=[{"id": 71, "order": "broken"}])

    rows = await report(http, "chats/goals", f"{DAYS}&{query}")

    assert rows["2017-02-01"] == row


async def test_rankings_go_from_the_best_to_the_worst(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    for rate in ("rated_good", "rated_bad", "not_rated"):
        add_chat(sandbox, "2017-02-01T10:00:00", rate=rate)
    add_chat(sandbox, "2017-02-01T10:00:00", rate="rated_good", login=JANE, tags=["vip"])
    add_chat(sandbox, "2017-01-01T10:00:00", rate="rated_bad", login=JANE)
    sandbox.add_ticket(
        modified=moment("2017-02-01T10:00:00"), rate="rated_bad", assignee={"id": JANE}
    )

    john = {"good": 1, "bad": 1, "total": 2, "score": 0.5, "name": JOHN}
    jane = {"good": 1, "bad": 0, "total": 1, "score": 1, "name": JANE}
    assert await report(http, "chats/ratings/ranking") == {"ranking": [jane, john]}
    assert await report(http, "chats/ratings/ranking", f"{DAYS}&tag[]=vip") == {"ranking": [jane]}
    assert await report(http, "tickets/ratings/ranking") == {
        "ranking": [{"good": 0, "bad": 1, "total": 1, "score": 0, "name": JANE}]
    }


async def test_tickets_are_counted_when_it_happened(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.add_ticket(
        date=moment("2017-02-01T10:00:00"),
        modified=moment("2017-02-14T10:00:00"),
        firstResponse={"date": "2017-02-01T10:49:48Z", "agent": {"id": JOHN}},
        resolutionDate="2017-02-02T10:00:00Z",
        assignee={"id": JOHN},
        groups=[{"id": 2, "name": "Sales"}],
        source={"type": "chat-window"},
    )
    sandbox.add_ticket(date=moment("2017-02-01T11:00:00"), groups=[0], source={"type": "lc2"})

    async def rows(path: str, query: str = "") -> list[Any]:
        return list((await report(http, f"tickets/{path}", f"{DAYS}&{query}")).values())

    assert [row["new_tickets"] for row in await rows("new_tickets")] == [2, 0, 0]
    assert [row["new_tickets"] for row in await rows("new_tickets", "group=2")] == [1, 0, 0]
    nothing = {"count": 0, "hours": None}
    assert await rows("first_response_time") == [{"count": 1, "hours": 0.83}, nothing, nothing]
    assert await rows("resolution_time", f"agent={JOHN}") == [
        nothing,
        {"count": 1, "hours": 24},
        nothing,
    ]
    assert await rows("resolution_time", f"agent={JANE}") == [nothing] * 3
    assert [row["solved_tickets"] for row in await rows("solved_tickets")] == [0, 1, 0]
    assert (await rows("ticket_sources"))[0] == {
        "tickets_from_chat_window": 1,
        "tickets_from_mail": 0,
        "tickets_from_chat": 1,
    }
    assert (await rows("ratings", "group_by=month")) == [
        {"begin": "2017-02-01", "end": "2017-02-03", "bad": 0, "good": 0}
    ]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("date_from=yesterday", "date_from has to be a day"),
        ("date_from=2017-02-03&date_to=2017-02-01", "date_from has to be before date_to"),
        ("timezone=Mars", "timezone has to be a zone"),
        ("group_by=week", "group_by has to be one of: month, day, hour"),
        ("group=all", "group has to be a number"),
        ("agent=", "agent has to be text"),
    ],
)
async def test_a_wrong_parameter_is_a_400_that_names_it(
    http: aiohttp.ClientSession, query: str, problem: str
) -> None:
    status, answer = await ask(http, f"/reports/chats/total_chats?{query}")
    assert status == 400
    assert answer["errors"][0].startswith(problem)


@pytest.mark.parametrize("plan", ["starter", "team", "business", "enterprise"])
async def test_plans_below_enterprise_lack_three_reports(plan: Any) -> None:
    async with (
        Sandbox(plan=plan) as sandbox,
        aiohttp.ClientSession(
            headers={
                "X-API-Version": "2",
                "Authorization": sandbox.credentials.authorization().reveal(),
            }
        ) as http,
    ):
        statuses = {path: await ask(http, f"{sandbox.url}/reports/{path}") for path in REPORTS}
    refused = {path: answer for path, (status, answer) in statuses.items() if status == 403}
    three = {"chats/chatting_time", "chats/first_response_time", "chats/response_time"}
    assert refused.keys() == (set() if plan == "enterprise" else three)
    assert all(plan in answer["error"] for answer in refused.values())


def test_an_unknown_plan_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="plan='gold' is none of 'starter', 'team'"):
        Sandbox(plan="gold")  # type: ignore[arg-type]


def rows_of(sandbox: Sandbox, path: str, query: str) -> dict[str, Any]:
    request = RecordedRequest(
        method="GET", raw_path="", raw_query=query, headers={}, body=b"", received_at=NOW
    )
    answer = get_report(path, sandbox._account, request)
    assert answer.status == 200, answer.body
    rows: dict[str, Any] = json.loads(answer.body)
    return rows


ZONES = st.sampled_from(["UTC", "America/Phoenix", "Europe/Warsaw", "Australia/Lord_Howe"])


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 1000),
    first=st.dates(date(2016, 10, 1), date(2017, 2, 1)),
    days=st.integers(0, 60),
    zone=ZONES,
)
def test_days_months_and_hours_hold_the_same_chats(
    seed: int, first: date, days: int, zone: str
) -> None:
    sandbox = Sandbox(clock=NOW.timestamp, chats=40, chats_seed=seed)
    last = first + timedelta(days=days)
    place = ZoneInfo(zone)
    started = Counter(
        datetime.fromtimestamp(chat["started_timestamp"], place).date()
        for chat in sandbox.chats
        if chat["type"] == "chat"
    )
    span = f"date_from={first}&date_to={last}&timezone={zone}"

    by_day = rows_of(sandbox, "chats/total_chats", f"{span}&group_by=day")
    by_month = rows_of(sandbox, "chats/total_chats", f"{span}&group_by=month")
    by_hour = rows_of(
        sandbox, "chats/total_chats", f"date_from={first}&date_to={first}&timezone={zone}"
    )

    expected = [first + timedelta(days=number) for number in range(days + 1)]
    assert by_day == {str(day): {"chats": started[day]} for day in expected}
    assert list(by_month) == sorted({str(day)[:7] for day in expected})
    assert sum(row["chats"] for row in by_month.values()) == sum(started[day] for day in expected)
    assert len(by_hour) == 24
    assert sum(row["chats"] for row in by_hour.values()) == started[first]


@settings(deadline=None, max_examples=30)
@given(path=st.sampled_from(sorted(REPORTS)), seed=st.integers(0, 99), zone=ZONES)
def test_every_report_counts_every_day_of_made_up_data(path: str, seed: int, zone: str) -> None:
    sandbox = Sandbox(clock=NOW.timestamp, chats=30, tickets=30, chats_seed=seed)
    rows = rows_of(sandbox, path, f"date_from=2017-01-01&date_to=2017-01-31&timezone={zone}")
    if path.endswith("/ranking"):
        assert rows.keys() == {"ranking"}
        return
    assert list(rows) == [f"2017-01-{day:02}" for day in range(1, 32)]
    shapes = {tuple(row) for row in rows.values()}
    assert len({shape[:1] for shape in shapes}) == 1


# What the clients call: names of methods, with the paths they send.
OTHERS = {
    "C#": [
        "chats/total_chats chats/ratings chats/queued_visitors chats/goals",
        "chats/queued_visitors/waiting_times availability chats/chatting_time",
        "chats/first_response_time chats/response_time tickets/new_tickets",
        "tickets/first_response_time tickets/solved_tickets tickets/resolution_time",
        "tickets/ticket_sources tickets/ratings tickets/ratings/ranking",
    ],
    "PHP": [
        "chats/total_chats chats/ratings chats/ratings/ranking chats/queued_visitors",
        "chats/queued_visitors/waiting_times availability chats/chatting_time",
        "chats/first_response_time chats/response_time chats/goals chats/greetings",
        "tickets/first_response_time tickets/solved_tickets tickets/resolution_time",
        "tickets/ticket_sources tickets/ratings tickets/ratings/ranking",
    ],
}
QUERIES = {
    # HttpUtility.UrlEncode writes small letters, and leaves brackets in names alone.
    "C#": "date_from=2017-02-01&date_to=2017-02-03&agent=john.doe%40example.com&tag[]=a+b%c5%82",
    # http_build_query numbers the items of a list.
    "PHP": "date_from=2017-02-01&date_to=2017-02-03&agent=john.doe%40example.com"
    "&tag%5B0%5D=a+b%C5%82&tag%5B1%5D=sales",
}


@pytest.mark.parametrize("client", OTHERS)
async def test_calls_of_other_clients_work(
    sandbox: Sandbox, http: aiohttp.ClientSession, client: str
) -> None:
    add_chat(sandbox, "2017-02-01T10:00:00", tags=["a bł"])
    for path in " ".join(OTHERS[client]).split():
        rows = await report(http, path, QUERIES[client])
        assert rows, path
        if path == "chats/total_chats":
            assert rows["2017-02-01"] == {"chats": 1}
    assert await report(http, "chats/agents_occupancy", "weekday=mon")


@pytest.mark.parametrize(
    "path",
    [
        "reports/chats/source",  # C# and PHP, until 2016
        "reports/greetings",
        "chats/ratings/ranking",  # a slip in C#
        "reports/dashboard",  # Node and Ruby, 2013
        "reports/dashboard/agent/john.doe@example.com",
        "reports/chats",
        "reports/ratings",
        "reports/queued_visitors",
        "reports/chatting_time",
        "reports/goals",
    ],
)
async def test_reports_that_are_gone_are_a_404(http: aiohttp.ClientSession, path: str) -> None:
    status, answer = await ask(http, f"/{path}?{DAYS}")
    assert status == 404
    assert "error" in answer
