from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livechat_async.errors import ConfigurationError
from livechat_async.models.visitors import Operator, VisitorState
from livechat_async.redaction import WireText
from livechat_async.sandbox import Sandbox

NOW = 1_487_246_066


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(clock=lambda: NOW + 0.9)


def only(sandbox: Sandbox) -> dict[str, Any]:
    [visitor] = sandbox.visitors
    return visitor


def test_ids_are_made_in_the_documented_form(sandbox: Sandbox) -> None:
    made = [sandbox.add_visitor() for _ in range(3)]
    assert len(set(made)) == 3
    assert all(re.fullmatch(rf"S{NOW}\.[0-9a-f]{{10}}", visitor_id) for visitor_id in made)
    assert [visitor["id"] for visitor in sandbox.visitors] == made


def test_visitors_are_copies(sandbox: Sandbox) -> None:
    variables = [{"key": "a", "value": "b"}]
    sandbox.add_visitor(custom_variables=variables)
    variables[0]["key"] = "changed"
    only(sandbox)["custom_variables"].clear()
    assert only(sandbox)["custom_variables"] == [{"key": "a", "value": "b"}]
    only(sandbox)["operators"][0]["id"] = "changed"
    sandbox.add_visitor()
    assert all(visitor["operators"][0]["id"] == "" for visitor in sandbox.visitors)


def test_fields_become_plain_json(sandbox: Sandbox) -> None:
    sandbox.add_visitor(state=VisitorState.INVITED, visit_path=(), ip="203.0.113.9")
    visitor = only(sandbox)
    assert (visitor["state"], visitor["visit_path"]) == ("invited", [])
    assert visitor["host"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("fields", "text", "seconds"),
    [
        ({}, "2017-02-16 12:54:26", NOW),
        ({"last_visit": "2013-01-31 15:43:05"}, "2013-01-31 15:43:05", 1_359_643_385),
        ({"last_visit_ts": 1_359_643_385}, "2013-01-31 15:43:05", 1_359_643_385),
        (
            {"last_visit": datetime(2013, 1, 31, 14, 43, 5, tzinfo=UTC)},
            "2013-01-31 15:43:05",
            1_359_643_385,
        ),
        (
            {"last_visit": datetime(2013, 7, 1, tzinfo=timezone(timedelta(hours=-5)))},
            "2013-07-01 06:00:00",
            1_372_654_800,
        ),
        ({"last_visit": "x", "last_visit_ts": 7}, "x", 7),
        ({"last_visit": "x", "last_visit_ts": None}, "x", None),
        ({"last_visit": ""}, "", ...),
        ({"last_visit": "yesterday"}, "yesterday", ...),
        ({"last_visit": "2013-02-30 00:00:00"}, "2013-02-30 00:00:00", ...),
        ({"last_visit": None}, None, ...),
        ({"last_visit": 0}, 0, ...),
    ],
)
def test_a_time_and_its_twin_agree(
    sandbox: Sandbox, fields: dict[str, Any], text: object, seconds: object
) -> None:
    sandbox.add_visitor(**fields)
    sandbox.update_visitor(sandbox.add_visitor(), **fields)
    for visitor in sandbox.visitors:
        assert visitor["last_visit"] == text
        assert visitor.get("last_visit_ts", ...) == seconds


@settings(deadline=None)
@given(st.integers(0, 4_000_000_000))
def test_any_time_and_its_twin_agree(seconds: int) -> None:
    sandbox = Sandbox()
    sandbox.add_visitor(page_time_ts=seconds)
    text = only(sandbox)["page_time"]
    sandbox.remove_visitor(only(sandbox)["id"])
    sandbox.add_visitor(page_time=text)
    assert only(sandbox)["page_time_ts"] == seconds


