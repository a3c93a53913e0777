"""The receiver behind ``webhooks listen``: from the port it opens to the end it makes."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress

import typer
from aiohttp import web
from attrs import field, frozen

from livechat_async import CallError, ConfigurationError, LiveChatClient, QueueFullError
from livechat_async.cli.listen.programs import Programs
from livechat_async.cli.listen.view import ListenView
from livechat_async.cli.output.events import event_data
from livechat_async.cli.text import number_of, to_json
from livechat_async.models.webhooks import WebhookEventType
from livechat_async.redaction import Secret, SecretBytes, printable, redact
from livechat_async.webhooks import (
    EngineStatus,
    Job,
    JobRunner,
    MemoryEngine,
    WebhookCredentials,
    WebhookEvent,
    WebhookReceiver,
)
from livechat_async.webhooks.events import EVENT_CLASSES

__all__ = ["Listener", "Public"]

_INTERRUPTED = 130
_DRAIN = 10.0
_PATH = "/livechat"


@frozen
class Public:
    """The address to register.

    Attributes:
        address: as it was given, for messages.
        url: with the secrets in it.
        secrets: what is not to be seen in any message.
    """

    address: str
    url: Secret
    secrets: tuple[Secret, ...] = field(repr=False)


class Listener:
    """Receives, shows, and hands events to programs until it is told to stop.

    Args:
        view: shows what comes.
        programs: handles the events, if anything does.
        kinds: the events wanted; none for all.
        credentials: as for `WebhookReceiver`.
        path_secret: likewise.
        jobs: so many programs at a time.
        timeout: seconds a program may run.
        attempts: how often it is run for an event at the most.
    """

    def __init__(
        self,
        *,
        view: ListenView,
        programs: Programs | None,
        kinds: Sequence[WebhookEventType],
        credentials: WebhookCredentials | None,
        path_secret: Secret | None,
        jobs: int,
        timeout: float,
        attempts: int,
    ) -> None:
        self._view = view
        self._programs = programs
        self._kinds = kinds
        self._guarded = credentials is not None or path_secret is not None
        self._has_path_secret = path_secret is not None
        self._stop = _Stop()
        self._bot = WebhookReceiver(
            credentials=credentials,
            path_secret=path_secret,
            engine=_ShowingEngine(
                view.show, self._stop, concurrency=jobs, only_shown=programs is None
            ),
            timeout=timeout,
            attempts=attempts,
        )
        classes = [EVENT_CLASSES[kind] for kind in kinds] or [WebhookEvent]
        name = "show" if programs is None else "exec"
        self._bot.on(*classes, name=name)(self._handle)

    async def run(
        self,
        host: str,
        port: int,
        public: Public | None,
        make_client: Callable[[], LiveChatClient] | None,
    ) -> None:
        """Listen until a signal comes, or stdout cannot be written to.

        Args:
            host: where to listen.
            port: likewise; 0 for any that is free.
            public: what to register.
            make_client: makes the client that registers it.

        Raises:
            typer.Exit: after a signal.
            OSError: of stdout.
            ConfigurationError: it cannot listen there.
            CallError: it could not be registered.
        """
        client = None if make_client is None else make_client()
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await _bind(runner, host, port)
            if client is not None and public is not None:
                await self._register(client, public)
            self._stop.watch()  # not before: Ctrl-C ends a call that takes long
            self._introduce(runner.addresses[0], public)
            self._view.begin()
            await self._bot.start()
            await self._stop.first.wait()
        finally:
            await self._drain()
            await runner.cleanup()
            if self._bot.status().accepted or self._stop.first.is_set():
                self._view.sum_up(self._bot.status(), with_program=self._programs is not None)
        raise self._stop.problem or typer.Exit(_INTERRUPTED)

    async def _handle(self, event: WebhookEvent) -> None:
        if self._programs is not None:
            document = f"{to_json(event_data(event))}\n"
            await self._programs.run(SecretBytes(document.encode()))

    def _app(self) -> web.Application:
        app = web.Application()
        # Whatever stands in front of it may have changed the path, but for its last part.
        path = "/{path:(?:.*/)?}{secret}" if self._has_path_secret else "/{path:.*}"
        app.router.add_post(path, self._bot.aiohttp_handler)
        return app

    async def _register(self, client: LiveChatClient, public: Public) -> None:
        async with client:
            try:
                made = await client.webhooks.ensure(public.url, self._kinds or [*WebhookEventType])
            except CallError as error:
                failure = error
            else:
                names = ", ".join(webhook.event_type for webhook in made)
                self._view.tell(
                    ("Registered ", "bold"),
                    f"at {printable(public.address)}: {printable(names)}. The registrations stay "
                    "when this ends; livechat-async webhooks delete removes them.",
                )
                return
        _hide(failure, public.secrets)
        raise failure.with_traceback(None)

    def _introduce(self, address: Sequence[str | int], public: Public | None) -> None:
        host, port = str(address[0]), address[1]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}{_PATH}"
        if self._has_path_secret:
            url += "/$LIVECHAT_WEBHOOK_SECRET"
        wanted = ", ".join(self._kinds) or "every event"
        self._view.tell(
            ("Listening ", "bold green"), "on ", (url, "cyan"), f" for {wanted}, until Ctrl-C."
        )
        if public is None:
            kind = self._kinds[0] if self._kinds else WebhookEventType.CHAT_STARTED
            self._view.tell(
                "Register it, or the public address that leads to it:\n",
                (f'  livechat-async webhooks create {kind} --url "{url}"', "cyan"),
            )
        if not self._guarded:
            self._view.warn(
                "whoever reaches this address can send events, as there is no password: set "
                "LIVECHAT_WEBHOOK_USER and LIVECHAT_WEBHOOK_PASSWORD before you let anybody in"
            )

    async def _drain(self) -> None:
        """Let what is under way end, in bounded time; at once after a second signal."""
        status = self._bot.status()
        left = status.queued + status.running
        if left:
            self._view.tell(
                f"Stopping: {number_of(left, 'event')} to be handled yet, for {_DRAIN:g} s at the "
                "most. Ctrl-C ends it at once."
            )
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
        # Of a receiver that was never started, or closed in time, there is nothing more to end.


class _Stop:
    """Why it ends: the first signal asks for it, the second does not wait."""

    def __init__(self) -> None:
        self.first: asyncio.Event = asyncio.Event()
        self.second: asyncio.Event = asyncio.Event()
        self.problem: OSError | None = None

    def watch(self) -> None:
        """Have signals come here. Windows has none: there Ctrl-C cancels the command's task."""
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError):
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    loop.add_signal_handler(number, self._come)

    def fail(self, problem: OSError) -> None:
        """End, as stdout cannot be written to."""
        self.problem = self.problem or problem
        self.first.set()

    def _come(self) -> None:
        (self.second if self.first.is_set() else self.first).set()


