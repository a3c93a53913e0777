"""Watching: asks again and again, by a schedule, and gives what changed.

`Poller` asks and outlives outages; `VisitorWatch` compares its answers. Nothing runs in the
background, and no clock but the event loop's is looked at.

https://developers.livechat.com/docs/management/configuration-api/v2.0#visitors
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
import random
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Generic, Self, TypeAlias, TypeVar

from attrs import evolve, frozen

from livechat_async.checks import check_seconds
from livechat_async.errors import (
    CallError,
    ClientStateError,
    ConfigurationError,
    RateLimitError,
    ServerError,
)
from livechat_async.http.retry import is_worth_repeating
from livechat_async.models.visitors import Visitor
from livechat_async.options import RetryPolicy
from livechat_async.watch.changes import Arrived, Change, Resynced, diff, to_snapshot

__all__ = ["LEAST_INTERVAL", "Answer", "FailureHook", "Outage", "Poller", "VisitorWatch"]

T = TypeVar("T")

FailureHook: TypeAlias = Callable[[CallError, float], object]
"""Told of each poll that failed, and of the seconds until the next."""

LEAST_INTERVAL = 0.01
"""The shortest interval, in seconds."""

logger: logging.Logger = logging.getLogger("livechat_async")

_JITTER = 0.05
_MOST_BACKOFF = 60.0
_MOST_DOUBLINGS = 60


@frozen
class Outage:
    """A time without answers.

    Attributes:
        seconds: from the last answer to the next, or from the first poll if there was none.
        failures: how many polls failed.
    """

    seconds: float
    failures: int


@frozen
class Answer(Generic[T]):
    """What came.

    Attributes:
        value: the answer.
        outage: what came before it, if it was an outage.
    """

    value: T
    outage: Outage | None


class Poller(Generic[T]):
    """Asks the same again and again.

    The first poll is made at once. The others follow a grid of one ``interval`` from it, each up to
    5 % late so that many pollers spread: however long polls take, the grid does not move. A tick
    that passed during a poll is not made up; where nobody called `next` in time, the poll is made
    as soon as somebody does.

    After a failure that may pass it waits the interval, then twice that, and so on up to 60 s or
    the interval, whichever is longer, and never less than ``retry_after`` says.

    Args:
        fetch: makes one poll.
        retry: which failures may pass, besides every 429 and every 5xx.
        interval: seconds between two polls.
        max_outage: seconds after the beginning of the first poll of an outage; the error of a poll
            that fails then is raised, and so is one whose ``retry_after`` leads beyond.
        on_failure: told of each failure that is survived.
        draw: an even distribution.

    Raises:
        ConfigurationError: an argument makes no sense.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[T]],
        *,
        retry: RetryPolicy,
        interval: float = 5.0,
        max_outage: float | None = None,
        on_failure: FailureHook | None = None,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        check_seconds("interval", interval, at_least=LEAST_INTERVAL)
        if max_outage is not None:
            check_seconds("max_outage", max_outage)
        _check_hook(on_failure)
        self._fetch = fetch
        # How long the server asks to wait is no reason to give up, only to wait.
        self._retry = evolve(retry, retry_after_max=float(sys.maxsize))
        self._interval = interval
        self._max_outage = max_outage
        self._on_failure = on_failure
        self._draw = draw
        self._started: float | None = None
        self._due = -math.inf
        self._known_until = 0.0
        self._failing_since = 0.0
        self._failures = 0

    async def next(self) -> Answer[T]:
        """The next answer, however long that takes.

        Cancelled in mid-poll, it makes the next one at the next tick.

        Raises:
            LiveChatError: a failure that stays one, or an outage that is too long.
        """
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(max(0.0, self._due - clock()))
            begun = clock()
            if self._started is None:
                self._started = self._known_until = begun
            # Before the poll, so that none is made anew at once, even if it is cancelled or raises.
            self._due = self._tick_after(begun + self._interval / 2)
            try:
                value = await self._fetch()
            except Exception as error:
                self._failures += 1
                if self._failures == 1:
                    self._failing_since = begun
                if not isinstance(error, CallError) or not self._may_pass(error):
                    raise
                pause = self._pause(error, clock())
                if pause is None:
                    raise
                self._due = clock() + pause
                self._tell(error, pause)
                continue
            now = clock()
            self._due = self._tick_after(max(begun + self._interval / 2, now))
            outage = Outage(now - self._known_until, self._failures) if self._failures else None
            self._known_until, self._failures = now, 0
            return Answer(value, outage)

    def _tick_after(self, moment: float) -> float:
        started = moment if self._started is None else self._started
        number = math.floor((moment - started) / self._interval) + 1
        return started + number * self._interval + self._draw(0.0, self._interval * _JITTER)

    def _may_pass(self, error: CallError) -> bool:
        if isinstance(error, (ServerError, RateLimitError)):
            return True
        return is_worth_repeating(error, self._retry, read=True)

    def _pause(self, error: CallError, now: float) -> float | None:
        """Seconds to wait after a failure; None where that would take too long."""
        doubled = self._interval * 2.0 ** min(self._failures - 1, _MOST_DOUBLINGS)
        backoff = min(doubled, max(self._interval, _MOST_BACKOFF))
        asked: float = getattr(error, "retry_after", None) or 0.0
        pause = max(backoff, asked) + self._draw(0.0, backoff * _JITTER)
        if self._max_outage is None:
            return pause
        left = self._failing_since + self._max_outage - now
        return None if left <= 0 or asked > left else min(pause, left)

    def _tell(self, error: CallError, pause: float) -> None:
        logger.info(
            "poll failed (%d in a row), the next is in %.2f s: %s", self._failures, pause, error
        )
        if self._on_failure is not None:
            self._on_failure(error, pause)


