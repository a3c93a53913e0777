"""The commands, and the options before them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from livechat_async import Timeouts, __version__
from livechat_async.cli.commands import chats, sandbox, tickets, visitors, webhooks
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
app.add_typer(webhooks.app, name="webhooks")
app.command("sandbox")(sandbox.run_sandbox)


class _Region(StrEnum):
    DAL = "dal"
    FRA = "fra"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"livechat-async {__version__}")
        raise typer.Exit


@app.callback()
def _share(
    context: typer.Context,
    *,
    timeout: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0.1, help="Limit of each call, with its repetitions."),
    ] = 60.0,
    region: Annotated[
        _Region | None,
        typer.Option(help="Where the account lives. An OAuth token already names it."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log every request and answer on stderr.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """LiveChat on the command line: visitors, chats, tickets and webhooks.

    Credentials come from the environment: LIVECHAT_LOGIN with LIVECHAT_TOKEN, or
    LIVECHAT_ACCESS_TOKEN. LIVECHAT_BASE_URL leads to another address, such as a sandbox's.

    [dim]Try it without an account:[/]  livechat-async demo
    """
    if verbose:
        show_log()
    context.obj = Settings(
        timeouts=Timeouts(deadline=timeout), region=None if region is None else region.value
    )
