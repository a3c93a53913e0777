"""Chats as LiveChat sends them, in every form that was seen, decoded exactly or explained."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livechat_async.checks import find_zone
from livechat_async.decoding.converter import make_converter
from livechat_async.decoding.problems import WireError, find_wire_error
from livechat_async.decoding.times import parse_time
from livechat_async.models.chats import (
    Chat,
    ChatAgent,
    ChatEvent,
    ChatEventType,
    ChatGoal,
    ChatMessage,
    ChatQueue,
    ChatRate,
    ChatSurveyAnswer,
    ChatType,
    ChatVisitor,
    Engagement,
    GoalOrder,
    UserType,
)
from livechat_async.models.visitors import CustomVariable

FIXTURES = Path(__file__).parent.parent / "fixtures"
WARSAW = ZoneInfo("Europe/Warsaw")
CONVERTER = make_converter()


def items(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text("utf-8"))["chats"]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


def decoded(**fields: Any) -> Chat:
    return CONVERTER.structure({"id": "MH022RD0K5", **fields}, Chat)


def problem_of(**fields: Any) -> WireError:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind; the next line reads it
        CONVERTER.structure([{"id": "MH022RD0K5", **fields}], list[Chat])
    return find_wire_error(caught.value)


# --- the forms that were seen ---


def test_a_chat_of_2018_decodes_exactly() -> None:
    chat, _ = CONVERTER.structure(items("chats_2018.json"), list[Chat])
    hello = {
        "text": "Hello",
        "author_name": "John Doe",
        "user_type": UserType.AGENT,
        "agent_id": "john.doe@example.com",
        "date": utc(2018, 10, 23, 10, 40, 53),
        "event_id": "PA0H4V6DXR_1",
    }
    assert chat == Chat(
        id="PA0H4V6DXR",
        type=ChatType.CHAT,
        visitor=ChatVisitor(
            id="S1355415390.49b8940793",
            name="Mary Brown",
            email="mary.brown@example.com",
            ip="203.0.113.5",
            city="Central District",
            region="",
            country="Hong Kong",
            country_code="HK",
            timezone="Asia/Hong_Kong",
            user_agent="Mozilla/5.0 (X11; Linux x86_64)",
        ),
        visitor_id="S1355415390.49b8940793",
        visitor_name="Mary Brown",
        visitor_ip="203.0.113.5",
        agents=(
            ChatAgent(display_name="John Doe", email="john.doe@example.com", ip="198.51.100.9"),
        ),
        supervisors=(ChatAgent(display_name="Jane Doe", email="jane.doe@example.com"),),
        rate=ChatRate.NOT_RATED,
        duration=1456,
        chat_start_url="https://www.example.com/pricing/",
        referrer="https://search.example.com/",
        group=(0, 3),
        started=utc(2018, 10, 23, 10, 40, 53),
        ended=utc(2018, 10, 23, 11, 5, 9),
        pending=False,
        prechat_survey=(
            ChatSurveyAnswer(key="Name:", value="", id="13589376348060238"),
            ChatSurveyAnswer(key="E-mail:", value="mary.brown@example.com", id="2002"),
        ),
        postchat_survey=(
            ChatSurveyAnswer(key="How would you rate us?", value="Good", id="137164167769201638"),
        ),
        custom_variables=(CustomVariable(key="customer_login", value="mary_brown"),),
        integration_variables=(CustomVariable(key="facebook.id", value="123456789"),),
        goals=(
            ChatGoal(
                id=71,
                name="bought",
                type="sales_tracker",
                date=utc(2018, 10, 23, 10, 51, 2),
                order=GoalOrder(
                    id="ABC", description="boots", price=Decimal("199.90"), currency="CZK"
                ),
            ),
        ),
        queue=ChatQueue(duration=20),
        tags=("sales", "support"),
        tickets=(),
        timezone="Europe/Berlin",
        messages=(ChatMessage(**hello),),
        events=(
            ChatEvent(**hello, type=ChatEventType.MESSAGE, message_json='{"cards": []}'),
            ChatEvent(
                type=ChatEventType.ATTACHMENT,
                text="Mary Brown uploaded the attachment.",
                author_name="Mary Brown",
                user_type=UserType.VISITOR,
                date=utc(2018, 10, 23, 10, 41, 2),
                files=("https://files.example.com/hello.jpg",),
            ),
            ChatEvent(
                type=ChatEventType.EVENT,
                event_type="closed",
                text="Mary Brown closed the chat.",
                user_type=UserType.VISITOR,
                date=utc(2018, 10, 23, 10, 41, 3),  # its text says 12:57:14: the twin wins
            ),
        ),
        engagement=Engagement.IMMEDIATE_START,
        message_id="7",
        extra={},
    )


def test_a_chat_that_goes_on_decodes_exactly() -> None:
    _, chat = CONVERTER.structure(items("chats_2018.json"), list[Chat])
    assert chat == Chat(
        id="PA0H4V6DXS",
        type=ChatType.CHAT,
        visitor=ChatVisitor(id="S1355415391.49b8940794", name="Visitor"),
        agents=(),
        messages=(),
        rate=ChatRate.NOT_RATED,
        group=(0,),
        pending=True,
        started=utc(2018, 10, 22, 22),
        ended=None,
        timezone="Europe/Berlin",
    )


def test_a_chat_of_2013_decodes_exactly() -> None:
    chat, _ = CONVERTER.structure(items("chats_2013.json"), list[Chat])
    assert chat == Chat(
        id="MH022RD0K5",
        type=ChatType.CHAT,
        visitor=None,
        visitor_id="S1355415390.49b8940793",
        visitor_name="Mary Brown",
        visitor_ip="203.0.113.5",
        agents=(ChatAgent(display_name="John Doe", email="john.doe@example.com"),),
        rate=ChatRate.RATED_GOOD,
        duration=1456,
        chat_start_url="https://www.example.com",
        group=(0,),
        started=utc(2013, 1, 23, 10, 40, 53),
        ended=utc(2013, 1, 23, 11, 5, 9),
        goals=(ChatGoal(id=72, name="newsletter", order=None),),
        timezone="Europe/Berlin",
        messages=(
            ChatMessage(
                author_name="John Doe",
                text="Hello",
                date=utc(2013, 1, 23, 10, 40, 53),
                user_type=UserType.AGENT,
                agent_id="john.doe@example.com",
            ),
        ),
        engagement=Engagement.AUTO_INVITE,
    )
    assert not chat.is_missed


def test_a_missed_chat_decodes_exactly() -> None:
    _, missed = CONVERTER.structure(items("chats_2013.json"), list[Chat])
    assert missed == Chat(
        id="MH022RD0K6",
        type=ChatType.MISSED_CHAT,
        visitor_id="S1355415391.49b8940794",
        time=utc(2013, 1, 23, 20, 12, 44),
        timezone="Europe/Berlin",
        email="mary.brown@example.com",
        message="Are you there?",
        tags=("later",),
    )
    assert missed.is_missed


def test_an_id_is_enough_and_needed() -> None:
    assert decoded() == Chat(id="MH022RD0K5")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind; the next line reads it
        CONVERTER.structure([{"type": "chat"}], list[Chat])
    error = find_wire_error(caught.value)
    assert (error.path, error.found) == ("[0].id", "no such field")


# --- the visitor, wherever it stands ---


def test_the_visitor_is_had_from_either_form() -> None:
    chat, missed = CONVERTER.structure(items("chats_2013.json"), list[Chat])
    assert chat.visitor_summary == ChatVisitor(
        id="S1355415390.49b8940793", name="Mary Brown", ip="203.0.113.5"
    )
    assert missed.visitor_summary == ChatVisitor(
        id="S1355415391.49b8940794", email="mary.brown@example.com"
    )
    chat, _ = CONVERTER.structure(items("chats_2018.json"), list[Chat])
    assert chat.visitor_summary is chat.visitor


@pytest.mark.parametrize("visitor", [None, "", {}, []])
def test_no_visitor_is_none(visitor: object) -> None:
    assert decoded(visitor=visitor).visitor is None
    assert decoded(visitor=visitor).visitor_summary is None
    assert decoded(visitor=visitor, visitor_id="").visitor_summary is None
    assert decoded(visitor=visitor, visitor_name="Mary").visitor_summary == ChatVisitor(name="Mary")


# --- times ---


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Wed, 01/23/13 11:40:53 am", "2013-01-23 11:40:53"),
        ("Wed, 01/23/13 12:05:09 pm", "2013-01-23 12:05:09"),
        ("Wed, 01/23/13 12:00:00 am", "2013-01-23 00:00:00"),
        ("Wed, 01/23/13 12:59:59 am", "2013-01-23 00:59:59"),
        ("Wed, 01/23/13 01:00:00 pm", "2013-01-23 13:00:00"),
        ("Wed, 01/23/13 11:59:59 pm", "2013-01-23 23:59:59"),
        ("Sat, 02/29/20 09:00:00 am", "2020-02-29 09:00:00"),
        ("Sun, 01/23/13 11:40:53 am", "2013-01-23 11:40:53"),  # it was a Wednesday
        ("2013-01-23 11:40:53", "2013-01-23 11:40:53"),
    ],
)
def test_a_text_is_read_on_either_half_of_the_day(text: str, time: str) -> None:
    assert parse_time(text) == naive(time)
    assert decoded(started=text).started == naive(time)
    assert decoded(time=text).time == naive(time)


@pytest.mark.parametrize(
    "text",
    [
        "Wed, 01/23/13 13:05:09 pm",
        "Wed, 01/23/13 00:05:09 am",
        "Wed, 13/23/13 11:40:53 am",
        "Sun, 02/29/21 11:40:53 am",
        "Wed, 01/23/13 11:60:53 am",
        "Wed, 01/23/13 11:40:53",
        "Wed, 01/23/13 11:40:53 AM",
        "01/23/13 11:40:53 am",
        "Wed, 01/23/2013 11:40:53 am",
        "Wed, 01/23/13 11:40:53 am CET",
        "Wed, \u0660\u0661/23/13 11:40:53 am",
    ],
)
def test_what_is_no_time_is_an_error_at_its_field(text: str) -> None:
    for name in ("started", "ended", "time"):
        error = problem_of(**{name: text})
        assert (error.path, error.expected) == (f"[0].{name}", "a time")
    assert problem_of(events=[{"date": text}]).path == "[0].events[0].date"


NOON = "Tue, 07/23/13 12:00:00 pm"
PLACES = ["started", "ended", "time", "messages", "events", "goals"]


def time_at(place: str, text: str, *, converter: Any = CONVERTER, **fields: Any) -> datetime:
    document: Any = text if place in {"started", "ended", "time"} else [{"date": text}]
    chat = converter.structure({"id": "a", place: document, **fields}, Chat)
    found = getattr(chat, place)
    time = found[0].date if isinstance(found, tuple) else found
    assert isinstance(time, datetime)
    return time


@pytest.mark.parametrize("place", PLACES)
def test_a_text_is_in_the_chats_own_time_zone(place: str) -> None:
    for converter in (CONVERTER, make_converter(WARSAW)):
        time = time_at(place, NOON, converter=converter, timezone="America/Phoenix")
        assert time.utcoffset() == timedelta(hours=-7)
        assert time == utc(2013, 7, 23, 19)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["", None, "Atlantis/Capital", "../etc/passwd", "\0", "x" * 999])
def test_without_a_known_one_it_is_in_the_clients_or_naive(place: str, name: object) -> None:
    time = time_at(place, NOON, timezone=name)
    assert (time, time.tzinfo) == (naive("2013-07-23 12:00:00"), None)
    time = time_at(place, NOON, timezone=name, converter=make_converter(WARSAW))
    assert (time, time.tzinfo) == (utc(2013, 7, 23, 10), WARSAW)


@pytest.mark.parametrize("place", PLACES)
def test_the_visitors_time_zone_is_not_the_chats(place: str) -> None:
    assert time_at(place, NOON, visitor={"timezone": "America/Phoenix"}).tzinfo is None


def test_one_chats_time_zone_is_not_the_nexts() -> None:
    wire = [
        {"id": "a", "started": NOON, "timezone": "America/Phoenix"},
        {"id": "b", "started": NOON},
        {"id": "c", "started": "noon", "timezone": "America/Phoenix"},
    ]
    first, second = CONVERTER.structure(wire[:2], list[Chat])
    assert first.started == utc(2013, 7, 23, 19)
    assert second.started == naive("2013-07-23 12:00:00")
    with pytest.raises(Exception):  # noqa: B017, PT011 - only what comes after matters
        CONVERTER.structure(wire, list[Chat])
    assert CONVERTER.structure(NOON, datetime) == naive("2013-07-23 12:00:00")


@pytest.mark.parametrize("name", ["started", "ended"])
@pytest.mark.parametrize("twin", [1358937653, "1358937653"])
@pytest.mark.parametrize("text", ["Wed, 01/23/13 11:57:14 am", "", None, "whatever"])
def test_the_twin_in_unix_seconds_wins(name: str, twin: object, text: object) -> None:
    chat = decoded(**{name: text, f"{name}_timestamp": twin, "timezone": "Europe/Berlin"})
    assert getattr(chat, name) == utc(2013, 1, 23, 10, 40, 53)
    assert chat.extra == {}


@pytest.mark.parametrize("place", ["messages", "events", "goals"])
@pytest.mark.parametrize("twin", [1358937653, "1358937653"])
def test_what_is_in_a_chat_has_twins_too(place: str, twin: object) -> None:
    (item,) = getattr(decoded(**{place: [{"date": NOON, "timestamp": twin}]}), place)
    assert item.date == utc(2013, 1, 23, 10, 40, 53)
    assert item.extra == {}


@pytest.mark.parametrize("twin", [0, "0", "", None])
def test_a_blank_twin_says_nothing(twin: object) -> None:
    assert decoded(started=NOON, started_timestamp=twin).started == naive("2013-07-23 12:00:00")
    assert decoded(started="", started_timestamp=twin).started is None


def test_a_twin_that_is_none_is_an_error_at_the_twin() -> None:
    assert problem_of(started_timestamp="soon").path == "[0].started_timestamp"
    assert problem_of(events=[{"timestamp": [1]}]).path == "[0].events[0].timestamp"


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "Australia/South"])
def test_known_zones_are_found(name: str) -> None:
    zone = find_zone(name)
    assert zone is not None
    assert zone.key == name


@pytest.mark.parametrize("name", ["", "Mars/Base", "Europe", "/etc/localtime", "\0", "a" * 5000])
def test_other_zones_are_not(name: str) -> None:
    assert find_zone(name) is None


# --- open sets ---


@pytest.mark.parametrize(
    ("name", "enum"), [("type", ChatType), ("rate", ChatRate), ("engagement", Engagement)]
)
def test_a_known_value_is_a_member_and_another_its_text(name: str, enum: Any) -> None:
    for member in enum:
        assert getattr(decoded(**{name: member.value}), name) is member
    other = getattr(decoded(**{name: "dancing"}), name)
    assert (other, type(other)) == ("dancing", str)
    for blank in ("", None):
        assert getattr(decoded(**{name: blank}), name) is None
    assert getattr(decoded(**{name: 5}), name) == "5"


def test_events_nobody_has_seen_yet_decode() -> None:
    wire = {"type": "rich_message", "user_type": "bot", "event_type": "moved", "buttons": [1]}
    (event,) = decoded(events=[wire]).events
    assert (event.type, event.user_type, event.event_type) == ("rich_message", "bot", "moved")
    assert type(event.type) is str
    assert event.extra == {"buttons": [1]}


# --- blanks and wrong types ---

TUPLES = [
    field.name for field in attrs.fields(Chat) if str(field.type).startswith(("tuple", "Tuple"))
]


@pytest.mark.parametrize("name", ["visitor_name", "referrer", "chat_start_url", "email", "message"])
def test_free_text_stays_as_sent(name: str) -> None:
    for text in ("", " ", "None", "Łódź 🙂"):
        assert getattr(decoded(**{name: text}), name) == text
    assert getattr(decoded(**{name: None}), name) == ""
    assert getattr(decoded(**{name: 5}), name) == "5"


@pytest.mark.parametrize(("wire", "value"), [(True, True), (1, True), ("1", True), (0, False)])
def test_pending_comes_in_three_types(wire: object, value: object) -> None:
    assert decoded(pending=wire).pending is value


def test_groups_are_numbers() -> None:
    assert decoded(group=[0, "3"]).group == (0, 3)
    assert problem_of(group=[0, "x"]).path == "[0].group[1]"


def test_a_blank_agent_is_nobody() -> None:
    nobody = {"display_name": "", "email": ""}
    john = {"display_name": "John", "email": "john.doe@example.com"}
    chat = decoded(agents=[nobody, john], supervisors=[nobody])
    assert [agent.display_name for agent in chat.agents] == ["John"]
    assert chat.supervisors == ()


def test_tickets_stay_as_sent() -> None:
    chats = [decoded(tickets=["ABCDE", {"id": "FGHIJ"}, 7]) for _ in range(2)]
    assert chats[0].tickets == ("ABCDE", {"id": "FGHIJ"}, 7)
    assert len(set(chats)) == 1


def test_new_fields_stay_reachable_at_every_level() -> None:
    chat = decoded(
        mood="good",
        visitor={"host": "a"},
        agents=[{"email": "a", "rank": 7}],
        goals=[{"order": {"id": "a", "paid": True}}],
        queue={"position": 4},
        prechat_survey=[{"key": "a", "type": "email"}],
    )
    assert chat.extra == {"mood": "good"}
    assert chat.visitor is not None
    assert chat.visitor.extra == {"host": "a"}
    assert chat.agents[0].extra == {"rank": 7}
    assert chat.goals[0].order is not None
    assert chat.goals[0].order.extra == {"paid": True}
    assert chat.queue == ChatQueue(extra={"position": 4})
    assert chat.prechat_survey[0].extra == {"type": "email"}


# --- orders ---


@pytest.mark.parametrize(
    ("wire", "price"),
    [
        ("199", Decimal(199)),
        ("0", Decimal(0)),
        ("199.90", Decimal("199.90")),
        ("-5.5", Decimal("-5.5")),
        ("1e3", Decimal(1000)),
        (199, Decimal(199)),
        (0.1, Decimal("0.1")),
        ("", None),
        (None, None),
    ],
)
def test_a_price_is_exact(wire: object, price: Decimal | None) -> None:
    order = decoded(goals=[{"order": {"price": wire}}]).goals[0].order
    assert order is not None
    assert order.price == price
    assert type(order.price) is type(price)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_price_goes_back_as_exact_text(price: Decimal) -> None:
    wire = CONVERTER.unstructure(GoalOrder(price=price))["price"]
    assert isinstance(wire, str)
    assert CONVERTER.structure(wire, Decimal) == price


@pytest.mark.parametrize(
    "wire", ["cheap", "1,50", "NaN", "Infinity", "1e9999999999999999999", True]
)
def test_what_is_no_price_is_an_error_at_its_field(wire: object) -> None:
    error = problem_of(goals=[{"order": {"price": wire}}])
    assert (error.path, error.expected) == ("[0].goals[0].order.price", "a number")


# --- any time ---


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001 - as on the wire
        lambda time: time.replace(microsecond=0)
    )
)
def test_every_time_of_the_archive_is_read(time: datetime) -> None:
    hour, half = time.hour % 12 or 12, "am" if time.hour < 12 else "pm"
    assert parse_time(f"{time:%a, %m/%d/%y} {hour:02}:{time:%M:%S} {half}") == time


FORMS = re.compile(
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?"
    r"|[A-Za-z]{3}, \d\d/\d\d/\d\d (0[1-9]|1[0-2]):\d\d:\d\d [ap]m",
    re.ASCII,
)
TIMES = st.sampled_from(
    [
        *("2013-01-23 11:40:53", "2013-01-23T11:40:53Z", "2013-01-23 11:40:53.5+01:00"),
        *("Wed, 01/23/13 11:40:53 am", "Wed, 12/31/99 12:00:00 pm", "2013-01-23T11:40:53+0100"),
    ]
)
CHANGES = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([*"0123456789 T:-+/.,ZWapm\u0663\u00e9", ""]))
)


@settings(max_examples=10 * settings.default.max_examples)
@given(TIMES, CHANGES)
def test_no_time_of_another_form_is_read(text: str, changes: list[tuple[int, str]]) -> None:
    for place, character in changes:
        text = text[:place] + character + text[place + 1 :]
    try:
        time = parse_time(text)
    except ValueError:
        return
    assert (time is not None) == bool(FORMS.fullmatch(text))
