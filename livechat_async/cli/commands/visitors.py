"""``livechat-async visitors``: list, watch, count and add-details."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import click

from livechat_async import ConfigurationError, DetailField, VisitorDetails, VisitorState
from livechat_async.cli.commands import options
from livechat_async.cli.commands.options import OnBroken
from livechat_async.cli.common import Settings, to_json, wait_for, with_client
from livechat_async.cli.output.listing import View, show_list
from livechat_async.cli.output.show import show_item
from livechat_async.cli.output.visitors import VISITORS
from livechat_async.cli.parsing import Group, argument, option
from livechat_async.display import number_of
from livechat_async.redaction import printable

app: Group = Group(help="List, count and watch visitors, and show agents details of them.")

_LINK = re.compile(
    r"(?P<name>[^=]*)=(?P<text>.*?)=(?P<url>(?:https?://|mailto:|tel:).*)",
    re.DOTALL | re.IGNORECASE,
)

_FILTERS: Mapping[str, Any] = {
    "state": options.one_of("STATE", VisitorState, "Only visitors in this state"),
    "groups": options.numbers("Only visitors of this group; may be repeated.", "--group"),
}
_TO_LIST = {**_FILTERS, "on_broken": options.on_broken("visitor")}
_TO_WATCH = {**_FILTERS, "on_broken": options.on_broken("visitor", OnBroken.SKIP)}


class _Encoding(StrEnum):
    JSON = "json"
    FORM = "form"


def _to_field(text: str) -> DetailField:
    name, mark, value = text.partition("=")
    if not mark or not name.strip():
        raise ValueError("cannot be used: NAME=VALUE is needed, such as Age=36")
    return DetailField(name, value)


def _to_link(text: str) -> DetailField:
    found = _LINK.fullmatch(text)
    with suppress(ConfigurationError):  # no name, or only the beginning of an address
        if found is not None:
            return DetailField(found["name"], found["text"], url=found["url"])
    raise ValueError(
        "cannot be used: NAME=TEXT=URL is needed, such as "
        "'Profile=Open in CRM=https://crm.example.com/7'"
    )


@app.command("list")
def list_visitors(
    context: click.Context,
    *,
    filters: Annotated[options.Filters, options.given_filters(_TO_LIST)],
    view: Annotated[View[Any], VISITORS.options()],
    watch: Annotated[bool, option("Show the list again and again.", "--watch")] = False,
    interval: options.Interval = 5.0,
) -> None:
    """Show who is on the site now.

    A table on a terminal, elsewhere tab-separated columns below a line of their names. With --watch
    and --json, each line is a whole JSON list. Each poll is an API call, which LiveChat bills.

    Examples:
      livechat-async visitors list --state chatting --group 0 --group 2
      livechat-async visitors list --watch --interval 10
      livechat-async visitors list --json | jq '.[].name'
    """
    if watch:
        from livechat_async.cli.commands.watch import follow_list  # noqa: PLC0415 (slow to import)

        follow = partial(follow_list, filters=filters, interval=interval, view=view)
        with_client(context, follow)
    else:
        show_list(context, lambda client: client.visitors.list(**filters), view)


@app.command("watch")
def watch_visitors(
    context: click.Context,
    *,
    filters: Annotated[options.Filters, options.given_filters(_TO_WATCH)],
    as_json: Annotated[
        bool, option("As JSON lines, a change a line, with the visitor.", "--json")
    ] = False,
    interval: options.Interval = 5.0,
) -> None:
    """Show who comes, what they do and who leaves, as it happens, until Ctrl-C.

    Each line is a change: arrived, state, page or left. It begins with the
    visitors who are there already. On a pipe, the lines are tab-separated columns
    below a line of their names. With --state or --group, a visitor who leaves
    that state or group has left.

    When LiveChat does not answer, the command says so on stderr and goes on. It
    shows a line "resynced" once LiveChat answers again.

    Each poll is an API call, which LiveChat bills: every 5 s makes 518,400 in 30 days.

    Examples:
      livechat-async visitors watch
      livechat-async visitors watch --state queued --group 2 --interval 10
      livechat-async visitors watch --json | jq -r .visitor.name
    """
    from livechat_async.cli.commands.watch import follow_changes  # noqa: PLC0415 (slow to import)

    follow = partial(follow_changes, filters=filters, interval=interval, as_json=as_json)
    with_client(context, follow)


@app.command("count")
def count_visitors(
    context: click.Context,
    *,
    filters: Annotated[options.Filters, options.given_filters(_FILTERS)],
    as_json: Annotated[bool, option('As one JSON document: {"count": 7}.', "--json")] = False,
) -> None:
    """Show how many visitors there are.

    Examples:
      livechat-async visitors count
      livechat-async visitors count --state queued --group 2
    """
    show_item(
        context,
        lambda client: client.visitors.count(**filters),
        lambda number: to_json({"count": number}) if as_json else str(number),
    )


@app.command("add-details")
def add_details(
    context: click.Context,
    visitor_id: Annotated[str, argument("The visitor's id, from the webhook.")],
    *,
    set_id: Annotated[
        str,
        option(
            "The name of this set of details. It replaces a set of the same name.",
            "--id",
            metavar="NAME",
        ),
    ],
    license_id: Annotated[
        int,
        option(
            "The license id, from the webhook.",
            envvar="LIVECHAT_LICENSE_ID",
            metavar="NUMBER",
            min=0,
        ),
    ],
    field: Annotated[
        list[DetailField] | None,
        option(
            "A line of text; may be repeated. The name ends at the first '='.",
            metavar="NAME=VALUE",
            parser=_to_field,
        ),
    ] = None,
    link: Annotated[
        list[DetailField] | None,
        option(
            "A line that is a link; may be repeated. The name ends at the first '=', and the "
            "address begins at the first http://, https://, mailto: or tel: that follows a later "
            "'='.",
            metavar="NAME=TEXT=URL",
            parser=_to_link,
        ),
    ] = None,
    icon: Annotated[
        str | None, option("The address of a picture of 64 by 64 pixels.", metavar="ADDRESS")
    ] = None,
    encoding: Annotated[_Encoding, option("The encoding of the request.")] = _Encoding.JSON,
) -> None:
    r"""Show the agent what you know of a visitor, beside the running chat.

    The webhook chat_started brings the visitor's id, the license id and a token.
    The token is a secret, so it is read from LIVECHAT_WEBHOOK_TOKEN; no other
    credentials are needed. Fields come first, then links, each in the given order.

    Examples:
      livechat-async visitors add-details S1352647457.ac951bfe2e --id my-app \
        --license-id 12345 --field Age=36 --icon example.com/icon.png \
        --link "Profile=Open in CRM=https://crm.example.com/7"
    """
    settings = Settings.of(context)
    fields = [*(field or ()), *(link or ())]
    if not fields:
        raise click.BadParameter("there is nothing to show; give a --field or a --link")
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
        click.echo(f"{number_of(len(fields), 'line')} sent as {set_id} for {printable(visitor_id)}")

    wait_for(add())


def _webhook_token() -> str:
    token = os.environ.get("LIVECHAT_WEBHOOK_TOKEN")
    if not token:
        raise ConfigurationError("no token: set LIVECHAT_WEBHOOK_TOKEN to the webhook's token")
    return token
