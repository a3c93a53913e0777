"""Polls on a schedule, and reports what changed between two answers.

`Poller` polls and survives outages; `VisitorWatch` compares its answers. Nothing runs in the
background, and the event loop's clock is the only one.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
import random
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, Self, TypeAlias, TypeVar

from attrs import evolve, frozen

from livechat_async.checks import check_call, check_flag, check_kind, check_seconds, refusal
from livechat_async.display import never_raises, number_of
from livechat_async.errors import (
    CallError,
    ClientStateError,
    RateLimitError,
    ServerError,
)
from livechat_async.http.retry import is_worth_repeating
from livechat_async.models.visitors import Visitor
from livechat_async.options import RetryPolicy
from livechat_async.pagination import BrokenItem, places_of
from livechat_async.watch.changes import Arrived, Change, Resynced, diff, to_snapshot

T = TypeVar("T")

FailureHook: TypeAlias = Callable[[CallError, float], object]
"""Called with the error of a failed poll, and the seconds until the next poll."""

logger: logging.Logger = logging.getLogger("livechat_async")

_MIN_INTERVAL = 0.01
_JITTER = 0.05
_MAX_BACKOFF = 60.0
_MAX_DOUBLINGS = 60


@frozen
class Poll(Generic[T]):
    """An answer, how many polls failed before it, and the seconds since the answer before those."""

    value: T
    failures: int = 0
    outage: float = 0.0


class Poller(Generic[T]):
    """Makes the same call again and again.

    The first poll starts at once. The others start at multiples of ``interval`` after it, up to 5 %
    late so that many pollers spread. A poll is skipped while the last one is still running. If
    `next` is called late, it polls at once.

    After a temporary failure, `next` waits the interval, then twice the interval, and so on up to
    60 s or the interval, whichever is longer, and never less than ``retry_after``.

    Args:
        fetch: makes one poll.
        retry: which failures are temporary, besides every 429 and every 5xx.
        interval: seconds between two polls.
        max_outage: seconds from the first failed poll. A poll that fails later, or asks to wait for
            longer, raises its error.
        on_failure: called after each temporary failure.
        draw: draws a number between two others.

    Raises:
        ConfigurationError: an argument cannot be used.
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
        check_call("fetch", fetch, "that makes one poll")
        check_kind("retry", retry, RetryPolicy, "RetryPolicy(attempts=3)")
        check_seconds("interval", interval, at_least=_MIN_INTERVAL)
        if max_outage is not None:
            check_seconds("max_outage", max_outage)
        _check_hook(on_failure)
        self._fetch = fetch
        # A long `retry_after` is a reason to wait, not to give up.
        self._retry = evolve(retry, retry_after_max=float(sys.maxsize))
        self.interval = interval
        self._max_outage = max_outage
        self._on_failure = on_failure
        self._draw = draw
        self._started: float | None = None
        self._due = -math.inf
        self._known_until = 0.0
        self._failing_since = 0.0
        self._failures = 0

    async def next(self) -> Poll[T]:
        """The next successful poll. If it is cancelled, the next one starts on schedule.

        Raises:
            LiveChatError: the failure is not temporary, or the outage is too long.
        """
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(max(0.0, self._due - clock()))
            begun = clock()
            if self._started is None:
                self._started = self._known_until = begun
            # Set before the poll, so that a cancelled or failed one is not repeated at once.
            self._due = self._tick_after(begun + self.interval / 2)
            try:
                value = await self._fetch()
            except Exception as error:
                self._failures += 1
                if self._failures == 1:
                    self._failing_since = begun
                if not isinstance(error, CallError) or not self._is_temporary(error):
                    raise
                pause = self._pause(error, clock())
                if pause is None:
                    raise
                self._due = clock() + pause
                self._report(error, pause)
                continue
            now = clock()
            self._due = self._tick_after(max(begun + self.interval / 2, now))
            outage = now - self._known_until if self._failures else 0.0
            poll = Poll(value, self._failures, outage)
            self._known_until, self._failures = now, 0
            return poll

    def _tick_after(self, moment: float) -> float:
        started = moment if self._started is None else self._started
        number = math.floor((moment - started) / self.interval) + 1
        return started + number * self.interval + self._draw(0.0, self.interval * _JITTER)

    def _is_temporary(self, error: CallError) -> bool:
        if isinstance(error, (ServerError, RateLimitError)):
            return True
        return is_worth_repeating(error, self._retry, read=True)

    def _pause(self, error: CallError, now: float) -> float | None:
        """Seconds to wait after a failure; None if the outage is too long."""
        doubled = self.interval * 2.0 ** min(self._failures - 1, _MAX_DOUBLINGS)
        backoff = min(doubled, max(self.interval, _MAX_BACKOFF))
        asked: float = getattr(error, "retry_after", None) or 0.0
        pause = max(backoff, asked) + self._draw(0.0, backoff * _JITTER)
        if self._max_outage is None:
            return pause
        left = self._failing_since + self._max_outage - now
        return None if left <= 0 or asked > left else min(pause, left)

    def _report(self, error: CallError, pause: float) -> None:
        logger.info(
            "poll failed (%d in a row), the next is in %.2f s: %s", self._failures, pause, error
        )
        if self._on_failure is not None:
            self._on_failure(error, pause)


