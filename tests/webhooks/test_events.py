"""Events as values: their keys, pickle, and `add_details`."""

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
from hypothesis import given
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


@pytest.mark.parametrize("kind", ["chat_started", "chat_changed", "agent_sang"])
def test_the_key_has_the_id_that_livechat_sends(kind: str) -> None:
    """Another licence or another type may have the same id (field case 45)."""
    key = key_of(kind, event_unique_id="c3b47e2f0525d0e6")
    assert key == f"{kind}:1025707:c3b47e2f0525d0e6"
    assert key == key_of(kind, event_unique_id="c3b47e2f0525d0e6", chat={"id": "OQ422UEDW5"})


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "event_type": st.sampled_from(["chat_started", "chat_ended", "a:b", "b"]),
                "license_id": st.sampled_from(["1", "1:2", "2", ""]),
                "event_unique_id": st.sampled_from(["x", "2:x", "b:1:x", "é"]),
            }
        ),
        min_size=2,
        max_size=2,
        unique_by=lambda each: tuple(sorted(each.items())),
    )
)
def test_events_that_differ_in_type_licence_or_id_have_different_keys(
    bodies: list[dict[str, str]],
) -> None:
    """No colon in one part can imitate another part (field case 45)."""
    assert len({parse_webhook(body).key for body in bodies}) == 2


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
def test_without_an_id_the_key_is_made_of_type_and_subject(
    kind: str, fields: Mapping[str, Any], key: str
) -> None:
    assert key_of(kind, **fields) == key
    # A repeated delivery may hold more data of the chat.
    assert key_of(kind, **fields, new=1) == key


