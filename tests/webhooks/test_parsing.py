"""Bodies of webhooks: every known form is decoded exactly, and everything else is explained."""

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from model_strategies import JSON, models, nearly

from livechat_async.decoding.converter import make_converter
from livechat_async.errors import WebhookError
from livechat_async.models.chats import UserType
from livechat_async.models.tickets import (
    Ticket,
    TicketAgent,
    TicketAuthor,
    TicketAuthorType,
    TicketEvent,
    TicketEventType,
    TicketGroup,
    TicketRequester,
    TicketSource,
    TicketSourceType,
    TicketStatus,
)
from livechat_async.models.visitors import CustomVariable
from livechat_async.redaction import Secret
from livechat_async.webhooks import (
    DATA_TYPES,
    CannedResponseChanged,
    ChatChanged,
    ChatEnded,
    ChatStarted,
    TicketCreated,
    UnknownEvent,
    VisitorQueued,
    Webhook,
    WebhookCannedResponse,
    WebhookChat,
    WebhookChatAgent,
    WebhookChatEvent,
    WebhookDataType,
    WebhookEvent,
    WebhookEventType,
    WebhookMessage,
    WebhookSurveyAnswer,
    WebhookSurveyChoice,
    WebhookVisitor,
    parse_webhook,
)
from livechat_async.webhooks.events import EVENT_CLASSES

FIXTURES = Path(__file__).parent.parent / "fixtures"
TOKEN = "0123456789abcdef0123456789abcdef"
ENVELOPE: Mapping[str, Any] = {"token": TOKEN, "license_id": "1025707"}
JOHN = WebhookChatAgent(name="John Doe", login="john.doe@example.com")
PLANTED = "PLANTEDtoken0001"


