"""Whether every item of a window was seen, although items come and go while it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from attrs import define, field

from livechat_async.pagination import BrokenItem, Page, ids_of


@define
class _Pass:
    """One walk over the pages of a window."""

    seen: set[str] = field(factory=set)
    broken: list[BrokenItem] = field(factory=list)
    totals: set[int] = field(factory=set)
    new: list[int] = field(factory=list)  # how many new ids each page had


class Completeness:
    """Counts the items of a window over several walks, and compares them with ``total``.

    A window is complete once we have seen as many ids as the largest `total` any answer gave. If
    `total` shrank, items were deleted and counting restarts with the next walk. A window is also
    complete if all answers of a walk gave the same `total`, and the walk saw as many items,
    readable or not, or saw nothing new: then `total` is wrong.

    Attributes:
        seen: the ids of all walks.
        broken: the items of a walk that could not be read; of the walk with most.
        total: how many items there are, by the latest answer.
        largest_total: the largest `total` since counting started.
        passes: how many walks are over.
        is_complete: whether every item was seen, at the end of the latest walk.
    """

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.broken: Sequence[BrokenItem] = ()
        self.total: int | None = None
        self.largest_total: int = 0
        self.passes: int = 0
        self.is_complete: bool = False
        self._counted: set[str] = set()
        self._has_shrunk = False
        self._pass = _Pass()

    def hear(self, total: int | None, largest_before: int) -> None:
        """Take note of the `total` in an answer, even if its page is never looked at.

        ``largest_before`` is `largest_total` when the page was requested: only an answer to a later
        request is surely newer; answers to requests in flight together may be swapped.
        """
        if total is not None:
            self.total = total
            self.largest_total = max(self.largest_total, total)
            self._has_shrunk |= total < largest_before
            self._pass.totals.add(total)

    def add(self, page: Page[Any], keys: Sequence[str]) -> None:
        """Count the items of a page, by the `keys_of` them."""
        self._pass.new.append(len(set(keys) - self.seen))
        self._pass.broken += page.broken
        for seen in (self.seen, self._counted, self._pass.seen):
            seen.update(keys)

    @property
    def can_stop(self) -> bool:
        """Whether a walk after the first can skip the pages that follow."""
        # New items come on top. Below them, only a whole walk finds what is still missing.
        new = self._pass.new
        is_past_new = len(new) > 1 and not new[-1] and all(new[:-1])
        return self._has_counted_all or is_past_new

    @property
    def _has_counted_all(self) -> bool:
        is_known = self.total is not None and not self._has_shrunk
        return is_known and len(self._counted) >= self.largest_total

    def end_pass(self) -> None:
        """End a walk, and decide whether the window is complete."""
        now = self._pass
        size = len(now.seen) + len(now.broken)
        has_all = not any(now.new) or (self.total is not None and size >= self.total)
        self.is_complete = self._has_counted_all or (len(now.totals) <= 1 and has_all)
        self.broken = max(self.broken, now.broken, key=len)
        self.passes += 1
        self._pass = _Pass()
        if self._has_shrunk:
            self._has_shrunk, self.largest_total, self._counted = False, 0, set()


def keys_of(items: Sequence[Any]) -> list[str]:
    """What identifies each item: its id as text, or a digest of its content if it has none."""
    return [
        _digest(item) if id_ is None else str(id_)
        for id_, item in zip(ids_of(items), items, strict=True)
    ]


def _digest(item: Any) -> str:
    content = repr(item).encode("utf-8", "backslashreplace")
    return f"#{hashlib.sha256(content).hexdigest()}"
