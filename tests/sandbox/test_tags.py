"""The Tags page: tags of groups, counted in the archives."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from asking import ask
from yarl import URL

from livechat_async.sandbox import Sandbox

NEW = {"tag": "vip", "author": "john.doe@example.com", "group": 2}


async def names(http: aiohttp.ClientSession, query: str = "") -> list[str]:
    status, tags = await ask(http, f"/tags{query}")
    assert status == 200
    return [tag["name"] for tag in tags]


@pytest.mark.parametrize("encoding", ["data", "json"])
async def test_a_tag_is_made_and_listed(http: aiohttp.ClientSession, encoding: str) -> None:
    made = {
        "name": "vip",
        "author": "john.doe@example.com",
        "creation_date": 1_487_246_066,
        "group": 2,
        "count": {"inChats": 0, "inTickets": 0},
    }
    assert await ask(http, "/tags", "POST", **{encoding: NEW}) == (200, made)
    assert made in (await ask(http, "/tags?group=2"))[1]
    assert "vip" in await names(http)
    assert "vip" not in await names(http, "?group=0")


async def test_an_account_has_the_tags_of_made_up_chats(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.seed_chats(200)
    used = {tag for chat in sandbox.chats for tag in chat["tags"]}
    assert set(await names(http)) == used
    _, tags = await ask(http, "/tags")
    counted = {tag["name"]: tag["count"]["inChats"] for tag in tags}
    assert counted == {tag: sum(tag in chat["tags"] for chat in sandbox.chats) for tag in used}


async def test_the_counts_follow_the_archives(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    async def count() -> dict[str, int]:
        _, tags = await ask(http, "/tags")
        (found,) = (tag["count"] for tag in tags if tag["name"] == "feedback")
        return dict(found)

    assert await count() == {"inChats": 0, "inTickets": 0}
    chat_id = sandbox.add_chat(tags=["feedback", "sales"])
    sandbox.add_ticket(tags=["feedback"])
    sandbox.add_ticket(tags=["feedback"])
    assert await count() == {"inChats": 1, "inTickets": 2}
    assert (await ask(http, f"/chats/{chat_id}/tags", "PUT", json={"tag": ["sales"]}))[0] == 200
    assert await count() == {"inChats": 0, "inTickets": 2}
    visitor_id = sandbox.add_visitor(state="chatting")
    chat = sandbox.chat_of(visitor_id)
    assert chat is not None
    await ask(http, f"/chats/{chat.chat_id}/tags", "PUT", json={"tag": ["feedback"]})
    assert (await count())["inChats"] == 0
    sandbox.end_chat(visitor_id)
    assert (await count())["inChats"] == 1


@pytest.mark.parametrize("encoding", ["data", "json"])
async def test_a_removed_tag_stays_on_chats_and_tickets(
    sandbox: Sandbox, http: aiohttp.ClientSession, encoding: str
) -> None:
    sandbox.add_chat(tags=["a/b c"])
    sandbox.add_ticket(tags=["a/b c"])
    await ask(http, "/tags", "POST", json={**NEW, "tag": "a/b c"})
    path = "/tags/a%2Fb%20c"
    url = URL(f"{sandbox.url}{path}", encoded=True)
    async with aiohttp.ClientSession(headers=http.headers) as session:
        async with session.delete(url, **{encoding: {"group": 5}}) as response:  # type: ignore[arg-type]
            assert response.status == 404
        async with session.delete(url, **{encoding: {"group": 2}}) as response:  # type: ignore[arg-type]
            assert (response.status, json.loads(await response.text())) == (200, {"ok": True})
    assert "a/b c" not in await names(http)
    assert [each["tags"] for each in (*sandbox.chats, *sandbox.tickets)] == [["a/b c"], ["a/b c"]]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "group is required"),
        ({"data": {"tag": "sales"}}, "group is required"),
        ({"json": {"group": "all"}}, "group has to be a number, 0 or more"),
        ({"json": {"group": None}}, "group is required"),
        ({"json": {"group": 1.5}}, "group has to be a number, 0 or more"),
        ({"json": {"group": True}}, "group has to be a number, 0 or more"),
    ],
)
async def test_a_tag_is_not_removed_without_its_group(
    http: aiohttp.ClientSession, options: dict[str, Any], problem: str
) -> None:
    assert await ask(http, "/tags/sales", "DELETE", **options) == (400, {"errors": [problem]})
    assert "sales" in await names(http)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"tag": None}, "tag is required"),
        ({"tag": " "}, "tag has to be text"),
        ({"tag": "sales"}, "tag sales already exists in group 2"),
        ({"author": None}, "author is required"),
        ({"author": "john"}, "author has to be the login of an agent"),
        ({"group": None}, "group is required"),
        ({"group": -1}, "group has to be a number, 0 or more"),
    ],
)
async def test_a_bad_tag_is_refused(
    http: aiohttp.ClientSession, changes: dict[str, Any], problem: str
) -> None:
    answer = await ask(http, "/tags", "POST", json={**NEW, **changes})
    assert answer == (400, {"errors": [problem]})


async def test_a_tag_may_be_in_two_groups(http: aiohttp.ClientSession) -> None:
    assert (await ask(http, "/tags", "POST", json={**NEW, "tag": "sales", "group": 0}))[0] == 200
    assert (await names(http)).count("sales") == 2


async def test_the_group_of_the_list_is_a_number(http: aiohttp.ClientSession) -> None:
    problem = {"errors": ["group has to be a number, 0 or more"]}
    assert await ask(http, "/tags?group=all") == (400, problem)
