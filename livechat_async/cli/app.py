"""The commands, and the options before them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from livechat_async import Timeouts, __version__
from livechat_async.cli.commands import (
    agents,
    canned_responses,
    captures,
    chats,
    goals,
    greetings,
    groups,
    record,
    reports,
    sandbox,
    tags,
    tickets,
    visitors,
    webhooks,
)
from livechat_async.cli.commands.options import option
from livechat_async.cli.common import Settings, show_log

__all__ = ["app"]

app: typer.Typer = typer.Typer(
    name="livechat-async",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(sandbox.run_demo)
app.add_typer(visitors.app, name="visitors")
app.add_typer(chats.app, name="chats")
app.add_typer(tickets.app, name="tickets")
app.command("reports")(reports.show_report)
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(agents.app, name="agents")
app.add_typer(groups.app, name="groups")
app.command("status")(groups.show_status)
app.add_typer(tags.app, name="tags")
app.add_typer(goals.app, name="goals")
app.add_typer(greetings.app, name="greetings")
app.add_typer(canned_responses.app, name="canned-responses")
app.command("sandbox")(sandbox.run_sandbox)
app.command("record")(record.run_record)
app.add_typer(captures.app, name="captures")


class _Region(StrEnum):
    DAL = "dal"
    FRA = "fra"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"livechat-async {__version__}")
        raise typer.Exit


_AT_ONCE = {"callback": _show_version, "is_eager": True}


@app.callback()
def _share(
    context: typer.Context,
    *,
    timeout: Annotated[
        float, option("Limit of each call, with its repetitions.", metavar="SECONDS", min=0.1)
    ] = 60.0,
    region: Annotated[
        _Region | None, option("Where the account lives. An OAuth token already names it.")
    ] = None,
    verbose: Annotated[bool, option("Log all calls on stderr.", "--verbose")] = False,
    _version: Annotated[bool, option("Show the version.", "--version", **_AT_ONCE)] = False,
) -> None:
    """LiveChat on the command line: visitors, chats, tickets, agents, reports and more.

    Credentials come from the environment: LIVECHAT_LOGIN with LIVECHAT_TOKEN, or
    LIVECHAT_ACCESS_TOKEN. LIVECHAT_BASE_URL leads to another address, such as a sandbox's.

    [dim]Try it without an account:[/]  livechat-async demo
    """
    if verbose:
        show_log()
    context.obj = Settings(
        timeouts=Timeouts(deadline=timeout), region=None if region is None else region.value
    )
