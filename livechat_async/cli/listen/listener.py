"""The receiver of ``webhooks listen``: who may send events, and its life from start to end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self
from urllib.parse import quote

import click
from aiohttp import web
from attrs import define, field, frozen
from click.exceptions import Exit
from yarl import URL

from livechat_async import CallError, ConfigurationError, LiveChatClient, QueueFullError
from livechat_async.checks import is_loopback, problem_of_url
from livechat_async.cli import common
from livechat_async.cli.common import INTERRUPTED, PASSWORD_VARIABLES
from livechat_async.cli.listen.programs import Programs
from livechat_async.cli.listen.view import ListenView, event_data
from livechat_async.display import number_of
from livechat_async.models.webhooks import WebhookEventType
from livechat_async.redaction import Secret, SecretBytes, printable, redact
from livechat_async.servers import listen, server_logger, url_of
from livechat_async.webhooks import Job, MemoryEngine, WebhookCredentials, WebhookReceiver
from livechat_async.webhooks.events import EVENT_CLASSES, WebhookEvent

_DRAIN = 10.0  # seconds
_PATH = "/livechat"


@frozen
class Access:
    """Who may send events, and the public address they come through, as it was given."""

    credentials: WebhookCredentials | None
    path_secret: Secret | None = field(repr=False)
    public: str | None

    @classmethod
    def from_environment(cls, public: str | None) -> Self:
        """The secrets of the environment, for the address of ``--register``."""
        user, password = common.webhook_password()
        path_secret = Secret(os.environ.get("LIVECHAT_WEBHOOK_SECRET", ""))
        if "/" in path_secret.reveal() or not path_secret.reveal().isprintable():
            raise ConfigurationError(
                "LIVECHAT_WEBHOOK_SECRET has to be one part of a path: some text without a slash"
            )
        if ":" in user.reveal():
            raise ConfigurationError("LIVECHAT_WEBHOOK_USER cannot hold a colon")
        if public is not None:
            problem = _problem_of_public(public, has_path_secret=bool(path_secret))
            if problem:
                raise click.BadParameter(f"--register {problem}")
        credentials = WebhookCredentials(user, password) if user else None
        return cls(credentials, path_secret or None, public)

    @property
    def is_guarded(self) -> bool:
        """Whether a sender has to know a secret."""
        return self.credentials is not None or self.path_secret is not None

    def check(self, host: str) -> None:
        """Refuse to listen where other machines can send events and need no secret."""
        if self.is_guarded:
            return
        if not is_loopback(host):
            reach = f"--host {host}"
        elif self.public is not None and not is_loopback(URL(self.public).host or ""):
            reach = "--register"
        else:
            return
        raise ConfigurationError(
            f"{reach} lets everybody send events, as there is no password: set "
            f"{PASSWORD_VARIABLES}, or LIVECHAT_WEBHOOK_SECRET; or give --insecure"
        )

    @property
    def registered_url(self) -> Secret:
        """The public address with the secrets in it."""
        url = self.public or ""
        if self.path_secret:
            url = f"{url.rstrip('/')}/{quote(self.path_secret.reveal(), safe='')}"
        return Secret(url) if self.credentials is None else self.credentials.url(Secret(url))

    def hide_in(self, error: CallError) -> None:
        """Take the secrets out of what the server said."""
        password = self.credentials.password if self.credentials else None
        secrets = [secret for secret in (self.path_secret, password) if secret]
        for name, value in vars(error).items():
            if isinstance(value, str):
                setattr(error, name, redact(value, secrets))


def _problem_of_public(address: str, *, has_path_secret: bool) -> str:
    problem = problem_of_url(address, "https://bot.example.com/livechat")
    if problem:
        return problem
    url = URL(address)
    if url.user is not None or url.password is not None:
        return common.VISIBLE_PASSWORD
    if has_path_secret and (url.query_string or url.fragment):
        return "cannot have a query, as LIVECHAT_WEBHOOK_SECRET comes behind its path"
    return ""


class _Stop:
    """Why the listener ends: a first signal asks for it, a second one does not wait."""

    def __init__(self) -> None:
        self.first, self.second = asyncio.Event(), asyncio.Event()
        self.problem: OSError | None = None

    def watch(self) -> None:
        """Catch signals. Windows cannot: there Ctrl-C cancels the command's task."""
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError):
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    loop.add_signal_handler(number, self._receive)

    def fail(self, problem: OSError) -> None:
        """End because stdout cannot be written to."""
        self.problem = self.problem or problem
        self.first.set()

    def _receive(self) -> None:
        (self.second if self.first.is_set() else self.first).set()


