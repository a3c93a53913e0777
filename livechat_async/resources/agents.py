"""Agents."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast

from livechat_async.checks import check_choice, check_kind, check_numbers, refusal
from livechat_async.errors import ConfigurationError
from livechat_async.models.agents import (
    Agent,
    AgentNotifications,
    AgentPermission,
    AgentStatus,
    AgentSummary,
    Weekday,
    WorkDay,
)
from livechat_async.redaction import Secret, shown
from livechat_async.resources._arguments import (
    as_choice,
    as_flag,
    as_number,
    as_text,
    changes,
    given_mail,
    given_text,
)
from livechat_async.resources._base import Resource

_Notifications: TypeAlias = AgentNotifications | Mapping[str, bool]

_LOGIN_STATUSES = (AgentStatus.ACCEPTING, AgentStatus.NOT_ACCEPTING)
_PERMISSIONS = (AgentPermission.ADMINISTRATOR, AgentPermission.NORMAL)
_CHANGEABLE = ("new_visitor", "returning_visitor", "queued_visitor", "visitor_is_typing")
_NOTIFICATIONS = (*_CHANGEABLE, "new_goal", "incoming_chat")
_SHORTEST = 5


class AgentsResource(Resource):
    """The agents: ``client.agents``. A login that no agent has is a `NotFoundError`.

    ::

        for agent in await client.agents.list(status="accepting chats"):
            print(agent.name)
        await client.agents.update("john.doe@example.com", status="not accepting chats")

    https://developers.livechat.com/docs/management/configuration-api/v2.0#agents-deprecated
    """

    _envelope = "agents"

    async def list(self, *, status: AgentStatus | str | None = None) -> builtins.list[AgentSummary]:
        """All agents, or those with a status, in one answer; `get` shows more of each."""
        query = {"status": as_choice("status", status, AgentStatus)}
        return await self._call("GET", "/agents", list[AgentSummary], query=query)

    async def get(self, login: str) -> Agent:
        """A single agent; the login is an e-mail address."""
        return await self._call("GET", "/agents/{login}", Agent, login=given_mail("login", login))

    async def create(
        self,
        *,
        login: str,
        name: str,
        job_title: str | None = None,
        permission: AgentPermission | str | None = None,
        groups: Iterable[int] | None = None,
        login_status: AgentStatus | str | None = None,
        password: str | Secret | None = None,
        max_chats_count: int | None = None,
        daily_summary: bool | None = None,
        notifications: _Notifications | None = None,
    ) -> Agent:
        """Create an agent, who is offline until the first login.

        Args:
            login: the login, an e-mail address that no agent has.
            name: the name.
            job_title: by default ``Support Agent``.
            permission: ``administrator``, or by default ``normal``.
            groups: the numbers of the agent's groups.
            login_status: the status right after a login, ``accepting chats`` by default, or
                ``not accepting chats``.
            password: at least 5 characters; without it LiveChat mails a link to the agent. It shows
                in no ``repr``, log or error.
            max_chats_count: the most chats at the same time, by default 6.
            daily_summary: whether a summary is mailed each day, by default True.
            notifications: what the agent is notified of, such as ``{"new_visitor": True}``; the
                others of `AgentNotifications` are then off.

        Raises:
            BadRequestError: the login is in use, or there is no such group.
            APIStatusError: ``error_type`` is ``limit_reached``: the plan allows no more agents.
        """
        password = _concealed(password)
        wanted = _notifications(notifications, _NOTIFICATIONS)
        body = {
            "login": given_mail("login", login),
            "name": given_text("name", name),
            "job_title": as_text("job_title", job_title),
            "permission": as_choice("permission", permission, _PERMISSIONS),
            "groups": None if groups is None else check_numbers("groups", groups, "no group"),
            "login_status": as_choice("login_status", login_status, _LOGIN_STATUSES),
            "password": _checked("password", password),
            "max_chats_count": as_number("max_chats_count", max_chats_count),
            "daily_summary": as_flag("daily_summary", daily_summary),
            # LiveChat wants all of them, or none.
            "notifications": wanted and dict.fromkeys(_NOTIFICATIONS, False) | wanted,
        }
        return await self._call("POST", "/agents", Agent, body=body)

    async def update(
        self,
        login: str,
        *,
        status: AgentStatus | str | None = None,
        name: str | None = None,
        job_title: str | None = None,
        permission: AgentPermission | str | None = None,
        groups: Iterable[int] | None = None,
        login_status: AgentStatus | str | None = None,
        password: str | Secret | None = None,
        current_password: str | Secret | None = None,
        max_chats_count: int | None = None,
        daily_summary: bool | None = None,
        notifications: _Notifications | None = None,
        work_scheduler: Mapping[Weekday, WorkDay] | Mapping[str, WorkDay] | None = None,
    ) -> Agent:
        """Change an agent. What is left out stays; `create` explains most arguments.

        LiveChat ignores a ``status`` while the agent is offline, so look at that of the answer;
        ``offline`` logs the agent out. A new ``password`` needs ``current_password``, your own.
        ``groups`` are all the agent's groups from now on. Of the ``notifications``, LiveChat
        changes neither ``new_goal`` nor ``incoming_chat``. ``work_scheduler`` gives the hours of
        some days, such as ``{"monday": WorkDay(start="09:00", end="17:00", enabled=True)}``, and
        needs the Enterprise plan.

        Agents who are no administrators may change only their own ``status``, ``name``,
        ``job_title``, ``login_status``, ``password``, ``daily_summary`` and ``notifications``.
        """
        password, current_password = _concealed(password), _concealed(current_password)
        if (password is None) != (current_password is None):
            missing = "password" if password is None else "current_password"
            raise ConfigurationError(
                f"{missing} is missing: password and current_password go together, give both"
            )
        body = changes(
            status=as_choice("status", status, AgentStatus),
            name=as_text("name", name),
            job_title=as_text("job_title", job_title),
            permission=as_choice("permission", permission, _PERMISSIONS),
            groups=None if groups is None else check_numbers("groups", groups, "the same groups"),
            login_status=as_choice("login_status", login_status, _LOGIN_STATUSES),
            password=_checked("password", password),
            current_password=_checked("current_password", current_password),
            max_chats_count=as_number("max_chats_count", max_chats_count),
            daily_summary=as_flag("daily_summary", daily_summary),
            notifications=_notifications(notifications, _CHANGEABLE),
            work_scheduler=_work_scheduler(work_scheduler),
        )
        login = given_mail("login", login)
        return await self._call("PUT", "/agents/{login}", Agent, body=body, login=login)

    async def delete(self, login: str) -> None:
        """Remove an agent, whose statistics are lost. Archived chats stay.

        LiveChat tells the agent by mail.
        """
        await self._call("DELETE", "/agents/{login}", login=given_mail("login", login))


# An error must not show a password, nor may the frame that raises it.
def _concealed(password: Any) -> Any:
    """The password; of what is no text, only its type."""
    if password is None:
        return None
    return Secret(password) if isinstance(password, (str, Secret)) else type(password)


def _checked(name: str, password: Any) -> Secret | None:
    needed = f"text of at least {_SHORTEST} characters is needed"
    if isinstance(password, type):
        raise ConfigurationError(f"{name}: {needed}, not {password.__name__}")
    if password is not None and len(password.reveal()) < _SHORTEST:
        raise ConfigurationError(f"{name}: {needed}")
    return cast("Secret | None", password)


def _notifications(given: Any, known: tuple[str, ...]) -> dict[str, bool] | None:
    if given is None:
        return None
    if isinstance(given, AgentNotifications):
        given = {name: getattr(given, name) for name in _NOTIFICATIONS}
    if not isinstance(given, Mapping):
        needed = "a mapping such as {'new_visitor': True} is needed, or an AgentNotifications"
        raise refusal("notifications", given, needed)
    wanted = {name: flag for name, flag in given.items() if flag is not None}
    for name, flag in wanted.items():
        as_flag(f"notifications[{check_choice('notifications', name, known)!r}]", flag)
    if not wanted:
        raise ConfigurationError(
            "notifications is empty: leave it out, or name one, as in {'new_visitor': True}"
        )
    return wanted


def _work_scheduler(given: Any) -> dict[str, dict[str, Any]] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or not given:
        needed = "days are needed, such as {'monday': WorkDay(start='09:00', end='17:00')}"
        raise refusal("work_scheduler", given, needed)
    return {
        check_choice("work_scheduler", day, Weekday): _hours(f"work_scheduler[{shown(day)}]", hours)
        for day, hours in given.items()
    }


def _hours(place: str, day: Any) -> dict[str, Any]:
    check_kind(place, day, WorkDay, "WorkDay(start='09:00', end='17:00')")
    for name, time in (("start", day.start), ("end", day.end)):
        if time != "" and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(time), re.ASCII):
            raise refusal(f"{place}.{name}", time, "HH:MM is needed, as in '09:00'")
    enabled = as_flag(f"{place}.enabled", day.enabled)
    return changes(start=day.start or None, end=day.end or None, enabled=enabled)
