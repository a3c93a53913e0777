from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from asking import ask
from hypothesis import given, settings
from hypothesis import strategies as st

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox import Sandbox

NOW = 1_487_246_066
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


async def ids(http: aiohttp.ClientSession, query: str) -> list[str]:
    status, answer = await ask(http, f"/tickets?{query}")
    assert status == 200
    return [ticket["id"] for ticket in answer["tickets"]]


async def test_a_page_of_tickets_has_its_numbers(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    assert await ask(http, "/tickets") == (200, {"pages": 0, "total": 0, "tickets": []})
    sandbox.seed_tickets(26)
    status, answer = await ask(http, "/v2/tickets/")
    assert (status, list(answer)) == (200, ["pages", "total", "tickets"])
    assert (answer["pages"], answer["total"]) == (2, 26)
    assert answer["tickets"] == sandbox.tickets[:25]
    assert await ids(http, "page=2") == [sandbox.tickets[25]["id"]]
    # There is no cap.
    assert await ids(http, "page=100000") == []


@settings(max_examples=20)
@given(count=st.integers(0, 80), query=st.sampled_from(["", "order=asc", "order=desc", "tagged=1"]))
async def test_pages_partition_the_tickets(count: int, query: str) -> None:
    async with Sandbox(tickets=count) as sandbox:
        headers = {"X-API-Version": "2", "Authorization": sandbox.bearer.authorization().reveal()}
        async with aiohttp.ClientSession(sandbox.url, headers=headers) as http:
            _, first = await ask(http, f"/tickets?{query}")
            walked = [
                ticket_id
                for page in range(1, first["pages"] + 2)
                for ticket_id in await ids(http, f"{query}&page={page}")
            ]
    tickets = [ticket for ticket in sandbox.tickets if query != "tagged=1" or ticket["tags"]]
    expected = [ticket["id"] for ticket in tickets]
    assert walked == (expected[::-1] if query == "order=asc" else expected)
    assert first["total"] == len(walked)


@pytest.mark.parametrize(
    "ticket", Sandbox(clock=lambda: NOW, tickets=120).tickets, ids=lambda ticket: ticket["id"]
)
def test_a_made_up_ticket_has_the_documented_form(ticket: dict[str, Any]) -> None:
    assert re.fullmatch("[A-Z0-9]{5}", ticket["id"])
    moments = [ticket["date"], ticket["modified"], *(each["date"] for each in ticket["events"])]
    assert all(re.fullmatch(ISO, moment) for moment in moments)
    assert min(moments) == ticket["date"]
    assert max(moments) == ticket["modified"]
    assert ticket["groups"] == [ticket["currentGroup"]]
    assert set(ticket["currentGroup"]) == {"id", "name", "inherited"}
    assert ("resolutionDate" in ticket) == (ticket["status"] == "solved")
    assert bool(ticket["firstResponse"]) == (ticket["status"] in {"pending", "solved"})
    assert ticket["events"][0]["author"]["id"] == ticket["requester"]["mail"]
    assert ("url" in ticket["source"]) == (ticket["source"]["type"] == "chat-window")
    assert ("rated" in {each["type"] for each in ticket["events"]}) == (
        ticket["rate"] == "rated_good"
    )


def test_there_is_some_of_everything() -> None:
    tickets = Sandbox(clock=lambda: NOW, tickets=500).tickets
    assert len({ticket["id"] for ticket in tickets}) == 500
    assert tickets == Sandbox(clock=lambda: NOW, tickets=500).tickets
    assert {ticket["status"] for ticket in tickets} == {"open", "pending", "solved", "spam"}
    assert {"assignee" in ticket for ticket in tickets} == {True, False}
    events = [event for ticket in tickets for event in ticket["events"]]
    assert {event["type"] for event in events} == {
        *("message", "assignee_changed", "status_changed", "rating_offer_sent", "rated")
    }
    assert {"author" in event for event in events if event["type"] == "status_changed"} == {
        *(True, False)
    }
    moments = [ticket["modified"] for ticket in tickets]
    assert moments == sorted(moments, reverse=True)


def fill(sandbox: Sandbox) -> None:
    """Tickets that differ in everything that can be asked for."""
    sandbox.add_ticket(
        id="A",
        date=datetime(2013, 1, 20, 12, tzinfo=UTC),
        modified=datetime(2013, 1, 24, 12, tzinfo=UTC),
        assignee={"id": "john.doe@example.com", "name": "John Doe"},
        status="solved",
        subject="Broken SHOES",
        source={"type": "facebook:post", "id": "77"},
        events=[{"type": "message", "message": "Help me", "date": "2013-01-22T12:00:00Z"}, None],
    )
    sandbox.add_ticket(
        id="B",
        modified=datetime(2013, 1, 23, 12, tzinfo=UTC),
        requester={"mail": "zoe@example.com", "name": "Zoë"},
        groups=[{"id": 2, "name": "Sales", "inherited": False}],
        source={"type": "lc2"},
        tags=["sales"],
    )
    # The documentation's form, with numbers.
    sandbox.add_ticket(
        id="C", modified=1_358_769_600, groups=[2, 0], date=None, events=[{"date": "soon"}]
    )
    # Broken items, which tests may add, match no filter and cause no error.
    sandbox.add_ticket(
        id="D",
        date="2013-01-19T12:00:00Z",
        requester=None,
        groups=None,
        source="mail",
        tags="sales",
        events="none",
        subject=7,
        status=None,
        omit=["modified"],
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "ABCD"),
        ("order=desc", "ABCD"),
        ("order=asc", "DCBA"),
        ("date_from=2013-01-24", "A"),
        ("date_to=2013-01-20", "AD"),
        ("date_from=2013-01-20&date_to=2013-01-20", "A"),
        ("date_from=2013-01-21&date_to=2013-01-22", "AC"),
        ("date_from=2013-01-22&date_to=2013-01-22", "A"),
        ("date_from=2013-01-23&date_to=2013-01-23", "B"),
        ("date_to=2013-01-18", ""),
        ("assigned=1", "A"),
        ("assigned=0", "BCD"),
        ("assignee=john.doe@example.com", "A"),
        ("assignee=john", ""),
        ("status=open", "BC"),
        ("status=solved", "A"),
        ("status=spam", ""),
        ("query=shoes", "ABC"),
        ("query=help+ME", "A"),
        ("query=zoe@", "B"),
        ("query=Zo%C3%AB", "B"),
        ("requester[mail]=zoe@example.com", "B"),
        ("requester%5Bmail%5D=mary.brown@example.com", "AC"),
        ("group=0", "AC"),
        ("group=2", "BC"),
        ("source=lc2", "B"),
        ("source=mail", "C"),
        ("source=facebook:post", "A"),
        ("source_id=77", "A"),
        ("tag=sales", "B"),
        ("tagged=1", "B"),
        ("tagged=0", "ACD"),
        ("group=2&order=asc&assigned=0", "CB"),
        ("timezone=nonsense", "ABCD"),
    ],
)
async def test_filters_narrow_the_tickets(
    sandbox: Sandbox, http: aiohttp.ClientSession, query: str, expected: str
) -> None:
    fill(sandbox)
    assert await ids(http, query) == list(expected)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("order=INVALID", "order has to be one of: asc, desc"),
        ("page=0", "page has to be"),
        ("date_from=x", "date_from has to be"),
        ("date_to=x", "date_to has to be"),
        ("assigned=x", "assigned has to be 0 or 1"),
        ("status=closed", "status has to be one of: open"),
        ("assignee=", "assignee has to be text"),
        ("query=", "query has to be text"),
        ("requester=zoe@example.com", "requester[mail] has to be text"),
        ("requester[name]=Zoe", "requester[mail] has to be text"),
        ("requester[mail]=", "requester[mail] has to be text"),
        ("group=x", "group has to be a number"),
        ("source=pigeon", "source has to be one of: lc2, mail"),
        ("tag[]=sales", "tag has to be text"),
        ("tagged=x", "tagged has to be 0 or 1"),
    ],
)
async def test_refuses_bad_arguments(http: aiohttp.ClientSession, query: str, text: str) -> None:
    status, answer = await ask(http, f"/tickets?{query}")
    assert (status, list(answer)) == (400, ["errors"])
    [problem] = answer["errors"]
    assert problem.startswith(text)


