"""The commands, and the options that all of them take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from livechat_async._version import __version__
from livechat_async.cli import common
from livechat_async.cli.common import TIMEOUT, Settings
from livechat_async.cli.env_file import load_env_file
from livechat_async.cli.parsing import LazyGroup, make_option, option

_COMMANDS = {
    "demo": (
        "sandbox:run_demo",
        "See in a few seconds what it does: no account is needed, nothing leaves this machine.",
    ),
    "visitors": (
        "visitors:app",
        "List, count and watch visitors, and show agents details of them.",
    ),
    "chats": ("chats:app", "List, read and export archived chats."),
    "tickets": ("tickets:app", "List and read tickets."),
    "reports": ("reports:show_report", "Show a report."),
    "webhooks": (
        "webhooks:app",
        "Register and receive webhooks, and repeat those that a bot gave up.",
    ),
    "agents": ("agents:app", "List, create, change and remove agents."),
    "groups": ("groups:app", "List, create, change and remove groups of agents."),
    "status": ("groups:show_status", "Show whether visitors can chat now: online or offline."),
    "tags": ("tags:app", "List, create and remove the tags of chats and tickets."),
    "goals": ("goals:app", "List, create, change and remove goals, and mark one as reached."),
    "greetings": ("greetings:app", "List and read greetings."),
    "canned-responses": (
        "canned_responses:app",
        "List, create, change and remove canned responses.",
    ),
    "login": (
        "profiles:log_in",
        "Keep the token of an account, so that commands need no variables.",
    ),
    "logout": ("profiles:log_out", "Forget a profile and its token."),
    "profiles": (
        "profiles:list_profiles",
        "Show the profiles that login has kept, without their tokens.",
    ),
    "sandbox": ("sandbox:run_sandbox", "Run a LiveChat of your own on this machine, until Ctrl-C."),
    "record": (
        "record:run_record",
        "Write each answer of LiveChat to a file, without personal data, until Ctrl-C.",
    ),
    "captures": ("captures:app", "Check the answers and webhooks that 'record' has written."),
    "completion": (
        "shell:print_completion",
        "Print the script by which a shell completes commands, options and their values.",
    ),
    "man": ("shell:print_manual", "Print the manual page of all commands, for man."),
}


class _Region(StrEnum):
    DAL = "dal"
    FRA = "fra"


def _profiles(_context: click.Context, _option: click.Parameter, begun: str) -> list[str]:
    from livechat_async.cli.profiles import names  # noqa: PLC0415 (few commands need it)

    return [name for name in names() if name.startswith(begun)]


def _set(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Keep the value of a shared option. One behind the command replaces one before it."""
    if value is not None and not context.resilient_parsing:
        settings = context.find_root().ensure_object(Settings)
        setattr(settings, str(option.name), value)


def _load_file(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path is not None and not context.resilient_parsing:
        load_env_file(path)


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
        "profile",
        str,
        option(
            "The account to use, of those that login has kept.",
            metavar="NAME",
            shell_complete=_profiles,
            **_KEPT,
        ),
    ),
    make_option(
        "env_file",
        Path,
        option(
            "Read variables from this file, such as .env. Those that are set already stay.",
            metavar="FILE",
            expose_value=False,
            callback=_load_file,
            is_eager=True,
        ),
    ),
    make_option(
        "timeout",
        float,
        option(
            f"The time limit of a call with its repetitions. [default: {TIMEOUT:g}]",
            metavar="SECONDS",
            min=0.1,
            **_KEPT,
        ),
    ),
    make_option(
        "account_region",
        _Region,
        option(
            "The data centre of the account. An OAuth token names it already.", "--region", **_KEPT
        ),
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
    help="""LiveChat on the command line: visitors, chats, tickets, agents, reports and more.

    Credentials come from the environment: LIVECHAT_LOGIN with LIVECHAT_TOKEN, or
    LIVECHAT_ACCESS_TOKEN. Otherwise, login keeps them. LIVECHAT_BASE_URL leads to another address,
    such as a sandbox's.

    Try it without an account: livechat-async demo
    """,
)
