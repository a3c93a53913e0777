"""The agreement between a receiver and its engine, the place where jobs wait and run.

An event with three handlers makes three jobs. The engine remembers which jobs succeeded, so that a
repeated delivery does not run them again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, Self
from uuid import uuid4

from attrs import field, frozen

from livechat_async.webhooks.events import WebhookEvent

Sleep = Callable[[float], Awaitable[None]]


@frozen
class Job:
    """One event for one handler. It can be pickled, so that a queue can carry it.

    Attributes:
        handler: the handler's name, the same on every machine. It holds no colon.
        body: the event as LiveChat sent it, for engines that store jobs. It holds the token.
        key: the same for every delivery of the event to this handler.
        series: names what has changed, such as a chat, if LiveChat sent no id; else empty. A change
            that is undone and made again is no repeat: only the latest job can be repeated.
    """

    event: WebhookEvent
    handler: str
    body: bytes = field(default=b"", repr=False, eq=False)
    key: str = field(init=False, repr=False, eq=False)
    series: str = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.event.key}:{self.handler}")
        series = self.event.series
        object.__setattr__(self, "series", series and f"{series}:{self.handler}")

    def after(self, latest: str) -> Self:
        """The job with its key in its series, whose latest job has the key ``latest``."""
        key = latest if latest.rpartition("@")[0] == self.key else f"{self.key}@{uuid4().hex[:8]}"
        job = type(self)(self.event, self.handler, self.body)
        object.__setattr__(job, "key", key)
        return job


@frozen(kw_only=True)
class StoredJob:
    """A job as an engine has stored it.

    Attributes:
        handler: the handler's name.
        body: the event as LiveChat sent it. It holds the token.
        attempts: how many have ended.
        losses: how often the process that ran it was lost.
    """

    handler: str
    body: bytes = field(repr=False)
    attempts: int = 0
    losses: int = 0


@frozen
class Outcome:
    """How an attempt at a job ended.

    Attributes:
        succeeded: whether the handler did.
        wait: seconds until the next attempt; None if there is none.
        error: what was wrong, without secrets; several lines if the job was given up.
    """

    succeeded: bool
    wait: float | None = None
    error: str = ""


@frozen
class EngineStatus:
    """How much an engine has to do at this moment.

    Attributes:
        queued: jobs that wait for their turn or for another attempt.
        running: jobs whose handler runs.
        dead_letters: jobs that were given up and are kept; 0 if the engine keeps none.
    """

    queued: int
    running: int
    dead_letters: int = 0


class JobRunner(Protocol):
    """Runs jobs: the receiver's part of the agreement.

    An engine that stores when the next attempt is due calls `attempt`; another one calls the runner
    itself.
    """

    async def attempt(self, job: Job, number: int) -> Outcome:
        """Run a job once. If there is no further attempt, the dead-letter hook has been called.

        Args:
            job: the job.
            number: of this attempt, from 1.

        Raises:
            asyncio.CancelledError: as below.
        """
        ...

    async def __call__(self, job: Job, sleep: Sleep | None = None) -> bool:
        """Run a job to its end, with all its attempts; whether the handler succeeded.

        If it did not, the dead-letter hook has been called. ``sleep`` waits between two attempts;
        an engine may run another job meanwhile.

        Raises:
            asyncio.CancelledError: the task was cancelled, and with it the handler. Only then was
                the dead-letter hook *not* called. Nothing else is raised.
        """
        ...

    def knows(self, handler: str) -> bool:
        """Whether this process has a handler of this name; another machine may have one."""
        ...

    async def abandon(self, job: Job, reason: str) -> None:
        """Give up a job that the engine no longer runs, and call the dead-letter hook.

        ``reason`` says what happened, such as "the receiver was closed while it waited".
        """


class Engine(Protocol):
    """Where jobs wait and run.

    While the process lives, every accepted job is run to its end or abandoned. The engine drops a
    job whose ``key`` is that of a job that waits, runs or has succeeded, but not of one that failed
    for good. It keeps the key of the latest job of each ``series``, for `Job.after`.
    The engine remembers successes for longer than the 6 hours in which LiveChat repeated deliveries
    in its older documents.
    """

    def bind(self, run: JobRunner) -> None:
        """Set what runs the jobs. The receiver calls this once, before `start`."""

    async def start(self) -> None:
        """Begin to work. Calling it again changes nothing."""

    async def submit(self, job: Job) -> bool:
        """Accept a job, as safely as this engine can; False if it is a repeat.

        Raises:
            QueueFullError: there is no room now; the receiver asks LiveChat to deliver again.
            ClientStateError: the engine is closed.
            Exception: the receiver logs any other error, and asks LiveChat to deliver again.
        """
        ...

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 (it bounds a part)
        """Accept no more jobs, work on for up to ``timeout`` seconds, then stop those that run.

        Jobs that only this process knows are then abandoned. Calling it again changes nothing.
        """

    def status(self) -> EngineStatus:
        """How much there is to do. Cheap; never waits."""
        ...
