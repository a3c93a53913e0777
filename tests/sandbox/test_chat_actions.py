from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from asking import ask, chat_ids

from livechat_async.sandbox import Sandbox

NO_RIGHTS = {
    "error": "You have no rights to access this data. Check your API Key and/or username",
}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/chats"),
        ("GET", "/chats?page=0"),
        ("GET", "/chats/A"),
        ("PUT", "/chats/A/tags"),
        ("POST", "/chats/A/send_transcript"),
        ("GET", "/tickets"),
        ("POST", "/tickets"),
        ("GET", "/tickets/A"),
        ("PUT", "/tickets/A/tags"),
    ],
)
async def test_every_page_needs_credentials(sandbox: Sandbox, method: str, path: str) -> None:
    async with aiohttp.ClientSession(sandbox.url, headers={"X-API-Version": "2"}) as http:
        assert await ask(http, path, method) == (401, NO_RIGHTS)
    async with aiohttp.ClientSession(sandbox.url) as http:
        status, answer = await ask(http, path, method)
        assert (status, list(answer)) == (400, ["errors"])


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/chats", "GET, HEAD"),
        ("DELETE", "/chats/A", "GET, HEAD"),
        ("POST", "/chats/A/tags", "PUT"),
        ("GET", "/chats/A/send_transcript", "POST"),
        ("PUT", "/tickets", "GET, HEAD, POST"),
        ("DELETE", "/tickets/A", "GET, HEAD"),
        ("POST", "/tickets/A/tags", "PUT"),
    ],
)
async def test_a_wrong_method_is_a_405(
    http: aiohttp.ClientSession, method: str, path: str, allowed: str
) -> None:
    async with http.request(method, path) as response:
        assert (response.status, response.headers["Allow"]) == (405, f"{allowed}, OPTIONS")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/chats/A/b"),
        ("GET", "/chats/A/tags/b"),
        ("GET", "/tickets/A/b"),
        ("GET", "/chats//"),
        ("GET", "/chats/NOBODY0000"),
        ("GET", "/tickets/NOBOD"),
        ("PUT", "/chats/NOBODY0000/tags"),
        ("POST", "/chats/NOBODY0000/send_transcript"),
        ("PUT", "/tickets/NOBOD/tags"),
    ],
)
async def test_an_unknown_path_or_id_is_a_404(
    sandbox: Sandbox, http: aiohttp.ClientSession, method: str, path: str
) -> None:
    sandbox.seed_chats(3)
    status, answer = await ask(http, path, method)
    assert (status, list(answer)) == (404, ["error"])


async def test_a_single_chat_is_bare(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.seed_chats(30)
    sandbox.add_chat(id="a b/ä")
    for chat in sandbox.chats[1::7]:
        assert await ask(http, f"/v2/chats/{chat['id']}") == (200, chat)
    status, chat = await ask(http, "/chats/a%20b%2F%C3%A4/")
    assert (status, chat["id"]) == (200, "a b/ä")


@pytest.mark.parametrize(
    ("body", "tags"),
    [
        ({"json": {"tag": ["a", "b c", "ł"]}}, ["a", "b c", "ł"]),
        ({"json": {"tag": []}}, []),
        ({"data": {"tag[]": "sales"}}, ["sales"]),
        ({"data": [("tag[]", "a"), ("tag[]", "b")]}, ["a", "b"]),
        ({"data": [("tag[1]", "a"), ("tag[4]", "b")]}, ["a", "b"]),
    ],
)
async def test_tags_of_a_chat_are_replaced(
    sandbox: Sandbox, http: aiohttp.ClientSession, body: dict[str, Any], tags: list[str]
) -> None:
    sandbox.seed_chats(3)
    before = sandbox.chats
    chat = {**before[1], "tags": tags}
    assert await ask(http, f"/chats/{chat['id']}/tags", "PUT", **body) == (
        200,
        {"chats": [chat], "total": 1, "pages": 1},
    )
    # They replace the old tags, and nothing else changes.
    assert sandbox.chats == [before[0], chat, before[2]]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "Content-Type has to be"),
        ({"data": "{}", "headers": {"Content-Type": "text/plain"}}, "Content-Type has to be"),
        ({"data": "{", "headers": {"Content-Type": "application/json"}}, "the body is not valid"),
        ({"json": ["a"]}, "the body has to be a JSON object"),
        ({"json": {"tag[]": "a"}}, "tag is required"),
        ({"json": {"tag": "a"}}, "tag is required"),
        ({"json": {"tag": [1]}}, "tag is required"),
        ({"json": {"tag": {"0": "a"}}}, "tag is required"),
        ({"data": {"tag": "a"}}, "tag is required"),
        ({"data": {"tag[]": ""}}, "tag is required"),
        ({"data": {"tag[a]": "b"}}, "tag is required"),
    ],
)
@pytest.mark.parametrize("kind", ["chats", "tickets"])
async def test_bad_tags_are_refused(
    sandbox: Sandbox, http: aiohttp.ClientSession, kind: str, body: dict[str, Any], text: str
) -> None:
    item = sandbox.add_chat() if kind == "chats" else sandbox.add_ticket()
    status, answer = await ask(http, f"/{kind}/{item}/tags", "PUT", **body)
    assert status == 400
    assert answer["errors"][0].startswith(text)


