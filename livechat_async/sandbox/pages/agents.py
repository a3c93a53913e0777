"""The Agents page: ``/agents``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from livechat_async.sandbox.http.answers import Answer, json_answer, limit_reached
from livechat_async.sandbox.http.bodies import BodyReader, body_of, query_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.account import Account
from livechat_async.sandbox.state.team import DAYS, STATUSES, Team

# What the largest plan allows.
_MOST_AGENTS = 400
_MOST_GROUPS = 40

_SHORTEST_PASSWORD = 5
_CHANGEABLE = ("new_visitor", "returning_visitor", "queued_visitor", "visitor_is_typing")
_NOTIFICATIONS = (*_CHANGEABLE, "incoming_chat", "new_goal")


def list_agents(account: Account, request: RecordedRequest) -> Answer:
    """``GET /agents``: all agents, or those with a status."""
    reader = query_of(request)
    status = reader.choice("status", STATUSES)
    reader.check()
    agents = [account.team.summary(login) for login in account.team.logins]
    return json_answer([agent for agent in agents if status in (None, agent["status"])])


def get_agent(account: Account, _request: RecordedRequest, login: str) -> Answer:
    """``GET /agents/<LOGIN>``: one agent."""
    return json_answer(account.team.agent(login))


def create_agent(account: Account, request: RecordedRequest) -> Answer:
    """``POST /agents``: create an agent."""
    reader = body_of(request, ("groups",))
    reader.require("login", "name")
    login: str = reader.text("login") or ""
    if login and not re.fullmatch(r"[^@\s]+@[^@\s]+", login):
        reader.problems.append("login has to be an e-mail address")
    elif login in account.team.logins:
        reader.problems.append(f"login {login} is in use")
    fields = _read_agent(reader, account.team)
    notifications = reader.part("notifications", _NOTIFICATIONS)
    if notifications is not None and notifications.given():  # an empty one is taken
        notifications.require(*_NOTIFICATIONS)
        fields["notifications"] = _flags(notifications, _NOTIFICATIONS)
    reader.check()
    if len(account.team.logins) >= _MOST_AGENTS:
        return limit_reached(f"the plan allows {_MOST_AGENTS} agents")
    return _store(account, login, fields, account.team.add_agent)


def update_agent(account: Account, request: RecordedRequest, login: str) -> Answer:
    """``PUT /agents/<LOGIN>``: change an agent; what is left out stays."""
    account.team.agent(login)  # a 404 comes before all others
    reader = body_of(request, ("groups",))
    fields = _read_agent(reader, account.team)
    fields["status"] = reader.choice("status", STATUSES)
    if "password" in reader.given():
        reader.require("current_password")
    notifications = reader.part("notifications", _CHANGEABLE)
    if notifications is not None:
        fields["notifications"] = _flags(notifications, _CHANGEABLE)
    week = reader.part("work_scheduler", DAYS)
    if week is not None:
        days = {name: week.part(name, ("start", "end", "enabled")) for name in week.given()}
        fields["work_scheduler"] = {name: _hours(day) for name, day in days.items() if day}
    reader.check()
    return _store(account, login, fields, account.team.change_agent)


def delete_agent(account: Account, _request: RecordedRequest, login: str) -> Answer:
    """``DELETE /agents/<LOGIN>``: remove an agent; archived chats stay."""
    account.team.remove_agent(login)
    return json_answer({"result": f"{login} removed successfully"})


def _read_agent(reader: BodyReader, team: Team) -> dict[str, Any]:
    """The fields that an agent can be created with and changed in; None where left out."""
    groups = reader.numbers("groups", "the number of a group")
    unknown = sorted((groups or set()) - set(team.numbers))
    reader.problems += [f"groups[] has {number}, and there is no such group" for number in unknown]
    password = reader.text("password")
    if password is not None and len(password) < _SHORTEST_PASSWORD:
        reader.problems.append(f"password has to have {_SHORTEST_PASSWORD} characters or more")
    return {
        "name": reader.text("name"),
        "job_title": reader.text("job_title"),
        "login_status": reader.choice("login_status", STATUSES[:2]),
        "permission": reader.choice("permission", ("administrator", "normal")),
        "groups": groups,
        "max_chats_count": reader.number("max_chats_count"),
        **_flags(reader, ("daily_summary",)),
    }


def _flags(reader: BodyReader, names: tuple[str, ...]) -> dict[str, int]:
    flags = {name: reader.flag(name) for name in names}
    return {name: int(flag) for name, flag in flags.items() if flag is not None}


def _hours(day: BodyReader) -> dict[str, Any]:
    hours = {name: day.clock_time(name) for name in ("start", "end")}
    return {name: time for name, time in hours.items() if time} | _flags(day, ("enabled",))


def _store(
    account: Account, login: str, fields: dict[str, Any], store: Callable[[str, Any], None]
) -> Answer:
    if len(fields["groups"] or ()) > _MOST_GROUPS:
        return limit_reached(f"the plan allows {_MOST_GROUPS} groups of an agent")
    store(login, {name: value for name, value in fields.items() if value is not None})
    return json_answer(account.team.agent(login))


ROUTES = (
    Route("GET", "/agents", list_agents),
    Route("POST", "/agents", create_agent),
    Route("GET", "/agents/{login}", get_agent),
    Route("PUT", "/agents/{login}", update_agent),
    Route("DELETE", "/agents/{login}", delete_agent),
)
