"""The texts that agents have ready."""

from __future__ import annotations

import builtins
from collections.abc import Iterable

from livechat_async.checks import check_count
from livechat_async.models.canned_responses import CannedResponse
from livechat_async.resources._arguments import (
    as_number,
    as_text,
    changes,
    given_tags,
    given_text,
)
from livechat_async.resources._base import Resource

_ONE = "/canned_responses/{response_id}"


class CannedResponsesResource(Resource):
    """The texts that agents have ready: ``client.canned_responses``.

    A number that no canned response has is a `NotFoundError`.

    https://developers.livechat.com/docs/management/configuration-api/v2.0#canned-responses
    """

    _envelope = "canned_responses"

    async def list(self, *, group: int = 0) -> builtins.list[CannedResponse]:
        """The canned responses of one group, in one answer. LiveChat lists no more at once."""
        query = {"group": check_count("group", group, 0)}
        return await self._call("GET", "/canned_responses", list[CannedResponse], query=query)

    async def get(self, response_id: int) -> CannedResponse:
        """The canned response with this number."""
        number = check_count("response_id", response_id, 0)
        return await self._call("GET", _ONE, CannedResponse, response_id=number)

    async def create(
        self, text: str, tags: Iterable[str], *, group: int | None = None
    ) -> CannedResponse:
        """Create a canned response, by default in group 0.

        At least one of the ``tags``, its shortcuts, is needed. LiveChat may return them in another
        order.
        """
        body = {
            "text": given_text("text", text),
            "tags": given_tags("tags", tags),
            "group": as_number("group", group),
        }
        return await self._call("POST", "/canned_responses", CannedResponse, body=body)

    async def update(
        self, response_id: int, *, text: str | None = None, tags: Iterable[str] | None = None
    ) -> CannedResponse:
        """Change a canned response, but not its group. New ``tags`` replace all others."""
        number = check_count("response_id", response_id, 0)
        body = changes(
            text=as_text("text", text), tags=None if tags is None else given_tags("tags", tags)
        )
        return await self._call("PUT", _ONE, CannedResponse, body=body, response_id=number)

    async def delete(self, response_id: int) -> None:
        """Remove the canned response with this number."""
        await self._call("DELETE", _ONE, response_id=check_count("response_id", response_id, 0))
