"""``livechat-async chats``: list, get and export."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from livechat_async import Chat, ConfigurationError
from livechat_async.cli.commands import filters
from livechat_async.cli.export.exporting import write_export
from livechat_async.cli.export.files import ExportFile
from livechat_async.cli.export.formats import Format, check_format, guess_format
from livechat_async.cli.output.archive import (
    CHAT_COLUMNS,
    chat_cells,
    chat_transcript,
    chats_table,
    show_items,
)
from livechat_async.cli.output.show import is_terminal, terminal
from livechat_async.cli.settings import Settings
from livechat_async.cli.text import to_json
from livechat_async.cli.wait import wait_for
from livechat_async.export.checkpoint import Checkpoint
from livechat_async.export.export import Export
from livechat_async.resources.chats import ChatFilters

__all__ = ["app"]

app: typer.Typer = typer.Typer(no_args_is_help=True, help="The archive of chats.")


class _OnBroken(StrEnum):
    RAISE = "raise"
    SKIP = "skip"


class _OnOverfullDay(StrEnum):
    RAISE = "raise"
    PARTIAL = "partial"


@app.command("list")
def list_chats(
    context: typer.Context,
    *,
    date_from: filters.DateFrom = None,
    date_to: filters.DateTo = None,
    timezone: filters.Timezone = None,
    visitor_id: filters.VisitorId = None,
    query: filters.Query = None,
    agent: filters.Agent = None,
    group: filters.Group = None,
    goal: filters.Goal = None,
    has_goal: filters.HasGoal = None,
    sale: filters.Sale = None,
    has_sale: filters.HasSale = None,
    queued: filters.Queued = None,
    rate: filters.Rate = None,
    include_pending: filters.WithPending = False,
    tags: filters.Tags = None,
    tagged: filters.Tagged = None,
    comment: filters.Comment = None,
    city: filters.City = None,
    region: filters.Region = None,
    country: filters.Country = None,
    max_items: filters.MaxItems = 25,
    everything: filters.Everything = False,
    as_json: filters.AsJson = False,
) -> None:
    """Show chats of the archive, the newest first.

    A table on a terminal; elsewhere tab-separated columns below a line of
    their names. LiveChat lists the latest 25,000; export has no such limit.

    Examples:
      livechat-async chats list --tag sales --from 2023-01-01
      livechat-async chats list --all --json | jq -r '.visitor.email'
    """
    settings: Settings = context.obj
    filters.check_days(date_from, date_to)
    asked = ChatFilters(
        timezone=timezone,
        visitor_id=visitor_id,
        query=query,
        agent=agent,
        group=group,
        goal=goal,
        has_goal=has_goal,
        sale=sale,
        has_sale=has_sale,
        queued=queued,
        rate=rate,
        include_pending=include_pending or None,
        tags=tags or None,
        tagged=tagged,
        comment=comment,
        city=city,
        region=region,
        country=country,
    )

    async def show() -> None:
        async with settings.client() as client:
            pager = client.chats.list(
                date_from=date_from,
                date_to=date_to,
                max_items=None if everything else max_items,
                prefetch=8 if everything else None,
                **asked,
            )
            await show_items(
                pager,
                columns=CHAT_COLUMNS,
                cells=chat_cells,
                table=chats_table,
                to_plain=client.converter.unstructure,
                as_json=as_json,
            )

    wait_for(show())


@app.command("get")
def get_chat(
    context: typer.Context,
    chat_id: Annotated[str, typer.Argument(help="The chat's id.")],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="As JSON, with every field that LiveChat sent.")
    ] = False,
) -> None:
    """Show what was said in a chat.

    Examples:
      livechat-async chats get MH022RD0K5
    """
    settings: Settings = context.obj

    async def show() -> None:
        async with settings.client() as client:
            chat = await client.chats.get(chat_id)
            if as_json:
                typer.echo(to_json(client.converter.unstructure(chat), indent=2))
            else:
                terminal().print(chat_transcript(chat), soft_wrap=not is_terminal(sys.stdout))

    wait_for(show())


@app.command("export")
def export_chats(
    context: typer.Context,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The file to make.")
    ],
    date_from: filters.DateFrom = None,
    date_to: filters.DateTo = None,
    timezone: filters.Timezone = None,
    visitor_id: filters.VisitorId = None,
    query: filters.Query = None,
    agent: filters.Agent = None,
    group: filters.Group = None,
    goal: filters.Goal = None,
    has_goal: filters.HasGoal = None,
    sale: filters.Sale = None,
    has_sale: filters.HasSale = None,
    queued: filters.Queued = None,
    rate: filters.Rate = None,
    include_pending: filters.WithPending = False,
    tags: filters.Tags = None,
    tagged: filters.Tagged = None,
    comment: filters.Comment = None,
    city: filters.City = None,
    region: filters.Region = None,
    country: filters.Country = None,
    kind: Annotated[
        Format | None,
        typer.Option("--format", help="Else by the name of the file; JSON lines hold everything."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an export that did not end.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file, and what an export left.")
    ] = False,
    prefetch: filters.Prefetch = 8,
    on_broken: Annotated[
        _OnBroken, typer.Option(help="What to do at a chat that cannot be read.")
    ] = _OnBroken.RAISE,
    on_overfull_day: Annotated[
        _OnOverfullDay,
        typer.Option(help="What to do at a day with more than 25,000 chats, which is the most."),
    ] = _OnOverfullDay.RAISE,
) -> None:
    """Write all chats of some days to a file, each once.

    Until it is whole, the file is FILE.part, with FILE.checkpoint beside it.
    After Ctrl-C or a crash, the same command with --resume goes on from there.
    In CSV, texts that a spreadsheet would take for formulas begin with a '.

    Examples:
      livechat-async chats export --from 2023-01-01 --to 2025-12-31 -o chats.jsonl
      livechat-async chats export --tag sales --output sales.parquet --resume
    """
    settings: Settings = context.obj
    filters.check_days(date_from, date_to)
    if resume and overwrite:
        raise typer.BadParameter("--resume goes on, and --overwrite begins anew: give one of them")
    asked = ChatFilters(
        timezone=timezone,
        visitor_id=visitor_id,
        query=query,
        agent=agent,
        group=group,
        goal=goal,
        has_goal=has_goal,
        sale=sale,
        has_sale=has_sale,
        queued=queued,
        rate=rate,
        include_pending=include_pending or None,
        tags=tags or None,
        tagged=tagged,
        comment=comment,
        city=city,
        region=region,
        country=country,
    )
    kind = kind or guess_format(output)
    check_format(kind)
    file = ExportFile(output)

    async def write() -> None:
        async with settings.client() as client:

            def make(checkpoint: Checkpoint | None) -> Export[Chat]:
                try:
                    return client.chats.export(
                        date_from=date_from,
                        date_to=date_to,
                        prefetch=prefetch,
                        checkpoint=checkpoint,
                        on_broken=on_broken.value,
                        on_overfull_day=on_overfull_day.value,
                        **asked,
                    )
                except ConfigurationError as error:
                    if checkpoint is None:
                        raise
                    raise ConfigurationError(f"{error} (here: --overwrite)") from None

            await write_export(
                make,
                client.converter.unstructure,
                file,
                kind,
                resume=resume,
                overwrite=overwrite,
            )

    wait_for(write())
