"""``livechat-async chats``: list, get and export."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click

from livechat_async.cli.commands import options
from livechat_async.cli.commands.calls import CallApp
from livechat_async.cli.common import to_plain, with_client
from livechat_async.cli.export import Format, guess_format
from livechat_async.cli.output.archive import CHATS, chat_transcript
from livechat_async.cli.output.listing import View, show_items
from livechat_async.cli.parsing import option
from livechat_async.errors import ConfigurationError
from livechat_async.models.chats import ChatRate

if TYPE_CHECKING:
    from livechat_async import Chat, Checkpoint, Export, LiveChatClient

app: CallApp = CallApp(help="List, read and export archived chats.")

_FILTERS: Mapping[str, Any] = {
    **options.DAYS,
    "timezone": options.text("ZONE", "The time zone of the days, such as America/Phoenix."),
    "visitor_id": options.text("ID", "Only chats of this visitor.", "--visitor"),
    "query": options.text("TEXT", "Only chats with this text."),
    "agent": options.text("LOGIN", "Only chats of this agent."),
    "group": options.number("Only chats of this group."),
    "goal": options.number("Only chats that reached this goal."),
    "has_goal": options.flag("--has-goal/--no-goal", "Only chats that reached any goal, or none."),
    "sale": options.number("Only chats with this tracked sale."),
    "has_sale": options.flag("--has-sale/--no-sale", "Only chats with any tracked sale, or none."),
    "queued": options.flag(
        "--queued/--not-queued", "Only chats that waited in the queue, or did not."
    ),
    "rate": options.one_of("RATE", ChatRate, "Only chats with this rating"),
    "include_pending": options.flag("--include-pending", "Also chats that have not ended."),
    "tags": options.texts("TAG", "Only chats with this tag; may be repeated.", "--tag"),
    "tagged": options.flag("--tagged/--untagged", "Only chats with any tag, or none."),
    "comment": options.flag(
        "--comment/--no-comment", "Only chats with a comment on the rating, or none."
    ),
    # With a prefix, for --region is the data centre of the account.
    "city": options.text(
        "NAME",
        "Only chats of visitors in this city, in the local language.",
        "--visitor-city",
        "--city",
    ),
    "region": options.text(
        "NAME",
        "Only chats of visitors in this region of a country, in its language.",
        "--visitor-region",
    ),
    "country": options.text(
        "NAME",
        "Only chats of visitors in this country, in English.",
        "--visitor-country",
        "--country",
    ),
    "on_broken": options.on_broken("chat"),
}


class _OnOverfullDay(StrEnum):
    RAISE = "raise"
    PARTIAL = "partial"


_WALK: Mapping[str, Any] = {
    **_FILTERS,
    "prefetch": options.optional(
        int, "How many pages to request ahead.", metavar="PAGES", min=1, max=64, default=8
    ),
    "on_overfull_day": options.optional(
        _OnOverfullDay,
        "Stop at a day of more than 25,000 chats, LiveChat's limit, or write the latest of that "
        "day and go on.",
        default=_OnOverfullDay.RAISE,
    ),
}


@app.command("list")
def list_chats(
    context: click.Context,
    *,
    filters: Annotated[options.Filters, options.given_filters(_FILTERS)],
    view: Annotated[View[Any], CHATS.options(pages=True)],
) -> None:
    """Show chats of the archive, the newest first.

    A table on a terminal, elsewhere tab-separated columns below a line of their names. LiveChat
    lists the latest 25,000; export has no such limit.

    Examples:
      livechat-async chats list --tag sales --from 2023-01-01
      livechat-async chats list --all --csv --columns id,started,email
      livechat-async chats list --all --json | jq -r '.visitor.email'
    """
    show_items(context, lambda client: client.chats.list(**filters, **view.of_pager), view)


app.add_call(
    "chats get MH022RD0K5",
    "Show what was said in a chat.",
    {"chat_id": options.argument(str, "The chat's id.")},
    chat_transcript,
    to_plain=to_plain,
)


@app.command("export")
def export_chats(
    context: click.Context,
    *,
    output: Annotated[Path, option("The file to write.", "--output", "-o", metavar="FILE")],
    walk: Annotated[options.Filters, options.given_filters(_WALK)],
    kind: Annotated[
        Format | None,
        option("The file's format. [default: that of its suffix, else jsonl]", "--format"),
    ] = None,
    resume: Annotated[bool, option("Continue an unfinished export.", "--resume")] = False,
    overwrite: Annotated[bool, option("Replace an existing file.", "--overwrite")] = False,
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
        raise click.BadParameter(
            "--resume continues an export, and --overwrite begins another: give one of them"
        )
    # Imported here, because an export takes long to import.
    from livechat_async.cli.export.files import ExportFile  # noqa: PLC0415
    from livechat_async.cli.export.formats import check_format  # noqa: PLC0415
    from livechat_async.cli.export.writing import write_export  # noqa: PLC0415

    kind = kind or guess_format(output)
    check_format(kind)
    file = ExportFile(output)

    async def write(client: LiveChatClient) -> None:
        def make(checkpoint: Checkpoint | None) -> Export[Chat]:
            try:
                return client.chats.export(**walk, checkpoint=checkpoint)
            except ConfigurationError as error:
                if checkpoint is None:
                    raise
                raise ConfigurationError(f"{error} (here: --overwrite)") from None

        await write_export(make, file, kind, resume=resume, overwrite=overwrite)

    with_client(context, write)
