"""Where jobs wait and run: what a receiver asks of an engine, and what an engine is given.

One event that three handlers are for makes three jobs. The engine remembers which of them were
done, so that a repeated delivery does not run them again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from attrs import field, frozen

from livechat_async.webhooks.events import WebhookEvent

__all__ = ["Engine", "EngineStatus", "Job", "JobRunner", "Sleep"]

Sleep = Callable[[float], Awaitable[None]]


@frozen
class Job:
    """One event for one handler. It pickles, so that a queue can carry it.

    Attributes:
        event: what happened.
        handler: the handler's name, the same on every machine. It holds no colon.
        key: the same for every delivery of the same event to the same handler.
    """

    event: WebhookEvent
    handler: str
    key: str = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.event.key}:{self.handler}")


@frozen
class EngineStatus:
    """How much an engine has to do at this moment.

    Attributes:
        queued: jobs that wait, for their turn or for another attempt.
        running: jobs whose handler runs.
    """

    queued: int
    running: int


class JobRunner(Protocol):
    """Runs a job to its end, with all its attempts: the receiver's half of the agreement."""

    async def __call__(self, job: Job, sleep: Sleep | None = None) -> bool:
        """Whether the handler succeeded. If not, the dead-letter hook has been told already.

        Nothing is raised but `asyncio.CancelledError`, when the task that awaits this is cancelled:
        the handler has then been cancelled, too, and the hook was *not* told.

        Args:
            job: which.
            sleep: waits so many seconds between two attempts; `asyncio.sleep` by default. An engine
                may let another job run meanwhile.
        """
        ...

    def knows(self, handler: str) -> bool:
        """Whether there is a handler of this name here; another machine may have it."""
        ...

    async def abandon(self, job: Job, reason: str) -> None:
        """Give up a job that will not be run to its end: the dead-letter hook is told.

        Args:
            job: which. The engine no longer runs it.
            reason: what happened to it, such as "the receiver was closed while it waited".
        """
        ...


class Engine(Protocol):
    """Where jobs wait and run.

    A job that was accepted is run to its end, or abandoned, as long as the process lives. By its
    ``key``, a repeat of a job that waits, runs or has succeeded is dropped; one that failed for
    good is taken again. What was done is remembered for longer than the 6 hours in which LiveChat
    repeats.
    """

    def bind(self, run: JobRunner) -> None:
        """Told once, by the receiver, before `start`: what runs a job."""
        ...

    async def start(self) -> None:
        """Begin to work. Calling it again changes nothing."""
        ...

    async def submit(self, job: Job) -> bool:
        """Take a job. When this returns, the job is as safe as this engine makes it.

        Returns:
            True if it was taken, False if it is a repeat.

        Raises:
            QueueFullError: there is no room now. LiveChat is asked to deliver it again.
            ClientStateError: the engine is closed.
            Exception: whatever else an engine raises is logged, and answered in the same way.
        """
        ...

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 (it bounds a part)
        """Take no more, work on for up to ``timeout`` seconds, then stop what still runs.

        What one process alone knows is abandoned then. Calling it again changes nothing.
        """
        ...

    def status(self) -> EngineStatus:
        """How much there is to do. Cheap, and never waits."""
        ...
