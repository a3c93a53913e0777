"""The sandbox answers in the shapes that captures of the live API have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from asking import ask, chat_ids
from hypothesis import given
from hypothesis import strategies as st

from livechat_async import Chat, LiveChatClient, Ticket, Visitor
from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.data.dates import read_moment

NOW = 1_487_246_066


class Clock:
    """The time of a sandbox, which a test can advance."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(clock=clock, seed=True)


@pytest.fixture
async def running(sandbox: Sandbox) -> Any:
    async with sandbox:
        yield sandbox


@pytest.fixture
async def http(running: Sandbox) -> Any:
    headers = {"X-API-Version": "2", "Authorization": str(running.bearer.authorization())}
    async with aiohttp.ClientSession(running.url, headers=headers) as session:
        yield session


def chats_of(sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """Made-up chats, given ones, ended ones, and messages left after hours."""
    sandbox.add_chat(messages=[{"text": "Hello"}, {"text": "Bye", "event_id": "own"}])
    sandbox.add_chat(visitor={"id": "S7.a", "name": "Zoë"})
    sandbox.end_chat(next(each["id"] for each in sandbox.visitors if each["state"] == "chatting"))
    return iter(sandbox.chats)


def test_a_chat_repeats_its_visitor_beside_it(sandbox: Sandbox) -> None:
    """Captured chats have these fields, and public clients read them (field case 30)."""
    for chat in chats_of(sandbox):
        if chat["type"] == "missed_chat":
            assert chat["visitor_id"] == chat["visitor"]["id"]
            continue
        for name in ("id", "name", "ip"):
            if name in chat["visitor"]:
                assert chat[f"visitor_{name}"] == chat["visitor"][name]
        assert chat["visitor_id"]
        assert all(agent["ip"] for agent in chat["agents"] + chat["supervisors"])
        assert chat["tickets"] == []


def test_a_chat_of_2013_has_the_fields_of_its_visitor_alone(sandbox: Sandbox) -> None:
    """A test can leave the visitor out, and the fields beside it stay (field case 30)."""
    sandbox.add_chat(visitor={"id": "S7.a", "name": "Zoë", "ip": "192.0.2.7"}, omit=["visitor"])
    chat = sandbox.chats[0]
    assert "visitor" not in chat
    flat = [chat[f"visitor_{name}"] for name in ("id", "name", "ip")]
    assert flat == ["S7.a", "Zoë", "192.0.2.7"]


def test_every_event_of_a_chat_has_its_own_id(sandbox: Sandbox) -> None:
    """An id is the chat's id and a number; a message has the id of its event (field case 30)."""
    for chat in chats_of(sandbox):
        events = chat.get("events", [])
        expected = [f"{chat['id']}_{number}" for number in range(1, len(events) + 1)]
        ids = [event["event_id"] for event in events]
        assert ids == expected or "own" in ids
        for message, event in zip(chat.get("messages", []), events, strict=False):
            assert message.get("event_id", event["event_id"]) == event["event_id"]


def test_the_first_response_of_a_ticket_names_the_login(sandbox: Sandbox) -> None:
    """In every capture it is text, not an object (field case 30)."""
    responses = [ticket["firstResponse"] for ticket in sandbox.tickets]
    answered = [response for response in responses if response]
    assert answered
    assert {response["agent"] for response in answered} <= {"john.doe@example.com"}


def test_the_times_of_a_queue_and_of_a_running_chat_are_numbers(sandbox: Sandbox) -> None:
    """The other times of a visitor stay texts (field case 30)."""
    for visitor in sandbox.visitors:
        queued = visitor["state"] == "queued"
        assert visitor["queue_start_time"] == (NOW if queued else "")
        if visitor["state"] == "chatting":
            assert visitor["chat"]["start_time"] == visitor["chat_start_time_ts"] == NOW
            assert isinstance(visitor["chat_start_time"], str)


async def test_the_client_reads_the_captured_shapes(running: Sandbox) -> None:
    """Its models take the numbers, the login and the ids (field case 30)."""
    running.add_visitor(name="Mary Brown", state="queued")
    async with LiveChatClient(base_url=running.url, credentials=running.credentials) as client:
        visitors: list[Visitor] = await client.visitors.list()
        chats: list[Chat] = [each async for each in client.chats.list()]
        tickets: list[Ticket] = [each async for each in client.tickets.list()]
    assert not any(each.extra for each in [*visitors, *chats, *tickets])
    logins = {
        each.first_response.agent.id
        for each in tickets
        if each.first_response and each.first_response.agent
    }
    assert logins == {"john.doe@example.com"}
    assert all(each.visitor_id for each in chats)
    assert all(event.event_id for each in chats for event in each.events)


async def test_a_running_chat_lasts_until_now(
    running: Sandbox, clock: Clock, http: aiohttp.ClientSession
) -> None:
    """Its duration grows, and by id it is the same chat as in the list (field case 31)."""
    chat = running.start_chat(running.add_visitor(name="Mary Brown"))
    for seconds in (0, 1, 90):
        clock.now = NOW + seconds + 0.5
        status, answer = await ask(http, "/chats?include_pending=1")
        listed = next(each for each in answer["chats"] if each["id"] == chat.chat_id)
        assert (status, listed["duration"], listed["pending"]) == (200, seconds, True)
        assert await ask(http, f"/chats/{chat.chat_id}") == (200, listed)
    data = {"to": "mary.brown@example.com"}
    assert (await ask(http, f"/chats/{chat.chat_id}/send_transcript", "POST", data=data))[0] == 200
    status, answer = await ask(http, f"/chats/{chat.chat_id}/tags", "PUT", json={"tag": ["a"]})
    assert (status, answer["chats"][0]["duration"]) == (200, 90)
    running.end_chat(chat.visitor_id)
    status, ended = await ask(http, f"/chats/{chat.chat_id}")
    assert (status, ended["duration"], "pending" in ended) == (200, 90, False)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("date_from=2026-11-01T00:00:00Z", "bcd"),
        ("date_from=2026-11-01T00:00:01Z", "cd"),
        ("date_from=2026-11-01T00:00:00.000Z", "bcd"),
        ("date_from=2026-11-01T01:00:00%2B01:00", "bcd"),
        ("date_from=2026-11-01T01:00:00+01:00", "bcd"),  # the plus sign is not encoded
        ("date_from=2026-10-31T19:30:00-0430", "bcd"),
        ("date_from=2026-11-01t00:00z", "bcd"),
        ("date_from=2026-11-01%2000:00:00", "bcd"),
        ("date_from=2026-11-01T01:00:00&timezone=Europe/Warsaw", "bcd"),
        ("date_from=2026-11-01T00:00:00.999999999Z&date_to=2026-11-01", "bc"),
        ("date_to=2026-11-01T00:00:00Z", "ab"),
        ("date_to=2026-10-31T23:59:59Z", "a"),
        ("date_from=2026-11-01T00:00:00Z&date_to=2026-11-01T23:59:59Z", "bc"),
    ],
)
async def test_a_time_narrows_a_list_to_the_second(
    running: Sandbox, http: aiohttp.ClientSession, query: str, found: str
) -> None:
    """Public programs send times where the documentation names days (field case 32)."""
    for name, day, hour in (("a", 31, 23), ("b", 1, 0), ("c", 1, 23), ("d", 2, 0)):
        month = 10 if day == 31 else 11
        moment = datetime(2026, month, day, hour, tzinfo=UTC)
        running.add_chat(id=name, started=moment)
        running.add_ticket(id=name, date=moment, modified=moment)
    both = query if "date_from" in query else f"date_from=2026-10-01&{query}"
    assert sorted(await chat_ids(http, both)) == list(found)
    if "timezone" not in query:
        status, answer = await ask(http, f"/tickets?{both}")
        assert status == 200
        assert sorted(each["id"] for each in answer["tickets"]) == list(found)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-01T25:00:00Z", "2026-13-01T00:00:00Z", "2026-11-01T", "T00:00:00Z"),
        *("2026-11-01T00:00:00+25:00", "20261101", "2026-11-01Z", "1_761_955_200", "yesterday"),
        *("2026-11-01T00:00:00ZZ", "٢٠٢٦-11-01T00:00:00Z", " 2026-11-01", "0000-00-00T00:00:00Z"),
    ],
)
async def test_what_is_no_time_is_refused(http: aiohttp.ClientSession, text: str) -> None:
    """The message says what is needed (field case 32)."""
    async with http.get("/chats", params={"date_from": text}) as response:
        [problem] = (await response.json())["errors"]
        assert response.status == 400
        assert problem.startswith("date_from has to be a day, YYYY-MM-DD, or a time")


@given(
    moment=st.datetimes(timezones=st.timezones() | st.just(UTC), allow_imaginary=False),
    is_end=st.booleans(),
)
def test_every_time_in_iso_form_is_read(moment: datetime, *, is_end: bool) -> None:
    """Whatever its offset and fraction (field case 32)."""
    offset = moment.utcoffset()
    assert offset is not None
    whole = moment.replace(microsecond=0)
    if offset.seconds % 60 == 0:
        expected = int(whole.timestamp()) + is_end
        assert read_moment(moment.isoformat(), UTC, is_end=is_end) == expected


@given(st.text("0123456789-:TZ+. ", max_size=30) | st.text(max_size=30))
def test_any_text_is_a_time_or_none(text: str) -> None:
    """No text raises (field case 32)."""
    assert read_moment(text, UTC) is None or text[:4].isdigit()
