"""Each endpoint is a row: the call, the request on the wire, the answer, and the typed value.

An endpoint with a new method needs a row in `ENDPOINTS`, and rows in `REFUSED` for the arguments
that it does not take.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeAlias

import pytest
from attrs import frozen
from wire import Wire

from livechat_async import (
    Chat,
    ChatEngagement,
    ConfigurationError,
    CountedHours,
    DecodeError,
    DetailField,
    GoalsReached,
    GreetingsShown,
    LiveChatClient,
    NewTickets,
    NotRepliedChats,
    Page,
    QueuedVisitors,
    QueuePart,
    RankedAgent,
    Ratings,
    Report,
    ResponseTime,
    Sales,
    Seconds,
    SolvedTickets,
    Ticket,
    TicketSources,
    TicketSourceType,
    TicketStatus,
    TimeSpent,
    TotalChats,
    Visitor,
    VisitorDetails,
    VisitorState,
    Webhook,
    WebhookDataType,
    WebhookEventType,
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
]


@pytest.mark.parametrize(("call", "said"), REFUSED, ids=[said for _, said in REFUSED])
async def test_an_argument_that_cannot_be_meant_is_refused_and_nothing_is_sent(
    wire: Wire, client: LiveChatClient, call: Call, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        await call(client)
    assert wire.sent == []
