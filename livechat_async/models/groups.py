"""Groups of agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from livechat_async.models._base import WireModel
from livechat_async.models.agents import AgentStatus

__all__ = ["Group"]


@frozen(kw_only=True, repr=False)
class Group(WireModel):
    """A group of agents.

    Attributes:
        id: its number; 0 is the group of all agents.
        name: its name.
        language: the language of its chat window, such as ``en``.
        agents: the logins of its agents; None for group 0, which has every agent.
        status: the best `AgentStatus` of its agents, or the text of a new one; None in old answers.
    """

    id: int
    name: str = ""
    language: str = ""
    agents: tuple[str, ...] | None = None
    status: AgentStatus | str | None = None


ENDPOINTS: Mapping[str, Any] = {
    "GET /groups": list[Group],
    "POST /groups": Group,
    "GET /groups/{group_id}": Group,
    "PUT /groups/{group_id}": Group,
    "DELETE /groups/{group_id}": None,
}
