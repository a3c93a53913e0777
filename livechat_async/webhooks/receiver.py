"""`WebhookReceiver`: answers webhooks at once, and runs handlers afterwards."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any, NoReturn, Self, TypeAlias, TypeVar, overload

from aiohttp import web
from attrs import asdict, frozen

from livechat_async.checks import check_count, check_list, check_seconds, refusal
from livechat_async.client import LiveChatClient
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, kind_of, shown
from livechat_async.webhooks.engine import Engine
from livechat_async.webhooks.events import EVENT_CLASSES, WebhookEvent, no_client
from livechat_async.webhooks.gate import Gate, ReceiverAnswer, WebhookCredentials
from livechat_async.webhooks.intake import CLOSE_SECONDS, Intake, ReceiverState, check_async
from livechat_async.webhooks.memory import MemoryEngine
from livechat_async.webhooks.runner import DeadLetterHook, HandlerRunner, RunPolicy
from livechat_async.webhooks.servers import (
    ASGIReceive,
    ASGIScope,
    ASGISend,
    serve_aiohttp,
    serve_asgi,
)

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

E = TypeVar("E", bound=WebhookEvent)
E2 = TypeVar("E2", bound=WebhookEvent)
E3 = TypeVar("E3", bound=WebhookEvent)
A = TypeVar("A")
H = TypeVar("H", bound=DeadLetterHook)

_OF_ENGINES = ("bind", "start", "submit", "close", "status")

_Handler: TypeAlias = Callable[[A], Coroutine[Any, Any, object]]
_Decorator: TypeAlias = Callable[[_Handler[A]], _Handler[A]]


@frozen(kw_only=True)
class ReceiverStatus:
    """The state of a receiver, for health checks. The counts are of this process, since its start.

    Attributes:
        state: ``new``, ``running``, ``closing`` or ``closed``.
        queued: jobs that wait for their turn or for another attempt; one for each handler.
        running: jobs whose handler runs.
        done: jobs whose handler succeeded.
        failed: attempts that failed.
        dead: jobs that were given up and passed to the dead-letter hook.
        abandoned: dead jobs that were not run to their end, because the receiver was closed.
        dead_letters: dead jobs that the engine keeps, of all processes and also from before.
        stuck: handlers that still run although they were cancelled.
        accepted: webhooks answered 200.
        ignored: accepted webhooks without a handler.
        refused: webhooks answered with another status.
        refusals: how many webhooks were answered with each of these statuses.
        repeats: jobs dropped because the same job waits, runs or was done already.
    """

    state: ReceiverState
    queued: int
    running: int
    done: int
    failed: int
    dead: int
    abandoned: int
    dead_letters: int
    stuck: int
    accepted: int
    ignored: int
    refused: int
    refusals: Mapping[int, int]
    repeats: int


class WebhookReceiver:
    """Receives LiveChat's webhooks, answers at once, and runs handlers afterwards.

    ::

        credentials = WebhookCredentials("user", "password")
        bot = WebhookReceiver(client, credentials=credentials, engine=SQLiteEngine("bot.sqlite3"))

        @bot.on(ChatStarted)
        async def show_crm(event: ChatStarted) -> None:
            person = await crm.lookup(event.visitor.email)
            plan = DetailField("Plan", person.plan)
            await event.add_details(VisitorDetails(id="crm", fields=[plan]))

        app.router.add_post("/livechat/{secret}", bot.aiohttp_handler)
        app.cleanup_ctx.append(bot.aiohttp_context)

    The receiver is also an ASGI application, and `receive` serves any other framework. It answers
    200 once the engine has a job for each of the event's handlers. A handler that fails runs again
    after a wait, for about an hour (see `RunPolicy`), unless `is_worth_another_run` says no. It
    also runs again when LiveChat delivers the event again; a handler that succeeded does not. So a
    handler should tolerate a second run. One that blocks the event loop delays the answers, and is
    logged.

    Args:
        client: the client of ``event.add_details`` in handlers. Close it after the receiver.
        credentials: what LiveChat has to send, or None to accept events from anyone except web
            pages. LiveChat does not sign webhooks: credentials, `path_secret` and TLS are the only
            protection.
        path_secret: a secret part of the address: the ``{secret}`` of an aiohttp route, the last
            part of the path in ASGI.
        license_ids: accept events of these licences only; None for any.
        engine: where jobs wait and run. A `SQLiteEngine` keeps them on the disk; the default is a
            `MemoryEngine`, which loses them with the process.
        max_body_bytes: the longest body that is accepted.
        timeout: as in `RunPolicy`.
        attempts: as in `RunPolicy`.
        backoff: as in `RunPolicy`.
        backoff_max: as in `RunPolicy`.

    Raises:
        ConfigurationError: a value is out of range.
    """

    def __init__(
        self,
        client: LiveChatClient | None = None,
        *,
        credentials: WebhookCredentials | None,
        path_secret: str | Secret | None = None,
        license_ids: Iterable[int | str] | None = None,
        engine: Engine | None = None,
        max_body_bytes: int = 1_048_576,
        timeout: float = 30.0,
        attempts: int = 24,
        backoff: float = 1.0,
        backoff_max: float = 300.0,
    ) -> None:
        if credentials is not None and not isinstance(credentials, WebhookCredentials):
            problem = (
                "credentials: WebhookCredentials(user, password) is needed, or None, not "
                f"{kind_of(credentials)}"
            )
            del credentials
            raise ConfigurationError(problem)
        is_client = hasattr(client, "visitors") and not isinstance(client, type)
        if client is not None and not is_client:  # a test may pass one of its own
            raise no_client(client)
        if engine is not None and not all(hasattr(engine, name) for name in _OF_ENGINES):
            raise refusal(
                "engine", engine, 'an engine is needed, as in SQLiteEngine("bot.sqlite3")'
            )
        policy = RunPolicy(
            timeout=timeout, attempts=attempts, backoff=backoff, backoff_max=backoff_max
        )
        self._runner = HandlerRunner(client, policy)
        if engine is None:
            logger.warning(
                "WebhookReceiver: jobs wait in memory, and are lost if the process is killed; pass "
                'engine=SQLiteEngine("bot.sqlite3"), or engine=MemoryEngine() if that is intended'
            )
        self._engine: Engine = MemoryEngine() if engine is None else engine
        gate = Gate(credentials, path_secret, check_count("max_body_bytes", max_body_bytes))
        ids = _to_license_ids(license_ids)
        self._intake = Intake(gate, self._engine, self._runner, ids)
        self._engine.bind(self._runner)

    @overload
    def on(self, event: type[E], /, *, name: str | None = None) -> _Decorator[E]: ...
    @overload
    def on(
        self, event: type[E], event2: type[E2], /, *, name: str | None = None
    ) -> _Decorator[E | E2]: ...
    @overload
    def on(
        self, event: type[E], event2: type[E2], event3: type[E3], /, *, name: str | None = None
    ) -> _Decorator[E | E2 | E3]: ...
    @overload
    def on(self, *events: type[WebhookEvent], name: str | None = None) -> _Decorator[Any]: ...

    def on(self, *events: Any, name: str | None = None) -> Any:
        """Decorator: register an async function for events of these classes and their subclasses.

        Args:
            events: such as `ChatStarted`; `WebhookEvent` for every event.
            name: the handler's name; the function's own by default. Successful jobs are remembered
                under this name, so it must be the same on every machine and after every restart.

        Raises:
            ConfigurationError: the function is not async, its name is malformed or taken, or one of
                the classes is not an event.
        """
        if not events:
            raise ConfigurationError(
                "on() needs an event: on(ChatStarted), or on(WebhookEvent) for all"
            )
        for each in events:
            if not isinstance(each, type) or not issubclass(each, WebhookEvent):
                name = getattr(each, "__name__", "") or shown(each)
                raise ConfigurationError(
                    f"on({name}): a class of events is needed, as in on({_class_for(each)})"
                )

        def register(handler: Any) -> Any:
            self._intake.register(events, handler, name)
            return handler

        return register

    def on_dead_letter(self, hook: H) -> H:
        """Decorator: register an async function for events that could not be handled.

        It gets the event, the last error and the handler's name, after the last attempt and for
        each job left when the receiver is closed. It may run as long as a handler.

        Raises:
            ConfigurationError: the function is not async, or there already is a hook.
        """
        check_async(hook, "the dead-letter hook")
        if self._runner.dead_letter_hook is not None:
            raise ConfigurationError("on_dead_letter: there is a dead-letter hook already")
        self._runner.dead_letter_hook = hook
        return hook

    async def receive(
        self,
        body: bytes,
        headers: Mapping[str, str] | Iterable[tuple[str, str]],
        *,
        path_secret: str | None = None,
    ) -> ReceiverAnswer:
        """Handle a POST in any framework, and return the answer to send.

        - 200: every handler has its job, now or from an earlier delivery.
        - 404 wrong path secret, 401 wrong credentials: the body was not looked at.
        - 413 body too long, 415 ``Content-Type`` is not JSON, or the body is compressed.
        - 400 not JSON, 422 JSON but not a readable event, 403 another licence. LiveChat delivers
          these again, which leaves some time to repair the cause.
        - 403 too for a browser's request, with ``Origin`` or ``Sec-Fetch-Site``, if the receiver
          has neither credentials nor path secret.
        - 503 the queue is full or cannot be reached, or the receiver is closed.

        Args:
            body: as sent.
            headers: of the request; the case of their names does not matter.
            path_secret: the secret part of the request's address.

        Raises:
            ClientStateError: the receiver belongs to another event loop.
        """
        if not isinstance(body, (bytes, bytearray, memoryview)):
            raise ConfigurationError(f"body has to be bytes as they came, not {kind_of(body)}")

        async def read(_: int) -> bytes:
            return body

        return await self._intake.answer(_pairs_of(headers), path_secret, read)

    async def aiohttp_handler(self, request: web.Request) -> web.Response:
        """The handler of an aiohttp route; its ``{secret}``, if any, is the path secret."""
        return await serve_aiohttp(self._intake, request)

    async def aiohttp_context(self, _: web.Application) -> AsyncIterator[None]:
        """Start and close with an aiohttp application: ``app.cleanup_ctx.append(...)``."""
        await self.start()
        yield
        await self.close()

    async def __call__(self, scope: ASGIScope, receive: ASGIReceive, send: ASGISend) -> None:
        """Serve as an ASGI application: alone, or mounted in another application.

        A mounted receiver, which most frameworks do not pass ASGI's lifespan, starts with the first
        webhook; call `close` in the lifespan of the outer application.
        """
        await serve_asgi(self._intake, scope, receive, send)

    async def start(self) -> None:
        """Start the engine. The first webhook does this too; calling it again changes nothing.

        Raises:
            ClientStateError: the receiver is closed, or belongs to another event loop.
        """
        await self._intake.start()

    async def close(self, timeout: float = CLOSE_SECONDS) -> None:  # noqa: ASYNC109 (it bounds a part)
        """Refuse webhooks from now on, and finish the jobs that wait.

        Args:
            timeout: seconds. Jobs left after that are cancelled and passed to the dead-letter hook,
                which has 10 more seconds; ``status().abandoned`` counts them.

        Raises:
            ClientStateError: the receiver belongs to another event loop.
        """
        await self._intake.close(check_seconds("timeout", timeout))

    def status(self) -> ReceiverStatus:
        """The state and the counts. Cheap; never waits."""
        engine = self._engine.status()
        return ReceiverStatus(
            state=self._intake.state,
            queued=engine.queued,
            running=engine.running,
            dead_letters=engine.dead_letters,
            stuck=len(self._runner.stuck),
            refusals=dict(self._intake.refusals.counts),
            **asdict(self._runner.counts),
        )

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __enter__(self) -> NoReturn:
        raise TypeError("a WebhookReceiver is opened with 'async with', not with 'with'")

    def __exit__(self, *_: object) -> None: ...


def _pairs_of(headers: Any) -> Iterable[tuple[str, str]]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    with suppress(TypeError, ValueError):
        pairs = [(name, value) for name, value in pairs]
        if all(isinstance(text, str) for pair in pairs for text in pair):
            return pairs
    needed = "a mapping of texts is needed, such as {'Content-Type': 'application/json'}, or pairs"
    kind = kind_of(headers)
    del headers, pairs  # one of them may be a secret
    raise ConfigurationError(f"headers: {needed}; this is {kind}, or holds what is no text")


def _class_for(event: object) -> str:
    """The name of the class for the text of an event, such as ``chat_started``."""
    return next(
        (each.__name__ for kind, each in EVENT_CLASSES.items() if kind == event), "ChatStarted"
    )


def _to_license_ids(license_ids: Any) -> frozenset[str] | None:
    if license_ids is None:
        return None
    ids = check_list("license_ids", license_ids, "licence numbers is needed, such as [12345]")
    for each in ids:
        if isinstance(each, bool) or not isinstance(each, (int, str)) or not str(each).isdecimal():
            raise ConfigurationError(
                f"license_ids: {shown(each)} is not a licence number; give digits, such as 12345"
            )
    if not ids:
        raise ConfigurationError(
            "license_ids is empty, which would refuse every event: pass None to accept any licence"
        )
    return frozenset(map(str, ids))
