"""``livechat-async tickets``: list and get."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from livechat_async import TicketOrder, TicketStatus
from livechat_async.cli.commands import filters
from livechat_async.cli.output.archive import (
    TICKET_COLUMNS,
    show_items,
    ticket_cells,
    ticket_history,
    tickets_table,
)
from livechat_async.cli.output.show import is_terminal, terminal
from livechat_async.cli.settings import Settings
from livechat_async.cli.text import to_json
from livechat_async.cli.wait import wait_for

__all__ = ["app"]

app: typer.Typer = typer.Typer(no_args_is_help=True, help="Tickets.")


@app.command("list")
def list_tickets(
    context: typer.Context,
    *,
    date_from: filters.DateFrom = None,
    date_to: filters.DateTo = None,
    status: Annotated[
        TicketStatus | None,
        typer.Option(metavar="STATUS", help=f"Only those: {', '.join(TicketStatus)}."),
    ] = None,
    assigned: Annotated[
        bool | None,
        typer.Option("--assigned/--unassigned", help="Only those that somebody has, or nobody."),
    ] = None,
    assignee: Annotated[
        str | None, typer.Option(metavar="LOGIN", help="Only those of this agent.")
    ] = None,
    requester: Annotated[
        str | None, typer.Option(metavar="MAIL", help="Only of whoever has this address.")
    ] = None,
    group: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=0, help="Only those of this group.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only from there, such as mail.")
    ] = None,
    query: Annotated[str | None, typer.Option(metavar="TEXT", help="Only with this text.")] = None,
    tag: Annotated[str | None, typer.Option(metavar="TAG", help="Only with this tag.")] = None,
    tagged: Annotated[
        bool | None, typer.Option("--tagged/--untagged", help="Only with any tag, or none.")
    ] = None,
    order: Annotated[
        TicketOrder | None,
        typer.Option(metavar="ORDER", help="By the last change: desc, or asc."),
    ] = None,
    max_items: filters.MaxItems = 25,
    everything: filters.Everything = False,
    as_json: filters.AsJson = False,
) -> None:
    """Show tickets.

    A table on a terminal; elsewhere tab-separated columns below a line of
    their names.

    Examples:
      livechat-async tickets list --status open --unassigned
      livechat-async tickets list --all --json | jq -r .subject
    """
    settings: Settings = context.obj
    filters.check_days(date_from, date_to)

    async def show() -> None:
        async with settings.client() as client:
            pager = client.tickets.list(
                date_from=date_from,
                date_to=date_to,
                status=status,
                assigned=assigned,
                assignee=assignee,
                requester_mail=requester,
                group=group,
                source=source,
                query=query,
                tag=tag,
                tagged=tagged,
                order=order,
                max_items=None if everything else max_items,
                prefetch=8 if everything else None,
            )
            await show_items(
                pager,
                columns=TICKET_COLUMNS,
                cells=ticket_cells,
                table=tickets_table,
                to_plain=client.converter.unstructure,
                as_json=as_json,
            )

    wait_for(show())


@app.command("get")
def get_ticket(
    context: typer.Context,
    ticket_id: Annotated[str, typer.Argument(help="The ticket's id.")],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="As JSON, with every field that LiveChat sent.")
    ] = False,
) -> None:
    """Show what happened to a ticket.

    Examples:
      livechat-async tickets get O5CR4
    """
    settings: Settings = context.obj

    async def show() -> None:
        async with settings.client() as client:
            ticket = await client.tickets.get(ticket_id)
            if as_json:
                typer.echo(to_json(client.converter.unstructure(ticket), indent=2))
            else:
                terminal().print(ticket_history(ticket), soft_wrap=not is_terminal(sys.stdout))

    wait_for(show())
