"""Events as values: their keys, their way through pickle, and the details they lead to."""

import copy
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_strategies import models

from livechat_async import ConfigurationError, DetailField, LiveChatClient, VisitorDetails
from livechat_async.redaction import Secret
from livechat_async.sandbox import Sandbox
from livechat_async.webhooks import (
    CannedResponseChanged,
    ChatChanged,
    ChatEnded,
    ChatStarted,
    TicketCreated,
    UnknownEvent,
    VisitorEvent,
    VisitorQueued,
    WebhookChat,
    WebhookEvent,
    WebhookSurveyAnswer,
    WebhookSurveyChoice,
    WebhookVisitor,
    parse_webhook,
)
from livechat_async.webhooks.events import current_client

FIXTURES = Path(__file__).parent.parent / "fixtures"
CLASSES = [
    ChatStarted,
    ChatEnded,
    ChatChanged,
    VisitorQueued,
    TicketCreated,
    CannedResponseChanged,
    UnknownEvent,
]
SAMPLES: list[dict[str, Any]] = [
    body
    for name in ("webhooks_docs", "webhooks_2017", "webhooks_2019")
    for body in json.loads((FIXTURES / f"{name}.json").read_text("utf-8")).values()
]
DETAILS = VisitorDetails("crm", [DetailField("Plan", "Gold")])
PLANTED = "PLANTEDtoken0001"


def key_of(kind: str = "chat_started", **fields: Any) -> str:
    return parse_webhook({"event_type": kind, "license_id": "1025707", **fields}).key


# --- keys ---


def test_the_key_is_the_id_of_the_event_where_there_is_one() -> None:
    for kind in ("chat_started", "chat_changed", "agent_sang"):
        assert key_of(kind, event_unique_id="c3b47e2f0525d0e6") == "c3b47e2f0525d0e6"


CHAT = {"id": "OQ422UEDW5", "started_timestamp": 1494990905, "ended_timestamp": 1494998418}


@pytest.mark.parametrize(
    ("kind", "fields", "key"),
    [
        ("chat_started", {"chat": CHAT}, "chat_started:1025707:OQ422UEDW5:1494990905"),
        ("chat_ended", {"chat": CHAT}, "chat_ended:1025707:OQ422UEDW5:1494998418"),
        ("ticket_created", {"ticket": {"id": "CCWWM"}}, "ticket_created:1025707:CCWWM"),
        (
            "chat_ended",
            {"chat": CHAT, "license_id": None},
            "chat_ended::OQ422UEDW5:1494998418",
        ),
    ],
)
def test_else_it_is_what_names_the_event(kind: str, fields: Mapping[str, Any], key: str) -> None:
    assert key_of(kind, **fields) == key
    # A repeat may tell more of the chat by then.
    assert key_of(kind, **fields, new=1) == key


