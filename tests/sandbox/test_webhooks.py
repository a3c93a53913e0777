"""Webhooks: their registration and their bodies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from asking import ask
from delivery_receiver import Receiver

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox import Sandbox

NOW = 1_487_246_066
ALL = {
    "chat_started": ["chat", "visitor", "pre_chat_survey"],
    "chat_ended": ["chat", "visitor", "pre_chat_survey"],
    "chat_changed": ["chat", "visitor"],
    "visitor_queued": ["visitor"],
    "ticket_created": ["ticket"],
    "canned_response_changed": ["canned_response"],
}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


def form(event_type: str, url: str, *data_types: str) -> list[tuple[str, str]]:
    return [
        ("event_type", event_type),
        ("url", url),
        *(("data_types[]", kind) for kind in data_types),
    ]


# --- registrations ---


async def test_from_registering_to_removing(http: aiohttp.ClientSession, sandbox: Sandbox) -> None:
    assert await ask(http, "/webhooks") == (200, {"events": []})
    url = "https://user:password@example.com/livechat"
    status, answer = await ask(
        http, "/webhooks", "POST", data=form("chat_started", url, "chat", "visitor")
    )
    assert status == 200
    [made] = answer["events"]
    assert made == {
        "licence": 12_345,
        "event_type": "chat_started",
        "data_types": ["chat", "visitor"],
        "url": url,
        "verified": True,
        "token": made["token"],
        "id": made["id"],
    }
    assert {len(made["token"]), len(made["id"])} == {32}
    body = {
        "event_type": "ticket_created",
        "url": "https://example.com/t",
        "data_types": ["ticket"],
    }
    _, second = await ask(http, "/webhooks", "POST", json=body)
    assert await ask(http, "/webhooks") == (200, {"events": [made, *second["events"]]})
    assert sandbox.webhooks == [made, *second["events"]]
    assert "password" not in repr(sandbox.webhooks)

    gone = (200, {"result": "Push notification removed successfully"})
    assert await ask(http, f"/webhooks/{made['id']}", "DELETE") == gone
    missing = (404, {"error": "Push notification not found"})
    assert await ask(http, f"/webhooks/{made['id']}", "DELETE") == missing
    assert await ask(http, "/webhooks") == (200, second)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://example.com/a", "https://example.com/a"),
        ("HTTP://u:p@example.com:8080/a?b", "https://u:p@example.com:8080/a?b"),
        ("https://example.com", "https://example.com"),
        ("http://127.0.0.1:1234/a", "http://127.0.0.1:1234/a"),
        ("http://127.1.2.3/a", "http://127.1.2.3/a"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("http://localhost/a", "http://localhost/a"),
    ],
)
async def test_http_becomes_https_but_here(
    http: aiohttp.ClientSession, url: str, kept: str
) -> None:
    _, answer = await ask(http, "/webhooks", "POST", data=form("visitor_queued", url, "visitor"))
    assert answer["events"][0]["url"] == kept


@pytest.mark.parametrize(("event_type", "data_types"), ALL.items())
async def test_every_event_takes_its_data_types(
    http: aiohttp.ClientSession, event_type: str, data_types: list[str]
) -> None:
    url = "https://example.com/a"
    for kind in sorted({kind for kinds in ALL.values() for kind in kinds}):
        status, answer = await ask(http, "/webhooks", "POST", data=form(event_type, url, kind))
        if kind in data_types:
            assert (status, answer["events"][0]["data_types"]) == (200, [kind])
        else:
            assert status == 400
            assert answer["errors"] == [
                f"data_types of {event_type} have to be of these: {', '.join(data_types)}"
            ]
    _, answer = await ask(
        http, "/webhooks", "POST", data=form(event_type, url, *data_types, *data_types)
    )
    assert answer["events"][0]["data_types"] == data_types


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"event_type": "incoming_chat"}, ["event_type has to be one of: chat_started"]),
        ({"event_type": None}, ["event_type has to be one of"]),
        ({"event_type": ["chat_started"]}, ["event_type has to be one of"]),
        ({"data_types": None}, ["data_types is required"]),
        ({"data_types": []}, ["data_types is required"]),
        ({"data_types": "chat"}, ["data_types is required"]),
        ({"data_types": ["chat", 7]}, ["data_types is required"]),
        ({"url": None}, ["url is required"]),
        ({"url": "example.com"}, ["url is required"]),
        ({"url": "ftp://example.com"}, ["url is required"]),
        ({"url": "https://"}, ["url is required"]),
        ({"url": "https://[::1"}, ["url is required"]),
        ({"url": "https://example.com/\n"}, ["url is required"]),
        (
            {"url": 7, "data_types": 7, "event_type": 7},
            ["event_type has to", "data_types is", "url is required"],
        ),
    ],
)
async def test_bad_webhooks_are_refused(
    http: aiohttp.ClientSession, sandbox: Sandbox, changes: dict[str, Any], problems: list[str]
) -> None:
    good = {"event_type": "chat_started", "data_types": ["chat"], "url": "https://example.com/"}
    body = {name: value for name, value in {**good, **changes}.items() if value is not None}
    status, answer = await ask(http, "/webhooks", "POST", json=body)
    assert (status, len(answer["errors"])) == (400, len(problems))
    for told, problem in zip(answer["errors"], problems, strict=True):
        assert told.startswith(problem)
    assert sandbox.webhooks == []


async def test_bad_requests_are_refused(http: aiohttp.ClientSession, sandbox: Sandbox) -> None:
    sandbox.register_webhook("chat_started", "https://example.com/")
    [webhook] = sandbox.webhooks
    assert (await ask(http, "/webhooks", "POST", data=b"{"))[0] == 400
    assert (await ask(http, "/webhooks", "PUT"))[0] == 405
    assert (await ask(http, f"/webhooks/{webhook['id']}"))[0] == 405
    assert (await ask(http, f"/webhooks/{webhook['id']}/x", "DELETE"))[0] == 404
    for path, method in (("/webhooks", "GET"), (f"/webhooks/{webhook['id']}", "DELETE")):
        status, _ = await ask(http, path, method, headers={"Authorization": "Basic eDp5"})
        assert status == 401
    assert sandbox.webhooks == [webhook]


def test_a_webhook_can_be_registered_from_python(sandbox: Sandbox) -> None:
    ids = [sandbox.register_webhook(event_type, "https://example.com/") for event_type in ALL]
    ids.append(sandbox.register_webhook("chat_started", "https://example.com/", ("chat",)))
    kept = [(item["id"], item["event_type"], item["data_types"]) for item in sandbox.webhooks]
    assert kept == [*zip(ids, ALL, ALL.values(), strict=False), (ids[-1], "chat_started", ["chat"])]
    assert len({item["token"] for item in sandbox.webhooks}) == 7
    sandbox.remove_webhook(ids[0])
    assert [item["id"] for item in sandbox.webhooks] == ids[1:]
    with pytest.raises(
        ConfigurationError, match=f"webhook_id='{ids[0]}': there is no such webhook"
    ):
        sandbox.remove_webhook(ids[0])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("chat_begun", "https://example.com/"), "event_type='chat_begun' is none of"),
        (("chat_started", "example.com"), "url is required"),
        (("chat_started", b"https://example.com"), "url has to be text"),
        (("chat_started", "https://example.com/", "chat"), "data_types='chat': a list of names"),
        (("chat_started", "https://example.com/", ["ticket"]), "data_types='ticket' is none of"),
        (
            (["chat_started"], "https://example.com/", ["chat"]),
            "event_type=['chat_started'] is none of",
        ),
    ],
)
def test_bad_webhooks_are_refused_in_python(
    sandbox: Sandbox, arguments: tuple[Any, ...], text: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        sandbox.register_webhook(*arguments)
    assert str(caught.value).startswith(text)
    assert sandbox.webhooks == []


# --- bodies ---


async def test_a_chat_sends_its_webhooks(
    sandbox: Sandbox, http: aiohttp.ClientSession, receiver: Receiver
) -> None:
    for event_type in ALL:
        sandbox.register_webhook(event_type, receiver.url)
    visitor_id = sandbox.add_visitor(
        name="Mary Brown",
        language="en",
        custom_variables=[{"key": "a", "value": "b"}],
        group=2,
        referrer="https://www.example.org/",
    )
    sandbox.queue(visitor_id)
    await sandbox.delivered()
    chat = sandbox.start_chat(visitor_id)
    await sandbox.delivered()
    sandbox.say(visitor_id, "Hello, how can I help you?", by_agent=True)
    sandbox.say(visitor_id, "Hi!")
    path = f"/chats/{chat.chat_id}/tags"
    status, tagged = await ask(http, path, "PUT", json={"tag": ["sales"]})
    assert (status, tagged["chats"][0]["tags"], tagged["chats"][0]["pending"]) == (
        200,
        ["sales"],
        True,
    )
    await ask(http, path, "PUT", json={"tag": ["sales"]})  # changes nothing
    await sandbox.delivered()
    sandbox.end_chat(visitor_id)
    await sandbox.delivered()
    await ask(http, path, "PUT", json={"tag": ["sales", "vip"]})
    await sandbox.delivered()
    await ask(http, path, "PUT", json={"tag": ["sales", "vip"]})
    await sandbox.delivered()

    kinds = ["visitor_queued", "chat_started", "chat_changed", "chat_ended", "chat_changed"]
    assert [body["event_type"] for body in receiver.bodies] == kinds
    for name in ("token", "event_unique_id"):
        values = [body[name] for body in receiver.bodies]
        assert len(set(values)) == 5
        assert all(len(value) == 32 and int(value, 16) for value in values)
    assert {body["license_id"] for body in receiver.bodies} == {"12345"}
    assert {body["lc_version"] for body in receiver.bodies} == {"2"}

    queued, started, changed, ended, later = receiver.parts()
    visitor = {
        "id": visitor_id,
        "name": "Mary Brown",
        "custom_variables": [{"key": "a", "value": "b"}],
        "country": "",
        "city": "",
        "language": "en",
        "page_current": "http://www.example.com/",
        "timezone": "",
        "email": "mary.brown@example.com",
    }
    survey = [
        {"id": "2001", "type": "name", "label": "Name:", "answer": "Mary Brown"},
        {"id": "2002", "type": "email", "label": "E-mail:", "answer": "mary.brown@example.com"},
    ]
    assert queued == {"visitor": visitor}
    assert started["visitor"] == visitor
    assert started["pre_chat_survey"] == survey
    messages = [
        {
            "user_type": "agent",
            "author_name": "John Doe",
            "agent_id": "john.doe@example.com",
            "text": "Hello, how can I help you?",
            "timestamp": NOW,
        },
        {"user_type": "visitor", "author_name": "Mary Brown", "text": "Hi!", "timestamp": NOW},
    ]
    running = {**started["chat"], "messages": messages, "tags": ["sales"]}
    assert changed == {"chat": running, "visitor": visitor}
    closed = {
        "user_type": "agent",
        "text": "John Doe closed the chat.",
        "timestamp": NOW,
        "type": "closed",
    }
    over = {**running, "ended_timestamp": NOW, "events": [closed]}
    assert ended == {"chat": over, "visitor": visitor, "pre_chat_survey": survey}
    assert later["chat"] == {**over, "tags": ["sales", "vip"]}
    assert later["visitor"]["email"] == "mary.brown@example.com"
    assert later["visitor"]["id"] == visitor_id
    [archived] = sandbox.chats
    assert [message["text"] for message in archived["messages"]] == [
        "Hello, how can I help you?",
        "Hi!",
    ]
    assert [event["type"] for event in archived["events"]] == ["message", "message", "event"]


@pytest.mark.parametrize(
    "kinds", [["chat"], ["visitor"], ["pre_chat_survey"], ["pre_chat_survey", "chat"]]
)
async def test_a_webhook_has_only_its_data_types(
    sandbox: Sandbox, receiver: Receiver, kinds: list[str]
) -> None:
    sandbox.register_webhook("chat_started", receiver.url, kinds)
    sandbox.register_webhook("chat_ended", receiver.url, kinds)
    visitor_id = sandbox.add_visitor(name="Mary")
    sandbox.start_chat(visitor_id)
    sandbox.end_chat(visitor_id)
    await sandbox.delivered()
    assert [[*parts] for parts in receiver.parts()] == [kinds, kinds]


async def test_two_webhooks_get_the_same_event(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.register_webhook("chat_started", f"{receiver.url}/a")
    gone = sandbox.register_webhook("chat_started", f"{receiver.url}/b")
    sandbox.register_webhook("chat_started", f"{receiver.url}/c", ["visitor"])
    sandbox.remove_webhook(gone)
    sandbox.start_chat(sandbox.add_visitor())
    await sandbox.delivered()
    assert sorted(receiver.paths) == ["/livechat/a", "/livechat/c"]
    assert len({body["event_unique_id"] for body in receiver.bodies}) == 1


async def test_every_way_into_a_chat_and_out_of_it(sandbox: Sandbox, receiver: Receiver) -> None:
    for event_type in ("chat_started", "chat_ended", "visitor_queued"):
        sandbox.register_webhook(event_type, receiver.url, ["visitor"])
    told: list[tuple[str, str]] = []

    async def delivered() -> list[tuple[str, str]]:
        await sandbox.delivered()
        new = [(body["event_type"], body["visitor"]["id"]) for body in receiver.bodies[len(told) :]]
        told.extend(new)
        return sorted(new)

    sandbox.add_visitor(id="a", state="chatting")
    sandbox.add_visitor(id="b", state="queued")
    sandbox.add_visitor(id="c")
    assert await delivered() == [("chat_started", "a"), ("visitor_queued", "b")]
    sandbox.queue("b")  # already in the queue
    sandbox.update_visitor("b", city="Wrocław")
    sandbox.update_visitor("a", city="Wrocław")
    assert await delivered() == []
    sandbox.update_visitor("a", state="queued")
    sandbox.update_visitor("b", state="chatting")
    sandbox.update_visitor("c", state="queued")
    assert await delivered() == [
        ("chat_ended", "a"),
        ("chat_started", "b"),
        ("visitor_queued", "a"),
        ("visitor_queued", "c"),
    ]
    sandbox.remove_visitor("b")
    sandbox.remove_visitor("c")
    assert await delivered() == [("chat_ended", "b")]


async def test_chats_that_were_always_there(
    sandbox: Sandbox, http: aiohttp.ClientSession, receiver: Receiver
) -> None:
    sandbox.register_webhook("chat_changed", receiver.url)
    sandbox.seed_chats(20)
    odd = sandbox.add_chat(visitor=None, agents=None, messages=["x"], group="y", tags=None)
    for chat in sandbox.chats:
        status, _ = await ask(http, f"/chats/{chat['id']}/tags", "PUT", json={"tag": ["new"]})
        assert status == 200
    await sandbox.delivered()
    assert len(receiver.bodies) == 21
    known = {chat["id"]: chat for chat in sandbox.chats}
    for parts in receiver.parts():
        chat = known[parts["chat"]["id"]]
        assert parts["chat"]["tags"] == ["new"]
        if chat["id"] == odd:
            assert (parts["chat"]["messages"], parts["chat"]["groups"]) == ([], [])
            assert parts["visitor"] == {"email": "", "page_current": "http://www.example.com/"}
        else:
            assert parts["visitor"]["email"] == chat["visitor"]["email"]
            assert len(parts["chat"]["messages"]) == len(chat.get("messages", []))


async def test_tags_of_an_unknown_chat_are_a_404(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    chat = sandbox.start_chat(sandbox.add_visitor())
    for body in ({"tag": ["new"]}, {}):
        status, answer = await ask(http, "/chats/NOBODY0000/tags", "PUT", json=body)
        assert (status, answer) == (404, {"error": "Chat not found"})
    status, answer = await ask(http, f"/chats/{chat.chat_id}/tags", "PUT", json={})
    assert (status, [*answer]) == (400, ["errors"])


async def test_a_ticket_sends_its_webhook(
    sandbox: Sandbox, http: aiohttp.ClientSession, receiver: Receiver
) -> None:
    sandbox.register_webhook("ticket_created", receiver.url)
    body = {
        "message": "Where is my order?",
        "subject": "Order",
        "requester": {"mail": "mary@example.com", "name": "Mary"},
        "assignee": {"id": "john.doe@example.com"},
        "source": {"type": "chat-window", "url": "https://example.com/cart"},
        "group": [2],
    }
    _, ticket = await ask(http, "/tickets", "POST", json=body)
    await sandbox.delivered()
    [parts] = receiver.parts()
    author = {"id": "mary@example.com", "name": "Mary", "type": "client"}
    source = {"type": "chat-window", "url": "https://example.com/cart"}
    assert parts["ticket"] == {
        "id": ticket["id"],
        "status": "open",
        "subject": "Order",
        "requester": {"mail": "mary@example.com", "name": "Mary"},
        "assignee": {"id": "john.doe@example.com", "name": "John Doe"},
        "groups": [{"id": 2, "name": "Sales"}],
        "events": [
            {
                "type": "message",
                "author": author,
                "date": "2017-02-16T11:54:26Z",
                "is_private": False,
                "message": "Where is my order?",
                "source": source,
            }
        ],
        "source": {**source, "id": None},
        "tags": [],
    }

    ticket_id = sandbox.add_ticket(groups=[2], requester=None, events="x", omit=["subject"])
    await sandbox.delivered()
    assert receiver.parts()[1]["ticket"] == {
        "id": ticket_id,
        "status": "open",
        "requester": {},
        "groups": [],
        "events": [],
        "source": {"type": "mail", "url": None, "id": None},
        "tags": [],
    }
    assert (await ask(http, "/tickets", "POST", json={}))[0] == 400
    sandbox.seed_tickets(5)
    await sandbox.delivered()
    assert len(receiver.bodies) == 2


async def test_a_canned_response_sends_its_webhook(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.register_webhook("canned_response_changed", receiver.url)
    first = sandbox.change_canned_response("Hello!", tags=["hi", "hello"], group=3)
    assert sandbox.change_canned_response("Good bye!", response_id=7) == 7
    assert sandbox.change_canned_response("") == 8
    await sandbox.delivered()
    responses = [parts["canned_response"] for parts in receiver.parts()]
    assert sorted(responses, key=lambda item: item["id"]) == [
        {
            "group": 3,
            "id": first,
            "modification_date": NOW,
            "tags": ["hi", "hello"],
            "text": "Hello!",
        },
        {"group": 0, "id": 7, "modification_date": NOW, "tags": [], "text": "Good bye!"},
        {"group": 0, "id": 8, "modification_date": NOW, "tags": [], "text": ""},
    ]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"text": 7}, "text=7"),
        ({"tags": "hi"}, "tags='hi'"),
        ({"tags": [7]}, "tags=[7]"),
        ({"tags": None}, "tags=None"),
        ({"group": "x"}, "group='x'"),
        ({"response_id": -1}, "response_id=-1"),
    ],
)
async def test_bad_canned_responses_are_refused(
    sandbox: Sandbox, receiver: Receiver, options: dict[str, Any], text: str
) -> None:
    sandbox.register_webhook("canned_response_changed", receiver.url)
    with pytest.raises(ConfigurationError) as caught:
        sandbox.change_canned_response(**{"text": "Hello!", **options})
    assert str(caught.value).startswith(text)
    assert sandbox.deliveries == []


async def test_messages_are_in_the_webhook(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    visitor_id = sandbox.add_visitor()
    with pytest.raises(ConfigurationError, match="is in no chat"):
        sandbox.say(visitor_id, "Hello")
    with pytest.raises(ConfigurationError, match="visitor_id='x': there is no such visitor"):
        sandbox.say("x", "Hello")
    sandbox.start_chat(visitor_id)
    with pytest.raises(ConfigurationError, match="text=7"):
        sandbox.say(visitor_id, 7)  # type: ignore[arg-type]
    sandbox.say(visitor_id, "Hello")
    _, answer = await ask(http, "/chats?include_pending=1")
    assert [message["text"] for message in answer["chats"][0]["messages"]] == ["Hello"]


# --- tokens ---


async def add(sandbox: Sandbox, visitor_id: str, token: str, license_id: str = "12345") -> int:
    body = {
        "license_id": license_id,
        "token": token,
        "id": "my-app",
        "fields": [{"name": "Age", "value": "36"}],
    }
    url = f"{sandbox.url}/v2/visitors/{visitor_id}/details"
    async with aiohttp.request("POST", url, json=body) as response:
        return response.status


async def test_what_adding_details_goes_by(
    sandbox: Sandbox, http: aiohttp.ClientSession, receiver: Receiver
) -> None:
    for event_type in ("visitor_queued", "chat_started", "chat_changed", "chat_ended"):
        sandbox.register_webhook(event_type, receiver.url)
    visitor_id, other = sandbox.add_visitor(), sandbox.add_visitor()
    sandbox.queue(visitor_id)
    await sandbox.delivered()
    queued = receiver.bodies[-1]["token"]
    assert await add(sandbox, visitor_id, queued) == 200
    assert await add(sandbox, other, queued) == 401
    chat = sandbox.start_chat(visitor_id)
    sandbox.start_chat(other)
    await sandbox.delivered()
    await ask(http, f"/chats/{chat.chat_id}/tags", "PUT", json={"tag": ["a"]})
    await sandbox.delivered()
    changed = receiver.bodies[-1]["token"]
    for token in (queued, chat.token, changed):
        assert await add(sandbox, visitor_id, token) == 200
        assert await add(sandbox, other, token) == 401
        assert await add(sandbox, visitor_id, token, "12346") == 401
    sandbox.end_chat(visitor_id)
    await sandbox.delivered()
    tokens = {body["token"] for body in receiver.bodies}
    assert len(tokens) == 5
    for token in tokens:
        assert await add(sandbox, visitor_id, token) == 401


async def test_leaving_the_queue_revokes_tokens(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.register_webhook("visitor_queued", receiver.url)
    visitor_id = sandbox.add_visitor(state="queued")
    await sandbox.delivered()
    [body] = receiver.bodies
    assert await add(sandbox, visitor_id, body["token"]) == 200
    sandbox.update_visitor(visitor_id, state="browsing")
    assert await add(sandbox, visitor_id, body["token"]) == 401


async def test_the_token_of_the_registration(receiver: Receiver) -> None:
    async with Sandbox(webhook_tokens="registration") as sandbox:
        sandbox.register_webhook("chat_started", receiver.url)
        sandbox.register_webhook("chat_ended", receiver.url)
        tokens = {item["event_type"]: item["token"] for item in sandbox.webhooks}
        visitor_id, other = sandbox.add_visitor(), sandbox.add_visitor()
        chat = sandbox.start_chat(visitor_id)
        await sandbox.delivered()
        assert await add(sandbox, visitor_id, tokens["chat_started"]) == 200
        assert await add(sandbox, visitor_id, chat.token) == 200
        assert await add(sandbox, visitor_id, tokens["chat_ended"]) == 401
        assert await add(sandbox, other, tokens["chat_started"]) == 401
        sandbox.end_chat(visitor_id)
        await sandbox.delivered()
    assert {body["event_type"]: body["token"] for body in receiver.bodies} == tokens


@pytest.mark.parametrize("fields", [{}, {"prechat_survey": [{"key": "E-mail:", "value": "a@b.c"}]}])
def test_an_e_mail_address_of_ones_own_goes_first(fields: dict[str, Any]) -> None:
    sandbox = Sandbox()
    visitor_id = sandbox.add_visitor(name="Mary", email="mary.brown@example.com", **fields)
    body = sandbox.start_chat(visitor_id).webhook_body()
    assert body["visitor"]["email"] == "mary.brown@example.com"
