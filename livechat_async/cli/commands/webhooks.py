"""``livechat-async webhooks``: list, create, delete, and listen."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from urllib.parse import quote

import click
from yarl import URL

from livechat_async.cli.commands import dead, options
from livechat_async.cli.commands.calls import CallApp
from livechat_async.cli.common import (
    VISIBLE_PASSWORD,
    Settings,
    to_plain,
    wait_for,
    webhook_password,
)
from livechat_async.cli.output.listing import Listing, View, fields, joined, show_list, two_lines
from livechat_async.cli.output.show import show_item
from livechat_async.cli.parsing import argument, option
from livechat_async.models.webhooks import Webhook, WebhookDataType, WebhookEventType
from livechat_async.redaction import Secret, printable

app: CallApp = CallApp(help="Register and receive webhooks, and repeat those that a bot gave up.")

_KINDS = ", ".join(WebhookEventType)
_ALL_BUT_SECRETS = "all but user names, passwords and tokens"

_AsJson: TypeAlias = Annotated[
    bool, option(f"As one JSON document, with {_ALL_BUT_SECRETS}.", "--json")
]


def _to_plain(webhook: Webhook) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(webhook)
    plain.pop("token", None)
    return {**plain, "url": webhook.address, "credentials": _has_credentials(webhook)}


def _has_credentials(webhook: Webhook) -> bool:
    return webhook.address != webhook.url


_WEBHOOKS: Listing[Webhook] = Listing(
    "webhook",
    columns={
        **fields("id", "event_type", "data_types"),
        "url": lambda webhook: webhook.address,
        "credentials": lambda webhook: "yes" if _has_credentials(webhook) else "no",
    },
    cells={
        "Webhook": lambda webhook: two_lines(webhook.event_type, webhook.id, "bold", fold=True),
        "Data, address": lambda webhook: two_lines(
            joined(*webhook.data_types),
            webhook.address + (" (with a password)" if _has_credentials(webhook) else ""),
            fold=True,
        ),
    },
    to_plain=_to_plain,
    about_json=_ALL_BUT_SECRETS,
)


@app.command("list")
def list_webhooks(
    context: click.Context, *, view: Annotated[View[Webhook], _WEBHOOKS.options()]
) -> None:
    """Show the webhooks of the account.

    A table on a terminal, elsewhere tab-separated columns below a line of their names. User names,
    passwords and tokens are not shown.

    Examples:
      livechat-async webhooks list
      livechat-async webhooks list --json | jq '.[].id'
    """
    show_list(context, lambda client: client.webhooks.list(), view)


@app.command("create")
def create_webhook(
    context: click.Context,
    event_type: Annotated[WebhookEventType, argument(f"One of {_KINDS}.", metavar="EVENT_TYPE")],
    *,
    url: Annotated[str, option("The address to send it to.", metavar="URL")],
    data_type: Annotated[
        list[WebhookDataType] | None,
        option("Data to send with it; may be repeated. By default all.", metavar="NAME"),
    ] = None,
    as_json: _AsJson = False,
) -> None:
    r"""Register a webhook.

    LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBHOOK_PASSWORD are the user name and
    password that LiveChat sends with it; without the two it sends none. They are
    variables because other users of this machine can see options.

    Examples:
      livechat-async webhooks create chat_started --url https://example.com/livechat
      livechat-async webhooks create chat_ended --url https://example.com/livechat \
        --data-type chat --data-type visitor
    """
    target = _with_credentials(url)
    show_item(
        context,
        lambda client: client.webhooks.create(event_type, url=target, data_types=data_type),
        lambda made: printable(
            f"{made.event_type} is sent to {made.address} now; the webhook's id is {made.id}"
        ),
        as_json=as_json,
        to_plain=_to_plain,
    )


app.add_call(
    "webhooks delete 0123456789abcdef0123456789abcdef",
    "Remove a webhook.",
    {"webhook_id": options.argument(str, "The webhook's id, as list shows it.")},
    "{webhook_id} is removed",
    to_plain=None,
)


@app.command("listen")
def listen(
    context: click.Context,
    *,
    host: Annotated[str, option("The address to listen on.")] = "127.0.0.1",
    port: options.Port = 8080,
    event: Annotated[
        list[WebhookEventType] | None,
        option(f"Only these events; may be repeated. All: {_KINDS}.", metavar="EVENT_TYPE"),
    ] = None,
    program: Annotated[
        str | None, option("Run this program for each event.", "--exec", metavar="PROGRAM")
    ] = None,
    jobs: Annotated[int, option("How many programs run at the same time.", min=1, max=1_000)] = 4,
    exec_timeout: Annotated[
        float, option("How long one run may take.", metavar="SECONDS", min=0.1)
    ] = 30.0,
    attempts: Annotated[int, option("How many runs an event gets.", min=1, max=100)] = 5,
    register: Annotated[
        str | None, option("Register this public address at LiveChat.", metavar="URL")
    ] = None,
    as_json: Annotated[
        bool, option("As JSON lines, an event a line, without its token.", "--json")
    ] = False,
    show_token: Annotated[bool, option("With --json: also the token.", "--show-token")] = False,
    insecure: Annotated[
        bool, option("Take events from anyone, without a password or path secret.", "--insecure")
    ] = False,
) -> None:
    r"""Receive webhooks on this machine until Ctrl-C.

    A terminal shows each event in a line. A pipe gets tab-separated columns below
    a line of their names. Repeated deliveries are dropped. Everything else goes to
    stderr.

    LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBHOOK_PASSWORD are the user name and
    password that LiveChat sends. LIVECHAT_WEBHOOK_SECRET is a secret at the end of
    the path; what stands before it does not matter.

    --exec starts the program once for each event, several at a time. It reads the
    event, with its secret token, as JSON on stdin; no shell is used. Exit code 0
    means that the event is handled. Otherwise the program runs again: after 0.5
    to 1 s, then after 1 to 2 s, and so on, each time after a longer wait.

    --register needs the account's credentials. The registrations stay afterwards;
    webhooks delete removes them.

    LiveChat cannot reach 127.0.0.1. While you develop, a tunnel leads from a public
    address to this machine, such as 'cloudflared tunnel --url http://127.0.0.1:8080'
    or 'ssh -R'. Register the tunnel's address, and set the password: everyone can send
    requests to the tunnel. Events are kept in memory only.

    After Ctrl-C, programs get 10 s to finish; a second Ctrl-C ends them at once.

    Examples:
      livechat-async webhooks listen
      livechat-async webhooks listen --json | jq .visitor.email
      livechat-async webhooks listen --event chat_started --exec "python bot.py" \
        --register https://bot.example.com/livechat
    """
    # Imported here, because the receiver takes long to import.
    from livechat_async.cli.listen.listener import Access, Listener  # noqa: PLC0415
    from livechat_async.cli.listen.programs import Programs  # noqa: PLC0415
    from livechat_async.cli.listen.view import ListenView  # noqa: PLC0415

    settings = Settings.of(context)
    if show_token and not as_json:
        raise click.BadParameter("--show-token goes with --json: nothing else shows a token")
    access = Access.from_environment(register)
    if not insecure:
        access.check(host)
    view = ListenView(as_json=as_json, with_token=show_token)
    programs = None if program is None else Programs.parse(program)
    kinds = tuple(dict.fromkeys(event or ()))
    with view.warnings():
        listener = Listener(view, access, programs, kinds, jobs, exec_timeout, attempts)
        wait_for(listener.run(host, port, settings.client))


def _with_credentials(text: str) -> Secret:
    """The URL with the user name and password of the environment in it."""
    try:
        url = URL(text)
        has_credentials = url.user is not None or url.password is not None
    except ValueError:
        has_credentials = "@" in text
    if has_credentials:
        raise click.BadParameter(f"--url {VISIBLE_PASSWORD}")
    user, password = webhook_password()
    scheme, mark, rest = text.partition("://")
    words = (quote(secret.reveal(), safe="") for secret in (user, password))
    pair = f"{':'.join(words)}@" if user and mark else ""
    return Secret(f"{scheme}{mark}{pair}{rest}")


app.add_command(dead.app, "dead")
