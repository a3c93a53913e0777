from __future__ import annotations

import json
import re
import tracemalloc
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.data.chats import chat_outline, made_up_chat
from livechat_async.sandbox.data.dates import chat_date, day_end, day_start, zone_of
from livechat_async.sandbox.http.answers import Wire
from livechat_async.sandbox.state.chats import Chats

NOW = 1_487_246_066


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(clock=lambda: NOW + 0.9)


def seeded(count: int, **options: Any) -> Sandbox:
    return Sandbox(clock=lambda: NOW, chats=count, **options)


def chat_moment(chat: Wire) -> int:
    if "started_timestamp" in chat:
        return int(chat["started_timestamp"])
    text, zone = chat["time"].split(", ", 1)[1], ZoneInfo(chat["timezone"])
    moment = datetime.strptime(text.upper(), "%m/%d/%y %I:%M:%S %p").replace(tzinfo=zone)
    return int(moment.timestamp())


def test_seeded_chats_are_the_same_every_time() -> None:
    days = {"chats_from": "2013-01-01", "chats_to": date(2013, 1, 31)}
    chats = seeded(200, **days).chats
    assert chats == Sandbox(chats=200, **days).chats
    assert chats != Sandbox(chats=200, chats_seed=1, **days).chats
    assert len({chat["id"] for chat in chats}) == 200
    assert all(re.fullmatch("[A-Z0-9]{10}", chat["id"]) for chat in chats)


def test_seeded_chats_are_spread_over_the_days() -> None:
    sandbox = seeded(310, chats_from="2013-01-01", chats_to="2013-01-31")
    for day in range(1, 32):
        ids = sandbox.chat_ids(date_from=date(2013, 1, day), date_to=f"2013-01-{day:02}")
        assert len(ids) == 10
    moments = [chat_moment(chat) for chat in sandbox.chats]
    assert moments == sorted(moments, reverse=True)
    assert day_start(date(2013, 1, 1)) <= moments[-1]
    assert moments[0] < day_end(date(2013, 1, 31))


def test_by_default_they_are_of_the_last_days() -> None:
    sandbox = seeded(90)
    moments = [chat_moment(chat) for chat in sandbox.chats]
    assert NOW - 86_400 <= moments[0] < NOW
    assert NOW - 90 * 86_400 <= moments[-1] < NOW - 89 * 86_400


def test_many_chats_cost_little_memory() -> None:
    tracemalloc.start()
    try:
        sandbox = seeded(20_000)
        assert tracemalloc.get_traced_memory()[0] < 2_000_000
    finally:
        tracemalloc.stop()
    assert len(set(sandbox.chat_ids())) == 20_000


@pytest.mark.parametrize("chat", seeded(150).chats, ids=lambda chat: chat["id"])
def test_a_made_up_chat_has_the_documented_form(chat: Wire) -> None:
    assert chat["timezone"] == "Europe/Berlin"
    assert chat["visitor"]["email"].endswith("@example.com")
    assert isinstance(chat["group"], list)
    if chat["type"] == "missed_chat":
        assert not {"agents", "messages", "started", "events"} & set(chat)
        assert chat["message"]
        assert chat["email"] == chat["visitor"]["email"]
        return
    zone = ZoneInfo(chat["timezone"])
    assert chat["started"] == chat_date(chat["started_timestamp"], zone)
    assert chat["ended"] == chat_date(chat["ended_timestamp"], zone)
    assert chat["duration"] == chat["ended_timestamp"] - chat["started_timestamp"]
    assert [event["text"] for event in chat["events"] if event["type"] == "message"] == [
        message["text"] for message in chat["messages"]
    ]
    for event in chat["events"]:
        assert event["date"] == chat_date(event["timestamp"], zone)
        assert chat["started_timestamp"] <= event["timestamp"] <= chat["ended_timestamp"]
        assert ("agent_id" in event) == (event["user_type"] == "agent")
    assert chat["events"][-1]["event_type"] == "closed"
    assert ("postchat_survey" in chat) == (chat["rate"] != "not_rated")
    for goal in chat.get("goals", []):
        assert isinstance(goal["order"].get("price", ""), str)


def test_there_is_some_of_everything() -> None:
    chats = seeded(1000).chats
    assert Counter(chat["type"] for chat in chats).keys() == {"chat", "missed_chat"}
    assert {chat["rate"] for chat in chats if "rate" in chat} == {
        *("not_rated", "rated_good", "rated_bad")
    }
    some = {name for chat in chats for name in chat}
    assert {"goals", "queue", "referrer", "custom_variables", "integration_variables"} <= some
    assert {event["type"] for chat in chats for event in chat.get("events", [])} == {
        *("message", "attachment", "event")
    }
    orders = [goal["order"] for chat in chats for goal in chat.get("goals", [])]
    assert {} in orders
    assert any("price" in order for order in orders)
    assert any(chat.get("supervisors") for chat in chats)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**33))
def test_an_outline_says_nothing_else(chance: int, started: int) -> None:
    chat, outline = (make("ABCDEFGHIJ", chance, started) for make in (made_up_chat, chat_outline))
    assert outline == {name: chat[name] for name in outline}
    # All fields that filters use, except the messages.
    found_by = {"visitor", "visitor_id", "email", "agents", "group", "goals", "queue", "rate"}
    found_by |= {"tags", "postchat_survey"}
    assert found_by & chat.keys() == found_by & outline.keys()