class VisitorWatch:
    """What visitors do, as it is seen by asking again and again: `Arrived`, `Left` and so on.

    ::

        async with client.visitors.watch(interval=5) as watch:
            async for change in watch:
                match change:
                    case Arrived(visitor):
                        greet(visitor)
                    case StateChanged(visitor, before):
                        ...

    What is guaranteed:

    - After each answer, the changes make of what was known before exactly what is known now: who
      is there, in which state, on which page. Begun with nobody, `Arrived` adds its visitor,
      `StateChanged` and `PageChanged` replace theirs, and `Left` takes its own away; with
      ``updates=True`` that gives every field as the latest answer has it.
    - Everybody in the first answer is `Arrived`, with ``at_start``.
    - Of one answer, first comes who left; then everybody else in the order of the answer. Of a
      visitor whose state and page both changed, the `StateChanged` comes first. Both have the
      visitor as they are now.
    - Who leaves and comes back between two answers is seen only by a later ``last_visit``: then
      they are `Left` and `Arrived`. Who comes and leaves between two answers is not seen at all.
    - Polls that fail, but may succeed later, do not end it. The first answer after them gives a
      `Resynced`, and then the changes as ever. Whoever handles those needs nothing else.
    - What will not pass (wrong credentials, a refused argument, a closed client) is raised at once.
      A new loop goes on where this one was, after that too.

    Polls are made only while the loop waits for a change, so a loop that is left leaves nothing
    behind. While the loop's body works nothing is asked and nothing queues up: the next poll is
    made when all changes of the last one are handed out, and at once if its time has passed.

    It belongs to one task at a time.

    Args:
        fetch: makes one poll.
        retry: as for `Poller`.
        interval: likewise.
        max_outage: likewise.
        updates: whether there is an `Updated` for whom only something else changed.
        on_failure: as for `Poller`.

    Raises:
        ConfigurationError: an argument makes no sense.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Iterable[Visitor]]],
        *,
        retry: RetryPolicy,
        interval: float = 5.0,
        max_outage: float | None = None,
        updates: bool = False,
        on_failure: FailureHook | None = None,
    ) -> None:
        if not isinstance(updates, bool):
            raise ConfigurationError(f"updates={updates!r}: True or False is needed")
        self._poller = Poller(
            fetch, retry=retry, interval=interval, max_outage=max_outage, on_failure=on_failure
        )
        self._updates = updates
        self._visitors: Mapping[str, Visitor] | None = None
        self._changes: deque[Change] = deque()
        self._is_closed = False
        self._wait: asyncio.Timeout | None = None  # that of the task that waits for a change
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def visitors(self) -> Mapping[str, Visitor]:
        """Who was there by the latest answer, by id; empty before the first.

        It is as the answer was, also while changes of that answer are still to be handed out. It
        does not change: the next answer makes another.
        """
        return MappingProxyType({} if self._visitors is None else self._visitors)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        if self._wait is not None:
            raise ClientStateError(
                "another task waits for the next change of this watch: let one task iterate and "
                "hand the changes on, or make a watch for each"
            )
        if not self._is_closed and not self._changes:
            await self._wait_for_changes()
        if self._is_closed:
            raise StopAsyncIteration
        return self._changes.popleft()

    async def _wait_for_changes(self) -> None:
        """Poll until something has changed, or `aclose` is called."""
        # A timeout without a time: what `aclose` sets off, and what tells its cancellation from any
        # other's.
        self._wait = asyncio.timeout(None)
        self._idle.clear()
        try:
            async with self._wait:
                while not self._changes:
                    self._take(await self._poller.next())
        except TimeoutError:
            if not self._is_closed:
                raise
        finally:
            self._wait = None
            self._idle.set()

    def _take(self, answer: Answer[Iterable[Visitor]]) -> None:
        after = to_snapshot(answer.value)
        if answer.outage is not None:
            everybody = tuple(after.values())
            self._changes.append(Resynced(everybody, answer.outage.seconds, answer.outage.failures))
        if self._visitors is None:
            self._changes.extend(Arrived(visitor, at_start=True) for visitor in after.values())
        else:
            self._changes.extend(diff(self._visitors, after, updates=self._updates))
        self._visitors = after

    async def aclose(self) -> None:
        """End it: a loop in another task ends, whatever it waits for. Twice does no harm."""
        if self._wait is not None and not self._is_closed:
            self._wait.reschedule(asyncio.get_running_loop().time())
        self._is_closed = True
        await self._idle.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def _check_hook(hook: Any) -> None:
    if hook is not None and (not callable(hook) or inspect.iscoroutinefunction(hook)):
        raise ConfigurationError(
            f"on_failure={hook!r}: a function of an error and the seconds until the next poll is "
            "needed, and not an async one: it is called, not awaited"
        )
