"""Chats that come and go while somebody pages through the archives."""

from __future__ import annotations

from collections.abc import Callable

from livechat_async.sandbox.checks import to_number

__all__ = ["Movement"]


class Movement:
    """Something that happens to the archives just before a ``GET /chats`` is answered.

    Args:
        move: does it once, and gives the id of the chat; None when there is nothing to do.
        per_request: how many times at each of these requests.
        every: which requests: 1 for each, 3 for the third, the sixth and so on.
        at_most: how many times in all; None for any number.

    Raises:
        ConfigurationError: one of them is no number above 0.
    """

    def __init__(
        self,
        move: Callable[[], str | None],
        *,
        per_request: int,
        every: int,
        at_most: int | None,
    ) -> None:
        self._move = move
        self._per_request = to_number("per_request", per_request, 1)
        self._every = to_number("every", every, 1)
        self._at_most = None if at_most is None else to_number("at_most", at_most, 1)
        self._requests = 0
        self._stopped = False
        self._ids: list[str] = []

    @property
    def ids(self) -> list[str]:
        """The chats it has befallen so far, in order."""
        return list(self._ids)

    def stop(self) -> None:
        """Let it happen no more."""
        self._stopped = True

    def request(self) -> None:
        """A request is about to be answered."""
        self._requests += 1
        if self._stopped or self._requests % self._every:
            return
        for _ in range(self._per_request):
            if self._at_most is not None and len(self._ids) >= self._at_most:
                return
            chat_id = self._move()
            if chat_id is not None:
                self._ids.append(chat_id)