def test_omitted_fields_are_missing(sandbox: Sandbox) -> None:
    names = ["last_visit_ts", "name", "prechat_survey", "not there"]
    visitor_id = sandbox.add_visitor(omit=names)
    assert not set(names) & set(only(sandbox))
    sandbox.update_visitor(visitor_id, name="Mary Brown", omit=("chats",))
    assert only(sandbox)["name"] == "Mary Brown"
    assert "chats" not in only(sandbox)
    sandbox.update_visitor(visitor_id, state="chatting", omit=["chat", "operators"])
    assert not {"chat", "operators", "chats"} & set(only(sandbox))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"id": ""}, "id=''"),
        ({"id": ".."}, "id='..'"),
        ({"id": 7}, "id=7"),
        ({"id": "S1.a"}, "is in use"),
        ({"state": ""}, "state=''"),
        ({"state": None}, "state=None"),
        ({"group": "1"}, "group='1'"),
        ({"group": True}, "group=True"),
        ({"group": -1}, "group=-1"),
        ({"name": object()}, "name=<object"),
        ({"name": float("nan")}, "name=nan"),
        ({"last_visit": datetime(2013, 1, 31)}, "has no time zone"),  # noqa: DTZ001 - refused
        ({"last_visit_ts": "soon"}, "last_visit_ts='soon'"),
        ({"last_visit_ts": 10**30}, "whole Unix seconds"),
        ({"omit": "name"}, "omit='name'"),
        ({"omit": ["id"]}, "omit=['id']: the sandbox needs 'id'"),
        ({"omit": ["state"]}, "omit=['state']: the sandbox needs 'state'"),
    ],
)
def test_a_refused_visitor_changes_nothing(
    sandbox: Sandbox, fields: dict[str, Any], text: str
) -> None:
    visitor_id = sandbox.add_visitor(id="S1.a", state="queued")
    before = sandbox.visitors
    with pytest.raises(ConfigurationError) as caught:
        sandbox.add_visitor(**fields)
    assert text in str(caught.value)
    fields.setdefault("name", "New")
    if fields.get("id") != visitor_id:
        with pytest.raises(ConfigurationError):
            sandbox.update_visitor(visitor_id, **fields)
    assert sandbox.visitors == before


def test_a_chat_starts(sandbox: Sandbox) -> None:
    visitor_id = sandbox.add_visitor(name="Mary Brown", state="queued", chats=4)
    assert only(sandbox)["queue_start_time"] == 1_487_246_066
    chat = sandbox.start_chat(visitor_id)
    assert chat == sandbox.chat_of(visitor_id)
    visitor = only(sandbox)
    agent = {"id": "john.doe@example.com", "display_name": "John Doe"}
    assert visitor["state"] == "chatting"
    assert visitor["chat_id"] == chat.chat_id
    assert visitor["chat_start_time"] == "2017-02-16 12:54:26"
    assert visitor["chat_start_time_ts"] == NOW
    assert visitor["queue_start_time"] == ""
    assert visitor["operators"] == [agent]
    assert visitor["chat"]["id"] == chat.chat_id
    assert visitor["chat"]["agents"] == [agent]
    assert visitor["chats"] == 5
    assert visitor["prechat_survey"] == [
        {"key": "Name:", "value": "Mary Brown"},
        {"key": "E-mail:", "value": "mary.brown@example.com"},
    ]


def test_a_chat_ends(sandbox: Sandbox) -> None:
    visitor_id = sandbox.add_visitor(name="Mary Brown")
    sandbox.start_chat(visitor_id)
    sandbox.end_chat(visitor_id)
    visitor = only(sandbox)
    assert sandbox.chat_of(visitor_id) is None
    assert visitor["state"] == "chat closed"
    assert (visitor["chat_id"], visitor["chat_start_time"]) == ("", "")
    assert visitor["operators"] == [{"id": "", "display_name": ""}]
    assert not {"chat", "chat_start_time_ts"} & set(visitor)
    assert visitor["prechat_survey"] == []


def test_every_chat_has_its_own_id_and_token(sandbox: Sandbox) -> None:
    visitor_id = sandbox.add_visitor()
    chats = [sandbox.start_chat(sandbox.add_visitor()) for _ in range(3)]
    for _ in range(2):
        chats.append(sandbox.start_chat(visitor_id))
        sandbox.end_chat(visitor_id)
    assert len({chat.token for chat in chats}) == len({chat.chat_id for chat in chats}) == 5
    assert all(re.fullmatch("[0-9a-f]{32}", chat.token) for chat in chats)
    assert all(re.fullmatch("[A-Z0-9]{10}", chat.chat_id) for chat in chats)


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("jane.doe@example.com", "Jane Doe"),
        ("jane", "Jane"),
        ("@", "@"),
        (Operator(id="j@example.com", display_name="J."), "J."),
    ],
)
def test_agents_are_logins_or_operators(
    sandbox: Sandbox, agent: str | Operator, expected: str
) -> None:
    sandbox.start_chat(sandbox.add_visitor(), agent=agent)
    assert only(sandbox)["operators"][0]["display_name"] == expected


