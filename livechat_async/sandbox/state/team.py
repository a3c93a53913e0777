"""The agents of an account and their groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from livechat_async.checks import refusal
from livechat_async.sandbox.data.people import AGENTS, GROUPS, OWNER
from livechat_async.sandbox.http.answers import NotFound, Wire

STATUSES = ("accepting chats", "not accepting chats", "offline")
"""The statuses of agents and groups, the best one first."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""The days of a work schedule."""

_OFFLINE = STATUSES[-1]
_NOTIFIED = ("new_visitor", "returning_visitor", "queued_visitor", "visitor_is_typing", "new_goal")
_NEW_AGENT: Wire = {
    "login_status": STATUSES[0],
    "permission": "normal",
    "daily_summary": 1,
    "job_title": "Support Agent",
    "avatar": "livechat.example.com/avatars/default.png",
    "notifications": dict.fromkeys(_NOTIFIED, 1) | {"visitor_is_typing": 0},
    "max_chats_count": 6,
    "status": _OFFLINE,
    "last_logout": 0,
}
_SUMMARY = ("name", "permission", "avatar", "login", "status")


class Team:
    """Agents by their logins, and groups by their numbers. Group 0 has every agent.

    It begins with two agents who accept chats: John Doe, who owns the account, and Jane Doe. Both
    are in the group Sales, and John is also in Returns. The clock returns the Unix seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._agents: dict[str, Wire] = {}
        self._groups: dict[int, Wire] = {0: {"id": 0, "name": GROUPS[0], "language": "en"}}
        for login, name in AGENTS.items():
            self.add_agent(login, {"name": name})
            self.set_status(login, STATUSES[0])
        self._last_number = max(GROUPS)
        self._agents[OWNER]["permission"] = "owner"
        for number, logins in ((2, [*AGENTS]), (5, [OWNER])):
            group = {"id": number, "name": GROUPS[number], "language": "en", "agents": logins}
            self._groups[number] = group

    @property
    def logins(self) -> list[str]:
        """The logins of all agents, the oldest first."""
        return [*self._agents]

    @property
    def numbers(self) -> list[int]:
        """The numbers of all groups, the oldest first."""
        return [*self._groups]

    def summary(self, login: str) -> Wire:
        """A known agent, as in a list."""
        agent = self._agents[login]
        return {name: agent[name] for name in _SUMMARY} | {"group_ids": self.groups_of(login)}

    def agent(self, login: str) -> Wire:
        """An agent, with everything; a `NotFound` if there is none with this login."""
        if login not in self._agents:
            raise NotFound("Agent not found")
        groups = [{"id": n, "name": self._groups[n]["name"]} for n in self.groups_of(login)]
        return self._agents[login] | {"groups": groups}

    def groups_of(self, login: str) -> list[int]:
        """The numbers of a known agent's groups, without group 0."""
        return [n for n, group in self._groups.items() if login in group.get("agents", ())]

    def add_agent(self, login: str, fields: Mapping[str, Any]) -> None:
        """Add an agent, who is offline; the fields are those of `change_agent`."""
        self._agents[login] = {"login": login, **_NEW_AGENT}
        self.change_agent(login, fields)

    def change_agent(self, login: str, fields: Mapping[str, Any]) -> None:
        """Set fields of a known agent; mappings only add to what there is."""
        agent = self._agents[login]
        for name, value in fields.items():
            if name == "groups":
                self._move(login, value)
            elif name == "notifications":
                shown = {key: flag for key, flag in value.items() if key in _NOTIFIED}
                agent[name] = agent[name] | shown  # not in place: new agents share the defaults
            elif name == "work_scheduler":
                days = agent.get(name, {})
                agent[name] = days | {day: days.get(day, {}) | value[day] for day in value}
            elif name != "status":
                agent[name] = value
            elif agent[name] != _OFFLINE:  # LiveChat ignores it then
                self.set_status(login, value)

    def _move(self, login: str, numbers: Collection[int]) -> None:
        for number, group in self._groups.items():
            members = group.get("agents")
            if members is None or (login in members) == (number in numbers):
                continue
            change = members.append if number in numbers else members.remove
            change(login)

    def set_status(self, login: object, status: str) -> None:
        """Give an agent a status, also one who is offline; a ConfigurationError if unknown."""
        if not isinstance(login, str) or login not in self._agents:
            raise refusal("login", login, f"there is no such agent; use one of {self.logins}")
        agent = self._agents[login]
        if status == _OFFLINE and agent["status"] != _OFFLINE:
            agent["last_logout"] = int(self._clock())
        agent["status"] = status

    def remove_agent(self, login: str) -> None:
        """Remove an agent, also from all groups; a `NotFound` if there is none with this login."""
        self.agent(login)
        self._move(login, ())
        del self._agents[login]

    def group_number(self, text: str) -> int:
        """The number in a text; a `NotFound` if no group has it."""
        number = int(text) if re.fullmatch("[0-9]{1,9}", text) else -1
        if number not in self._groups:
            raise NotFound("Group not found")
        return number

    def group(self, number: int) -> Wire:
        """A known group."""
        return self._groups[number] | {"status": self.status_of(number)}

    def status_of(self, number: int) -> str:
        """The best status of the agents of a known group."""
        members = self._groups[number].get("agents", self._agents)
        statuses = {self._agents[login]["status"] for login in members}
        return next((status for status in STATUSES if status in statuses), _OFFLINE)

    def add_group(self, fields: Mapping[str, Any]) -> int:
        """Add a group and return its number, which no group had before."""
        self._last_number = number = self._last_number + 1
        self._groups[number] = {"id": number, "language": "en", "agents": [], **fields}
        return number

    def change_group(self, number: int, fields: Mapping[str, Any]) -> None:
        """Set fields of a known group."""
        self._groups[number] |= fields

    def remove_group(self, number: int) -> None:
        """Remove a known group."""
        del self._groups[number]
