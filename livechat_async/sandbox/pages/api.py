"""The documented API: the table of its pages, its version and its credentials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from attrs import frozen

from livechat_async.credentials import Credentials
from livechat_async.sandbox.http.answers import Answer, BadRequest, bad_request, no_rights
from livechat_async.sandbox.http.requests import RecordedRequest
from livechat_async.sandbox.pages import chats, tickets, visitors, webhooks
from livechat_async.sandbox.pages.routes import Route, Routes, segments
from livechat_async.sandbox.state.account import Account

__all__ = ["PAGES", "Api", "Page"]

Page: TypeAlias = Callable[..., Answer]
"""Answers a request: gets the account, the request, and the arguments in the path."""

PAGES: Routes[Page] = Routes(
    Route("GET", "/visitors", visitors.list_visitors),
    Route("POST", "/visitors/{visitor_id}/details", visitors.add_details, is_open=True),
    Route("GET", "/chats", chats.list_chats),
    Route("GET", "/chats/{chat_id}", chats.get_chat),
    Route("PUT", "/chats/{chat_id}/tags", chats.tag_chat),
    Route("POST", "/chats/{chat_id}/send_transcript", chats.send_transcript),
    Route("GET", "/tickets", tickets.list_tickets),
    Route("POST", "/tickets", tickets.create_ticket),
    Route("GET", "/tickets/{ticket_id}", tickets.get_ticket),
    Route("PUT", "/tickets/{ticket_id}/tags", tickets.tag_ticket),
    Route("GET", "/webhooks", webhooks.list_webhooks),
    Route("POST", "/webhooks", webhooks.create_webhook),
    Route("DELETE", "/webhooks/{webhook_id}", webhooks.delete_webhook),
)
"""All pages of the API. For a new endpoint, add its function to a module and a row here."""


@frozen
class Api:
    """Answers the requests of the API, for some credentials only."""

    _account: Account
    _accepted: Sequence[Credentials]

    def answer(self, request: RecordedRequest) -> Answer:
        """Carry a request out."""
        path = segments(request.raw_path)
        if path[:1] == ["v2"]:
            path = path[1:]
        elif request.headers.get("X-API-Version", "").strip() != "2":
            return bad_request("X-API-Version: 2 is required, as a header or as /v2/ in the path")
        found = PAGES.find(request, path)
        if isinstance(found, Answer):
            return found
        route, arguments = found
        given = _split(request.headers.get("Authorization", ""))
        accepted = (_split(credentials.authorization()) for credentials in self._accepted)
        if not route.is_open and given not in accepted:
            return no_rights()
        try:
            return route.page(self._account, request, *arguments)
        except BadRequest as refusal:
            return bad_request(*refusal.args)


def _split(authorization: str) -> tuple[str, str]:
    """Scheme and value; the scheme ignores case."""
    scheme, _, value = authorization.partition(" ")
    return scheme.lower(), value
