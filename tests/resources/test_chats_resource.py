"""What the calls of `client.chats` ask for, and what they refuse to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from fake_session import FakeSession

from livechat_async.decoding.converter import WireError
from livechat_async.errors import ConfigurationError
from livechat_async.http.session import SessionManager
from livechat_async.models.chats import Chat, ChatRate
from livechat_async.pagination import Pager
from livechat_async.resources.chats import ChatsResource

Call: TypeAlias = Callable[[ChatsResource], Awaitable[object]]

NO_CHATS = {"chats": [], "total": 0, "pages": 0}


def resource(session: FakeSession) -> ChatsResource:
    return ChatsResource(cast("SessionManager", session))


async def asked_for(**filters: Any) -> list[tuple[str, str]]:
    """The query of the first page, without its number."""
    session = FakeSession([NO_CHATS])
    await resource(session).list(**filters)
    method, target, body = session.sent
    assert (method, urlsplit(target).path, body) == ("GET", "/chats", None)
    pairs = parse_qsl(urlsplit(target).query, keep_blank_values=True, strict_parsing=True)
    assert pairs.pop() == ("page", "1")
    return pairs


# --- list ---


@pytest.mark.parametrize(
    ("filters", "pairs"),
    [
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
            [("group", "2"), ("has_goal", "1"), ("tag[]", "x"), ("country", "Poland")],
        ),
    ],
)
async def test_list_asks_for_what_was_meant(
    filters: dict[str, Any], pairs: list[tuple[str, str]]
) -> None:
    assert await asked_for(**filters) == pairs


def test_list_gives_a_pager_at_once_and_sends_nothing() -> None:
    session = FakeSession()
    assert isinstance(resource(session).list(has_goal=True), Pager)
    assert session.requests == []


async def test_list_walks_over_the_pages() -> None:
    first = {"chats": [{"id": "A"}, {"id": "B"}], "total": "3", "pages": 2}
    session = FakeSession([first, {"chats": [{"id": "B"}, {"id": "C"}], "total": "3", "pages": 2}])
    chats = [chat async for chat in resource(session).list(rate="rated")]
    assert chats == [Chat(id="A"), Chat(id="B"), Chat(id="C")]
    queries = [request.query for request in session.requests]
    assert [(query["page"], query["rate"]) for query in queries] == [(1, "rated"), (2, "rated")]


async def test_list_passes_on_how_to_walk() -> None:
    answer = {"chats": [{"id": "A"}, {"id": 5}, {"id": "C"}, {"id": "D"}], "pages": 1}
    pager = resource(FakeSession([answer])).list(max_items=2, on_broken="skip", prefetch=1)
    assert [chat.id async for chat in pager] == ["A", "C"]
    page = await pager
    assert [broken.path for broken in page.broken] == ["chats[1].id"]
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
            {"date_from": date(2013, 1, 24), "date_to": date(2013, 1, 23)},
            r"date_from=2013-01-24 is after date_to=2013-01-23.*swap",
        ),
        ({"date_from": datetime(2013, 1, 23, tzinfo=UTC)}, r"date_from=.*whole days.*\.date\(\)"),
        ({"date_to": datetime(2013, 1, 23, tzinfo=UTC)}, r"date_to=.*whole days.*\.date\(\)"),
        ({"date_from": "2013-01-23"}, r"date_from='2013-01-23'.*date\.fromisoformat"),
        ({"date_to": 1358937653}, r"date_to=1358937653.*datetime\.date is needed, not int"),
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
        ({"group": -1}, r"group=-1: a whole number from 0"),
        ({"group": True}, r"group=True: a whole number from 0"),
        ({"group": [0]}, r"group=\[0\]: a whole number from 0"),
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
    ],
)
def test_list_refuses_at_once_what_cannot_be_meant(filters: dict[str, Any], said: str) -> None:
    session = FakeSession()
    with pytest.raises(ConfigurationError, match=said):
        resource(session).list(**filters)
    assert session.requests == []


# --- get ---


@pytest.mark.parametrize(
    "answer", [{"id": "MH022RD0K5"}, {"chats": [{"id": "MH022RD0K5"}], "total": 1, "pages": 1}]
)
async def test_get_gives_the_chat(answer: Any) -> None:
    session = FakeSession([answer])
    assert await resource(session).get("MH022RD0K5") == Chat(id="MH022RD0K5")
    assert session.sent == ("GET", "/chats/MH022RD0K5", None)


async def test_get_keeps_the_tickets_of_a_chat() -> None:
    session = FakeSession([{"id": "A", "tickets": ["O5CR4"]}])
    assert await resource(session).get("A") == Chat(id="A", tickets=("O5CR4",))


async def test_get_explains_an_envelope_of_another_size() -> None:
    session = FakeSession([{"chats": [{"id": "A"}, {"id": "B"}]}])
    with pytest.raises(WireError, match="a list of one item"):
        await resource(session).get("A")


# --- writes ---


@pytest.mark.parametrize("tags", [["sales", "ł ó"], ("sales", "ł ó"), iter(["sales", "ł ó"])])
async def test_set_tags_sends_all_of_them(tags: Any) -> None:
    session = FakeSession()
    await resource(session).set_tags("MH022RD0K5", tags)
    assert session.sent == ("PUT", "/chats/MH022RD0K5/tags", {"tag": ["sales", "ł ó"]})
    assert session.unread == 1  # a success is a success, whatever stands in it


async def test_set_tags_can_take_off_every_tag() -> None:
    session = FakeSession()
    await resource(session).set_tags("MH022RD0K5", [])
    assert session.sent == ("PUT", "/chats/MH022RD0K5/tags", {"tag": []})


async def test_send_transcript_says_to_whom() -> None:
    session = FakeSession()
    await resource(session).send_transcript("MH022RD0K5", to="john.doe+x@example.com")
    target = "/chats/MH022RD0K5/send_transcript"
    assert session.sent == ("POST", target, {"to": "john.doe+x@example.com"})
    assert session.unread == 1


async def test_an_id_is_one_segment_of_the_path() -> None:
    session = FakeSession()
    await resource(session).set_tags("a/../b?c", [])
    assert session.sent[1] == "/chats/a%2F..%2Fb%3Fc/tags"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda chats: chats.get(""), "chat_id='': text is needed"),
        (lambda chats: chats.get(" "), "chat_id=' ': text is needed"),
        (lambda chats: chats.get(None), "chat_id=None: text is needed"),
        (lambda chats: chats.get(5), "chat_id=5: text is needed"),
        (lambda chats: chats.set_tags("", ["a"]), "chat_id='': text is needed"),
        (lambda chats: chats.set_tags("A", "sales"), "tags='sales': a list of texts"),
        (lambda chats: chats.set_tags("A", None), "tags=None: a list of texts"),
        (lambda chats: chats.set_tags("A", ["a", " "]), "tags: ' ' is no tag"),
        (lambda chats: chats.set_tags("A", [None]), "tags: None is no tag"),
        (lambda chats: chats.send_transcript("", to="a@b"), "chat_id='': text is needed"),
        (lambda chats: chats.send_transcript("A", to="john"), "to='john': an e-mail address"),
        (lambda chats: chats.send_transcript("A", to="@example.com"), "an e-mail address"),
        (lambda chats: chats.send_transcript("A", to="john doe@example.com"), "an e-mail address"),
        (lambda chats: chats.send_transcript("A", to=""), "to='': text is needed"),
        (lambda chats: chats.send_transcript("A", to=None), "to=None: text is needed"),
    ],
)
async def test_calls_refuse_what_cannot_be_meant(call: Call, said: str) -> None:
    session = FakeSession()
    with pytest.raises(ConfigurationError, match=said):
        await call(resource(session))
    assert session.requests == []
