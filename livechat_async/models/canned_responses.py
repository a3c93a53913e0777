"""Canned responses: texts that agents have ready, each under its tags.

https://developers.livechat.com/docs/management/configuration-api/v2.0#canned-responses
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from livechat_async.models._base import WireModel

__all__ = ["CannedResponse"]


@frozen(kw_only=True, repr=False)
class CannedResponse(WireModel):
    """A text that agents have ready.

    Attributes:
        id: its number.
        group: the number of its group.
        text: the text itself.
        tags: the shortcuts that an agent types for it, in no particular order.
        creation_date: when it was made, aware, in UTC.
        created_by: the login of its author.
        modification_date: when it was last changed; None if it never was.
        modified_by: the login of who changed it; None if it never was changed.
    """

    id: int
    group: int | None = None
    text: str = ""
    tags: tuple[str, ...] = ()
    creation_date: datetime | None = None
    created_by: str = ""
    modification_date: datetime | None = None
    modified_by: str | None = None


ENDPOINTS: Mapping[str, Any] = {
    "GET /canned_responses": list[CannedResponse],
    "POST /canned_responses": CannedResponse,
    "GET /canned_responses/{response_id}": CannedResponse,
    "PUT /canned_responses/{response_id}": CannedResponse,
    "DELETE /canned_responses/{response_id}": None,
}
