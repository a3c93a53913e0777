from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.state.chats import Chats

NOW = 1_487_246_066


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(clock=lambda: NOW + 0.9)


def only(sandbox: Sandbox) -> dict[str, Any]:
    [chat] = sandbox.chats
    return chat


def test_an_added_chat_has_the_given_fields(sandbox: Sandbox) -> None:
    tags = ["sales"]
    chat_id = sandbox.add_chat(tags=tags, rate="rated_good", custom={"deep": [1]})
    tags.append("changed")
    chat = only(sandbox)
    assert chat["id"] == chat_id
    assert re.fullmatch("[A-Z0-9]{10}", chat_id)
    assert (chat["tags"], chat["rate"], chat["custom"]) == (["sales"], "rated_good", {"deep": [1]})
    john = {"display_name": "John Doe", "email": "john.doe@example.com", "ip": "192.0.2.10"}
    assert chat["agents"] == [john]
    assert (chat["started_timestamp"], chat["ended_timestamp"]) == (NOW - 60, NOW)
    assert (chat["ended"], chat["duration"]) == ("Thu, 02/16/17 12:54:26 pm", 60)
    sandbox.chats[0]["tags"].clear()
    assert only(sandbox)["tags"] == ["sales"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"started_timestamp": 1_358_937_653, "duration": 1456},
            ("Wed, 01/23/13 11:40:53 am", 1_358_937_653, "Wed, 01/23/13 12:05:09 pm", 1456),
        ),
        (
            {"started": datetime(2013, 1, 23, 10, 40, 53, tzinfo=UTC), "timezone": "Asia/Tokyo"},
            ("Wed, 01/23/13 07:40:53 pm", 1_358_937_653, "Wed, 01/23/13 07:41:53 pm", 60),
        ),
        (
            {"ended": datetime(2013, 1, 23, 23, 0, 30, tzinfo=UTC), "timezone": "nowhere"},
            ("Wed, 01/23/13 10:59:30 pm", 1_358_981_970, "Wed, 01/23/13 11:00:30 pm", 60),
        ),
        (
            {"started_timestamp": "1358937653", "started": "early", "ended_timestamp": None},
            ("early", "1358937653", "Wed, 01/23/13 11:41:53 am", 60),
        ),
        (
            {"started": datetime(2013, 1, 23, tzinfo=UTC), "ended_timestamp": 1_358_899_300},
            ("Wed, 01/23/13 01:00:00 am", 1_358_899_200, "Wed, 01/23/13 01:01:40 am", 100),
        ),
        (
            {"started_timestamp": 1_358_937_653, "duration": "long"},
            ("Wed, 01/23/13 11:40:53 am", 1_358_937_653, "Wed, 01/23/13 11:41:53 am", "long"),
        ),
    ],
)
def test_times_of_a_chat(
    sandbox: Sandbox, fields: dict[str, object], expected: tuple[object, ...]
) -> None:
    sandbox.add_chat(**fields)
    chat = only(sandbox)
    assert (
        chat["started"],
        chat["started_timestamp"],
        chat["ended"],
        chat["duration"],
    ) == expected


def test_messages_are_events_too(sandbox: Sandbox) -> None:
    sandbox.add_chat(messages=[{"text": "Hello"}, "broken"])
    chat = only(sandbox)
    said = {"event_id": f"{chat['id']}_1", "text": "Hello", "type": "message"}
    assert chat["events"] == [said]
    sandbox.add_chat(messages=None, omit=["agents"], started_timestamp=NOW)
    chat = sandbox.chats[0]
    assert (chat["messages"], chat["events"]) == (None, [])
    assert "agents" not in chat
    sandbox.add_chat(messages=[{"text": "Hello"}], events=[], started_timestamp=NOW)
    assert sandbox.chats[0]["events"] == []


