"""The whole documented API is recorded, checked and replayed, against the sandbox itself."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import attrs
from whole_api import RANGE, call_everything

from livechat_async import LiveChatClient, RetryPolicy
from livechat_async.captures import Capture, Recorder, check_captures, load_captures
from livechat_async.captures.shapes import ENDPOINTS, DeliveryShape, fields_of, find_endpoint
from livechat_async.models.webhooks import DATA_TYPES
from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.api import ROUTES
from livechat_async.webhooks import parse_webhook
from livechat_async.webhooks.events import EVENT_CLASSES


def without_names(call: str) -> str:
    return re.sub(r"\{\w+\}", "{}", call)


def test_the_table_of_endpoints_is_the_documented_api():
    routes = {without_names(f"{route.method} {route.path}") for route in ROUTES}
    assert {without_names(call) for call in ENDPOINTS} == routes


def test_the_shape_of_deliveries_has_the_fields_of_all_events():
    names = {name for cls in EVENT_CLASSES.values() for name in fields_of(cls)}
    assert set(fields_of(DeliveryShape)) == names - {"data_types"}


async def test_the_whole_api_is_recorded_checked_and_replayed_without_a_difference(
    tmp_path: Path,
):
    folder, recorded, warnings = tmp_path / "captures", list[Capture](), list[str]()
    async with (
        Sandbox(seed=True) as sandbox,
        Recorder(folder, sandbox.url, recorded=recorded.append, warn=warnings.append) as recorder,
        LiveChatClient(
            sandbox.credentials, base_url=recorder.url, retry=RetryPolicy.none()
        ) as client,
    ):
        chat = next(filter(None, (sandbox.chat_of(each["id"]) for each in sandbox.visitors)))
        await call_everything(client, token=chat.token)
    assert warnings == []

    captures = load_captures(folder)
    assert captures == recorded
    calls = {find_endpoint(each.method, each.path) for each in captures}
    assert calls == set(ENDPOINTS)
    assert all(200 <= each.status < 300 for each in captures)

    report = check_captures(folder)
    assert report.differences == ()
    assert (report.answers, report.webhooks) == (len(captures), 0)

    totals = next(each for each in captures if each.path.endswith("/total_chats"))
    query = parse_qs(totals.query)
    days = {name: date.fromisoformat(query[name][0]) for name in RANGE}
    assert days["date_to"] - days["date_from"] == timedelta(days=30)
    async with (
        Sandbox.from_captures(folder) as sandbox,
        LiveChatClient(
            sandbox.credentials, base_url=sandbox.url, retry=RetryPolicy.none()
        ) as client,
    ):
        await call_everything(client, days=days)
        assert len(sandbox.requests) == len(captures)


async def test_every_webhook_is_recorded_and_checked_without_a_difference(tmp_path: Path):
    folder = tmp_path / "captures"
    async with (
        Sandbox() as sandbox,
        Recorder(folder, webhooks=True) as recorder,
        LiveChatClient(sandbox.credentials, base_url=sandbox.url) as client,
    ):
        for event in DATA_TYPES:
            await client.webhooks.create(event, url=f"{recorder.url}/livechat")
        visitor = sandbox.add_visitor(name="Mary Brown", email="mary.brown@example.com")
        sandbox.queue(visitor)
        chat = sandbox.start_chat(visitor)
        sandbox.say(visitor, "My phone is 555-0100-22")
        sandbox.end_chat(visitor)
        await client.chats.set_tags(chat.chat_id, ["sales"])
        sandbox.add_ticket()
        sandbox.change_canned_response("Hello there", tags=["hi"])
        await sandbox.delivered(200)
    captures = load_captures(folder)
    assert {each.body["event_type"] for each in captures} == {*map(str, DATA_TYPES)}
    report = check_captures(folder)
    assert (report.differences, report.webhooks, report.answers) == ((), len(captures), 0)
    for each in captures:
        event = parse_webhook(each.body)
        assert type(event) is EVENT_CLASSES[event.event_type]  # type: ignore[index]
        assert attrs.asdict(event)
    written = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.json"))
    for secret in (chat.token, "Mary", "555-0100", "Hello there", visitor, "12345"):
        assert secret not in written