@pytest.mark.parametrize("kind", ["chat_started", "chat_ended", "chat_changed", "agent_sang"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"chat": {"id": "A"}}, {"chat": {"id": "B"}}),
        ({"chat": {"id": "A"}}, {"chat": {"id": "A", "tags": ["sales"]}}),
        ({"visitor": {"id": "S1.a"}}, {"visitor": {"id": "S1.b"}}),
        ({"visitor": {"id": "S1.a"}}, {"visitor": {"id": "S1.a", "page_current": "x"}}),
        ({"visitor": {"page_current": "x"}}, {}),
        ({"new": 1}, {"new": 2}),
        ({"chat": {"new": 1}}, {"chat": {"new": 2}}),
        ({"license_id": "1"}, {"license_id": "2"}),
        ({"lc_version": "2"}, {"lc_version": "3"}),
        ({"chat": {"attachments": [1]}}, {"chat": {"attachments": [2]}}),
    ],
)
def test_without_a_subject_the_key_depends_on_the_whole_body(
    kind: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert key_of(kind, **one) == key_of(kind, **one)
    assert key_of(kind, **one) != key_of(kind, **other)
    assert key_of(kind, **one).startswith(f"{kind}:")


def test_two_changes_of_one_chat_have_different_keys() -> None:
    tagged = {**CHAT, "tags": ["sales"]}
    assert key_of("chat_changed", chat=CHAT) != key_of("chat_changed", chat=tagged)


def test_the_order_of_fields_does_not_change_the_key() -> None:
    body = {"chat": {"id": "A", "new": {"b": 1, "a": 2}}, "visitor": {"id": "S1.a"}}
    turned = {"visitor": {"id": "S1.a"}, "chat": {"new": {"a": 2, "b": 1}, "id": "A"}}
    assert key_of(**body) == key_of(**turned)


@pytest.mark.parametrize("id_", ["a:b", "a b", "\x00", "é", "\x1b[2J", "x" * 1_000_000])
@pytest.mark.parametrize("field", ["event_unique_id", "license_id", "chat", "event_type"])
def test_an_unusual_id_makes_a_short_printable_key(field: str, id_: str) -> None:
    body: dict[str, Any] = {"chat": CHAT, field: id_}
    if field == "chat":
        body["chat"] = {**CHAT, "id": id_}
    key = parse_webhook({"event_type": "chat_started", **body}).key
    assert key.isascii()
    assert key.isprintable()
    assert " " not in key
    assert len(key) <= 400


def test_a_colon_in_an_id_cannot_imitate_another_event() -> None:
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


@given(ANY_EVENT, st.text(min_size=1).map(Secret))
def test_a_key_does_not_depend_on_the_token(event: WebhookEvent, token: Secret) -> None:
    assert attrs.evolve(event, token=token).key == event.key
    assert attrs.evolve(event, token=None).key == event.key


# --- values ---


@given(ANY_EVENT)
def test_an_event_survives_pickle_and_copy_with_all_its_values(event: WebhookEvent) -> None:
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
def test_the_repr_hides_a_token_that_is_plain_text(cls: type[Any]) -> None:
    needs: dict[str, Any] = {
        TicketCreated: {"ticket": None},
        CannedResponseChanged: {"canned_response": None},
        UnknownEvent: {"event_type": "agent_sang"},
    }.get(cls, {})
    assert PLANTED not in repr(cls(token=PLANTED, **needs))
    assert "token" not in repr(cls(**needs))


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        parse_webhook(SAMPLES[0]).event_type = "chat_ended"  # type: ignore[misc]


def test_events_are_instances_of_their_base_classes() -> None:
    event = parse_webhook({"event_type": "visitor_queued", "visitor": {"id": "S1.a"}})
    assert isinstance(event, VisitorEvent)
    assert isinstance(event, WebhookEvent)
    assert not isinstance(event, ChatStarted)


def test_chosen_lists_the_labels_of_the_chosen_choices() -> None:
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
async def test_add_details_uses_the_visitor_and_token_of_the_event(
    livechat_sandbox: Sandbox, livechat_client: LiveChatClient, kind: str
) -> None:
    event = event_of(livechat_sandbox, kind)
    await event.add_details(DETAILS, client=livechat_client, encoding="form")
    assert livechat_sandbox.details_of(event.visitor.id)[0].fields == DETAILS.fields


async def test_add_details_uses_the_current_client_by_default(
    livechat_sandbox: Sandbox, livechat_client: LiveChatClient
) -> None:
    event = event_of(livechat_sandbox)
    before = current_client.set(livechat_client)
    try:
        await event.add_details(DETAILS)
    finally:
        current_client.reset(before)
    assert livechat_sandbox.details_of(event.visitor.id)[0].fields == DETAILS.fields


async def test_add_details_without_a_client_says_how_to_pass_one() -> None:
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
async def test_add_details_names_the_fields_that_the_event_lacks(
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


def test_importing_the_package_does_not_import_webhooks() -> None:
    code = (
        "import sys, livechat_async\n"
        "print([name for name in sys.modules if name.startswith('livechat_async.webhooks')])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("[]", "", 0)


def test_events_without_data_are_equal_within_their_class() -> None:
    assert ChatStarted().chat == WebhookChat()
    assert ChatStarted() == ChatStarted()
    assert ChatStarted() != ChatEnded()


@pytest.mark.parametrize(
    ("kind", "thing", "other"),
    [
        ("chat_changed", {"chat": {"id": "PJ1", "tags": ["A"]}}, {"chat": {"id": "PJ2"}}),
        ("canned_response_changed", {"canned_response": {"id": 1}}, {"canned_response": {"id": 2}}),
    ],
)
def test_a_change_without_an_id_belongs_to_the_series_of_its_thing(
    kind: str, thing: dict[str, Any], other: dict[str, Any]
) -> None:
    """The content of a change is in its key, and the thing in its series (field case 15)."""
    one = parse_webhook({"event_type": kind, "license_id": "1", **thing})
    changed = {name: {**value, "tags": ["A", "B"]} for name, value in thing.items()}
    two = parse_webhook({"event_type": kind, "license_id": "1", **changed})
    assert one.series == two.series != ""
    assert one.key != two.key
    assert parse_webhook({"event_type": kind, "license_id": "1", **other}).series != one.series
    assert parse_webhook({"event_type": kind, "license_id": "2", **thing}).series != one.series
    assert parse_webhook({"event_type": kind, "event_unique_id": "x", **thing}).series == ""


def test_events_that_are_no_changes_belong_to_no_series() -> None:
    for kind in ("chat_started", "visitor_queued", "agent_sang", "chat_changed"):
        assert parse_webhook({"event_type": kind, "visitor": {"id": "S1"}}).series == ""
