"""Groups of agents."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

from livechat_async.checks import check_count, check_list
from livechat_async.errors import ConfigurationError
from livechat_async.models.groups import Group
from livechat_async.resources._arguments import as_text, changes, given_mail, given_text
from livechat_async.resources._base import Resource


class GroupsResource(Resource):
    """The groups of agents: ``client.groups``. A number that no group has is a `NotFoundError`.

    https://developers.livechat.com/docs/management/configuration-api/v2.0#groups-deprecated
    """

    _envelope = "groups"

    async def list(self) -> builtins.list[Group]:
        """All groups, in one answer; group 0 is the group of all agents."""
        return await self._call("GET", "/groups", list[Group])

    async def get(self, group_id: int) -> Group:
        """A single group."""
        group_id = check_count("group_id", group_id, at_least=0)
        return await self._call("GET", "/groups/{group_id}", Group, group_id=group_id)

    async def create(
        self, *, name: str, agents: Iterable[str], language: str | None = None
    ) -> Group:
        """Create a group of at least one agent, with the logins ``agents``.

        The ``language`` is that of its chat window, such as ``de``; by default it is ``en``.

        Raises:
            BadRequestError: there is no such agent or language.
        """
        body = {
            "name": given_text("name", name),
            "agents": _logins(agents),
            "language": as_text("language", language),
        }
        return await self._call("POST", "/groups", Group, body=body)

    async def update(
        self,
        group_id: int,
        *,
        name: str | None = None,
        agents: Iterable[str] | None = None,
        language: str | None = None,
    ) -> Group:
        """Change a group, but not group 0; ``agents`` are all its agents from now on."""
        body = changes(
            name=as_text("name", name),
            agents=None if agents is None else _logins(agents),
            language=as_text("language", language),
        )
        group_id = _changeable(group_id)
        return await self._call("PUT", "/groups/{group_id}", Group, body=body, group_id=group_id)

    async def delete(self, group_id: int) -> None:
        """Remove a group, but not group 0; its agents stay."""
        await self._call("DELETE", "/groups/{group_id}", group_id=_changeable(group_id))


def _changeable(group_id: Any) -> int:
    number = check_count("group_id", group_id, at_least=0)
    if number == 0:
        raise ConfigurationError(
            "group_id=0: the group of all agents cannot be changed; use another group"
        )
    return number


def _logins(agents: Any) -> list[str]:
    given = check_list("agents", agents, "logins is needed, as in ['john.doe@example.com']")
    logins = [given_mail("agents", login) for login in given]
    if not logins:
        raise ConfigurationError("agents is empty: a group needs an agent")
    return logins
