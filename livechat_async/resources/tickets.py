"""Tickets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from livechat_async.checks import check_numbers
from livechat_async.errors import ConfigurationError
from livechat_async.models.tickets import Ticket, TicketOrder, TicketSourceType, TicketStatus
from livechat_async.pagination import BrokenPolicy, Pager
from livechat_async.redaction import shown
from livechat_async.resources._arguments import (
    as_choice,
    as_flag,
    as_mail,
    as_number,
    as_tags,
    as_text,
    date_range,
    given_mail,
    given_text,
)
from livechat_async.resources._base import Resource

_NEW_SOURCES = (TicketSourceType.CHAT_WINDOW, TicketSourceType.MAIL, TicketSourceType.LC2)


class TicketsResource(Resource):
    """The tickets: ``client.tickets``. All calls may fail for accounts that moved to HelpDesk.

    https://developers.livechat.com/docs/management/configuration-api/v2.0#tickets
    """

    _envelope = "tickets"

    def list(
        self,
        *,
        date_from: date | None = None,
        date_to: date | None = None,
        assigned: bool | None = None,
        order: TicketOrder | str | None = None,
        status: TicketStatus | str | None = None,
        assignee: str | None = None,
        query: str | None = None,
        requester_mail: str | None = None,
        group: int | None = None,
        source: TicketSourceType | str | None = None,
        source_id: str | None = None,
        tag: str | None = None,
        tagged: bool | None = None,
        prefetch: int | None = None,
        max_items: int | None = None,
        on_broken: BrokenPolicy = "raise",
    ) -> Pager[Ticket]:
        """The tickets, 25 a page. Nothing is sent until you use the pager.

        Await it for the first page, or iterate over it for all tickets.

        ::

            async for ticket in client.tickets.list(status="open", assigned=False): ...

        Args:
            date_from: the first day; any event of a ticket counts. A datetime is refused, because
                its time would be lost.
            date_to: the last day.
            assigned: only tickets with an assignee, or without.
            order: by the last change: ``"desc"``, which is LiveChat's default, or ``"asc"``.
            status: only tickets in this status.
            assignee: only tickets of the agent with this login.
            query: only tickets with this text.
            requester_mail: only tickets of the requester with this e-mail address.
            group: only tickets of the group with this number.
            source: only tickets from this source; a `TicketSourceType`, or the text of a newer one.
            source_id: only tickets with this id of the source; LiveChat documented it only briefly.
            tag: only tickets with this tag; LiveChat takes one.
            tagged: only tickets with a tag, or without.
            prefetch: how many page requests to keep in flight ahead of the loop.
            max_items: stop after this many tickets.
            on_broken: ``"raise"`` a `DecodeError` if a ticket cannot be read, or ``"skip"`` it and
                report it in ``page.broken``.
        """
        mail = as_mail("requester_mail", requester_mail)
        filters: dict[str, Any] = {
            **date_range(date_from, date_to),
            "assigned": as_flag("assigned", assigned),
            "order": as_choice("order", order, TicketOrder),
            "status": as_choice("status", status, TicketStatus),
            "assignee": as_text("assignee", assignee),
            "query": as_text("query", query),
            "group": as_number("group", group),
            "source": as_text("source", source),
            "source_id": as_text("source_id", source_id),
            "tag": as_text("tag", tag),
            "tagged": as_flag("tagged", tagged),
            "requester": None if mail is None else {"mail": mail},
        }
        return self._paginate(
            "/tickets", Ticket, filters, prefetch=prefetch, max_items=max_items, on_broken=on_broken
        )

    async def get(self, ticket_id: str) -> Ticket:
        """One ticket.

        Args:
            ticket_id: the ticket's id, such as ``"O5CR4"``.

        Raises:
            NotFoundError: there is no such ticket.
        """
        ticket_id = given_text("ticket_id", ticket_id)
        return await self._call("GET", "/tickets/{ticket_id}", Ticket, ticket_id=ticket_id)

    async def create(
        self,
        *,
        message: str,
        requester_mail: str,
        requester_name: str | None = None,
        assignee: str | None = None,
        source: TicketSourceType | str | None = None,
        source_url: str | None = None,
        subject: str | None = None,
        groups: Iterable[int] | None = None,
    ) -> Ticket:
        """Create a ticket. Like every write, it is repeated only if it surely was not processed.

        Args:
            message: the first message.
            requester_mail: the requester's e-mail address.
            requester_name: the requester's name.
            assignee: the login of the agent who gets the ticket.
            source: ``"chat-window"``, ``"mail"`` or ``"lc2"``, which is LiveChat's default.
            source_url: the page it was written on; only with ``source="chat-window"``.
            subject: the subject; LiveChat's default is ``(no subject)``.
            groups: the numbers of its groups; LiveChat's default is group 0.

        Returns:
            The ticket as LiveChat created it.

        Raises:
            DecodeError: the answer cannot be read, but the ticket exists.
        """
        mail = given_mail("requester_mail", requester_mail)
        body: dict[str, Any] = {
            "message": given_text("message", message),
            "requester": {"mail": mail, "name": as_text("requester_name", requester_name)},
            "subject": as_text("subject", subject),
            "group": None if groups is None else check_numbers("groups", groups, "group 0"),
            "source": _new_source(source, source_url),
        }
        if as_text("assignee", assignee) is not None:
            body["assignee"] = {"id": assignee}
        return await self._call("POST", "/tickets", Ticket, body=body)

    async def set_tags(self, ticket_id: str, tags: Iterable[str]) -> None:
        """Replace the tags of a ticket.

        Args:
            ticket_id: the ticket's id.
            tags: all tags of the ticket; an empty list removes every tag.
        """
        ticket_id = given_text("ticket_id", ticket_id)
        body = {"tag": as_tags("tags", tags)}
        await self._call("PUT", "/tickets/{ticket_id}/tags", body=body, ticket_id=ticket_id)


def _new_source(source: Any, url: Any) -> dict[str, str | None] | None:
    type_ = as_choice("source", source, TicketSourceType)
    if type_ is not None and type_ not in _NEW_SOURCES:
        known = ", ".join(repr(known.value) for known in _NEW_SOURCES)
        raise ConfigurationError(f"source={type_!r}: a new ticket's is one of {known}")
    if as_text("source_url", url) is not None and type_ != TicketSourceType.CHAT_WINDOW:
        raise ConfigurationError(
            f"source_url={shown(url)} goes only with source='chat-window', not with "
            f"{shown(source)}: pass both, or neither"
        )
    return None if type_ is None else {"type": type_, "url": url}