@pytest.mark.parametrize("agent", ["", " ", None, 7])
def test_bad_agents_are_refused(sandbox: Sandbox, agent: Any) -> None:
    visitor_id = sandbox.add_visitor()
    with pytest.raises(ConfigurationError, match="agent="):
        sandbox.start_chat(visitor_id, agent)
    assert sandbox.chat_of(visitor_id) is None


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Zoë O'Neil", "zo.o.neil@example.com"),
        ("李", "visitor@example.com"),
        ("Visitor", None),
        ("", None),
    ],
)
def test_the_default_survey_has_name_and_email(
    sandbox: Sandbox, name: str, email: str | None
) -> None:
    sandbox.start_chat(sandbox.add_visitor(name=name))
    survey = only(sandbox)["prechat_survey"]
    assert [item["value"] for item in survey] == ([] if email is None else [name, email])


@pytest.mark.parametrize(
    ("survey", "expected"),
    [
        ({"Order:": "7"}, [{"key": "Order:", "value": "7"}]),
        ({}, []),
    ],
)
def test_a_given_survey_is_used(sandbox: Sandbox, survey: dict[str, str], expected: object) -> None:
    visitor_id = sandbox.add_visitor(name="Mary Brown")
    sandbox.start_chat(visitor_id, prechat_survey=survey)
    assert only(sandbox)["prechat_survey"] == expected


def test_a_survey_of_the_visitor_waits_for_the_chat(sandbox: Sandbox) -> None:
    survey = [{"key": "Order:", "value": "7"}]
    visitor_id = sandbox.add_visitor(prechat_survey=survey)
    assert only(sandbox)["prechat_survey"] == []
    sandbox.start_chat(visitor_id)
    assert only(sandbox)["prechat_survey"] == survey


def test_the_webhook_body_has_the_documented_form(sandbox: Sandbox) -> None:
    visitor_id = sandbox.add_visitor(name="Mary Brown", city="Berlin", group=3)
    chat = sandbox.start_chat(visitor_id, prechat_survey={"E-mail:": "m@example.com", "Why?": "?"})
    body = chat.webhook_body()
    assert body == {
        "event_type": "chat_started",
        "token": "00000000000000000000000000000001",
        "license_id": "12345",
        "event_unique_id": body["event_unique_id"],
        "lc_version": "2",
        "chat": {
            "id": chat.chat_id,
            "started_timestamp": NOW,
            "url": "http://www.example.com/",
            "referer": "",
            "messages": [],
            "attachments": [],
            "events": [],
            "agents": [{"name": "John Doe", "login": "john.doe@example.com"}],
            "tags": [],
            "groups": [3],
        },
        "visitor": {
            "id": visitor_id,
            "name": "Mary Brown",
            "email": "m@example.com",
            "country": "",
            "city": "Berlin",
            "language": "en",
            "page_current": "http://www.example.com/",
            "timezone": "",
        },
        "pre_chat_survey": [
            {"id": "2001", "type": "email", "label": "E-mail:", "answer": "m@example.com"},
            {"id": "2002", "type": "question", "label": "Why?", "answer": "?"},
        ],
    }
    assert re.fullmatch("[0-9a-f]{32}", body["event_unique_id"])
    assert json.loads(json.dumps(body)) == body
    body["chat"].clear()
    sandbox.remove_visitor(visitor_id)
    assert chat.webhook_body()["chat"]["id"] == chat.chat_id


@pytest.mark.parametrize(
    ("survey", "expected"),
    [("", []), ([1, {}], [{"id": "2001", "type": "question", "label": "", "answer": ""}])],
)
def test_webhook_body_of_an_odd_survey(sandbox: Sandbox, survey: object, expected: object) -> None:
    visitor_id = sandbox.add_visitor(state="chatting", prechat_survey=survey)
    chat = sandbox.chat_of(visitor_id)
    assert chat is not None
    body = chat.webhook_body()
    assert (body["pre_chat_survey"], body["visitor"]["email"]) == (expected, "")
    assert only(sandbox)["prechat_survey"] == survey


def test_a_started_chat_shows_no_token(sandbox: Sandbox) -> None:
    chat = sandbox.start_chat(sandbox.add_visitor())
    assert isinstance(chat.token, WireText)
    assert chat.token not in repr(chat)
    assert pickle.loads(pickle.dumps(chat)) == copy.deepcopy(chat) == chat  # noqa: S301 - our own


