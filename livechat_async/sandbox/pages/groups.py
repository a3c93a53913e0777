"""The Groups page, and the Status page: ``/groups`` and ``/status``."""

from __future__ import annotations

from typing import Any

from livechat_async.sandbox.http.answers import Answer, BadRequest, json_answer, limit_reached
from livechat_async.sandbox.http.bodies import body_of, query_of
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.http.routes import Route
from livechat_async.sandbox.state.account import Account
from livechat_async.sandbox.state.team import STATUSES

_MOST_GROUPS = 80  # the largest plan allows them


def list_groups(account: Account, _request: RecordedRequest) -> Answer:
    """``GET /groups``: all groups."""
    return json_answer([account.team.group(number) for number in account.team.numbers])


def get_group(account: Account, _request: RecordedRequest, number: str) -> Answer:
    """``GET /groups/<GROUP_ID>``: one group."""
    return json_answer(account.team.group(account.team.group_number(number)))


def create_group(account: Account, request: RecordedRequest) -> Answer:
    """``POST /groups``: create a group."""
    fields = _read_group(account, request, "name", "agents")
    if len(account.team.numbers) >= _MOST_GROUPS:
        return limit_reached(f"the plan allows {_MOST_GROUPS} groups")
    return json_answer(account.team.group(account.team.add_group(fields)))


def update_group(account: Account, request: RecordedRequest, number: str) -> Answer:
    """``PUT /groups/<GROUP_ID>``: change a group; what is left out stays."""
    group = account.team.group_number(number)
    fields = _read_group(account, request)
    _refuse_everyone(group)
    account.team.change_group(group, fields)
    return json_answer(account.team.group(group))


def delete_group(account: Account, _request: RecordedRequest, number: str) -> Answer:
    """``DELETE /groups/<GROUP_ID>``: remove a group."""
    group = account.team.group_number(number)
    _refuse_everyone(group)
    account.team.remove_group(group)
    return json_answer({"result": "group removed successfully"})


def get_status(account: Account, request: RecordedRequest) -> Answer:
    """``GET /status``: whether an agent of a group takes chats."""
    reader = query_of(request)
    group = reader.number("group")
    reader.check()
    return get_status_of(account, request, str(group or 0))


def get_status_of(account: Account, _request: RecordedRequest, number: str) -> Answer:
    """``GET /status/<GROUP_ID>``: whether an agent of the group takes chats."""
    is_online = account.team.status_of(account.team.group_number(number)) == STATUSES[0]
    return json_answer({"status": "online" if is_online else "offline"})


def _read_group(account: Account, request: RecordedRequest, *required: str) -> dict[str, Any]:
    reader = body_of(request, ("agents",))
    reader.require(*required)
    agents = reader.texts("agents")
    fields = {"name": reader.text("name"), "language": reader.text("language")}
    if agents is not None:
        fields["agents"] = [*dict.fromkeys(agents)]
        unknown = [login for login in agents if login not in account.team.logins]
        reader.problems += [f"agents[]: there is no agent {login}" for login in unknown]
        if not agents:
            reader.problems.append("agents[] has to name an agent")
    reader.check()
    return {name: value for name, value in fields.items() if value is not None}


def _refuse_everyone(number: int) -> None:
    if number == 0:
        raise BadRequest("group 0 has all agents and cannot be changed")


ROUTES = (
    Route("GET", "/groups", list_groups),
    Route("POST", "/groups", create_group),
    Route("GET", "/groups/{number}", get_group),
    Route("PUT", "/groups/{number}", update_group),
    Route("DELETE", "/groups/{number}", delete_group),
    Route("GET", "/status", get_status),
    Route("GET", "/status/{number}", get_status_of),
)
