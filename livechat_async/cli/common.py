"""What every command uses: the client's settings, the log, the event loop, and small texts."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import sys
import webbrowser
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import typer
from attrs import frozen

from livechat_async import ConfigurationError, LiveChatClient, RetryPolicy, Timeouts
from livechat_async.client import address_from_env
from livechat_async.credentials import Region
from livechat_async.redaction import TRICKY, Secret, is_secret_name, printable

__all__ = [
    "INTERRUPTED",
    "PASSWORD_VARIABLES",
    "VISIBLE_PASSWORD",
    "Settings",
    "how_long",
    "logger",
    "number_of",
    "open_in_browser",
    "show_log",
    "to_json",
    "wait_for",
    "webhook_password",
    "with_client",
    "without_secrets",
]

INTERRUPTED = 130
"""The exit code after a signal such as Ctrl-C."""
_BROKEN_PIPE = 141  # 128 + SIGPIPE, as a shell shows it

PASSWORD_VARIABLES = "LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBHOOK_PASSWORD"  # noqa: S105
VISIBLE_PASSWORD = (
    "holds a user name or password, which everybody on this machine can see: set "
    f"{PASSWORD_VARIABLES} instead"
)

logger: logging.Logger = logging.getLogger("livechat_async.cli")

_MOST_LEVELS = 100
_UNSAFE_IN_JSON = re.compile(rf"[{TRICKY}]")


@frozen(kw_only=True)
class Settings:
    """The options before a command; typer carries them as ``context.obj``."""

    timeouts: Timeouts
    region: Region | None

    def client(self, retry: RetryPolicy | None = None) -> LiveChatClient:
        """A client with the credentials of the environment."""
        return LiveChatClient.from_env(
            timeouts=self.timeouts, region=self.region, retry=retry or RetryPolicy()
        )

    def client_without_credentials(self) -> LiveChatClient:
        """A client that sends no credentials, which is enough to add details."""
        return LiveChatClient(timeouts=self.timeouts, region=self.region, **address_from_env())


def webhook_password() -> tuple[Secret, Secret]:
    """The user name and password that LiveChat sends with webhooks, or two empty texts."""
    user, password = (
        Secret(os.environ.get(f"LIVECHAT_WEBHOOK_{name}", "")) for name in ("USER", "PASSWORD")
    )
    if bool(user) != bool(password):
        raise ConfigurationError(f"{PASSWORD_VARIABLES} go together: set both, or neither")
    return user, password


class _StderrHandler(logging.Handler):
    """Looks up stderr for each line, because a live display replaces it."""

    def emit(self, record: logging.LogRecord) -> None:
        for line in self.format(record).splitlines():
            sys.stderr.write(f"{printable(line)}\n")


def show_log() -> None:
    """Show everything that the library logs on stderr, as ``--verbose`` asks for."""
    handler = _StderrHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    library = logging.getLogger("livechat_async")
    library.handlers = [handler]
    library.setLevel(logging.DEBUG)


def with_client(
    context: typer.Context,
    work: Callable[[LiveChatClient], Coroutine[Any, Any, None]],
    retry: RetryPolicy | None = None,
) -> None:
    """Run the work of a command, which gets a client."""
    settings: Settings = context.obj

    async def run() -> None:
        async with settings.client(retry) as client:
            await work(client)

    wait_for(run())


def wait_for(work: Coroutine[Any, Any, None]) -> None:
    """Run the work of a command in an event loop, and exit if the reader of stdout is gone."""
    try:
        asyncio.run(work)
    except BrokenPipeError:
        # Caught before typer sees it, which would exit with code 1.
        raise typer.Exit(_BROKEN_PIPE) from None


async def open_in_browser(url: str) -> None:
    """Open a page in the user's browser, or say that there is none."""
    # A thread, as this waits for a browser that runs in the terminal.
    if not await asyncio.to_thread(webbrowser.open, url):
        sys.stderr.write(f"No browser could be opened: open {url} yourself\n")


def to_json(data: Any, *, indent: int | None = None) -> str:
    """JSON that keeps letters as they are, and escapes what a terminal would obey.

    If something in it is nested too deep to be written, all is cut off below 100 levels.
    """
    try:
        text = json.dumps(data, ensure_ascii=False, indent=indent)
    except RecursionError:  # one value of too many levels costs none of the others
        text = json.dumps(_shallow(data), ensure_ascii=False, indent=indent)
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _shallow(value: Any, levels: int = _MOST_LEVELS) -> Any:
    """A copy of JSON in which text stands for what is nested deeper."""
    if not isinstance(value, (dict, list)):
        return value
    if levels == 0:
        return f"more than {_MOST_LEVELS} levels"
    if isinstance(value, list):
        return [_shallow(item, levels - 1) for item in value]
    return {name: _shallow(item, levels - 1) for name, item in value.items()}


def how_long(since: datetime | None, now: datetime) -> str:
    """The time since then, such as ``12 min``. For a time without a zone, that time itself."""
    if since is None:
        return ""
    if since.tzinfo is None:
        return f"{since:%H:%M}"
    minutes = (now - since).total_seconds() // 60
    for unit, size in (("d", 24 * 60), ("h", 60), ("min", 1)):
        if minutes >= size:
            return f"{minutes // size:.0f} {unit}"
    return "< 1 min"


def number_of(number: int, thing: str) -> str:
    """A number with its noun, such as ``1 visitor`` or ``2 visitors``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def without_secrets(data: Any) -> Any:
    """The data without the token, and without anything else that has a secret's name."""
    if isinstance(data, dict):
        return {k: without_secrets(item) for k, item in data.items() if not is_secret_name(k)}
    return [without_secrets(item) for item in data] if isinstance(data, list) else data
