"""``livechat-async tickets``: list and get."""

from __future__ import annotations

from typing import Annotated

import typer

from livechat_async.cli.commands import options
from livechat_async.cli.output.archive import TICKETS, ticket_history
from livechat_async.cli.output.show import show_item, show_items

__all__ = ["app"]

app: typer.Typer = typer.Typer(no_args_is_help=True, help="Tickets.")


@app.command("list")
@options.with_filters(options.TICKET_FILTERS)
def list_tickets(
    context: typer.Context,
    *,
    filters: options.Filters,
    max_items: options.MaxItems = 25,
    everything: options.Everything = False,
    as_json: options.AsJsonLines = False,
) -> None:
    """Show tickets.

    A table on a terminal; elsewhere tab-separated columns below a line of
    their names.

    Examples:
      livechat-async tickets list --status open --unassigned
      livechat-async tickets list --all --json | jq -r .subject
    """
    show_items(
        context,
        lambda client: client.tickets.list(**filters, **options.limits(max_items, everything)),
        TICKETS,
        as_json=as_json,
    )


@app.command("get")
def get_ticket(
    context: typer.Context,
    ticket_id: Annotated[str, typer.Argument(help="The ticket's id.")],
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
