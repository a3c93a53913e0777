"""The commands, and the options that all of them take."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import click

from livechat_async._version import __version__
from livechat_async.cli.common import TIMEOUT, Settings, show_log
from livechat_async.cli.env_file import load_env_file
from livechat_async.cli.parsing import LazyGroup, option, parameters_of

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
        "captures:run_record",
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


def _acts(act: Callable[[click.Context, click.Parameter, Any], object]) -> dict[str, Any]:
    """The settings of an option that acts at once, and that no command gets."""

    def callback(context: click.Context, option: click.Parameter, value: Any) -> None:
        if value and not context.resilient_parsing:  # which is completion
            act(context, option, value)

    return {"expose_value": False, "callback": callback}


def _keep(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Keep the value of a shared option. One behind the command replaces one before it."""
    setattr(Settings.of(context), str(option.name), value)


def _show_version(context: click.Context, _: click.Parameter, __: object) -> None:
    click.echo(f"livechat-async {__version__}")
    context.exit()


_KEPT = _acts(_keep)
_SHARED = {
    "profile": Annotated[
        str | None,
        option(
            "The account to use, of those that login has kept.",
            metavar="NAME",
            shell_complete=_profiles,
            **_KEPT,
        ),
    ],
    "env_file": Annotated[
        Path | None,
        option(
            "Read variables from this file, such as .env. Those that are set already stay.",
            metavar="FILE",
            is_eager=True,
            **_acts(lambda _, __, path: load_env_file(path)),
        ),
    ],
    "timeout": Annotated[
        float | None,
        option(
            f"The time limit of a call with its repetitions. [default: {TIMEOUT:g}]",
            metavar="SECONDS",
            min=0.1,
            **_KEPT,
        ),
    ],
    "account_region": Annotated[
        _Region | None,
        option(
            "The data centre of the account. An OAuth token names it already.", "--region", **_KEPT
        ),
    ],
    "verbose": Annotated[bool, option("Log all calls on stderr.", **_acts(lambda *_: show_log()))],
}
_VERSION = Annotated[bool, option("Show the version.", is_eager=True, **_acts(_show_version))]

app: LazyGroup = LazyGroup(
    _COMMANDS,
    shared=[*parameters_of(_SHARED)],
    name="livechat-async",
    params=[*parameters_of({"version": _VERSION})],
    help="""LiveChat on the command line: visitors, chats, tickets, agents, reports and more.

    Credentials come from the environment: LIVECHAT_LOGIN with LIVECHAT_TOKEN, or
    LIVECHAT_ACCESS_TOKEN. Otherwise, login keeps them. LIVECHAT_BASE_URL leads to another address,
    such as a sandbox's.

    Try it without an account: livechat-async demo
    """,
)