@define(eq=False)
class Listener:
    """Receives events, shows them, and gives them to programs, until a signal."""

    _view: ListenView
    _access: Access
    _programs: Programs | None
    _kinds: Sequence[WebhookEventType]
    _jobs: int
    _timeout: float
    _attempts: int
    _stop: _Stop = field(init=False, factory=_Stop)
    _bot: WebhookReceiver = field(init=False)

    def __attrs_post_init__(self) -> None:
        only_shown = self._programs is None
        self._bot = WebhookReceiver(
            credentials=self._access.credentials,
            path_secret=self._access.path_secret,
            engine=_ShowingEngine(self._view, self._stop, self._jobs, only_shown=only_shown),
            timeout=self._timeout,
            attempts=self._attempts,
        )
        classes = [EVENT_CLASSES[kind] for kind in self._kinds] or [WebhookEvent]
        self._bot.on(*classes, name="show" if only_shown else "exec")(self._handle)

    async def run(self, host: str, port: int, make_client: Callable[[], LiveChatClient]) -> None:
        """Listen until a signal comes, or stdout cannot be written to; this raises in any case."""
        client = None if self._access.public is None else make_client()
        logger = server_logger("livechat_async.cli.listen")
        runner = web.AppRunner(self._app(), access_log=None, logger=logger, shutdown_timeout=1.0)
        try:
            address = await listen(runner, host, port, "--port 0 finds a free one")
            if client is not None:
                await self._register(client)
            self._stop.watch()  # not before: until here, Ctrl-C cancels the call
            self._introduce(url_of(*address) + _PATH)
            self._view.begin()
            await self._bot.start()
            await self._stop.first.wait()
        finally:
            try:
                await self._drain()
            finally:
                await runner.cleanup()
            if self._bot.status().accepted or self._stop.first.is_set():
                self._view.sum_up(self._bot.status(), with_program=self._programs is not None)
        raise self._stop.problem or Exit(INTERRUPTED)

    async def _handle(self, event: WebhookEvent) -> None:
        if self._programs is not None:
            document = f"{common.to_json(event_data(event))}\n"
            await self._programs.run(SecretBytes(document.encode()))

    def _app(self) -> web.Application:
        app = web.Application()
        # A proxy may change the path, except for the last part.
        path = "/{path:(?:.*/)?}{secret}" if self._access.path_secret else "/{path:.*}"
        app.router.add_post(path, self._bot.aiohttp_handler)
        return app

    async def _register(self, client: LiveChatClient) -> None:
        url, kinds = self._access.registered_url, self._kinds or [*WebhookEventType]
        try:
            async with client:
                made = await client.webhooks.ensure(url, kinds)
        except CallError as error:
            self._access.hide_in(error)
            raise error.with_traceback(None) from None
        names = ", ".join(webhook.event_type for webhook in made)
        where = printable(f"at {self._access.public}: {names}.")
        stay = " The registrations stay after this; livechat-async webhooks delete removes them."
        self._view.say(("Registered ", "bold"), where, stay)

    def _introduce(self, url: str) -> None:
        if self._access.path_secret:
            url += "/$LIVECHAT_WEBHOOK_SECRET"
        what = f" for {', '.join(self._kinds) or 'every event'}, until Ctrl-C."
        self._view.say(("Listening ", "bold green"), "on ", (url, "cyan"), what)
        if self._access.public is None:
            kind = self._kinds[0] if self._kinds else WebhookEventType.CHAT_STARTED
            command = f'  livechat-async webhooks create {kind} --url "{url}"'
            hint = "Register it, or the public address that leads to it:\n"
            self._view.say(hint, (command, "cyan"))
        if not self._access.is_guarded:
            self._view.warn(
                f"whoever reaches this address can send events: set {PASSWORD_VARIABLES}"
            )

    async def _drain(self) -> None:
        """Wait a bounded time for events under way; end them at once after a second signal."""
        status = self._bot.status()
        left = status.queued + status.running
        if left:
            events = number_of(left, "event")
            limit = f"for {_DRAIN:g} s at the most. Ctrl-C ends it at once."
            self._view.say(f"Stopping: {events} to be handled yet, {limit}")
        closing = asyncio.create_task(self._bot.close(_DRAIN))
        second = asyncio.create_task(self._stop.second.wait())
        try:
            await asyncio.wait((closing, second), return_when=asyncio.FIRST_COMPLETED)
        finally:
            second.cancel()
            if not closing.done():
                self._view.end()
                if self._programs is not None:
                    self._programs.kill()
                closing.cancel()


class _ShowingEngine(MemoryEngine):
    """Shows each event once, when it is taken and before it is handled."""

    def __init__(self, view: ListenView, stop: _Stop, jobs: int, *, only_shown: bool) -> None:
        super().__init__(concurrency=jobs)
        self._view = view
        self._stop = stop
        self._only_shown = only_shown

    async def submit(self, job: Job) -> bool:
        """Take a job, and show its event."""
        if not await super().submit(job):
            return False
        try:
            self._view.show(job.event)
        except OSError as problem:
            self._stop.fail(problem)
            if self._only_shown:  # not taken after all, so that LiveChat delivers it again
                raise QueueFullError("the reader of this command's output is gone") from None
        return True
