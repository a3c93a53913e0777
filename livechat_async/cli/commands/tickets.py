"""``livechat-async tickets``: list and get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import click

from livechat_async import TicketOrder, TicketStatus
from livechat_async.cli.commands import options
from livechat_async.cli.output.archive import TICKETS, ticket_history
from livechat_async.cli.output.listing import View, show_items
from livechat_async.cli.output.show import show_item
from livechat_async.cli.parsing import Group, argument

app: Group = Group(help="List and read tickets.")

_FILTERS: Mapping[str, Any] = {
    **options.DAYS,
    "status": options.one_of("STATUS", TicketStatus, "Only tickets with this status"),
    "assigned": options.flag(
        "--assigned/--unassigned", "Only tickets with an assignee, or without one."
    ),
    "assignee": options.text("LOGIN", "Only tickets that are assigned to this agent."),
    "requester_mail": options.text(
        "EMAIL", "Only tickets from this e-mail address.", "--requester"
    ),
    "group": options.number("Only tickets of this group."),
    "source": options.text("NAME", "Only tickets from this source, such as mail."),
    "query": options.text("TEXT", "Only tickets with this text."),
    "tag": options.text("TAG", "Only tickets with this tag."),
    "tagged": options.flag("--tagged/--untagged", "Only tickets with any tag, or none."),
    "order": options.one_of("ORDER", TicketOrder, "Sort by the last change"),
    "on_broken": options.on_broken("ticket"),
}
_Filters: TypeAlias = Annotated[options.Filters, options.given_filters(_FILTERS)]
_View: TypeAlias = Annotated[View[Any], TICKETS.options(pages=True)]


@app.command("list")
def list_tickets(context: click.Context, *, filters: _Filters, view: _View) -> None:
    """Show tickets.

    A table on a terminal, elsewhere tab-separated columns below a line of their names.

    Examples:
      livechat-async tickets list --status open --unassigned
      livechat-async tickets list --all --json | jq -r .subject
    """
    show_items(context, lambda client: client.tickets.list(**filters, **view.of_pager), view)


@app.command("get")
def get_ticket(
    context: click.Context,
    ticket_id: Annotated[str, argument("The ticket's id.")],
    *,
    as_json: options.AsJson = False,
) -> None:
    """Show what happened to a ticket.

    Examples:
      livechat-async tickets get O5CR4
    """
    show_item(
        context, lambda client: client.tickets.get(ticket_id), ticket_history, as_json=as_json
    )
