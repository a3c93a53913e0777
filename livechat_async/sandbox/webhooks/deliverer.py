"""Delivers webhooks as LiveChat does: again and again, until they are answered 200."""

from __future__ import annotations

import asyncio
import random
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus

import aiohttp
from attrs import define
from yarl import URL

from livechat_async.errors import ConfigurationError
from livechat_async.redaction import Secret, SecretBytes
from livechat_async.sandbox.webhooks.deliveries import Attempt, Delivery
from livechat_async.sandbox.webhooks.registrations import Registration, is_here

__all__ = ["Deliverer"]

_RETRIES = 10
_KEPT = 10_000
_AT_ONCE = 64
_SHOWN = 3


@define(eq=False)
class _Round:
    """A delivery that is under way."""

    delivery: Delivery
    repeats: int
    """How many times it is sent once more after a 200."""


class Deliverer:
    """Brings webhooks to where they belong, each in a task of its own.

    Args:
        limit: seconds an answer may take.
        retry_span: seconds in which the ten repeats come of what is not answered 200.
        repeats: how many times everything is sent once more though it was answered 200.
        jitter: each delivery begins after up to so many seconds, by chance.
    """

    def __init__(self, *, limit: float, retry_span: float, repeats: int, jitter: float) -> None:
        self._limit = limit
        self._repeats = repeats
        self._jitter = jitter
        # Each wait is twice the one before: LiveChat tells no more than their number and their sum.
        unit = retry_span / (2**_RETRIES - 1)
        self._waits = [unit * 2**number for number in range(_RETRIES)]
        self._chance = random.Random(0)  # noqa: S311 - the same every time is what tests want
        self._made = 0
        self._log: dict[str, Delivery] = {}
        self._rounds: set[_Round] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None
        self._ended = asyncio.Event()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def __iter__(self) -> Iterator[Delivery]:
        """The last deliveries, the oldest first."""
        return iter(list(self._log.values()))

    @property
    def is_running(self) -> bool:
        """Whether anything would be delivered."""
        return self._loop is not None and not self._loop.is_closed()

    def start(self) -> None:
        """Deliver from now on, in the event loop that runs here."""
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def stop(self) -> None:
        """Give up, at once, what is under way. Does nothing if it does not run."""
        session, self._session, self._loop = self._session, None, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for round_ in list(self._rounds):
            self._end(round_)
        if session is not None:
            await session.close()

    def deliver(self, registration: Registration, unique_id: str, body: SecretBytes) -> None:
        """Begin to deliver something; from any thread, and without waiting for anybody."""
        self._made += 1
        delivery = Delivery(
            id=str(self._made),
            event_type=registration.event_type,
            event_unique_id=unique_id,
            webhook_id=registration.id,
            url=str(URL(registration.url).with_user(None)),
            raw_body=body,
            target=registration.url,
        )
        self._log[delivery.id] = delivery
        if len(self._log) > _KEPT:
            del self._log[next(iter(self._log))]
        self._begin(_Round(delivery, self._repeats))

    def repeat(self, delivery_id: str) -> None:
        """Deliver something once more, also while that is still under way.

        Raises:
            ConfigurationError: there is no such delivery, or the sandbox does not run.
        """
        if delivery_id not in self._log:
            raise ConfigurationError(
                f"there is no delivery {delivery_id!r}: use an id that deliveries has"
            )
        if not self.is_running:
            raise ConfigurationError("the sandbox does not run, and delivers nothing: start it")
        self._begin(_Round(self._log[delivery_id], 0))

    def clear(self) -> None:
        """Forget the deliveries so far; what is under way goes on."""
        self._log.clear()

    async def settled(self, timeout: float) -> None:  # noqa: ASYNC109 - it says what is missing
        """Wait until nothing is under way.

        Raises:
            TimeoutError: something still is after so many seconds.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._settled()
        left = [round_.delivery for round_ in self._rounds]
        if left:
            told = [f"{each.event_type} to {each.url} {each.statuses}" for each in left[:_SHOWN]]
            more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
            raise TimeoutError(
                f"after {timeout:g} s this is still under way: {'; '.join(told)}{more}. What is "
                "not answered 200 is repeated for a long time: webhook_retry_span makes it shorter"
            )

    async def _settled(self) -> None:
        while True:
            loop, ended = self._loop, self._ended  # before the look at what is left
            if not self._rounds or loop is None or loop.is_closed():
                return
            if loop is asyncio.get_running_loop():
                await ended.wait()
            else:
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_wait(ended), loop))

    def _begin(self, round_: _Round) -> None:
        loop = self._loop
        if loop is None:
            return  # another thread has just stopped it
        round_.delivery.under_way += 1
        self._rounds.add(round_)
        # A test may call from another thread than the one the sandbox lives in.
        loop.call_soon_threadsafe(self._run, round_)

    def _run(self, round_: _Round) -> None:
        if round_ not in self._rounds:
            return  # it was stopped meanwhile
        if self._session is None:
            self._session = _new_session()
        task = asyncio.create_task(self._go(round_, self._session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end(self, round_: _Round) -> None:
        self._rounds.discard(round_)
        round_.delivery.under_way -= 1
        ended, self._ended = self._ended, asyncio.Event()
        ended.set()

    async def _go(self, round_: _Round, session: aiohttp.ClientSession) -> None:
        delivery = round_.delivery
        try:
            if self._jitter:
                await asyncio.sleep(self._chance.uniform(0, self._jitter))
            if await self._bring(delivery, session):
                for _ in range(round_.repeats):
                    await self._try(delivery, session)
        finally:
            self._end(round_)

    async def _bring(self, delivery: Delivery, session: aiohttp.ClientSession) -> bool:
        """Whether it was answered 200 in the end."""
        if not is_here(URL(delivery.target)):
            problem = "a sandbox delivers on this machine only: give a URL such as http://127.0.0.1"
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


def _new_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        # A connection of its own for each: one that a receiver has just closed would look like a
        # delivery that failed.
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(),
    )


def _credentials_of(url: URL) -> dict[str, str]:
    """The header that stands for the user name and password in a URL."""
    if url.user is None and url.password is None:
        return {}
    pair = f"{url.user or ''}:{url.password or ''}".encode()
    return {"Authorization": Secret(f"Basic {b64encode(pair).decode()}")}


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
