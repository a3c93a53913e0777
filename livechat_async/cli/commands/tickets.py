"""``livechat-async tickets``: list and get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import click

from livechat_async import TicketOrder, TicketStatus
from livechat_async.cli.commands import options
from livechat_async.cli.commands.calls import CallApp
from livechat_async.cli.common import to_plain
from livechat_async.cli.output.archive import TICKETS, ticket_history
from livechat_async.cli.output.listing import View, show_items

app: CallApp = CallApp(help="List and read tickets.")

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


@app.command("list")
def list_tickets(
    context: click.Context,
    *,
    filters: Annotated[options.Filters, options.given_filters(_FILTERS)],
    view: Annotated[View[Any], TICKETS.options(pages=True)],
) -> None:
    """Show tickets.

    A table on a terminal, elsewhere tab-separated columns below a line of their names.

    Examples:
      livechat-async tickets list --status open --unassigned
      livechat-async tickets list --all --json | jq -r .subject
    """
    show_items(context, lambda client: client.tickets.list(**filters, **view.of_pager), view)


app.add_call(
    "tickets get O5CR4",
    "Show what happened to a ticket.",
    {"ticket_id": options.argument(str, "The ticket's id.")},
    ticket_history,
    to_plain=to_plain,
)