def test_a_missed_chat_can_be_added(sandbox: Sandbox) -> None:
    sandbox.add_chat(type="missed_chat", message="Hello?")
    sandbox.add_chat(type="missed_chat", time=datetime(2013, 1, 23, 10, 40, 53, tzinfo=UTC))
    new, old = sandbox.chats
    assert (new["message"], new["time"]) == ("Hello?", "Thu, 02/16/17 12:54:26 pm")
    assert old["time"] == "Wed, 01/23/13 11:40:53 am"
    assert not {"agents", "messages", "started"} & set(old)
    assert sandbox.chat_ids(date_to="2013-01-23") == [old["id"]]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"id": ""}, "id=''"),
        ({"id": "."}, "id='.'"),
        ({"id": 7}, "id=7"),
        ({"id": "TAKEN"}, "in use"),
        ({"rate": object()}, "no form in JSON"),
        ({"started": datetime(2013, 1, 1)}, "started=datetime"),  # noqa: DTZ001 - refused
        ({"started_timestamp": -1}, "started_timestamp=-1"),
        ({"started_timestamp": True}, "started_timestamp=True"),
        ({"ended_timestamp": "soon"}, "ended_timestamp='soon'"),
        ({"started_timestamp": "9" * 5_000}, "started_timestamp='999"),
        ({"omit": "tags"}, "omit='tags'"),
        ({"omit": 5}, "omit=5"),
        ({"omit": ["id"]}, "omit=['id']: the sandbox needs 'id'"),
    ],
)
def test_refuses_bad_chats(sandbox: Sandbox, fields: dict[str, Any], text: str) -> None:
    sandbox.add_chat(id="TAKEN")
    with pytest.raises(ConfigurationError) as caught:
        sandbox.add_chat(**fields)
    assert text in str(caught.value)
    assert sandbox.chat_ids() == ["TAKEN"]


def test_an_unknown_chat_cannot_be_removed(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="chat_id='0000000000': there is no such chat"):
        sandbox.remove_chat("0000000000")


def test_a_removed_chat_is_gone(sandbox: Sandbox) -> None:
    sandbox.seed_chats(3)
    own, made = sandbox.add_chat(id="MH022RD0K5"), sandbox.add_chat()
    seeded_id = sandbox.chat_ids()[-1]
    for chat_id in (own, made, seeded_id):
        sandbox.remove_chat(chat_id)
        assert chat_id not in sandbox.chat_ids()
        for unknown in (chat_id, "nobody", "0000000000", "mh022rd0k5"):
            with pytest.raises(ConfigurationError, match="there is no such chat"):
                sandbox.remove_chat(unknown)
    assert len(sandbox.chat_ids()) == 2
    assert sandbox.add_chat(id=seeded_id) == seeded_id
    assert sandbox.add_chat(id=own) == own
    assert len(sandbox.chat_ids()) == 4


def test_ids_that_are_given_and_made(sandbox: Sandbox) -> None:
    following = Sandbox(chats=9).chat_ids()[::-1]
    for number in (2, 0, 1, 5, 7):
        assert sandbox.add_chat(id=following[number]) == following[number]
    # New ids skip those in use: one at a time, and a range of them.
    assert [sandbox.add_chat() for _ in range(2)] == following[3:5]
    sandbox.seed_chats(2)
    assert sandbox.add_chat() not in following
    assert len(set(sandbox.chat_ids())) == 10
    assert {chat["id"] for chat in sandbox.chats} == set(sandbox.chat_ids())


def test_of_chats_at_one_time_the_later_added_is_newer(sandbox: Sandbox) -> None:
    made = [sandbox.add_chat(started_timestamp=NOW) for _ in range(4)]
    assert sandbox.chat_ids() == made[::-1]
    sandbox.remove_chat(made[1])
    assert sandbox.chat_ids() == [made[3], made[2], made[0]]


