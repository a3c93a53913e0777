"""Answers come as recorded, by method, path and query; what was not recorded is an error."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from livechat_async import ConfigurationError, LiveChatClient, RetryPolicy, ServerError
from livechat_async.captures import Capture
from livechat_async.captures.files import CaptureFolder
from livechat_async.sandbox import Sandbox, Status


def write(folder: Path, *captures: dict[str, Any]) -> None:
    place = CaptureFolder(folder)
    for each in captures:
        place.add(Capture(**{"kind": "answer", "method": "GET", "status": 200, **each}))
    place.close()


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    write(
        tmp_path,
        {"path": "/visitors", "body": []},
        {"path": "/visitors", "query": "state=queued&group%5B%5D=0&group%5B%5D=2", "body": [1]},
        {"path": "/visitors", "query": "count=1", "body": {"count": 1}},
        {"path": "/visitors", "query": "count=1", "body": {"count": 2}},
        {"path": "/v2/agents/mary@x.example", "body": {"login": "mary@x.example"}},
        {"path": "/tags/a%20b", "method": "DELETE", "body": {"result": 1}},
        {
            "path": "/chats",
            "query": "page=1",
            "status": 503,
            "headers": {"Retry-After": "3"},
            "body": {"error": "x"},
        },
        {"path": "/old", "status": 302, "headers": {"Location": "/visitors"}, "size": 3},
        {"path": "/", "kind": "webhook", "method": "POST", "status": 0, "body": {}},
    )
    async with Sandbox.from_captures(tmp_path) as sandbox:
        yield sandbox


async def ask(sandbox: Sandbox, line: str, **options: Any) -> tuple[int, Any]:
    method, path = line.split(" ", 1)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{sandbox.url}{path}", **options) as answer,
    ):
        content = await answer.read()
        return answer.status, json.loads(content) if content[:1] in (b"{", b"[") else content


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("GET /visitors", []),
        ("GET /v2/visitors/", []),
        ("GET /visitors?group[]=0&group[]=2&state=queued", [1]),
        ("GET /agents/mary%40x.example", {"login": "mary@x.example"}),
        ("DELETE /tags/a%20b", {"result": 1}),
        ("HEAD /visitors", b""),
    ],
)
async def test_the_order_of_parameters_and_the_spelling_make_no_difference(
    sandbox: Sandbox, line: str, body: Any
):
    assert await ask(sandbox, line) == (200, body)


async def test_a_request_that_was_recorded_twice_gets_both_answers_and_then_the_last(
    sandbox: Sandbox,
):
    async with LiveChatClient(sandbox.credentials, base_url=sandbox.url) as client:
        assert [await client.visitors.count() for _ in range(4)] == [1, 2, 2, 2]


async def test_a_status_and_headers_come_as_recorded(sandbox: Sandbox):
    retry = RetryPolicy.none()
    async with LiveChatClient(sandbox.credentials, base_url=sandbox.url, retry=retry) as client:
        with pytest.raises(ServerError) as caught:
            await client.chats.list()
        assert caught.value.retry_after == 3
    # Followed to what is recorded there.
    assert await ask(sandbox, "GET /old") == (200, [])
    assert (await ask(sandbox, "GET /old", allow_redirects=False)) == (302, b"...")


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("GET /visitors?count=2", "GET /visitors?count=1"),
        ("GET /visitors?group[]=2&group[]=0&state=queued", "GET /visitors?state=queued"),
        ("POST /visitors", "GET /visitors"),
        ("DELETE /tags/b", "DELETE /tags/a%20b"),
        ("GET /", "GET /visitors"),
    ],
)
async def test_what_was_not_recorded_is_a_501_that_says_what_there_is(
    sandbox: Sandbox, line: str, near: str
):
    status, body = await ask(sandbox, line)
    assert status == 501
    assert "was not recorded. There is " in body["error"]
    assert near in body["error"]
    assert body["error"].endswith(", and 2 more")


async def test_faults_and_the_log_of_requests_work(sandbox: Sandbox):
    sandbox.inject(Status(503))
    assert (await ask(sandbox, "GET /visitors"))[0] == 503
    assert (await ask(sandbox, "GET /visitors"))[0] == 200
    assert [each.status for each in sandbox.requests] == [503, 200]
    assert (await ask(sandbox, "GET /visitors", headers={"Origin": "http://x.example"}))[0] == 403
    assert "GET /visitors?count=1" in sandbox.recorded


def test_a_folder_of_webhooks_alone_cannot_be_replayed(tmp_path: Path):
    write(tmp_path, {"path": "/", "kind": "webhook", "method": "POST", "status": 0, "body": {}})
    with pytest.raises(ConfigurationError, match="has webhooks only, and no answers"):
        Sandbox.from_captures(tmp_path)
