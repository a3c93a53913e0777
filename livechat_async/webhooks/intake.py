"""From a request to jobs in the engine: the one way that every webhook takes."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Literal, TypeAlias

from livechat_async.errors import ClientStateError, ConfigurationError, QueueFullError, WebhookError
from livechat_async.redaction import SecretBytes, printable, shown
from livechat_async.webhooks.engine import Engine, Job
from livechat_async.webhooks.events import WebhookEvent
from livechat_async.webhooks.gate import ACCEPTED, Gate, ReceiverAnswer, RefusedError
from livechat_async.webhooks.parsing import parse_webhook
from livechat_async.webhooks.refusals import Refusals
from livechat_async.webhooks.runner import HandlerRunner

ReceiverState: TypeAlias = Literal["new", "running", "closing", "closed"]
ReadBody: TypeAlias = Callable[[int], Awaitable[bytes]]
"""Reads the body; may stop once there are more bytes than the given limit."""

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

CLOSE_SECONDS = 30.0
"""How long a receiver that is closed works on the jobs that wait."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_UNREACHABLE = "deliver again later: the queue cannot be reached"

# Parsed at the start: the first event takes some 50 ms longer than the others.
_FIRST_EVENT = (
    '{"event_type": "chat_started", "chat": {"id": "1", "agents": [{}], "messages": [{}], '
    '"events": [{}]}, "visitor": {"id": "1", "custom_variables": [{"key": "", "value": ""}]}, '
    '"pre_chat_survey": [{"id": "1"}]}'
)


def check_async(function: Any, what: str) -> None:
    """Raise ConfigurationError unless calling the function returns a coroutine."""
    inner = _unwrapped(function)
    # A class is called to make an object, whatever its __call__ is.
    call = None if isinstance(inner, type) else getattr(inner, "__call__", None)  # noqa: B004
    if not inspect.iscoroutinefunction(inner) and not inspect.iscoroutinefunction(call):
        name = getattr(inner, "__name__", "") or shown(inner)
        raise ConfigurationError(f"{name}: {what} has to be async: declare it with 'async def'")


def _unwrapped(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


class Intake:
    """Answers webhooks, and hands their jobs to the engine. The runner gets the handlers."""

    def __init__(
        self, gate: Gate, engine: Engine, runner: HandlerRunner, license_ids: frozenset[str] | None
    ) -> None:
        self.gate: Gate = gate
        self.state: ReceiverState = "new"
        self.refusals: Refusals = Refusals()
        self._engine = engine
        self._handlers = runner.handlers
        self._counts = runner.counts
        self._license_ids = license_ids
        self._classes: dict[str, tuple[type[WebhookEvent], ...]] = {}  # that a handler is for
        self._names: dict[type[WebhookEvent], tuple[str, ...]] = {}  # of the handlers of a class
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting: asyncio.Task[None] | None = None

    def register(self, classes: tuple[type[Any], ...], handler: Any, name: str | None) -> None:
        """Register a handler for some classes of events. See `WebhookReceiver.on`."""
        check_async(handler, "a handler")
        if name is None:
            inner = _unwrapped(handler)
            name = getattr(inner, "__name__", type(inner).__name__)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"name={shown(name)} cannot be a handler's name, which is made of letters, digits, "
                "'_', '-' and '.': pass name='...' to on()"
            )
        if name in self._handlers:
            raise ConfigurationError(
                f"a handler is already named {name!r}: rename this one, or pass name='...' to on()"
            )
        self._handlers[name] = handler
        self._classes[name] = classes
        self._names.clear()

    async def start(self) -> None:
        """See `WebhookReceiver.start`."""
        self._check_loop()
        while self.state == "new":
            if self._starting is None:
                self._starting = asyncio.create_task(self._start(), name="starting the engine")
            await asyncio.shield(self._starting)
        if self.state != "running":
            raise ClientStateError("the receiver is closed: make another one")

    async def close(self, timeout: float = CLOSE_SECONDS) -> None:  # noqa: ASYNC109 (it bounds a part)
        """See `WebhookReceiver.close`."""
        self._check_loop()
        if self.state != "closed":
            self.state = "closing"
        if self._starting is not None:
            await asyncio.wait((self._starting,))
        await self._engine.close(timeout)
        self.refusals.close()
        self.state = "closed"

    async def answer(
        self, headers: Iterable[tuple[str, str]], path_secret: str | None, read: ReadBody
    ) -> ReceiverAnswer:
        """Answer one webhook: 200 once the engine has its jobs. See `WebhookReceiver.receive`."""
        try:
            await self._accept(headers, path_secret, read)
        except WebhookError as error:
            status = 400 if error.expected == "JSON" else 422
            return self.refuse(RefusedError(status, str(error)))
        except RefusedError as error:
            return self.refuse(error)
        self._counts.accepted += 1
        return ACCEPTED

    def refuse(self, refused: RefusedError) -> ReceiverAnswer:
        """Count and log a refusal."""
        self._counts.refused += 1
        self.refusals.note(refused)
        return refused.answer

    async def _accept(
        self, headers: Iterable[tuple[str, str]], path_secret: str | None, read: ReadBody
    ) -> None:
        self.gate.check(headers, path_secret)
        body = await read(self.gate.max_body_bytes)
        if self.state != "running":
            await self._start_late()
        elif asyncio.get_running_loop() is not self._loop:
            self._check_loop()
        if len(body) > self.gate.max_body_bytes:
            raise self.gate.too_large()
        body = SecretBytes(body)
        event = parse_webhook(body)
        if self._license_ids is not None and event.license_id not in self._license_ids:
            raise RefusedError(403, "events of this licence are not accepted")
        await self._submit(event, body)

    async def _submit(self, event: WebhookEvent, body: SecretBytes) -> None:
        kind = type(event)
        if kind not in self._names:
            wanting = (name for name, known in self._classes.items() if issubclass(kind, known))
            self._names[kind] = tuple(wanting)
        names = self._names[kind]
        self._counts.ignored += not names
        try:
            for name in names:
                if not await self._engine.submit(Job(event, name, body)):
                    self._counts.repeats += 1
        except (QueueFullError, ClientStateError) as error:
            raise RefusedError(503, f"deliver again later: {error}") from None
        except Exception:
            logger.exception("the engine did not accept %s", printable(event.key))
            raise RefusedError(503, _UNREACHABLE) from None

    async def _start_late(self) -> None:
        """Start with the first webhook, where the server does not start the receiver."""
        self._check_loop()
        try:
            await self.start()
        except Exception:
            if self.state == "new":
                logger.exception("the engine could not be started")
                raise RefusedError(503, _UNREACHABLE) from None
            raise RefusedError(503, "deliver again later: the receiver is closed") from None

    async def _start(self) -> None:
        try:
            parse_webhook(_FIRST_EVENT)
            await self._engine.start()
            if self.state == "new":  # it may have been closed meanwhile
                self.state = "running"
        finally:
            self._starting = None

    def _check_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise ClientStateError(
                "the receiver belongs to another event loop: make one inside each event loop"
            )