@pytest.mark.parametrize("kind", ["chat_started", "chat_ended", "chat_changed", "agent_sang"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"chat": {"id": "A"}}, {"chat": {"id": "B"}}),
        ({"chat": {"id": "A"}}, {"chat": {"id": "A", "tags": ["sales"]}}),
        ({"visitor": {"id": "S1.a"}}, {"visitor": {"id": "S1.b"}}),
        ({"visitor": {"id": "S1.a"}}, {"visitor": {"id": "S1.a", "page_current": "x"}}),
        ({"visitor": {}}, {}),
        ({"new": 1}, {"new": 2}),
        ({"chat": {"new": 1}}, {"chat": {"new": 2}}),
        ({"license_id": "1"}, {"license_id": "2"}),
        ({"lc_version": "2"}, {"lc_version": "3"}),
        ({"chat": {"attachments": [1]}}, {"chat": {"attachments": [2]}}),
    ],
)
def test_where_nothing_names_it_all_it_says_counts(
    kind: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert key_of(kind, **one) == key_of(kind, **one)
    assert key_of(kind, **one) != key_of(kind, **other)
    assert key_of(kind, **one).startswith(f"{kind}:")


def test_a_change_of_the_same_chat_is_another_event() -> None:
    tagged = {**CHAT, "tags": ["sales"]}
    assert key_of("chat_changed", chat=CHAT) != key_of("chat_changed", chat=tagged)


def test_the_order_of_fields_does_not_matter() -> None:
    body = {"chat": {"id": "A", "new": {"b": 1, "a": 2}}, "visitor": {"id": "S1.a"}}
    turned = {"visitor": {"id": "S1.a"}, "chat": {"new": {"a": 2, "b": 1}, "id": "A"}}
    assert key_of(**body) == key_of(**turned)


@pytest.mark.parametrize("id_", ["a:b", "a b", "\x00", "é", "\x1b[2J", "x" * 1_000_000])
@pytest.mark.parametrize("field", ["event_unique_id", "license_id", "chat", "event_type"])
def test_an_odd_id_makes_a_plain_key(field: str, id_: str) -> None:
    body: dict[str, Any] = {"chat": CHAT, field: id_}
    if field == "chat":
        body["chat"] = {**CHAT, "id": id_}
    key = parse_webhook({"event_type": "chat_started", **body}).key
    assert key.isascii()
    assert key.isprintable()
    assert " " not in key
    assert len(key) <= 400


def test_parts_do_not_run_into_each_other() -> None:
    one = key_of("ticket_created", license_id="1", ticket={"id": "2:3"})
    other = key_of("ticket_created", license_id="1:2", ticket={"id": "3"})
    assert one != other


def test_keys_are_the_same_in_every_process() -> None:
    bodies = [{k: v for k, v in b.items() if k != "event_unique_id"} for b in SAMPLES]
    code = (
        "import json, sys\nfrom livechat_async.webhooks import parse_webhook\n"
        "print(json.dumps([parse_webhook(body).key for body in json.load(sys.stdin)]))"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            input=json.dumps(bodies),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == [parse_webhook(body).key for body in bodies]


ANY_EVENT = st.one_of(map(models, CLASSES))


@settings(deadline=None)
@given(ANY_EVENT, st.text(min_size=1).map(Secret))
def test_a_key_does_not_depend_on_the_token(event: WebhookEvent, token: Secret) -> None:
    assert attrs.evolve(event, token=token).key == event.key
    assert attrs.evolve(event, token=None).key == event.key


# --- values ---


@settings(deadline=None)
@given(ANY_EVENT)
def test_an_event_survives_pickle_and_copy_with_all_it_holds(event: WebhookEvent) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        twin = pickle.loads(pickle.dumps(event, protocol))  # noqa: S301 - our own bytes
        assert (twin, type(twin), twin.key, hash(twin)) == (
            event,
            type(event),
            event.key,
            hash(event),
        )
        assert repr(twin.token) == repr(event.token)
    assert copy.deepcopy(event) == event


@pytest.mark.parametrize("cls", CLASSES)
def test_a_token_made_by_hand_is_hidden_too(cls: type[Any]) -> None:
    needs: dict[str, Any] = {
        TicketCreated: {"ticket": None},
        CannedResponseChanged: {"canned_response": None},
        UnknownEvent: {"event_type": "agent_sang"},
    }.get(cls, {})
    assert PLANTED not in repr(cls(token=PLANTED, **needs))
    assert "token=None" in repr(cls(**needs))


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        parse_webhook(SAMPLES[0]).event_type = "chat_ended"  # type: ignore[misc]


def test_events_are_matched_by_class() -> None:
    event = parse_webhook({"event_type": "visitor_queued", "visitor": {"id": "S1.a"}})
    assert isinstance(event, VisitorEvent)
    assert isinstance(event, WebhookEvent)
    assert not isinstance(event, ChatStarted)


def test_the_choices_of_a_question_are_at_hand() -> None:
    choices = [("Deep Purple", True), ("Iron Maiden", False), ("Guns N' Roses", True)]
    answers = tuple(WebhookSurveyChoice(label=label, chosen=chosen) for label, chosen in choices)
    assert WebhookSurveyAnswer(answers=answers).chosen == ("Deep Purple", "Guns N' Roses")


# --- details ---


def event_of(sandbox: Sandbox, kind: str = "chat_started") -> Any:
    chat = sandbox.start_chat(sandbox.add_visitor(name="Mary"))
    return parse_webhook(
        {
            "event_type": kind,
            "license_id": chat.license_id,
            "token": str(chat.token),
            "visitor": {"id": chat.visitor_id},
        }
    )


@pytest.mark.parametrize("kind", ["chat_started", "chat_ended", "chat_changed", "visitor_queued"])
async def test_details_reach_the_agent_by_what_the_event_brought(
    livechat_sandbox: Sandbox, livechat_client: LiveChatClient, kind: str
) -> None:
    event = event_of(livechat_sandbox, kind)
    await event.add_details(DETAILS, client=livechat_client, encoding="form")
    assert livechat_sandbox.details_of(event.visitor.id)[0].fields == DETAILS.fields


async def test_in_a_handler_the_client_is_known(
    livechat_sandbox: Sandbox, livechat_client: LiveChatClient
) -> None:
    event = event_of(livechat_sandbox)
    before = current_client.set(livechat_client)
    try:
        await event.add_details(DETAILS)
    finally:
        current_client.reset(before)
    assert livechat_sandbox.details_of(event.visitor.id)[0].fields == DETAILS.fields


async def test_elsewhere_a_client_is_asked_for() -> None:
    event = ChatStarted(visitor=WebhookVisitor(id="S1.a"), license_id="1", token=Secret(PLANTED))
    with pytest.raises(ConfigurationError, match=r"client=") as caught:
        await event.add_details(DETAILS)
    assert PLANTED not in str(caught.value)


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        ({"token"}, "token"),
        ({"license_id"}, "license_id"),
        ({"license_id", "token"}, "license_id, token"),
        ({"visitor"}, "visitor.id; register the webhook with the data type 'visitor'"),
        (
            {"visitor", "token"},
            "visitor.id, token; register the webhook with the data type 'visitor'",
        ),
    ],
)
async def test_what_the_event_lacks_is_named(
    livechat_sandbox: Sandbox, livechat_client: LiveChatClient, missing: set[str], text: str
) -> None:
    body = {"license_id": "1025707", "token": PLANTED, "visitor": {"id": "S1.a"}}
    kept = {name: value for name, value in body.items() if name not in missing}
    event: Any = parse_webhook({"event_type": "chat_started", **kept})
    with pytest.raises(ConfigurationError) as caught:
        await event.add_details(DETAILS, client=livechat_client)
    assert str(caught.value) == (
        f"add_details needs fields that this chat_started event does not have: {text}"
    )
    assert livechat_sandbox.requests == []


# --- what importing costs ---


def test_the_package_does_not_bring_in_webhooks() -> None:
    code = (
        "import sys, livechat_async\n"
        "print([name for name in sys.modules if name.startswith('livechat_async.webhooks')])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("[]", "", 0)


def test_an_empty_chat_is_the_same_whoever_made_it() -> None:
    assert ChatStarted().chat == WebhookChat()
    assert ChatStarted() == ChatStarted()
    assert ChatStarted() != ChatEnded()
