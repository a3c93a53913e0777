"""What was met in some days that are walked again and again, and whether that is everything."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from livechat_async.pagination import BrokenItem, Page

__all__ = ["Tally", "identity_of"]

T = TypeVar("T")


class Tally(Generic[T]):
    """Counts items over several walks, and compares them with what the server says.

    Everything was met when so many items were as the largest ``total`` of any answer says, unless
    items went away meanwhile: then counting begins anew with the next walk. So it was when a whole
    walk saw one ``total`` only and met so many, or, where ``total`` is wrong, nothing new.

    Attributes:
        met: the ids of all items of all walks.
        broken: the items of a walk that could not be read; of that with most.
        total: how many items there are, by the latest answer.
        passes: how many walks are over.
        is_settled: whether everything was met, at the end of the latest walk.
    """

    def __init__(self) -> None:
        self.met: set[str] = set()
        self.broken: Sequence[BrokenItem] = ()
        self.total: int | None = None
        self.passes: int = 0
        self.is_settled: bool = False
        self._peak = 0
        self._has_shrunk = False
        self._begin_pass()

    def _begin_pass(self) -> None:
        self._met_now: set[str] = set()
        self._broken_now: list[BrokenItem] = []
        self._totals: set[int] = set()
        self._news = 0
        self._pages = self._pages_with_news = 0
        self._is_past_news = False
        if self._has_shrunk:
            self._has_shrunk, self._peak = False, 0
            self._counted: set[str] = set()
        elif self.passes == 0:
            self._counted = set()

    def ask(self) -> int:
        """A page is asked for.

        Returns:
            The largest ``total`` so far, for `answer`.
        """
        return self._peak

    def answer(self, total: int | None, before: int) -> None:
        """An answer came, whether its page is looked at or not.

        Args:
            total: how many items there are.
            before: what `ask` said. An answer to a request that was sent later is newer for sure;
                of those that were in flight together, nobody knows.
        """
        if total is not None:
            self.total = total
            self._totals.add(total)
            self._has_shrunk |= total < before
            self._peak = max(self._peak, total)

    def add(self, page: Page[T]) -> dict[str, T]:
        """Take a page in; its items by their ids."""
        items = {identity_of(item): item for item in page.items}
        news = len(items.keys() - self.met)
        self._pages += 1
        self._pages_with_news += news > 0
        # New items come at the top. Below them, only a whole walk finds what is still missing.
        self._is_past_news = 0 < self._pages_with_news == self._pages - 1 and not news
        self._news += news
        self.met |= items.keys()
        self._counted |= items.keys()
        self._met_now |= items.keys()
        self._broken_now += page.broken
        return items

    @property
    def is_enough(self) -> bool:
        """Whether a walk after the first need not go further down."""
        return self._has_met_all or self._is_past_news

    @property
    def _has_met_all(self) -> bool:
        return self.total is not None and not self._has_shrunk and len(self._counted) >= self._peak

    def end_pass(self) -> None:
        """A walk is over."""
        self.passes += 1
        is_still = len(self._totals) <= 1
        has_all = (
            self.total is not None and len(self._met_now) + len(self._broken_now) >= self.total
        )
        self.is_settled = self._has_met_all or (is_still and (has_all or not self._news))
        self.broken = max(self.broken, self._broken_now, key=len)
        self._begin_pass()


def identity_of(item: Any) -> str:
    """Its id; of an item without one, what it holds."""
    identity = item.get("id") if isinstance(item, dict) else getattr(item, "id", None)
    if identity is not None and identity != "":
        return str(identity)
    content = repr(item).encode("utf-8", "backslashreplace")
    return f"#{hashlib.sha256(content).hexdigest()}"