def samples(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return found


DOCS, OF_2017, OF_2019 = map(samples, ("webhooks_docs", "webhooks_2017", "webhooks_2019"))
SAMPLES = [*DOCS.values(), *OF_2017.values(), *OF_2019.values()]


def utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def started(**fields: Any) -> Any:
    return parse_webhook({"event_type": "chat_started", **ENVELOPE, **fields})


def problem_of(body: Any) -> WebhookError:
    with pytest.raises(WebhookError) as caught:
        parse_webhook(body)
    return caught.value


# --- known forms ---

MARY = WebhookVisitor(
    id="S126126161.O136OJPO1",
    name="Mary Brown",
    email="mary.brown@example.com",
    custom_variables=(CustomVariable(key="Customer ID", value="POQ51023XZA"),),
)
SURVEY = (
    WebhookSurveyAnswer(
        id="135963440121804757", type="name", label="Your name", answer="Mary Brown"
    ),
    WebhookSurveyAnswer(
        id="135963440121802531", type="email", label="Your e-mail", answer="mary.brown@example.com"
    ),
    WebhookSurveyAnswer(
        id="135963613764705707",
        type="checkbox",
        label="What are your favourite music bands?",
        answers=(
            WebhookSurveyChoice(label="Deep Purple", chosen=True),
            WebhookSurveyChoice(label="Iron Maiden", chosen=False),
            WebhookSurveyChoice(label="Guns N' Roses", chosen=True),
        ),
    ),
)
CHAT = WebhookChat(
    id="MH022RD0K5",
    started=utc(1358937653),
    ended=utc(1358939109),
    messages=(
        WebhookMessage(
            user_type=UserType.AGENT,
            author_name="John Doe",
            agent_id="john.doe@example.com",
            text="Hello",
            date=utc(1358937653),
        ),
        WebhookMessage(
            user_type=UserType.SUPERVISOR,
            author_name="James Doe",
            agent_id="james@example.com",
            text="This is whispered message.",
            date=utc(1358937658),
        ),
        WebhookMessage(
            user_type=UserType.VISITOR,
            author_name="Mary Brown",
            text="How are you?",
            date=utc(1358937661),
        ),
    ),
    tags=("sales", "support", "feedback"),
)
TICKET = Ticket(
    id="CCWWM",
    status=TicketStatus.OPEN,
    subject="Welcome",
    requester=TicketRequester(mail="mary.brown@example.com", name="Mary Brown"),
    assignee=TicketAgent(id="john.doe@example.com", name="John Doe"),
    groups=(TicketGroup(id=0, name="All operators"),),
    source=TicketSource(type=TicketSourceType.LC2, id="NO4Y5FAERW"),
    tags=("support",),
    events=(
        TicketEvent(
            type=TicketEventType.MESSAGE,
            author=TicketAuthor(
                id="mary.brown@example.com", name="agent4", type=TicketAuthorType.AGENT
            ),
            date=datetime(2014, 8, 18, 10, 5, 5, tzinfo=UTC),
            message="How are you?",
            source=TicketSource(type=TicketSourceType.AGENT_APP_MANUAL),
        ),
    ),
)
OF_ALL: Mapping[str, Any] = {"license_id": "1025707", "token": Secret(TOKEN)}
CHAT_DATA = frozenset({"chat", "visitor", "pre_chat_survey"})


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("envelope", ChatStarted(**OF_ALL)),
        (
            "visitor only",
            ChatStarted(
                **OF_ALL,
                data_types=frozenset({"visitor"}),
                visitor=WebhookVisitor(
                    id="S1354547427.0c151b0e1b", name="John", email="john.doe@example.com"
                ),
            ),
        ),
        (
            "chat_started",
            ChatStarted(
                **OF_ALL,
                data_types=CHAT_DATA,
                chat=attrs.evolve(CHAT, ended=None),
                visitor=MARY,
                pre_chat_survey=SURVEY,
            ),
        ),
        ("chat_ended", ChatEnded(**OF_ALL, data_types=CHAT_DATA, chat=CHAT, visitor=MARY)),
        (
            "chat_changed",
            ChatChanged(
                **OF_ALL, data_types=frozenset({"chat", "visitor"}), chat=CHAT, visitor=MARY
            ),
        ),
        (
            "visitor_queued",
            VisitorQueued(**OF_ALL, data_types=frozenset({"visitor"}), visitor=MARY),
        ),
        (
            "ticket_created",
            TicketCreated(**OF_ALL, data_types=frozenset({"ticket"}), ticket=TICKET),
        ),
        (
            "canned_response_changed",
            CannedResponseChanged(
                **OF_ALL,
                data_types=frozenset({"canned_response"}),
                canned_response=WebhookCannedResponse(
                    id=1,
                    group=0,
                    modified=utc(1494230856),
                    tags=("shortcut1", "shortcut2"),
                    text="Can I help you with anything else?",
                ),
            ),
        ),
    ],
)
def test_the_documented_form_decodes_exactly(name: str, event: WebhookEvent) -> None:
    parsed = parse_webhook(json.dumps(DOCS[name]))
    assert parsed == event
    assert type(parsed) is type(event)


MARY_2017 = WebhookVisitor(
    id="S1493177572.a78cd5f8c4",
    name="Mary Brown",
    email="mary.brown@example.com",
    country="Australia",
    city="Adelaide",
    language="en",
    page_current="http://shop.example.com/",
    timezone="Australia/South",
)
SURVEY_2017 = (
    WebhookSurveyAnswer(id="2001", type="name", label="Name:", answer="Mary Brown"),
    WebhookSurveyAnswer(id="2002", type="email", label="E-mail:", answer="mary.brown@example.com"),
)


def said(text: str, seconds: int, agent_id: str | None = JOHN.login) -> WebhookMessage:
    name = "Mary Brown" if agent_id is None else "John Doe"
    return WebhookMessage(
        user_type=UserType.AGENT,
        author_name=name,
        agent_id=agent_id,
        text=text,
        date=utc(seconds),
    )


def test_a_start_of_2017_decodes_exactly() -> None:
    assert parse_webhook(OF_2017["chat_started"]) == ChatStarted(
        **OF_ALL,
        unique_id="c3b47e2f0525d0e669a0af23898050b8",
        data_types=CHAT_DATA,
        chat=WebhookChat(
            id="OPNPVYYWEX",
            started=utc(1494390273),
            url="http://shop.example.com/",
            messages=(said("Hello. How may I help you?", 1494390273),),
            agents=(JOHN,),
            groups=(0,),
        ),
        visitor=MARY_2017,
        pre_chat_survey=SURVEY_2017,
    )