def test_state_and_chat_go_together(sandbox: Sandbox) -> None:
    visitor_id = sandbox.add_visitor(state="chatting", chat_id="MYCHAT0001", chats=9)
    chat = sandbox.chat_of(visitor_id)
    assert chat is not None
    assert chat.chat_id == chat.webhook_body()["chat"]["id"] == "MYCHAT0001"
    assert (only(sandbox)["chat_id"], only(sandbox)["chat"]["id"]) == ("MYCHAT0001", "MYCHAT0001")
    assert only(sandbox)["chats"] == 9

    sandbox.update_visitor(visitor_id, state="chatting", city="Berlin")
    assert sandbox.chat_of(visitor_id) is chat
    sandbox.update_visitor(visitor_id, state="new state", queue_start_time=46_843_480)
    assert sandbox.chat_of(visitor_id) is None
    assert only(sandbox)["queue_start_time"] == 46_843_480
    assert (only(sandbox)["chat_id"], only(sandbox)["state"]) == ("", "new state")
    sandbox.update_visitor(visitor_id, state="chatting", operators=[])
    assert sandbox.chat_of(visitor_id) is not None
    assert only(sandbox)["operators"] == []


def test_chats_of_an_odd_type_are_left_alone(sandbox: Sandbox) -> None:
    sandbox.start_chat(sandbox.add_visitor(chats="27"))
    assert only(sandbox)["chats"] == "27"


def test_impossible_changes_are_refused(sandbox: Sandbox) -> None:
    visitor_id = sandbox.add_visitor()
    with pytest.raises(ConfigurationError, match="start_chat first"):
        sandbox.end_chat(visitor_id)
    sandbox.start_chat(visitor_id)
    with pytest.raises(ConfigurationError, match="end_chat first"):
        sandbox.start_chat(visitor_id)
    with pytest.raises(ConfigurationError, match="end_chat first"):
        sandbox.queue(visitor_id)
    with pytest.raises(ConfigurationError, match="keeps its id"):
        sandbox.update_visitor(visitor_id, id="S9.z")
    sandbox.end_chat(visitor_id)
    with pytest.raises(ConfigurationError, match="prechat_survey='no'"):
        sandbox.start_chat(visitor_id, prechat_survey="no")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "method",
    [
        "update_visitor",
        "remove_visitor",
        "queue",
        "start_chat",
        "end_chat",
        "chat_of",
        "details_of",
    ],
)
def test_unknown_visitors_are_refused(sandbox: Sandbox, method: str) -> None:
    gone = sandbox.add_visitor(state="chatting")
    sandbox.remove_visitor(gone)
    for visitor_id in (gone, "S9.z", ""):
        with pytest.raises(
            ConfigurationError, match=f"'{visitor_id}': .*no such visitor.* add_visitor"
        ):
            getattr(sandbox, method)(visitor_id)
    assert sandbox.visitors == []


def test_a_visitor_who_left_may_come_again(sandbox: Sandbox) -> None:
    sandbox.add_visitor(id="S1.a", state="chatting")
    sandbox.remove_visitor("S1.a")
    sandbox.add_visitor(id="S1.a")
    assert sandbox.chat_of("S1.a") is None
    assert sandbox.details_of("S1.a") == []


@pytest.mark.parametrize(
    "refused",
    [
        lambda box: box.add_visitor(state="chatting", x=object()),
        lambda box: box.update_visitor("S1.a", state="chatting", chat_id=object()),
        lambda box: box.start_chat("S1.a", prechat_survey={"a": object()}),
        lambda box: box.visit_page("S1.a", "/", title=5),
        lambda box: box.add_chat(x=object()),
        lambda box: box.add_ticket(x=object()),
        lambda box: box.seed_chats(5, seed=-1),
        lambda box: box.let_chats_arrive(day="soon"),
        lambda box: box.register_webhook("chat_started", "no URL"),
        lambda box: box.change_canned_response("Hello", tags=["a", 1]),
        lambda box: box.set_chaos("calm", -1),
        lambda box: box.set_latency(-1),
    ],
)
def test_a_refused_call_changes_nothing(
    sandbox: Sandbox, refused: Callable[[Sandbox], object]
) -> None:
    def state() -> list[object]:
        lists = (sandbox.visitors, sandbox.chat_ids(), sandbox.tickets, sandbox.webhooks)
        responses = [*sandbox._account.canned_responses]
        return [*lists, responses, sandbox.chaos, sandbox.latency, sandbox.arrivals]

    sandbox.add_visitor(id="S1.a")
    before = state()
    with pytest.raises(ConfigurationError):
        refused(sandbox)
    assert state() == before


def test_visitors_may_come_while_they_are_listed(sandbox: Sandbox) -> None:
    """As from another thread."""

    class Groups(set[int]):
        def __contains__(self, _: object) -> bool:
            sandbox.add_visitor()
            return True

    sandbox.add_visitor(id="S1.a")
    assert [each["id"] for each in sandbox._account.visitors.find(groups=Groups())] == ["S1.a"]
