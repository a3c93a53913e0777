"""Delivery of webhooks: repeated until the answer is 200, as LiveChat does."""

from __future__ import annotations

import asyncio
import json
import random
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import aiohttp
from attrs import asdict, define, field, frozen
from yarl import URL

from livechat_async.checks import refusal
from livechat_async.errors import ConfigurationError
from livechat_async.redaction import SecretBytes, WireText
from livechat_async.sandbox.webhooks.registrations import Registration

_RETRIES = 10
_KEPT = 10_000
_AT_ONCE = 64
_SHOWN = 3
_SETTLE_SECONDS = 0.005


@frozen(kw_only=True)
class Attempt:
    """One attempt to deliver a webhook.

    Attributes:
        at: its beginning, in UTC.
        status: the status of the answer; None if there was none.
        problem: why there was no answer; "" if there was one.
    """

    at: datetime
    status: int | None = None
    problem: str = ""


@define(kw_only=True, eq=False)
class Delivery:
    """The delivery of one event to one webhook. Its ``repr`` hides the body and the secrets.

    Attributes:
        id: counts from ``"1"``.
        event_type: such as ``chat_started``.
        event_unique_id: the event's id, the same in every repeat.
        webhook_id: the webhook's id.
        url: the webhook's URL without user name and password.
        raw_body: the body, the same bytes in every repeat.
        target: the URL as it was registered. A secret.
        is_reached: whether the sandbox delivers there.
        attempts: all attempts so far, the oldest first.
        under_way: the number of its deliveries under way: itself and its repeats.
    """

    id: str
    event_type: str
    event_unique_id: str
    webhook_id: str
    url: str
    raw_body: bytes = field(repr=False, converter=SecretBytes)
    target: WireText = field(converter=WireText)
    is_reached: bool = False
    attempts: list[Attempt] = field(factory=list[Attempt])
    under_way: int = 0

    @property
    def statuses(self) -> list[int | None]:
        """The status of each attempt's answer; None if there was none."""
        return [attempt.status for attempt in self.attempts]

    @property
    def done(self) -> bool:
        """Whether no attempt is left, unless you repeat the delivery."""
        return self.under_way == 0

    def body(self) -> dict[str, Any]:
        """The webhook's body, read as JSON."""
        body: dict[str, Any] = json.loads(self.raw_body)
        return body

    def to_wire(self) -> dict[str, object]:
        """The delivery as plain data for JSON: with the body, without the password."""
        names = ("id", "event_type", "event_unique_id", "webhook_id", "url", "done")
        attempts = [{**asdict(each), "at": each.at.isoformat()} for each in self.attempts]
        plain = {name: getattr(self, name) for name in names}
        return {**plain, "body": self.body(), "attempts": attempts}


@define(eq=False)
class _Round:
    """A delivery under way, with its number of repeats after a 200."""

    delivery: Delivery
    repeats: int