def test_an_end_of_2017_decodes_exactly() -> None:
    event = parse_webhook(OF_2017["chat_ended"])
    assert event == ChatEnded(
        license_id="1025707",
        token=Secret(TOKEN[::-1]),
        unique_id="8dd982355fdae65ded2d44a99f2243e8",
        data_types=CHAT_DATA,
        chat=WebhookChat(
            id="OQ422UEDW5",
            started=utc(1494990905),
            ended=utc(1494998418),
            url="http://shop.example.com/#",
            messages=(
                said("Hello. How may I help you?", 1494990905),
                said("My order still hasn't arrived!", 1494998205, None),
            ),
            events=(
                WebhookChatEvent(
                    user_type=UserType.VISITOR,
                    text="Mary Brown closed the chat.",
                    date=utc(1494998418),
                    type="closed",
                ),
            ),
            agents=(JOHN, WebhookChatAgent(name="James Doe", login="james@example.com")),
            groups=(0,),
        ),
        visitor=MARY_2017,
        pre_chat_survey=SURVEY_2017,
    )
    # This body gives the visitor the user_type of an agent.
    assert [message.is_from_visitor for message in event.chat.messages] == [False, True]


def test_the_form_of_2019_decodes_exactly() -> None:
    assert parse_webhook(OF_2019["chat_started"]) == ChatStarted(
        **OF_ALL,
        unique_id="c94b73d793dc6bbe1b9cd5239c5f1e8d",
        lc_version="2",
        data_types=frozenset({"visitor", "pre_chat_survey"}),
        visitor=WebhookVisitor(
            id="S1556912895.c3729eb612",
            name="Mary Brown",
            email="mary.brown@example.com",
            country="Canada",
            city="Edmonton",
            language="en",
            page_current="https://shop.example.com/chat?groups=4&name=Mary%20Brown",
            timezone="America/Edmonton",
        ),
    )


@pytest.mark.parametrize("body", SAMPLES)
def test_the_samples_have_no_unknown_fields(body: Mapping[str, Any]) -> None:
    waiting: list[Any] = [parse_webhook(body)]
    while waiting:
        model = waiting.pop()
        if attrs.has(type(model)):
            assert model.extra == {}
            waiting += [getattr(model, field.name) for field in attrs.fields(type(model))]
        elif isinstance(model, tuple):
            waiting += model


def test_every_event_type_has_a_class_with_its_data_types() -> None:
    assert EVENT_CLASSES.keys() == DATA_TYPES.keys() == set(WebhookEventType)
    for kind, data_types in DATA_TYPES.items():
        held = {field.name for field in attrs.fields(EVENT_CLASSES[kind])}
        assert {*map(str, data_types)} == held & {*map(str, WebhookDataType)}


# --- types of bodies ---


@pytest.mark.parametrize("body", SAMPLES)
def test_every_form_of_a_body_gives_the_same_event(body: dict[str, Any]) -> None:
    text = json.dumps(body, ensure_ascii=False)
    before = copy.deepcopy(body)
    event = parse_webhook(body)
    for form in (
        text,
        text.encode(),
        bytearray(text.encode()),
        b"\xef\xbb\xbf" + text.encode(),
        json.dumps(body, indent=1),
        MappingProxyType({**body, "visitor": MappingProxyType(body["visitor"])})
        if "visitor" in body
        else MappingProxyType(body),
    ):
        assert parse_webhook(form) == event
    assert body == before


def test_a_mapping_is_not_kept() -> None:
    body = {"event_type": "chat_started", "new": {"list": [1]}}
    event = parse_webhook(body)
    body["new"]["list"].append(2)
    assert event.extra == {"new": {"list": [1]}}


def test_half_an_emoji_becomes_one_replacement_character() -> None:
    event = parse_webhook(b'{"event_type": "chat_started", "visitor": {"name": "Mary \\ud83d"}}')
    assert event.visitor.name == "Mary \ufffd"


