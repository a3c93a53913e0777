"""Exports: every item of a range of days, each once, past the number that can be paged.

LiveChat pages the latest 25,000 chats of a question and no more, so an export asks for fewer days
at a time: it halves the range until each part can be walked, down to single days.

https://developers.livechat.com/docs/management/configuration-api/v2.0#archives
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta, timezone
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar, get_args

from attrs import evolve, frozen

from livechat_async.checks import check_count, find_zone
from livechat_async.errors import (
    BadRequestError,
    CallError,
    ConfigurationError,
    OverfullDayError,
    UnsettledDaysError,
)
from livechat_async.export.checkpoint import Checkpoint, IncompleteDay, Window
from livechat_async.export.completeness import Tally, identity_of
from livechat_async.http.request import Request
from livechat_async.http.session import SessionManager
from livechat_async.pagination import BrokenItem, BrokenPolicy, Page, Pager, paginate

__all__ = [
    "BEGINNING",
    "MOST_ITEMS",
    "WINDOW_ITEMS",
    "Export",
    "ExportProgress",
    "OverfullDayPolicy",
    "export",
]

T = TypeVar("T")

OverfullDayPolicy: TypeAlias = Literal["raise", "partial"]

MOST_ITEMS = 25_000
"""How many items of a question LiveChat pages."""

WINDOW_ITEMS = 5_000
"""How many items are walked at a time; after a crash so many are read again at most."""

BEGINNING = date(2002, 1, 1)
"""A day before the first chat there can be."""

_MOST_PASSES = 20
# Where the account's zone is not known, today is whatever day has begun anywhere.
_FIRST_TO_SEE_A_DAY = timezone(timedelta(hours=14))


@frozen(kw_only=True)
class ExportProgress:
    """How far an export has come, with what was done before a crash.

    Attributes:
        items_done: items handed out.
        items_expected: items there are, by the first answer; None where it does not say.
        items_broken: items left out, with ``on_broken="skip"``.
        windows_done: parts of the range that are finished.
        windows_left: parts that are not; one that turns out to be too large becomes two.
        window: the part that is walked now; None when all are finished.
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

    It is one walk: leaving the loop and entering another goes on where the first one was, after an
    error too. Leaving a loop keeps what was prefetched until `aclose` or the end of ``async with``.

    What is guaranteed:

    - An item whose days lie in the range, and that is in the archive from before its window is
      begun, is handed out; so is one that arrives later, but before LiveChat's last answer about
      its window: that is walked again until as many items were met as LiveChat counts there.
      Windows are finished in the order of their days, today's last.
    - An item that arrives in a window that is finished is not. How many those are is counted at the
      end: `late`.
    - No item is handed out twice, also not by an export that goes on from a checkpoint, and not
      where LiveChat counts a chat round midnight to both days.
    - An item that goes away may or may not be handed out. It costs others only if, among answers
      to requests that are in flight together, as many arrive as go away.
    - A single day that holds more than LiveChat pages is never cut silently.

    Args:
        days: makes the pager over the items from one day to another, both included.
        query: what is asked, as plain data; a checkpoint of anything else is refused.
        first: the first day.
        last: the last day.
        prefetch: keep so many page requests in flight, ahead of the loop.
        checkpoint: where to go on; ``first`` and ``last`` are then the checkpoint's.
        on_overfull_day: ``"raise"`` an `OverfullDayError`, or hand out ``"partial"`` days and
            report them in `incomplete`.
        window_items: split windows with more items than this.

    Raises:
        ConfigurationError: an argument makes no sense, or the checkpoint is of another query.
    """

    def __init__(
        self,
        days: Callable[[date, date], Pager[T]],
        *,
        query: Mapping[str, Any],
        first: date,
        last: date,
        prefetch: int | None = None,
        checkpoint: Checkpoint | None = None,
        on_overfull_day: OverfullDayPolicy = "raise",
        window_items: int = WINDOW_ITEMS,
    ) -> None:
        if on_overfull_day not in get_args(OverfullDayPolicy):
            raise ConfigurationError(
                f"on_overfull_day={on_overfull_day!r}: 'raise' or 'partial' is needed"
            )
        check_count("window_items", window_items)
        if checkpoint is None:
            checkpoint = Checkpoint(
                query=query, first=first, last=last, windows=(Window(first, last),)
            )
        else:
            _check_same_query(checkpoint, query)
        self._days = days
        self._prefetch = prefetch
        self._partial = on_overfull_day == "partial"
        self._window_items = min(window_items, MOST_ITEMS)
        self._start = checkpoint
        self._windows = list(checkpoint.windows)
        self._windows_done = checkpoint.windows_done
        self._items_done = checkpoint.items_done
        self._items_expected = checkpoint.items_expected
        self._items_broken = checkpoint.items_broken
        self._incomplete = list(checkpoint.incomplete)
        # Each id with the last day of the window it was met in: after that day it cannot come back.
        self._handed_out = {
            identity: day for day, ids in checkpoint.handed_out.items() for identity in ids
        }
        self._broken: list[BrokenItem] = []
        self._late: int | None = None
        self._walk: AsyncGenerator[T, None] | None = None

    @property
    def checkpoint(self) -> Checkpoint:
        """Where to go on after what was handed out so far: save it once that is safely stored."""
        handed_out: dict[date, list[str]] = {}
        for identity, day in self._handed_out.items():
            handed_out.setdefault(day, []).append(identity)
        return evolve(
            self._start,
            windows=tuple(self._windows),
            windows_done=self._windows_done,
            items_done=self._items_done,
            items_expected=self._items_expected,
            items_broken=self._items_broken,
            handed_out={day: tuple(ids) for day, ids in handed_out.items()},
            incomplete=tuple(self._incomplete),
        )

    @property
    def progress(self) -> ExportProgress:
        """How far it has come."""
        expected = self._items_expected
        return ExportProgress(
            items_done=self._items_done,
            items_expected=None if expected is None else max(expected, self._items_done),
            items_broken=self._items_broken,
            windows_done=self._windows_done,
            windows_left=len(self._windows),
            window=self._windows[0] if self._windows else None,
        )

    @property
    def is_finished(self) -> bool:
        """Whether everything was handed out: then iterating gives nothing more."""
        return not self._windows

    @property
    def incomplete(self) -> Sequence[IncompleteDay]:
        """Days that were cut off, with ``on_overfull_day="partial"``."""
        return tuple(self._incomplete)

    @property
    def broken(self) -> Sequence[BrokenItem]:
        """Items that were left out since this object was made, with ``on_broken="skip"``."""
        return tuple(self._broken)

    @property
    def late(self) -> int | None:
        """How many items arrived in windows that were finished; None if that is not known (yet)."""
        return self._late

    def __aiter__(self) -> AsyncGenerator[T, None]:
        if self._walk is None:
            self._walk = self._items()
        return self._walk

    async def aclose(self) -> None:
        """Cancel what was prefetched. A new loop goes on where this one was."""
        walk, self._walk = self._walk, None
        if walk is not None:
            await walk.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _items(self) -> AsyncGenerator[T, None]:
        if self.is_finished:
            return
        try:
            while self._windows:
                async with aclosing(self._new_items(self._windows[0])) as batches:
                    async for batch in batches:
                        for identity, item in batch:
                            self._handed_out[identity] = self._windows[0].last
                            self._items_done += 1
                            yield item
            await self._count_late()
        except CallError as error:
            error.resume_page = None  # it is a window's, and the checkpoint says it better
            raise
        finally:
            self._walk = None

    async def _new_items(self, window: Window) -> AsyncGenerator[list[tuple[str, T]], None]:
        """The items of a window that were not handed out yet. It is finished then, or split."""
        tally: Tally[T] = Tally()
        pager = self._watched(self._days(window.first, window.last), tally)
        try:
            while not tally.is_settled:
                if (tally.total or 0) > MOST_ITEMS:
                    self._split(window, tally.total, MOST_ITEMS)
                    break
                if tally.passes == _MOST_PASSES:
                    raise UnsettledDaysError(
                        first=window.first, last=window.last, total=tally.total, passes=tally.passes
                    )
                async with aclosing(_pages(pager)) as pages:
                    async for page in pages:
                        if not tally.passes and page.number == 1 and self._has_split(window, page):
                            return
                        yield self._sift(window, tally.add(page))
                        if tally.passes and tally.is_enough:
                            break
                tally.end_pass()
        except BadRequestError as error:
            if error.resume_page is None:
                raise
            # The cap was met in mid-walk. What was handed out stays known to the halves.
            self._split(window, tally.total, len(tally.met), error)
        if self._windows[0] == window:
            self._finish(window, tally)

    def _watched(self, days: Pager[T], tally: Tally[T]) -> Pager[T]:
        """The same pager, which does not hand out every answer, with a tally that gets each."""

        async def fetch(number: int) -> Page[T]:
            before = tally.ask()
            page = await days.page(number)
            tally.answer(page.total, before)
            return page

        return Pager(fetch, identity_of, prefetch=self._prefetch)

    def _sift(self, window: Window, items: Mapping[str, T]) -> list[tuple[str, T]]:
        batch = [(key, item) for key, item in items.items() if key not in self._handed_out]
        for key in items.keys() & self._handed_out.keys():
            self._handed_out[key] = window.last
        return batch

    def _has_split(self, window: Window, page: Page[T]) -> bool:
        """Whether it is too large, by its first page, and was split."""
        if self._items_expected is None:
            self._items_expected = page.total
        size = (page.pages or 0) * page.size if page.total is None else page.total
        if size <= (MOST_ITEMS if window.is_day else self._window_items):
            return False
        self._split(window, page.total, MOST_ITEMS)
        return self._windows[0] != window

    def _split(
        self, window: Window, total: int | None, most: int, cause: BadRequestError | None = None
    ) -> None:
        """Put its halves in the place of a window. A day stays, if it may be cut off.

        Raises:
            OverfullDayError: it is a day, and may not be cut off.
        """
        if not window.is_day:
            self._windows[:1] = window.halves()
        elif not self._partial:
            raise OverfullDayError(
                first=window.first, last=window.last, total=total, most=most
            ) from cause

    def _finish(self, window: Window, tally: Tally[T]) -> None:
        if not tally.is_settled:
            self._incomplete.append(
                IncompleteDay(day=window.first, total=tally.total, exported=len(tally.met))
            )
        self._broken += tally.broken
        self._items_broken += len(tally.broken)
        self._windows_done += 1
        del self._windows[0]
        # A chat round midnight may be met again on the next day, and on no later one.
        self._handed_out = {key: day for key, day in self._handed_out.items() if day >= window.last}

    async def _count_late(self) -> None:
        if self._windows_done == 1 or self._incomplete:
            return
        try:
            page = await self._days(self._start.first, self._start.last).page(1)
        except CallError:
            return  # everything was handed out: that this is not known takes nothing from it
        if page.total is not None:
            self._late = max(0, page.total - self._items_done - self._items_broken)


async def _pages(pager: Pager[T]) -> AsyncGenerator[Page[T], None]:
    # The first is had by itself, so that a window to be split costs one request.
    page = await pager.page(1)
    yield page
    if page.has_next:
        async with aclosing(pager.pages(start=2)) as rest:
            async for page in rest:
                yield page


def export(
    session: SessionManager,
    request: Request,
    item_type: type[T],
    *,
    key: str,
    date_from: date | None = None,
    date_to: date | None = None,
    prefetch: int | None = 8,
    checkpoint: Checkpoint | None = None,
    on_broken: BrokenPolicy = "raise",
    on_overfull_day: OverfullDayPolicy = "raise",
    window_items: int = WINDOW_ITEMS,
) -> Export[T]:
    """An export from any endpoint of numbered pages that takes ``date_from`` and ``date_to``.

    Args:
        session: makes the calls.
        request: what to call, without days and ``page``. Its ``timezone`` says when today ends.
        item_type: what the list holds.
        key: the name of the list in the answer.
        date_from: the first day; `BEGINNING` if left out.
        date_to: the last day; if left out, the day on which the export is begun.
        prefetch: as for `paginate`.
        checkpoint: where to go on.
        on_broken: as for `paginate`.
        on_overfull_day: as for `Export`.
        window_items: as for `Export`.

    Raises:
        ConfigurationError: an argument makes no sense, or the checkpoint is of another query.
    """
    query = {name: value for name, value in request.query.items() if value is not None}
    first, last = date_from or BEGINNING, date_to or _today(query.get("timezone"))
    if first > last:
        raise ConfigurationError(
            f"date_from={first.isoformat()} is after "
            f"{'date_to' if date_to else 'today'}={last.isoformat()}: swap the two"
        )

    def days(first: date, last: date) -> Pager[T]:
        dated = evolve(request, query={**query, "date_from": first, "date_to": last})
        return paginate(session, dated, item_type, key=key, prefetch=prefetch, on_broken=on_broken)

    days(first, last)  # it says what is wrong with the arguments
    asked: dict[str, Any] = {
        "base_url": str(session.options.base_url),
        "path": request.path,
        "date_from": date_from,
        "date_to": date_to,
        **query,
    }
    return Export(
        days,
        query={name: _plain(value) for name, value in asked.items() if value is not None},
        first=first,
        last=last,
        prefetch=prefetch,
        checkpoint=checkpoint,
        on_overfull_day=on_overfull_day,
        window_items=window_items,
    )


def _today(zone_name: object) -> date:
    zone = find_zone(zone_name) if isinstance(zone_name, str) else None
    return datetime.now(UTC).astimezone(zone or _FIRST_TO_SEE_A_DAY).date()


def _plain(value: Any) -> Any:
    """What JSON gives back as it was; the order of a list means nothing to LiveChat."""
    if isinstance(value, (bool, int)):
        return value
    return sorted(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _check_same_query(checkpoint: Any, query: Mapping[str, Any]) -> None:
    if not isinstance(checkpoint, Checkpoint):
        raise ConfigurationError(
            f"checkpoint is a Checkpoint, not {type(checkpoint).__name__}: Checkpoint.from_json "
            "makes one of saved text"
        )
    for name in sorted(checkpoint.query.keys() | query.keys()):
        then, now = checkpoint.query.get(name), query.get(name)
        if then != now:
            raise ConfigurationError(
                f"the checkpoint is of another query: it has {name}={then!r}, this one {now!r}. "
                "Ask the same as then, or begin anew without the checkpoint"
            )
