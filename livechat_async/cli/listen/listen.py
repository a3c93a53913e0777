"""``webhooks listen``: a receiver on this machine, to look at events or hand them to a program."""

from __future__ import annotations

import os
from typing import Annotated
from urllib.parse import quote

import typer
from yarl import URL

from livechat_async import ConfigurationError
from livechat_async.checks import is_loopback
from livechat_async.cli.listen.listener import Listener, Public
from livechat_async.cli.listen.programs import Programs, to_command
from livechat_async.cli.listen.view import ListenView
from livechat_async.cli.settings import Settings
from livechat_async.cli.wait import wait_for
from livechat_async.models.webhooks import WebhookEventType
from livechat_async.redaction import Secret
from livechat_async.webhooks import WebhookCredentials

__all__ = ["listen"]

_VARIABLES = "LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBHOOK_PASSWORD"


def listen(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where it listens; 0 for any free port.")
    ] = 8080,
    event: Annotated[
        list[WebhookEventType] | None,
        typer.Option(
            metavar="EVENT_TYPE",
            help=f"Only these; may be repeated. All by default: {', '.join(WebhookEventType)}.",
        ),
    ] = None,
    program: Annotated[
        str | None,
        typer.Option(
            "--exec", metavar="PROGRAM", help="Handles each event: a program and its arguments."
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, max=1_000, help="So many programs at a time at the most.")
    ] = 4,
    exec_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="The most one may run.")
    ] = 30.0,
    attempts: Annotated[
        int, typer.Option(min=1, max=100, help="How often it is run for an event, if it fails.")
    ] = 5,
    register: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Let LiveChat send the events to this public address."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Each event as a line of JSON, without its token.")
    ] = False,
    show_token: Annotated[
        bool, typer.Option("--show-token", help="With --json: with its token, which is a secret.")
    ] = False,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Take events from anybody, also from other machines."),
    ] = False,
) -> None:
    r"""Receive webhooks on this machine until Ctrl-C.

    One event a line on a terminal; elsewhere tab-separated columns below a line
    of their names. What is delivered again is dropped. All else is told on
    stderr.

    The user name and password that LiveChat sends are read from
    LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBHOOK_PASSWORD, and the last part of the
    path, if it is to be a secret, from LIVECHAT_WEBHOOK_SECRET. Any path before
    that will do.

    --exec starts the program anew for each event, several at a time. It reads
    the event as JSON on its stdin, with the token; no shell is between. Exit
    code 0 means that the event is handled. Otherwise it is run again, each time
    after a longer wait.

    --register needs the account's credentials. The registrations stay when it
    ends; webhooks delete removes them.

    Ctrl-C lets what is under way end, for up to 10 s; once more ends it at once.

    Examples:
      livechat-async webhooks listen
      livechat-async webhooks listen --json | jq .visitor.email
      livechat-async webhooks listen --event chat_started --exec "python bot.py" \
        --register https://bot.example.com/livechat
    """
    settings: Settings = context.obj
    if show_token and not as_json:
        raise typer.BadParameter("--show-token goes with --json: nothing else shows a token")
    kinds = tuple(dict.fromkeys(event or ()))
    credentials, path_secret = _secrets()
    public = None if register is None else _public(register, credentials, path_secret)
    guarded = credentials is not None or path_secret is not None
    if not guarded and not insecure:
        _check_reach(host, public)
    programs = None if program is None else Programs(to_command(program))
    view = ListenView(as_json=as_json, with_token=show_token)
    with view.warnings():
        listener = Listener(
            view=view,
            programs=programs,
            kinds=kinds,
            credentials=credentials,
            path_secret=path_secret,
            jobs=jobs,
            timeout=exec_timeout,
            attempts=attempts,
        )
        make_client = settings.client if public is not None else None
        wait_for(listener.run(host, port, public, make_client))


def _secrets() -> tuple[WebhookCredentials | None, Secret | None]:
    user, password, path_secret = (
        Secret(os.environ.get(f"LIVECHAT_WEBHOOK_{name}", ""))
        for name in ("USER", "PASSWORD", "SECRET")
    )
    if bool(user) != bool(password):
        raise ConfigurationError(f"{_VARIABLES} go together: set both, or neither")
    if "/" in path_secret or not path_secret.isprintable():
        raise ConfigurationError(
            "LIVECHAT_WEBHOOK_SECRET has to be one part of a path: some text without a slash"
        )
    if ":" in user:
        raise ConfigurationError("LIVECHAT_WEBHOOK_USER cannot hold a colon")
    return WebhookCredentials(user, password) if user else None, path_secret or None


def _public(
    address: str, credentials: WebhookCredentials | None, path_secret: Secret | None
) -> Public:
    problem = ""
    try:
        url = URL(address)
        if url.user is not None or url.password is not None:
            problem = (
                "holds a user name or password, which everybody on this machine can see: set "
                f"{_VARIABLES} instead"
            )
        elif url.scheme not in {"http", "https"} or not url.host:
            problem = "has to be a whole URL, such as https://bot.example.com/livechat"
        elif path_secret and (url.query_string or url.fragment):
            problem = "cannot have a query, as LIVECHAT_WEBHOOK_SECRET comes behind its path"
    except ValueError:
        problem = "is not a URL, such as https://bot.example.com/livechat"
    if problem:
        raise typer.BadParameter(f"--register {problem}")
    whole = address
    if path_secret:
        whole = Secret(f"{address.rstrip('/')}/{quote(path_secret, safe='')}")
    hidden = [path_secret] if path_secret else []
    if credentials is not None:
        whole = credentials.url(whole)
        hidden.append(Secret(credentials.password))
    return Public(address, Secret(whole), tuple(hidden))


def _check_reach(host: str, public: Public | None) -> None:
    """Raise unless only this machine can send events to it."""
    if not is_loopback(host):
        reach = f"--host {host}"
    elif public is not None and not is_loopback(URL(public.address).host or ""):
        reach = "--register"
    else:
        return
    raise ConfigurationError(
        f"{reach} lets anybody send events, as there is no password: set {_VARIABLES}, or "
        "LIVECHAT_WEBHOOK_SECRET; or say --insecure"
    )
