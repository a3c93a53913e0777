"""What the calls of `client.tickets` ask for, and what they refuse to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from fake_session import FakeSession

from livechat_async.decoding.converter import WireError
from livechat_async.errors import ConfigurationError
from livechat_async.http.session import SessionManager
from livechat_async.models.tickets import Ticket, TicketOrder, TicketSourceType, TicketStatus
from livechat_async.pagination import Pager
from livechat_async.resources.tickets import TicketsResource

Call: TypeAlias = Callable[[TicketsResource], Awaitable[object]]

NO_TICKETS = {"tickets": [], "total": 0, "pages": 0}
ONE_TICKET = {"id": "O5CR4", "status": "open"}
THE_TICKET = Ticket(id="O5CR4", status=TicketStatus.OPEN)
LEAST = {"message": "Hi there", "requester_mail": "mary.brown@example.com"}


def resource(session: FakeSession) -> TicketsResource:
    return TicketsResource(cast("SessionManager", session))


async def asked_for(**filters: Any) -> list[tuple[str, str]]:
    """The query of the first page, without its number."""
    session = FakeSession([NO_TICKETS])
    await resource(session).list(**filters)
    method, target, body = session.sent
    assert (method, urlsplit(target).path, body) == ("GET", "/tickets", None)
    pairs = parse_qsl(urlsplit(target).query, keep_blank_values=True, strict_parsing=True)
    assert pairs.pop() == ("page", "1")
    return pairs


async def sent_by_create(**arguments: Any) -> Any:
    session = FakeSession([ONE_TICKET])
    assert await resource(session).create(**{**LEAST, **arguments}) == THE_TICKET
    method, target, body = session.sent
    assert (method, target) == ("POST", "/tickets")
    return body


# --- list ---


@pytest.mark.parametrize(
    ("filters", "pairs"),
    [
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
    ],
)
async def test_list_asks_for_what_was_meant(
    filters: dict[str, Any], pairs: list[tuple[str, str]]
) -> None:
    assert await asked_for(**filters) == pairs


def test_list_gives_a_pager_at_once_and_sends_nothing() -> None:
    session = FakeSession()
    assert isinstance(resource(session).list(status="open"), Pager)
    assert session.requests == []


async def test_list_walks_over_the_pages() -> None:
    first = {"pages": 2, "total": 3, "tickets": [{"id": "A"}, {"id": "B"}]}
    session = FakeSession([first, {"pages": 2, "total": 3, "tickets": [{"id": "B"}, {"id": "C"}]}])
    tickets = [ticket async for ticket in resource(session).list(requester_mail="a@b")]
    assert tickets == [Ticket(id="A"), Ticket(id="B"), Ticket(id="C")]
    queries = [request.query for request in session.requests]
    assert [query["page"] for query in queries] == [1, 2]
    assert all(query["requester"] == {"mail": "a@b"} for query in queries)


async def test_list_passes_on_how_to_walk() -> None:
    answer = {"tickets": [{"id": "A"}, {"id": 5}, {"id": "C"}, {"id": "D"}], "pages": 1}
    pager = resource(FakeSession([answer])).list(max_items=2, on_broken="skip", prefetch=1)
    assert [ticket.id async for ticket in pager] == ["A", "C"]
    page = await pager
    assert [broken.path for broken in page.broken] == ["tickets[1].id"]
    with pytest.raises(WireError):
        await resource(FakeSession([answer])).list()


@pytest.mark.parametrize("option", [{"prefetch": 0}, {"max_items": 0}, {"on_broken": "mend"}])
def test_list_refuses_what_makes_no_walk(option: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(option))):
        resource(FakeSession()).list(**option)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
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
        ({"group": -1}, r"group=-1: a whole number from 0"),
        ({"source": ""}, r"source='' is blank"),
        ({"source": 5}, r"source=5: text is needed"),
        ({"source_id": ""}, r"source_id='' is blank"),
        ({"tag": ""}, r"tag='' is blank"),
        ({"tag": ["a"]}, r"tag=\['a'\]: text is needed, not list"),
        ({"tagged": "yes"}, r"tagged='yes': True or False"),
    ],
)
def test_list_refuses_at_once_what_cannot_be_meant(filters: dict[str, Any], said: str) -> None:
    session = FakeSession()
    with pytest.raises(ConfigurationError, match=said):
        resource(session).list(**filters)
    assert session.requests == []


# --- get ---


@pytest.mark.parametrize("answer", [ONE_TICKET, {"pages": 1, "total": 1, "tickets": [ONE_TICKET]}])
async def test_get_gives_the_ticket(answer: Any) -> None:
    session = FakeSession([answer])
    assert await resource(session).get("O5CR4") == THE_TICKET
    assert session.sent == ("GET", "/tickets/O5CR4", None)


async def test_get_explains_what_is_no_ticket() -> None:
    with pytest.raises(WireError, match="a list of one item"):
        await resource(FakeSession([NO_TICKETS])).get("O5CR4")


# --- create ---


async def test_create_sends_no_more_than_was_given() -> None:
    assert await sent_by_create() == {
        "message": "Hi there",
        "requester": {"mail": "mary.brown@example.com"},
    }


async def test_create_sends_all_that_was_given() -> None:
    body = await sent_by_create(
        requester_name="Mary Brown",
        assignee="john.doe@example.com",
        source="chat-window",
        source_url="https://www.example.com/shoes",
        subject="Shoes",
        groups=iter([0, 3]),
    )
    assert body == {
        "message": "Hi there",
        "requester": {"mail": "mary.brown@example.com", "name": "Mary Brown"},
        "assignee": {"id": "john.doe@example.com"},
        "source": {"type": "chat-window", "url": "https://www.example.com/shoes"},
        "subject": "Shoes",
        "group": [0, 3],
    }


@pytest.mark.parametrize("source", ["chat-window", "mail", "lc2", TicketSourceType.MAIL])
async def test_create_takes_a_source_without_an_address(source: str) -> None:
    body = await sent_by_create(source=source)
    assert body["source"] == {"type": str(source)}


async def test_create_reads_a_ticket_in_an_envelope() -> None:
    session = FakeSession([{"pages": 1, "total": 1, "tickets": [ONE_TICKET]}])
    assert await resource(session).create(message="Hi", requester_mail="a@b") == THE_TICKET


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
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
    ],
)
async def test_create_refuses_what_cannot_be_meant(arguments: dict[str, Any], said: str) -> None:
    session = FakeSession()
    with pytest.raises(ConfigurationError, match=said):
        await resource(session).create(**{**LEAST, **arguments})
    assert session.requests == []


# --- tags ---


async def test_set_tags_sends_all_of_them() -> None:
    session = FakeSession()
    await resource(session).set_tags("O5CR4", ("sales", "ł ó"))
    assert session.sent == ("PUT", "/tickets/O5CR4/tags", {"tag": ["sales", "ł ó"]})
    assert session.unread == 1  # a success is a success, whatever stands in it


async def test_set_tags_can_take_off_every_tag() -> None:
    session = FakeSession()
    await resource(session).set_tags("O5CR4", [])
    assert session.sent == ("PUT", "/tickets/O5CR4/tags", {"tag": []})


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda tickets: tickets.get(""), "ticket_id='': text is needed"),
        (lambda tickets: tickets.get(None), "ticket_id=None: text is needed"),
        (lambda tickets: tickets.set_tags(" ", ["a"]), "ticket_id=' ': text is needed"),
        (lambda tickets: tickets.set_tags("A", "sales"), "tags='sales': a list of texts"),
        (lambda tickets: tickets.set_tags("A", [""]), "tags: '' is no tag"),
    ],
)
async def test_calls_refuse_what_cannot_be_meant(call: Call, said: str) -> None:
    session = FakeSession()
    with pytest.raises(ConfigurationError, match=said):
        await call(resource(session))
    assert session.requests == []