async def test_a_single_ticket_is_bare(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.seed_tickets(3)
    for ticket in sandbox.tickets:
        assert await ask(http, f"/tickets/{ticket['id']}") == (200, ticket)


async def test_tags_of_a_ticket_are_replaced(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.seed_tickets(3)
    before = sandbox.tickets
    path = f"/tickets/{before[1]['id']}/tags"
    for body in ({"json": {"tag": ["a", "b"]}}, {"data": [("tag[]", "a"), ("tag[]", "b")]}):
        changed = {**before[1], "tags": ["a", "b"]}
        assert await ask(http, path, "PUT", **body) == (
            200,
            {"pages": 1, "total": 1, "tickets": [changed]},
        )
        assert sandbox.tickets == [before[0], changed, before[2]]


async def test_a_ticket_needs_little(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    status, ticket = await ask(
        http,
        "/tickets",
        "POST",
        data={"message": "My shoes are broken", "requester[mail]": "mary.brown@example.com"},
    )
    assert status == 200
    assert sandbox.tickets == [ticket]
    assert re.fullmatch("[A-Z0-9]{5}", ticket["id"])
    assert (ticket["subject"], ticket["status"]) == ("(no subject)", "open")
    assert ticket["source"] == {"type": "lc2"}
    assert [group["id"] for group in ticket["groups"]] == [0]
    assert ticket["date"] == ticket["modified"] == "2017-02-16T11:54:26Z"
    assert ticket["requester"] == {
        "mail": "mary.brown@example.com",
        "name": "mary.brown@example.com",
    }
    assert ticket["events"][0]["message"] == "My shoes are broken"
    assert "assignee" not in ticket
    assert await ask(http, f"/tickets/{ticket['id']}") == (200, ticket)


FORM = [
    *[("message", "Hi"), ("requester[mail]", "mary@example.com"), ("requester[name]", "Mary")],
    *[("assignee[id]", "john.doe@example.com"), ("source[type]", "chat-window")],
    *[("source[url]", "https://example.com/7"), ("subject", "Shoes"), ("group[]", "2")],
    ("group[]", "9"),
]
BODY = {
    "message": "Hi",
    "requester": {"mail": "mary@example.com", "name": "Mary"},
    "assignee": {"id": "john.doe@example.com"},
    "source": {"type": "chat-window", "url": "https://example.com/7"},
    "subject": "Shoes",
    "group": [2, 9],
}


@pytest.mark.parametrize("body", [{"data": FORM}, {"json": BODY}])
async def test_a_ticket_can_have_everything(
    sandbox: Sandbox, http: aiohttp.ClientSession, body: dict[str, Any]
) -> None:
    status, ticket = await ask(http, "/tickets", "POST", **body)
    assert (status, sandbox.tickets) == (200, [ticket])
    assert ticket["requester"] == {"mail": "mary@example.com", "name": "Mary"}
    assert ticket["assignee"] == {"id": "john.doe@example.com", "name": "John Doe"}
    assert ticket["source"] == {"type": "chat-window", "url": "https://example.com/7"}
    assert (ticket["subject"], ticket["currentGroup"]["name"]) == ("Shoes", "Sales")
    assert [group["id"] for group in ticket["groups"]] == [2, 9]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"message": None}, "message is required"),
        ({"message": " "}, "message is required"),
        ({"message": ["Hi"]}, "message is required"),
        ({"requester": None}, "requester[mail] is required"),
        ({"requester": {"name": "Mary"}}, "requester[mail] is required"),
        ({"requester": {"mail": "mary"}}, "requester[mail] is required"),
        ({"source": {"type": "pigeon"}}, "source[type] has to be one of: chat-window"),
        ({"source": {"type": "mail", "url": "https://example.com"}}, "source[url] goes with"),
        ({"source": {"url": "https://example.com"}}, "source[url] goes with"),
        ({"group": 2}, "group has to be a list"),
        ({"group": []}, "group has to be a list"),
        ({"group": ["all"]}, "group has to be a list"),
    ],
)
async def test_bad_tickets_are_not_created(
    sandbox: Sandbox, http: aiohttp.ClientSession, changes: dict[str, Any], text: str
) -> None:
    status, answer = await ask(http, "/tickets", "POST", json={**BODY, **changes})
    # Only this page has a list under the key "error".
    assert (status, list(answer)) == (400, ["error"])
    [problem] = answer["error"]
    assert problem.startswith(text)
    assert sandbox.tickets == []


