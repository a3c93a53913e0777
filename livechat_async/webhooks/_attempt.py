"""One run of somebody else's coroutine, bounded in time, whatever it does."""

from __future__ import annotations

import asyncio
import logging
import time
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from livechat_async.redaction import printable

__all__ = ["StuckError", "TimeLimit"]

logger: logging.Logger = logging.getLogger("livechat_async.webhooks")

_GRACE = 5.0  # for what a coroutine does in its `finally` and `except CancelledError`
_BLOCKED = 1.0


class StuckError(TimeoutError):
    """It did not end when it was cancelled: it still runs, and nobody waits for it any more."""


class TimeLimit:
    """Runs coroutines, each in a task of its own, and waits no longer than it was told.

    Args:
        grace: seconds that a cancelled coroutine has to end.
        blocked: seconds of one step, from one ``await`` to the next, from which on a warning is
            logged: nothing else runs on the event loop meanwhile.
    """

    def __init__(self, grace: float = _GRACE, blocked: float = _BLOCKED) -> None:
        self._grace = grace
        self._blocked = blocked
        self._stuck: set[asyncio.Task[Any]] = set()

    @property
    def stuck(self) -> int:
        """How many still run though they were cancelled and given up."""
        return len(self._stuck)

    async def run(
        self, call: Callable[..., Coroutine[Any, Any, Any]], *args: Any, seconds: float, what: str
    ) -> Exception | None:
        """What went wrong, or None. What returns has succeeded, even if it was cancelled before.

        Args:
            call: the async function to run.
            args: what it is called with.
            seconds: its time limit.
            what: its name for messages, such as ``the handler show_crm``.
        """
        task = asyncio.create_task(_guarded(call, args, what, self._blocked), name=what)
        expired = False
        try:
            await asyncio.wait((task,), timeout=seconds)
            if not task.done():
                expired = True
                task.cancel()
                await asyncio.wait((task,), timeout=self._grace)
        except asyncio.CancelledError:
            await self._stop(task)
            raise
        return self._outcome(task, what, seconds if expired else None)

    async def _stop(self, task: asyncio.Task[Any]) -> None:
        task.cancel()
        try:
            await asyncio.wait((task,), timeout=self._grace)
        finally:
            if task.done():
                _forget(task)
            else:
                self._give_up(task)

    def _give_up(self, task: asyncio.Task[Any]) -> None:
        self._stuck.add(task)
        task.add_done_callback(self._stuck.discard)
        task.add_done_callback(_forget)

    def _outcome(
        self, task: asyncio.Task[Any], what: str, expired: float | None
    ) -> Exception | None:
        if not task.done():
            self._give_up(task)
            return StuckError(
                f"{what} took longer than {expired:g} s and did not end when it was cancelled: it "
                "goes on in the background. Let asyncio.CancelledError through"
            )
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            return None
        if expired is not None:
            late = TimeoutError(f"{what} took longer than {expired:g} s")
            late.__cause__ = error
            return late
        if isinstance(error, Exception):
            return error
        kind = "CancelledError" if error is None else type(error).__name__
        odd = RuntimeError(f"{what} raised {kind}")
        odd.__cause__ = error
        return odd


def _forget(task: asyncio.Task[Any]) -> None:
    """Take the exception, which asyncio would log otherwise, with what is in it."""
    if not task.cancelled():
        task.exception()


async def _guarded(
    call: Callable[..., Coroutine[Any, Any, Any]],
    args: tuple[Any, ...],
    what: str,
    blocked: float,
) -> None:
    try:
        await _timed(call(*args), what, blocked)
    except SystemExit as error:  # asyncio would stop the whole event loop
        raise RuntimeError(f"{what} raised SystemExit({error.code!r})") from error


@types.coroutine
def _timed(call: Coroutine[Any, Any, Any], what: str, blocked: float) -> Generator[Any, Any, Any]:
    """Run the coroutine as ``await`` does, with an eye on the time each step takes."""
    step: Any = call.send
    value: Any = None
    while True:
        began = time.monotonic()
        try:
            waits_for = step(value)
        except StopIteration as end:
            return end.value
        finally:
            seconds = time.monotonic() - began
            if seconds >= blocked:
                logger.warning(
                    "%s blocked the event loop for %.1f s; use asyncio.to_thread for what cannot "
                    "be awaited",
                    printable(what),
                    seconds,
                )
        try:
            value = yield waits_for
        except GeneratorExit:
            call.close()
            raise
        except BaseException as error:  # noqa: BLE001 (the coroutine's to deal with)
            step, value = call.throw, error
        else:
            step = call.send
