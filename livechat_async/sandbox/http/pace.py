"""How fast the API answers."""

from __future__ import annotations

import asyncio

from livechat_async.checks import check_seconds

__all__ = ["Pace"]

_THAW_SECONDS = 0.02


class Pace:
    """How fast the API answers: after ``latency`` seconds, and not at all while it is frozen."""

    def __init__(self) -> None:
        self._latency = 0.0
        self.is_frozen = False

    @property
    def latency(self) -> float:
        """Seconds before each request of the API is carried out."""
        return self._latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._latency = check_seconds("latency", seconds)

    async def wait(self) -> None:
        """Wait until a request may be carried out."""
        if self._latency:
            await asyncio.sleep(self._latency)
        while self.is_frozen:  # noqa: ASYNC110 - an Event is of one thread; any may thaw this
            await asyncio.sleep(_THAW_SECONDS)
