from __future__ import annotations

from datetime import UTC, date, datetime

import aiohttp
import pytest
from asking import ask, chat_ids
from hypothesis import given
from hypothesis import strategies as st

from livechat_async.sandbox import Sandbox


async def test_a_page_of_chats_has_its_numbers(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    assert await ask(http, "/chats") == (200, {"chats": [], "total": 0, "pages": 0})
    sandbox.seed_chats(26)
    status, answer = await ask(http, "/chats/")
    assert (status, list(answer)) == (200, ["chats", "total", "pages"])
    assert (answer["total"], answer["pages"]) == (26, 2)
    assert answer["chats"] == sandbox.chats[:25]
    assert await ask(http, "/v2/chats?page=2") == (
        200,
        {"chats": sandbox.chats[25:], "total": 26, "pages": 2},
    )
    assert await ask(http, "/chats?page=3") == (200, {"chats": [], "total": 26, "pages": 2})


@given(
    count=st.integers(0, 130),
    added=st.lists(st.integers(1_358_899_200, 1_359_071_999), max_size=30),
    query=st.sampled_from(
        ["", "date_from=2013-01-23", "date_to=2013-01-23", "rate=rated", "tagged=0&queued=0"]
    ),
)
async def test_pages_partition_the_archive(count: int, added: list[int], query: str) -> None:
    days = {"chats_from": "2013-01-23", "chats_to": "2013-01-24"}
    async with Sandbox(chats=count, **days) as sandbox:  # type: ignore[arg-type]
        for started in added:
            sandbox.add_chat(started_timestamp=started, tags=["sales"])
        headers = {"X-API-Version": "2", "Authorization": sandbox.bearer.authorization().reveal()}
        async with aiohttp.ClientSession(sandbox.url, headers=headers) as http:
            _, first = await ask(http, f"/chats?{query}")
            walked: list[str] = []
            for page in range(1, first["pages"] + 2):
                status, answer = await ask(http, f"/chats?{query}&page={page}")
                assert status == 200
                assert (answer["total"], answer["pages"]) == (first["total"], first["pages"])
                is_whole = page < first["pages"]
                assert len(answer["chats"]) == 25 or not is_whole
                walked += [chat["id"] for chat in answer["chats"]]
            assert answer["chats"] == []
    known = {
        "": lambda _: True,
        "date_from=2013-01-23": lambda _: True,
        "date_to=2013-01-23": lambda chat: chat["id"] in first_day,
        "rate=rated": lambda chat: chat.get("rate", "not_rated") != "not_rated",
        "tagged=0&queued=0": lambda chat: not chat["tags"] and "queue" not in chat,
    }[query]
    first_day = set(sandbox.chat_ids(date_to=date(2013, 1, 23)))
    assert walked == [chat["id"] for chat in sandbox.chats if known(chat)]
    assert first["total"] == len(walked)


def fill(sandbox: Sandbox) -> None:
    """Four chats and a message, which differ in everything that can be asked for."""
    visitor = {"name": "Visitor", "city": "", "region": "", "country": ""}
    sandbox.add_chat(
        id="A",
        started=datetime(2013, 1, 20, 12, tzinfo=UTC),
        visitor={**visitor, "id": "S1.a", "name": "Zoë", "email": "zoe@example.com"},
        group=[0],
        tags=["sales"],
        rate="rated_good",
        postchat_survey=[{"key": "Leave a Comment:", "value": "Quick"}],
        goals=[{"id": 71, "order": {"id": "X", "price": "199"}}],
    )
    sandbox.add_chat(
        id="B",
        started=datetime(2013, 1, 21, 12, tzinfo=UTC),
        visitor={**visitor, "id": "S1.b", "city": "Wrocław", "region": "Lower Silesia"},
        agents=[{"display_name": "Jane Doe", "email": "jane.doe@example.com"}],
        group=[0, 2],
        tags=["sales", "support"],
        rate="rated_bad",
        postchat_survey=[{"key": "Leave a comment:", "value": ""}, "broken"],
        goals=[{"id": 72, "order": {}}],
        queue={"duration": 20},
    )
    sandbox.add_chat(
        id="C",
        started=datetime(2013, 1, 22, 12, tzinfo=UTC),
        visitor={**visitor, "id": "S1.c", "country": "Poland"},
        group=[7],
        messages=[{"text": "Do you have BOOTS?"}],
    )
    sandbox.add_chat(
        id="D",
        type="missed_chat",
        time=datetime(2013, 1, 23, 12, tzinfo=UTC),
        visitor_id="S1.d",
        message="Please call me back",
        prechat_survey=[{"key": "Size:", "value": "forty-two"}],
        omit=["visitor", "group"],
    )
    # Broken items, which tests may add, match no filter and cause no error.
    sandbox.add_chat(
        id="E",
        started=datetime(2013, 1, 24, 12, tzinfo=UTC),
        visitor=None,
        agents=None,
        tags="sales",
        goals=["71", None],
        messages=None,
        group=0,
        rate=None,
        postchat_survey=None,
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "EDCBA"),
        ("date_from=2013-01-22", "EDC"),
        ("date_to=2013-01-22", "CBA"),
        ("date_from=2013-01-21&date_to=2013-01-22", "CB"),
        ("date_from=2013-01-22&date_to=2013-01-21", ""),
        ("date_from=2013-01-22&date_to=2013-01-22&timezone=Asia/Tokyo", "C"),
        ("date_from=2013-01-23&date_to=2013-01-23&timezone=Pacific/Kiritimati", "C"),
        ("date_from=0001-01-01&date_to=9999-12-31&timezone=Pacific/Kiritimati", "EDCBA"),
        ("timezone=America/Phoenix", "EDCBA"),
        ("visitor_id=S1.b", "B"),
        ("visitor_id=S1.d", "D"),
        ("visitor_id=S1", ""),
        ("query=boots", "C"),
        ("query=ZO%C3%8B", "A"),
        ("query=zoe@", "A"),
        ("query=call+me", "D"),
        ("query=forty", "D"),
        ("query=quick", "A"),
        ("query=how+can+I", "BA"),
        ("query=199", ""),
        ("agent=jane.doe@example.com", "B"),
        ("agent=john.doe@example.com", "CA"),
        ("agent=john", ""),
        ("group=0", "BA"),
        ("group=7", "C"),
        ("group=9", ""),
        ("goal=71", "A"),
        ("goal=72", "B"),
        ("has_goal=1", "EBA"),
        ("has_goal=0", "DC"),
        ("sale=71", "A"),
        ("sale=72", ""),
        ("has_sale=1", "A"),
        ("has_sale=0", "EDCB"),
        ("queued=1", "B"),
        ("queued=0", "EDCA"),
        ("rate=rated", "BA"),
        ("rate=rated_good", "A"),
        ("rate=rated_bad", "B"),
        ("rate=not_rated", "C"),
        ("tag[]=sales", "BA"),
        ("tag[]=support", "B"),
        ("tag%5B%5D=support&tag[]=sales", "BA"),
        ("tag[0]=support&tag[1]=none", "B"),
        ("tag[3]=support", "B"),
        ("tag[]=none", ""),
        ("tagged=1", "BA"),
        ("tagged=0", "EDC"),
        ("comment=1", "A"),
        ("comment=0", "EDCB"),
        ("city=Wroc%C5%82aw", "B"),
        ("region=Lower+Silesia", "B"),
        ("country=Poland", "C"),
        ("country=poland", ""),
        ("include_pending=0", "EDCBA"),
        ("include_pending=1", "EDCBA"),
        ("group=0&rate=rated&tag[]=support", "B"),
        ("group=0&date_to=2013-01-20", "A"),
        ("count=100&anything=else", "EDCBA"),
    ],
)
async def test_filters_narrow_the_chats(
    sandbox: Sandbox, http: aiohttp.ClientSession, query: str, expected: str
) -> None:
    fill(sandbox)
    # The second answer comes from the kept result of the first.
    for _ in range(2):
        assert await chat_ids(http, query) == list(expected)


