"""The client against the sandbox: each method of tags, goals, greetings and canned responses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from livechat_async import (
    ApiGoal,
    BadRequestError,
    CurrentUrl,
    GoalType,
    LiveChatClient,
    NotFoundError,
    RuleType,
    TimeOnPage,
    UrlGoal,
    Visits,
)
from livechat_async.sandbox import Sandbox

VISITOR = "S1352647457.ac951bfe2e"


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[LiveChatClient]:
    async with LiveChatClient(sandbox.credentials, base_url=sandbox.url) as client:
        yield client


async def test_tags(client: LiveChatClient, sandbox: Sandbox) -> None:
    sandbox.add_chat(tags=["a/b+c %ł"])
    made = await client.tags.create("a/b+c %ł", author="john.doe@example.com", group=2)
    (found,) = (tag for tag in await client.tags.list(group=2) if tag.name == made.name)
    assert found == made
    assert found.count is not None
    assert (found.count.in_chats, found.count.in_tickets) == (1, 0)
    with pytest.raises(BadRequestError, match="already exists in group 2"):
        await client.tags.create(made.name, author="john.doe@example.com", group=2)
    await client.tags.delete(made.name, group=2)
    with pytest.raises(NotFoundError, match="Tag not found"):
        await client.tags.delete(made.name, group=2)
    (chat,) = (await client.chats.list()).items
    assert chat.tags == (made.name,)


async def test_goals(client: LiveChatClient, sandbox: Sandbox) -> None:
    sandbox.add_visitor(id=VISITOR, state="chatting")
    await client.goals.mark_as_successful(
        71, VISITOR, order_id="A-17", order_price="49.50", order_currency="EUR"
    )
    (chat,) = (await client.chats.list(goal=71, include_pending=True)).items
    (goal,) = chat.goals
    assert goal.order is not None
    assert (goal.id, goal.order.id, goal.order.price) == (71, "A-17", Decimal("49.50"))
    assert (await client.chats.list(has_goal=False, include_pending=True)).items == []

    made = await client.goals.create("Thanks", UrlGoal("/thanks"))
    assert await client.goals.get(made.id) == made
    assert [each.id for each in await client.goals.list(type=GoalType.URL)] == [made.id]
    changed = await client.goals.update(made.id, active=False, kind=ApiGoal())
    assert (changed.active, changed.type, changed.url) == (False, GoalType.API, "")
    await client.goals.delete(made.id)
    with pytest.raises(NotFoundError, match="Goal not found"):
        await client.goals.get(made.id)


async def test_greetings(client: LiveChatClient) -> None:
    greeting = await client.greetings.create(
        "Pricing", [CurrentUrl("/pricing"), TimeOnPage(20)], message="Can I help?"
    )
    assert greeting.message == "Can I help?"
    assert [(rule.type, rule.value) for rule in greeting.rules] == [
        (RuleType.VISIT_TIME_PAGE, "20"),
        (RuleType.URL_CURRENT, "/pricing"),
    ]
    assert await client.greetings.get(greeting.id) == greeting
    assert greeting in await client.greetings.list(group=0)
    changed = await client.greetings.update(greeting.id, rules=[Visits(2)], message="Hello")
    assert (changed.name, changed.message, len(changed.rules)) == ("Pricing", "Hello", 1)
    await client.greetings.delete(greeting.id)
    assert len(await client.greetings.list()) == 2


async def test_canned_responses(client: LiveChatClient) -> None:
    made = await client.canned_responses.create("Bye.", ["bye", "cu"], group=2)
    assert (made.modified_by, made.modification_date) == (None, None)
    changed = await client.canned_responses.update(made.id, text="Bye!")
    assert (changed.text, changed.tags, changed.group) == ("Bye!", ("cu", "bye"), 2)
    assert changed.modified_by == "john.doe@example.com"
    assert await client.canned_responses.list(group=2) == [changed]
    await client.canned_responses.delete(made.id)
    assert await client.canned_responses.list(group=2) == []
    with pytest.raises(NotFoundError, match="Canned response not found"):
        await client.canned_responses.get(made.id)