@pytest.mark.parametrize("name", ["visitor_queued", "visior_queued"])
def test_the_old_spelling_of_visitor_queued_is_accepted(name: str) -> None:
    event = parse_webhook({"event_type": name, "visitor": {"id": "S1.a"}})
    assert isinstance(event, VisitorQueued)
    assert event.event_type == WebhookEventType.VISITOR_QUEUED
    body = {
        "id": "39612eee5f1b431217aafb9de19c1e32",
        "event_type": name,
        "url": "x",
        "data_types": [],
    }
    webhook = make_converter().structure(body, Webhook)
    assert webhook.event_type is WebhookEventType.VISITOR_QUEUED


def test_an_unknown_event_keeps_all_its_fields() -> None:
    body = {"event_type": "agent_sang", "visitor": None, "chat": [], "ticket": {"id": 7}, "new": 1}
    event = parse_webhook({**ENVELOPE, **body})
    assert isinstance(event, UnknownEvent)
    assert event.event_type == "agent_sang"
    assert (event.license_id, event.token) == ("1025707", TOKEN)
    del body["event_type"]
    assert event.extra == body
    assert event.data_types == {"ticket"}


# --- wrong and incomplete bodies ---


@pytest.mark.parametrize(
    ("body", "path", "found"),
    [
        (b"", "", "an empty body"),
        (b"foobar", "", "6 bytes of something else"),
        (b"<html></html>", "", "13 bytes of something else"),
        (b'{"event_type": "chat_started", "visi', "", "36 bytes of something else"),
        (b'{"event_type": "chat_started",}', "", "31 bytes of something else"),
        (b'{"event_type": "chat_ended" "chat": {}}', "", "39 bytes of something else"),
        (b"{'event_type': 'chat_started'}", "", "30 bytes of something else"),
        (b'{"event_type": "chat_started"}{}', "", "32 bytes of something else"),
        (b'{"event_type": "chat_started", "n": 0x1}', "", "40 bytes of something else"),
        (b"\xff\xfe{\x00}\x00", "", "6 bytes of something else"),
        (b"[" * 100_000, "", "100,000 bytes of something else"),
        ("\udc00", "", "1 byte of something else"),
        (b"[]", "", "a list"),
        (b"null", "", "null"),
        (b"true", "", "true"),
        (b"7.5", "", "a number"),
        (b'"chat_started"', "", "a text"),
        (None, "", "null"),
        ({"event_type": object()}, "", "a dict that JSON cannot hold"),
        ({"event_type": "chat_started", "n": float("nan")}, "", "a dict that JSON cannot hold"),
        ({("a", "b"): 1}, "", "a dict that JSON cannot hold"),
        (b"{}", "event_type", "no such field"),
        (b'{"event_type": ""}', "event_type", "a blank text"),
        (b'{"event_type": " "}', "event_type", "a blank text"),
        (b'{"event_type": null}', "event_type", "null"),
        (b'{"event_type": 7}', "event_type", "a number"),
        (b'{"event_type": ["chat_started"]}', "event_type", "a list"),
        (b'{"event_type": {}}', "event_type", "an object"),
        ({"event_type": "visitor_queued"}, "visitor", "nothing"),
        ({"event_type": "visior_queued", "visitor": None}, "visitor", "nothing"),
        ({"event_type": "visitor_queued", "visitor": []}, "visitor", "nothing"),
        ({"event_type": "ticket_created", "ticket": ""}, "ticket", "nothing"),
        (
            {"event_type": "ticket_created", "ticket": {"subject": "x"}},
            "ticket.id",
            "no such field",
        ),
        ({"event_type": "canned_response_changed"}, "canned_response", "nothing"),
        (
            {"event_type": "chat_ended", "chat": {"messages": [{}, {"timestamp": "noon"}]}},
            "chat.messages[1].timestamp",
            "'noon'",
        ),
        (
            {"event_type": "chat_ended", "chat": {"messages": {"0": {}}}},
            "chat.messages",
            "an object",
        ),
        ({"event_type": "chat_ended", "chat": {"id": [7]}}, "chat.id", "a list"),
        ({"event_type": "chat_ended", "visitor": "Mary"}, "visitor", "'Mary'"),
        ({"event_type": "chat_ended", "license_id": True}, "license_id", "true"),
    ],
)
def test_the_error_for_a_wrong_body_says_where_and_what(body: Any, path: str, found: str) -> None:
    problem = problem_of(body)
    assert problem.path == path
    assert problem.found.startswith(found)
    assert problem.found in str(problem)
    assert problem.__cause__ is problem.__context__ is None


