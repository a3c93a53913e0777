"""``livechat-async webhooks``: list, create, delete, and listen."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich import box
from rich.table import Table
from rich.text import Text
from yarl import URL

from livechat_async import ConfigurationError, LiveChatClient
from livechat_async.cli.listen.listen import listen
from livechat_async.cli.output.show import is_terminal, terminal
from livechat_async.cli.settings import Settings
from livechat_async.cli.text import number_of, to_json
from livechat_async.cli.wait import wait_for
from livechat_async.models.webhooks import Webhook, WebhookDataType, WebhookEventType
from livechat_async.redaction import Secret, printable

__all__ = ["app"]

app: typer.Typer = typer.Typer(
    no_args_is_help=True, help="Which events LiveChat sends, and where to."
)

_COLUMNS = ("id", "event_type", "data_types", "url", "credentials")

_AsJson = Annotated[
    bool, typer.Option("--json", help="As JSON, without user names, passwords and tokens.")
]


@app.command("list")
def list_webhooks(context: typer.Context, *, as_json: _AsJson = False) -> None:
    """Show the webhooks of the account.

    A table on a terminal; elsewhere tab-separated columns below a line of
    their names. User names, passwords and tokens are not shown.

    Examples:
      livechat-async webhooks list
      livechat-async webhooks list --json | jq '.[].id'
    """
    settings: Settings = context.obj

    async def show() -> None:
        async with settings.client() as client:
            webhooks = await client.webhooks.list()
            if as_json:
                typer.echo(to_json([_plain(client, hook) for hook in webhooks], indent=2))
            elif not is_terminal(sys.stdout):
                lines = [_COLUMNS, *map(_cells, webhooks)]
                typer.echo("\n".join("\t".join(map(printable, line)) for line in lines))
            elif webhooks:
                terminal().print(_table(webhooks))
            else:
                typer.echo("No webhooks.")

    wait_for(show())


@app.command("create")
def create_webhook(
    context: typer.Context,
    event_type: Annotated[
        WebhookEventType,
        typer.Argument(metavar="EVENT_TYPE", help=f"One of {', '.join(WebhookEventType)}."),
    ],
    *,
    url: Annotated[str, typer.Option(metavar="URL", help="Where it is sent to.")],
    data_type: Annotated[
        list[WebhookDataType] | None,
        typer.Option(
            metavar="NAME",
            help="What it brings; may be repeated. All that goes with the event by default.",
        ),
    ] = None,
    as_json: _AsJson = False,
) -> None:
    r"""Register a webhook.

    The user name and password that LiveChat is to send with it are read from
    LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBHOOK_PASSWORD, for everybody on this
    machine can see arguments. Without the two there are none.

    Examples:
      livechat-async webhooks create chat_started --url https://example.com/livechat
      livechat-async webhooks create chat_ended --url https://example.com/livechat \
        --data-type chat --data-type visitor
    """
    settings: Settings = context.obj
    target = _with_credentials(url)

    async def create() -> None:
        async with settings.client() as client:
            made = await client.webhooks.create(event_type, url=target, data_types=data_type)
            if as_json:
                typer.echo(to_json(_plain(client, made), indent=2))
            else:
                typer.echo(
                    f"{printable(made.event_type)} is sent to {printable(made.address)} now; the "
                    f"webhook's id is {printable(made.id)}"
                )

    wait_for(create())


@app.command("delete")
def delete_webhook(
    context: typer.Context,
    webhook_id: Annotated[str, typer.Argument(help="The webhook's id, as list shows it.")],
) -> None:
    """Remove a webhook.

    Examples:
      livechat-async webhooks delete 0123456789abcdef0123456789abcdef
    """
    settings: Settings = context.obj

    async def delete() -> None:
        async with settings.client() as client:
            await client.webhooks.delete(webhook_id)
        typer.echo(f"{printable(webhook_id)} is removed")

    wait_for(delete())


app.command("listen")(listen)


def _with_credentials(text: str) -> Secret:
    """The URL with the user name and password of the environment in it."""
    try:
        url = URL(text)
        has_credentials = url.user is not None or url.password is not None
    except ValueError:
        has_credentials = "@" in text
    if has_credentials:
        raise typer.BadParameter(
            "--url holds a user name or password, which everybody on this machine can see: set "
            "LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBHOOK_PASSWORD instead"
        )
    user, password = (
        os.environ.get(f"LIVECHAT_WEBHOOK_{name}", "") for name in ("USER", "PASSWORD")
    )
    if bool(user) != bool(password):
        raise ConfigurationError(
            "LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBHOOK_PASSWORD go together: set both, or neither"
        )
    scheme, mark, rest = text.partition("://")
    pair = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user and mark else ""
    return Secret(f"{scheme}{mark}{pair}{rest}")


def _plain(client: LiveChatClient, webhook: Webhook) -> dict[str, Any]:
    plain: dict[str, Any] = client.converter.unstructure(webhook)
    plain.pop("token", None)
    return {**plain, "url": webhook.address, "credentials": _has_credentials(webhook)}


def _cells(webhook: Webhook) -> tuple[str, ...]:
    return (
        webhook.id,
        webhook.event_type,
        ", ".join(webhook.data_types),
        webhook.address,
        "yes" if _has_credentials(webhook) else "no",
    )


def _has_credentials(webhook: Webhook) -> bool:
    return webhook.address != webhook.url


def _table(webhooks: Sequence[Webhook]) -> Table:
    """Webhooks in two lines each: ids and addresses are there to be copied."""
    table = Table(
        box=box.SIMPLE_HEAD,
        header_style="dim",
        title=Text(number_of(len(webhooks), "webhook"), "bold"),
        title_justify="left",
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name in ("Webhook", "What it brings, where to"):
        table.add_column(name, overflow="fold")
    for webhook in webhooks:
        id_, event_type, data_types, address, credentials = map(printable, _cells(webhook))
        note = " (with a password)" if credentials == "yes" else ""
        table.add_row(
            Text.assemble((event_type, "bold"), "\n", (id_, "dim")),
            Text.assemble(data_types, "\n", (f"{address}{note}", "dim")),
        )
    return table
