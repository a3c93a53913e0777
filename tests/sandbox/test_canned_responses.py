"""The Canned responses page; what is written sends its webhook, by whichever way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from asking import ask, call
from delivery_receiver import Receiver

from livechat_async import PersonalAccessToken
from livechat_async.sandbox import Sandbox

NOW = 1_487_246_066
NOT_FOUND = (404, {"error": "Canned response not found"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


async def test_an_account_has_canned_responses_in_group_0(http: aiohttp.ClientSession) -> None:
    _, items = await ask(http, "/canned_responses")
    assert [item["id"] for item in items] == [3151, 3161]
    assert await ask(http, "/canned_responses?group=0") == (200, items)
    assert await ask(http, "/canned_responses?group=2") == (200, [])
    assert await ask(http, "/canned_responses/3151") == (200, items[0])
    assert items[0] == {
        "id": 3151,
        "group": 0,
        "text": "Can I help you with anything else?",
        "creation_date": 1358257181,
        "created_by": "john.doe@example.com",
        "tags": ["help", "else"],
    }


@pytest.mark.parametrize("encoding", ["data", "json"])
async def test_a_canned_response_is_made_changed_and_removed(
    http: aiohttp.ClientSession, encoding: str
) -> None:
    body: Any = {"text": "Good bye.", "tags": ["bye", "cu"], "group": 2}
    if encoding == "data":
        body = [("text", "Good bye."), ("tags[]", "bye"), ("tags[]", "cu"), ("group", "2")]
    made = {
        "id": 1,
        "group": 2,
        "text": "Good bye.",
        "creation_date": NOW,
        "created_by": "john.doe@example.com",
        "tags": ["cu", "bye"],
    }
    assert await ask(http, "/canned_responses", "POST", **{encoding: body}) == (200, made)
    assert await ask(http, "/canned_responses?group=2") == (200, [made])
    change: Any = {"tags": ["bye"]} if encoding == "json" else {"tags[0]": "bye"}
    changed = {
        **made,
        "tags": ["bye"],
        "modification_date": NOW,
        "modified_by": "john.doe@example.com",
    }
    path = "/canned_responses/1"
    assert await ask(http, path, "PUT", **{encoding: change}) == (200, changed)
    text = {encoding: {"text": "Bye.", "group": "5"}}
    assert await ask(http, path, "PUT", **text) == (200, {**changed, "text": "Bye."})
    gone = (200, {"result": "Canned response removed successfully"})
    assert await ask(http, path, "DELETE") == gone
    for method, more in (("GET", {}), ("PUT", {"json": {"text": "a"}}), ("DELETE", {})):
        assert await ask(http, path, method, **more) == NOT_FOUND


@pytest.mark.parametrize(
    ("method", "path", "body", "problems"),
    [
        ("POST", "", {}, ["text is required", "tags is required"]),
        (
            "POST",
            "",
            {"text": "a", "tags": []},
            ["tags has to be a list of at least one text, tags[]=hello in a form"],
        ),
        ("POST", "", {"text": "a", "tags": "bye"}, ["tags[] has to be text, as in tags[]=sales"]),
        (
            "POST",
            "",
            {"text": "a", "tags": ["a"], "group": "a"},
            ["group has to be a number, 0 or more"],
        ),
        ("PUT", "/3151", {"text": " "}, ["text has to be text"]),
        ("PUT", "/3151", {"tags": [""]}, ["tags[] has to be text, as in tags[]=sales"]),
    ],
)
async def test_a_bad_body_is_refused(
    http: aiohttp.ClientSession, method: str, path: str, body: Any, problems: list[str]
) -> None:
    _, before = await ask(http, "/canned_responses")
    answer = await ask(http, f"/canned_responses{path}", method, json=body)
    assert answer == (400, {"errors": problems})
    assert await ask(http, "/canned_responses") == (200, before)


async def test_each_way_of_writing_and_removing_sends_the_webhook(
    sandbox: Sandbox,
    http: aiohttp.ClientSession,
    control: aiohttp.ClientSession,
    receiver: Receiver,
) -> None:
    sandbox.register_webhook("canned_response_changed", receiver.url)
    first = {"text": "Hello!", "tags": ["hi"], "group": 2}
    await ask(http, "/canned_responses", "POST", json=first)
    await ask(http, "/canned_responses/1", "PUT", json={"text": "Hello there!"})
    assert sandbox.change_canned_response("Bye.", tags=["bye", "cu"]) == 2
    assert await call(
        control, "POST", "canned_responses", json={"text": "Bye!", "id": 2, "tags": ["cu"]}
    ) == (200, {"id": 2})
    await ask(http, "/canned_responses/2", "DELETE")
    await sandbox.delivered()
    sent = sorted(
        (parts["canned_response"] for parts in receiver.parts()),
        key=lambda part: (part["id"], len(part["text"])),
    )
    assert sent == [
        {"id": 1, "group": 2, "modification_date": NOW, "tags": ["hi"], "text": "Hello!"},
        {"id": 1, "group": 2, "modification_date": NOW, "tags": ["hi"], "text": "Hello there!"},
        {"id": 2, "group": 0, "modification_date": NOW, "tags": ["bye", "cu"], "text": "Bye."},
        # Changed, and then removed: nothing in the body tells the two apart.
        {"id": 2, "group": 0, "modification_date": NOW, "tags": ["cu"], "text": "Bye!"},
        {"id": 2, "group": 0, "modification_date": NOW, "tags": ["cu"], "text": "Bye!"},
    ]


async def test_the_page_shows_what_a_test_changed(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    assert sandbox.change_canned_response("Hello!", response_id=7, tags=["hi"], group=5) == 7
    assert sandbox.change_canned_response("May I help?", response_id=3151, tags=["help"]) == 3151
    _, made = await ask(http, "/canned_responses/7")
    assert (made["text"], made["group"], "modified_by" in made) == ("Hello!", 5, False)
    _, changed = await ask(http, "/canned_responses/3151")
    assert (changed["text"], changed["tags"]) == ("May I help?", ["help"])
    assert (changed["creation_date"], changed["modification_date"]) == (1358257181, NOW)
    _, new = await ask(http, "/canned_responses", "POST", json={"text": "a", "tags": ["b"]})
    assert new["id"] == 8


async def test_the_author_is_who_signs_the_request() -> None:
    credentials = PersonalAccessToken("jane.doe@example.com", "s3cr3t-of-jane")
    body = {"text": "a", "tags": ["b"]}
    async with Sandbox(credentials=credentials) as sandbox:
        authors = []
        for signature in (credentials.authorization(), sandbox.bearer.authorization()):
            headers = {"X-API-Version": "2", "Authorization": signature.reveal()}
            async with aiohttp.ClientSession(sandbox.url, headers=headers) as session:
                authors.append((await ask(session, "/canned_responses", "POST", json=body))[1])
    assert [made["created_by"] for made in authors] == [
        "jane.doe@example.com",
        "john.doe@example.com",
    ]