@pytest.mark.parametrize("missing", ["visitor", "ticket", "canned_response"])
def test_the_error_for_missing_data_names_the_data_type_to_register(missing: str) -> None:
    (kind,) = (kind for kind, data_types in DATA_TYPES.items() if data_types == (missing,))
    problem = problem_of({"event_type": str(kind), **ENVELOPE})
    assert str(problem).endswith(f"Register the webhook with the data type {missing!r}")


@pytest.mark.parametrize(
    "body",
    [
        {
            "webhook_id": "8f3a",
            "secret_key": PLANTED,
            "action": "incoming_chat",
            "organization_id": "390e44e6",
            "payload": {"chat": {}},
        },
        {"secret_key": PLANTED, "action": "incoming_chat"},
        {"webhook_id": "8f3a", "payload": {}},
    ],
)
def test_a_webhook_of_version_3_is_recognised(body: Mapping[str, Any]) -> None:
    text = str(problem_of(body))
    assert "version 3" in text
    assert "version 2" in text
    assert PLANTED not in text


@pytest.mark.parametrize("kind", ["chat_started", "chat_ended", "chat_changed"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"token": TOKEN},
        {"license_id": "1025707"},
        {"license_id": "", "token": None, "event_unique_id": ""},
        {"chat": None, "visitor": None, "pre_chat_survey": None},
        {"chat": "", "visitor": "", "pre_chat_survey": ""},
        {"chat": [], "visitor": [], "pre_chat_survey": []},
        {"chat": {}, "visitor": {}},
        {"visitor": {"email": "mary.brown@example.com"}},
        {"visitor": {"id": "S1.a"}},
        {"visitor": {"id": "", "name": "", "email": "", "custom_variables": ""}},
        {"chat": {"id": ""}},
        {"chat": {"id": "OQ422UEDW5", "ended_timestamp": 1494998418}},
        {"chat": {"id": "OQ422UEDW5", "started_timestamp": 1494990905}},
        {"chat": {"id": "OQ422UEDW5", "started_timestamp": "", "ended_timestamp": 0}},
        {"chat": {"messages": [], "agents": [], "tags": "", "groups": None}},
        {"chat": {"messages": [{}, {"text": None, "user_type": "", "timestamp": None}]}},
        {"chat": {"messages": [{"user_type": "bot", "json": {"a": [1]}}]}},
        {"chat": {"messages": [{"json": '{"a": 1}'}]}},
        {"chat": {"agents": [{}, {"name": "John Doe"}, {"login": "john.doe@example.com"}]}},
        {"chat": {"attachments": [{"url": "https://files.example.com/shoe.png"}]}},
        {"chat": {"new": {"a": 1}}, "visitor": {"new": []}, "new": None},
    ],
)
def test_missing_and_unknown_fields_do_not_fail_an_event(
    kind: str, fields: Mapping[str, Any]
) -> None:
    event: Any = parse_webhook({"event_type": kind, **fields})
    assert type(event) is EVENT_CLASSES[WebhookEventType(kind)]
    assert isinstance(event.visitor.email, str)
    assert event.chat.messages == event.chat.messages
    assert hash(event) == hash(parse_webhook({"event_type": kind, **fields}))
    assert event.data_types == {
        name
        for name in ("chat", "visitor", "pre_chat_survey")
        if fields.get(name) or (name == "pre_chat_survey" and fields.get(name) == [])
    }


def test_data_that_is_absent_becomes_an_empty_object() -> None:
    event = started()
    assert (event.chat, event.visitor) == (WebhookChat(), WebhookVisitor())
    assert (event.visitor.email, event.visitor.id, event.chat.id) == ("", None, None)
    assert event.pre_chat_survey == ()
    assert event.data_types == frozenset()


