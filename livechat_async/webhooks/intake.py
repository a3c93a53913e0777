"""Where webhooks are taken: from a body that was let in to jobs in the engine's queue."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from attrs import define

from livechat_async.errors import ClientStateError, QueueFullError, WebhookError
from livechat_async.redaction import printable
from livechat_async.webhooks.engine import Engine, Job
from livechat_async.webhooks.events import WebhookEvent
from livechat_async.webhooks.gate import ACCEPTED, Gate, ReceiverAnswer, refusal
from livechat_async.webhooks.parsing import parse_webhook

__all__ = ["BODY_SECONDS", "CLOSE_SECONDS", "Desk", "Tally"]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

BODY_SECONDS = 10.0
"""How long a body may take to come. LiveChat waits no longer for the answer."""

CLOSE_SECONDS = 30.0
"""How long the jobs that wait are worked on when the receiver is closed."""

# The first event that is read takes some 50 ms longer than others, which nobody has to wait for.
_ANY = (
    '{"event_type": "chat_started", "chat": {"id": "1", "agents": [{}], "messages": [{}], '
    '"events": [{}]}, "visitor": {"id": "1", "custom_variables": [{"key": "", "value": ""}]}, '
    '"pre_chat_survey": [{"id": "1"}]}'
)


@define
class Tally:
    """How webhooks were answered.

    Attributes:
        accepted: with 200.
        refused: otherwise.
        ignored: those accepted that no handler is for.
        repeats: jobs that were dropped, as they wait, run or were done already.
    """

    accepted: int = 0
    refused: int = 0
    ignored: int = 0
    repeats: int = 0


class Desk:
    """Takes webhooks, as long as it is open.

    Args:
        gate: decides who comes in.
        engine: gets the jobs.
        names_for: the handlers that an event is for.
        license_ids: the licences whose events are taken, or None for any.
    """

    def __init__(
        self,
        gate: Gate,
        engine: Engine,
        names_for: Callable[[WebhookEvent], tuple[str, ...]],
        license_ids: frozenset[str] | None,
    ) -> None:
        self.gate: Gate = gate
        self.tally: Tally = Tally()
        self._engine = engine
        self._names_for = names_for
        self._license_ids = license_ids
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting: asyncio.Task[None] | None = None
        self._started = False
        self._closing = False
        self._closed = False

    @property
    def state(self) -> str:
        """One of ``new``, ``running``, ``closing`` and ``closed``."""
        if self._closing:
            return "closed" if self._closed else "closing"
        return "running" if self._started else "new"

    async def start(self) -> None:
        """Start the engine, once.

        Raises:
            ClientStateError: closed, or another event loop's.
        """
        self._check_loop()
        if self._closing:
            raise ClientStateError("the receiver is closed: make another one")
        while not self._started:
            if self._starting is None:
                self._starting = asyncio.create_task(self._start(), name="starting the engine")
            await asyncio.shield(self._starting)

    async def close(self, timeout: float = CLOSE_SECONDS) -> None:  # noqa: ASYNC109 (it bounds a part)
        """Take no more, and close the engine.

        Raises:
            ClientStateError: another event loop's.
        """
        self._check_loop()
        self._closing = True
        if self._starting is not None:
            await asyncio.wait((self._starting,))
        await self._engine.close(timeout)
        self._closed = True

    async def take(self, body: bytes) -> ReceiverAnswer:
        """Answer a webhook that was let in, once its jobs are in the queue."""
        if not self._started or self._closing:
            refused = await self._not_ready()
            if refused is not None:
                return self.refused(refused)
        elif asyncio.get_running_loop() is not self._loop:
            self._check_loop()
        if len(body) > self.gate.max_body_bytes:
            return self.refused(self.gate.too_large())
        try:
            event = parse_webhook(body)
        except WebhookError as error:
            return self.refused(refusal(400 if error.expected == "JSON" else 422, str(error)))
        if self._license_ids is not None and event.license_id not in self._license_ids:
            return self.refused(refusal(403, "events of this licence are not taken"))
        return await self._enqueue(event)

    def refused(self, answer: ReceiverAnswer) -> ReceiverAnswer:
        """Count and log an answer that is no 200."""
        self.tally.refused += 1
        logger.info(
            "answered %d to a webhook: %s", answer.status, answer.body.decode().rstrip("\n")
        )
        return answer

    async def _enqueue(self, event: WebhookEvent) -> ReceiverAnswer:
        names = self._names_for(event)
        try:
            for name in names:
                if not await self._engine.submit(Job(event, name)):
                    self.tally.repeats += 1
        except (QueueFullError, ClientStateError) as error:
            return self.refused(refusal(503, f"deliver again later: {error}"))
        except Exception:
            logger.exception("the engine did not take %s", printable(event.key))
            return self.refused(refusal(503, "deliver again later: the queue cannot be reached"))
        self.tally.accepted += 1
        if not names:
            self.tally.ignored += 1
        return ACCEPTED

    async def _not_ready(self) -> ReceiverAnswer | None:
        """Start with the first webhook. What to answer if that cannot be."""
        self._check_loop()
        try:
            if not self._closing:
                await self.start()
        except Exception:
            if not self._closing:
                logger.exception("the engine could not be started")
                return refusal(503, "deliver again later: the queue cannot be reached")
        return (
            refusal(503, "deliver again later: the receiver is closed") if self._closing else None
        )

    async def _start(self) -> None:
        try:
            parse_webhook(_ANY)
            await self._engine.start()
            self._started = True
        finally:
            self._starting = None

    def _check_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise ClientStateError(
                "the receiver belongs to another event loop: make one for each, inside of it"
            )
