"""The Greetings page: rules come back in another order than they were sent, with values as text."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from asking import ask

DEFAULT = "Hello, would you like to talk about our products?"
RULE = {"type": "visits_number", "value": 2}
NOT_FOUND = (404, {"error": "Greeting not found"})


async def make(http: aiohttp.ClientSession, path: str = "/greetings", **fields: Any) -> Any:
    status, greeting = await ask(http, path, "POST", json={"name": "a", "rules": [RULE], **fields})
    assert status == 200, greeting
    return greeting


async def test_an_account_has_greetings(http: aiohttp.ClientSession) -> None:
    _, greetings = await ask(http, "/greetings")
    assert [greeting["id"] for greeting in greetings] == [2291, 2411]
    assert await ask(http, "/greetings/2411") == (200, greetings[1])
    assert greetings[1] == {
        "id": 2411,
        "active": True,
        "name": "Back again",
        "rules": [
            {
                "id": 8192,
                "value": "2",
                "type": "visits_number",
                "operator": "greater_or_equal",
                "condition": "and",
            }
        ],
        "properties": {"active": "1", "greeting-message_text": "Hello again!"},
    }


async def test_rules_are_answered_in_the_form_of_the_documentation(
    http: aiohttp.ClientSession,
) -> None:
    greeting = await make(
        http,
        name="my custom invitation",
        rules=[
            {"type": "visit_time_site", "value": 15},
            {"type": "url_current", "value": "shoes", "operator": "contains"},
            {"type": "custom_variable", "variable_name": "empty_cart", "variable_value": True},
            {"type": "url_funnel", "urls": [{"url": "/a"}, {"url": "b", "operator": "contains"}]},
            {"type": "ads_traffic"},
            {"type": "ads_traffic", "variable_name": "yahoo", "variable_value": 12},
        ],
        properties={"greeting-message_text": "Hi"},
    )
    first = greeting["rules"][0]["id"]
    assert greeting == {
        "id": 1,
        "active": True,
        "name": "my custom invitation",
        "rules": [
            {
                "id": first,
                "type": "ads_traffic",
                "operator": "equals",
                "condition": "and",
                "variable_name": "yahoo",
                "variable_value": "12",
            },
            {"id": first + 1, "type": "ads_traffic", "operator": "equals", "condition": "and"},
            {
                "id": first + 2,
                "type": "url_funnel",
                "condition": "and",
                "urls": [
                    {"url": "/a", "operator": "equals"},
                    {"url": "b", "operator": "contains"},
                ],
            },
            {
                "id": first + 3,
                "type": "custom_variable",
                "operator": "equals",
                "condition": "and",
                "variable_name": "empty_cart",
                "variable_value": "true",
            },
            {
                "id": first + 4,
                "value": "shoes",
                "type": "url_current",
                "operator": "contains",
                "condition": "and",
            },
            {
                "id": first + 5,
                "value": "15",
                "type": "visit_time_site",
                "operator": "equals",
                "condition": "and",
            },
        ],
        "properties": {"active": "1", "greeting-message_text": "Hi"},
    }
    assert await ask(http, "/greetings/1") == (200, greeting)


async def test_a_form_says_the_same_as_json(http: aiohttp.ClientSession) -> None:
    form = {
        "name": "a",
        "rules[0][type]": "visits_number",
        "rules[0][value]": "2",
        "rules[1][type]": "url_funnel",
        "rules[1][urls][0][url]": "/a",
        "properties[greeting-message_text]": "Hi",
        "active": "0",
    }
    _, of_form = await ask(http, "/greetings", "POST", data=form)
    of_json = await make(
        http,
        rules=[RULE, {"type": "url_funnel", "urls": [{"url": "/a"}]}],
        properties={"greeting-message_text": "Hi"},
        active=0,
    )
    for greeting in (of_form, of_json):
        assert (greeting["active"], greeting["properties"]["active"]) == (False, "0")
        for rule in greeting["rules"]:
            del rule["id"]
    assert {**of_form, "id": 0} == {**of_json, "id": 0}


async def test_the_group_is_asked_for_and_never_shown(http: aiohttp.ClientSession) -> None:
    in_body = await make(http, group=2)
    in_query = await make(http, "/greetings?group=5")
    in_both = await make(http, "/greetings?group=5", group=2)
    assert not any("group" in greeting for greeting in (in_body, in_query, in_both))
    assert await ask(http, "/greetings?group=2") == (200, [in_body, in_both])
    assert await ask(http, "/greetings?group=5") == (200, [in_query])
    _, everything = await ask(http, "/greetings")
    assert len(everything) == 5


async def test_a_greeting_changes_in_what_is_sent(http: aiohttp.ClientSession) -> None:
    made = await make(http, group=2)
    assert made["properties"] == {"active": "1", "greeting-message_text": DEFAULT}
    _, named = await ask(
        http,
        "/greetings/1",
        "PUT",
        data={"name": "shoes", "properties[greeting-message_text]": "Hello"},
    )
    properties = {"active": "1", "greeting-message_text": "Hello"}
    assert named == {**made, "name": "shoes", "properties": properties}
    _, paused = await ask(http, "/greetings/1", "PUT", data={"active": "0"})
    assert paused == {**named, "active": False, "properties": {**properties, "active": "0"}}
    _, ruled = await ask(http, "/greetings/1", "PUT", json={"rules": [RULE, RULE]})
    assert len({rule["id"] for rule in (*made["rules"], *ruled["rules"])}) == 3
    assert {**ruled, "rules": []} == {**paused, "rules": []}
    assert await ask(http, "/greetings?group=2") == (200, [ruled])


async def test_a_greeting_can_be_removed(http: aiohttp.ClientSession) -> None:
    assert await ask(http, "/greetings/2291", "DELETE") == (200, {"ok": True})
    assert await ask(http, "/greetings/2291", "DELETE") == NOT_FOUND
    assert await ask(http, "/greetings/2291") == NOT_FOUND
    assert await ask(http, "/greetings/2291", "PUT", json={"name": "a"}) == NOT_FOUND


async def test_there_are_ten_announcements_at_most(http: aiohttp.ClientSession) -> None:
    for _ in range(10):
        assert "subtype" not in await make(http, subtype="announcement")
    body = {"name": "a", "rules": [RULE], "subtype": "announcement"}
    refusal = (400, {"errors": ["There are ten announcements already"]})
    assert await ask(http, "/greetings", "POST", json=body) == refusal
    await make(http)
    assert (await ask(http, "/greetings/1", "DELETE"))[0] == 200
    await make(http, subtype="announcement")
    assert await ask(http, "/greetings", "POST", json=body) == refusal


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"rules": [RULE]}, ["name is required"]),
        ({"name": "a"}, ["rules is required"]),
        ({"name": "a", "rules": []}, ["rules has to be a list of at least one rule"]),
        ({"name": "a", "rules": RULE}, ["rules has to be a list of objects"]),
        ({"name": "a", "rules": ["visits"]}, ["rules has to be a list of objects"]),
        ({"name": "a", "rules": [RULE, {}]}, ["rules[1]: type is required"]),
        ({"name": "a", "rules": [RULE], "active": 2}, ["active has to be 0 or 1"]),
        (
            {"name": "a", "rules": [RULE], "subtype": "x"},
            ["subtype has to be one of: announcement"],
        ),
        (
            {"name": "a", "rules": [RULE], "properties": "x"},
            ["properties has to be an object of texts"],
        ),
        (
            {"name": "a", "rules": [RULE], "properties": {"a": ["b"]}},
            ["properties has to be an object of texts"],
        ),
        ({"name": "a", "rules": [{"type": "visits_number"}]}, ["rules[0]: value is required"]),
        (
            {"name": "a", "rules": [{"type": "visits_number", "value": "two"}]},
            ["rules[0]: value has to be a number, 0 or more"],
        ),
        (
            {"name": "a", "rules": [{"type": "geolocation", "value": " "}]},
            ["rules[0]: value has to be text"],
        ),
        ({"name": "a", "rules": [{"type": "url_funnel"}]}, ["rules[0]: urls is required"]),
        (
            {"name": "a", "rules": [{"type": "url_funnel", "urls": [{}]}]},
            ["rules[0]: url is required"],
        ),
        (
            {"name": "a", "rules": [{"type": "custom_variable", "variable_name": "a"}]},
            ["rules[0]: variable_value is required"],
        ),
        (
            {"name": "a", "rules": [{"type": "ads_traffic", "variable_name": "bing"}]},
            [
                (
                    "rules[0]: variable_name has to be one of: facebook, google, microsoft, "
                    "twitter, yahoo"
                )
            ],
        ),
    ],
)
async def test_a_bad_body_is_refused(
    http: aiohttp.ClientSession, body: dict[str, Any], problems: list[str]
) -> None:
    _, before = await ask(http, "/greetings")
    assert await ask(http, "/greetings", "POST", json=body) == (400, {"errors": problems})
    assert await ask(http, "/greetings") == (200, before)


@pytest.mark.parametrize("kind", ["custom", "visits"])
async def test_the_documentations_slip_is_no_type(http: aiohttp.ClientSession, kind: str) -> None:
    body = {"rules": [{"type": kind, "value": 1, "operator": "like"}]}
    status, answer = await ask(http, "/greetings/2291", "PUT", json=body)
    assert status == 400
    assert answer["errors"] == [
        (
            "rules[0]: type has to be one of: visit_time_site, visit_time_page, pages_view_number, "
            "visits_number, url_current, url_visited, url_referrer, geolocation, search_keyword, "
            "custom_variable, url_funnel, ads_traffic"
        ),
        (
            "rules[0]: operator has to be one of: equals, doesnt_equal, lower_than, "
            "lower_or_equal, greater_than, greater_or_equal, contains, doesnt_contain"
        ),
    ]
