"""Goals, greetings, tags and canned responses as a type checker sees them. Nothing here is run."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from decimal import Decimal
from typing import assert_type

from livechat_async import (
    AdsTraffic,
    ApiGoal,
    CannedResponse,
    CurrentUrl,
    CustomVariableRule,
    FunnelUrl,
    Goal,
    GoalType,
    Greeting,
    GreetingRule,
    LiveChatClient,
    RuleOperator,
    SalesTrackerGoal,
    Tag,
    TimeOnPage,
    UrlFunnel,
    UrlGoal,
)


async def tags_and_texts(client: LiveChatClient) -> None:
    assert_type(await client.tags.list(), list[Tag])
    assert_type(await client.tags.create("a", author="john.doe@example.com", group=0), Tag)
    assert_type(await client.tags.delete("a", group=0), None)
    await client.tags.delete("a")  # type: ignore[call-arg]
    assert_type(await client.canned_responses.list(group=2), list[CannedResponse])
    assert_type(await client.canned_responses.update(7, tags=("a",)), CannedResponse)


async def goals(client: LiveChatClient) -> None:
    (goal,) = await client.goals.list(type=GoalType.URL)
    assert_type(goal, Goal)
    assert_type(goal.type, GoalType | str | None)
    assert_type(await client.goals.create("a", UrlGoal("/a", match_type="exact")), Goal)
    await client.goals.create("a", SalesTrackerGoal(value=Decimal("49.50"), value_type="set"))
    await client.goals.update(71, active=False, kind=ApiGoal())
    await client.goals.create("a", TimeOnPage(20))  # type: ignore[arg-type]
    for price in (Decimal("49.50"), 50, "49.50"):
        await client.goals.mark_as_successful(71, "S1.a", order_price=price)
    await client.goals.mark_as_successful(71, "S1.a", order_price=49.5)  # type: ignore[arg-type]


async def greetings(client: LiveChatClient) -> None:
    rules = [
        CurrentUrl("/pricing", operator="contains"),
        TimeOnPage(20, operator=RuleOperator.GREATER_THAN),
        CustomVariableRule("empty_cart", value=True),
        UrlFunnel(["/a", FunnelUrl(url="/b")]),
        AdsTraffic("google"),
    ]
    greeting = await client.greetings.create("Pricing", rules, message="Can I help?")
    assert_type(greeting, Greeting)
    assert_type(greeting.message, str)
    assert_type(greeting.rules, tuple[GreetingRule, ...])
    await client.greetings.create("Pricing", [ApiGoal()])  # type: ignore[list-item]
    TimeOnPage("20")  # type: ignore[arg-type]
