"""What users write is checked when it is made; what they get cannot be changed."""

import copy
import enum
import json
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from livechat_async import (
    ConfigurationError,
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
from livechat_async.models.visitors import Count

AGE = DetailField("Age", 36)


class Plan(enum.StrEnum):
    GOLD = "gold"


class OldPlan(str, enum.Enum):  # noqa: UP042 - prints as its name, unlike StrEnum
    GOLD = "gold"


class Level(enum.IntEnum):
    HIGH = 3


# --- one field ---


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("36", "36"),
        ("", ""),
        ("two\nlines", "two\nlines"),
        (36, "36"),
        (-1, "-1"),
        (1.5, "1.5"),
        (True, "1"),
        (False, "0"),
        (Decimal("19.90"), "19.90"),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 15, 49, 27), "2026-01-31T15:49:27"),  # noqa: DTZ001 - as given
        (datetime(2026, 1, 31, 15, 49, 27, tzinfo=UTC), "2026-01-31T15:49:27+00:00"),
        (Plan.GOLD, "gold"),
        (OldPlan.GOLD, "gold"),
        (Level.HIGH, "3"),
    ],
    ids=repr,
)
def test_a_value_travels_as_text(value: Any, text: str) -> None:
    assert DetailField("Plan", value).value == text
    assert json.dumps(DetailField("Plan", value).value) == json.dumps(text)


