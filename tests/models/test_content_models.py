"""Tags, goals, greetings and canned responses: the documented answers, and what requests hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from livechat_async import (
    AdsTraffic,
    ApiGoal,
    CannedResponse,
    ConfigurationError,
    CurrentUrl,
    CustomVariableGoal,
    CustomVariableRule,
    FunnelUrl,
    Goal,
    GoalKind,
    GoalType,
    Greeting,
    GreetingRule,
    Rule,
    RuleType,
    SalesTrackerGoal,
    Tag,
    TimeOnPage,
    UrlFunnel,
    UrlGoal,
    Visits,
)
from livechat_async.decoding.bodies import value_reader
from livechat_async.decoding.converter import make_converter

FIXTURE = Path(__file__).parent.parent / "fixtures" / "content_docs.json"
DOCUMENTED: dict[str, Any] = json.loads(FIXTURE.read_text("utf-8"))
MODELS = {"tags": Tag, "goals": Goal, "greetings": Greeting, "canned_responses": CannedResponse}
READ = {
    name: answer
    for name, answer in DOCUMENTED.items()
    if "ok" not in answer and "result" not in answer
}
CONVERTER = make_converter()


def read(type_: Any, answer: Any) -> Any:
    return value_reader(CONVERTER, type_)(json.dumps(answer).encode())


def sent_back(value: Any) -> Any:
    """What an answer said, made of nothing but the attributes of the objects."""
    if isinstance(value, (list, tuple)):
        return [sent_back(item) for item in value]
    if isinstance(value, datetime):
        return value.timestamp()
    if not attrs.has(type(value)):
        return value
    assert value.extra == {}
    return {
        field.metadata.get("wire", field.name): sent_back(getattr(value, field.name))
        for field in attrs.fields(type(value))
        if getattr(value, field.name) != field.default
    }


@pytest.mark.parametrize("name", READ)
def test_every_documented_answer_is_read_with_no_leaf_lost(name: str) -> None:
    model = MODELS[name.partition(".")[0]]
    type_ = list[model] if isinstance(READ[name], list) else model  # type: ignore[valid-type]
    assert sent_back(read(type_, READ[name])) == READ[name]


def test_the_documentation_has_an_answer_of_each_kind() -> None:
    assert len(READ) == 19
    assert len(DOCUMENTED) == 24
    rules = {
        rule["type"]
        for name, answer in READ.items()
        if name.startswith("greetings")
        for greeting in (answer if isinstance(answer, list) else [answer])
        for rule in greeting["rules"]
    }
    assert rules < set(RuleType)


def test_a_greeting_knows_the_text_that_visitors_see() -> None:
    greeting = read(Greeting, DOCUMENTED["greetings.get"])
    assert greeting.message == "Hello again!"
    assert (greeting.active, greeting.properties["active"]) == (True, "1")
    assert Greeting(id=1).message == ""
    assert read(Greeting, {"id": 1, "properties": []}).message == ""
    assert read(Greeting, {"id": 1, "properties": {"greeting-message_text": 7}}).message == ""


@pytest.mark.parametrize(
    ("wire", "text"),
    [("15", "15"), (15, "15"), (True, "true"), (["a"], '["a"]'), (None, None), ("", None)],
)
def test_what_a_rule_or_goal_compares_with_may_come_as_any_json(wire: Any, text: str) -> None:
    """The site's owner typed it: one odd value must not cost the whole list (field case 1)."""
    assert read(GreetingRule, {"id": 1, "value": wire}).value == text
    assert read(Goal, {"id": 1, "value": wire}).value == text


def test_an_unknown_type_stays_its_text_and_unknown_fields_stay() -> None:
    goal = read(Goal, {"id": "71", "type": "moon", "active": "1", "colour": "red"})
    assert (goal.id, goal.type, goal.active, goal.extra) == (71, "moon", True, {"colour": "red"})
    assert read(Goal, {"id": 71, "type": "api"}).type is GoalType.API


