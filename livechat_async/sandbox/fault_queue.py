"""The faults that are still to come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from livechat_async.errors import ConfigurationError
from livechat_async.sandbox.faults import Fault

__all__ = ["FaultQueue"]


class FaultQueue:
    """The faults of the next requests, in order."""

    def __init__(self) -> None:
        self._entries: deque[tuple[Fault, int]] = deque()

    def __iter__(self) -> Iterator[Fault]:
        return (fault for fault, times in self._entries for _ in range(times))

    def add(self, fault: object, times: object = 1) -> None:
        """Let the next ``times`` requests that have no fault yet meet this one.

        Raises:
            ConfigurationError: it is no fault, or ``times`` is no number above 0.
        """
        if not isinstance(fault, Fault):
            raise ConfigurationError(
                f"fault={fault!r}: an instance of a fault is needed, such as Status(503)"
            )
        if isinstance(times, bool) or not isinstance(times, int) or times < 1:
            raise ConfigurationError(f"times={times!r}: a number of requests is needed, 1 or more")
        self._entries.append((fault, times))

    def take(self) -> Fault | None:
        """The fault of this request."""
        if not self._entries:
            return None
        fault, times = self._entries.popleft()
        if times > 1:
            self._entries.appendleft((fault, times - 1))
        return fault

    def clear(self) -> None:
        """Forget them."""
        self._entries.clear()
