"""What LiveChat sends, decoded exactly; what it might send, decoded or explained."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livechat_async import (
    Chat,
    CustomVariable,
    DetailField,
    Operator,
    SurveyAnswer,
    VisitedPage,
    Visitor,
    VisitorChat,
    VisitorDetails,
    VisitorState,
)
from livechat_async.decoding.bodies import value_reader
from livechat_async.decoding.converter import make_converter
from livechat_async.decoding.problems import WireError, find_wire_error
from livechat_async.models import chats as chats_module
from livechat_async.models import tickets as tickets_module
from livechat_async.models import visitors as visitors_module
from livechat_async.models import webhooks as webhooks_module
from livechat_async.models._base import WireModel, quirks_of
from livechat_async.models.visitors import Count
from livechat_async.sandbox import Sandbox

FIXTURES = Path(__file__).parent.parent / "fixtures"
WARSAW = ZoneInfo("Europe/Warsaw")


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text("utf-8"))


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


def unix(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def decoded(type_: Any = Visitor, /, **fields: Any) -> Any:
    """A visitor with these fields and nothing else but what each has."""
    return make_converter().structure({"id": "S1.a", "state": "browsing", **fields}, type_)


def problem(document: object, type_: Any = list[Visitor]) -> WireError:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind; the next line reads it
        make_converter().structure(document, type_)
    return find_wire_error(caught.value)


def problem_of(**fields: Any) -> WireError:
    return problem([{"id": "S1.a", "state": "browsing", **fields}])


# --- the documented samples ---


def test_the_documented_answer_decodes_exactly() -> None:
    visitors = make_converter().structure(fixture("visitors_2013.json"), list[Visitor])
    assert visitors == [
        Visitor(
            id="S1355415390.49b8940793",
            state=VisitorState.CHATTING,
            name="",
            group=0,
            ip="152.27.26.254",
            host="152.27.26.254",
            browser=(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_8_2) AppleWebKit/536.26.14 "
                "(KHTML, like Gecko) Version/6.0.1 Safari/536.26.14"
            ),
            language="en",
            city="Greenville",
            region="North Carolina",
            country="United States",
            country_code="",
            timezone="America/New_York",
            latitude=35.6127,
            longitude=-77.3663,
            last_visit=naive("2013-01-31 15:43:05"),
            page_entered=naive("2013-01-31 15:49:17"),
            page_time=naive("2013-01-31 15:49:17"),
            page_current="http://www.mycompany.com/products/shoes",
            page_address="",
            page_title="",
            referrer="",
            invitation="",
            visit_path=(),
            chat_id="MH0H3V3XO3",
            chat_start_time=naive("2013-01-31 15:51:03"),
            chat=None,
            queue_start_time=None,
            operators=(Operator(id="john.doe@mycompany.com", display_name="John Doe"),),
            prechat_survey=(
                SurveyAnswer(key="Name:", value="Mark"),
                SurveyAnswer(key="E-mail:", value="mark.johnson@example.com"),
            ),
            custom_variables=(CustomVariable(key="empty_cart", value="true"),),
            chats=27,
            visits=16,
            page_views=59,
            greetings_all=13,
            greetings_accepted=9,
            greetings_refused=4,
            extra={},
        ),
        Visitor(
            id="S1359643767.a7904dd2f2",
            state=VisitorState.ONLINE,
            name="",
            group=0,
            ip="87.91.13.226",
            host="def92-2-87-91-13-226.dsl.sta.abo.bbox.fr",
            browser=(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_7_5) AppleWebKit/537.11 "
                "(KHTML, like Gecko) Chrome/23.0.1271.101 Safari/537.11"
            ),
            language="en",
            city="Courbevoie",
            region="Ile-de-France",
            country="France",
            country_code="",
            timezone="Europe/Paris",
            latitude=48.897,
            longitude=2.2564,
            last_visit=naive("2013-01-31 15:49:27"),
            page_entered=naive("2013-01-31 15:49:27"),
            page_time=naive("2013-01-31 15:49:27"),
            page_current="http://www.mycompany.com/",
            page_address="",
            page_title="",
            referrer="",
            invitation="",
            visit_path=(),
            chat_id=None,
            chat_start_time=None,
            chat=None,
            queue_start_time=None,
            operators=(),
            prechat_survey=(),
            custom_variables=(),
            chats=0,
            visits=1,
            page_views=1,
            greetings_all=0,
            greetings_accepted=0,
            greetings_refused=0,
            extra={},
        ),
    ]


def test_the_newer_form_decodes_exactly() -> None:
    (visitor,) = make_converter().structure(fixture("visitors_2017.json"), list[Visitor])
    assert visitor == Visitor(
        id="S148dea44981.d9443253fef2",
        state=VisitorState.CHATTING,
        name="Visitor",
        group=102,
        ip="203.0.113.17",
        host="203.0.113.17",
        browser=(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_12_3) AppleWebKit/537.36 "
            "(KHTML, like Gecko) Chrome/56.0.2924.87 Safari/537.36"
        ),
        language="en",
        city="Asheville",
        region="North Carolina",
        country="United States",
        country_code="US",
        timezone="America/New_York",
        latitude=35.5951,
        longitude=-82.5515,
        last_visit=datetime(2017, 2, 16, 11, 36, 21, tzinfo=UTC),
        page_entered=datetime(2017, 2, 16, 11, 36, 21, tzinfo=UTC),
        page_time=datetime(2017, 2, 16, 11, 39, 12, tzinfo=UTC),
        page_current="https://www.example.com/pricing/",
        page_address="https://www.example.com/pricing/",
        page_title="Pricing",
        referrer="https://www.example.com/",
        invitation="",
        visit_path=(
            VisitedPage(
                page="https://www.example.com/",
                title="Home",
                invitation="",
                time=unix(1487244981),
                time_ref=1487244981,
            ),
            VisitedPage(
                page="https://www.example.com/pricing/",
                title="Pricing",
                invitation="Need a hand?",
                time=unix(1487245113),
                time_ref=1487245113,
            ),
        ),
        chat_id="OU0V0P0OWT",
        chat_start_time=datetime(2017, 2, 16, 11, 54, 26, tzinfo=UTC),
        chat=VisitorChat(
            id="OU0V0P0OWT",
            chat_room=7,
            start_time=46843480,
            agents=(Operator(id="john.doe@example.com", display_name="John"),),
        ),
        queue_start_time=46843480,
        operators=(Operator(id="john.doe@example.com", display_name="John"),),
        prechat_survey=(SurveyAnswer(key="E-mail:", value="mark.johnson@example.com"),),
        custom_variables=(CustomVariable(key="empty_cart", value="true"),),
        chats=3,
        visits=16,
        page_views=59,
        greetings_all=13,
        greetings_accepted=9,
        greetings_refused=3,
        extra={},
    )


# --- times ---

TIME_FIELDS = ["last_visit", "page_entered", "page_time", "chat_start_time"]


@pytest.mark.parametrize("name", TIME_FIELDS)
def test_a_time_alone_is_naive(name: str) -> None:
    time = getattr(decoded(**{name: "2017-02-16 12:54:26"}), name)
    assert time == datetime(2017, 2, 16, 12, 54, 26)  # noqa: DTZ001 - that is the point
    assert time.tzinfo is None


@pytest.mark.parametrize("name", TIME_FIELDS)
@pytest.mark.parametrize("twin", [1487246066, "1487246066"])
def test_the_twin_in_unix_seconds_wins(name: str, twin: object) -> None:
    visitor = decoded(**{name: "2017-02-16 12:54:26", f"{name}_ts": twin})
    assert getattr(visitor, name) == datetime(2017, 2, 16, 11, 54, 26, tzinfo=UTC)
    assert getattr(visitor, name).tzinfo is UTC
    assert visitor.extra == {}


@pytest.mark.parametrize(
    "twin", [1487246066.0, "1487246066.0", "2017-02-16T11:54:26Z", "+1487246066"]
)
def test_a_twin_may_have_another_form(twin: object) -> None:
    visitor = decoded(last_visit="2017-02-16 12:54:26", last_visit_ts=twin)
    assert visitor.last_visit == unix(1487246066)


def test_a_twin_may_have_a_fraction() -> None:
    time = decoded(last_visit_ts=1487246066.5).last_visit
    assert time == unix(1487246066) + timedelta(seconds=0.5)


@pytest.mark.parametrize("text", ["", None, "whatever"])
def test_the_twin_is_enough(text: object) -> None:
    assert decoded(last_visit=text, last_visit_ts=1487244981).last_visit == unix(1487244981)
    assert decoded(last_visit_ts=1487244981).last_visit == unix(1487244981)


@pytest.mark.parametrize("twin", [0, "0", "00", 0.0, "1970-01-01T00:00:00Z", "", None])
def test_a_blank_twin_says_nothing(twin: object) -> None:
    text = "2017-02-16 12:36:21"
    assert decoded(last_visit=text, last_visit_ts=twin).last_visit == naive(text)
    assert decoded(last_visit="", last_visit_ts=twin).last_visit is None
    assert decoded(last_visit_ts=twin).last_visit is None


@pytest.mark.parametrize("name", TIME_FIELDS)
@pytest.mark.parametrize("blank", ["", None])
def test_a_blank_time_is_none(name: str, blank: object) -> None:
    assert getattr(decoded(**{name: blank}), name) is None


def test_visited_pages_have_twins_too() -> None:
    visitor = decoded(
        visit_path=[
            {"page": "https://example.com/", "time": "2017-02-16 12:38:33", "time_ts": 1487245113},
            {"page": "https://example.com/a", "time": "2017-02-16 12:38:33"},
            {"page": "https://example.com/b"},
        ]
    )
    times = [page.time for page in visitor.visit_path]
    # The first page shows the zone of all texts: an hour before UTC.
    assert times == [unix(1487245113), unix(1487245113), None]


@pytest.mark.parametrize("zone", [WARSAW, timezone(timedelta(hours=1))])
def test_with_a_time_zone_every_time_is_aware(zone: Any) -> None:
    converter = make_converter(zone)
    old, _ = converter.structure(fixture("visitors_2013.json"), list[Visitor])
    assert old.chat_start_time == datetime(2013, 1, 31, 14, 51, 3, tzinfo=UTC)
    assert old.chat_start_time.tzinfo is zone
    (new,) = converter.structure(fixture("visitors_2017.json"), list[Visitor])
    assert new.chat_start_time == datetime(2017, 2, 16, 11, 54, 26, tzinfo=UTC)
    assert new.chat_start_time.tzinfo is zone
    assert new.chat_start_time.replace(tzinfo=None) == naive("2017-02-16 12:54:26")


def test_a_summer_time_is_in_summer_time() -> None:
    time = make_converter(WARSAW).structure("2017-07-16 12:00:00", datetime)
    assert time.utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    ("wire", "time"),
    [
        ("2013-01-31 15:51:03", naive("2013-01-31 15:51:03")),
        ("2013-01-31T15:51:03", naive("2013-01-31 15:51:03")),
        ("2013-01-31T15:51:03Z", datetime(2013, 1, 31, 15, 51, 3, tzinfo=UTC)),
        ("2013-01-31T15:51:03+01:00", datetime(2013, 1, 31, 14, 51, 3, tzinfo=UTC)),
        ("2013-01-31 15:51:03.5", naive("2013-01-31 15:51:03.500000")),
        (1359643863, unix(1359643863)),
        ("1359643863", unix(1359643863)),
    ],
)
def test_a_time_may_come_as(wire: object, time: datetime) -> None:
    assert make_converter().structure(wire, datetime) == time


@pytest.mark.parametrize(
    "wire",
    [
        "2013-02-30 00:00:00",
        "2013-01-31 25:00:00",
        "2013-01-31",
        "15:51:03",
        "31.01.2013 15:51:03",
        "noon",
        "-",
        10**18,
        -(10**18),
        "9" * 30,
        1359643863.5,
        True,
        False,
        [1],
        {"a": 1},
    ],
    ids=repr,
)
def test_what_is_no_time_is_an_error_at_its_field(wire: object) -> None:
    error = problem_of(last_visit=wire)
    assert (error.path, error.expected) == ("[0].last_visit", "a time")


@pytest.mark.parametrize("wire", ["soon", [1], {"at": 1}, True, False, 10**18, "9" * 30])
def test_a_twin_that_is_no_unix_time_is_an_error_at_the_twin(wire: object) -> None:
    error = problem_of(last_visit="2013-01-31 15:51:03", last_visit_ts=wire)
    assert error.path == "[0].last_visit_ts"
    assert error.expected in {"Unix seconds", "a time"}


@pytest.mark.parametrize("path", ["queue_start_time", "chat.start_time"])
@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("", None),
        (None, None),
        (46843480, 46843480),
        ("46843480", 46843480),
        (0, 0),
        (-1487246066, -1487246066),
        (10**9 - 1, 10**9 - 1),
        (10**9, unix(10**9)),
        (1487246066, unix(1487246066)),
        ("1487246066", unix(1487246066)),
        (1487246066.0, unix(1487246066)),
        (10**10 - 1, unix(10**10 - 1)),
        (10**10, 10**10),
        (10**12 - 1, 10**12 - 1),
        (1487246066789, unix(1487246066) + timedelta(milliseconds=789)),
        (10**13 - 1, unix(10**10 - 1) + timedelta(milliseconds=999)),
        (10**13, 10**13),
        ("2017-02-16 12:54:26", naive("2017-02-16 12:54:26")),
        ("2017-02-16T11:54:26Z", unix(1487246066)),
    ],
)
def test_a_number_is_a_time_where_only_one_unit_fits_it(
    path: str, wire: object, value: object
) -> None:
    """The sandbox sends Unix seconds there, and an old sample 46843480 (field case 23)."""
    if path == "queue_start_time":
        found = decoded(queue_start_time=wire).queue_start_time
    else:
        found = decoded(chat={"start_time": wire}).chat.start_time
    assert found == value
    assert type(found) is type(value)
    assert not isinstance(found, datetime) or str(found.tzinfo) in {"UTC", "None"}


@pytest.mark.parametrize("wire", ["2017-02-16 12:54:26", 1487246066, 1487246066000])
def test_a_time_of_unknown_unit_takes_the_clients_zone(wire: object) -> None:
    visitor = make_converter(WARSAW).structure(
        {"id": "a", "state": "queued", "queue_start_time": wire}, Visitor
    )
    assert visitor.queue_start_time == unix(1487246066)
    assert visitor.queue_start_time.tzinfo is WARSAW


@pytest.mark.parametrize("wire", [True, 1.5, "soon", [1], {"a": 1}])
def test_another_value_is_no_time_of_unknown_unit(wire: object) -> None:
    assert problem_of(queue_start_time=wire).path == "[0].queue_start_time"


# --- numbers, texts, lists ---

NUMBERS = [
    "group",
    "chats",
    "visits",
    "page_views",
    "greetings_all",
    "greetings_accepted",
    "greetings_refused",
]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    ("wire", "value"),
    [
        *((27, 27), ("27", 27), ("-1", -1), ("+3", 3), (0, 0), (3.0, 3), ("3.0", 3), ("3.", 3)),
        *(("", None), (None, None), ([], None), ({}, None)),
    ],
)
def test_numbers_may_come_as_text(name: str, wire: object, value: int | None) -> None:
    assert getattr(decoded(**{name: wire}), name) == value


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("wire", ["many", "1.5", 1.5, "1_000", " 1", "٣", True, False, [1]])
def test_what_is_no_number_is_an_error_at_its_field(name: str, wire: object) -> None:
    error = problem_of(**{name: wire})
    assert (error.path, error.expected) == (f"[0].{name}", "a whole number")


@pytest.mark.parametrize("name", ["latitude", "longitude"])
@pytest.mark.parametrize(
    ("wire", "value"),
    [("-77.3663", -77.3663), (48.897, 48.897), (48, 48.0), ("0", 0.0), ("", None), (None, None)],
)
def test_a_coordinate_is_a_number_or_text(name: str, wire: object, value: float | None) -> None:
    found = getattr(decoded(**{name: wire}), name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("wire", ["north", "nan", "inf", "1e999", "1_0", True, [1], 10**400])
def test_what_is_no_coordinate_is_an_error_at_its_field(wire: object) -> None:
    error = problem_of(latitude=wire)
    assert (error.path, error.expected) == ("[0].latitude", "a number")


TEXTS = [
    field.name
    for field in attrs.fields(Visitor)
    if field.type in {"str", str} and field.name not in {"id", "state"}
]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("wire", ["", " ", "None", "null", "Łódź 🙂", "0"])
def test_free_text_stays_as_sent(name: str, wire: str) -> None:
    assert getattr(decoded(**{name: wire}), name) == wire


@pytest.mark.parametrize("name", TEXTS)
def test_text_that_is_missing_or_null_is_blank(name: str) -> None:
    assert getattr(decoded(), name) == ""
    assert getattr(decoded(**{name: None}), name) == ""


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    ("wire", "text"),
    [
        *((34, "34"), (1.5, "1.5"), (10**30, "1" + "0" * 30), (True, "true"), (False, "false")),
        *(([], ""), ({}, ""), (["a", None, 1], '["a",null,1]'), ({"ł": {}}, '{"ł":{}}')),
    ],
    ids=repr,
)
def test_text_may_come_as_any_json(name: str, wire: object, text: str) -> None:
    """What people type is text, whatever it looks like to a site's code (field case 1)."""
    assert getattr(decoded(**{name: wire}), name) == text


