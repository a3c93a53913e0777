"""The engine for one machine: jobs wait in a SQLite file, and run on the event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from os import PathLike

from livechat_async.checks import check_clock, check_count, check_seconds
from livechat_async.display import number_of
from livechat_async.errors import ClientStateError, ConfigurationError, QueueFullError
from livechat_async.redaction import kind_of, printable
from livechat_async.webhooks.engine import EngineStatus, Job, JobRunner
from livechat_async.webhooks.runner import attempt_stored
from livechat_async.webhooks.sqlite.database import DatabaseError, checked_path
from livechat_async.webhooks.sqlite.store import (
    Answer,
    Batch,
    Ending,
    JobStore,
    NewJob,
    Report,
    TakenJob,
)

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_LOOK_EVERY = 1.0  # seconds; so long may another process's job wait for a free place here
_GATHER = 0.004  # seconds between two transactions at least: fewer and larger ones cost less
_PAUSE = 0.5  # seconds between two tries while the database cannot be used
_FLUSH_SECONDS = 10.0  # for the last outcomes, at the end


class SQLiteEngine:
    """Jobs wait in a SQLite file, and run on this process's event loop.

    ::

        bot = WebhookReceiver(client, credentials=..., engine=SQLiteEngine("bot.sqlite3"))

    The engine promises:

    1. A webhook answered 200 is on the disk: its transaction has been synchronised, with those of
       all other webhooks of the same moment. A kill of the process loses nothing, nor does a loss
       of power if the disk keeps what it has confirmed.
    2. A job whose process ended begins again, in the next process or in another one that shares
       the file, within about a second. A handler runs twice only if the process ended after the
       handler and before its outcome was recorded.
    3. Several processes of one machine may share the file, such as the workers of a web server:
       one of them runs the job. A job runs again elsewhere only if its process has ended.
    4. A job that waits for another attempt waits in the file, through restarts too. A clock that
       is set back delays no job that came while it was ahead.
    5. A repeat of an event does not run a handler that succeeded, for ``remember`` seconds.
    6. What was given up stays as a dead letter, with its error, for ``keep`` seconds;
       ``livechat-async webhooks dead`` shows, replays and discards it.
    7. A job whose handler this process does not have waits for a process that has it, and is given
       up after ``remember`` seconds. A stored event that can no longer be read, and a job that
       ``max_losses`` processes did not survive, are given up at once. None of them blocks others.
    8. While the database is locked or damaged or the disk is full, webhooks are answered 503, so
       that LiveChat delivers them again. On a full disk, jobs still run and end. Otherwise their
       outcomes wait in memory.

    The file is readable by its owner only, because events hold tokens and what visitors said. It
    has to be on a local disk. Beside it are ``-wal`` and ``-shm``, which belong to it; ``-owners``,
    which shows what processes live; and ``-reserve``, 8 MiB that are given up on a full disk.

    Args:
        path: the file; it is made if it does not exist.
        queue_size: how many jobs may wait. Others are refused, and LiveChat delivers them again.
        concurrency: how many handlers run at a time in this process.
        remember: for how many seconds successful jobs are remembered; the default is longer than
            the 6 hours in which LiveChat repeated deliveries, as its older documents say.
        keep: for how many seconds dead letters are kept, 30 days by default.
        max_losses: a job is given up if this many processes ended while they ran it.
        clock: gives Unix seconds.

    Raises:
        ConfigurationError: a value is out of range.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        queue_size: int = 100_000,
        concurrency: int = 64,
        remember: float = 25_200.0,
        keep: float = 2_592_000.0,
        max_losses: int = 10,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._queue_size = check_count("queue_size", queue_size)
        self._free = check_count("concurrency", concurrency)
        self._remember = check_seconds("remember", remember, above_zero=True)
        self._max_losses = check_count("max_losses", max_losses)
        check_clock("clock", clock)
        self._clock = clock
        self._store = JobStore(
            checked_path(path),
            queue_size=queue_size,
            remember=remember,
            keep=check_seconds("keep", keep, above_zero=True),
            clock=clock,
        )
        self._run: JobRunner | None = None
        self._thread = ThreadPoolExecutor(1, "livechat_async jobs")
        self._next = Batch()  # the steps of the next transaction
        self._answers: list[asyncio.Future[bool]] = []  # to its new jobs
        self._in_hand = 0  # outcomes in the last transaction
        self._wake = asyncio.Event()
        self._has_due = False  # jobs may be due that no process has taken
        self._handlers: set[str] = set()  # for which jobs may wait
        self._due: asyncio.TimerHandle | None = None  # until a job is due
        self._look: asyncio.TimerHandle | None = None  # until the next look around
        self._report = Report()
        self._problem = ""  # with the database, as it was logged
        self._unknown: set[str] = set()  # names of handlers that were logged
        self._mine: set[str] = set()  # jobs that run, or whose outcome is not stored yet
        self._tasks: set[asyncio.Task[None]] = set()
        self._pump: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._is_stopping = False  # `_close` cancels what still runs
        self._is_ending = False  # nothing runs any more, and the last outcomes are stored

    def bind(self, run: JobRunner) -> None:
        """See `livechat_async.webhooks.engine.Engine`."""
        if self._run is not None:
            raise ConfigurationError("engine: a SQLiteEngine belongs to one receiver; make another")
        self._run = run

    async def start(self) -> None:
        """Open the database. If it is only locked or full now, webhooks are answered 503.

        Raises:
            ConfigurationError: the file is no database of jobs, is damaged, or cannot be written.
        """
        if self._pump is not None or self._closing is not None:
            return
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._store.open)
        except DatabaseError as problem:
            if problem.is_lasting:
                raise ConfigurationError(f"the bot's database {problem}") from None
            self._note(problem)
        self._pump = asyncio.create_task(self._write(), name="storing jobs")
        self._look_around()

    async def submit(self, job: Job) -> bool:
        """Store a job. On return it is on the disk; False if it is a repeat.

        Raises:
            QueueFullError: ``queue_size`` jobs wait, or the database cannot be used now.
            ClientStateError: the engine is not started, or is closed.
            ConfigurationError: the job has no body.
        """
        if self._closing is not None:
            raise ClientStateError("the engine is closed: it accepts no jobs")
        if self._pump is None or self._pump.done():
            raise ClientStateError("the engine is not started: start its receiver first")
        if not job.body:
            raise ConfigurationError(
                "a SQLiteEngine stores the body of a job: pass body=... to Job"
            )
        starts = self._free > 0
        self._free -= starts
        answer = asyncio.get_running_loop().create_future()
        self._next.jobs.append(NewJob(job, starts))
        self._answers.append(answer)
        self._wake.set()
        accepted: bool = await answer
        return accepted

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 (it bounds a part)
        """Accept no more jobs, and let those that run end; the others stay in the file."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(timeout), name="closing the engine")
        await asyncio.shield(self._closing)

    def status(self) -> EngineStatus:
        """How much there is to do: in all processes, but ``running`` in this one."""
        return EngineStatus(
            queued=self._report.waiting,
            running=len(self._tasks),
            dead_letters=self._report.letters,
        )

    async def _write(self) -> None:
        """Do batches of steps, one after the other, until the engine is closed."""
        loop = asyncio.get_running_loop()
        gathered = 0.0
        try:
            while not self._is_ending or self._next.endings or self._answers:
                await self._wake.wait()
                if not self._is_ending:
                    await asyncio.sleep(gathered + _GATHER - loop.time())
                self._wake.clear()
                gathered = loop.time()
                batch, answers = self._cut()
                self._in_hand = len(batch.endings)
                work = self._thread.submit(self._store.apply, batch)
                try:
                    report = await asyncio.wrap_future(work)
                except asyncio.CancelledError:
                    if work.cancelled():  # before it began: `end` records what ended
                        self._next.endings[:0] = batch.endings
                    self._refuse(batch, answers)
                    raise
                except Exception as error:  # noqa: BLE001 (those who wait need an answer)
                    self._fail(batch, answers, error)
                    await asyncio.sleep(0 if self._answers else _PAUSE)
                else:
                    self._digest(batch, answers, report)
        finally:
            self._thread.submit(self._store.end, self._next.endings)
            self._thread.shutdown(wait=False)

    def _cut(self) -> tuple[Batch, list[asyncio.Future[bool]]]:
        """The steps that have gathered. Free places are reserved for jobs that are due."""
        batch, self._next = self._next, Batch()
        answers, self._answers = self._answers, []
        if batch.look:
            batch.mine = frozenset(self._mine)
        if self._has_due and self._closing is None and self._run is not None:
            batch.wanted, self._free = self._free, 0
            now = self._clock()
            batch.before = {each: now - self._patience(each) for each in self._handlers}
        return batch, answers

    def _digest(self, batch: Batch, answers: list[asyncio.Future[bool]], report: Report) -> None:
        """Start jobs, and answer those who wait."""
        self._report = report
        self._note(report.problem)
        self._mine.difference_update(ending.key for ending in batch.endings)
        if batch.wanted:
            self._free += batch.wanted
            self._has_due = len(report.taken) == batch.wanted
        if report.oldest is not None:
            self._see(report.oldest)
        for taken in report.taken:
            self._free -= 1
            self._start(taken)
        if report.problem is not None:
            self._refuse(batch, answers)
            return
        for new, answer, said in zip(batch.jobs, answers, report.answers, strict=True):
            self._admit(new, answer, said)
        if self._has_due and self._free:
            self._wake.set()

    def _admit(self, new: NewJob, answer: asyncio.Future[bool], said: str | Answer) -> None:
        """Start a new job if it has a place, and answer who waits for it."""
        if isinstance(said, Answer):
            self._free += new.starts
        elif new.starts:
            job = TakenJob(key=said, handler=new.job.handler, body=new.job.body)
            self._start(job, new.job)
        else:
            self._handlers.add(new.job.handler)
            self._has_due = True
        if answer.done():  # the one who waited was cancelled
            return
        if said is Answer.FULL:
            answer.set_exception(
                QueueFullError(
                    f"the queue is full with {number_of(self._queue_size, 'job')}: raise "
                    "concurrency if handlers wait for the network, or queue_size"
                )
            )
        else:
            answer.set_result(said is not Answer.REPEAT)

    def _fail(self, batch: Batch, answers: list[asyncio.Future[bool]], error: Exception) -> None:
        """Refuse the new jobs of a batch, and keep its other steps for the next one."""
        problem = error
        if not isinstance(problem, DatabaseError):
            logger.error("a step of the database failed unexpectedly", exc_info=error)
            problem = DatabaseError(f"{self._store.path}: {kind_of(error)}", is_lasting=False)
        self._note(problem)
        self._free += batch.wanted
        self._next.endings[:0] = batch.endings
        self._next.look |= batch.look
        self._refuse(batch, answers)
        if self._next.endings:
            self._wake.set()

    def _refuse(self, batch: Batch, answers: list[asyncio.Future[bool]]) -> None:
        for new, answer in zip(batch.jobs, answers, strict=True):
            self._free += new.starts
            if not answer.done():
                answer.set_exception(QueueFullError("the database cannot be used now"))

    def _note(self, problem: DatabaseError | None) -> None:
        """Log once that the database cannot be used, and once that it can again."""
        text = "" if problem is None else str(problem)
        if text and text != self._problem:
            logger.error("webhooks are answered 503, because of the database %s", text)
        elif self._problem and not text:
            logger.warning("the database of jobs can be used again")
        self._problem = text

    def _look_around(self) -> None:
        """Find jobs of other processes, and jobs that are due, once in a while."""
        self._next.look = True
        self._wake.set()
        self._look = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look_around)

    def _see(self, oldest: dict[str, float]) -> None:
        """Note for which handlers jobs wait, and when the first of them is to be taken."""
        self._handlers = set(oldest)
        for handler, due in oldest.items():
            patience = self._patience(handler)
            self._await(due + patience)
            if patience and handler not in self._unknown:
                self._unknown.add(handler)
                logger.warning(
                    "jobs wait for a handler named %r, which this bot does not have: they are left "
                    "to bots that have it, and become dead letters after %g s",
                    printable(handler),
                    self._remember,
                )

    def _patience(self, handler: str) -> float:
        """How many seconds a job is left to other processes."""
        assert self._run is not None  # noqa: S101 (only a receiver starts an engine)
        return 0.0 if self._run.knows(handler) else self._remember

    def _await(self, due: float) -> None:
        """Take jobs at this time; later ones are found by looking around."""
        wait = due - self._clock()
        if wait < _LOOK_EVERY:
            loop = asyncio.get_running_loop()
            if self._due is None or self._due.when() > loop.time() + wait:
                if self._due is not None:
                    self._due.cancel()
                self._due = loop.call_later(wait, self._take_due)

    def _take_due(self) -> None:
        self._due = None
        self._has_due = True
        self._wake.set()

    def _start(self, stored: TakenJob, job: Job | None = None) -> None:
        if self._closing is not None:
            self._free += 1
            self._end(Ending(stored.key, "back"))
            return
        self._mine.add(stored.key)
        task = asyncio.create_task(self._work(stored, job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, stored: TakenJob, job: Job | None) -> None:
        """Run a job once, and record how it ended."""
        try:
            ending = await self._attempt(stored, job)
        except BaseException:
            # Cancelled: by `_close`, or at the event loop's end.
            if not self._is_stopping:
                logger.error(  # noqa: TRY400 (the traceback says nothing)
                    "%s was cancelled while it ran, and runs again in the next process; close the "
                    "receiver before its event loop ends",
                    printable(stored.key),
                )
            self._end(Ending(stored.key, "back"))
            raise
        finally:
            self._free += 1
        self._end(ending)
        if ending.kind == "again":
            self._handlers.add(stored.handler)
            self._await(ending.due)

    async def _attempt(self, stored: TakenJob, job: Job | None) -> Ending:
        assert self._run is not None  # noqa: S101 (only a receiver starts an engine)
        reason = ""
        if not self._run.knows(stored.handler):
            reason = f"no handler is named {printable(stored.handler)!r}"
        elif stored.losses >= self._max_losses:
            reason = f"it was begun {stored.losses} times, and its process ended each time"
        outcome, attempts = await attempt_stored(self._run, stored, reason, job)
        if outcome.succeeded:
            return Ending(stored.key, "done")
        if outcome.wait is None:
            return Ending(stored.key, "dead", attempts=attempts, error=outcome.error)
        due = self._clock() + outcome.wait
        return Ending(stored.key, "again", due=due, attempts=attempts)

    def _end(self, ending: Ending) -> None:
        self._next.endings.append(ending)
        self._wake.set()

    async def _close(self, seconds: float) -> None:
        tasks = set(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        self._is_stopping = True
        left = {task for task in tasks if not task.done()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)  # the runner limits how long a handler may take to end
            stopped = number_of(len(left), "job")
            logger.warning("stopped %s, to run again in the next process", stopped)
        for timer in (self._due, self._look):
            if timer is not None:
                timer.cancel()
        if self._pump is None:
            return
        self._is_ending = True
        self._wake.set()
        _, unfinished = await asyncio.wait((self._pump,), timeout=_FLUSH_SECONDS)
        if unfinished:
            count = len(self._next.endings) or self._in_hand
            logger.error("%d outcomes could not be stored: these jobs run again", count)
            self._pump.cancel()
            await asyncio.wait((self._pump,))
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)

    def __repr__(self) -> str:
        return f"<SQLiteEngine at {self._store.path}>"
