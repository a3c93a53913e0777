"""Exports: every item of a range of days, each once, even more than LiveChat pages.

LiveChat pages the latest 25,000 chats of a query and no more. So an export asks for fewer days at a
time: it halves the range until it can walk each part, down to single days.

https://developers.livechat.com/docs/management/configuration-api/v2.0#archives
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar, get_args

from attrs import evolve, frozen

from livechat_async.checks import (
    check_call,
    check_choice,
    check_count,
    check_day,
    check_kind,
    find_zone,
)
from livechat_async.display import never_raises, out_of
from livechat_async.errors import (
    BadRequestError,
    CallError,
    ConfigurationError,
    OverfullDayError,
    UnsettledDaysError,
)
from livechat_async.export.checkpoint import Checkpoint, IncompleteDay, Window
from livechat_async.export.completeness import Completeness, keys_of
from livechat_async.http.request import Request
from livechat_async.http.session import SessionManager
from livechat_async.pagination import BrokenItem, BrokenPolicy, Page, Walk, page_fetcher
from livechat_async.redaction import shown

T = TypeVar("T")

OverfullDayPolicy: TypeAlias = Literal["raise", "partial"]

MOST_ITEMS = 25_000
"""How many items of a query LiveChat pages."""

WINDOW_ITEMS = 5_000
"""How many items are walked at a time, and at most read again after a crash."""

BEGINNING = date(2002, 1, 1)
"""A day before the first chat there can be."""

_MAX_PASSES = 20
# If the account's time zone is unknown, today is the latest day that has begun anywhere.
_FIRST_TO_SEE_A_DAY = timezone(timedelta(hours=14))


@frozen(kw_only=True)
class ExportProgress:
    """How far an export has come, including what was done before a crash.

    Attributes:
        items_done: items handed out.
        items_expected: items there are, by the first answer; None where it does not say.
        items_broken: items skipped, with ``on_broken="skip"``.
        windows_done: parts of the range that are finished.
        windows_left: parts that are left; a part that turns out to be too large becomes two.
        window: the part that is being walked; None when all are finished.
    """

    items_done: int
    items_expected: int | None
    items_broken: int
    windows_done: int
    windows_left: int
    window: Window | None


class Export(Generic[T]):
    """Every item of a range of days, each once; oldest days first, newest first within a window.

    ::

        async with client.chats.export(date_from=date(2023, 1, 1)) as export:
            async for chat in export:
                write(chat)
                save(export.checkpoint.to_json())

    An export is one walk: a new loop continues where the last one stopped, even after an error.
    Leaving a loop keeps the prefetched requests until `aclose` or the end of ``async with``.

    If an exception leaves the ``async with``, the item that the loop's body has in hand counts as
    not handed out, unless the body has read `checkpoint` since it got the item. So a checkpoint
    that is saved after the block, in a ``finally``, does not skip an item that was not stored.

    Guarantees:

    - An item of the range is handed out if it is in the archive before its window begins, or
      arrives before LiveChat's last answer about its window. Each window is walked again until as
      many items were seen as LiveChat counts there. Windows finish in the order of their days,
      today's last.
    - An item that arrives in a finished window is missed. At the end, `late` says how many were,
      if no item was deleted from a finished window.
    - No item is handed out twice, even if the export resumes from a checkpoint, and even if
      LiveChat counts a chat around midnight to both days.
    - An item that is deleted meanwhile may or may not be handed out. It costs other items only if
      equally many are added and deleted among answers to requests that are in flight together.
    - A day with more items than LiveChat pages is never cut silently.

    `ChatsResource.export` makes it, and documents the options. ``fetch`` gives a page by its number
    and the days ``date_from`` and ``date_to``, both included. ``query`` is what is asked, as plain
    data: a checkpoint has to be of the same query, and replaces ``first`` and ``last``.

    Attributes:
        broken: items that were skipped since this object was made, with ``on_broken="skip"``.
    """

    def __init__(
        self,
        fetch: Callable[..., Awaitable[Page[T]]],
        *,
        query: Mapping[str, Any],
        first: date,
        last: date,
        prefetch: int | None = None,
        checkpoint: Checkpoint | None = None,
        on_overfull_day: OverfullDayPolicy = "raise",
        window_items: int = WINDOW_ITEMS,
    ) -> None:
        check_call("fetch", fetch, "of the number of a page and of two days")
        check_kind("query", query, Mapping, "{'tag': ['sales']}")
        check_day("first", first)
        check_day("last", last)
        check_choice("on_overfull_day", on_overfull_day, get_args(OverfullDayPolicy))
        self._window_items = min(check_count("window_items", window_items), MOST_ITEMS)
        self._prefetch = 0 if prefetch is None else check_count("prefetch", prefetch)
        if checkpoint is None:
            windows = (Window(first, last),)
            checkpoint = Checkpoint(query=query, first=first, last=last, windows=windows)
        else:
            _check_same_query(checkpoint, query)
        self._fetch = fetch
        self._allows_partial = on_overfull_day == "partial"
        self._state = checkpoint  # of the latest finished or split window, but for these two:
        self._items_done = checkpoint.items_done
        # Each id with the last day of the window it was seen in: after that day it cannot return.
        self._handed_out = {key: day for day, keys in checkpoint.handed_out.items() for key in keys}
        self._in_hand: str | None = None  # the key of the item in the loop's body, until it counts
        self.broken: Sequence[BrokenItem] = ()
        self._late: int | None = None
        self._items: AsyncGenerator[T, None] | None = None

    @never_raises
    def __repr__(self) -> str:
        items = out_of(self.progress.items_done, self.progress.items_expected)
        return (
            f"<Export of {self._state.first} to {self._state.last}, {items} items handed out: "
            "`async for item in export` gives the others, `export.checkpoint` is where to resume>"
        )

    @property
    def checkpoint(self) -> Checkpoint:
        """Where to resume after the items handed out so far. Read it once they are stored."""
        self._in_hand = None  # who reads this has stored the item
        handed_out: dict[date, list[str]] = {}
        for key, day in self._handed_out.items():
            handed_out.setdefault(day, []).append(key)
        return evolve(
            self._state,
            items_done=self._items_done,
            handed_out={day: tuple(keys) for day, keys in handed_out.items()},
        )

    @property
    def progress(self) -> ExportProgress:
        """How far it has come."""
        state, expected = self._state, self._state.items_expected
        return ExportProgress(
            items_done=self._items_done,
            items_expected=None if expected is None else max(expected, self._items_done),
            items_broken=state.items_broken,
            windows_done=state.windows_done,
            windows_left=len(state.windows),
            window=next(iter(state.windows), None),
        )

    @property
    def is_finished(self) -> bool:
        """Whether everything was handed out: then a loop gives nothing more."""
        return self._state.is_finished

    @property
    def incomplete(self) -> Sequence[IncompleteDay]:
        """Days that were cut off, with ``on_overfull_day="partial"``."""
        return self._state.incomplete

    @property
    def late(self) -> int | None:
        """How many items arrived in finished windows; None if that is not known (yet).

        An item that is deleted from a finished window hides one that arrived. The number is not
        known if more were deleted than arrived.
        """
        return self._late

    def __aiter__(self) -> AsyncGenerator[T, None]:
        if self._items is None:
            self._items = self._hand_out()
        return self._items

    async def aclose(self) -> None:
        """Cancel the prefetched requests. A new loop continues where the last one stopped."""
        items, self._items = self._items, None
        if items is not None:
            await items.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None and self._in_hand is not None:
            del self._handed_out[self._in_hand]
            self._items_done -= 1
        self._in_hand = None
        await self.aclose()

    async def _hand_out(self) -> AsyncGenerator[T, None]:
        if self.is_finished:
            return
        try:
            while not self.is_finished:
                window = self._state.windows[0]
                async with aclosing(self._pages(window)) as pages:
                    async for page in pages:
                        for key, item in page.items():
                            self._handed_out[key] = window.last
                            self._items_done += 1
                            self._in_hand = key
                            yield item
                            self._in_hand = None
            await self._count_late()
        except CallError as error:
            error.resume_page = None  # a page of one window; the checkpoint says where to resume
            raise
        finally:
            self._items = None

    async def _pages(self, window: Window) -> AsyncGenerator[dict[str, T], None]:
        """The new items of each page of a window, by their keys. Then finish or split it."""
        seen = Completeness()
        try:
            while not seen.is_complete:
                if (seen.total or 0) > MOST_ITEMS:
                    self._split(window, seen.total, MOST_ITEMS)
                    break
                if seen.passes == _MAX_PASSES:
                    raise UnsettledDaysError(
                        first=window.first, last=window.last, total=seen.total, passes=seen.passes
                    )
                async with aclosing(Walk(partial(self._answer, window, seen), keys_of)) as walk:
                    while (page := await walk.next()) is not None:
                        if not seen.passes and page.number == 1 and self._was_split(window, page):
                            return
                        seen.add(page, walk.ids)
                        yield self._new_items(window, walk.ids, page.items)
                        if seen.passes and seen.can_stop:
                            break
                        walk.prefetch = self._prefetch  # not before: a split costs one request
                seen.end_pass()
        except BadRequestError as error:
            if error.resume_page == 1:
                raise
            # LiveChat pages no further. The items handed out stay known to the halves.
            self._split(window, seen.total, len(seen.seen), error)
        if self._state.windows[0] == window:
            self._finish(window, seen)

    async def _answer(self, window: Window, seen: Completeness, number: int) -> Page[T]:
        largest_before = seen.largest_total
        page = await self._fetch(number, date_from=window.first, date_to=window.last)
        seen.hear(page.total, largest_before)
        if self._state.items_expected is None:
            self._state = evolve(self._state, items_expected=page.total)
        return page

    def _new_items(self, window: Window, keys: list[str], items: Sequence[T]) -> dict[str, T]:
        new = dict(zip(keys, items, strict=True))
        for key in new.keys() & self._handed_out.keys():
            self._handed_out[key] = window.last
            del new[key]
        return new

    def _was_split(self, window: Window, page: Page[T]) -> bool:
        """Split the window if its first page shows that it is too large; say if that was done."""
        size = (page.pages or 0) * page.size if page.total is None else page.total
        if size <= (MOST_ITEMS if window.is_day else self._window_items):
            return False
        self._split(window, page.total, MOST_ITEMS)
        return self._state.windows[0] != window

    def _split(
        self, window: Window, total: int | None, most: int, cause: BadRequestError | None = None
    ) -> None:
        """Replace a window by its halves. A single day stays if it may be cut off.

        Raises:
            OverfullDayError: it is a single day, and may not be cut off.
        """
        if not window.is_day:
            windows = (*window.halves(), *self._state.windows[1:])
            self._state = evolve(self._state, windows=windows)
        elif not self._allows_partial:
            raise OverfullDayError(
                first=window.first, last=window.last, total=total, most=most
            ) from cause

    def _finish(self, window: Window, seen: Completeness) -> None:
        day = IncompleteDay(day=window.first, total=seen.total, exported=len(seen.seen))
        there = [last for last in self._handed_out.values() if last == window.last]
        gone = 0 if seen.total is None else len(there) + len(seen.broken) - seen.total
        self.broken = (*self.broken, *seen.broken)
        self._state = evolve(
            self._state,
            windows=self._state.windows[1:],
            windows_done=self._state.windows_done + 1,
            items_broken=self._state.items_broken + len(seen.broken),
            items_gone=self._state.items_gone + max(0, gone),
            incomplete=(*self._state.incomplete, *(() if seen.is_complete else (day,))),
        )
        # A chat around midnight may come again on the next day, but on no later one.
        self._handed_out = {key: day for key, day in self._handed_out.items() if day >= window.last}

    async def _count_late(self) -> None:
        state = self._state
        if state.windows_done == 1 or state.incomplete:
            return
        try:
            page = await self._fetch(1, date_from=state.first, date_to=state.last)
        except CallError:
            return  # the export is complete without this number
        known = self._items_done + state.items_broken - state.items_gone
        if page.total is not None and page.total >= known:
            self._late = page.total - known


def export(
    session: SessionManager,
    request: Request,
    item_type: type[T],
    *,
    key: str,
    date_from: date | None = None,
    date_to: date | None = None,
    on_broken: BrokenPolicy = "raise",
    **options: Any,
) -> Export[T]:
    """An export from any endpoint of numbered pages that takes ``date_from`` and ``date_to``.

    The request has neither days nor ``page``; its ``timezone`` says when today ends.
    `ChatsResource.export` documents the days and their defaults, `Pager` the other arguments,
    and `Export` the options.
    """
    first, last = date_from or BEGINNING, date_to or _today(request.query.get("timezone"))
    if first > last:
        if date_from is None:
            problem = f"date_to={last} is before {BEGINNING}, when exports begin: give a later day"
        else:
            limit, remedy = ("date_to", "swap the two") if date_to else ("today", "begin earlier")
            problem = f"date_from={first} is after {limit}={last}: {remedy}"
        raise ConfigurationError(problem)
    place = {"base_url": str(session.options.base_url), "path": request.path}
    asked = {**place, "date_from": date_from, "date_to": date_to, **request.query}
    plain = {name: _plain(value) for name, value in asked.items() if value is not None}
    fetch = page_fetcher(session, request, item_type, key=key, on_broken=on_broken)
    return Export(fetch, query=plain, first=first, last=last, **options)


def _today(zone_name: object) -> date:
    zone = find_zone(zone_name) if isinstance(zone_name, str) else None
    return datetime.now(UTC).astimezone(zone or _FIRST_TO_SEE_A_DAY).date()


def _plain(value: Any) -> Any:
    """A value that JSON gives back unchanged. LiveChat ignores the order of a list."""
    if isinstance(value, (bool, int)):
        return value
    return sorted(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _check_same_query(checkpoint: Any, query: Mapping[str, Any]) -> None:
    check_kind("checkpoint", checkpoint, Checkpoint, "Checkpoint.from_json(saved)")
    for name in sorted(checkpoint.query.keys() | query.keys()):
        then, now = checkpoint.query.get(name), query.get(name)
        if then != now:
            raise ConfigurationError(
                f"the checkpoint is of another query: it has {name}={shown(then)}, this one "
                f"{shown(now)}. Use the same query, or start over without the checkpoint"
            )
