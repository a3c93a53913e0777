"""Webhooks, for programs in other languages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from asking import call
from delivery_receiver import Receiver

from livechat_async.sandbox import Sandbox

DONE = (200, {"result": "done"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


async def test_the_deliveries_of_a_chat_can_be_read(
    sandbox: Sandbox,
    http: aiohttp.ClientSession,
    control: aiohttp.ClientSession,
    receiver: Receiver,
) -> None:
    for event_type in ("visitor_queued", "chat_started", "chat_ended"):
        url = receiver.url.replace("//", "//user:password@")
        form = {"event_type": event_type, "url": url, "data_types[]": "visitor"}
        async with http.post("/webhooks", data=form) as response:
            assert response.status == 200
    sandbox.add_visitor(id="S1.a")
    for method, path in (("POST", "queue"), ("POST", "chat"), ("DELETE", "chat")):
        assert (await call(control, method, f"visitors/S1.a/{path}"))[0] == 200
        await sandbox.delivered()

    status, deliveries = await call(control, "GET", "deliveries")
    assert status == 200
    assert deliveries == [delivery.to_wire() for delivery in sandbox.deliveries]
    assert [delivery["body"] for delivery in deliveries] == receiver.bodies
    assert [delivery["id"] for delivery in deliveries] == ["1", "2", "3"]
    first = deliveries[0]
    assert (first["event_type"], first["url"], first["done"]) == (
        "visitor_queued",
        receiver.url,
        True,
    )
    assert first["webhook_id"] == sandbox.webhooks[0]["id"]
    assert first["event_unique_id"] == receiver.bodies[0]["event_unique_id"]
    [attempt] = first["attempts"]
    assert (attempt["status"], attempt["problem"]) == (200, "")
    assert attempt["at"].endswith("+00:00")

    assert await call(control, "POST", "deliveries/2/repeat") == DONE
    await sandbox.delivered()
    assert receiver.bodies[3] == receiver.bodies[1]
    _, deliveries = await call(control, "GET", "deliveries")
    assert [len(delivery["attempts"]) for delivery in deliveries] == [1, 2, 1]
    assert await call(control, "DELETE", "deliveries") == DONE
    assert await call(control, "GET", "deliveries") == (200, [])


async def test_messages_can_be_added(sandbox: Sandbox, control: aiohttp.ClientSession) -> None:
    sandbox.add_visitor(id="S1.a")
    status, answer = await call(control, "POST", "visitors/S1.a/messages", json={"text": "Hello"})
    assert (status, "is in no chat" in answer["error"]) == (400, True)
    sandbox.start_chat("S1.a")
    for body in ({"text": "Hello"}, {"text": "Good day", "by_agent": True}):
        assert await call(control, "POST", "visitors/S1.a/messages", json=body) == DONE
    sandbox.end_chat("S1.a")
    [chat] = sandbox.chats
    assert [(each["user_type"], each["text"]) for each in chat["messages"]] == [
        ("visitor", "Hello"),
        ("agent", "Good day"),
    ]


async def test_a_canned_response_can_be_changed(
    sandbox: Sandbox, control: aiohttp.ClientSession, receiver: Receiver
) -> None:
    sandbox.register_webhook("canned_response_changed", receiver.url)
    body = {"text": "Hello!", "tags": ["hi"], "group": 2, "id": 7}
    assert await call(control, "POST", "canned_responses", json=body) == (200, {"id": 7})
    assert await call(control, "POST", "canned_responses", json={"text": ""}) == (200, {"id": 8})
    await sandbox.delivered()
    told = sorted((parts["canned_response"] for parts in receiver.parts()), key=lambda x: x["id"])
    assert {**told[0], "modification_date": 0} == {**body, "modification_date": 0}
    assert (told[1]["tags"], told[1]["group"]) == ([], 0)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("POST", "deliveries/9/repeat", None, 400, "delivery='9': there is no such delivery"),
        ("POST", "canned_responses", {}, 400, "'text' is missing"),
        ("POST", "canned_responses", {"text": "a", "txt": 1}, 400, "'txt' is not known here"),
        ("POST", "visitors/S1.a/messages", {"said": "a"}, 400, "'said' is not known here"),
        ("POST", "visitors/S1.a/messages", {"text": None}, 400, "text=None"),
        (
            *("POST", "visitors/S1.a/messages", {"text": "a", "by_agent": "no"}),
            *(400, "by_agent='no'"),
        ),
        ("POST", "visitors/S9.z/messages", {"text": "a"}, 404, "no visitor 'S9.z'"),
        ("POST", "deliveries", None, 405, "not allowed"),
        ("GET", "deliveries/1/repeat", None, 405, "not allowed"),
        ("GET", "deliveries/1", None, 404, "nothing at"),
        ("GET", "canned_responses", None, 405, "not allowed"),
        ("GET", "canned_responses/1", None, 404, "nothing at"),
    ],
)
async def test_bad_input_is_refused(
    *,
    sandbox: Sandbox,
    control: aiohttp.ClientSession,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    status: int,
    text: str,
) -> None:
    sandbox.add_visitor(id="S1.a", state="chatting")
    told, answer = await call(control, method, path, json=body)
    assert (told, list(answer)) == (status, ["error"])
    assert text in answer["error"]