@pytest.mark.parametrize(
    "value",
    [None, b"36", ["36"], {"a": 1}, object(), time(12, 0), 36j, SimpleNamespace(), {36}],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_is_no_text_number_or_date_is_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DetailField("Age", value)
    assert str(caught.value).startswith(f"DetailField(value={value!r}): text, a number or a date")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN")], ids=repr)
def test_a_number_that_is_none_is_not_shown_to_an_agent(value: Any) -> None:
    with pytest.raises(ConfigurationError):
        DetailField("Age", value)


@pytest.mark.parametrize("name", ["", "  ", "\n", None, 5, b"Age"], ids=repr)
def test_a_field_has_a_name(name: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DetailField(name, 36)
    assert str(caught.value) == f"DetailField(name={name!r}): a name is needed; it is the label"


@pytest.mark.parametrize(
    "url",
    [
        None,
        "https://crm.example.com/7",
        "http://crm.example.com/7?a=1#b",
        "HTTPS://crm.example.com",
        "mailto:mark@example.com",
        "tel:+48123456789",
    ],
)
def test_a_link_may_be(url: str | None) -> None:
    assert DetailField("Profile", "Open", url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "crm.example.com/7",
        "//crm.example.com/7",
        "/7",
        "ftp://crm.example.com",
        "javascript:alert(1)",
        "data:text/html,hello",
        "file:///etc/hosts",
        "https:crm.example.com",
        "https://crm.example.com/a b",
        "https://crm.example.com/\n",
        " https://crm.example.com",
        "https://",
        "mailto:",
        b"https://crm.example.com",
        7,
    ],
)
def test_a_link_may_not_be(url: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DetailField("Profile", "Open", url=url)
    assert f"DetailField(url={url!r}): a whole address is needed" in str(caught.value)


# --- a set of fields ---


@pytest.mark.parametrize(
    "fields",
    [[AGE], (AGE,), iter([AGE]), {AGE: 1}, (field for field in [AGE])],
    ids=lambda value: type(value).__name__,
)
def test_fields_may_come_in_any_collection(fields: Any) -> None:
    assert VisitorDetails("my-app", fields).fields == (AGE,)


def test_the_order_of_fields_is_kept() -> None:
    fields = [DetailField(f"field {number}", number) for number in range(20)]
    assert VisitorDetails(id="my-app", fields=fields).fields == tuple(fields)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ([], "fields=[]: a list is needed"),
        ((), "fields=(): a list is needed"),
        (None, "fields=None: a list is needed"),
        (AGE, "fields=DetailField(name='Age', value='36', url=None): a list is needed"),
        (5, "fields=5: a list is needed"),
        ("Age", "fields='Age': a list is needed"),
        ({"Age": 36}, "fields[0]='Age': an item is needed as in [DetailField("),
        ([AGE, ("Age", 36)], "fields[1]=('Age', 36): an item is needed as in [DetailField("),
        ([AGE, AGE, {"name": "Age"}], "fields[2]={'name': 'Age'}: an item is needed as in"),
        ([None], "fields[0]=None: an item is needed as in [DetailField("),
    ],
)
def test_fields_may_not_be(fields: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        VisitorDetails("my-app", fields)
    assert str(caught.value).startswith(f"VisitorDetails: {problem}")


@pytest.mark.parametrize(
    "id_", ["my-app", "a", "0", "CRM:v2/(x)_y.z!", "zażółć", "我的應用", "a+b"]
)
def test_an_id_is_made_of_letters_digits_and_punctuation(id_: str) -> None:
    assert VisitorDetails(id_, [AGE]).id == id_


@pytest.mark.parametrize(
    "id_",
    [
        *("", None, 5, "my app", "my-app ", "my\u00a0app", "my\tapp", "my-app\n", "my\u200bapp"),
        "my\0app",
    ],
)
def test_an_id_may_not_be(id_: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        VisitorDetails(id_, [AGE])
    assert str(caught.value).startswith(f"VisitorDetails(id={id_!r}): a name for the set of data")


@pytest.mark.parametrize(
    ("icon", "sent"),
    [
        (None, None),
        ("example.com/icon.png", "example.com/icon.png"),
        ("https://example.com/icon.png", "example.com/icon.png"),
        ("http://example.com/icon.png", "example.com/icon.png"),
        ("HTTPS://example.com/icon.png", "example.com/icon.png"),
        ("//example.com/icon.png", "example.com/icon.png"),
        ("example.com:8443/icon.png?v=2", "example.com:8443/icon.png?v=2"),
        ("example.com/a//b.png", "example.com/a//b.png"),
    ],
)
def test_an_icon_is_sent_without_its_scheme(icon: str | None, sent: str | None) -> None:
    assert VisitorDetails("my-app", [AGE], icon=icon).icon == sent


@pytest.mark.parametrize(
    "icon",
    [
        "",
        "https://",
        "//",
        "example.com/my icon.png",
        "example.com/icon.png\n",
        "ftp://example.com/icon.png",
        "https://https://example.com/icon.png",
        "data:image/png;base64,AAAA",
        "/static/icon.png",
        5,
        b"example.com/icon.png",
        ["example.com"],
    ],
)
def test_an_icon_is_an_address_of_a_picture(icon: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        VisitorDetails("my-app", [AGE], icon=icon)
    assert "VisitorDetails(icon=" in str(caught.value)
    assert "such as example.com/icon.png" in str(caught.value)


def test_a_changed_copy_is_checked_as_well() -> None:
    details = VisitorDetails("my-app", [AGE])
    assert attrs.evolve(details, icon="https://example.com/i.png").icon == "example.com/i.png"
    with pytest.raises(ConfigurationError):
        attrs.evolve(details, fields=[])


# --- all models as values ---

VISITOR = Visitor(
    id="S1355415390.49b8940793",
    state=VisitorState.CHATTING,
    operators=(Operator(id="john.doe@mycompany.com"),),
    visit_path=(VisitedPage(page="https://example.com/", extra={"scroll": [1]}),),
    prechat_survey=(SurveyAnswer(key="Name:", value="Mark"),),
    custom_variables=(CustomVariable(key="empty_cart", value="true"),),
    chat=VisitorChat(id="MH022RD0K5"),
    extra={"new": {"nested": [1, 2]}},
)
EACH_MODEL = pytest.mark.parametrize(
    "model",
    [
        VISITOR,
        VISITOR.operators[0],
        VISITOR.visit_path[0],
        VISITOR.prechat_survey[0],
        VISITOR.custom_variables[0],
        VISITOR.chat,
        AGE,
        VisitorDetails("my-app", [AGE]),
        Count(3),
    ],
    ids=lambda model: type(model).__name__,
)


@EACH_MODEL
def test_models_are_frozen(model: Any) -> None:
    for field in attrs.fields(type(model)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(model, field.name, None)


@EACH_MODEL
def test_models_have_no_room_for_attributes_that_do_not_exist(model: Any) -> None:
    assert not hasattr(model, "__dict__")
    with pytest.raises(AttributeError):
        model.no_such_attribute = 1


@EACH_MODEL
@pytest.mark.parametrize(
    "duplicate",
    [lambda value: pickle.loads(pickle.dumps(value)), copy.copy, copy.deepcopy],  # noqa: S301
    ids=["pickle", "copy", "deepcopy"],
)
def test_models_are_hashable_and_equal_by_value(
    model: Any, duplicate: Callable[[Any], Any]
) -> None:
    twin = duplicate(model)
    assert twin == model
    assert hash(twin) == hash(model)
    assert len({twin, model}) == 1


@pytest.mark.parametrize(
    "cls", [Visitor, Operator, VisitedPage, VisitorChat, SurveyAnswer, CustomVariable]
)
def test_what_is_decoded_is_keyword_only(cls: type[Any]) -> None:
    assert all(field.kw_only for field in attrs.fields(cls))


def test_what_users_write_may_be_positional() -> None:
    assert DetailField("Age", 36, "https://example.com/") == DetailField(
        name="Age", value=36, url="https://example.com/"
    )
    assert VisitorDetails("my-app", [AGE], "example.com/i.png") == VisitorDetails(
        id="my-app", fields=[AGE], icon="example.com/i.png"
    )


def test_visitors_that_differ_in_a_new_field_only_differ() -> None:
    assert attrs.evolve(VISITOR, extra={}) != VISITOR


def test_states_are_their_texts() -> None:
    texts = sorted(str(state) for state in VisitorState)
    assert texts == [
        "browsing",
        "chat closed",
        "chatting",
        "invited",
        "logging into chat",
        "online",
        "queued",
        "refused invitation",
    ]
    assert VisitorState("chatting") is VisitorState.CHATTING
    assert f"{VisitorState.LOGGING_INTO_CHAT}" == "logging into chat"
