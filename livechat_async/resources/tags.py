"""The tags that agents put on chats and tickets."""

from __future__ import annotations

import builtins

from livechat_async.checks import check_count
from livechat_async.models.tags import Tag
from livechat_async.resources._arguments import as_number, given_mail, given_text
from livechat_async.resources._base import Resource


class TagsResource(Resource):
    """The tags of the groups: ``client.tags``. To tag a chat, use ``client.chats.set_tags``.

    https://developers.livechat.com/docs/management/configuration-api/v2.0#tags
    """

    _envelope = "tags"

    async def list(self, *, group: int | None = None) -> builtins.list[Tag]:
        """All tags, or those of the group with a number, in one answer."""
        query = {"group": as_number("group", group)}
        return await self._call("GET", "/tags", list[Tag], query=query)

    async def create(self, name: str, *, author: str, group: int) -> Tag:
        """Add a tag to a group. Only the owner and administrators may do this.

        The ``author`` is the login of the agent who makes it.
        """
        body = {
            "tag": given_text("name", name),
            "author": given_mail("author", author),
            "group": check_count("group", group, 0),
        }
        return await self._call("POST", "/tags", Tag, body=body)

    async def delete(self, name: str, *, group: int) -> None:
        """Remove a tag from a group: a `NotFoundError` if it has none. Chats keep the tag."""
        name, body = given_text("name", name), {"group": check_count("group", group, 0)}
        # A form, as LiveChat's own client sends it; a JSON body of a DELETE is not attested.
        await self._call("DELETE", "/tags/{name}", body=body, encoding="form", name=name)
