"""Lists that go over pages: which filters they send, and which they refuse.

A new list needs a line in `LISTS`, and tables of filters.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from wire import Wire

from livechat_async import (
    Chat,
    ChatRate,
    ConfigurationError,
    DecodeError,
    LiveChatClient,
    Pager,
    Ticket,
    TicketOrder,
    TicketSourceType,
    TicketStatus,
)

# The name of each list, what it gives, and a filter with the pair that is sent for it.
LISTS: dict[str, tuple[type, dict[str, Any], tuple[str, str]]] = {
    "chats": (Chat, {"rate": "rated"}, ("rate", "rated")),
    "tickets": (Ticket, {"requester_mail": "a@b"}, ("requester[mail]", "a@b")),
}
every_list = pytest.mark.parametrize("name", LISTS)

CHAT_FILTERS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({}, []),
    ({"date_from": date(2013, 1, 23)}, [("date_from", "2013-01-23")]),
    ({"date_to": date(2013, 1, 23)}, [("date_to", "2013-01-23")]),
    (
        {"date_from": date(2013, 1, 23), "date_to": date(2013, 1, 23)},
        [("date_from", "2013-01-23"), ("date_to", "2013-01-23")],
    ),
    ({"timezone": "America/Phoenix"}, [("timezone", "America/Phoenix")]),
    ({"visitor_id": "S1.a"}, [("visitor_id", "S1.a")]),
    ({"query": "größe 38 & more"}, [("query", "größe 38 & more")]),
    ({"agent": "john+doe@example.com"}, [("agent", "john+doe@example.com")]),
    ({"group": 0}, [("group", "0")]),
    ({"goal": 71}, [("goal", "71")]),
    ({"has_goal": True}, [("has_goal", "1")]),
    ({"has_goal": False}, [("has_goal", "0")]),
    ({"sale": 3}, [("sale", "3")]),
    ({"has_sale": False}, [("has_sale", "0")]),
    ({"queued": True}, [("queued", "1")]),
    ({"rate": "rated_bad"}, [("rate", "rated_bad")]),
    ({"rate": ChatRate.RATED}, [("rate", "rated")]),
    ({"include_pending": True}, [("include_pending", "1")]),
    ({"tags": ["sales"]}, [("tag[]", "sales")]),
    ({"tags": iter(("a b", "ł"))}, [("tag[]", "a b"), ("tag[]", "ł")]),
    ({"tagged": False}, [("tagged", "0")]),
    ({"comment": True}, [("comment", "1")]),
    ({"city": "Łódź"}, [("city", "Łódź")]),
    ({"region": "North Carolina"}, [("region", "North Carolina")]),
    ({"country": "Poland"}, [("country", "Poland")]),
    (
        {"country": "Poland", "tags": ["x"], "group": 2, "has_goal": True},
        [("country", "Poland"), ("tag[]", "x"), ("group", "2"), ("has_goal", "1")],
    ),
]
TICKET_FILTERS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({}, []),
    (
        {"date_from": date(2019, 3, 4), "date_to": date(2019, 3, 5)},
        [("date_from", "2019-03-04"), ("date_to", "2019-03-05")],
    ),
    ({"assigned": True}, [("assigned", "1")]),
    ({"assigned": False}, [("assigned", "0")]),
    ({"order": "asc"}, [("order", "asc")]),
    ({"order": TicketOrder.DESCENDING}, [("order", "desc")]),
    ({"status": "spam"}, [("status", "spam")]),
    ({"status": TicketStatus.SOLVED}, [("status", "solved")]),
    ({"assignee": "john.doe@example.com"}, [("assignee", "john.doe@example.com")]),
    ({"query": "größe 38"}, [("query", "größe 38")]),
    ({"requester_mail": "m+b@example.com"}, [("requester[mail]", "m+b@example.com")]),
    ({"group": 0}, [("group", "0")]),
    ({"source": TicketSourceType.FACEBOOK_POST}, [("source", "facebook:post")]),
    ({"source": "fax"}, [("source", "fax")]),
    ({"source_id": "PA0H4V6DXR"}, [("source_id", "PA0H4V6DXR")]),
    ({"tag": "a b"}, [("tag", "a b")]),
    ({"tagged": False}, [("tagged", "0")]),
    (
        {"status": "open", "requester_mail": "a@b", "tag": "x", "assigned": False},
        [("assigned", "0"), ("status", "open"), ("tag", "x"), ("requester[mail]", "a@b")],
    ),
]
FILTERS = [
    *(("chats", *row) for row in CHAT_FILTERS),
    *(("tickets", *row) for row in TICKET_FILTERS),
]

REFUSED_BY_CHATS: list[tuple[dict[str, Any], str]] = [
    (
        {"date_from": date(2013, 1, 24), "date_to": date(2013, 1, 23)},
        r"date_from=2013-01-24 is after date_to=2013-01-23.*swap",
    ),
    ({"date_from": datetime(2013, 1, 23, tzinfo=UTC)}, r"date_from=.*whole days.*\.date\(\)"),
    ({"date_to": datetime(2013, 1, 23, tzinfo=UTC)}, r"date_to=.*whole days.*\.date\(\)"),
    ({"date_from": "2013-01-23"}, r"date_from='2013-01-23'.*date\.fromisoformat"),
    ({"date_to": 1358937653}, r"date_to=1358937653.*datetime\.date is needed, as in"),
    ({"timezone": "Mars/Base"}, r"timezone='Mars/Base' is not known.*'Europe/Warsaw'.*tzdata"),
    ({"timezone": ""}, r"timezone='' is not known"),
    ({"timezone": ZoneInfo("Europe/Warsaw")}, r"timezone=.*a name such as.*its key"),
    ({"visitor_id": " "}, r"visitor_id=' ' is blank"),
    ({"visitor_id": 5}, r"visitor_id=5: text is needed, not int"),
    ({"query": ""}, r"query='' is blank.*leave it out"),
    ({"agent": ""}, r"agent='' is blank"),
    ({"city": ""}, r"city='' is blank"),
    ({"region": b"x"}, r"region=b'x': text is needed, not bytes"),
    ({"country": "\n"}, r"country=.* is blank"),
    ({"group": -1}, r"group=-1: a whole number is needed, 0 or more"),
    ({"group": True}, r"group=True: a whole number is needed, 0 or more"),
    ({"group": [0]}, r"group=\[0\]: a whole number is needed, 0 or more"),
    ({"goal": "71"}, r"goal='71': a whole number"),
    ({"sale": 1.0}, r"sale=1\.0: a whole number"),
    ({"has_goal": 1}, r"has_goal=1: True or False"),
    ({"has_sale": "yes"}, r"has_sale='yes': True or False"),
    ({"queued": 0}, r"queued=0: True or False"),
    ({"include_pending": "1"}, r"include_pending='1': True or False"),
    ({"tagged": []}, r"tagged=\[\]: True or False"),
    ({"comment": "nice"}, r"comment='nice': True or False"),
    ({"rate": "good"}, r"rate='good' is none of 'rated', 'not_rated', 'rated_good'"),
    ({"rate": ["rated"]}, r"rate=\['rated'\] is none of"),
    ({"tags": []}, r"tags is empty: leave it out.*tagged=False"),
    ({"tags": "sales"}, r"tags='sales': a list of texts.*\['sales'\]"),
    ({"tags": 5}, r"tags=5: a list of texts"),
    ({"tags": ["sales", ""]}, r"tags: '' is no tag"),
    ({"tags": [5]}, r"tags: 5 is no tag"),
]
REFUSED_BY_TICKETS: list[tuple[dict[str, Any], str]] = [
    (
        {"date_from": date(2019, 3, 5), "date_to": date(2019, 3, 4)},
        r"date_from=2019-03-05 is after date_to=2019-03-04.*swap",
    ),
    ({"date_from": datetime(2019, 3, 4, tzinfo=UTC)}, r"date_from=.*whole days"),
    ({"date_to": "2019-03-04"}, r"date_to='2019-03-04'.*date\.fromisoformat"),
    ({"assigned": 1}, r"assigned=1: True or False"),
    ({"order": "newest"}, r"order='newest' is none of 'desc', 'asc'"),
    ({"status": "closed"}, r"status='closed' is none of 'open', 'pending', 'solved', 'spam'"),
    ({"status": ""}, r"status='' is none of"),
    ({"assignee": " "}, r"assignee=' ' is blank"),
    ({"query": ""}, r"query='' is blank"),
    ({"requester_mail": "mary"}, r"requester_mail='mary': an e-mail address"),
    ({"requester_mail": ""}, r"requester_mail='' is blank"),
    ({"group": -1}, r"group=-1: a whole number is needed, 0 or more"),
    ({"source": ""}, r"source='' is blank"),
    ({"source": 5}, r"source=5: text is needed"),
    ({"source_id": ""}, r"source_id='' is blank"),
    ({"tag": ""}, r"tag='' is blank"),
    ({"tag": ["a"]}, r"tag=\['a'\]: text is needed, not list"),
    ({"tagged": "yes"}, r"tagged='yes': True or False"),
]
REFUSED = [
    *(("chats", *row) for row in REFUSED_BY_CHATS),
    *(("tickets", *row) for row in REFUSED_BY_TICKETS),
]


def pager_of(client: LiveChatClient, name: str, **arguments: Any) -> Pager[Any]:
    pager: Pager[Any] = getattr(client, name).list(**arguments)
    return pager


def query_of(line: str) -> list[tuple[str, str]]:
    target = line.removeprefix("GET ")
    return parse_qsl(urlsplit(target).query, keep_blank_values=True, strict_parsing=True)


@pytest.mark.parametrize(("name", "filters", "pairs"), FILTERS)
async def test_a_filter_is_sent(
    wire: Wire,
    client: LiveChatClient,
    name: str,
    filters: dict[str, Any],
    pairs: list[tuple[str, str]],
) -> None:
    wire.answers = [{name: [], "total": 0, "pages": 0}]
    await pager_of(client, name, **filters)
    (sent,) = wire.sent
    assert (sent.line.partition("?")[0], sent.body) == (f"GET /{name}", None)
    assert query_of(sent.line) == [*pairs, ("page", "1")]


@pytest.mark.parametrize(("name", "filters", "said"), REFUSED)
async def test_a_filter_that_cannot_be_meant_is_refused_at_once(
    wire: Wire, client: LiveChatClient, name: str, filters: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        pager_of(client, name, **filters)
    assert wire.sent == []


@every_list
async def test_a_list_gives_a_pager_and_sends_nothing(
    wire: Wire, client: LiveChatClient, name: str
) -> None:
    assert isinstance(pager_of(client, name), Pager)
    assert wire.sent == []


@every_list
async def test_a_list_goes_over_the_pages_with_its_filters(
    wire: Wire, client: LiveChatClient, name: str
) -> None:
    model, filters, pair = LISTS[name]
    wire.answers = [
        {name: [{"id": "A"}, {"id": "B"}], "total": "3", "pages": 2},
        {name: [{"id": "B"}, {"id": "C"}], "total": "3", "pages": 2},
    ]
    items = [item async for item in pager_of(client, name, **filters)]
    assert items == [model(id="A"), model(id="B"), model(id="C")]
    assert [query_of(sent.line) for sent in wire.sent] == [
        [pair, ("page", "1")],
        [pair, ("page", "2")],
    ]


@every_list
async def test_a_list_goes_over_the_pages_as_it_is_asked(
    wire: Wire, client: LiveChatClient, name: str
) -> None:
    wire.answers = [{name: [{"id": "A"}, {"id": [5]}, {"id": "C"}, {"id": "D"}], "pages": 1}]
    pager = pager_of(client, name, max_items=2, on_broken="skip", prefetch=1)
    assert [item.id async for item in pager] == ["A", "C"]
    page = await pager
    assert [broken.path for broken in page.broken] == [f"{name}[1].id"]
    with pytest.raises(DecodeError):
        await pager_of(client, name)


@every_list
@pytest.mark.parametrize("option", [{"prefetch": 0}, {"max_items": 0}, {"on_broken": "mend"}])
async def test_an_option_that_cannot_be_meant_is_refused_at_once(
    client: LiveChatClient, name: str, option: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(option))):
        pager_of(client, name, **option)


@every_list
@pytest.mark.parametrize(
    "odd",
    [
        '"many"',
        "-1",
        "2.5",
        "true",
        "[1]",
        '{"a": 1}',
        "1e400",
        '"\xff"',
        "[" * 2000 + "]" * 2000,
    ],
    ids=lambda odd: odd[:10],
)
@pytest.mark.parametrize("number", ["pages", "total"])
async def test_an_odd_number_in_an_envelope_costs_no_item(
    client: LiveChatClient,
    wire: Wire,
    caplog: pytest.LogCaptureFixture,
    *,
    name: str,
    number: str,
    odd: str,
) -> None:
    """One odd value costs none of its neighbours (field case 3)."""
    wire.answers = [f'{{"{name}": [{{"id": "A"}}], "{number}": {odd}}}'.encode("latin-1")]
    page = await getattr(client, name).list()
    assert [item.id for item in page] == ["A"]
    assert (page.pages, page.total) == (None, None)
    assert any(f"left out what is no number at {number}: " in text for text in caplog.messages)
    assert max(map(len, caplog.messages)) < 300


@every_list
@pytest.mark.parametrize(
    ("envelope", "numbers"),
    [
        ({"pages": 1.0, "total": "2"}, (1, 2)),
        ({"pages": "1.0", "total": 2.0}, (1, 2)),
        ({"pages": [], "total": {}}, (None, None)),
        ({"pages": "", "total": None}, (None, None)),
    ],
)
@pytest.mark.parametrize("nothing", [None, "", [], {}])
async def test_numbers_and_nothing_are_known_in_an_envelope(
    client: LiveChatClient,
    wire: Wire,
    *,
    name: str,
    envelope: dict[str, Any],
    numbers: tuple[Any, Any],
    nothing: object,
) -> None:
    """Whole numbers and nothing follow the rules of fields (field case 3)."""
    wire.answers = [{name: nothing, **envelope}]
    page = await getattr(client, name).list()
    assert (len(page), page.pages, page.total) == (0, *numbers)
