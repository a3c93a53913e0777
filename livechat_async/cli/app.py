"""The commands, and the options that all of them take."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import click

from livechat_async._version import __version__
from livechat_async.cli import common
from livechat_async.cli.common import Settings
from livechat_async.cli.parsing import LazyGroup, make_option, option

__all__ = ["app"]

_COMMANDS = {
    "demo": (
        "sandbox:run_demo",
        "See in a few seconds what it does: no account is needed, nothing leaves this machine.",
    ),
    "visitors": ("visitors:app", "Who is on the site, and what the agent sees of them."),
    "chats": ("chats:app", "The archive of chats."),
    "tickets": ("tickets:app", "Tickets."),
    "reports": ("reports:show_report", "Show a report."),
    "webhooks": ("webhooks:app", "Which events LiveChat sends, and where to."),
    "agents": ("agents:app", "Who answers chats."),
    "groups": ("groups:app", "Groups of agents."),
    "status": ("groups:show_status", "Show whether visitors can chat now: online or offline."),
    "tags": ("tags:app", "The tags of chats and tickets."),
    "goals": ("goals:app", "What visitors should do."),
    "greetings": ("greetings:app", "What visitors are greeted with."),
    "canned-responses": ("canned_responses:app", "Texts that agents have ready."),
    "sandbox": ("sandbox:run_sandbox", "Run a LiveChat of your own on this machine, until Ctrl-C."),
}


class _Region(StrEnum):
    DAL = "dal"
    FRA = "fra"


def _set(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Keep the value of a shared option. One behind the command replaces one before it."""
    if value is not None and not context.resilient_parsing:
        settings = context.find_root().ensure_object(Settings)
        setattr(settings, str(option.name), value)


def _show_log(context: click.Context, _: click.Parameter, wanted: object) -> None:
    if wanted and not context.resilient_parsing:
        common.show_log()


def _show_version(context: click.Context, _: click.Parameter, wanted: object) -> None:
    if wanted and not context.resilient_parsing:
        click.echo(f"livechat-async {__version__}")
        context.exit()


_KEPT = {"expose_value": False, "callback": _set}
_SHARED = (
    make_option(
        "timeout",
        float,
        option(
            "Limit of each call, with its repetitions. [default: 60]",
            metavar="SECONDS",
            min=0.1,
            **_KEPT,
        ),
    ),
    make_option(
        "region",
        _Region,
        option("Where the account lives. An OAuth token already names it.", **_KEPT),
    ),
    make_option(
        "verbose",
        bool,
        option("Log all calls on stderr.", expose_value=False, callback=_show_log),
    ),
)
_VERSION = make_option(
    "version",
    bool,
    option("Show the version.", expose_value=False, callback=_show_version, is_eager=True),
)

app: LazyGroup = LazyGroup(
    {
        name: (f"livechat_async.cli.commands.{place}", about)
        for name, (place, about) in _COMMANDS.items()
    },
    shared=_SHARED,
    name="livechat-async",
    params=[_VERSION],
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""LiveChat on the command line: visitors, chats, tickets, agents, reports and more.

    Credentials come from the environment: LIVECHAT_LOGIN with LIVECHAT_TOKEN, or
    LIVECHAT_ACCESS_TOKEN. LIVECHAT_BASE_URL leads to another address, such as a sandbox's.

    Try it without an account: livechat-async demo
    """,
)
