"""Agents: who answers chats and tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, ClassVar

from attrs import field, fields, frozen

from livechat_async.models._base import EMPTY, Quirks, TimeOrZero, WireModel
from livechat_async.redaction import Secret

__all__ = [
    "Agent",
    "AgentGroup",
    "AgentNotifications",
    "AgentPermission",
    "AgentStatus",
    "AgentSummary",
    "Weekday",
    "WorkDay",
]


class AgentStatus(StrEnum):
    """Whether an agent, or any agent of a group, is there and takes chats."""

    ACCEPTING = "accepting chats"
    NOT_ACCEPTING = "not accepting chats"
    OFFLINE = "offline"


class AgentPermission(StrEnum):
    """What an agent may do."""

    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    NORMAL = "normal"


class Weekday(StrEnum):
    """A day of the week, as work schedules name it."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


@frozen(kw_only=True, repr=False)
class AgentNotifications(WireModel):
    """What an agent is notified of; None where LiveChat does not say, as of ``incoming_chat``."""

    new_visitor: bool | None = None
    returning_visitor: bool | None = None
    queued_visitor: bool | None = None
    visitor_is_typing: bool | None = None
    new_goal: bool | None = None
    incoming_chat: bool | None = None


@Quirks(bare_id=int)
@frozen(kw_only=True, repr=False)
class AgentGroup(WireModel):
    """A group of an agent: its number and name."""

    id: int
    name: str = ""

    def _label(self) -> str:
        return self.name or str(self.id)


@frozen(kw_only=True, repr=False)
class WorkDay(WireModel):
    """From when to when an agent works on a day, as ``HH:MM``, and whether at all."""

    start: str = ""
    end: str = ""
    enabled: bool | None = None


@frozen(kw_only=True, repr=False)
class AgentSummary(WireModel):
    """What a list of agents shows of each.

    Attributes:
        login: the login, an e-mail address.
        name: the name.
        permission: an `AgentPermission`, or the text of a new one.
        status: an `AgentStatus`, or the text of a new one.
        avatar: the address of the picture, without ``https://``.
        group_ids: the numbers of the agent's groups. Lists show them, although LiveChat does not
            document that; a single agent has ``groups`` instead.
    """

    _shown: ClassVar[Sequence[str]] = ("login", "name", "permission", "status", "group_ids")

    login: str
    name: str = ""
    permission: AgentPermission | str | None = None
    status: AgentStatus | str | None = None
    avatar: str = ""
    group_ids: tuple[int, ...] = ()

    @property
    def avatar_url(self) -> str | None:
        """The whole address of the picture; None if there is none."""
        if not self.avatar:
            return None
        return self.avatar if "://" in self.avatar else f"https://{self.avatar.lstrip('/')}"


@frozen(kw_only=True, repr=False)
class Agent(AgentSummary):
    """An agent, with everything that LiveChat shows.

    Attributes:
        login_status: the status right after the agent has logged in.
        job_title: the job title.
        daily_summary: whether a summary is mailed each day.
        notifications: what the agent is notified of.
        max_chats_count: the most chats at the same time.
        groups: the groups.
        last_logout: when the agent last logged out, aware; None for never.
        work_scheduler: the hours of some or all days, by the name of the `Weekday`.
        api_key: an API key, which LiveChat sent until 2022. A secret: no ``repr``, pickle or copy
            has it, and agents are compared without it.
    """

    _shown: ClassVar[Sequence[str]] = (
        *("login", "name", "permission", "status", "job_title", "groups", "max_chats_count"),
        "last_logout",
    )

    login_status: AgentStatus | str | None = None
    job_title: str = ""
    daily_summary: bool | None = None
    notifications: AgentNotifications | None = None
    max_chats_count: int | None = None
    groups: tuple[AgentGroup, ...] = ()
    last_logout: TimeOrZero | None = None
    work_scheduler: Mapping[str, WorkDay] = field(default=EMPTY, hash=False)
    api_key: Secret | None = field(default=None, repr=False, eq=False)

    def __reduce__(self) -> tuple[Any, ...]:
        names = (each.name for each in fields(type(self)) if each.name != "api_key")
        return partial(type(self), **{name: getattr(self, name) for name in names}), ()


ENDPOINTS: Mapping[str, Any] = {
    "GET /agents": list[AgentSummary],
    "POST /agents": Agent,
    "GET /agents/{login}": Agent,
    "PUT /agents/{login}": Agent,
    "DELETE /agents/{login}": None,
}