class VisitorWatch:
    """What visitors do, as polls see it: `Arrived`, `Left` and so on.

    ::

        async with client.visitors.watch(interval=5) as watch:
            async for change in watch:
                match change:
                    case Arrived(visitor):
                        greet(visitor)
                    case StateChanged(visitor, before):
                        ...

    Guarantees:

    - The changes after an answer turn what was known before into exactly what is known now: who is
      there, in which state, on which page. Start with no visitors: `Arrived` adds its visitor,
      `StateChanged` and `PageChanged` replace theirs, `Left` removes its own. With
      ``updates=True`` this gives every field as in the latest answer.
    - Every visitor in the first answer is `Arrived`, with ``at_start``.
    - For one answer, visitors who left come first, then the others in the order of the answer. If
      both state and page of a visitor changed, `StateChanged` comes first; both changes hold the
      visitor as they are now.
    - A visitor who leaves and comes back between two answers is `Left` and `Arrived` if they have a
      later ``last_visit``. One who comes and leaves between two answers is not seen.
    - Polls that fail temporarily do not end the watch. The first answer after them gives a
      `Resynced`, then the usual changes. A program that handles those needs nothing else.
    - A lasting failure (wrong credentials, a refused argument, a closed client) is raised at once.
      A new loop continues where the last one stopped, even then.

    The watch polls only while the loop waits for a change, so a loop that ends leaves nothing
    running. While the body of the loop works, nothing queues up: the next poll starts when all
    changes of the last one are handed out, at once if it is due. One task can use a watch.

    `VisitorsResource.watch` makes it, and documents the arguments.
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
        check_flag("updates", updates)
        self._poller = Poller(
            fetch, retry=retry, interval=interval, max_outage=max_outage, on_failure=on_failure
        )
        self._updates = updates
        self._visitors: Mapping[str, Visitor] | None = None
        self._changes: deque[Change] = deque()
        self._broken: Sequence[BrokenItem] = ()
        self._is_closed = False
        # Of the task that waits for a change. `aclose` sets it off, to cancel nothing but the wait.
        self._wait: asyncio.Timeout | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    @never_raises
    def __repr__(self) -> str:
        known = "no answer yet"
        if self._visitors is not None:
            known = number_of(len(self._visitors), "visitor")
        if self._is_closed:
            return f"<VisitorWatch, {known}: closed>"
        return (
            f"<VisitorWatch every {self._poller.interval:g} s, {known}: "
            "`async for change in watch` gives what changes>"
        )

    @property
    def visitors(self) -> Mapping[str, Visitor]:
        """The visitors in the latest answer, by id; empty before the first answer.

        It does not wait for the changes to be handed out. The next answer makes a new mapping.
        """
        return MappingProxyType({} if self._visitors is None else self._visitors)

    @property
    def broken(self) -> Sequence[BrokenItem]:
        """The visitors who were skipped in the latest answer, with ``on_broken="skip"``."""
        return self._broken

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        if self._wait is not None:
            raise ClientStateError(
                "another task waits for the next change of this watch: let one task iterate and "
                "pass the changes on, or make a watch for each task"
            )
        if not self._is_closed and not self._changes:
            await self._wait_for_changes()
        if self._is_closed:
            raise StopAsyncIteration
        return self._changes.popleft()

    async def _wait_for_changes(self) -> None:
        """Poll until something has changed, or `aclose` is called."""
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

    def _take(self, poll: Poll[Iterable[Visitor]]) -> None:
        broken: Sequence[BrokenItem] = getattr(poll.value, "broken", ())
        if broken and broken != self._broken:
            text = "the watch skips visitors that cannot be read: %s"
            logger.warning(text, places_of(broken))
        self._broken = broken
        after = to_snapshot(poll.value)
        if poll.failures:
            self._changes.append(Resynced(tuple(after.values()), poll.outage, poll.failures))
        if self._visitors is None:
            self._changes.extend(Arrived(visitor, at_start=True) for visitor in after.values())
        else:
            self._changes.extend(diff(self._visitors, after, updates=self._updates))
        self._visitors = after

    async def aclose(self) -> None:
        """End the watch, and the loop in whichever task. Closing twice does no harm."""
        if self._wait is not None and not self._is_closed:
            self._wait.reschedule(asyncio.get_running_loop().time())
        self._is_closed = True
        await self._idle.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _check_hook(hook: Any) -> None:
    if hook is not None and (not callable(hook) or inspect.iscoroutinefunction(hook)):
        needed = (
            "a function of an error and the seconds until the next poll is needed, and not an "
            "async one: it is called, not awaited"
        )
        raise refusal("on_failure", hook, needed)
