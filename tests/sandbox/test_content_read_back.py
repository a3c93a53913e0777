"""What the client sends for goals, greetings and canned responses, read back as PHP reads it.

Forms are read by the sandbox's `parse_str`, which is tested against vectors captured from PHP.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from livechat_async import (
    AdsTraffic,
    ApiGoal,
    CurrentUrl,
    CustomVariableGoal,
    CustomVariableRule,
    FunnelUrl,
    Goal,
    GoalKind,
    Greeting,
    Place,
    Rule,
    RuleOperator,
    SalesTrackerGoal,
    TimeOnSite,
    UrlFunnel,
    UrlGoal,
    Visits,
)
from livechat_async.decoding.bodies import value_reader
from livechat_async.decoding.converter import make_converter
from livechat_async.http.encoding import plain, urlencode
from livechat_async.sandbox import Sandbox
from livechat_async.sandbox.api import answer_api
from livechat_async.sandbox.http.parse_str import parse_str
from livechat_async.sandbox.http.requests import RecordedRequest

CONVERTER = make_converter()
TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("&=+%[] \"'\\\0ł"), min_size=1
).filter(lambda text: text.strip())
NUMBER = st.integers(0, 999_999_999)
OPERATOR = st.none() | st.sampled_from(RuleOperator)
RULES: st.SearchStrategy[Rule] = st.one_of(
    *(st.builds(kind, NUMBER, operator=OPERATOR) for kind in (TimeOnSite, Visits)),
    *(st.builds(kind, TEXT, operator=OPERATOR) for kind in (CurrentUrl, Place)),
    st.builds(CustomVariableRule, TEXT, TEXT | st.booleans(), operator=OPERATOR),
    st.builds(AdsTraffic, st.none() | st.just("google"), st.none() | TEXT, operator=OPERATOR),
    st.builds(
        UrlFunnel,
        st.lists(TEXT | st.builds(FunnelUrl, url=TEXT, operator=OPERATOR), min_size=1, max_size=3),
    ),
)
KINDS: st.SearchStrategy[GoalKind] = st.one_of(
    st.just(ApiGoal()),
    st.builds(UrlGoal, TEXT, st.sampled_from([None, "exact", "substring"])),
    st.builds(CustomVariableGoal, TEXT, TEXT),
    st.builds(
        SalesTrackerGoal,
        value_type=st.sampled_from([None, "set", "dynamic"]),
        value=st.none() | NUMBER | st.decimals(0, 10**6, places=2),
        currency=st.none() | TEXT,
    ),
)


def as_texts(value: Any) -> Any:
    """What PHP makes of a form with these values."""
    if isinstance(value, dict):
        return {name: as_texts(item) for name, item in value.items()}
    return [as_texts(item) for item in value] if isinstance(value, list) else str(value)


def post(path: str, body: dict[str, Any], *, form: bool) -> Any:
    """The answer of a new sandbox to what the client sends."""
    sandbox = Sandbox(clock=lambda: 1_487_246_066)
    content = urlencode(body) if form else json.dumps(plain(body))
    request = RecordedRequest(
        method="POST",
        raw_path=path,
        raw_query="",
        headers={
            "X-API-Version": "2",
            "Authorization": sandbox.bearer.authorization().reveal(),
            "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
        },
        body=content.encode(),
        received_at=datetime.now(UTC),
    )
    answer = answer_api(sandbox._account, [sandbox.bearer], request)
    assert answer.status == 200, answer.body
    return answer.body


@settings(deadline=None)
@given(st.lists(RULES, min_size=1, max_size=4), st.integers(0, 9))
def test_a_form_of_any_rules_is_read_by_php_as_it_was_meant(rules: list[Rule], group: int) -> None:
    body = {"name": "a", "rules": [rule.to_wire() for rule in rules], "group": group}
    assert parse_str(urlencode(body)) == as_texts(plain(body))
    assert json.loads(json.dumps(plain(body))) == plain(body)


@settings(deadline=None, max_examples=50)
@given(st.lists(RULES, min_size=1, max_size=4))
def test_any_rules_come_back_from_the_sandbox_in_either_encoding(rules: list[Rule]) -> None:
    sent = [rule.to_wire() for rule in rules]
    answers = [
        value_reader(CONVERTER, Greeting)(post("/greetings", {"name": "a", "rules": sent}, form=f))
        for f in (False, True)
    ]
    assert answers[0] == answers[1]
    assert len(answers[0].rules) == len(sent)
    for rule, found in zip(reversed(sent), answers[0].rules, strict=True):
        has_operator = rule["type"] != "url_funnel"
        assert found.type == rule["type"]
        assert found.operator == ((rule["operator"] or "equals") if has_operator else None)
        assert found.value == (str(rule["value"]) if "value" in rule else None)
        assert found.variable_name == (rule.get("variable_name") or "")
        assert found.variable_value == (rule.get("variable_value") or "")
        assert [(each.url, each.operator) for each in found.urls] == [
            (each["url"], each["operator"] or "equals") for each in rule.get("urls", ())
        ]


@settings(deadline=None, max_examples=50)
@given(TEXT, KINDS)
def test_any_goal_comes_back_from_the_sandbox_in_either_encoding(name: str, kind: GoalKind) -> None:
    body = {"name": name, **kind.to_wire()}
    assert parse_str(urlencode(body)) == as_texts(plain(body))
    goals = [value_reader(CONVERTER, Goal)(post("/goals", body, form=form)) for form in (0, 1)]
    assert goals[0] == goals[1]
    wanted = {field: value for field, value in body.items() if value is not None}
    assert {field: getattr(goals[0], field) for field in wanted} == wanted


@settings(deadline=None, max_examples=50)
@given(TEXT, st.lists(TEXT, min_size=1, max_size=3))
def test_any_canned_response_comes_back_from_the_sandbox_in_either_encoding(
    text: str, tags: list[str]
) -> None:
    body = {"text": text, "tags": tags, "group": 2}
    for form in (False, True):
        made = json.loads(post("/canned_responses", body, form=form))
        assert (made["text"], made["tags"], made["group"]) == (text, tags[::-1], 2)
