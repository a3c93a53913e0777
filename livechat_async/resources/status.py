"""Whether visitors can chat now."""

from __future__ import annotations

from livechat_async.checks import check_count
from livechat_async.models.status import GroupStatus
from livechat_async.resources._base import Resource


class StatusResource(Resource):
    """Whether visitors can chat now: ``client.status``.

    https://developers.livechat.com/docs/management/configuration-api/v2.0#status-deprecated
    """

    async def get(self, group: int | None = None) -> GroupStatus:
        """Whether an agent of a group takes chats; by default of group 0, which has all agents."""
        if group is None:
            return await self._call("GET", "/status", GroupStatus)
        number = check_count("group", group, at_least=0)
        return await self._call("GET", "/status/{group}", GroupStatus, group=number)