def test_the_fields_of_a_sales_tracker_are_text_in_either_form() -> None:
    sent = {"id": 1, "type": "sales_tracker", "value": 49.5, "time_range": 30, "currency": "EUR"}
    goal = read(Goal, {**sent, "sales_tracker_id": None})
    assert (goal.value, goal.time_range, goal.currency) == ("49.5", "30", "EUR")
    assert goal.sales_tracker_id is None


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: UrlGoal(""), r"UrlGoal\(url=''\): text is needed"),
    (lambda: UrlGoal(None), r"UrlGoal\(url=None\)"),  # type: ignore[arg-type]
    (
        lambda: UrlGoal("/a", "prefix"),
        "UrlGoal: match_type='prefix' is none of 'substring', 'exact'",
    ),
    (lambda: CustomVariableGoal("", "a"), r"CustomVariableGoal\(name=''\)"),
    (lambda: CustomVariableGoal("a", " "), r"CustomVariableGoal\(value=' '\)"),
    (lambda: SalesTrackerGoal(value="1,5"), "SalesTrackerGoal: value='1,5': a Decimal"),
    (lambda: SalesTrackerGoal(value=1.5), "value=1.5: a Decimal"),  # type: ignore[arg-type]
    (lambda: SalesTrackerGoal(value=Decimal("NaN")), "a Decimal, a whole number or a text"),
    (lambda: SalesTrackerGoal(value_type="fixed"), "value_type='fixed' is none of 'set'"),
    (lambda: SalesTrackerGoal(currency=""), r"SalesTrackerGoal\(currency=''\)"),
    (lambda: TimeOnPage("20"), r"TimeOnPage\(value='20'\): a whole number"),  # type: ignore[arg-type]
    (lambda: Visits(-1), r"Visits\(value=-1\): a whole number is needed, 0 or more"),
    (lambda: Visits(value=True), r"Visits\(value=True\)"),
    (lambda: CurrentUrl(""), r"CurrentUrl\(value=''\): text is needed"),
    (lambda: CurrentUrl("/a", operator="like"), "CurrentUrl: operator='like' is none of 'equals'"),
    (lambda: CustomVariableRule("a", ""), r"CustomVariableRule\(value=''\)"),
    (lambda: CustomVariableRule("", "a"), r"CustomVariableRule\(name=''\)"),
    (lambda: CustomVariableRule("a", 1), r"CustomVariableRule\(value=1\)"),  # type: ignore[arg-type]
    (lambda: UrlFunnel([]), r"UrlFunnel: urls=\[\]: a list is needed"),
    (lambda: UrlFunnel("/a"), "UrlFunnel: urls='/a': a list is needed"),
    (lambda: UrlFunnel([5]), r"UrlFunnel: urls\[0\]=5: an item is needed as"),  # type: ignore[list-item]
    (lambda: UrlFunnel(["/a", " "]), "UrlFunnel: url=' ': text is needed"),
    (lambda: UrlFunnel([FunnelUrl(url="/a", operator="like")]), "operator='like' is none of"),
    (lambda: AdsTraffic("bing"), "AdsTraffic: provider='bing' is none of 'facebook'"),
    (lambda: AdsTraffic(value="a" * 256), "at most 255 characters"),
    (lambda: AdsTraffic(value=""), r"AdsTraffic\(value=''\)"),
]


@pytest.mark.parametrize(("make", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_part_of_a_request_is_checked_when_it_is_made(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        make()


@pytest.mark.parametrize("cls", [GoalKind, Rule])
def test_a_base_class_is_nothing_to_send(cls: type[Any]) -> None:
    with pytest.raises(TypeError, match=f"{cls.__name__} has no type: use one of its subclasses"):
        cls()


def test_parts_are_values() -> None:
    assert ApiGoal() == ApiGoal()
    assert TimeOnPage(20) == TimeOnPage(20) != TimeOnPage(21)
    assert TimeOnPage(20) != Visits(20)
    assert len({CurrentUrl("/a"), CurrentUrl("/a"), CurrentUrl("/a", operator="contains")}) == 2
    assert repr(UrlGoal("/a")) == "UrlGoal(url='/a', match_type=None)"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        TimeOnPage(20).value = 3  # type: ignore[misc]
