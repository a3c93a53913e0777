"""Whether visitors can chat now."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import frozen

from livechat_async.models._base import WireModel

__all__ = ["GroupStatus", "OnlineStatus"]


class OnlineStatus(StrEnum):
    """Whether an agent takes chats."""

    ONLINE = "online"
    OFFLINE = "offline"


@frozen(kw_only=True, repr=False)
class GroupStatus(WireModel):
    """Whether an agent of a group takes chats: an `OnlineStatus`, or the text of a new one."""

    status: OnlineStatus | str

    @property
    def is_online(self) -> bool:
        """Whether the status is ``online``."""
        return self.status == OnlineStatus.ONLINE


ENDPOINTS: Mapping[str, Any] = {"GET /status": GroupStatus, "GET /status/{group}": GroupStatus}