@pytest.mark.parametrize(
    "wire",
    [float("nan"), float("inf"), object(), {1, 2}, [b"x"]],
    ids=["nan", "infinity", "object", "set", "bytes"],
)
def test_what_json_cannot_hold_is_no_text(wire: object) -> None:
    error = problem_of(name=wire)
    assert (error.path, error.expected) == ("[0].name", "text")


def test_what_is_too_deep_for_json_is_no_text() -> None:
    """A value of many levels gives a typed error, not a bare `RecursionError` (field case 42)."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    error = problem_of(name=deep)
    assert (error.path, error.found) == ("[0].name", "a list of too many levels")


@pytest.mark.parametrize(("wire", "text"), [(7, "7"), (7.0, "7.0"), (-1, "-1"), ("7.0", "7.0")])
def test_an_id_may_come_as_a_number(wire: object, text: str) -> None:
    assert decoded(id=wire).id == decoded(chat_id=wire).chat_id == text


@pytest.mark.parametrize("name", ["id", "chat_id"])
@pytest.mark.parametrize("wire", [True, False, ["a"], {"a": "b"}])
def test_another_value_is_no_id(name: str, wire: object) -> None:
    error = problem_of(**{name: wire})
    assert (error.path, error.expected) == (f"[0].{name}", "text")


@pytest.mark.parametrize("name", ["id", "state"])
def test_a_null_for_a_required_value_is_an_error(name: str) -> None:
    error = problem_of(**{name: None})
    assert (error.path, error.expected, error.found) == (f"[0].{name}", "text", "null")


@pytest.mark.parametrize("name", ["id", "state"])
def test_a_missing_required_value_is_an_error(name: str) -> None:
    document = {"id": "S1.a", "state": "browsing"}
    del document[name]
    error = problem([document])
    assert (error.path, error.expected, error.found) == (f"[0].{name}", "a value", "no such field")


LISTS = ["operators", "prechat_survey", "custom_variables", "visit_path"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("wire", ["abc", {"0": {}}, 5, True])
def test_what_is_no_list_is_an_error(name: str, wire: object) -> None:
    error = problem_of(**{name: wire})
    assert (error.path, error.expected) == (f"[0].{name}", "a list")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(("item", "found"), [("a", "'a'"), (5, "5"), ([1], "[1]"), (True, "true")])
def test_what_is_no_object_in_a_list_is_an_error_at_its_index(
    name: str, item: object, found: str
) -> None:
    good = {"id": "a", "key": "a", "page": "a"}
    error = problem_of(**{name: [good, item]})
    assert (error.path, error.expected, error.found) == (f"[0].{name}[1]", "an object", found)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"operators": [{"id": "a"}, {"id": [5]}]}, "[0].operators[1].id"),
        ({"operators": [{"display_name": "a"}]}, "[0].operators[0].id"),
        ({"visit_path": [{"page": "a", "time": "noon"}]}, "[0].visit_path[0].time"),
        ({"visit_path": [{"page": "a", "time_ts": "noon"}]}, "[0].visit_path[0].time_ts"),
        ({"visit_path": [{"page": "a", "time_ref": "x"}]}, "[0].visit_path[0].time_ref"),
        ({"chat": 5}, "[0].chat"),
        ({"chat": {"chat_room": "lobby"}}, "[0].chat.chat_room"),
        ({"chat": {"agents": [{"id": "a"}, {"id": [5]}]}}, "[0].chat.agents[1].id"),
    ],
)
def test_an_error_in_a_nested_object_has_its_path(fields: dict[str, Any], path: str) -> None:
    assert problem_of(**fields).path == path


def test_an_error_has_the_index_of_its_visitor() -> None:
    good = {"id": "S1.a", "state": "browsing"}
    error = problem([good, good, good, {**good, "chats": "many"}])
    assert (error.path, error.found) == ("[3].chats", "'many'")
    assert str(error) == "expected a whole number, got 'many'"


@pytest.mark.parametrize("document", [None, "abc", 5, {}, {"visitors": []}, True])
def test_an_answer_that_is_no_list_is_an_error_with_an_empty_path(document: object) -> None:
    error = problem(document)
    assert (error.path, error.expected) == ("", "a list")


# --- quirks ---


def test_a_blank_operator_is_left_out() -> None:
    blank = {"id": "", "display_name": ""}
    john = {"id": "john.doe@mycompany.com", "display_name": "John Doe"}
    assert decoded(operators=[blank]).operators == ()
    assert [operator.id for operator in decoded(operators=[blank, john, blank]).operators] == [
        "john.doe@mycompany.com"
    ]
    assert decoded(chat={"agents": [blank]}).chat.agents == ()


def test_an_operator_without_an_id_is_kept() -> None:
    assert decoded(operators=[{"id": "", "display_name": "John"}]).operators == (
        Operator(id="", display_name="John"),
    )


@pytest.mark.parametrize("wire", [False, ["a"], {"a": 1}])
def test_an_operator_with_an_id_of_a_wrong_type_is_an_error(wire: object) -> None:
    error = problem_of(operators=[{"id": wire}])
    assert (error.path, error.expected) == ("[0].operators[0].id", "text")


@pytest.mark.parametrize("state", list(VisitorState))
def test_a_known_state_is_a_member(state: VisitorState) -> None:
    assert decoded(state=str(state)).state is state


@pytest.mark.parametrize("state", ["dancing", "", "CHATTING", "chatting "])
def test_an_unknown_state_is_its_text(state: str) -> None:
    found = decoded(state=state).state
    assert found == state
    assert type(found) is str


def test_a_chat_of_nulls_is_a_chat() -> None:
    assert decoded(chat={"id": None}).chat == VisitorChat()


def test_new_fields_stay_reachable_at_every_level() -> None:
    visitor = decoded(
        mood="good",
        scores=[{"deep": [1, None]}],
        nothing=None,
        extra={"of": "their own"},
        operators=[{"id": "a", "rank": 7}],
        visit_path=[{"page": "a", "scroll": 0.5, "extra": "x"}],
        chat={"id": "b", "topic": {"id": 1}},
        prechat_survey=[{"key": "a", "value": "b", "id": "2001"}],
        custom_variables=[{"key": "a", "value": "b", "type": "text"}],
    )
    assert visitor.extra == {
        "mood": "good",
        "scores": [{"deep": [1, None]}],
        "nothing": None,
        "extra": {"of": "their own"},
    }
    assert visitor.operators[0].extra == {"rank": 7}
    assert visitor.visit_path[0].extra == {"scroll": 0.5, "extra": "x"}
    assert visitor.chat.extra == {"topic": {"id": 1}}
    assert visitor.prechat_survey[0].extra == {"id": "2001"}
    assert visitor.custom_variables[0].extra == {"type": "text"}


def test_decoding_does_not_change_the_document() -> None:
    document = fixture("visitors_2017.json")
    make_converter().structure(document, list[Visitor])
    assert document == fixture("visitors_2017.json")


# --- counts ---


@pytest.mark.parametrize(
    "wire",
    [
        None,
        "",
        "five",
        True,
        False,
        5.5,
        -1,
        "-1",
        [],
        [5],
        {},
        {"number": 5},
        {"count": None},
        {"count": True},
        {"count": {"visitors": 5}},
        {"visitors": [{"id": "a"}]},
    ],
    ids=repr,
)
def test_what_is_no_count_is_an_error_with_an_empty_path(wire: object) -> None:
    error = problem(wire, Count)
    assert error.path == ""
    assert error.expected.startswith("a number")


# --- other types than ours ---


@pytest.mark.parametrize(
    ("wire", "type_", "value"),
    [
        ({"a": [1, None]}, Any, {"a": [1, None]}),
        ([{"login": "a"}], list[dict[str, Any]], [{"login": "a"}]),
        ({"a": "1"}, dict[str, int], {"a": 1}),
        (["1", 2], list[int], [1, 2]),
        ("", int | None, None),
        (1, bool, True),
        ("0", bool, False),
        (True, bool, True),
        ("", bool, False),
        ([], bool, False),
    ],
)
def test_a_value_of_any_type_can_be_decoded(wire: object, type_: Any, value: object) -> None:
    assert make_converter().structure(wire, type_) == value


@pytest.mark.parametrize("wire", ["yes", 2, "true", [1]])
def test_what_is_no_bool_is_an_error(wire: object) -> None:
    assert problem({"a": wire}, dict[str, bool]).expected == "true or false"


@attrs.frozen
class Agent:
    login: str
    name: str
    created: datetime
    groups: list[int] = attrs.field(factory=list)


def test_a_users_class_decodes_by_the_same_rules() -> None:
    wire = {"login": "a", "name": "A", "created": "2013-01-31 15:51:03", "groups": ["1", 2]}
    agent = make_converter(WARSAW).structure(wire, Agent)
    assert agent == Agent("a", "A", datetime(2013, 1, 31, 14, 51, 3, tzinfo=UTC), [1, 2])


@pytest.mark.parametrize(
    ("wire", "path"),
    [
        ({"login": "a", "name": "A"}, "[0].created"),
        ({"login": None, "name": "A", "created": 1}, "[0].login"),
        ({"login": "a", "name": "A", "created": 1, "groups": [1, "x"]}, "[0].groups[1]"),
    ],
)
def test_errors_in_a_users_class_have_a_path(wire: object, path: str) -> None:
    assert problem([wire], list[Agent]).path == path


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents


def to_money(value: Any, _: Any) -> Money:
    amount, currency = value.split()
    if currency != "USD":
        raise ValueError(f"no {currency} here")
    return Money(int(amount))


def test_users_can_register_hooks() -> None:
    converter = make_converter()
    converter.register_structure_hook(Money, to_money)
    assert converter.structure(["500 USD"], list[Money])[0].cents == 500


def test_users_can_replace_our_hooks_also_after_the_first_use() -> None:
    converter = make_converter()
    wire = {"id": "a", "state": "chatting", "operators": [{"id": "john"}]}
    assert converter.structure(wire, Visitor).operators == (Operator(id="john"),)
    converter.register_structure_hook(Operator, lambda value, _: Operator(id=value["id"].upper()))
    assert converter.structure(wire, Visitor).operators == (Operator(id="JOHN"),)


def test_converters_are_independent() -> None:
    make_converter().register_structure_hook(str, lambda _, __: "changed")
    assert make_converter().structure("text", str) == "text"


@pytest.mark.parametrize("wire", ["500 EUR", "500", 500, None])
def test_an_error_of_a_users_hook_has_its_path(wire: object) -> None:
    converter = make_converter()
    converter.register_structure_hook(Money, to_money)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind; the next line reads it
        converter.structure([*["1 USD"] * 2, wire], list[Money])
    error = find_wire_error(caught.value)
    assert error.path == "[2]"
    assert "Error: " in error.found


# --- back to JSON ---


def test_details_become_the_documented_body() -> None:
    details = VisitorDetails(
        "my-app",
        [DetailField("Age", 36), DetailField("Profile", "Open", url="https://example.com/7")],
        icon="https://example.com/icon.png",
    )
    assert make_converter().unstructure(details) == {
        "id": "my-app",
        "fields": [
            {"name": "Age", "value": "36"},
            {"name": "Profile", "value": "Open", "url": "https://example.com/7"},
        ],
        "icon": "example.com/icon.png",
    }


def test_details_without_a_value_are_not_sent() -> None:
    details = VisitorDetails("my-app", [DetailField("Age", 36)])
    assert make_converter().unstructure(details) == {
        "id": "my-app",
        "fields": [{"name": "Age", "value": "36"}],
    }


def test_new_fields_are_written_beside_the_known_ones() -> None:
    wire = make_converter().unstructure(decoded(mood="good", extra=[1]))
    assert wire["mood"] == "good"
    assert wire["extra"] == [1]
    assert wire["id"] == "S1.a"


CONVERTER = make_converter()


# --- the first error ends it ---


class Five:
    """What a hook of a test refuses."""


@pytest.mark.parametrize("type_", [list[Five], tuple[Five, ...], list[list[Five]]])
@pytest.mark.parametrize("broken", [0, 3])
def test_a_list_is_read_up_to_its_first_wrong_item(type_: Any, broken: int) -> None:
    """A list of wrong items costs no more than one wrong item (field case 41)."""
    seen = []

    def refuse(value: Any, _: Any) -> Five:
        seen.append(value)
        if value == 5:
            raise ValueError
        return Five()

    converter = make_converter()
    converter.register_structure_hook(Five, refuse)
    items = [1] * broken + [5] * 1000
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the next lines read it
        converter.structure([items] if type_ == list[list[Five]] else items, type_)
    assert len(seen) == broken + 1
    assert find_wire_error(caught.value).path.endswith(f"[{broken}]")


def test_no_model_gathers_the_errors_of_its_lists() -> None:
    """The same holds for the lists in an object, and for lists in these (field case 41)."""
    wrong = {"id": "A", "state": "b", "visit_path": [{"page": "a"}, *[5] * 1000]}
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind; the next lines read it
        make_converter().structure([wrong] * 1000, list[Visitor])
    assert find_wire_error(caught.value).path == "[0].visit_path[1]"

    def count(error: BaseException) -> int:
        return 1 + sum(map(count, getattr(error, "exceptions", ())))

    assert count(caught.value) == 1


# --- nothing ---

ZERO_DATES = [
    "0000-00-00 00:00:00",
    "0000-00-00",
    "0000-00-00T00:00:00",
    "0000-00-00T00:00:00Z",
    "0000-00-00 00:00:00.000000",
]


@pytest.mark.parametrize("name", [*TIME_FIELDS, "queue_start_time"])
@pytest.mark.parametrize("wire", [*ZERO_DATES, [], {}])
def test_a_zero_date_is_no_time(name: str, wire: object) -> None:
    """MySQL writes "never" as a date of zeros (field case 4)."""
    assert getattr(decoded(**{name: wire}), name) is None


@pytest.mark.parametrize("wire", [*ZERO_DATES, [], {}])
def test_a_zero_date_as_a_twin_says_nothing(wire: object) -> None:
    """The text counts then, and can say nothing itself (field case 4)."""
    text = "2017-02-16 12:36:21"
    assert decoded(last_visit=text, last_visit_ts=wire).last_visit == naive(text)
    assert decoded(last_visit="0000-00-00", last_visit_ts=wire).last_visit is None
    assert decoded(last_visit="0000-00-00", last_visit_ts=5).last_visit == unix(5)


def test_a_zero_date_where_a_time_is_needed_is_an_error() -> None:
    """There is no time to give (field case 4)."""
    wire = {"login": "a", "name": "A", "created": "0000-00-00 00:00:00"}
    error = problem([wire], list[Agent])
    assert (error.path, error.expected) == ("[0].created", "a time")


def test_a_zero_date_in_a_text_stays_as_sent() -> None:
    assert decoded(name="0000-00-00").name == "0000-00-00"


def test_nothing_in_a_list_is_left_out_and_indexes_stay() -> None:
    """A null is no tag, no page and no operator (field case 3)."""
    visitor = decoded(
        visit_path=[None, {"page": "a"}, []], operators=[None, {}, [], "", {"id": "a"}]
    )
    assert visitor.visit_path == (VisitedPage(page="a"), VisitedPage())
    assert [operator.id for operator in visitor.operators] == ["a"]
    assert make_converter().structure(["a", None, ""], tuple[str, ...]) == ("a", "")
    assert make_converter().structure([None], tuple[int | None, ...]) == (None,)
    assert make_converter().structure([None], tuple[Any, ...]) == (None,)
    assert problem_of(visit_path=[None, 5]).path == "[0].visit_path[1]"


@pytest.mark.parametrize("wire", [[], {}])
@pytest.mark.parametrize("type_", [list[int] | None, dict[str, int] | None])
def test_an_empty_list_of_a_users_class_is_no_nothing(wire: Any, type_: Any) -> None:
    if isinstance(wire, list) == (type_ == list[int] | None):
        assert make_converter().structure(wire, type_) == wire


# --- times of one kind in an object ---


def times_in(value: Any) -> list[datetime]:
    if isinstance(value, datetime):
        return [value]
    if isinstance(value, tuple):
        return [time for item in value for time in times_in(item)]
    names = [field.name for field in attrs.fields(type(value))] if attrs.has(type(value)) else []
    return [time for name in names if name != "extra" for time in times_in(getattr(value, name))]


SHIFTS = st.integers(-48, 56).map(lambda quarters: timedelta(minutes=15 * quarters))
MOMENTS = st.integers(1_000_000_000, 1_900_000_000)


@pytest.mark.parametrize("zone", [None, ZoneInfo("Asia/Tokyo")])
@pytest.mark.parametrize("seconds", [1358937653, "1358937653"])
def test_unix_seconds_are_in_the_zone_of_the_client_and_texts_in_that_of_the_chat(
    seconds: object, zone: ZoneInfo | None
) -> None:
    wire = {"id": "a", "type": "chat", "timezone": "Europe/Warsaw", "started": seconds}
    wire["ended"] = "2013-01-23 11:40:53"
    converter = make_converter(zone)
    chat = converter.structure(wire, Chat)
    (read,) = value_reader(converter, list[Chat])(json.dumps([wire]).encode())
    for each in (chat, read):
        assert each.started is not None
        assert each.ended is not None
        assert each.started.tzinfo == (zone or UTC)
        assert each.ended.tzinfo == ZoneInfo("Europe/Warsaw")
        assert each.started == each.ended


@settings(max_examples=2 * settings.default.max_examples)
@given(SHIFTS, st.lists(st.tuples(MOMENTS, st.sampled_from(["text", "both", "unix"])), min_size=6))
def test_naive_and_aware_times_never_mix_in_a_visitor(
    shift: timedelta, drawn: list[tuple[int, str]]
) -> None:
    """A text beside Unix seconds is in the zone that a pair of both shows (field case 23)."""
    wire: dict[str, Any] = {"id": "a", "state": "b", "visit_path": []}
    names = [*TIME_FIELDS, "queue_start_time"]
    for name, (moment, form) in zip(names, drawn, strict=False):
        if form != "unix" or name == "queue_start_time":
            wire[name] = str((unix(moment) + shift).replace(tzinfo=None))
        if form != "text" and name != "queue_start_time":
            wire[f"{name}_ts"] = moment
    text = str((unix(drawn[5][0]) + shift).replace(tzinfo=None))
    wire["chat"] = {"start_time": text}
    wire["visit_path"] = [{"page": "/", "time": text}]
    visitor = CONVERTER.structure(wire, Visitor)
    (read,) = value_reader(CONVERTER, list[Visitor])(json.dumps([wire]).encode())
    found = times_in(visitor)
    assert found == times_in(read)
    assert len({time.tzinfo is None for time in found}) == 1
    forms = [form for _, form in drawn[:4]]
    assert (found[0].tzinfo is None) == (forms == ["text"] * 4)
    if "both" in forms:
        assert visitor.chat is not None
        assert visitor.chat.start_time == visitor.visit_path[0].time == unix(drawn[5][0])
        assert visitor.queue_start_time == unix(drawn[4][0])


def test_the_times_of_the_sandboxs_own_visitors_can_be_subtracted() -> None:
    """`visitor.chat.start_time - visitor.chat_start_time` needs no `replace` (field case 23)."""
    visitors = make_converter().structure(Sandbox(seed=50).visitors, list[Visitor])
    waits = [v.chat.start_time - v.chat_start_time for v in visitors if v.chat and v.chat.id]
    assert waits
    assert set(waits) == {timedelta()}
    for visitor in visitors:
        assert len({time.tzinfo is None for time in times_in(visitor)}) <= 1


ANY_MODELS = [
    found
    for module in (visitors_module, chats_module, tickets_module, webhooks_module)
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, WireModel) and found is not WireModel
]
CAN_MIX = [cls for cls in ANY_MODELS if quirks_of(cls).can_mix_times]


def places_of_times(hint: Any) -> list[Any]:
    """The types of all that is in a value of this type: a model, and the fields that hold times."""
    if hint is datetime:
        return [datetime]
    if isinstance(hint, type) and issubclass(hint, WireModel):
        inner = [places_of_times(each) for each in get_type_hints(hint).values()]
        return [hint, *(each for places in inner for each in places)]
    return [each for arg in get_args(hint) for each in places_of_times(arg)]


def test_each_object_that_can_mix_times_is_known() -> None:
    """Those are the models with two times, in themselves or inside (field case 23)."""
    inside = {each for cls in ANY_MODELS for each in places_of_times(cls)[1:]}
    assert not inside.intersection(CAN_MIX)
    assert set(CAN_MIX) == {
        cls for cls in ANY_MODELS if places_of_times(cls).count(datetime) > 1 and cls not in inside
    }


TEXTS_OF_TIMES = ["2017-02-16 12:54:26", "Thu, 02/16/17 12:54:26 pm", "2017-02-16T12:54:26Z", ""]
UNIX_TIMES = [1487246066, "1487242466", 1487246066.0, 0, 46843480, None]


def wires(hint: Any) -> st.SearchStrategy[Any]:
    """What stands on the wire for a value of this type; fields that hold no time are left out."""
    if hint is datetime:
        return st.sampled_from([*TEXTS_OF_TIMES, *UNIX_TIMES[:2]])
    if get_origin(hint) is tuple:
        return st.lists(wires(get_args(hint)[0]), max_size=3)
    if not isinstance(hint, type):
        can_hold = [each for each in get_args(hint) if datetime in places_of_times(each)]
        numbers = [st.sampled_from([*UNIX_TIMES, 1487246066000])] if int in get_args(hint) else []
        return st.one_of(*map(wires, can_hold), *numbers)
    fields = {f.metadata.get("wire", f.name): f for f in attrs.fields(hint)}
    hints = get_type_hints(hint)
    held = {
        name: wires(hints[f.name])
        for name, f in fields.items()
        if datetime in places_of_times(hints[f.name])
    }
    twins = {f.metadata["twin"] for f in fields.values() if "twin" in f.metadata}
    held |= dict.fromkeys(twins, st.sampled_from(UNIX_TIMES))
    known = {"id": "1", "state": "b"}
    return st.fixed_dictionaries({}, optional=held).map(
        lambda wire: wire | {name: known[name] for name in known if name in fields}
    )


@pytest.mark.parametrize("cls", CAN_MIX)
def test_naive_and_aware_times_never_mix_in_any_object(cls: type[WireModel]) -> None:
    """Whatever form each time has, they can be subtracted (field case 23)."""

    careful = CONVERTER.get_structure_hook(cls).careful  # reads what has a new field

    @settings(max_examples=3 * settings.default.max_examples)
    @given(st.lists(wires(cls), min_size=1, max_size=3))
    def check(wire: list[Any]) -> None:
        found = CONVERTER.structure(wire, list[cls])  # type: ignore[valid-type]
        read = value_reader(CONVERTER, list[cls])(json.dumps(wire).encode())  # type: ignore[valid-type]
        for model, again in zip(found, read, strict=True):
            assert len({time.tzinfo is None for time in times_in(model)}) <= 1
            assert [str(time) for time in times_in(model)] == [str(t) for t in times_in(again)]
        assert times_in(careful({**wire[0], "new": 1}, cls)) == times_in(found[0])

    check()


def test_threads_that_read_at_once_do_not_mix_their_times() -> None:
    """The texts of one thread stay naive while another reads aware times (field case 23)."""
    alone = {"id": "a", "state": "b", "page_time": "2017-02-16 12:54:26"}
    kinds = [alone, {**alone, "last_visit_ts": 5}, {"id": "a", "state": "b", "last_visit_ts": 5}]
    contents = [json.dumps([kind] * 300).encode() for kind in kinds] * 8
    read = value_reader(make_converter(), list[Visitor])  # new: the threads use it first together
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(6) as pool:
            answers = [*pool.map(read, contents)]
    finally:
        sys.setswitchinterval(before)
    for index, answer in enumerate(answers):
        found = {time.tzinfo is None for visitor in answer for time in times_in(visitor)}
        assert found == {index % 3 == 0}


@pytest.mark.parametrize("twin", [1487246066 + 7 * 60, 1487246066 + 86400 * 2, 10**18, "soon"])
def test_a_pair_that_contradicts_itself_shows_no_zone(twin: object) -> None:
    """The text is then in UTC, if it would else be naive beside an aware time (field case 23)."""
    wire = {"last_visit": "2017-02-16 12:54:26", "last_visit_ts": twin, "page_entered_ts": 5}
    text = "2017-02-16 12:54:26"
    if isinstance(twin, int) and twin < 10**10:
        assert decoded(page_time=text, **wire).page_time == naive(text).replace(tzinfo=UTC)
    else:
        assert problem_of(page_time=text, **wire).path == "[0].last_visit_ts"


def test_texts_with_and_without_an_offset_do_not_mix() -> None:
    visitor = decoded(last_visit="2017-02-16T12:54:26+01:00", page_time="2017-02-16 12:54:26")
    assert visitor.page_time - visitor.last_visit == timedelta(hours=1)


def test_a_zone_that_shows_is_not_that_of_the_next_object() -> None:
    text = "2017-02-16 12:54:26"
    mixed = {"id": "a", "state": "b", "last_visit_ts": 5, "page_time": text}
    alone = {"id": "a", "state": "b", "page_time": text}
    _, visitor = make_converter().structure([mixed, alone], list[Visitor])
    assert visitor.page_time == naive(text)
