"""``livechat-async sandbox`` and ``livechat-async demo``: LiveChat without an account.

The sandbox is imported inside the commands, because it takes longer to import than all else.
"""

from __future__ import annotations

import asyncio
import shlex
import signal
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from livechat_async import ConfigurationError
from livechat_async.cli.commands.options import option
from livechat_async.cli.common import number_of, to_json, wait_for
from livechat_async.cli.output.show import terminal
from livechat_async.redaction import printable

if TYPE_CHECKING:
    from livechat_async.sandbox import Sandbox, StartedChat

__all__ = ["run_demo", "run_sandbox"]

_JSON = ("-H", "Content-Type: application/json", "-d")


class _Plan(StrEnum):
    STARTER = "starter"
    TEAM = "team"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


def run_demo() -> None:
    """See in a few seconds what it does: no account is needed, nothing leaves this machine."""
    from livechat_async.cli.commands.demo import tell_story  # noqa: PLC0415

    wait_for(tell_story())


def run_sandbox(
    *,
    host: Annotated[str, option("A loopback address.")] = "127.0.0.1",
    port: Annotated[int, option("The port; 0 for any free one.", min=0, max=65_535)] = 8080,
    visitors: Annotated[int, option("The number of people on the site.", min=0, max=10_000)] = 8,
    webhook_retry_span: Annotated[
        float, option("How long to repeat a webhook until a 200.", metavar="SECONDS", min=0)
    ] = 6 * 60 * 60,
    webhook_repeats: Annotated[
        int, option("Extra deliveries per webhook, to exercise deduplication.", min=0, max=100)
    ] = 0,
    plan: Annotated[
        _Plan, option("The plan of the account; smaller ones lack some reports.")
    ] = _Plan.ENTERPRISE,
    captures: Annotated[
        Path | None,
        option(
            "Answer as 'record' has written into this folder, and make nothing up.",
            metavar="FOLDER",
        ),
    ] = None,
) -> None:
    """Run a LiveChat of your own on this machine, until Ctrl-C.

    It speaks the documented API strictly, for tests of programs in any language,
    and delivers the webhooks that are registered for this machine.

    Examples:
      livechat-async sandbox
      livechat-async sandbox --port 0 --visitors 500
      livechat-async sandbox --webhook-retry-span 60 --webhook-repeats 1
      livechat-async sandbox --captures captures/
    """
    from livechat_async.sandbox import Sandbox  # noqa: PLC0415

    if captures is not None:
        wait_for(_serve(Sandbox.from_captures(captures, host=host, port=port)))
        return
    sandbox = Sandbox(
        host=host,
        port=port,
        seed=visitors,
        webhook_retry_span=webhook_retry_span,
        webhook_repeats=webhook_repeats,
        plan=plan.value,
    )
    wait_for(_serve(sandbox))


async def _serve(sandbox: Sandbox) -> None:
    stopped = asyncio.Event()
    with suppress(NotImplementedError):  # Windows has no signal handlers: SIGTERM just ends it
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    try:
        await sandbox.start()
    except ConfigurationError as problem:
        raise ConfigurationError(f"{problem} (here: --port 0)") from None
    try:
        console = terminal()
        for line in _introduction(sandbox):
            console.print(line, style="dim" if line.startswith("#") else "", soft_wrap=True)
        console.file.flush()
        await stopped.wait()
    finally:
        await sandbox.stop()


def _introduction(sandbox: Sandbox) -> Iterator[str]:
    """What to do with the sandbox, in lines that a shell can run."""
    url, credentials = sandbox.url, sandbox.credentials
    user = ["-u", f"{credentials.login}:{credentials.token.reveal()}"]
    yield f"# A LiveChat sandbox listens on {url}"
    yield "# Point livechat-async at it:"
    yield f"export LIVECHAT_BASE_URL={url}"
    yield f"export LIVECHAT_LOGIN={credentials.login}"
    yield f"export LIVECHAT_TOKEN={credentials.token.reveal()}"
    if sandbox.recorded:
        yield f"# It has recorded answers to {number_of(len(sandbox.recorded), 'request')}:"
        yield from (f"#   {printable(line)}" for line in sandbox.recorded)
        return
    yield "# List who is on the site:"
    yield _curl(*user, f"{url}/visitors")
    chats = (sandbox.chat_of(visitor["id"]) for visitor in sandbox.visitors)
    chat = next(filter(None, chats), None)
    if chat is not None:
        yield "# Show the agent details of a visitor who chats:"
        yield _curl(*_JSON, _details(chat), f"{url}/visitors/{chat.visitor_id}/details")
    yield "# Send a bot on port 8000 a webhook when a chat starts, and list the deliveries:"
    yield _curl(
        *user,
        *("-d", "event_type=chat_started", "-d", "data_types[]=visitor"),
        *("-d", "url=http://127.0.0.1:8000/livechat", f"{url}/webhooks"),
    )
    yield _curl(f"{url}/_sandbox/deliveries")
    yield "# Let a visitor come to the site:"
    yield _curl(*_JSON, to_json({"name": "Mary"}), f"{url}/_sandbox/visitors")


def _curl(*arguments: str) -> str:
    return shlex.join(["curl", "-sS", "-H", "X-API-Version: 2", *arguments])


def _details(chat: StartedChat) -> str:
    fields = [{"name": "Age", "value": "36"}]
    return to_json(
        {"license_id": chat.license_id, "token": chat.token, "id": "my-app", "fields": fields}
    )
