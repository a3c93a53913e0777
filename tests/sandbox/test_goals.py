"""The Goals page: goals of four types, which show on the chats of those who reach them."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from asking import ask, chat_ids

from livechat_async.sandbox import Sandbox

VISITOR = "S1352647457.ac951bfe2e"
SALE = {
    "visitor_id": VISITOR,
    "order_id": "A-17",
    "order_description": "Boots",
    "order_price": "49.50",
    "order_currency": "EUR",
}
ORDER = {"id": "A-17", "description": "Boots", "price": "49.50", "currency": "EUR"}
MARKED = (200, {"result": "goal marked as successful"})
NOT_FOUND = (404, {"error": "Goal not found"})


async def mark(http: aiohttp.ClientSession, goal_id: object = 71, **options: Any) -> Any:
    return await ask(http, f"/goals/{goal_id}/mark_as_successful", "POST", **options)


async def test_an_account_has_the_goals_of_made_up_chats(http: aiohttp.ClientSession) -> None:
    _, goals = await ask(http, "/goals")
    assert goals == [
        {"id": 71, "name": "Order placed", "active": 1, "type": "api"},
        {"id": 72, "name": "Newsletter", "active": 1, "type": "api"},
    ]
    assert await ask(http, "/goals/71") == (200, goals[0])


@pytest.mark.parametrize("encoding", ["data", "json"])
@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ({"type": "api"}, {}),
        ({"type": "url", "url": "/thanks"}, {"match_type": "substring"}),
        ({"type": "url", "url": "/thanks", "match_type": "exact"}, {}),
        (
            {
                "type": "custom_variable",
                "custom_variable_name": "shoes",
                "custom_variable_value": "true",
            },
            {},
        ),
        ({"type": "sales_tracker"}, {}),
        ({"type": "sales_tracker", "value_type": "set", "value": "49.5", "currency": "EUR"}, {}),
    ],
)
async def test_a_goal_is_made_shown_and_removed(
    http: aiohttp.ClientSession, encoding: str, fields: dict[str, str], more: dict[str, str]
) -> None:
    body = {"name": "new goal", **fields}
    goal = {"id": 1, "active": 1, **body, **more}
    assert await ask(http, "/goals", "POST", **{encoding: body}) == (200, goal)
    assert await ask(http, "/goals/1") == (200, goal)
    _, listed = await ask(http, f"/goals?type={fields['type']}")
    in_list = {"id": 1, "name": "new goal", "active": 1, "type": fields["type"]}
    assert in_list in listed
    assert {each["type"] for each in listed} == {fields["type"]}
    gone = (200, {"result": "goal removed successfully"})
    assert await ask(http, "/goals/1", "DELETE") == gone
    assert await ask(http, "/goals/1", "DELETE") == NOT_FOUND
    assert await ask(http, "/goals", "POST", json={"name": "x", "type": "api"}) == (
        200,
        {"id": 2, "name": "x", "active": 1, "type": "api"},
    )


async def test_a_goal_changes_in_what_is_sent(http: aiohttp.ClientSession) -> None:
    body = {"name": "new goal", "type": "url", "url": "/thanks", "match_type": "exact"}
    await ask(http, "/goals", "POST", json=body)
    goal = {"id": 1, "active": 0, **body, "name": "paused"}
    assert await ask(http, "/goals/1", "PUT", data={"name": "paused", "active": "0"}) == (200, goal)
    _, changed = await ask(http, "/goals/1", "PUT", json={"url": "/thank-you", "active": 1})
    assert changed == {**goal, "url": "/thank-you", "active": 1}
    _, other = await ask(http, "/goals/1", "PUT", json={"type": "api"})
    assert other == {"id": 1, "name": "paused", "active": 1, "type": "api"}
    assert await ask(http, "/goals/1") == (200, other)


@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("POST", "/goals", {"type": "api"}, "name is required"),
        ("POST", "/goals", {"name": "a"}, "type is required"),
        ("POST", "/goals", {"name": " ", "type": "api"}, "name has to be text"),
        (
            *("POST", "/goals", {"name": "a", "type": "web"}),
            "type has to be one of: custom_variable, url, api, sales_tracker",
        ),
        ("POST", "/goals", {"name": "a", "type": "url"}, "url is required"),
        (
            *("POST", "/goals", {"name": "a", "type": "url", "url": "/", "match_type": "any"}),
            "match_type has to be one of: substring, exact",
        ),
        ("PUT", "/goals/71", {"type": "url"}, "url is required"),
        ("PUT", "/goals/71", {"active": 2}, "active has to be 0 or 1"),
        ("PUT", "/goals/71", {"name": ["a"]}, "name has to be text"),
        ("POST", "/goals/71/mark_as_successful", {}, "visitor_id is required"),
        *(
            (
                *("POST", "/goals/71/mark_as_successful", {**SALE, "order_price": price}),
                "order_price has to be a number with a period, such as 199.00",
            )
            for price in ("49,50", "1e3", "free", "1.000,00")
        ),
    ],
)
async def test_a_bad_body_is_refused(
    *,
    sandbox: Sandbox,
    http: aiohttp.ClientSession,
    method: str,
    path: str,
    body: dict[str, Any],
    problem: str,
) -> None:
    sandbox.add_visitor(id=VISITOR)
    _, before = await ask(http, "/goals")
    assert await ask(http, path, method, json=body) == (400, {"errors": [problem]})
    assert await ask(http, "/goals") == (200, before)


async def test_the_type_of_the_list_is_one_of_four(http: aiohttp.ClientSession) -> None:
    status, answer = await ask(http, "/goals?type=web")
    assert (status, answer["errors"][0].startswith("type has to be one of")) == (400, True)


@pytest.mark.parametrize("number", ["7", "071", "71.0", "seventy", "%37%31x"])
async def test_another_number_is_a_404(http: aiohttp.ClientSession, number: str) -> None:
    assert await ask(http, f"/goals/{number}") == NOT_FOUND
    assert await ask(http, f"/goals/{number}", "PUT", json={"name": "a"}) == NOT_FOUND
    assert await ask(http, f"/goals/{number}", "DELETE") == NOT_FOUND
    assert await mark(http, number, json=SALE) == NOT_FOUND


@pytest.mark.parametrize("encoding", ["data", "json"])
async def test_a_reached_goal_shows_on_the_running_chat_and_stays_on_it(
    sandbox: Sandbox, http: aiohttp.ClientSession, encoding: str
) -> None:
    old = sandbox.add_chat(visitor={"id": VISITOR})
    sandbox.add_visitor(id=VISITOR, state="chatting")
    assert await mark(http, **{encoding: SALE}) == MARKED
    _, listed = await ask(http, "/chats?include_pending=1&has_goal=1")
    (chat,) = listed["chats"]
    (goal,) = chat["goals"]
    assert chat["pending"] is True
    assert (goal["id"], goal["name"], goal["order"]) == (71, "Order placed", ORDER)
    assert goal["timestamp"] == 1_487_246_066
    assert await chat_ids(http, "has_goal=1") == []
    sandbox.end_chat(VISITOR)
    ended = chat["id"]
    for query in ("has_goal=1", "goal=71", "has_sale=1", "sale=71"):
        assert await chat_ids(http, query) == [ended]
    for query in ("has_goal=0", "has_sale=0"):
        assert await chat_ids(http, query) == [old]
    assert await chat_ids(http, "goal=72") == []


async def test_a_reached_goal_shows_on_the_last_chat_of_the_visitor(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    ids = [
        sandbox.add_chat(visitor={"id": who}, started_timestamp=moment, **more)
        for who, moment, more in [
            (VISITOR, 1_400_000_000, {}),
            (VISITOR, 1_400_000_500, {"goals": [{"id": 5, "name": "Old"}]}),
            ("S1.other", 1_400_000_900, {}),
        ]
    ]
    sandbox.add_chat(type="missed_chat", visitor={"id": VISITOR}, time_timestamp=1_400_000_700)
    assert await mark(http, json={"visitor_id": VISITOR}) == MARKED
    assert await mark(http, 72, json=SALE) == MARKED
    assert await chat_ids(http, "has_goal=1") == [ids[1]]
    _, chat = await ask(http, f"/chats/{ids[1]}")
    assert [(goal["id"], goal.get("order")) for goal in chat["goals"]] == [
        (5, None),
        (71, {}),
        (72, ORDER),
    ]
    assert await chat_ids(http, "sale=72") == [ids[1]]
    assert await chat_ids(http, "sale=71") == []


async def test_a_goal_is_reached_once_in_a_chat_with_its_latest_order(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    chat_id = sandbox.add_chat(visitor={"id": VISITOR})
    for price in ("10", "20.50"):
        assert await mark(http, json={"visitor_id": VISITOR, "order_price": price}) == MARKED
    _, chat = await ask(http, f"/chats/{chat_id}")
    assert [goal["order"] for goal in chat["goals"]] == [
        {"id": "", "description": "", "price": "20.50", "currency": ""}
    ]


async def test_made_up_chats_can_reach_goals_too(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.seed_chats(500)
    newest = next(
        chat for chat in sandbox.chats if chat["type"] == "chat" and not chat.get("goals")
    )
    visitor_id = newest["visitor"]["id"]
    mine = next(chat for chat in sandbox.chats if chat["visitor"]["id"] == visitor_id)
    assert await mark(http, json={"visitor_id": visitor_id}) == MARKED
    _, chat = await ask(http, f"/chats/{mine['id']}")
    assert chat["goals"][-1]["id"] == 71
    assert {**chat, "goals": None} == {**mine, "goals": None}


async def test_a_visitor_without_a_chat_reaches_a_goal_that_nothing_shows(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox.add_visitor(id=VISITOR)
    assert await mark(http, json=SALE) == MARKED
    assert await mark(http, json={**SALE, "visitor_id": "S9.unknown"}) == (
        404,
        {"error": "Visitor not found"},
    )
