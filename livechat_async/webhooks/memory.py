"""The engine of one process: no server is needed, and what it holds ends with the process."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

from livechat_async.checks import check_count, check_seconds
from livechat_async.errors import ClientStateError, ConfigurationError, QueueFullError
from livechat_async.redaction import printable
from livechat_async.webhooks.engine import EngineStatus, Job, JobRunner

__all__ = ["MemoryEngine", "MemoryLedger"]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_LAST_WORDS = 10.0  # seconds in which the dead-letter hook is told of all that is left at the end


class MemoryLedger:
    """Which jobs were done, for a while.

    Args:
        remember: seconds.
        most: so many at most; beyond that the oldest is forgotten. Each takes some 200 bytes.
        clock: seconds that never go back.
    """

    def __init__(
        self, remember: float, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._remember = remember
        self._most = most
        self._clock = clock
        self._known: set[str] = set()
        # In the order of time, as all are remembered equally long.
        self._until: deque[tuple[float, str]] = deque()

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, key: str) -> bool:
        self._forget()
        return key in self._known

    def add(self, key: str) -> None:
        """Remember it from now on. It has to be unknown so far."""
        self._known.add(key)
        self._until.append((self._clock() + self._remember, key))
        self._forget()

    def _forget(self) -> None:
        until = self._until
        while until and (len(until) > self._most or until[0][0] <= self._clock()):
            self._known.discard(until.popleft()[1])


class MemoryEngine:
    """Jobs wait in this process' memory, and run on its event loop.

    A job that waits for another attempt leaves its place to others. What waits or runs when the
    process ends is lost; `close` works it off before.

    Args:
        queue_size: so many jobs may wait. A job that finds no room is refused, and LiveChat
            delivers it again.
        concurrency: so many handlers run at a time.
        remember: seconds for which a job that was done is known; the default is a bit above the
            6 hours in which LiveChat repeats.
        remember_most: so many jobs that were done are known at most.
        clock: seconds that never go back.

    Raises:
        ConfigurationError: a value makes no sense.
    """

    def __init__(
        self,
        *,
        queue_size: int = 10_000,
        concurrency: int = 64,
        remember: float = 25_200.0,
        remember_most: int = 1_000_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue_size = check_count("queue_size", queue_size)
        self._free = check_count("concurrency", concurrency)
        self._ledger = MemoryLedger(
            check_seconds("remember", remember, above_zero=True),
            check_count("remember_most", remember_most),
            clock,
        )
        self._run: JobRunner | None = None
        self._accepted: dict[str, Job] = {}  # all that wait or run
        self._waiting: deque[Job] = deque()
        self._returning: deque[asyncio.Future[None]] = deque()
        self._resting = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()

    def bind(self, run: JobRunner) -> None:
        """See `livechat_async.webhooks.engine.Engine`.

        Raises:
            ConfigurationError: it is another receiver's already.
        """
        if self._run is not None:
            raise ConfigurationError("engine: a MemoryEngine belongs to one receiver; make another")
        self._run = run

    async def start(self) -> None:
        """Nothing has to be opened."""

    async def submit(self, job: Job) -> bool:
        """See `livechat_async.webhooks.engine.Engine`."""
        if self._closing is not None:
            raise ClientStateError("the engine is closed: it takes no job")
        self._runner()
        if job.key in self._accepted or job.key in self._ledger:
            return False
        if len(self._waiting) + self._resting >= self._queue_size:
            raise QueueFullError(
                f"{self._queue_size:,} jobs wait already: raise concurrency if handlers wait for "
                "the network, or queue_size"
            )
        self._accepted[job.key] = job
        self._waiting.append(job)
        self._fill()
        return True

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 (it bounds a part)
        """Take no more, work on for up to ``timeout`` seconds, then abandon what is left."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(timeout), name="closing the engine")
        await asyncio.shield(self._closing)

    def status(self) -> EngineStatus:
        """How much there is to do."""
        queued = len(self._waiting) + self._resting
        return EngineStatus(queued=queued, running=len(self._accepted) - queued)

    def _runner(self) -> JobRunner:
        if self._run is None:
            raise ConfigurationError("engine: it belongs to no receiver; pass it to one first")
        return self._run

    def _fill(self) -> None:
        """Give every free place away: first to jobs that come back for another attempt."""
        while self._free > 0:
            if self._returning:
                turn = self._returning.popleft()
                if turn.done():  # it was cancelled
                    continue
                turn.set_result(None)
            elif self._waiting:
                task = asyncio.create_task(self._work(self._waiting.popleft()))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                return
            self._free -= 1

    async def _work(self, job: Job) -> None:
        try:
            succeeded = await self._runner()(job, self._rest)
        except BaseException:
            # Only a cancelled task comes here: at the end of `close`, which sees to what is left,
            # or at the end of the event loop, where no task may be started any more.
            self._free += 1
            if self._closing is None:
                del self._accepted[job.key]
                logger.error(  # noqa: TRY400 (a traceback tells nothing)
                    "%s was cancelled as it ran; close the receiver before its event loop ends",
                    printable(job.key),
                )
            raise
        if succeeded:
            self._ledger.add(job.key)
        del self._accepted[job.key]
        self._free += 1
        self._fill()
        if self._closing is not None and not self._accepted:
            self._idle.set()

    async def _rest(self, seconds: float) -> None:
        """Wait for another attempt, and leave the place to others meanwhile."""
        self._resting += 1
        self._free += 1
        turn: asyncio.Future[None] | None = None
        try:
            self._fill()
            await asyncio.sleep(seconds)
            turn = asyncio.get_running_loop().create_future()
            self._returning.append(turn)
            self._fill()
            await turn
        except BaseException:
            if turn is None or turn.cancelled():
                self._free -= 1  # the place was not had back, and `_work` gives it away once more
            raise
        finally:
            self._resting -= 1

    async def _close(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while self._accepted:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            pass
        except asyncio.CancelledError:  # the event loop ends
            logger.error("%d jobs were left when the event loop ended", len(self._accepted))  # noqa: TRY400 (likewise)
            raise
        waited = {job.key for job in self._waiting}
        self._waiting.clear()  # before anything ends and makes room for them
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)  # the runner bounds what a handler may do about it
        left = list(self._accepted.values())
        self._accepted.clear()
        if left:
            logger.error("the receiver was closed with %d jobs left", len(left))
            await self._abandon(left, waited)

    async def _abandon(self, left: list[Job], waited: set[str]) -> None:
        run = self._runner()
        reasons = {
            True: "the receiver was closed while it waited for its turn",
            False: "the receiver was closed while its handler ran, or waited for another attempt",
        }
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await asyncio.gather(*(run.abandon(j, reasons[j.key in waited]) for j in left))
        except TimeoutError:
            logger.error("the dead-letter hook did not end within %g s", _LAST_WORDS)  # noqa: TRY400 (likewise)
