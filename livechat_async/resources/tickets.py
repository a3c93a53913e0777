"""Tickets.

https://developers.livechat.com/docs/management/configuration-api/v2.0#tickets
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from livechat_async.decoding.bodies import single_reader
from livechat_async.errors import ConfigurationError
from livechat_async.http.request import Request
from livechat_async.http.session import SessionManager
from livechat_async.models.tickets import Ticket, TicketOrder, TicketSourceType, TicketStatus
from livechat_async.pagination import BrokenPolicy, Pager, paginate
from livechat_async.resources._arguments import (
    as_choice,
    as_flag,
    as_groups,
    as_mail,
    as_number,
    as_tags,
    as_text,
    date_range,
    given_text,
)

__all__ = ["TicketsResource"]

_SOURCES_OF_NEW = (TicketSourceType.CHAT_WINDOW, TicketSourceType.MAIL, TicketSourceType.LC2)


class TicketsResource:
    """The tickets: ``client.tickets``.

    Accounts that have moved to HelpDesk may get errors for all of it.
    """

    def __init__(self, session: SessionManager) -> None:
        self._session = session

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
        """The tickets, 25 a page. Nothing is sent before the pager is used.

        ::

            async for ticket in client.tickets.list(status="open", assigned=False): ...

        https://developers.livechat.com/docs/management/configuration-api/v2.0#tickets

        Args:
            date_from: the first day; anything that happened to a ticket counts. A datetime is
                refused, because its time would be lost.
            date_to: the last day, likewise.
            assigned: only those that somebody has, or nobody.
            order: by the last change: ``"desc"``, which is LiveChat's default, or ``"asc"``.
            status: only in this status.
            assignee: only those of the agent with this login.
            query: only with this text.
            requester_mail: only of whoever has this e-mail address.
            group: only of the group with this number.
            source: only from there; a `TicketSourceType`, or the text of a newer one.
            source_id: only with this id of the source. LiveChat documented it for a short time.
            tag: only with this tag; here LiveChat takes one.
            tagged: only those with any tag, or none.
            prefetch: keep so many page requests in flight, ahead of the loop.
            max_items: stop after so many tickets.
            on_broken: ``"raise"`` a `DecodeError` at a ticket that cannot be read, or ``"skip"`` it
                and report it in ``page.broken``.

        Returns:
            A pager: await it for the first page, or iterate over it for all tickets.

        Raises:
            ConfigurationError: a filter that cannot be meant.
        """
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
        }
        mail = as_mail("requester_mail", requester_mail)
        if mail is not None:
            filters["requester"] = {"mail": mail}
        return paginate(
            self._session,
            Request("GET", "/tickets", query=filters),
            Ticket,
            key="tickets",
            on_broken=on_broken,
            prefetch=prefetch,
            max_items=max_items,
        )

    async def get(self, ticket_id: str) -> Ticket:
        """One ticket.

        https://developers.livechat.com/docs/management/configuration-api/v2.0#tickets

        Args:
            ticket_id: the ticket's id, such as ``"O5CR4"``.

        Raises:
            ConfigurationError: no id, or no credentials; nothing was sent.
            CallError: the call failed; a `NotFoundError` says that there is no such ticket.
        """
        return await self._ticket(_of_ticket("GET", ticket_id))

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
        """Make a ticket. Like every write it is repeated only where it surely was not processed.

        https://developers.livechat.com/docs/management/configuration-api/v2.0#tickets

        Args:
            message: the first message.
            requester_mail: the e-mail address of whoever asks.
            requester_name: their name.
            assignee: the login of the agent who gets it.
            source: ``"chat-window"``, ``"mail"`` or ``"lc2"``, which is LiveChat's default.
            source_url: the page it was written on; only with ``source="chat-window"``.
            subject: the subject; LiveChat's default is ``(no subject)``.
            groups: the numbers of its groups; LiveChat's default is group 0.

        Returns:
            The ticket as LiveChat made it.

        Raises:
            ConfigurationError: an argument that cannot be meant; nothing was sent.
            CallError: the call failed. After a `DecodeError` the ticket exists.
        """
        mail = given_text("requester_mail", requester_mail)
        body: dict[str, Any] = {
            "message": given_text("message", message),
            "requester": {
                "mail": as_mail("requester_mail", mail),
                "name": as_text("requester_name", requester_name),
            },
            "subject": as_text("subject", subject),
            "group": as_groups(groups, without="group 0"),
        }
        if as_text("assignee", assignee) is not None:
            body["assignee"] = {"id": assignee}
        new_source = _source_of_new(source, source_url)
        if new_source is not None:
            body["source"] = new_source
        return await self._ticket(Request("POST", "/tickets", body=body))

    async def set_tags(self, ticket_id: str, tags: Iterable[str]) -> None:
        """Replace the tags of a ticket.

        https://developers.livechat.com/docs/management/configuration-api/v2.0#tickets

        Args:
            ticket_id: the ticket's id.
            tags: all the tags it is to have; an empty list takes off every tag.

        Raises:
            ConfigurationError: no id, or something that is no tag; nothing was sent.
            CallError: the call failed.
        """
        await self._session.send(_of_ticket("PUT", ticket_id, "/tags", tag=as_tags(tags)))

    async def _ticket(self, request: Request) -> Ticket:
        read = single_reader(self._session.converter.get_structure_hook(Ticket), Ticket, "tickets")
        response = await self._session.call(request, read)
        return response.value


def _of_ticket(method: str, ticket_id: str, path: str = "", **body: object) -> Request:
    return Request(
        method,
        f"/tickets/{{ticket_id}}{path}",
        path_params={"ticket_id": given_text("ticket_id", ticket_id)},
        body=body or None,
    )


def _source_of_new(source: Any, url: Any) -> dict[str, str | None] | None:
    type_ = as_choice("source", source, TicketSourceType)
    if type_ is not None and type_ not in _SOURCES_OF_NEW:
        known = ", ".join(repr(known.value) for known in _SOURCES_OF_NEW)
        raise ConfigurationError(f"source={type_!r}: a new ticket's is one of {known}")
    if as_text("source_url", url) is not None and type_ != TicketSourceType.CHAT_WINDOW:
        raise ConfigurationError(
            f"source_url={url!r} goes only with source='chat-window', not with {source!r}: pass "
            "both, or neither"
        )
    return None if type_ is None else {"type": type_, "url": url}