@pytest.mark.parametrize("nothing", [None, "", [], {}])
def test_nothing_is_no_data_in_whichever_form_it_comes(nothing: Any) -> None:
    """PHP writes an empty object as a list, other languages do not (field case 3)."""
    event = started(chat=nothing, visitor=nothing)
    assert event.data_types == frozenset()
    assert event == started()
    with pytest.raises(WebhookError, match="Register the webhook with the data type 'ticket'"):
        parse_webhook({"event_type": "ticket_created", "ticket": nothing})


@pytest.mark.parametrize("empty", [[], {}])
def test_an_empty_survey_counts_as_data(empty: Any) -> None:
    """It is a list without answers (field case 3)."""
    assert started(pre_chat_survey=empty).data_types == {"pre_chat_survey"}


@pytest.mark.parametrize("number", [1025707, "1025707"])
def test_ids_sent_as_numbers_become_text(number: Any) -> None:
    event = started(license_id=number, event_unique_id=number, lc_version=2.0, visitor={"id": 7})
    assert (event.license_id, event.unique_id) == ("1025707",) * 2
    assert event.key == f"{event.event_type}:1025707:1025707"
    assert (event.lc_version, event.visitor.id) == ("2.0", "7")


def test_unknown_fields_are_kept_in_their_own_object() -> None:
    event = started(new=1, chat={"new": 2}, visitor={"new": 3})
    assert (event.extra, event.chat.extra, event.visitor.extra) == (
        {"new": 1},
        {"new": 2},
        {"new": 3},
    )


def test_a_field_named_data_types_in_the_body_is_ignored() -> None:
    assert started(data_types=["ticket"], chat={"id": "A"}).data_types == {"chat"}


def test_the_deepest_accepted_body_can_be_pickled_and_has_a_key() -> None:
    def nested(levels: int) -> dict[str, Any]:
        value: Any = 1
        for _ in range(levels):
            value = [value]
        return {"event_type": "new", "deep": value}

    event = parse_webhook(nested(99))
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301 - our own bytes
    assert event.key.startswith("new:")
    assert problem_of(nested(101)).expected == "JSON of at most 100 levels"
    many = parse_webhook({"event_type": "new", "wide": [[{}]] * 1000})
    assert len(many.extra["wide"]) == 1000


# --- any body ---

WILD_TEXT = st.text(st.characters(), max_size=20)
ANY_EVENT = st.sampled_from([*map(str, WebhookEventType), "visior_queued", "agent_sang", ""])


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(ANY_EVENT)
    cls = next((c for k, c in EVENT_CLASSES.items() if k == kind), ChatStarted)
    body = draw(nearly(cls))
    for name in draw(
        st.sets(st.sampled_from([*attrs.fields_dict(WebhookEvent), *WebhookDataType]))
    ):
        body.pop(str(name), None)
    if draw(st.booleans()):
        body.update(event_unique_id=None, license_id="1025707", lc_version="2", token=None)
    return {**body, "event_type": kind, **draw(st.dictionaries(WILD_TEXT, JSON, max_size=2))}


@given(st.binary() | WILD_TEXT | JSON | bodies() | bodies().map(json.dumps))
def test_parsing_raises_webhook_errors_only(body: Any) -> None:
    try:
        event = parse_webhook(body)
    except WebhookError as error:
        assert str(error)  # noqa: PT017 - most bodies raise nothing
    else:
        assert isinstance(event, WebhookEvent)
        assert event == parse_webhook(body)
        assert event.key == parse_webhook(body).key
        assert event.key.isascii()
        assert event.key.isprintable()
        assert 0 < len(event.key) <= 400
        assert hash(event) == hash(parse_webhook(body))
        twin = pickle.loads(pickle.dumps(event))  # noqa: S301 - our own bytes
        assert (twin, twin.key, type(twin)) == (event, event.key, type(event))


@given(st.data(), st.sampled_from([ChatStarted, ChatEnded, ChatChanged, VisitorQueued]))
def test_an_event_written_as_json_is_read_back_equal(data: st.DataObject, cls: type[Any]) -> None:
    event = data.draw(models(cls))
    body = make_converter().unstructure(event)
    body["event_type"] = kind = next(k for k, c in EVENT_CLASSES.items() if c is cls)
    text = json.dumps(body, default=lambda it: it.reveal() if isinstance(it, Secret) else list(it))
    assume("Infinity" not in text)  # which JSON cannot hold
    parsed: Any = parse_webhook(text)
    brought = set(body) & {*map(str, WebhookDataType)}
    assert parsed == attrs.evolve(event, event_type=kind, data_types=parsed.data_types)
    assert parsed.data_types <= brought