async def test_answers_that_were_kept_know_of_changes(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.add_chat(id="A", tags=["sales"])
    assert await chat_ids(http, "tagged=1") == ["A"]
    sandbox.add_chat(id="B", tags=["sales"])
    assert await chat_ids(http, "tagged=1") == ["B", "A"]
    sandbox.remove_chat("A")
    assert await chat_ids(http, "tagged=1") == ["B"]
    assert (await ask(http, "/chats/B/tags", "PUT", json={"tag": []}))[0] == 200
    assert await chat_ids(http, "tagged=1") == []
    sandbox.seed_chats(40)
    assert len(await chat_ids(http, "tagged=1")) > 1
    for number in range(20):
        assert await chat_ids(http, f"group={number + 50}") == []


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("page=0", "page has to be a number, 1 or more"),
        ("page=-1", "page has to be"),
        ("page=one", "page has to be"),
        ("page=1.0", "page has to be"),
        ("page=", "page has to be"),
        ("page=%D9%A3", "page has to be"),
        ("page[]=1", "page has to be"),
        ("page=" + "9" * 5000, "page has to be"),
        ("page=1001", "page is too high: only the latest 25000 records"),
        ("date_from=INVALID", "date_from has to be a day"),
        ("date_from=", "date_from has to be"),
        ("date_from=2013-1-23", "date_from has to be"),
        ("date_from=2013-02-30", "date_from has to be"),
        ("date_to=2013-01-23T24:00:01Z", "date_to has to be"),
        ("date_to[]=2013-01-23", "date_to has to be"),
        ("timezone=Mars/Base", "timezone has to be"),
        ("timezone=", "timezone has to be"),
        ("timezone[]=UTC", "timezone has to be"),
        ("visitor_id=", "visitor_id has to be text"),
        ("query[]=a", "query has to be text"),
        ("agent=+", "agent has to be text"),
        ("group=all", "group has to be a number"),
        ("group[]=0", "group has to be a number"),
        ("goal=-1", "goal has to be a number"),
        ("sale=x", "sale has to be a number"),
        ("has_goal=2", "has_goal has to be 0 or 1"),
        ("has_sale=yes", "has_sale has to be"),
        ("queued=", "queued has to be"),
        ("tagged[]=1", "tagged has to be"),
        ("comment=true", "comment has to be"),
        ("include_pending=x", "include_pending has to be"),
        ("rate=good", "rate has to be one of: rated, not_rated"),
        ("rate[]=rated", "rate has to be one of"),
        ("tag=sales", "tag[] has to be text"),
        ("tag[]=", "tag[] has to be text"),
        ("tag[a][b]=c", "tag[] has to be text"),
        ("city=", "city has to be text"),
    ],
)
async def test_refuses_bad_arguments(http: aiohttp.ClientSession, query: str, text: str) -> None:
    status, answer = await ask(http, f"/chats?{query}")
    assert (status, list(answer)) == (400, ["errors"])
    [problem] = answer["errors"]
    assert problem.startswith(text)


