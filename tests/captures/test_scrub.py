"""Nothing personal and no secret gets through; what stays is of use; equal values stay equal."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from model_strategies import JSON, models

from livechat_async.captures.pseudonyms import Pseudonyms
from livechat_async.captures.scrub import Scrubber
from livechat_async.captures.shapes import DeliveryShape
from livechat_async.decoding.converter import shared_converter
from livechat_async.decoding.times import parse_time
from livechat_async.models.agents import Agent
from livechat_async.models.canned_responses import CannedResponse
from livechat_async.models.chats import Chat
from livechat_async.models.goals import Goal
from livechat_async.models.greetings import Greeting
from livechat_async.models.groups import Group
from livechat_async.models.reports import GoalsReached, RankedAgent
from livechat_async.models.tags import Tag
from livechat_async.models.tickets import Ticket
from livechat_async.models.visitors import Count, Visitor
from livechat_async.models.webhooks import Webhook
from livechat_async.redaction import reveal

MODELS = [
    *(Agent, CannedResponse, Chat, DeliveryShape, Goal, GoalsReached, Greeting, Group, RankedAgent),
    *(Tag, Ticket, Visitor, Webhook),
]
# Each holds a part that is found nowhere else, and that no rule may let through.
FORMS: list[Callable[[str], str]] = [
    lambda core: core,
    lambda core: core.upper(),
    lambda core: f"{core}@example.com",
    lambda core: f"john.doe@{core}.com",
    lambda core: f"Mary {core.title()} of Gdańsk",
    lambda core: f"Call me,\nmy e-mail is <mary.{core}@example.com>, or see http://{core}.io/a?b=c",
    lambda core: f"https://user:{core}@www.example.com:8443/a/{core}?{core}={core}#{core}",
    lambda core: f"//{core}.example.com/icon.png",
    lambda core: json.dumps({"name": core, core: [{"deep": f"a {core}"}]}),
    lambda core: f"[{core}",
    lambda core: f"dal:{core}-token",
    lambda core: f"2026-01-31 {core}",
    lambda core: f"%{core}%2F{core}",
    lambda core: f"\u200b{core}\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
]


class Planter:
    """Replaces every text of a document by secrets, and adds secrets as keys."""

    def __init__(self, forms: Iterator[Callable[[str], str]]) -> None:
        self._forms = forms
        self._numbers = count(100_000)
        self.cores: list[str] = []

    def text(self) -> str:
        self.cores.append(f"qz{next(self._numbers)}jx")
        return next(self._forms)(self.cores[-1])

    def plant(self, value: Any) -> Any:
        if isinstance(value, dict):
            planted = {name: self.plant(item) for name, item in value.items()}
            return {**planted, f"{self.text()}@example.com": {self.text(): self.text()}}
        if isinstance(value, list):
            return [self.plant(item) for item in value]
        return self.text() if isinstance(reveal(value), str) else value


def plain(model: Any) -> Any:
    document = shared_converter().unstructure(model)
    return json.loads(json.dumps(document, default=reveal))


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
@given(data=st.data())
@settings(max_examples=10)
def test_no_text_of_any_model_gets_through(cls: type[Any], data: st.DataObject):
    places = st.integers(0, len(FORMS) - 1)
    start = data.draw(places)
    planter = Planter(FORMS[(start + n) % len(FORMS)] for n in count())
    planted = planter.plant(plain(data.draw(models(cls))))
    written = json.dumps(Scrubber().scrub(planted, cls), ensure_ascii=False).lower()
    assert planter.cores
    assert [core for core in planter.cores if core in written] == []


@given(JSON)
def test_an_answer_that_no_model_describes_gets_through_as_structure_alone(value: Any):
    planter = Planter(FORMS[n % len(FORMS)] for n in count())
    planted = planter.plant({"a": value})
    made = Scrubber().scrub(planted)
    written = json.dumps(made, ensure_ascii=False).lower()
    assert [core for core in planter.cores if core in written] == []
    assert shape(made) == shape(planted)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return [shape(item) for item in value.values()]
    return [shape(item) for item in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
@given(data=st.data())
@settings(max_examples=10)
def test_what_the_models_read_they_still_read(cls: type[Any], data: st.DataObject):
    document = plain(data.draw(models(cls)))
    made = Scrubber().scrub(document, cls)
    shared_converter().structure(made, cls)
    assert shape(made) == shape(document)


VISITOR = {
    "id": "S1352647457.ac951bfe2e",
    "state": "logging into chat",
    "group": 0,
    "name": "Mary Brown",
    "ip": "203.0.113.77",
    "host": "mary.isp.net",
    "language": "en",
    "timezone": "Europe/Warsaw",
    "latitude": "54.35",
    "page_current": "https://shop.mary.org/shoes?user=mary.brown%40mary.org&n=5",
    "last_visit": "2026-01-31 15:51:03",
    "last_visit_ts": 1769874663,
    "chats": 7,
    "page_views": 12345,
    "custom_variables": [{"key": "mail", "value": "mary.brown@mary.org"}],
    "new_field": {"kind": "a", "mary": 1, "created_at": "2026-01-31T15:51:03Z"},
    "mood_of_day": 5551234567,
}


def test_what_is_of_use_stays_and_the_rest_keeps_its_shape():
    made = Scrubber().scrub(VISITOR, Visitor)
    same = {"state", "group", "language", "chats", "page_views"}
    assert {name for name in VISITOR if made.get(name) == VISITOR[name]} == same
    assert set(made) == set(VISITOR)
    assert re.fullmatch(r"[A-Z]\d{10}\.[a-f0-9]{10}", made["id"])
    assert re.fullmatch(r"[A-Z][a-z]{3} [A-Z][a-z]{4}", made["name"])
    assert made["ip"].startswith("10.")
    assert re.fullmatch(r"[a-z]{4}\.[a-z]{3}\.example", made["host"])
    address = r"https://[a-z]{4}\.([a-z]{4})\.example/[a-z]{5}\?[a-z]{4}=(\S+)%40\1\.example&\S=\d"
    url = re.fullmatch(address, made["page_current"])
    assert url is not None
    (variable,) = made["custom_variables"]
    assert variable["value"] == f"{url[2]}@{url[1]}.example"
    shift = datetime.fromisoformat(made["last_visit"]) - datetime(2026, 1, 31, 15, 51, 3)  # noqa: DTZ001
    assert timedelta(seconds=made["last_visit_ts"] - 1769874663) == shift
    assert shift < -timedelta(weeks=52)
    assert shift % timedelta(weeks=1) == timedelta(0)
    kind, unknown, created = made["new_field"]
    assert (kind, created, made["new_field"][unknown]) == ("kind", "created_at", 1)
    assert unknown != "mary"
    assert parse_time(made["new_field"]["created_at"]) is not None
    assert len(str(made["mood_of_day"])) == 10


def test_a_new_value_of_an_open_set_stays_and_other_text_in_its_field_does_not():
    made = Scrubber().scrub(
        [{"id": "a1", "state": "on hold"}, {"id": "b2", "state": "Mary"}], list[Visitor]
    )
    assert made[0]["state"] == "on hold"
    assert made[1]["state"] != "Mary"


def test_the_keys_of_a_mapping_by_logins_are_replaced_as_the_logins_elsewhere():
    scrubber = Scrubber()
    login = scrubber.scrub({"login": "mary@example.com"}, Agent)["login"]
    assert scrubber.scrub({"mary@example.com": {"total": 5}}, Agent) == {login: {"total": 5}}
    assert scrubber.scrub({"mary@example.com": 7}) == {login: 7}
    assert scrubber.path("/agents/mary%40example.com") == f"/agents/{login}"
    assert scrubber.query("agent=mary%40example.com") == f"agent={login}".replace("@", "%40")


def test_a_query_keeps_what_the_api_knows():
    query = "state=queued&group%5B%5D=0&page=120&count=1&timezone=America%2FPhoenix&weekday=mon"
    assert Scrubber().query(query) == query


def test_a_query_and_a_path_lose_all_else():
    scrubber = Scrubber()
    query = scrubber.query(
        "query=mary+brown&mary=1&city=Gda%C5%84sk&date_from=2026-01-31&tag%5Bmary%5D=a"
    )
    assert not re.search("mary|brown|Gda|2026", query)
    assert query.startswith("query=")
    path = scrubber.path("/v2/chats/MARY022RD0/tags/mary")
    assert re.fullmatch(r"/v2/chats/[A-Z]{4}\d{3}[A-Z]{2}\d/tags/[a-z]{4}", path)
    assert "MARY" not in path


@pytest.mark.parametrize("answer", [{"count": 12345}, 12345, "12345", {"visitors": "12345"}])
def test_a_count_stays(answer: Any):
    assert Scrubber().scrub(answer, Count) == answer


@given(st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=20, unique=True))
def test_equal_values_stay_equal_and_different_ones_of_some_length_different(texts: list[str]):
    other = Pseudonyms()
    made = [other.unit(text) for text in texts]
    assert made == [other.unit(text) for text in texts]
    long = [
        new for old, new in zip(texts, made, strict=True) if len(re.findall("[a-z0-9]", old)) > 5
    ]
    assert len(set(long)) == len(long)


def test_different_keys_stay_different_keys_where_few_have_their_shape():
    keys = [*map(chr, range(0x1F600, 0x1F640)), *"abcdefghijklmnopqrstuvwxyz", *"0123456789"]
    made = Scrubber().scrub({key: {key: None} for key in keys})
    assert len(made) == len(keys)
    assert [list(item) for item in made.values()] == [[key] for key in made]


@given(st.integers(1_000, 10**15), st.integers(1_000, 10**15))
def test_a_number_has_as_many_digits_and_is_the_same_as_text(one: int, two: int):
    other = Pseudonyms()
    made = other.number(one)
    assert len(str(made)) == len(str(one))
    assert other.digits(str(one)) == str(made)
    assert (other.number(two) == made) == (one == two) or max(one, two) >= 10**8


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e308)
@example(-1.7976931348623157e308)
def test_a_number_stays_one_that_json_has(number: float):
    assert math.isfinite(Pseudonyms().number(number))


@pytest.mark.parametrize(
    "text", ["::1%mary", "http://[::1%25mary]/", "john@::1%mary", "[::1%mary]", "fe80::1%mary"]
)
def test_the_zone_of_an_address_of_this_machine_does_not_stay(text: str):
    assert "mary" not in Pseudonyms().text(text)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-01-31", "2026-01-31 15:51:03", "2026-01-31T15:51:03Z", "2026-01-31 15:51:03.5"),
        *("2026-01-31T15:51:03+0100", "Wed, 01/28/26 12:05:09 am", "Wed, 01/28/26 12:05:09 pm"),
        *("2026-01", "2026-01-31 14:00"),
    ],
)
def test_a_time_stays_in_its_form(text: str):
    made = Pseudonyms().period(text)
    assert made is not None
    assert made != text
    assert re.sub(r"\d", "0", made) == re.sub(r"\d", "0", text)


def test_months_stay_different_months_in_order():
    other = Pseudonyms()
    months = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]
    made = [other.period(month) for month in months]
    assert made == sorted(set(made))  # type: ignore[type-var]


def test_two_scrubbers_replace_a_value_differently():
    assert Pseudonyms().text("mary.brown@example.com") != Pseudonyms().text(
        "mary.brown@example.com"
    )


HOSTILE = "@.:/?#%&=[]{}\"'\\-_ 0aA\u00e9\n"


@pytest.mark.parametrize(
    "unit", [*HOSTILE, "a.", "a@", "http://", "a:b@", "%25", "?a=http://b/", "0f", "_a"]
)
def test_long_runs_of_each_delimiter_are_scrubbed_in_a_line_of_time(unit: str):
    text = unit * (100_000 // len(unit))
    scrubber = Scrubber()
    made = scrubber.scrub({"id": "a1", "state": text, "name": text, text: text, "x": text}, Visitor)
    assert set(made) >= {"id", "state", "name"}
    assert scrubber.query(text) is not None
    assert scrubber.path(f"/{text}").startswith("/")