def with_tokens(value: Any) -> Any:
    """The value, with a token in each of its objects."""
    if isinstance(value, dict):
        return {**{name: with_tokens(item) for name, item in value.items()}, "token": PLANTED}
    return [with_tokens(item) for item in value] if isinstance(value, list) else value


def faces_of(outcome: object) -> Iterator[str]:
    yield repr(outcome)
    yield str(outcome)
    yield f"{[outcome]}"
    if isinstance(outcome, WebhookError):
        yield repr(vars(outcome))
        yield repr(outcome.args)
        yield pickle.dumps(outcome).decode("latin-1")
        assert outcome.__cause__ is outcome.__context__ is None
        shown = traceback.TracebackException.from_exception(outcome, capture_locals=True)
        ours = [frame for frame in shown.stack if "/livechat_async/" in frame.filename]
        assert ours
        yield "".join(traceback.StackSummary.from_list(ours).format())
        yield from (repr(frame.locals) for frame in ours)


def outcome_of(body: Any) -> object:
    try:
        return parse_webhook(body)
    except WebhookError as error:
        return error


@given(bodies() | st.sampled_from(SAMPLES), st.integers(0, 10_000), st.sampled_from("<>-+"))
def test_no_broken_body_makes_a_token_visible(body: dict[str, Any], at: int, damage: str) -> None:
    planted = with_tokens(body)
    try:
        text = json.dumps(planted).encode()
    except ValueError:
        text = b""
    at %= len(text) + 1
    broken = {
        "<": text[:at],
        ">": text[at:],
        "-": text[:at] + text[at + 1 :],
        "+": text[:at] + b'"' + text[at:],
    }[damage]
    for given_ in (planted, text, broken, broken.decode("utf-8", "replace")):
        for face in faces_of(outcome_of(given_)):
            assert PLANTED not in face


@pytest.mark.parametrize("token", [[PLANTED], {"a": PLANTED}, {PLANTED: 1}])
def test_a_token_that_is_not_text_stays_hidden(token: Any) -> None:
    outcome = outcome_of({"event_type": "chat_started", "token": token})
    assert isinstance(outcome, WebhookError)
    assert (outcome.path, outcome.expected) == ("token", "text")
    assert not any(PLANTED in face for face in faces_of(outcome))


def test_a_token_repeated_elsewhere_in_the_body_stays_hidden() -> None:
    body = {"event_type": "chat_started", "token": PLANTED, "visitor": f"see {PLANTED}"}
    outcome = outcome_of(body)
    assert isinstance(outcome, WebhookError)
    assert outcome.found == "'see ***'"


@pytest.mark.parametrize("body", [f'"{PLANTED}"', f'{{"event_type": ["{PLANTED}"]}}'])
def test_errors_do_not_show_pieces_of_the_body(body: str) -> None:
    outcome = outcome_of(body)
    assert isinstance(outcome, WebhookError)
    assert not any(PLANTED in face for face in faces_of(outcome))


def test_parsing_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for body in (*SAMPLES, b"{", {}, {"event_type": "new"}):
            outcome_of(body)
    assert caplog.records == []


def test_an_error_is_short_and_printable() -> None:
    body = {"event_type": "chat_started", "visitor": "\x1b[2J\n" + "x" * 10_000}
    problem = problem_of(body)
    assert str(problem).isprintable()
    assert len(str(problem)) < 300


def test_a_webhook_error_survives_pickle() -> None:
    problem = problem_of({"event_type": "visitor_queued"})
    twin = pickle.loads(pickle.dumps(problem))  # noqa: S301 - our own bytes
    assert (str(twin), vars(twin)) == (str(problem), vars(problem))


# --- registrations ---