@pytest.mark.parametrize(
    "options", [{"date_from": "now"}, {"date_to": 20130101}, {"timezone": "Mars/Base"}]
)
def test_wrong_days_are_refused(sandbox: Sandbox, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        sandbox.chat_ids(**options)


def test_days_are_those_of_the_zone(sandbox: Sandbox) -> None:
    chat_id = sandbox.add_chat(started=datetime(2013, 1, 23, 3, tzinfo=UTC))
    assert sandbox.chat_ids(date_from="2013-01-23") == [chat_id]
    assert sandbox.chat_ids(date_from="2013-01-23", timezone="America/Phoenix") == []
    assert sandbox.chat_ids(date_to="2013-01-22", timezone="America/Phoenix") == [chat_id]
    assert sandbox.chat_ids(date_to="9999-12-31", date_from="0001-01-01") == [chat_id]


def test_ending_a_chat_puts_it_into_the_archives(sandbox: Sandbox) -> None:
    visitor_id = sandbox.add_visitor(
        name="Mary Brown",
        group=3,
        referrer="https://www.example.org/",
        custom_variables=[{"key": "a", "value": "b"}],
    )
    chat = sandbox.start_chat(visitor_id)
    assert sandbox.chats == []
    sandbox.end_chat(visitor_id)
    archived = only(sandbox)
    assert archived["id"] == chat.chat_id
    assert archived["visitor"]["id"] == visitor_id
    assert archived["visitor"]["user_agent"].startswith("Mozilla")
    john = {"display_name": "John Doe", "email": "john.doe@example.com", "ip": "192.0.2.10"}
    assert archived["agents"] == [john]
    assert archived["prechat_survey"][0] == {"key": "Name:", "value": "Mary Brown", "id": "2001"}
    assert (archived["group"], archived["referrer"]) == ([3], "https://www.example.org/")
    assert archived["custom_variables"] == [{"key": "a", "value": "b"}]
    assert (archived["started_timestamp"], archived["ended_timestamp"]) == (NOW, NOW)
    assert archived["events"][0]["event_type"] == "closed"
    assert "pending" not in archived


def test_every_end_of_a_chat_archives_it(sandbox: Sandbox) -> None:
    for number, end in enumerate(
        (
            sandbox.end_chat,
            sandbox.remove_visitor,
            lambda visitor_id: sandbox.update_visitor(visitor_id, state="browsing"),
        ),
        start=1,
    ):
        visitor_id = sandbox.add_visitor(omit=["browser"])
        sandbox.start_chat(visitor_id)
        end(visitor_id)
        assert len(sandbox.chats) == number


def test_odd_chat_ids_and_surveys_reach_the_archives(sandbox: Sandbox) -> None:
    for odd in (None, "", 7):
        sandbox.add_visitor(state="chatting", chat_id=odd, prechat_survey="none")
    for _ in range(2):
        sandbox.add_visitor(state="chatting", chat_id="SAME", prechat_survey=["none"])
    for visitor in sandbox.visitors:
        sandbox.end_chat(visitor["id"])
    ids = sandbox.chat_ids()
    assert len(ids) == 4
    assert ids.count("SAME") == 1
    assert all(isinstance(chat_id, str) and chat_id for chat_id in ids)
    assert all(chat["prechat_survey"] == [] for chat in sandbox.chats)


def test_chats_arrive_on_a_given_day(sandbox: Sandbox) -> None:
    archive: Chats = sandbox._account.chats
    sandbox.seed_chats(10, date_from="2013-01-01", date_to="2013-01-03")
    arrivals = sandbox.let_chats_arrive(2, day="2013-01-02")
    archive.move()
    archive.move()
    assert sandbox.chat_ids(date_from="2013-01-02", date_to="2013-01-02")[:4] == arrivals.ids[::-1]
    arrivals.stop()
    archive.move()
    assert len(arrivals.ids) == 4
    arrivals.ids.clear()
    assert len(arrivals.ids) == 4


def test_departures_end_when_nothing_is_left(sandbox: Sandbox) -> None:
    sandbox.seed_chats(3, date_from="2013-01-01", date_to="2013-01-03")
    middle = sandbox.chat_ids(date_from="2013-01-02", date_to="2013-01-02")
    departures = sandbox.let_chats_go(5, day=date(2013, 1, 2))
    sandbox._account.chats.move()
    assert departures.ids == middle
    rest = sandbox.chat_ids()
    departures = sandbox.let_chats_go(5)
    sandbox._account.chats.move()
    assert (departures.ids, sandbox.chat_ids()) == (rest, [])


@pytest.mark.parametrize("name", ["per_request", "every", "at_most"])
@pytest.mark.parametrize("value", [0, -1, True, "2", 1.5])
def test_refuses_bad_movements(sandbox: Sandbox, name: str, value: Any) -> None:
    for begin in (sandbox.let_chats_arrive, sandbox.let_chats_go):
        with pytest.raises(ConfigurationError, match=f"{name}="):
            begin(**{name: value})
        with pytest.raises(ConfigurationError, match="day='today'"):
            begin(day="today")
