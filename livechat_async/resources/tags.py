"""The tags that agents put on chats and tickets."""

from __future__ import annotations

import builtins

from livechat_async.checks import check_count
from livechat_async.models.tags import Tag
from livechat_async.resources._arguments import as_mail, as_number, given_text
from livechat_async.resources._base import Resource

__all__ = ["TagsResource"]


class TagsResource(Resource):
    """The tags of the groups: ``client.tags``. To tag a chat, use ``client.chats.set_tags``.

    https://developers.livechat.com/docs/management/configuration-api/v2.0#tags
    """

    _envelope = "tags"

    async def list(self, *, group: int | None = None) -> builtins.list[Tag]:
        """All tags, in one answer.

        Args:
            group: only the tags of the group with this number; by default those of all groups.
        """
        query = {"group": as_number("group", group)}
        return await self._call("GET", "/tags", list[Tag], query=query)

    async def create(self, name: str, *, author: str, group: int) -> Tag:
        """Add a tag to a group. Only the owner and administrators may do this.

        Args:
            name: the tag.
            author: the login of the agent who makes it.
            group: the number of the group.
        """
        body = {
            "tag": given_text("name", name),
            "author": as_mail("author", given_text("author", author)),
            "group": check_count("group", group, 0),
        }
        return await self._call("POST", "/tags", Tag, body=body)

    async def delete(self, name: str, *, group: int) -> None:
        """Remove a tag from a group. Chats and tickets that have it keep it.

        Args:
            name: the tag.
            group: the number of the group.

        Raises:
            NotFoundError: the group has no such tag.
        """
        name, body = given_text("name", name), {"group": check_count("group", group, 0)}
        # A form, as LiveChat's own client sends it; a JSON body of a DELETE is not attested.
        await self._call("DELETE", "/tags/{name}", body=body, encoding="form", name=name)