def test_the_documented_registration_decodes_exactly() -> None:
    body = {
        "licence": 12345,
        "event_type": "chat_started",
        "data_types": ["chat", "visitor", "agent"],
        "url": "https://user:PLANTEDpassword@example.com/livechat",
        "verified": True,
        "token": TOKEN,
        "id": "39612eee5f1b431217aafb9de19c1e32",
    }
    webhook = make_converter().structure(body, Webhook)
    assert webhook == Webhook(
        id="39612eee5f1b431217aafb9de19c1e32",
        event_type=WebhookEventType.CHAT_STARTED,
        data_types=(WebhookDataType.CHAT, WebhookDataType.VISITOR, "agent"),
        url=Secret("https://user:PLANTEDpassword@example.com/livechat"),
        token=Secret(TOKEN),
        license_id="12345",
        verified=True,
    )
    assert webhook.address == "https://example.com/livechat"
    for text in (repr(webhook), str(webhook), repr(attrs.asdict(webhook))):
        assert "PLANTED" not in text
        assert TOKEN not in text


@given(models(Webhook))
def test_a_registration_written_as_json_is_read_back_equal(webhook: Webhook) -> None:
    converter = make_converter()
    assert converter.structure(converter.unstructure(webhook), Webhook) == webhook


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://example.com/livechat", "https://example.com/livechat"),
        ("https://user:a%40b@example.com/livechat?a=b#c", "https://example.com/livechat?a=b#c"),
        ("https://user:a@b@example.com", "https://example.com"),
        ("https://user@example.com:8443/", "https://example.com:8443/"),
        ("https://example.com/@user:a", "https://example.com/@user:a"),
        ("https://example.com?to=mary@example.com", "https://example.com?to=mary@example.com"),
        ("user:a@example.com/livechat", "example.com/livechat"),
        ("", ""),
    ],
)
def test_the_address_of_a_registration_has_no_credentials(url: str, address: str) -> None:
    assert Webhook(id="1", event_type="chat_started", url=Secret(url)).address == address


@pytest.mark.parametrize(("value", "text"), [(34, "34"), (True, "true"), (None, ""), ([1], "[1]")])
def test_what_people_type_is_text_in_a_webhook(value: object, text: str) -> None:
    """A site's code sets custom variables to whatever it has (field case 1)."""
    variables = [{"key": "campaign_id", "value": value}]
    event = parse_webhook(
        {"event_type": "chat_ended", "visitor": {"id": "S1", "custom_variables": variables}}
    )
    assert isinstance(event, ChatEnded)
    assert event.visitor.custom_variables == (CustomVariable(key="campaign_id", value=text),)


@pytest.mark.parametrize(
    ("name", "text"), [(b'"M\xe9"', "M\ufffd"), (b'"a\tb\n"', "a\tb\n"), (b"NaN", "")]
)
def test_a_body_that_is_hardly_json_is_mended(name: bytes, text: str) -> None:
    """One odd byte does not lose an event (field case 2)."""
    body = b'{"event_type":"chat_ended","visitor":{"id":"S1","name":%b}}' % name
    event = parse_webhook(body)
    assert isinstance(event, ChatEnded)
    assert event.visitor.name == text


def test_nothing_in_a_webhook_is_nothing() -> None:
    """PHP's empty list, nulls in lists and zero times are known here too (field case 3)."""
    chat = {"id": "A", "tags": [None, "a"], "started_timestamp": "0", "messages": None}
    event = parse_webhook({"event_type": "chat_ended", "chat": chat, "visitor": []})
    assert isinstance(event, ChatEnded)
    assert (event.chat.tags, event.chat.started, event.chat.messages) == (("a",), None, ())
    assert event.visitor.id is None


@pytest.mark.parametrize("place", [b'"visitor":{"id":"S1","name":%b}', b'"new":%b', b'"chat":%b'])
def test_a_body_of_many_levels_is_a_typed_error(place: bytes) -> None:
    """No recursion over what others send ends in a bare `RecursionError` (field case 42)."""
    for levels in (101, 900, 100_000):
        deep = b"[" * levels + b"]" * levels
        with pytest.raises(WebhookError):
            parse_webhook(b'{"event_type":"chat_ended",' + place % deep + b"}")