class Deliverer:
    """Delivers webhooks, each in a task of its own.

    Args:
        limit: seconds to wait for an answer.
        retry_span: seconds from the first attempt to the tenth repeat, if no answer is 200.
        repeats: extra deliveries of each webhook after a 200.
        jitter: the maximum of the random seconds before each delivery.

    Attributes:
        total: the number of all deliveries so far, also of those that are forgotten.
    """

    def __init__(self, *, limit: float, retry_span: float, repeats: int, jitter: float) -> None:
        self._limit = limit
        self._repeats = repeats
        self._jitter = jitter
        # Each wait is twice the one before: LiveChat documents only their number and their sum.
        unit = retry_span / (2**_RETRIES - 1)
        self._waits = [unit * 2**number for number in range(_RETRIES)]
        self._chance = random.Random(0)  # noqa: S311 - tests want the same waits every time
        self.total: int = 0
        self._log: dict[str, Delivery] = {}
        self._rounds: set[_Round] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def __iter__(self) -> Iterator[Delivery]:
        """The last deliveries, the oldest first."""
        return iter(list(self._log.values()))

    @property
    def is_running(self) -> bool:
        """Whether it delivers."""
        return self._loop is not None and not self._loop.is_closed()

    def start(self) -> None:
        """Deliver from now on, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def stop(self) -> None:
        """Cancel at once what is under way; does nothing if it does not run."""
        session, self._session, self._loop = self._session, None, None
        for task in self._tasks:
            task.cancel()
        try:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            for round_ in list(self._rounds):
                self._end(round_)
            if session is not None:
                await session.close()

    def deliver(self, registration: Registration, unique_id: str, body: SecretBytes) -> None:
        """Begin a delivery, from any thread and without waiting."""
        self.total += 1
        delivery = Delivery(
            id=str(self.total),
            event_type=registration.event_type,
            event_unique_id=unique_id,
            webhook_id=registration.id,
            url=str(URL(registration.url).with_user(None)),
            raw_body=body,
            target=registration.url,
            is_reached=registration.is_reached,
        )
        self._log[delivery.id] = delivery
        if len(self._log) > _KEPT:
            del self._log[next(iter(self._log))]
        self._begin(_Round(delivery, self._repeats))

    def repeat(self, delivery_id: object) -> None:
        """Repeat a known delivery, which may still be under way."""
        if not isinstance(delivery_id, str) or delivery_id not in self._log:
            needed = "there is no such delivery; use one of deliveries, or its id"
            raise refusal("delivery", delivery_id, needed)
        if not self.is_running:
            raise ConfigurationError("the sandbox does not run, and delivers nothing: start it")
        self._begin(_Round(self._log[delivery_id], 0))

    def newest(self, count: int) -> list[Delivery]:
        """The last deliveries, the newest first."""
        return list(self._log.values())[: -count - 1 : -1]

    def find(self, delivery_id: str) -> Delivery | None:
        """The delivery of an id; None if it is not kept."""
        return self._log.get(delivery_id)

    def clear(self) -> None:
        """Forget the deliveries so far; those under way go on."""
        self._log.clear()

    async def settled(self, timeout: float) -> None:  # noqa: ASYNC109 - its error names the rest
        """Wait until nothing is under way; a TimeoutError names what still is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                # An Event is of one thread, and the caller may be in another.
                while self._rounds and self.is_running:  # noqa: ASYNC110
                    await asyncio.sleep(_SETTLE_SECONDS)
        left = [round_.delivery for round_ in self._rounds]
        if left:
            names = [f"{each.event_type} to {each.url} {each.statuses}" for each in left[:_SHOWN]]
            more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
            raise TimeoutError(
                f"after {timeout:g} s this is still under way: {'; '.join(names)}{more}. Without "
                "a 200, repeats go on for hours: set a shorter webhook_retry_span"
            )

    def _begin(self, round_: _Round) -> None:
        loop = self._loop
        if loop is None:
            return  # another thread has just stopped the sandbox
        round_.delivery.under_way += 1
        self._rounds.add(round_)
        # The caller may be in another thread than the sandbox.
        loop.call_soon_threadsafe(self._run, round_)

    def _run(self, round_: _Round) -> None:
        if round_ not in self._rounds:
            return  # the sandbox was stopped meanwhile
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # One connection for each delivery: a kept-alive one that the receiver has just
                # closed would look like a failed delivery.
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(),
            )
        task = asyncio.create_task(self._deliver(round_, self._session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end(self, round_: _Round) -> None:
        self._rounds.discard(round_)
        round_.delivery.under_way -= 1

    async def _deliver(self, round_: _Round, session: aiohttp.ClientSession) -> None:
        delivery = round_.delivery
        try:
            if self._jitter:
                await asyncio.sleep(self._chance.uniform(0, self._jitter))
            if await self._repeat_until_ok(delivery, session):
                for _ in range(round_.repeats):
                    await self._try(delivery, session)
        finally:
            self._end(round_)

    async def _repeat_until_ok(self, delivery: Delivery, session: aiohttp.ClientSession) -> bool:
        """Send until the answer is 200; whether it was 200 in the end."""
        if not delivery.is_reached:
            problem = (
                "a sandbox delivers on this machine only, to URLs such as http://127.0.0.1: name "
                "any other host, or any host of a sandbox for other machines, with --webhook-host, "
                "or Sandbox(webhook_hosts=[...])"
            )
            delivery.attempts.append(Attempt(at=datetime.now(UTC), problem=problem))
            return False
        for wait in self._waits:
            if await self._try(delivery, session):
                return True
            await asyncio.sleep(wait)
        return await self._try(delivery, session)

    async def _try(self, delivery: Delivery, session: aiohttp.ClientSession) -> bool:
        url = URL(delivery.target)
        headers = {"Content-Type": "application/json", **_credentials_of(url)}
        async with self._slots:
            began = datetime.now(UTC)
            try:
                async with (
                    asyncio.timeout(self._limit),
                    session.post(
                        url.with_user(None),
                        data=bytes(delivery.raw_body),
                        headers=headers,
                        allow_redirects=False,
                    ) as response,
                ):
                    attempt = Attempt(at=began, status=response.status)
            except TimeoutError:
                attempt = Attempt(at=began, problem=f"no answer within {self._limit:g} s")
            except (aiohttp.ClientError, OSError) as problem:
                attempt = Attempt(at=began, problem=f"no answer: {problem}")
        delivery.attempts.append(attempt)
        return attempt.status == HTTPStatus.OK


def _credentials_of(url: URL) -> dict[str, str]:
    """The header for the user name and password in a URL."""
    if url.user is None and url.password is None:
        return {}
    pair = f"{url.user or ''}:{url.password or ''}".encode()
    return {"Authorization": WireText(f"Basic {b64encode(pair).decode()}")}
