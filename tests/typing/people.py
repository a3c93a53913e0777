"""Agents, groups and the status as a type checker sees them. Nothing here is run."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import assert_type

from livechat_async import (
    Agent,
    AgentGroup,
    AgentNotifications,
    AgentPermission,
    AgentStatus,
    AgentSummary,
    Group,
    GroupStatus,
    LiveChatClient,
    OnlineStatus,
    Weekday,
    WorkDay,
)


async def agents(client: LiveChatClient) -> None:
    found = await client.agents.list(status="accepting chats")
    assert_type(found, list[AgentSummary])
    assert_type(found[0].group_ids, tuple[int, ...])
    assert_type(found[0].avatar_url, str | None)
    await client.agents.list(status=AgentStatus.OFFLINE)
    agent = await client.agents.get("john.doe@example.com")
    assert_type(agent, Agent)
    assert_type(agent.status, AgentStatus | str | None)
    assert_type(agent.permission, AgentPermission | str | None)
    assert_type(agent.groups, tuple[AgentGroup, ...])
    assert_type(agent.last_logout, datetime | None)
    assert_type(agent.notifications, AgentNotifications | None)
    assert_type(agent.work_scheduler, Mapping[str, WorkDay])
    await client.agents.create(
        login="a@example.com",
        name="A",
        groups=range(3),
        notifications=AgentNotifications(new_goal=True),
    )
    await client.agents.update("a@example.com", notifications={"new_visitor": True})
    await client.agents.update("a@example.com", work_scheduler={"monday": WorkDay(enabled=False)})
    await client.agents.update("a@example.com", work_scheduler={Weekday.MONDAY: WorkDay()})
    assert_type(await client.agents.update("a@example.com", status="offline"), Agent)
    await client.agents.delete("a@example.com")

    found[0].job_title  # type: ignore[attr-defined]  # noqa: B018
    await client.agents.list("offline")  # type: ignore[call-arg]
    await client.agents.create(login="a@example.com")  # type: ignore[call-arg]
    await client.agents.update("a@example.com", groups=2)  # type: ignore[arg-type]
    agent.name = "John"  # type: ignore[misc]


async def groups(client: LiveChatClient) -> None:
    assert_type(await client.groups.list(), list[Group])
    group = await client.groups.get(2)
    assert_type(group.agents, tuple[str, ...] | None)
    assert_type(await client.groups.create(name="VIP", agents=["a@example.com"]), Group)
    assert_type(await client.groups.update(2, language="pl"), Group)
    await client.groups.delete(2)
    status = await client.status.get()
    assert_type(status, GroupStatus)
    assert_type(status.status, OnlineStatus | str)
    assert_type(status.is_online, bool)
    await client.status.get(2)

    await client.groups.create(name="VIP")  # type: ignore[call-arg]
    await client.groups.get("2")  # type: ignore[arg-type]
