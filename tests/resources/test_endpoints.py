"""Each endpoint is a row: the call, the request on the wire, the answer, and the typed value.

An endpoint with a new method needs a row in `ENDPOINTS`, and rows in `REFUSED` for the arguments
that it does not take.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeAlias

import pytest
from attrs import frozen
from wire import Wire

from livechat_async import (
    AdsTraffic,
    Agent,
    AgentGroup,
    AgentNotifications,
    AgentPermission,
    AgentStatus,
    AgentSummary,
    ApiGoal,
    CannedResponse,
    Chat,
    ChatEngagement,
    ConfigurationError,
    CountedHours,
    CurrentUrl,
    CustomVariableGoal,
    CustomVariableRule,
    DecodeError,
    DetailField,
    FunnelUrl,
    Goal,
    GoalsReached,
    GoalType,
    Greeting,
    GreetingRule,
    GreetingsShown,
    Group,
    GroupStatus,
    LiveChatClient,
    MatchType,
    NewTickets,
    NotRepliedChats,
    OnlineStatus,
    Page,
    PageViews,
    Place,
    QueuedVisitors,
    QueuePart,
    RankedAgent,
    Ratings,
    Referrer,
    Report,
    ResponseTime,
    RuleOperator,
    RuleType,
    Sales,
    SalesTrackerGoal,
    SearchKeyword,
    Seconds,
    SolvedTickets,
    Tag,
    TagCount,
    Ticket,
    TicketSources,
    TicketSourceType,
    TicketStatus,
    TimeOnPage,
    TimeOnSite,
    TimeSpent,
    TotalChats,
    UrlFunnel,
    UrlGoal,
    VisitedUrl,
    Visitor,
    VisitorDetails,
    VisitorState,
    Visits,
    Webhook,
    WebhookDataType,
    WebhookEventType,
    Weekday,
    WorkDay,
    resources,
)
from livechat_async.resources._base import Resource

Call: TypeAlias = Callable[[LiveChatClient], Awaitable[Any]]

# These send the requests of other methods; tests of their own show what they make of them.
COMPOSED = {"chats.export", "visitors.watch", "webhooks.ensure"}


@frozen
class Endpoint:
    """One call. An answer that is left out is no JSON: a write succeeds without reading it."""

    method: str
    call: Call
    line: str
    body: Any = None
    answer: Any = b"anything"
    value: Any = None
    authorized: bool = True


JOHN = "john.doe@example.com"
TICKET = {"id": "O5CR4", "status": "open"}
THE_TICKET = Ticket(id="O5CR4", status=TicketStatus.OPEN)
NEW_TICKET = {"message": "Hi there", "requester": {"mail": "mary.brown@example.com"}}
WEBHOOK = {
    "id": "b1",
    "event_type": "chat_started",
    "data_types": ["chat", "visitor"],
    "url": "https://example.com/livechat",
    "licence": 12345,
}
THE_WEBHOOK = Webhook(
    id="b1",
    event_type=WebhookEventType.CHAT_STARTED,
    data_types=(WebhookDataType.CHAT, WebhookDataType.VISITOR),
    url="https://example.com/livechat",  # type: ignore[arg-type]
    license_id="12345",
)


TAG = {
    "name": "sales",
    "author": "john.doe@mycompany.com",
    "creation_date": 1402989014,
    "count": {"inChats": 4, "inTickets": 1},
    "group": 1,
}
THE_TAG = Tag(
    name="sales",
    author="john.doe@mycompany.com",
    creation_date=datetime(2014, 6, 17, 7, 10, 14, tzinfo=UTC),
    count=TagCount(in_chats=4, in_tickets=1),
    group=1,
)
GOAL = {"id": 71, "name": "new goal", "active": 1, "type": "url", "match_type": "exact"}
THE_GOAL = Goal(id=71, name="new goal", active=True, type=GoalType.URL, match_type=MatchType.EXACT)
GREETING = {
    "id": 2291,
    "active": True,
    "name": "Pricing",
    "rules": [{"id": 8201, "value": 5, "type": "visits_number", "operator": "equals"}],
    "properties": {"active": "1", "greeting-message_text": "Can I help?"},
}
THE_GREETING = Greeting(
    id=2291,
    active=True,
    name="Pricing",
    rules=(
        GreetingRule(id=8201, value="5", type=RuleType.VISITS_NUMBER, operator=RuleOperator.EQUALS),
    ),
    properties={"active": "1", "greeting-message_text": "Can I help?"},
)
RESPONSE = {"id": 3151, "group": 1, "text": "Bye.", "tags": ["cu", "bye"], "created_by": "John"}
THE_RESPONSE = CannedResponse(id=3151, group=1, text="Bye.", tags=("cu", "bye"), created_by="John")


def create_ticket(client: LiveChatClient, **arguments: Any) -> Awaitable[Ticket]:
    least = {"message": "Hi there", "requester_mail": "mary.brown@example.com"}
    return client.tickets.create(**{**least, **arguments})


DAYS: dict[str, Any] = {"date_from": date(2026, 1, 1), "date_to": date(2026, 1, 31)}
JOHN = "john.doe@example.com"
RANKING = {"group": 2, "tags": ["sales", "vip"]}
QUEUE = {"timezone": "America/Phoenix", "group": 2, "group_by": "day"}
COMMON = {**RANKING, **QUEUE, "agent": JOHN}
ZONE, AGENT = "timezone=America%2FPhoenix", "agent=john.doe%40example.com"
GROUPS = "groups%5B%5D=0&groups%5B%5D=2"
TAGS = "tag%5B%5D=sales&tag%5B%5D=vip"
IN_QUEUE = f"{ZONE}&group=2&group_by=day"
ALL = f"group=2&{TAGS}&{ZONE}&group_by=day&{AGENT}"
JANUARY = {"begin": "2026-01-01", "end": "2026-01-31"}
AGENT_ROW = {"name": JOHN, "good": 4, "bad": 1, "total": 5, "score": 0.75}
THREE = ("queued", "left_queue", "entered_chat")

# The method, what it takes besides days, its path and query; a row as sent, and as typed.
REPORTS: list[tuple[str, dict[str, Any], str, Any, Any]] = [
    ("chats.total", COMMON, f"chats/total_chats?{ALL}", {"chats": 5}, TotalChats(chats=5)),
    (
        "chats.engagement",
        COMMON,
        f"chats/engagement?{ALL}",
        {f"chats_from_{way}": 1 for way in ("auto_invite", "manual_invite", "immediate_start")},
        ChatEngagement(
            chats_from_auto_invite=1, chats_from_manual_invite=1, chats_from_immediate_start=1
        ),
    ),
    (
        "chats.not_replied",
        {"groups": [0, 2], "agents": [JOHN], "tags": ["sales", "vip"], "group_by": "day"},
        f"chats/not_replied_chats?{GROUPS}&agents%5B%5D=john.doe%40example.com&{TAGS}&group_by=day",
        {"not_replied": "5"},
        NotRepliedChats(not_replied=5),
    ),
    (
        "chats.ratings",
        COMMON,
        f"chats/ratings?{ALL}",
        {**JANUARY, "bad": 1, "good": 4, "chats": 9},
        Ratings(begin=date(2026, 1, 1), end=date(2026, 1, 31), bad=1, good=4, chats=9),
    ),
    *(
        (
            f"chats.{name}",
            QUEUE,
            f"chats/{path}?{IN_QUEUE}",
            {part: {"count": 2, **times} for part in THREE},
            QueuedVisitors(**{part: QueuePart(count=2, **typed) for part in THREE}),
        )
        for name, path, times, typed in [
            ("queued_visitors", "queued_visitors", {}, {}),
            (
                "waiting_times",
                "queued_visitors/waiting_times",
                {"min": {"seconds": 1}, "max": {"seconds": 2}, "average": {"seconds": None}},
                {"min": Seconds(seconds=1), "max": Seconds(seconds=2), "average": Seconds()},
            ),
        ]
    ),
    (
        "availability",
        {"timezone": "America/Phoenix", "group": 2, "agent": JOHN},
        f"availability?{ZONE}&group=2&{AGENT}",
        {"hours": 7},
        TimeSpent(hours=7),
    ),
    (
        "chats.chatting_time",
        {**RANKING, "agent": JOHN},
        f"chats/chatting_time?group=2&{TAGS}&{AGENT}",
        {"minutes": 12.5},
        TimeSpent(minutes=12.5),
    ),
    *(
        (
            f"chats.{path}",
            {**RANKING, "agent": JOHN, "group_by": "month"},
            f"chats/{path}?group=2&{TAGS}&{AGENT}&group_by=month",
            {inner: {"count": 5, "seconds": 0.83}},
            ResponseTime(**{inner: Seconds(count=5, seconds=0.83)}),
        )
        for path in ("first_response_time", "response_time")
        for inner in ("first_response_time", "avg_response_time")
    ),
    (
        "chats.goals",
        {**COMMON, "goal": 71, "sales_tracker": True, "currency": "EUR"},
        f"chats/goals?{ALL}&goal=71&sales_tracker=1&currency=EUR",
        {"goals": 2, "value": {"EUR": {"sales_count": 1, "value": 49.5}}},
        GoalsReached(goals=2, value={"EUR": Sales(sales_count=1, value=Decimal("49.5"))}),
    ),
    (
        "chats.greetings",
        {**RANKING, "goal": 71, "greeting": 3},
        f"chats/greetings?group=2&{TAGS}&goal=71&greeting=3",
        {"displayed": 9, "accepted": 4, "goals": 1},
        GreetingsShown(displayed=9, accepted=4, goals=1),
    ),
    (
        "tickets.new",
        {**RANKING, **QUEUE},
        f"tickets/new_tickets?group=2&{TAGS}&{ZONE}&group_by=day",
        {"new_tickets": 5},
        NewTickets(new_tickets=5),
    ),
    (
        "tickets.solved",
        COMMON,
        f"tickets/solved_tickets?{ALL}",
        {"solved_tickets": 5},
        SolvedTickets(solved_tickets=5),
    ),
    *(
        (
            f"tickets.{path}",
            COMMON,
            f"tickets/{path}?{ALL}",
            {"count": 0, "hours": None},
            CountedHours(count=0),
        )
        for path in ("first_response_time", "resolution_time")
    ),
    (
        "tickets.sources",
        {**RANKING, **QUEUE},
        f"tickets/ticket_sources?group=2&{TAGS}&{ZONE}&group_by=day",
        {f"tickets_from_{source}": 1 for source in ("chat_window", "mail", "chat")},
        TicketSources(tickets_from_chat_window=1, tickets_from_mail=1, tickets_from_chat=1),
    ),
    ("tickets.ratings", COMMON, f"tickets/ratings?{ALL}", {"bad": 1}, Ratings(bad=1)),
]


def with_days(path: str) -> str:
    path, query = path.split("?")
    return f"GET /reports/{path}?date_from=2026-01-01&date_to=2026-01-31&{query}"


ENDPOINTS = [
    *(
        Endpoint(
            f"reports.{name}",
            lambda client, name=name, given=given: attrgetter(name)(client.reports)(
                **DAYS, **given
            ),
            with_days(path),
            answer={"2026-01": sent, "02:00": sent},
            value=Report({"2026-01": row, "02:00": row}),
        )
        for name, given, path, sent, row in REPORTS
    ),
    *(
        Endpoint(
            f"reports.{kind}.ranking",
            lambda client, kind=kind: getattr(client.reports, kind).ranking(**DAYS, **RANKING),
            with_days(f"{kind}/ratings/ranking?group=2&{TAGS}"),
            answer={"ranking": [AGENT_ROW]},
            value=[RankedAgent(name=JOHN, good=4, bad=1, total=5, score=0.75)],
        )
        for kind in ("chats", "tickets")
    ),
    Endpoint(
        "reports.chats.occupancy",
        lambda client: client.reports.chats.occupancy("monday"),
        "GET /reports/chats/agents_occupancy?weekday=mon",
        answer={"2026-01-05 00:00": 0, "2026-01-05 01:00": 3},
        value=Report({"2026-01-05 00:00": 0, "2026-01-05 01:00": 3}),
    ),
    Endpoint(
        "visitors.list",
        lambda client: client.visitors.list(state="chatting", groups=[0, 2]),
        "GET /visitors?state=chatting&group%5B%5D=0&group%5B%5D=2",
        answer=[{"id": "S1", "state": "chatting"}],
        value=[Visitor(id="S1", state=VisitorState.CHATTING)],
    ),
    Endpoint(
        "visitors.count",
        lambda client: client.visitors.count(state=VisitorState.QUEUED),
        "GET /visitors?state=queued&count=1",
        answer={"count": 7},
        value=7,
    ),
    Endpoint(
        "visitors.add_details",
        lambda client: client.visitors.add_details(
            "S1.a",
            VisitorDetails("crm", [DetailField("Age", 36)]),
            license_id=12345,
            token="t0ken",
        ),
        "POST /visitors/S1.a/details",
        body={
            "license_id": "12345",
            "token": "t0ken",
            "id": "crm",
            "fields": [{"name": "Age", "value": "36"}],
        },
        authorized=False,
    ),
    Endpoint(
        "chats.list",
        lambda client: client.chats.list(rate="rated"),
        "GET /chats?rate=rated&page=1",
        answer={"chats": [{"id": "A"}, {"id": "B"}], "total": "2", "pages": 1},
        value=[Chat(id="A"), Chat(id="B")],
    ),
    Endpoint(
        "chats.get",
        lambda client: client.chats.get("MH022RD0K5"),
        "GET /chats/MH022RD0K5",
        answer={"id": "MH022RD0K5", "tickets": ["O5CR4"]},
        value=Chat(id="MH022RD0K5", tickets=("O5CR4",)),
    ),
    Endpoint(
        "chats.get",
        lambda client: client.chats.get("MH022RD0K5"),
        "GET /chats/MH022RD0K5",
        answer={"chats": [{"id": "MH022RD0K5"}], "total": 1, "pages": 1},
        value=Chat(id="MH022RD0K5"),
    ),
    *(
        Endpoint(
            "chats.set_tags",
            lambda client, tags=tags: client.chats.set_tags("MH022RD0K5", iter(tags)),
            "PUT /chats/MH022RD0K5/tags",
            body={"tag": tags},
        )
        for tags in (["sales", "ł ó"], [])
    ),
    Endpoint(
        "chats.set_tags",
        lambda client: client.chats.set_tags("a/../b?c", ("sales",)),
        "PUT /chats/a%2F..%2Fb%3Fc/tags",
        body={"tag": ["sales"]},
    ),
    Endpoint(
        "chats.send_transcript",
        lambda client: client.chats.send_transcript("A", to="john.doe+x@example.com"),
        "POST /chats/A/send_transcript",
        body={"to": "john.doe+x@example.com"},
    ),
    Endpoint(
        "tickets.list",
        lambda client: client.tickets.list(status="open"),
        "GET /tickets?status=open&page=1",
        answer={"tickets": [TICKET], "total": 1, "pages": 1},
        value=[THE_TICKET],
    ),
    *(
        Endpoint(
            "tickets.get",
            lambda client: client.tickets.get("O5CR4"),
            "GET /tickets/O5CR4",
            answer=answer,
            value=THE_TICKET,
        )
        for answer in (TICKET, {"pages": 1, "total": 1, "tickets": [TICKET]})
    ),
    *(
        Endpoint(
            "tickets.create",
            create_ticket,
            "POST /tickets",
            body=NEW_TICKET,
            answer=answer,
            value=THE_TICKET,
        )
        for answer in (TICKET, {"pages": 1, "total": 1, "tickets": [TICKET]})
    ),
    *(
        Endpoint(
            "tickets.create",
            lambda client, source=source: create_ticket(client, source=source),
            "POST /tickets",
            body={**NEW_TICKET, "source": {"type": str(source)}},
            answer=TICKET,
            value=THE_TICKET,
        )
        for source in ("chat-window", "mail", "lc2", TicketSourceType.MAIL)
    ),
    Endpoint(
        "tickets.create",
        lambda client: create_ticket(
            client,
            requester_name="Mary Brown",
            assignee="john.doe@example.com",
            source="chat-window",
            source_url="https://www.example.com/shoes",
            subject="Shoes",
            groups=iter([0, 3]),
        ),
        "POST /tickets",
        body={
            "message": "Hi there",
            "requester": {"mail": "mary.brown@example.com", "name": "Mary Brown"},
            "assignee": {"id": "john.doe@example.com"},
            "source": {"type": "chat-window", "url": "https://www.example.com/shoes"},
            "subject": "Shoes",
            "group": [0, 3],
        },
        answer=TICKET,
        value=THE_TICKET,
    ),
    *(
        Endpoint(
            "tickets.set_tags",
            lambda client, tags=tags: client.tickets.set_tags("O5CR4", tuple(tags)),
            "PUT /tickets/O5CR4/tags",
            body={"tag": tags},
        )
        for tags in (["sales", "ł ó"], [])
    ),
    Endpoint(
        "webhooks.list",
        lambda client: client.webhooks.list(),
        "GET /webhooks",
        answer={"events": [WEBHOOK]},
        value=[THE_WEBHOOK],
    ),
    *(
        Endpoint(
            "webhooks.create",
            lambda client: client.webhooks.create(
                "chat_started",
                url="https://example.com/livechat",
                data_types=["chat", WebhookDataType.VISITOR],
            ),
            "POST /webhooks",
            body=[
                ("event_type", "chat_started"),
                ("data_types[]", "chat"),
                ("data_types[]", "visitor"),
                ("url", "https://example.com/livechat"),
            ],
            answer=answer,
            value=THE_WEBHOOK,
        )
        for answer in (WEBHOOK, {"events": [WEBHOOK]})
    ),
    Endpoint(
        "webhooks.delete",
        lambda client: client.webhooks.delete("b1"),
        "DELETE /webhooks/b1",
    ),
    Endpoint(
        "agents.list",
        lambda client: client.agents.list(status="accepting chats"),
        "GET /agents?status=accepting%20chats",
        answer=[{"login": JOHN, "status": "accepting chats", "group_ids": [0, 2]}],
        value=[AgentSummary(login=JOHN, status=AgentStatus.ACCEPTING, group_ids=(0, 2))],
    ),
    *(
        Endpoint(
            "agents.get",
            lambda client, login=login: client.agents.get(login),
            f"GET /agents/{segment}",
            answer=answer,
            value=Agent(login=login),
        )
        for login, segment in [
            (JOHN, "john.doe%40example.com"),
            ("a+b/c%20@example.com", "a%2Bb%2Fc%2520%40example.com"),
        ]
        for answer in ({"login": login}, {"agents": [{"login": login}]})
    ),
    Endpoint(
        "agents.create",
        lambda client: client.agents.create(login=JOHN, name="John Doe"),
        "POST /agents",
        body={"login": JOHN, "name": "John Doe"},
        answer={"login": JOHN, "last_logout": 0},
        value=Agent(login=JOHN),
    ),
    *(
        Endpoint(
            "agents.create",
            lambda client, given=given: client.agents.create(
                login=JOHN,
                name="John Doe",
                job_title="Support",
                permission=AgentPermission.NORMAL,
                groups=iter([1, 2]),
                login_status="not accepting chats",
                password="johns-password",
                max_chats_count=2,
                daily_summary=False,
                notifications=given,
            ),
            "POST /agents",
            body={
                "login": JOHN,
                "name": "John Doe",
                "job_title": "Support",
                "permission": "normal",
                "groups": [1, 2],
                "login_status": "not accepting chats",
                "password": "johns-password",
                "max_chats_count": 2,
                "daily_summary": 0,
                "notifications": {
                    "new_visitor": 1,
                    "returning_visitor": 0,
                    "queued_visitor": 0,
                    "visitor_is_typing": 0,
                    "new_goal": 0,
                    "incoming_chat": 0,
                },
            },
            answer={"login": JOHN, "groups": [{"id": 1, "name": "Sales"}]},
            value=Agent(login=JOHN, groups=(AgentGroup(id=1, name="Sales"),)),
        )
        for given in ({"new_visitor": True}, AgentNotifications(new_visitor=True))
    ),
    Endpoint(
        "agents.update",
        lambda client: client.agents.update(JOHN, status="not accepting chats"),
        "PUT /agents/john.doe%40example.com",
        body={"status": "not accepting chats"},
        answer={"login": JOHN, "status": "not accepting chats"},
        value=Agent(login=JOHN, status=AgentStatus.NOT_ACCEPTING),
    ),
    Endpoint(
        "agents.update",
        lambda client: client.agents.update(
            JOHN,
            status=AgentStatus.OFFLINE,
            name="John",
            job_title="Support",
            permission="administrator",
            groups=[0],
            login_status=AgentStatus.ACCEPTING,
            password="johns-new-password",
            current_password="johns-password",
            max_chats_count=6,
            daily_summary=True,
            notifications={"visitor_is_typing": False, "new_visitor": None},
            work_scheduler={
                Weekday.MONDAY: WorkDay(start="09:00", end="17:00", enabled=True),
                "sunday": WorkDay(enabled=False),
            },
        ),
        "PUT /agents/john.doe%40example.com",
        body={
            "status": "offline",
            "name": "John",
            "job_title": "Support",
            "permission": "administrator",
            "groups": [0],
            "login_status": "accepting chats",
            "password": "johns-new-password",
            "current_password": "johns-password",
            "max_chats_count": 6,
            "daily_summary": 1,
            "notifications": {"visitor_is_typing": 0},
            "work_scheduler": {
                "monday": {"start": "09:00", "end": "17:00", "enabled": 1},
                "sunday": {"enabled": 0},
            },
        },
        answer={"login": JOHN, "work_scheduler": {"sunday": {"enabled": 0}}},
        value=Agent(login=JOHN, work_scheduler={"sunday": WorkDay(enabled=False)}),
    ),
    Endpoint(
        "agents.delete",
        lambda client: client.agents.delete(JOHN),
        "DELETE /agents/john.doe%40example.com",
    ),
    Endpoint(
        "groups.list",
        lambda client: client.groups.list(),
        "GET /groups",
        answer=[{"id": 0, "name": "All operators"}, {"id": 2, "agents": [JOHN]}],
        value=[Group(id=0, name="All operators"), Group(id=2, agents=(JOHN,))],
    ),
    *(
        Endpoint(
            "groups.get",
            lambda client: client.groups.get(2),
            "GET /groups/2",
            answer=answer,
            value=Group(id=2, agents=(JOHN,), status=AgentStatus.OFFLINE),
        )
        for group in ({"id": 2, "agents": [JOHN], "status": "offline"},)
        for answer in (group, {"groups": [group]})
    ),
    Endpoint(
        "groups.create",
        lambda client: client.groups.create(name="Sales", agents=iter([JOHN])),
        "POST /groups",
        body={"name": "Sales", "agents": [JOHN]},
        answer={"id": 2, "name": "Sales"},
        value=Group(id=2, name="Sales"),
    ),
    Endpoint(
        "groups.update",
        lambda client: client.groups.update(2, name="Sales", agents=(JOHN,), language="pl"),
        "PUT /groups/2",
        body={"name": "Sales", "agents": [JOHN], "language": "pl"},
        answer={"id": 2, "name": "Sales"},
        value=Group(id=2, name="Sales"),
    ),
    Endpoint("groups.delete", lambda client: client.groups.delete(2), "DELETE /groups/2"),
    *(
        Endpoint(
            "status.get",
            lambda client, arguments=arguments: client.status.get(*arguments),
            line,
            answer={"status": "online"},
            value=GroupStatus(status=OnlineStatus.ONLINE),
        )
        for arguments, line in [
            ((), "GET /status"),
            ((0,), "GET /status/0"),
            ((2,), "GET /status/2"),
        ]
    ),
    Endpoint(
        "tags.list",
        lambda client: client.tags.list(group=1),
        "GET /tags?group=1",
        answer=[TAG],
        value=[THE_TAG],
    ),
    Endpoint("tags.list", lambda client: client.tags.list(), "GET /tags", answer=[], value=[]),
    Endpoint(
        "tags.create",
        lambda client: client.tags.create("ł ó", author="john.doe@mycompany.com", group=0),
        "POST /tags",
        body={"tag": "ł ó", "author": "john.doe@mycompany.com", "group": 0},
        answer=TAG,
        value=THE_TAG,
    ),
    Endpoint(
        "tags.delete",
        lambda client: client.tags.delete("a/b ł", group=1),
        "DELETE /tags/a%2Fb%20%C5%82",
        body=[("group", "1")],
    ),
    Endpoint(
        "goals.list",
        lambda client: client.goals.list(type="url"),
        "GET /goals?type=url",
        answer=[GOAL],
        value=[THE_GOAL],
    ),
    Endpoint(
        "goals.get",
        lambda client: client.goals.get(71),
        "GET /goals/71",
        answer={"goals": [GOAL]},
        value=THE_GOAL,
    ),
    *(
        Endpoint(
            "goals.create",
            lambda client, kind=kind: client.goals.create("new goal", kind),
            "POST /goals",
            body={"name": "new goal", **body},
            answer=GOAL,
            value=THE_GOAL,
        )
        for kind, body in [
            (ApiGoal(), {"type": "api"}),
            (UrlGoal("/thanks"), {"type": "url", "url": "/thanks"}),
            (
                UrlGoal("/thanks", MatchType.EXACT),
                {"type": "url", "url": "/thanks", "match_type": "exact"},
            ),
            (
                CustomVariableGoal("nike_shoes", "true"),
                {
                    "type": "custom_variable",
                    "custom_variable_name": "nike_shoes",
                    "custom_variable_value": "true",
                },
            ),
            (SalesTrackerGoal(), {"type": "sales_tracker"}),
            (
                SalesTrackerGoal(
                    sales_tracker_id="t1",
                    value_type="set",
                    value=Decimal("1E+2"),
                    currency="EUR",
                    time_range="30",
                    order_field_name="order",
                    value_field_name="total",
                ),
                {
                    "type": "sales_tracker",
                    "sales_tracker_id": "t1",
                    "value_type": "set",
                    "value": "100",
                    "currency": "EUR",
                    "time_range": "30",
                    "order_field_name": "order",
                    "value_field_name": "total",
                },
            ),
        ]
    ),
    *(
        Endpoint(
            "goals.update",
            lambda client, changes=changes: client.goals.update(71, **changes),
            "PUT /goals/71",
            body=body,
            answer=GOAL,
            value=THE_GOAL,
        )
        for changes, body in [
            ({"name": "paused", "active": False}, {"name": "paused", "active": 0}),
            ({"kind": ApiGoal()}, {"type": "api"}),
        ]
    ),
    Endpoint("goals.delete", lambda client: client.goals.delete(71), "DELETE /goals/71"),
    Endpoint(
        "goals.mark_as_successful",
        lambda client: client.goals.mark_as_successful(71, "S1.a"),
        "POST /goals/71/mark_as_successful",
        body={"visitor_id": "S1.a"},
    ),
    *(
        Endpoint(
            "goals.mark_as_successful",
            lambda client, price=price: client.goals.mark_as_successful(
                71,
                "S1.a",
                order_id="A-17",
                order_description="Boots",
                order_price=price,
                order_currency="EUR",
            ),
            "POST /goals/71/mark_as_successful",
            body={
                "visitor_id": "S1.a",
                "order_id": "A-17",
                "order_description": "Boots",
                "order_price": text,
                "order_currency": "EUR",
            },
        )
        for price, text in [
            ("49.50", "49.50"),
            (Decimal("49.50"), "49.50"),
            (Decimal("1E+3"), "1000"),
            (Decimal("1E-7"), "0.0000001"),
            (50, "50"),
            (0, "0"),
        ]
    ),
    Endpoint(
        "greetings.list",
        lambda client: client.greetings.list(group=0),
        "GET /greetings?group=0",
        answer=[GREETING],
        value=[THE_GREETING],
    ),
    Endpoint(
        "greetings.get",
        lambda client: client.greetings.get(2291),
        "GET /greetings/2291",
        answer=GREETING,
        value=THE_GREETING,
    ),
    Endpoint(
        "greetings.create",
        lambda client: client.greetings.create(
            "Pricing",
            iter(
                [
                    CurrentUrl("/pricing", operator="contains"),
                    TimeOnPage(20),
                    TimeOnSite(60, operator=RuleOperator.GREATER_THAN),
                    PageViews(2),
                    Visits(3),
                    VisitedUrl("/shoes"),
                    Referrer("example.org"),
                    Place("Poland"),
                    SearchKeyword("boots"),
                    CustomVariableRule("empty_cart", value=True),
                    UrlFunnel(["/shoes", FunnelUrl(url="cart", operator="contains")]),
                    AdsTraffic("google", "g1"),
                    AdsTraffic(),
                ]
            ),
            group=2,
            active=False,
            subtype="announcement",
            message="Can I help?",
            properties={"color": "red"},
        ),
        "POST /greetings",
        body={
            "name": "Pricing",
            "rules": [
                {"type": "url_current", "operator": "contains", "value": "/pricing"},
                {"type": "visit_time_page", "value": 20},
                {"type": "visit_time_site", "operator": "greater_than", "value": 60},
                {"type": "pages_view_number", "value": 2},
                {"type": "visits_number", "value": 3},
                {"type": "url_visited", "value": "/shoes"},
                {"type": "url_referrer", "value": "example.org"},
                {"type": "geolocation", "value": "Poland"},
                {"type": "search_keyword", "value": "boots"},
                {
                    "type": "custom_variable",
                    "variable_name": "empty_cart",
                    "variable_value": "true",
                },
                {
                    "type": "url_funnel",
                    "urls": [{"url": "/shoes"}, {"url": "cart", "operator": "contains"}],
                },
                {"type": "ads_traffic", "variable_name": "google", "variable_value": "g1"},
                {"type": "ads_traffic"},
            ],
            "group": 2,
            "active": 0,
            "subtype": "announcement",
            "properties": {"color": "red", "greeting-message_text": "Can I help?"},
        },
        answer=GREETING,
        value=THE_GREETING,
    ),
    Endpoint(
        "greetings.create",
        lambda client: client.greetings.create("Pricing", [TimeOnPage(20)]),
        "POST /greetings",
        body={"name": "Pricing", "rules": [{"type": "visit_time_page", "value": 20}]},
        answer=GREETING,
        value=THE_GREETING,
    ),
    *(
        Endpoint(
            "greetings.update",
            lambda client, changes=changes: client.greetings.update(2291, **changes),
            "PUT /greetings/2291",
            body=body,
            answer=GREETING,
            value=THE_GREETING,
        )
        for changes, body in [
            ({"name": "Prices", "active": True}, {"name": "Prices", "active": 1}),
            ({"rules": (Visits(2),)}, {"rules": [{"type": "visits_number", "value": 2}]}),
            ({"message": "Hi"}, {"properties": {"greeting-message_text": "Hi"}}),
            ({"properties": {"color": "red"}}, {"properties": {"color": "red"}}),
        ]
    ),
    Endpoint(
        "greetings.delete",
        lambda client: client.greetings.delete(2291),
        "DELETE /greetings/2291",
    ),
    Endpoint(
        "canned_responses.list",
        lambda client: client.canned_responses.list(),
        "GET /canned_responses?group=0",
        answer=[RESPONSE],
        value=[THE_RESPONSE],
    ),
    Endpoint(
        "canned_responses.get",
        lambda client: client.canned_responses.get(3151),
        "GET /canned_responses/3151",
        answer=RESPONSE,
        value=THE_RESPONSE,
    ),
    *(
        Endpoint(
            "canned_responses.create",
            lambda client, more=more: client.canned_responses.create(
                "Bye.", iter(["bye", "cu"]), **more
            ),
            "POST /canned_responses",
            body={"text": "Bye.", "tags": ["bye", "cu"], **more},
            answer=RESPONSE,
            value=THE_RESPONSE,
        )
        for more in ({}, {"group": 1})
    ),
    *(
        Endpoint(
            "canned_responses.update",
            lambda client, changes=changes: client.canned_responses.update(3151, **changes),
            "PUT /canned_responses/3151",
            body=changes,
            answer=RESPONSE,
            value=THE_RESPONSE,
        )
        for changes in ({"text": "Bye."}, {"tags": ["bye"]})
    ),
    Endpoint(
        "canned_responses.delete",
        lambda client: client.canned_responses.delete(3151),
        "DELETE /canned_responses/3151",
    ),
]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.method)
async def test_a_method_sends_one_request_and_gives_a_typed_value(
    wire: Wire, client: LiveChatClient, endpoint: Endpoint
) -> None:
    wire.answers = [endpoint.answer]
    value = await endpoint.call(client)
    (sent,) = wire.sent
    assert sent.line == endpoint.line
    assert sent.body == endpoint.body
    assert sent.authorized is endpoint.authorized
    assert (value.items if isinstance(value, Page) else value) == endpoint.value


def methods_of(resource: Resource, name: str) -> Iterator[str]:
    yield from (f"{name}.{method}" for method in vars(type(resource)) if method[0] != "_")
    for part, inner in vars(resource).items():
        if isinstance(inner, Resource):
            yield from methods_of(inner, f"{name}.{part}")


def test_every_method_has_a_row(client: LiveChatClient) -> None:
    names = {module.name for module in pkgutil.iter_modules(resources.__path__)}
    methods = {
        method
        for name in names
        if not name.startswith("_")
        for method in methods_of(getattr(client, name), name)
    }
    assert {endpoint.method for endpoint in ENDPOINTS} == methods - COMPOSED


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda client: client.chats.get("A"), {"chats": [{"id": "A"}, {"id": "B"}]}),
        (lambda client: client.chats.get("A"), {"chats": [], "total": 0, "pages": 0}),
        (lambda client: client.tickets.get("A"), {"tickets": [{"id": "A"}, {"id": "B"}]}),
        (lambda client: client.tickets.get("A"), {"tickets": [], "total": 0, "pages": 0}),
        (create_ticket, {"tickets": []}),
        (
            lambda client: client.webhooks.create("chat_started", url="https://example.com"),
            {"events": []},
        ),
    ],
)
async def test_an_envelope_without_exactly_one_item_is_explained(
    wire: Wire, client: LiveChatClient, call: Call, answer: Any
) -> None:
    wire.answers = [answer]
    with pytest.raises(DecodeError, match="a list of one item"):
        await call(client)


REFUSED: list[tuple[Call, str]] = [
    *(
        (lambda client, given=given: client.reports.chats.goals(**given), said)
        for given, said in [
            ({"date_from": date(2026, 2, 1), "date_to": date(2026, 1, 1)}, "swap the two"),
            ({"date_from": "2026-01-01"}, "date_from='2026-01-01': a datetime.date"),
            ({"timezone": "Mars/Olympus"}, "timezone='Mars/Olympus' is not known here"),
            ({"timezone": 5}, "timezone=5: a name"),
            ({"group": -1}, "group=-1: a whole number"),
            ({"group": True}, "group=True: a whole number"),
            ({"agent": "john"}, "agent='john': an e-mail address"),
            ({"agent": ""}, "agent='' is blank"),
            ({"group_by": "week"}, "group_by='week' is none of 'hour', 'day', 'month'"),
            ({"tags": "sales"}, "tags='sales': a list of texts"),
            ({"tags": []}, "tags is empty: leave it out"),
            ({"tags": [" "]}, "tags: ' ' is no tag"),
            ({"goal": "71"}, "goal='71': a whole number"),
            ({"sales_tracker": 1}, "sales_tracker=1: True or False"),
            ({"currency": " "}, "currency=' ' is blank"),
        ]
    ),
    *(
        (lambda client, given=given: client.reports.chats.not_replied(**given), said)
        for given, said in [
            ({"groups": 2}, "groups=2: a list of numbers"),
            ({"groups": []}, "groups is empty: leave it out"),
            ({"agents": JOHN}, "agents='john.doe@example.com': a list of texts"),
            ({"agents": []}, "agents is empty: leave it out"),
            ({"agents": [JOHN, "jane"]}, "agents='jane': an e-mail address"),
            ({"agents": [None]}, "agents: None is no agent"),
        ]
    ),
    *(
        (lambda client, day=day: client.reports.chats.occupancy(day), f"weekday={day!r} is none of")
        for day in ("someday", "", None, 1)
    ),
    *(
        (lambda client, id_=id_: client.chats.get(id_), rf"chat_id={id_!r}: text is needed")
        for id_ in ("", " ", None, 5)
    ),
    (lambda client: client.chats.set_tags("", ["a"]), "chat_id='': text is needed"),
    (lambda client: client.chats.set_tags("A", "sales"), "tags='sales': a list of texts"),
    (lambda client: client.chats.set_tags("A", None), "tags=None: a list of texts"),
    (lambda client: client.chats.set_tags("A", ["a", " "]), "tags: ' ' is no tag"),
    (lambda client: client.chats.set_tags("A", [None]), "tags: None is no tag"),
    (lambda client: client.chats.send_transcript("", to="a@b"), "chat_id='': text is needed"),
    (lambda client: client.chats.send_transcript("A", to="john"), "to='john': an e-mail address"),
    (lambda client: client.chats.send_transcript("A", to="@example.com"), "an e-mail address"),
    (lambda client: client.chats.send_transcript("A", to="john doe@b"), "an e-mail address"),
    (lambda client: client.chats.send_transcript("A", to=""), "to='': text is needed"),
    (lambda client: client.chats.send_transcript("A", to=None), "to=None: text is needed"),
    (lambda client: client.tickets.get(""), "ticket_id='': text is needed"),
    (lambda client: client.tickets.get(None), "ticket_id=None: text is needed"),
    (lambda client: client.tickets.set_tags(" ", ["a"]), "ticket_id=' ': text is needed"),
    (lambda client: client.tickets.set_tags("A", "sales"), "tags='sales': a list of texts"),
    (lambda client: client.tickets.set_tags("A", [""]), "tags: '' is no tag"),
    *(
        (lambda client, given=given: create_ticket(client, **given), said)
        for given, said in [
            ({"message": ""}, r"message='': text is needed"),
            ({"message": None}, r"message=None: text is needed"),
            ({"message": ["Hi"]}, r"message=\['Hi'\]: text is needed"),
            ({"requester_mail": "mary"}, r"requester_mail='mary': an e-mail address"),
            ({"requester_mail": None}, r"requester_mail=None: text is needed"),
            ({"requester_name": " "}, r"requester_name=' ' is blank"),
            ({"assignee": ""}, r"assignee='' is blank"),
            ({"subject": ""}, r"subject='' is blank.*leave it out"),
            ({"groups": []}, r"groups is empty: leave it out to mean group 0"),
            ({"groups": [-1]}, r"groups: -1 is no group"),
            ({"groups": 0}, r"groups=0: a list of numbers"),
            ({"source": "fax"}, r"source='fax' is none of"),
            (
                {"source": "facebook"},
                r"source='facebook': a new ticket's is one of 'chat-window', 'mail', 'lc2'",
            ),
            (
                {"source_url": "https://example.com"},
                r"source_url=.*source='chat-window', not with None",
            ),
            (
                {"source_url": "https://example.com", "source": "mail"},
                r"source_url=.*source='chat-window', not with 'mail'",
            ),
            ({"source_url": "", "source": "chat-window"}, r"source_url='' is blank"),
        ]
    ),
    *(
        (lambda client, id_=id_: client.webhooks.delete(id_), f"webhook_id={id_!r}")
        for id_ in (None, "", " ", 7)
    ),
    *(
        (lambda client, call=call, login=login: call(client, login), said)
        for call in (
            lambda client, login: client.agents.get(login),
            lambda client, login: client.agents.delete(login),
            lambda client, login: client.agents.update(login, name="John"),
            lambda client, login: client.agents.create(login=login, name="John"),
        )
        for login, said in [
            ("john", "login='john': an e-mail address"),
            ("", "login='': text is needed"),
            (None, "login=None: text is needed"),
        ]
    ),
    (
        lambda client: client.agents.list(status="away"),
        "status='away' is none of 'accepting chats'",
    ),
    (lambda client: client.agents.create(login=JOHN, name=" "), "name=' ': text is needed"),
    *(
        (lambda client, given=given: client.agents.create(login=JOHN, name="J", **given), said)
        for given, said in [
            ({"permission": "owner"}, "permission='owner' is none of 'administrator', 'normal'"),
            ({"login_status": "offline"}, "login_status='offline' is none of"),
            ({"password": "1234"}, "password: text of at least 5 characters"),
            ({"password": 12345678}, "password: text of at least 5 characters"),
            ({"groups": []}, "groups is empty: leave it out"),
            ({"groups": [-1]}, "groups: -1 is no group"),
            ({"job_title": ""}, "job_title='' is blank"),
            ({"max_chats_count": -1}, "max_chats_count=-1: a whole number"),
            ({"daily_summary": 1}, "daily_summary=1: True or False"),
            ({"notifications": {"new_mail": True}}, "notifications='new_mail' is none of"),
            ({"notifications": {"new_goal": 1}}, r"notifications\['new_goal'\]=1: True or False"),
            ({"notifications": {}}, "notifications is empty"),
            ({"notifications": ["new_goal"]}, "notifications=.*: a mapping"),
        ]
    ),
    *(
        (lambda client, given=given: client.agents.update(JOHN, **given), said)
        for given, said in [
            ({}, "nothing to change: give at least one of status, name"),
            ({"status": "away"}, "status='away' is none of"),
            ({"password": "long enough"}, "password and current_password go together"),
            ({"current_password": "long enough"}, "password and current_password go together"),
            ({"password": "1234", "current_password": "12345"}, "password: text of at least 5"),
            ({"notifications": {"new_goal": True}}, "notifications='new_goal' is none of"),
            ({"notifications": AgentNotifications(new_goal=True)}, "'new_goal' is none of"),
            ({"work_scheduler": {}}, "work_scheduler={}: days are needed"),
            ({"work_scheduler": {"mon": WorkDay(enabled=True)}}, "work_scheduler='mon' is none of"),
            ({"work_scheduler": {"monday": {}}}, r"work_scheduler\['monday'\]={}: a WorkDay"),
            ({"work_scheduler": {"monday": WorkDay()}}, "nothing to change: give .* start, end"),
            *(
                ({"work_scheduler": {"monday": WorkDay(start=time)}}, "start=.*: HH:MM is needed")
                for time in ("9:00", "24:00", "09:60", "09:00:00", "\u0660\u0669:00", "9 am")
            ),
        ]
    ),
    (lambda client: client.groups.get(-1), "group_id=-1: a whole number"),
    (lambda client: client.groups.get(True), "group_id=True: a whole number"),
    (lambda client: client.groups.get("2"), "group_id='2': a whole number"),
    (lambda client: client.groups.update(0, name="All"), "group_id=0: the group of all agents"),
    (lambda client: client.groups.delete(0), "group_id=0: the group of all agents"),
    (lambda client: client.groups.update(2), "nothing to change: give at least one of name"),
    *(
        (lambda client, given=given: client.groups.create(**{"name": "Sales", **given}), said)
        for given, said in [
            ({"agents": []}, "agents is empty: a group needs an agent"),
            ({"agents": JOHN}, "agents='john.doe@example.com': a list of logins"),
            ({"agents": None}, "agents=None: a list of logins"),
            ({"agents": ["john"]}, "agents='john': an e-mail address"),
            ({"agents": [JOHN], "name": ""}, "name='': text is needed"),
            ({"agents": [JOHN], "language": " "}, "language=' ' is blank"),
        ]
    ),
    (lambda client: client.groups.update(2, agents=[]), "agents is empty: a group needs"),
    (lambda client: client.status.get(-1), "group=-1: a whole number"),
    (lambda client: client.status.get("sales"), "group='sales': a whole number"),
    (lambda client: client.tags.list(group=-1), "group=-1: a whole number"),
    (lambda client: client.tags.create(" ", author="a@b", group=0), "name=' ': text is needed"),
    (lambda client: client.tags.create("a", author="john", group=0), "author='john': an e-mail"),
    (lambda client: client.tags.create("a", author=None, group=0), "author=None: text is needed"),
    (lambda client: client.tags.create("a", author="a@b", group=None), "group=None: a whole"),
    (lambda client: client.tags.delete("", group=0), "name='': text is needed"),
    (lambda client: client.tags.delete("a", group=True), "group=True: a whole number"),
    (lambda client: client.tags.delete("..", group=0), r"'\.\.'|dot segment|a dot"),
    (lambda client: client.goals.list(type="web"), "type='web' is none of 'custom_variable'"),
    *(
        (lambda client, call=call, id_=id_: call(client, id_), rf"_id={id_!r}: a whole number")
        for id_ in (None, "71", -1, True, 7.0)
        for call in (
            lambda client, id_: client.goals.get(id_),
            lambda client, id_: client.goals.update(id_, name="a"),
            lambda client, id_: client.goals.delete(id_),
            lambda client, id_: client.goals.mark_as_successful(id_, "S1.a"),
            lambda client, id_: client.greetings.get(id_),
            lambda client, id_: client.greetings.update(id_, name="a"),
            lambda client, id_: client.greetings.delete(id_),
            lambda client, id_: client.canned_responses.get(id_),
            lambda client, id_: client.canned_responses.update(id_, text="a"),
            lambda client, id_: client.canned_responses.delete(id_),
        )
    ),
    (lambda client: client.goals.create("", ApiGoal()), "name='': text is needed"),
    (lambda client: client.goals.create("a", "api"), "kind='api': a GoalKind is needed"),
    (
        lambda client: client.goals.create("a", TimeOnPage(2)),
        r"kind=TimeOnPage\(.*\): a GoalKind is needed",
    ),
    (lambda client: client.goals.update(71), "nothing to change: give at least one of"),
    (lambda client: client.goals.update(71, name=" "), "name=' ' is blank"),
    (lambda client: client.goals.update(71, active=1), "active=1: True or False"),
    (lambda client: client.goals.update(71, kind="api"), "kind='api'"),
    *(
        (lambda client, id_=id_: client.goals.mark_as_successful(71, id_), f"visitor_id={id_!r}")
        for id_ in ("", None, 5)
    ),
    *(
        (
            lambda client, price=price: client.goals.mark_as_successful(
                71, "S1.a", order_price=price
            ),
            "order_price=.*: a Decimal, a whole number or a text such as '49.50' is needed",
        )
        for price in ("49,50", "1.000,00", "", "-1", "1e3", "٣", 49.5, 0.1 + 0.2, True, -1)
    ),
    *(
        (
            lambda client, price=price: client.goals.mark_as_successful(
                71, "S1.a", order_price=Decimal(price)
            ),
            rf"order_price=Decimal\('{price}'\): a Decimal",
        )
        for price in ("NaN", "sNaN", "Infinity", "-5")
    ),
    (
        lambda client: client.goals.mark_as_successful(71, "S1.a", order_currency=""),
        "order_currency='' is blank",
    ),
    (lambda client: client.greetings.list(group="0"), "group='0': a whole number"),
    (lambda client: client.greetings.create(" ", [Visits(2)]), "name=' ': text is needed"),
    *(
        (
            lambda client, rules=rules: client.greetings.create("a", rules),
            r"rules(\[0\])?=.*: an? (list|item) is needed",
        )
        for rules in ([], None, "rules", Visits(2), [{"type": "visits_number"}], [ApiGoal()])
    ),
    (
        lambda client: client.greetings.create("a", [Visits(2)], subtype="popup"),
        "subtype='popup' is none of 'announcement'",
    ),
    (lambda client: client.greetings.create("a", [Visits(2)], active=0), "active=0: True or"),
    (
        lambda client: client.greetings.create(
            "a", [Visits(2)], message="b", properties={"greeting-message_text": "c"}
        ),
        "message='b': properties has a text, too",
    ),
    *(
        (
            lambda client, given=given: client.greetings.update(2291, properties=given),
            "properties=.*: a mapping of names to texts",
        )
        for given in ("a", ["a"], {"a": 1}, {1: "a"})
    ),
    (lambda client: client.greetings.update(2291), "nothing to change"),
    (lambda client: client.greetings.update(2291, properties={}), "nothing to change"),
    (lambda client: client.greetings.update(2291, rules=[]), r"rules=\[\]: a list is needed"),
    (lambda client: client.greetings.update(2291, message=""), "message='' is blank"),
    (lambda client: client.canned_responses.list(group=None), "group=None: a whole number"),
    (lambda client: client.canned_responses.create("", ["a"]), "text='': text is needed"),
    (lambda client: client.canned_responses.create("a", []), "tags is empty: at least one"),
    (lambda client: client.canned_responses.create("a", "bye"), "tags='bye': a list of texts"),
    (lambda client: client.canned_responses.create("a", [""]), "tags: '' is no tag"),
    (lambda client: client.canned_responses.create("a", ["b"], group=-1), "group=-1: a whole"),
    (lambda client: client.canned_responses.update(7), "nothing to change"),
    (lambda client: client.canned_responses.update(7, tags=[]), "tags is empty: at least one"),
    (lambda client: client.canned_responses.update(7, text=" "), "text=' ' is blank"),
]


@pytest.mark.parametrize(("call", "said"), REFUSED, ids=[said for _, said in REFUSED])
async def test_an_argument_that_cannot_be_meant_is_refused_and_nothing_is_sent(
    wire: Wire, client: LiveChatClient, call: Call, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        await call(client)
    assert wire.sent == []