async def test_an_unreadable_body_is_refused(http: aiohttp.ClientSession) -> None:
    status, answer = await ask(http, "/tickets", "POST", data=b"x")
    assert (status, list(answer)) == (400, ["errors"])


def test_an_added_ticket_has_the_given_fields(sandbox: Sandbox) -> None:
    ticket_id = sandbox.add_ticket(tags=["sales"], more=1)
    [ticket] = sandbox.tickets
    assert (ticket["id"], ticket["tags"], ticket["more"]) == (ticket_id, ["sales"], 1)
    assert ticket["date"] == ticket["modified"] == "2017-02-16T11:54:26Z"
    assert "assignee" not in ticket
    sandbox.remove_ticket(ticket_id)
    assert sandbox.tickets == []
    with pytest.raises(ConfigurationError, match=r"ticket_id=.*no such ticket"):
        sandbox.remove_ticket(ticket_id)


@pytest.mark.parametrize(
    ("fields", "date", "modified"),
    [
        ({"date": "2013-01-23T10:00:00Z"}, "2013-01-23T10:00:00Z", "2013-01-23T10:00:00Z"),
        ({"modified": "2013-01-23T10:00:00Z"}, "2013-01-23T10:00:00Z", "2013-01-23T10:00:00Z"),
        ({"modified": 1_358_935_200}, "2013-01-23T10:00:00Z", 1_358_935_200),
        ({"date": "soon", "modified": "2013-01-23"}, "soon", "2013-01-23"),
    ],
)
def test_times_may_be_datetimes(
    sandbox: Sandbox, fields: dict[str, Any], date: str, modified: object
) -> None:
    sandbox.add_ticket(**fields)
    [ticket] = sandbox.tickets
    assert (ticket["date"], ticket["modified"]) == (date, modified)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"id": ".."}, "id='..'"),
        ({"subject": object()}, "no form in JSON"),
        ({"modified": datetime(2013, 1, 1)}, "modified=datetime"),  # noqa: DTZ001 - refused
        ({"omit": "tags"}, "omit='tags'"),
    ],
)
def test_refuses_bad_tickets(sandbox: Sandbox, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        sandbox.add_ticket(**fields)
    assert text in str(caught.value)
    assert sandbox.tickets == []
