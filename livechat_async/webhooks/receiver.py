"""`WebhookReceiver`: answers first, and works after."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, NoReturn, Self, TypeAlias, TypeVar, cast, overload

from aiohttp import web
from attrs import frozen

from livechat_async.checks import check_count, check_seconds
from livechat_async.client import LiveChatClient
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import kind_of
from livechat_async.webhooks._registry import Registry, check_async, check_classes
from livechat_async.webhooks.asgi import ASGIReceive, ASGIScope, ASGISend, serve_asgi
from livechat_async.webhooks.credentials import WebhookCredentials
from livechat_async.webhooks.engine import Engine
from livechat_async.webhooks.events import WebhookEvent
from livechat_async.webhooks.gate import Gate, ReceiverAnswer
from livechat_async.webhooks.intake import CLOSE_SECONDS, Desk
from livechat_async.webhooks.memory import MemoryEngine
from livechat_async.webhooks.runner import DeadLetterHook, HandlerRunner, RunPolicy
from livechat_async.webhooks.servers import serve_aiohttp

__all__ = ["ReceiverState", "ReceiverStatus", "WebhookReceiver"]

ReceiverState: TypeAlias = Literal["new", "running", "closing", "closed"]

E = TypeVar("E", bound=WebhookEvent)
E2 = TypeVar("E2", bound=WebhookEvent)
E3 = TypeVar("E3", bound=WebhookEvent)
A = TypeVar("A")
H = TypeVar("H", bound=DeadLetterHook)

_Handler: TypeAlias = Callable[[A], Coroutine[Any, Any, object]]
_Decorator: TypeAlias = Callable[[_Handler[A]], _Handler[A]]


@frozen(kw_only=True)
class ReceiverStatus:
    """What a health check asks for. The counts are of this process, since it began.

    Attributes:
        state: ``new``, ``running``, ``closing`` or ``closed``.
        queued: jobs that wait, for their turn or for another attempt. One event for two handlers
            is two jobs.
        running: jobs whose handler runs.
        done: jobs whose handler succeeded.
        failed: attempts that failed.
        dead: jobs that were given up, and handed to the dead-letter hook.
        abandoned: those of them that were not run to their end, as the receiver was closed.
        stuck: runs of handlers that go on though they were cancelled and given up.
        accepted: webhooks answered 200.
        ignored: those of them that no handler is for.
        refused: webhooks answered otherwise.
        repeats: jobs dropped, as the same one waits, runs or was done already.
    """

    state: ReceiverState
    queued: int
    running: int
    done: int
    failed: int
    dead: int
    abandoned: int
    stuck: int
    accepted: int
    ignored: int
    refused: int
    repeats: int


class WebhookReceiver:
    """Receives LiveChat's webhooks, answers at once, and runs handlers afterwards.

    ::

        bot = WebhookReceiver(client, credentials=WebhookCredentials("user", "password"))

        @bot.on(ChatStarted)
        async def show_crm(event: ChatStarted) -> None:
            person = await crm.lookup(event.visitor.email)
            plan = DetailField("Plan", person.plan)
            await event.add_details(VisitorDetails(id="crm", fields=[plan]))

        app.router.add_post("/livechat/{secret}", bot.aiohttp_handler)
        app.cleanup_ctx.append(bot.aiohttp_context)

    It is an ASGI application, too, and `receive` serves any other framework. A webhook is answered
    200 once the engine has a job for every handler that it is for. A handler that succeeded does
    not run again when the same event is delivered again; one that failed for good does. It may run
    more than once for one event, after a failure: what it does should bear that.

    A handler that fails is run again after a wait (see `RunPolicy`), unless its error is one that
    stays: `ConfigurationError`, `ClientStateError`, `BadRequestError`, `AuthenticationError`,
    `PermissionDeniedError`, `TLSError`, `RedirectError`, `ResponseTooLarge`. All the handlers share
    one event loop with the receiver: one that blocks it, blocks the answers, too, and is logged.

    Args:
        client: what ``event.add_details`` uses inside handlers. It is lent: close it yourself,
            after the receiver.
        credentials: what LiveChat has to send, or None to take events from anybody. LiveChat signs
            nothing, so this, `path_secret` and TLS are all there is.
        path_secret: a part of the address that has to be right: ``{secret}`` of the aiohttp
            route; the last part of the path for ASGI.
        license_ids: the licences whose events are taken; None for any.
        engine: where jobs wait and run; a `MemoryEngine` by default.
        max_body_bytes: the longest body that is read.
        timeout: seconds that a handler may run, each time.
        attempts: at most so many runs of a handler for one delivery.
        backoff: seconds; see `RunPolicy`.
        backoff_max: seconds; see `RunPolicy`.

    Raises:
        ConfigurationError: a value makes no sense.
    """

    def __init__(
        self,
        client: LiveChatClient | None = None,
        *,
        credentials: WebhookCredentials | None,
        path_secret: str | None = None,
        license_ids: Iterable[int | str] | None = None,
        engine: Engine | None = None,
        max_body_bytes: int = 1_048_576,
        timeout: float = 30.0,
        attempts: int = 5,
        backoff: float = 0.5,
        backoff_max: float = 30.0,
    ) -> None:
        if credentials is not None and not isinstance(credentials, WebhookCredentials):
            problem = f"credentials: WebhookCredentials(...) or None, not {kind_of(credentials)}"
            del credentials
            raise ConfigurationError(problem)
        policy = RunPolicy(
            timeout=timeout, attempts=attempts, backoff=backoff, backoff_max=backoff_max
        )
        self._runner = HandlerRunner(client, policy)
        self._registry = Registry(self._runner.handlers)
        self._engine: Engine = MemoryEngine() if engine is None else engine
        self._desk = Desk(
            Gate(credentials, path_secret, check_count("max_body_bytes", max_body_bytes)),
            self._engine,
            self._registry.names_for,
            _to_license_ids(license_ids),
        )
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
        """Register the async function below for events of these classes, and of their subclasses.

        Args:
            events: such as `ChatStarted`; `WebhookEvent` for every event.
            name: the handler's name, the same on every machine and after every restart: what was
                done is remembered under it. The function's own by default.

        Raises:
            ConfigurationError: the function is not async, its name is taken or none at all, or a
                class is no event.
        """
        check_classes(events)

        def register(handler: Any) -> Any:
            self._registry.add(events, handler, name)
            return handler

        return register

    def on_dead_letter(self, hook: H) -> H:
        """Register the async function below for what could not be handled.

        It is called with the event, the last error and the handler's name, after the last attempt
        and for what is left when the receiver is closed. It may run as long as a handler.

        Raises:
            ConfigurationError: it is not async, or there is one already.
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
        """What to answer a POST, in any framework.

        - 200: every handler has its job, or had it before.
        - 404 wrong path secret, 401 wrong credentials: nothing was read.
        - 413 too long, 415 no JSON by its header, or compressed.
        - 400 no JSON, 422 JSON but no event that can be read, 403 another licence's. These are
          no 200 on purpose: LiveChat delivers again for up to 6 hours, which is time to mend it.
        - 503 the queue is full or cannot be reached, or the receiver is closed.

        Args:
            body: as it came.
            headers: of the request, in any spelling of their names.
            path_secret: what the address has in the place of the secret.

        Raises:
            ClientStateError: the receiver belongs to another event loop.
        """
        pairs: Any = headers.items() if isinstance(headers, Mapping) else headers
        refused = self._desk.gate.refuses(pairs, path_secret)
        return await self._desk.take(body) if refused is None else self._desk.refused(refused)

    async def aiohttp_handler(self, request: web.Request) -> web.Response:
        """The handler for ``app.router.add_post("/livechat/{secret}", bot.aiohttp_handler)``.

        Without a path secret, the route needs no ``{secret}``.
        """
        return await serve_aiohttp(self._desk, request)

    async def aiohttp_context(self, _: web.Application) -> AsyncIterator[None]:
        """Start and close with an aiohttp application: ``app.cleanup_ctx.append(...)``."""
        await self.start()
        yield
        await self.close()

    async def __call__(self, scope: ASGIScope, receive: ASGIReceive, send: ASGISend) -> None:
        """Serve as an ASGI application: alone, or mounted in another.

        A server tells its application when to start and to close (ASGI's lifespan); most frameworks
        do not tell what is mounted in them. The receiver then starts with the first webhook, and
        `close` has to be called by the application's own lifespan.
        """
        await serve_asgi(self._desk, scope, receive, send)

    async def start(self) -> None:
        """Start the engine. The first webhook does it as well; calling it again changes nothing.

        Raises:
            ClientStateError: the receiver is closed, or belongs to another event loop.
        """
        await self._desk.start()

    async def close(self, timeout: float = CLOSE_SECONDS) -> None:  # noqa: ASYNC109 (it bounds a part)
        """Take no more webhooks, and work off what waits.

        Args:
            timeout: seconds. What is left then is cancelled, and handed to the dead-letter hook;
                ``status().abandoned`` says how many. Handlers have a few seconds more to end when
                they are cancelled, and the hook has 10.

        Raises:
            ClientStateError: the receiver belongs to another event loop.
        """
        await self._desk.close(check_seconds("close(timeout)", timeout))

    def status(self) -> ReceiverStatus:
        """How it goes. Cheap, and never waits."""
        engine, counts, tally = self._engine.status(), self._runner.counts, self._desk.tally
        return ReceiverStatus(
            state=cast("ReceiverState", self._desk.state),
            queued=engine.queued,
            running=engine.running,
            done=counts.done,
            failed=counts.failed,
            dead=counts.dead,
            abandoned=counts.abandoned,
            stuck=self._runner.limit.stuck,
            accepted=tally.accepted,
            ignored=tally.ignored,
            refused=tally.refused,
            repeats=tally.repeats,
        )

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __enter__(self) -> NoReturn:
        raise TypeError("a WebhookReceiver is opened with 'async with', not with 'with'")

    def __exit__(self, *_: object) -> None: ...


def _to_license_ids(given: Any) -> frozenset[str] | None:
    if given is None:
        return None
    if isinstance(given, (str, bytes, int)) or not isinstance(given, Iterable):
        raise ConfigurationError(
            f"license_ids={given!r}: a collection of licence numbers is needed, such as [12345]"
        )
    ids: set[str] = set()
    for each in given:
        if isinstance(each, bool) or not isinstance(each, (int, str)) or not str(each).isdecimal():
            raise ConfigurationError(f"license_ids: {each!r} is no licence number")
        ids.add(str(each))
    if not ids:
        raise ConfigurationError("license_ids is empty, so that nothing were taken: None for any")
    return frozenset(ids)