def test_two_batches_share_no_id(sandbox: Sandbox) -> None:
    sandbox.seed_chats(5, date_from="2013-01-01", date_to="2013-01-01")
    sandbox.seed_chats(5, date_from="2012-01-01", date_to="2012-01-01")
    sandbox.seed_chats(5, date_from="2013-01-01", date_to="2013-01-01", seed=2)
    moments = [chat_moment(chat) for chat in sandbox.chats]
    assert moments == sorted(moments, reverse=True)
    assert len(set(sandbox.chat_ids())) == 15
    assert len(sandbox.chat_ids(date_from="2013-01-01")) == 10
    assert len(sandbox.chat_ids(date_to="2012-12-31")) == 5


def test_seed_gives_chats_and_tickets() -> None:
    for sandbox in (Sandbox(seed=True), Sandbox(seed=3)):
        assert (len(sandbox.chats), len(sandbox.tickets)) == (120, 12)
    sandbox = Sandbox(seed=True, chats=0, tickets=3)
    assert (len(sandbox.chats), len(sandbox.tickets)) == (0, 3)
    assert (Sandbox().chats, Sandbox().tickets) == ([], [])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"chats": -1}, "chats=-1"),
        ({"chats": True}, "chats=True"),
        ({"tickets": "many"}, "tickets='many'"),
        ({"chats_seed": None}, "chats_seed=None"),
        ({"chats_from": "2013-1-1"}, "chats_from='2013-1-1'"),
        ({"chats_from": datetime(2013, 1, 1, tzinfo=UTC)}, "chats_from=datetime"),
        ({"chats_to": 7}, "chats_to=7"),
        ({"chats_from": "2013-01-02", "chats_to": "2013-01-01"}, "has to be before"),
        ({"record_cap": 0}, "record_cap=0"),
        ({"record_cap": 30}, "record_cap=30"),
        ({"record_cap": True}, "record_cap=True"),
        ({"record_cap": None}, "record_cap=None"),
        ({"latency": -1}, "latency=-1"),
        ({"latency": True}, "latency=True"),
        ({"latency": "1"}, "latency='1'"),
        ({"latency": float("inf")}, "latency=inf"),
    ],
)
def test_refuses_bad_options(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Sandbox(**options)
    assert text in str(caught.value)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_no_two_made_up_ids_are_the_same(one: int, other: int) -> None:
    archive = Chats(lambda: NOW)
    ids = archive._to_id(one), archive._to_id(other)
    assert (ids[0] == ids[1]) == (one == other)
    assert [archive._to_number(each) for each in ids] == [one, other]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("seed"), st.integers(0, 6)),
            st.tuples(st.just("add"), st.integers(0, 4)),
            st.tuples(st.just("remove"), st.integers(0, 50)),
            st.tuples(st.just("end"), st.integers(0, 4)),
        ),
        max_size=12,
    )
)
def test_whatever_happens_ids_and_items_agree(steps: list[tuple[str, int]]) -> None:
    sandbox = Sandbox(clock=lambda: 10**6)
    expected = 0
    for step, number in steps:
        ids = sandbox.chat_ids()
        if step == "seed":
            sandbox.seed_chats(number, date_from="1970-01-05", date_to="1970-01-05", seed=number)
            expected += number
        elif step == "add":
            sandbox.add_chat(started_timestamp=345_600 + number)
            expected += 1
        elif step == "end":
            sandbox.end_chat(sandbox.add_visitor(state="chatting"))
            expected += 1
        elif ids:
            sandbox.remove_chat(ids[number % len(ids)])
            expected -= 1
    ids = sandbox.chat_ids()
    assert len(set(ids)) == expected
    assert [chat["id"] for chat in sandbox.chats] == ids
    moments = [chat_moment(chat) for chat in sandbox.chats]
    assert moments == sorted(moments, reverse=True)


@pytest.mark.parametrize(
    "name", ["Mars/Base", "", "/etc/passwd", "../UTC", "Europe", "a" * 500, "\0", None, 7]
)
def test_an_unknown_zone_is_none(name: object) -> None:
    assert zone_of(name) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1_358_937_653, "Wed, 01/23/13 10:40:53 am"),
        (1_358_899_200, "Wed, 01/23/13 12:00:00 am"),
        (1_358_942_709, "Wed, 01/23/13 12:05:09 pm"),
        (0, "Thu, 01/01/70 12:00:00 am"),
    ],
)
def test_dates_of_chats(seconds: int, text: str) -> None:
    assert chat_date(seconds, UTC) == text


@given(st.integers(0, 40), st.integers(0, 2**70))
def test_made_up_items_are_json(count: int, seed: int) -> None:
    sandbox = Sandbox(clock=lambda: NOW, chats=count, chats_seed=seed, tickets=count // 6)
    for item in [*sandbox.chats, *sandbox.tickets]:
        assert json.loads(json.dumps(item)) == item


async def test_latency_is_for_the_api_only(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("livechat_async.sandbox.http.server.asyncio.sleep", sleep)
    async with Sandbox(latency=0.05) as sandbox, aiohttp.ClientSession(sandbox.url) as http:
        for path in ("/v2/chats", "/_sandbox/chats"):
            async with http.get(path) as response:
                await response.read()
    assert waits.count(0.05) == 1
