"""The engine for one process: it needs no server, and its jobs end with the process."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import partial

from livechat_async.checks import check_clock, check_count, check_seconds
from livechat_async.display import number_of
from livechat_async.errors import ClientStateError, ConfigurationError, QueueFullError
from livechat_async.redaction import printable
from livechat_async.webhooks.engine import EngineStatus, Job, JobRunner

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_ABANDON_SECONDS = 10.0  # for the dead-letter hook, with all the jobs left at the end


class MemoryEngine:
    """Jobs wait in this process's memory, and run on its event loop: for tests.

    A job that waits for another attempt lets other jobs run meanwhile. `close` finishes the jobs
    that wait or run.

    What is lost: if the process is killed, all jobs that wait or run, also those that wait for
    another attempt, up to an hour of events. LiveChat got a 200 for them and does not deliver them
    again. And nothing is shared: two workers of one web server, as with ``gunicorn -w 2``, both
    handle an event that LiveChat repeats. A `SQLiteEngine` has neither fault.

    Args:
        queue_size: how many jobs may wait. Others are refused, and LiveChat delivers them again.
        concurrency: how many handlers run at a time.
        remember: for how many seconds successful jobs are remembered; the default is longer than
            the 6 hours in which LiveChat repeated deliveries, as its older documents say.
        remember_most: how many successful jobs are remembered at most, at some 250 bytes each.
        clock: gives seconds that never go back.

    Raises:
        ConfigurationError: a value is out of range.
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
        self._remember = check_seconds("remember", remember, above_zero=True)
        self._remember_most = check_count("remember_most", remember_most)
        check_clock("clock", clock)
        self._clock = clock
        self._run: JobRunner | None = None
        self._accepted: dict[str, Job] = {}  # all jobs that wait or run, by key
        self._waiting: deque[Job] = deque()
        self._returning: deque[asyncio.Future[None]] = deque()  # jobs due for another attempt
        self._resting = 0  # jobs between two attempts
        self._done: OrderedDict[str, float] = OrderedDict()  # when each job succeeded, oldest first
        self._latest: OrderedDict[str, str] = OrderedDict()  # the key of each series' latest job
        self._tasks: set[asyncio.Task[None]] = set()
        self._unstarted: set[object] = set()  # the runs whose task has not begun
        self._closing: asyncio.Task[None] | None = None

    def bind(self, run: JobRunner) -> None:
        """See `livechat_async.webhooks.engine.Engine`."""
        if self._run is not None:
            raise ConfigurationError("engine: a MemoryEngine belongs to one receiver; make another")
        self._run = run

    async def start(self) -> None:
        """Do nothing: there is nothing to open."""

    async def submit(self, job: Job) -> bool:
        """See `livechat_async.webhooks.engine.Engine`."""
        if self._closing is not None:
            raise ClientStateError("the engine is closed: it accepts no jobs")
        if self._run is None:
            raise ConfigurationError("engine: it belongs to no receiver; pass it to one first")
        self._forget()
        if job.series:
            series, job = job.series, job.after(self._latest.get(job.series, ""))
            self._latest[series] = job.key
            self._latest.move_to_end(series)
        if job.key in self._accepted or job.key in self._done:
            return False
        if len(self._waiting) + self._resting >= self._queue_size:
            raise QueueFullError(
                f"the queue is full with {number_of(self._queue_size, 'job')}: raise concurrency "
                "if handlers wait for the network, or queue_size"
            )
        self._accepted[job.key] = job
        self._waiting.append(job)
        self._fill()
        return True

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 (it bounds a part)
        """Accept no more jobs, work on for up to ``timeout`` seconds, then abandon the rest."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(timeout), name="closing the engine")
        await asyncio.shield(self._closing)

    def status(self) -> EngineStatus:
        """How much there is to do."""
        queued = len(self._waiting) + self._resting
        return EngineStatus(queued=queued, running=len(self._accepted) - queued)

    def _forget(self) -> None:
        """Forget successful jobs that are too old, or too many."""
        done = self._done
        oldest = self._clock() - self._remember
        while done and (len(done) > self._remember_most or next(iter(done.values())) <= oldest):
            done.popitem(last=False)
        while len(self._latest) > self._remember_most:
            self._latest.popitem(last=False)

    def _fill(self) -> None:
        """Give every free place to a job; those due for another attempt come first."""
        while self._free > 0:
            if self._returning:
                turn = self._returning.popleft()
                if turn.done():  # its job was cancelled
                    continue
                turn.set_result(None)
            elif self._waiting:
                job = self._waiting.popleft()
                run = object()  # not the key: the job may come again before `_end` is called
                self._unstarted.add(run)
                task = asyncio.create_task(self._work(job, run))
                self._tasks.add(task)
                task.add_done_callback(partial(self._end, job, run))
            else:
                return
            self._free -= 1

    def _end(self, job: Job, run: object, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if run in self._unstarted:
            # The event loop ends, and cancelled the task before it began: `_work` saw nothing.
            self._unstarted.discard(run)
            self._waiting.appendleft(job)
            self._free += 1
            if self._closing is not None:
                self._fill()

    async def _work(self, job: Job, run: object) -> None:
        assert self._run is not None  # noqa: S101 (`submit` has checked it)
        self._unstarted.discard(run)
        try:
            succeeded = await self._run(job, self._rest)
        except BaseException:
            # Cancelled: by `_close`, which abandons it, or at the event loop's end, when a task may
            # still await.
            self._free += 1
            if self._closing is not None:
                self._fill()
            else:
                problem = "was cancelled while it ran; close the receiver before its event loop"
                logger.error("%s %s ends", printable(job.key), problem)  # noqa: TRY400 (the traceback says nothing)
                del self._accepted[job.key]
                await self._abandon([(job, f"it {problem} ends")])
            raise
        if succeeded:
            self._done[job.key] = self._clock()
        del self._accepted[job.key]
        self._free += 1
        self._fill()

    async def _rest(self, seconds: float) -> None:
        """Wait between two attempts, and leave the place to other jobs meanwhile."""
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
                self._free -= 1  # it got no place back, and `_work` is about to free one
            raise
        finally:
            self._resting -= 1

    async def _close(self, seconds: float) -> None:
        ended: asyncio.CancelledError | None = None
        try:
            async with asyncio.timeout(seconds):
                self._fill()  # at the event loop's end, places are free although jobs wait
                while self._tasks:
                    await asyncio.wait(self._tasks)
        except TimeoutError:
            pass
        except asyncio.CancelledError as error:
            ended = error
        waited = {job.key for job in self._waiting}
        # First, so that the jobs cancelled below do not make room for these.
        self._waiting.clear()
        self._unstarted.clear()
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)  # the runner limits how long a handler may take to end
        left = list(self._accepted.values())
        self._accepted.clear()
        if left:
            end = "the receiver was closed" if ended is None else "the event loop ended"
            logger.error("%s with %s left", end, number_of(len(left), "job"))
            began = f"{end} while its handler ran, or waited for another attempt"
            waits = f"{end} while it waited for its turn"
            await self._abandon([(job, waits if job.key in waited else began) for job in left])
        if ended is not None:
            raise ended

    async def _abandon(self, jobs: list[tuple[Job, str]]) -> None:
        """Call the dead-letter hook, with the reason for each job."""
        assert self._run is not None  # noqa: S101 (`submit` has checked it)
        try:
            async with asyncio.timeout(_ABANDON_SECONDS):
                await asyncio.gather(*(self._run.abandon(job, reason) for job, reason in jobs))
        except TimeoutError:
            logger.error("the dead-letter hook did not end within %g s", _ABANDON_SECONDS)  # noqa: TRY400 (the traceback says nothing)