async def test_names_every_bad_argument(http: aiohttp.ClientSession) -> None:
    status, answer = await ask(http, "/chats?page=0&date_from=x&timezone=x&rate=x")
    assert status == 400
    assert len(answer["errors"]) == 4


async def test_pages_end_at_the_record_cap() -> None:
    async with Sandbox(chats=120, record_cap=50) as sandbox:
        headers = {"X-API-Version": "2", "Authorization": sandbox.bearer.authorization().reveal()}
        async with aiohttp.ClientSession(sandbox.url, headers=headers) as http:
            status, answer = await ask(http, "/chats?page=2")
            assert (status, answer["total"], answer["pages"]) == (200, 120, 5)
            assert [chat["id"] for chat in answer["chats"]] == sandbox.chat_ids()[25:50]
            status, answer = await ask(http, "/chats?page=3")
            assert (status, list(answer)) == (400, ["errors"])
            assert "50 records" in answer["errors"][0]


async def test_the_default_cap_is_the_documented_one(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.seed_chats(25_100)
    status, answer = await ask(http, "/chats?page=1000")
    assert (status, answer["total"], answer["pages"]) == (200, 25_100, 1004)
    assert [chat["id"] for chat in answer["chats"]] == sandbox.chat_ids()[24_975:25_000]
    assert (await ask(http, "/chats?page=1001"))[0] == 400