class _ShowingEngine:
    """A `MemoryEngine` that shows each event once, when it is taken and before it is handled.

    Args:
        show: shows an event.
        stop: told if that is not possible.
        concurrency: as for `MemoryEngine`.
        only_shown: whether to show it is all there is to do.
    """

    def __init__(
        self,
        show: Callable[[WebhookEvent], None],
        stop: _Stop,
        *,
        concurrency: int,
        only_shown: bool,
    ) -> None:
        self._inner = MemoryEngine(concurrency=concurrency)
        self._show = show
        self._stop = stop
        self._only_shown = only_shown

    def bind(self, run: JobRunner) -> None:
        """See `livechat_async.webhooks.engine.Engine`."""
        self._inner.bind(run)

    async def start(self) -> None:
        """Nothing has to be opened."""
        await self._inner.start()

    async def submit(self, job: Job) -> bool:
        """Take a job, and show its event."""
        if not await self._inner.submit(job):
            return False
        try:
            self._show(job.event)
        except OSError as problem:
            self._stop.fail(problem)
            if self._only_shown:  # it was not: LiveChat delivers it again
                raise QueueFullError("nobody reads what is received here") from None
        return True

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 (it bounds a part)
        """Work off what waits."""
        await self._inner.close(timeout)

    def status(self) -> EngineStatus:
        """How much there is to do."""
        return self._inner.status()


async def _bind(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as problem:
        why = "is in use" if problem.errno == errno.EADDRINUSE else f"cannot be had ({problem})"
        raise ConfigurationError(
            f"port {port} on {host} {why}: --port 0 finds a free one"
        ) from None


def _hide(error: CallError, secrets: Sequence[Secret]) -> None:
    """Take the secrets out of what the server said."""
    for name, value in vars(error).items():
        if isinstance(value, str):
            setattr(error, name, redact(value, secrets))
