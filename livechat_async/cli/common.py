"""What every command uses: the client's settings, the log, the event loop, and small texts."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Self

import click
from attrs import define
from click.exceptions import Exit

from livechat_async.cli.env_file import CREDENTIALS
from livechat_async.cli.wording import in_options
from livechat_async.display import number_of
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import TRICKY, Secret, is_secret_name, printable

if TYPE_CHECKING:
    from livechat_async import LiveChatClient
    from livechat_async.captures import Recorder
    from livechat_async.cli.profiles import Profile
    from livechat_async.sandbox import Sandbox

NAME = "livechat-async"
INTERRUPTED = 130
"""The exit code after a signal such as Ctrl-C."""
_BROKEN_PIPE = 141  # 128 + SIGPIPE, as a shell shows it

TIMEOUT = 60.0
"""The seconds that a call may take, with its repetitions, unless ``--timeout`` says another."""

PASSWORD_VARIABLES = "LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBHOOK_PASSWORD"  # noqa: S105
VISIBLE_PASSWORD = (
    "holds a user name or password, which other users of this machine can see: set "
    f"{PASSWORD_VARIABLES} instead"
)

logger: logging.Logger = logging.getLogger("livechat_async.cli")

_MOST_LEVELS = 100
_MINUTE = 60
_UNSAFE_IN_JSON = re.compile(rf"[{TRICKY}]")


@define
class Settings:
    """The values of the options that all commands take; ``context.obj`` of the outermost one."""

    timeout: float = TIMEOUT
    account_region: Literal["dal", "fra"] | None = None
    profile: str | None = None

    def client(self) -> LiveChatClient:
        """A client of ``--profile``, else with the variables, else of the default profile.

        Raises:
            ConfigurationError: there are no credentials, or they cannot be used.
        """
        if self.profile is None and any(os.environ.get(name) for name in CREDENTIALS):
            from livechat_async import LiveChatClient  # noqa: PLC0415

            try:
                return LiveChatClient.from_env(**self._options(), region=self.account_region)
            except ConfigurationError as problem:
                raise ConfigurationError(in_options(str(problem), _variables())) from None
        from livechat_async.cli import profiles  # noqa: PLC0415 (few commands need it)

        name = profiles.chosen_name(self.profile)
        if name is None and not profiles.has_profile(profiles.DEFAULT):
            raise ConfigurationError(
                "no credentials: run livechat-async login, or set LIVECHAT_LOGIN and "
                "LIVECHAT_TOKEN, or LIVECHAT_ACCESS_TOKEN"
            )
        profile = profiles.load(name or profiles.DEFAULT)
        if os.environ.get("LIVECHAT_BASE_URL") not in {None, "", profile.base_url}:
            raise ConfigurationError(
                f"LIVECHAT_BASE_URL is not the address that the token of profile {profile.name} is "
                "for: unset it, or log in with --base-url"
            )
        return self.client_of(profile)

    def client_of(self, profile: Profile) -> LiveChatClient:
        """A client with the credentials of a profile, for the address that they are for."""
        from livechat_async import LiveChatClient  # noqa: PLC0415

        options = self._options(profile.base_url)
        return LiveChatClient(
            profile.credentials, **options, region=self.account_region or profile.region
        )

    def client_without_credentials(self) -> LiveChatClient:
        """A client that sends no credentials, which is enough to add details."""
        from livechat_async import LiveChatClient  # noqa: PLC0415
        from livechat_async.cli import profiles  # noqa: PLC0415
        from livechat_async.client import address_from_env  # noqa: PLC0415

        address: dict[str, Any] = {**address_from_env()}
        name = profiles.chosen_name(self.profile)
        if name is not None or "base_url" not in address:
            kept = profiles.describe(name or profiles.DEFAULT).base_url
            address |= {"base_url": kept} if kept else {}
        return LiveChatClient(**self._options(), **address, region=self.account_region)

    def _options(self, base_url: str | None = None) -> dict[str, Any]:
        from livechat_async import Timeouts  # noqa: PLC0415

        options: dict[str, Any] = {"timeouts": Timeouts(deadline=self.timeout)}
        return {**options, "base_url": base_url} if base_url else options

    @classmethod
    def of(cls, context: click.Context) -> Self:
        """The settings of the command line that runs."""
        return context.find_root().ensure_object(cls)


def _variables() -> dict[str, str]:
    """What `LiveChatClient` calls the values that variables have, and the variables."""
    token = "LIVECHAT_TOKEN" if os.environ.get("LIVECHAT_TOKEN") else "LIVECHAT_ACCESS_TOKEN"
    return {
        "allow_insecure_hosts": "LIVECHAT_ALLOW_INSECURE_HOSTS",
        "base_url": "LIVECHAT_BASE_URL",
        "login": "LIVECHAT_LOGIN",
        "token": token,
    }


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


class _WarningHandler(_StderrHandler):
    """Leaves out what was said last, such as each time when a list is polled."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() != self._said:
            self._said = record.getMessage()
            super().emit(record)


