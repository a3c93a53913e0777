"""Events on their way through Redis, as JSON."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_strategies import JSON, models

from livechat_async.errors import ConfigurationError, WebhookError
from livechat_async.redaction import HIDDEN, Secret
from livechat_async.webhooks import ChatStarted, UnknownEvent, WebhookEvent, parse_webhook
from livechat_async.webhooks.events import EVENT_CLASSES
from livechat_async.webhooks.taskiq.messages import decode_event, encode_event

FIXTURES = Path(__file__).parent.parent / "fixtures"
SAMPLES: list[dict[str, Any]] = [
    body
    for name in ("webhooks_docs", "webhooks_2017", "webhooks_2019")
    for body in json.loads((FIXTURES / f"{name}.json").read_text("utf-8")).values()
]
EVENTS = st.one_of(*map(models, (*EVENT_CLASSES.values(), UnknownEvent)))
TOKEN = "27f41c8da685c81a890f9e5f8ce48387"


@pytest.mark.parametrize("body", SAMPLES, ids=lambda body: body["event_type"])
def test_a_sample_arrives_as_it_left(body: dict[str, Any]):
    event = parse_webhook(body)
    arrived = decode_event(encode_event(event))
    assert arrived == event
    assert type(arrived) is type(event)
    assert arrived.key == event.key
    assert arrived.extra == event.extra


@given(EVENTS)
def test_any_event_arrives_as_it_left(event: WebhookEvent):
    text = encode_event(event)
    assert text.reveal().isascii()
    arrived = decode_event(text)
    assert arrived == event
    assert arrived.extra == event.extra
    assert type(arrived) is type(event)
    assert pickle.loads(pickle.dumps(arrived)) == event  # noqa: S301


@given(EVENTS)
def test_the_same_event_is_the_same_json(event: WebhookEvent):
    assert encode_event(event) == encode_event(decode_event(encode_event(event)))


def test_a_token_arrives_and_is_shown_nowhere():
    event = parse_webhook({"event_type": "chat_started", "token": TOKEN})
    text = encode_event(event)
    assert TOKEN in text.reveal()
    assert TOKEN not in repr(text)
    arrived = decode_event(text)
    assert arrived.token.reveal() == TOKEN
    assert TOKEN not in repr(arrived)
    assert HIDDEN in repr(arrived)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"$": "ChatStarted"}',
        '{"$": "ChatStarted", "is": {"no_such_field": 1}}',
        '{"$": "WebhookVisitor", "is": {}}',
        '{"$": "Popen", "is": {"args": "true"}}',
        '{"$": "datetime", "is": "yesterday"}',
        '{"$": ["a list"], "is": 1}',
        '{"$": "dict", "is": 1}',
        '{"$": "WebhookEventType", "is": "no such event"}',
        "[" * 100_000,
    ],
)
def test_what_is_no_event_is_an_error(text: str):
    with pytest.raises(WebhookError, match="an event of this version"):
        decode_event(Secret(text))


@given(JSON)
def test_any_other_json_is_an_error(value: Any):
    with pytest.raises(WebhookError):
        decode_event(Secret(json.dumps(value)))


def test_an_unreadable_event_shows_nothing_of_itself():
    text = encode_event(parse_webhook({"event_type": "chat_started", "token": TOKEN}))
    text = Secret(text.reveal()[:-1])
    with pytest.raises(WebhookError) as caught:
        decode_event(text)
    traceback = caught.value.__traceback__
    assert traceback is not None
    assert traceback.tb_next is not None
    assert TOKEN not in repr(traceback.tb_next.tb_frame.f_locals)
    assert TOKEN not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_value_that_livechat_cannot_have_sent_is_refused():
    with pytest.raises(ConfigurationError, match="with a complex cannot go through a queue"):
        encode_event(ChatStarted(extra={"number": 1j}))
