"""``livechat-async visitors``: list, watch, count and add-details."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

from livechat_async import (
    ConfigurationError,
    DetailField,
    LiveChatClient,
    RetryPolicy,
    Visitor,
    VisitorDetails,
    VisitorState,
)
from livechat_async.cli.commands.watch import (
    change_live_view,
    change_text_view,
    follow,
    live_view,
    text_view,
    watch,
)
from livechat_async.cli.output.show import is_terminal, terminal, to_columns, visitors_table
from livechat_async.cli.settings import Settings
from livechat_async.cli.text import number_of, to_json
from livechat_async.cli.wait import wait_for
from livechat_async.redaction import printable
from livechat_async.watch.watch import FailureHook, VisitorWatch

__all__ = ["app"]

app: typer.Typer = typer.Typer(
    no_args_is_help=True, help="Who is on the site, and what the agent is told."
)

_LINK = re.compile(
    r"(?P<name>[^=]*)=(?P<text>.*?)=(?P<url>(?:https?://|mailto:|tel:).*)",
    re.DOTALL | re.IGNORECASE,
)


class _Encoding(StrEnum):
    JSON = "json"
    FORM = "form"


_State: TypeAlias = Annotated[
    VisitorState | None,
    typer.Option(
        metavar="STATE",
        help=f"Only visitors in this state: {', '.join(state.value for state in VisitorState)}.",
    ),
]
_Groups: TypeAlias = Annotated[
    list[int] | None,
    typer.Option(
        "--group", metavar="NUMBER", min=0, help="Only visitors of this group; may be repeated."
    ),
]


@app.command("list")
def list_visitors(
    context: typer.Context,
    *,
    state: _State = None,
    group: _Groups = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON list, with every field that LiveChat sent.")
    ] = False,
    watch_them: Annotated[
        bool, typer.Option("--watch", help="Ask again and again, until Ctrl-C.")
    ] = False,
    interval: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0.2,
            max=86_400,
            help="How long it is from one question of --watch to the next.",
        ),
    ] = 5.0,
) -> None:
    """Show who is on the site now.

    A table on a terminal; elsewhere tab-separated columns below a line of
    their names. With --watch and --json, each line is a JSON list of its own.

    Examples:
      livechat-async visitors list --state chatting --group 0 --group 2
      livechat-async visitors list --watch --interval 10
      livechat-async visitors list --json | jq '.[].name'
    """
    settings: Settings = context.obj
    groups = group or None

    async def show_once() -> None:
        async with settings.client() as client:
            visitors = await client.visitors.list(state=state, groups=groups)
            if as_json:
                typer.echo(_as_json(client, visitors, indent=2))
            elif not is_terminal(sys.stdout):
                typer.echo(to_columns(visitors))
            elif visitors:
                console = terminal()
                console.print(visitors_table(visitors, width=console.width))
            else:
                everybody = state is None and groups is None
                typer.echo("Nobody is there." if everybody else "Nobody there matches.")

    async def show_for_ever() -> None:
        # Every question is a repetition of the last one, so none is repeated by itself.
        async with settings.client(RetryPolicy.none()) as client:

            async def fetch() -> list[Visitor]:
                return await client.visitors.list(state=state, groups=groups)

            if as_json:
                view = text_view(lambda visitors: _as_json(client, visitors))
            elif is_terminal(sys.stdout):
                view = live_view(interval)
            else:
                view = text_view(lambda visitors: f"{to_columns(visitors)}\n")
            with view as show:
                await watch(fetch, show, interval)

    wait_for(show_for_ever() if watch_them else show_once())


def _as_json(
    client: LiveChatClient, visitors: Sequence[Visitor], *, indent: int | None = None
) -> str:
    return to_json(client.converter.unstructure(list(visitors)), indent=indent)


@app.command("watch")
def watch_visitors(
    context: typer.Context,
    *,
    state: _State = None,
    group: _Groups = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON object a line, with the whole visitor.")
    ] = False,
    interval: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0.2,
            max=86_400,
            help="How long it is from one question to the next.",
        ),
    ] = 5.0,
) -> None:
    """Show who comes, what they do and who leaves, as it happens, until Ctrl-C.

    One line a change: arrived, state, page or left. Everybody who is there at
    the start comes first. Elsewhere than on a terminal, the lines are
    tab-separated columns below a line of their names. With --state or --group,
    whoever leaves that state or group has left.

    It goes on when LiveChat does not answer, tells so on stderr, and shows a
    line "resynced" when it is back.

    Examples:
      livechat-async visitors watch
      livechat-async visitors watch --state queued --group 2 --interval 10
      livechat-async visitors watch --json | jq -r .visitor.name
    """
    settings: Settings = context.obj

    async def show_changes() -> None:
        # Every poll is a repetition of the last one, so none is repeated by itself.
        async with settings.client(RetryPolicy.none()) as client:
            if as_json:
                view = change_text_view(client.converter.unstructure)
            elif is_terminal(sys.stdout):
                view = change_live_view(interval)
            else:
                view = change_text_view()

            def make(on_failure: FailureHook) -> VisitorWatch:
                return client.visitors.watch(
                    interval=interval, state=state, groups=group or None, on_failure=on_failure
                )

            with view as shown:
                await follow(make, shown)

    wait_for(show_changes())


@app.command("count")
def count_visitors(
    context: typer.Context,
    *,
    state: _State = None,
    group: _Groups = None,
    as_json: Annotated[bool, typer.Option("--json", help='As JSON: {"count": 7}.')] = False,
) -> None:
    """Show how many visitors there are.

    Examples:
      livechat-async visitors count
      livechat-async visitors count --state queued --group 2
    """
    settings: Settings = context.obj

    async def count() -> None:
        async with settings.client() as client:
            number = await client.visitors.count(state=state, groups=group or None)
        typer.echo(to_json({"count": number}) if as_json else number)

    wait_for(count())


@app.command("add-details")
def add_details(
    context: typer.Context,
    visitor_id: Annotated[str, typer.Argument(help="The id that the webhook brought.")],
    *,
    set_id: Annotated[
        str,
        typer.Option(
            "--id", metavar="NAME", help="Names the set; one of the same name is replaced."
        ),
    ],
    field: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A line; the name ends at the first '='."),
    ] = None,
    link: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=TEXT=URL",
            help="A line that is a link. The name ends at the first '=', and the address begins "
            "at the first http://, https://, mailto: or tel: that follows a later '='.",
        ),
    ] = None,
    icon: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A picture of 64 by 64 pixels.")
    ] = None,
    license_id: Annotated[
        str | None,
        typer.Option(envvar="LIVECHAT_LICENSE_ID", metavar="NUMBER", help="From the webhook."),
    ] = None,
    encoding: Annotated[
        _Encoding, typer.Option(help="How it is sent; LiveChat takes both.")
    ] = _Encoding.JSON,
) -> None:
    r"""Show the agent what is known of a visitor, beside the running chat.

    The webhook chat_started brings the visitor's id, the license id and a token.
    The token is a secret, so it is read from LIVECHAT_WEBHOOK_TOKEN; no other
    credentials are needed. Fields come first, then links, each in the order given.

    Examples:
      livechat-async visitors add-details S1352647457.ac951bfe2e --id my-app \
        --license-id 12345 --field Age=36 --icon example.com/icon.png \
        --link "Profile=Open in CRM=https://crm.example.com/7"
    """
    settings: Settings = context.obj
    fields = [*map(_to_field, field or ()), *map(_to_link, link or ())]
    if not fields:
        raise typer.BadParameter("there is nothing to show; give a --field or a --link")
    if license_id is None:
        raise ConfigurationError("no license id: give --license-id, or set LIVECHAT_LICENSE_ID")
    details = VisitorDetails(set_id, fields, icon)

    async def add() -> None:
        async with settings.client_without_credentials() as client:
            await client.visitors.add_details(
                visitor_id,
                details,
                license_id=license_id,
                token=_webhook_token(),
                encoding=encoding.value,
            )
        typer.echo(f"{number_of(len(fields), 'line')} sent as {set_id} for {printable(visitor_id)}")

    wait_for(add())


def _to_field(text: str) -> DetailField:
    name, mark, value = text.partition("=")
    if not mark:
        raise typer.BadParameter(f"--field {text!r}: NAME=VALUE is needed, such as Age=36")
    return DetailField(name, value)


def _to_link(text: str) -> DetailField:
    found = _LINK.fullmatch(text)
    if found is None:
        raise typer.BadParameter(
            f"--link {text!r}: NAME=TEXT=URL is needed, such as "
            "'Profile=Open in CRM=https://crm.example.com/7'"
        )
    return DetailField(found["name"], found["text"], url=found["url"])


def _webhook_token() -> str:
    token = os.environ.get("LIVECHAT_WEBHOOK_TOKEN")
    if not token:
        raise ConfigurationError("no token: set LIVECHAT_WEBHOOK_TOKEN to the one of the webhook")
    return token