def show_warnings() -> None:
    """Show warnings of the library on stderr, in the form of other messages."""
    _show_on_stderr(_WarningHandler(), "warning: %(message)s")


def show_log() -> None:
    """Show everything that the library logs on stderr, as ``--verbose`` asks for."""
    _show_on_stderr(_StderrHandler(), "%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("livechat_async").setLevel(logging.DEBUG)


def _show_on_stderr(handler: logging.Handler, pattern: str) -> None:
    handler.setFormatter(logging.Formatter(pattern))
    logging.getLogger("livechat_async").handlers = [handler]


def with_client(
    context: click.Context, work: Callable[[LiveChatClient], Coroutine[Any, Any, None]]
) -> None:
    """Run the work of a command, which gets a client."""
    settings = Settings.of(context)

    async def run() -> None:
        async with settings.client() as client:
            await work(client)

    wait_for(run())


def wait_for(work: Coroutine[Any, Any, None]) -> None:
    """Run the work of a command in an event loop, and exit if the reader of stdout is gone."""
    import asyncio  # noqa: PLC0415 (help and completion need none)

    try:
        asyncio.run(work)
    except BrokenPipeError:
        # Caught here, because rich and click would exit with code 1.
        raise Exit(_BROKEN_PIPE) from None


@asynccontextmanager
async def served_until_stopped(server: Recorder | Sandbox) -> AsyncIterator[None]:
    """Start a server, let the block introduce it, and serve until SIGTERM or Ctrl-C."""
    import asyncio  # noqa: PLC0415 (help and completion need none)
    import signal  # noqa: PLC0415

    stopped = asyncio.Event()
    with suppress(NotImplementedError):  # Windows has no signal handlers: SIGTERM just ends it
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await server.start()
    try:
        yield
        await stopped.wait()
    finally:
        await server.stop()


async def open_in_browser(url: str) -> None:
    """Open a page in the user's browser, or say that there is none."""
    import asyncio  # noqa: PLC0415 (help and completion need none)
    import webbrowser  # noqa: PLC0415

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


def to_plain(item: Any) -> Any:
    """An object, or a list of objects, as plain values for JSON."""
    from livechat_async.decoding.converter import shared_converter  # noqa: PLC0415 (slow to import)

    return shared_converter().unstructure(item)


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
    seconds = (now - since).total_seconds()
    return in_units(seconds) if seconds >= _MINUTE else "< 1 min"


def in_units(seconds: float) -> str:
    """A time in the largest unit that is full, such as ``40 s`` or ``3 h``."""
    for unit, size in (("d", 24 * 60 * _MINUTE), ("h", 60 * _MINUTE), ("min", _MINUTE)):
        if seconds >= size:
            return f"{seconds // size:,.0f} {unit}"
    return f"{seconds:.0f} s"


def number_or_no(number: int, thing: str) -> str:
    """What is in a list, such as ``no visitors`` or ``1 visitor``."""
    return number_of(number, thing) if number else f"no {thing}s"


def without_secrets(data: Any) -> Any:
    """The data without the token, and without anything else that has a secret's name."""
    if isinstance(data, dict):
        return {k: without_secrets(item) for k, item in data.items() if not is_secret_name(k)}
    return [without_secrets(item) for item in data] if isinstance(data, list) else data