async def test_a_transcript_is_recorded(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.seed_chats(2)
    one, other = sandbox.chat_ids()
    to = "john.doe+a@mail.example.com"
    assert sandbox.transcripts == []
    assert await ask(http, f"/chats/{one}/send_transcript", "POST", data={"to": to}) == (
        200,
        {"result": f"E-mail has been sent to {to}."},
    )
    path = f"/chats/{other}/send_transcript"
    assert (await ask(http, path, "POST", json={"to": to}))[0] == 200
    assert sandbox.transcripts == [(one, to), (other, to)]
    for body in (
        *({"data": {"to": bad}} for bad in ("", "john", "john@", "@x.y", "a@b", "a b@c.d", "a@.c")),
        *({"json": {"to": bad}} for bad in (None, ["a@b.c"], 7)),
        {"json": {}},
        {},
    ):
        status, answer = await ask(http, path, "POST", **body)
        assert (status, list(answer)) == (400, ["errors"])
    assert len(sandbox.transcripts) == 2


async def test_running_chats_are_listed_as_pending(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.seed_chats(30)
    visitors = [sandbox.add_visitor(name="Mary Brown", group=2) for _ in range(2)]
    chats = [sandbox.start_chat(visitor_id) for visitor_id in visitors]
    running = [chat.chat_id for chat in reversed(chats)]
    assert await chat_ids(http, "") == sandbox.chat_ids()[:25]
    status, answer = await ask(http, "/chats?include_pending=1")
    assert (status, answer["total"], answer["pages"]) == (200, 32, 2)
    assert [chat["id"] for chat in answer["chats"]] == running + sandbox.chat_ids()[:23]
    for chat in answer["chats"][:2]:
        assert chat["pending"] is True
        assert not {"ended", "ended_timestamp"} & set(chat)
    assert await chat_ids(http, "include_pending=1&page=2") == sandbox.chat_ids()[23:]
    assert await chat_ids(http, f"include_pending=1&visitor_id={visitors[0]}") == running[1:]
    assert await chat_ids(http, "include_pending=1&date_from=2017-02-17") == []
    assert await chat_ids(http, "include_pending=1&date_to=2016-01-01") == []
    query = "include_pending=1&date_from=2017-02-16&query=Mary+Brown"
    assert await chat_ids(http, query) == running
    assert await ask(http, f"/chats/{running[0]}") == (200, answer["chats"][0])
    sandbox.end_chat(visitors[1])
    status, chat = await ask(http, f"/chats/{running[0]}")
    assert (status, chat["visitor"]["name"]) == (200, "Mary Brown")
    assert "pending" not in chat
