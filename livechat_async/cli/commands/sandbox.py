"""``livechat-async sandbox`` and ``livechat-async demo``: LiveChat without an account.

The sandbox is imported inside the commands, because it takes longer to import than all else.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
from click.core import ParameterSource
from yarl import URL

from livechat_async.cli.commands import options
from livechat_async.cli.common import (
    open_in_browser,
    served_until_stopped,
    show_log,
    to_json,
    wait_for,
)
from livechat_async.cli.output.show import terminal
from livechat_async.cli.parsing import option
from livechat_async.cli.wording import label_of
from livechat_async.display import number_of
from livechat_async.redaction import Secret, printable

if TYPE_CHECKING:
    from livechat_async.sandbox import Sandbox, StartedChat

_API = ("-H", "X-API-Version: 2")
_JSON = ("-H", "Content-Type: application/json", "-d")
_TOKEN = "LIVECHAT_CONTROL_TOKEN"  # noqa: S105 - the name of a variable


class _Chaos(StrEnum):
    CALM = "calm"
    FLAKY = "flaky"
    RATE_LIMITED = "rate-limited"
    OUTAGE = "outage"
    SLOW = "slow"


class _Plan(StrEnum):
    STARTER = "starter"
    TEAM = "team"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


_OPTIONS: Mapping[str, Any] = {
    "seed": options.optional(
        int, "The number of people on the site.", "--visitors", default=8, min=0, max=10_000
    ),
    "chats": options.number("The number of archived chats. [default: 120]", max=10**6),
    "tickets": options.number("The number of tickets. [default: 12]", max=10**6),
    "latency": options.optional(
        float,
        "The time before each answer of the API.",
        metavar="SECONDS",
        default=0,
        min=0,
        max=3600,
    ),
    "chaos": options.optional(
        _Chaos, f"Let requests fail or wait: {', '.join(_Chaos)}.", metavar="PROFILE"
    ),
    "chaos_seed": options.number(
        "The seed of the faults: another number makes other faults.", default=0
    ),
    "webhook_retry_span": options.optional(
        float,
        "How long to repeat a webhook that is not answered 200.",
        metavar="SECONDS",
        default=6 * 60 * 60,
        min=0,
    ),
    "webhook_repeats": options.optional(
        int, "Extra deliveries per webhook, to exercise deduplication.", default=0, min=0, max=100
    ),
    "webhook_hosts": options.texts(
        "HOST", "Another machine that gets webhooks; may be repeated.", "--webhook-host"
    ),
    "plan": options.optional(
        _Plan,
        f"The account's plan: {', '.join(_Plan)}. Smaller ones lack some reports.",
        metavar="PLAN",
        default=_Plan.ENTERPRISE,
    ),
    "allow_remote": Annotated[bool, option("Serve other machines; needs a control token.")],
    "control_token": options.optional(
        str,
        "The token that control calls must send. Other users of this machine can see options, so "
        "the variable is safer.",
        metavar="TOKEN",
        envvar=_TOKEN,
        parser=Secret,
    ),
    "allow_hosts": options.texts(
        "HOST",
        "A name with dots by which other machines reach it; may be repeated.",
        "--allow-host",
    ),
}


def run_demo(
    *,
    window: Annotated[bool, option("Show it in a browser too, until Ctrl-C.", "--window")] = False,
) -> None:
    """See in a few seconds what it does: no account is needed, nothing leaves this machine."""
    from livechat_async.cli.commands.demo import tell_story  # noqa: PLC0415

    wait_for(tell_story(window=window))


def run_sandbox(
    context: click.Context,
    *,
    host: Annotated[
        str, option("The address to listen on; any but loopback needs --allow-remote.")
    ] = "127.0.0.1",
    port: options.Port = 8080,
    settings: Annotated[dict[str, Any], options.given_filters(_OPTIONS)],
    verbose: Annotated[bool, option("Log a line per request on stderr.", "--verbose")] = False,
    open_: Annotated[bool, option("Open the sandbox's page in a browser.", "--open")] = False,
    folder: Annotated[
        Path | None,
        option(
            "Give the answers that 'record' has written into this folder, and no others.",
            "--captures",
            metavar="FOLDER",
        ),
    ] = None,
) -> None:
    r"""Run a LiveChat of your own on this machine, until Ctrl-C.

    It speaks the documented API strictly, for tests of programs in any language,
    and delivers the webhooks that are registered for this machine.

    Examples:
      livechat-async sandbox --open
      livechat-async sandbox --port 0 --visitors 500 --chats 50000
      livechat-async sandbox --chaos flaky --chaos-seed 7 --verbose
      livechat-async sandbox --webhook-retry-span 60 --webhook-repeats 1
      LIVECHAT_CONTROL_TOKEN=choose-your-own-token livechat-async sandbox \
        --host 0.0.0.0 --allow-remote
      livechat-async sandbox --captures captures/
    """
    from livechat_async.sandbox import Sandbox  # noqa: PLC0415

    if verbose:
        show_log()
    if folder is None:
        sandbox = Sandbox(host=host, port=port, **settings)
    else:
        _refuse_useless(context)
        sandbox = Sandbox.from_captures(folder, host=host, port=port)
    wait_for(_serve(sandbox, settings, opens=open_))


def _refuse_useless(context: click.Context) -> None:
    """Options that say what the sandbox makes up have no effect on recorded answers."""
    for one in context.command.params:
        is_given = context.get_parameter_source(one.name or "") is ParameterSource.COMMANDLINE
        if is_given and one.name in _OPTIONS:
            raise click.UsageError(f"{label_of(one)} has no effect with --captures: leave it out")


async def _serve(sandbox: Sandbox, settings: Mapping[str, Any], *, opens: bool) -> None:
    async with served_until_stopped(sandbox):
        console = terminal()
        for line in _introduction(sandbox, settings):
            console.print(line, style="dim" if line.startswith("#") else "", soft_wrap=True)
        console.file.flush()
        if opens:
            await open_in_browser(sandbox.url)


def _introduction(sandbox: Sandbox, settings: Mapping[str, Any]) -> Iterator[str]:
    """What to do with the sandbox, in lines that a shell can run."""
    url, credentials = sandbox.url, sandbox.credentials
    user = [*_API, "-u", f"{credentials.login}:{credentials.token.reveal()}"]
    yield f"# A LiveChat sandbox listens on {url}"
    yield "# Open that in a browser to see what happens on it."
    yield "# Point livechat-async at it:"
    yield f"export LIVECHAT_BASE_URL={url}"
    yield f"export LIVECHAT_LOGIN={credentials.login}"
    yield f"export LIVECHAT_TOKEN={credentials.token.reveal()}"
    if sandbox.recorded:
        yield f"# It has recorded answers to {number_of(len(sandbox.recorded), 'request')}:"
        yield from (f"#   {printable(line)}" for line in sandbox.recorded)
        return
    is_remote = settings["allow_remote"]
    if is_remote:
        yield "# On another machine, set also the name by which it knows this one, such as sandbox:"
        yield f"#   LIVECHAT_BASE_URL=http://sandbox:{URL(url).port}"
        yield "#   LIVECHAT_ALLOW_INSECURE_HOSTS=sandbox"
    if sandbox.chaos is not None:
        chaos = sandbox.chaos
        yield f"# Chaos: {chaos.about} The same faults come again with --chaos-seed {chaos.seed}."
    yield "# List who is on the site:"
    yield _curl(*user, f"{url}/visitors")
    chats = (sandbox.chat_of(visitor["id"]) for visitor in sandbox.visitors)
    chat = next(filter(None, chats), None)
    if chat is not None:
        yield "# Show the agent details of a visitor who chats:"
        yield _curl(*_API, *_JSON, _details(chat), f"{url}/visitors/{chat.visitor_id}/details")
    [receiver, *_] = settings.get("webhook_hosts", ["" if is_remote else "127.0.0.1"])
    if receiver:
        yield "# Send a bot on port 8000 a webhook when a chat starts:"
        yield _curl(
            *user,
            *("-d", "event_type=chat_started", "-d", "data_types[]=visitor"),
            *("-d", f"url=http://{receiver}:8000/livechat", f"{url}/webhooks"),
        )
    yield "# List the deliveries of webhooks:"
    has_token = "control_token" in settings
    with_token = f'curl -H "Authorization: Bearer ${_TOKEN}"' if has_token else "curl"
    yield _curl(f"{url}/_sandbox/deliveries").replace("curl", with_token, 1)
    yield f"# See all control calls at {url}/_sandbox and {url}/_sandbox/openapi.json"
    yield "# Let a visitor come to the site:"
    coming = _curl(*_JSON, to_json({"name": "Mary"}), f"{url}/_sandbox/visitors")
    yield coming.replace("curl", with_token, 1)


def _curl(*arguments: str) -> str:
    return shlex.join(["curl", "-sS", *arguments])


def _details(chat: StartedChat) -> str:
    fields = [{"name": "Age", "value": "36"}]
    return to_json(
        {"license_id": chat.license_id, "token": chat.token, "id": "my-app", "fields": fields}
    )
