"""Tags, which agents put on chats and tickets.

https://developers.livechat.com/docs/management/configuration-api/v2.0#tags
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from livechat_async.models._base import WireModel

__all__ = ["Tag", "TagCount"]


@frozen(kw_only=True, repr=False)
class TagCount(WireModel):
    """How often a tag is in use."""

    in_chats: int | None = field(default=None, metadata={"wire": "inChats"})
    in_tickets: int | None = field(default=None, metadata={"wire": "inTickets"})


@frozen(kw_only=True, repr=False)
class Tag(WireModel):
    """A tag of a group.

    Attributes:
        name: the tag itself.
        author: the login of the agent who made it.
        creation_date: when it was made, aware, in UTC.
        count: how often it is in use.
        group: the number of its group.
    """

    name: str
    author: str = ""
    creation_date: datetime | None = None
    count: TagCount | None = None
    group: int | None = None


ENDPOINTS: Mapping[str, Any] = {
    "GET /tags": list[Tag],
    "POST /tags": Tag,
    "DELETE /tags/{name}": None,
}
