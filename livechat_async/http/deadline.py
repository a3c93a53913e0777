"""The time by which a call has to be over."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["Deadline", "DeadlinePassed"]

T = TypeVar("T")


class DeadlinePassed(Exception):
    """The time is up."""


class Deadline:
    """So many seconds from now; for ever, if None.

    An event loop's timer takes a good part of the time of a call. So there is none for the whole
    call: whatever may have to wait is awaited by `of`, and an exchange, which has a limit of its
    own, is given what is `left`.
    """

    __slots__ = ("_clock", "_ends", "started")

    def __init__(self, seconds: float | None) -> None:
        self._clock = asyncio.get_running_loop().time
        self.started: float = self._clock()
        self._ends = math.inf if seconds is None else self.started + seconds

    @property
    def elapsed(self) -> float:
        """Seconds since it was set."""
        return self._clock() - self.started

    @property
    def left(self) -> float:
        """Seconds, none of which may be left."""
        return self._ends - self._clock()

    async def of(self, work: Awaitable[T]) -> T:
        """What the work gives, which is cancelled when the time is up.

        Raises:
            DeadlinePassed: it was.
        """
        limit = asyncio.timeout_at(None if self._ends == math.inf else self._ends)
        try:
            async with limit:
                return await work
        except TimeoutError:
            if not limit.expired():
                raise
        raise DeadlinePassed
