"""``livechat-async chats``: list, get and export."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from livechat_async import Chat, ConfigurationError, LiveChatClient
from livechat_async.cli.commands import options
from livechat_async.cli.commands.options import option
from livechat_async.cli.common import with_client
from livechat_async.cli.export.files import ExportFile
from livechat_async.cli.export.formats import Format, check_format, guess_format
from livechat_async.cli.export.writing import write_export
from livechat_async.cli.output.archive import CHATS, chat_transcript
from livechat_async.cli.output.show import show_item, show_items
from livechat_async.decoding.converter import shared_converter
from livechat_async.export.checkpoint import Checkpoint
from livechat_async.export.export import Export

__all__ = ["app"]

app: typer.Typer = typer.Typer(no_args_is_help=True, help="The archive of chats.")


class _OnBroken(StrEnum):
    RAISE = "raise"
    SKIP = "skip"


class _OnOverfullDay(StrEnum):
    RAISE = "raise"
    PARTIAL = "partial"


@app.command("list")
@options.with_filters(options.CHAT_FILTERS)
def list_chats(
    context: typer.Context,
    *,
    filters: options.Filters,
    max_items: options.MaxItems = 25,
    everything: options.Everything = False,
    as_json: options.AsJsonLines = False,
) -> None:
    """Show chats of the archive, the newest first.

    A table on a terminal; elsewhere tab-separated columns below a line of
    their names. LiveChat lists the latest 25,000; export has no such limit.

    Examples:
      livechat-async chats list --tag sales --from 2023-01-01
      livechat-async chats list --all --json | jq -r '.visitor.email'
    """
    show_items(
        context,
        lambda client: client.chats.list(**filters, **options.limits(max_items, everything)),
        CHATS,
        as_json=as_json,
    )


@app.command("get")
def get_chat(
    context: typer.Context,
    chat_id: Annotated[str, typer.Argument(help="The chat's id.")],
    *,
    as_json: options.AsJson = False,
) -> None:
    """Show what was said in a chat.

    Examples:
      livechat-async chats get MH022RD0K5
    """
    show_item(context, lambda client: client.chats.get(chat_id), chat_transcript, as_json=as_json)


@app.command("export")
@options.with_filters(options.CHAT_FILTERS)
def export_chats(
    context: typer.Context,
    *,
    output: Annotated[Path, option("The file to write.", "--output", "-o", metavar="FILE")],
    filters: options.Filters,
    kind: Annotated[
        Format | None, option("The file's format; by default its suffix decides.", "--format")
    ] = None,
    resume: Annotated[bool, option("Continue an unfinished export.", "--resume")] = False,
    overwrite: Annotated[bool, option("Replace an existing file.", "--overwrite")] = False,
    prefetch: Annotated[
        int, option("How many pages to request ahead.", metavar="PAGES", min=1, max=64)
    ] = 8,
    on_broken: Annotated[
        _OnBroken,
        option("Stop at a chat that cannot be read, or report and skip it."),
    ] = _OnBroken.RAISE,
    on_overfull_day: Annotated[
        _OnOverfullDay, option("For a day of more than 25,000 chats, LiveChat's limit.")
    ] = _OnOverfullDay.RAISE,
) -> None:
    """Write all chats of some days to a file, each once.

    Until it is complete, the file is FILE.part, with FILE.checkpoint beside it.
    After Ctrl-C or a crash, the same command with --resume continues from there.
    Only you can read these files (mode 0600).
    In CSV, a ' stands before texts that a spreadsheet would take for formulas.

    Examples:
      livechat-async chats export --from 2023-01-01 --to 2025-12-31 -o chats.jsonl
      livechat-async chats export --tag sales --output sales.parquet --resume
    """
    if resume and overwrite:
        raise typer.BadParameter(
            "--resume continues an export, and --overwrite begins another: give one of them"
        )
    kind = kind or guess_format(output)
    check_format(kind)
    file = ExportFile(output)

    async def write(client: LiveChatClient) -> None:
        def make(checkpoint: Checkpoint | None) -> Export[Chat]:
            try:
                return client.chats.export(
                    **filters,
                    prefetch=prefetch,
                    checkpoint=checkpoint,
                    on_broken=on_broken.value,
                    on_overfull_day=on_overfull_day.value,
                )
            except ConfigurationError as error:
                if checkpoint is None:
                    raise
                raise ConfigurationError(f"{error} (here: --overwrite)") from None

        to_plain = shared_converter().unstructure
        await write_export(make, to_plain, file, kind, resume=resume, overwrite=overwrite)

    with_client(context, write)
