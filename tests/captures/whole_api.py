"""Every call of the documented API, made with what earlier answers say.

So the same calls can be made to a sandbox, and to a replay of what was recorded there.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable
from datetime import date

from livechat_async import (
    ApiGoal,
    CustomVariableGoal,
    DetailField,
    LiveChatClient,
    SalesTrackerGoal,
    TimeOnPage,
    UrlFunnel,
    UrlGoal,
    VisitorDetails,
    WorkDay,
)

RANGE = {"date_from": date(2026, 1, 1), "date_to": date(2026, 1, 31)}


async def call_everything(
    client: LiveChatClient,
    *,
    token: str = "t0ken",  # noqa: S107 (it opens nothing)
    days: dict[str, date] = RANGE,
):
    """Make every call at least once. The days are those of the reports."""
    await _people(client)
    await _visitors(client, token)
    await _archives(client)
    await _content(client)
    await _reports(client, days)
    await _lists(client)


async def _lists(client: LiveChatClient) -> None:
    """Call every method ``list`` that needs no argument; a new one needs no line here."""
    for name in LiveChatClient.__annotations__:
        listed = getattr(getattr(client, name), "list", None)
        if listed is None:
            continue
        arguments = inspect.signature(listed).parameters.values()
        if all(
            each.default is not each.empty or each.kind is each.VAR_KEYWORD for each in arguments
        ):
            found = listed()
            if isinstance(found, AsyncIterable):
                async for _ in found:
                    break
            else:
                await found


async def _visitors(client: LiveChatClient, token: str) -> None:
    visitors = await client.visitors.list()
    assert await client.visitors.count() == len(visitors)
    chatting = await client.visitors.list(state="chatting", groups=[0, 2])
    visitor = next(each for each in visitors if each.id == chatting[0].id)
    details = VisitorDetails("crm", [DetailField("Age", 36)])
    await client.visitors.add_details(visitor.id, details, license_id=12345, token=token)
    goal = await client.goals.create("Order", ApiGoal())
    await client.goals.mark_as_successful(goal.id, visitor.id)
    for kind in (
        UrlGoal("example.com/thanks", "exact"),
        CustomVariableGoal("plan", "gold"),
        SalesTrackerGoal("77", value_type="set", value="49.50", currency="EUR"),
    ):
        goal = await client.goals.create("Another", kind)
    assert (await client.goals.get(goal.id)).id == goal.id
    await client.goals.update(goal.id, name="Renamed", active=False)
    assert goal.id in {each.id for each in await client.goals.list()}
    await client.goals.delete(goal.id)


async def _archives(client: LiveChatClient) -> None:
    chats = [chat async for chat in client.chats.list(include_pending=True)]
    assert len({chat.id for chat in chats}) == len(chats)
    chat = next(each for each in chats if each.events and not each.pending)
    assert (await client.chats.get(chat.id)).messages == chat.messages
    await client.chats.set_tags(chat.id, ["sales", "gold"])
    await client.chats.send_transcript(chat.id, to="mary.brown@example.com")
    tickets = [ticket async for ticket in client.tickets.list(order="asc", status="open")]
    made = await client.tickets.create(
        message="Hello", requester_mail="mary.brown@example.com", subject="Shoes", groups=[0]
    )
    assert made.id not in {each.id for each in tickets}
    await client.tickets.set_tags(made.id, ["sales"])
    assert (await client.tickets.get(made.id)).subject == made.subject


async def _people(client: LiveChatClient) -> None:
    agents = await client.agents.list()
    assert (await client.agents.get(agents[0].login)).name == agents[0].name
    made = await client.agents.create(
        login="new.agent@example.com",
        name="New Agent",
        groups=[2],
    )
    hours = {"monday": WorkDay(start="09:00", end="17:30", enabled=True)}
    await client.agents.update(
        made.login, job_title="Support", status="not accepting chats", work_scheduler=hours
    )
    group = await client.groups.create(name="VIP", agents=[made.login])
    assert (await client.groups.get(group.id)).agents == (made.login,)
    await client.groups.update(group.id, language="pl")
    assert group.id in {each.id for each in await client.groups.list()}
    await client.status.get()
    await client.status.get(group.id)
    await client.groups.delete(group.id)
    await client.agents.delete(made.login)


async def _content(client: LiveChatClient) -> None:
    author = (await client.agents.list())[0].login
    tag = await client.tags.create("extra", author=author, group=2)
    assert tag.name in {each.name for each in await client.tags.list(group=2)}
    await client.tags.delete(tag.name, group=2)
    rules = [TimeOnPage(20), UrlFunnel(["example.com/shoes", "example.com/cart"])]
    greeting = await client.greetings.create("Pricing", rules, message="May I help?")
    assert (await client.greetings.get(greeting.id)).message == greeting.message
    await client.greetings.update(greeting.id, active=False)
    await client.greetings.list()
    await client.greetings.delete(greeting.id)
    response = await client.canned_responses.create("Have a nice day!", ["bye", "cu"])
    assert (await client.canned_responses.get(response.id)).tags == response.tags
    await client.canned_responses.update(response.id, text="Bye!")
    assert response.id in {each.id for each in await client.canned_responses.list()}
    await client.canned_responses.delete(response.id)
    made = await client.webhooks.create("chat_started", url="https://u:p@example.com/livechat")
    assert [each.id for each in await client.webhooks.list()] == [made.id]
    await client.webhooks.delete(made.id)


async def _reports(client: LiveChatClient, days: dict[str, date]) -> None:
    chats, tickets = client.reports.chats, client.reports.tickets
    for call in (
        *(chats.total, chats.engagement, chats.not_replied, chats.ratings, chats.queued_visitors),
        *(chats.waiting_times, chats.first_response_time, chats.response_time, chats.goals),
        *(chats.greetings, tickets.new, tickets.first_response_time, tickets.solved),
        *(tickets.resolution_time, tickets.sources, tickets.ratings),
    ):
        assert list((await call(**days, group_by="day")).items()) is not None  # type: ignore[operator]
        await call(**days, group_by="month")  # type: ignore[operator]
    for call in (chats.chatting_time, client.reports.availability, chats.ranking, tickets.ranking):
        await call(**days)  # type: ignore[operator]
    await chats.total(date_from=days["date_from"], date_to=days["date_from"])
    await chats.occupancy("monday")
