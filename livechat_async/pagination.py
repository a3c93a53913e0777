"""Numbered pages: `Page`, and `Pager`, which you await, or iterate over by item or by page.

They work for every endpoint that takes ``page=`` and answers an object with a list, ``total`` and
``pages``. `LiveChatClient.paginate` makes a pager for an endpoint that has no method.

https://developers.livechat.com/docs/management/configuration-api/v2.0#archives
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Hashable, Sequence
from contextlib import aclosing
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    NoReturn,
    Self,
    TypeAlias,
    TypeVar,
    get_args,
    overload,
)

from attrs import evolve, field, frozen

from livechat_async.checks import check_call, check_choice, check_count
from livechat_async.decoding.bodies import load_json, read_envelope
from livechat_async.decoding.hooks import is_nothing, whole_number
from livechat_async.decoding.problems import WireError, show, wrong
from livechat_async.display import ends_of, html_table, never_raises, noun_of, number_of, out_of
from livechat_async.errors import CallError, PagingError
from livechat_async.http.request import Request
from livechat_async.http.session import SessionManager
from livechat_async.redaction import repr_of_fields, shorten

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("livechat_async")

BrokenPolicy: TypeAlias = Literal["raise", "skip"]
_Identify: TypeAlias = Callable[[Sequence[Any]], Any]

_MAX_PAGES_OF_REPEATS = 10
_SHOWN = 150  # characters of what a broken item holds


@frozen
class BrokenItem:
    """An item that could not be read and was skipped, because of ``on_broken="skip"``.

    Attributes:
        page: the number of its page.
        path: where it is in the answer, such as ``chats[3].started_timestamp``.
        expected: what the client expected there.
        found: what the answer holds there, shortened.
    """

    page: int
    path: str
    expected: str
    found: str

    __repr__ = repr_of_fields


@frozen
class Progress:
    """How far a walk has come.

    Attributes:
        pages_done: pages read.
        pages_expected: number of pages in the latest answer; None if it gives none.
        items_done: items read, without repeats.
        items_expected: number of items in the latest answer; None if it gives none.
    """

    pages_done: int = 0
    pages_expected: int | None = None
    items_done: int = 0
    items_expected: int | None = None

    __repr__ = repr_of_fields


@frozen(kw_only=True)
class Page(Sequence[T]):
    """One page: a sequence of its items.

    Attributes:
        items: its items; during a walk, without those that an earlier page had.
        number: its number, from 1.
        pages: the number of pages, by this answer; None if the answer gives none.
        total: the number of items on all pages; None if the answer gives none.
        broken: items that were skipped, with ``on_broken="skip"``.
        size: how many items the server sent, with repeats and broken ones.
        url: the path it was fetched from.
    """

    items: Sequence[T]
    number: int
    pages: int | None
    total: int | None
    broken: Sequence[BrokenItem] = ()
    size: int
    url: str = field(repr=False)
    _fetch: Callable[[int], Awaitable[Page[T]]] = field(repr=False, eq=False, alias="fetch")

    @never_raises
    def __repr__(self) -> str:
        parts = (self._numbers(), ends_of(self.items))
        return f"Page({', '.join(filter(None, parts))})"

    def _repr_html_(self) -> str:
        """A table of the items, for notebooks."""
        return html_table(f"Page {self._numbers()}", self.items)

    def _numbers(self) -> str:
        """Which page it is and what is on it, such as ``1 of 5, 25 of 120 chats``."""
        here = len(self.items)
        items = number_of(here if self.total is None else self.total, noun_of(self.items))
        if self.total is not None:
            items = f"{here:,} of {items}"
        skipped = f", {len(self.broken)} skipped" if self.broken else ""
        return f"{out_of(self.number, self.pages)}, {items}{skipped}"

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return True  # `while page:` goes on behind a page whose items were all skipped

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this one, as far as this answer shows."""
        return self.size > 0 and (self.pages is None or self.number < self.pages)

    async def next(self) -> Page[T] | None:
        """The page after this one, or None if there is none."""
        return await self._fetch(self.number + 1) if self.has_next else None


class Pager(Generic[T]):
    """All pages of an endpoint, fetched as they are needed.

    ::

        page = await pager                      # the first page, of at most max_items
        async for item in pager: ...            # every item, each once
        async for page in pager.pages(): ...    # every page

    Each loop starts a new walk. No connection is held between pages. Leaving a loop early cancels
    the prefetched requests; ``async with pager`` (or `aclose`) guarantees it, even if something
    keeps the loop alive, such as a stored exception.

    Pages are numbered, so items move between pages when the data changes during a walk:

    - New items push others to later pages. The walk drops the repeats by their id.
    - Deleted items pull others to earlier pages. When ``total`` shrinks, the walk goes back far
      enough to skip nothing. If equally many items are added and deleted between two answers,
      ``total`` does not change, and the items that moved to an earlier page are missed.
    - An empty page ends the walk, whatever ``pages`` says.

    Args:
        fetch: fetches a page by its number.
        identity: gives what identifies an item, or None for an item that cannot be recognised;
            the item's ``id`` by default.
        prefetch: how many page requests to keep in flight ahead of the loop; this also bounds the
            memory. None requests each page when it is needed.
        max_items: stop after this many items; an awaited page holds no more of them either.

    Raises:
        ConfigurationError: ``prefetch`` or ``max_items`` is not a whole number above zero.
    """

    def __init__(
        self,
        fetch: Callable[[int], Awaitable[Page[T]]],
        identity: Callable[[T], Hashable | None] | None = None,
        *,
        prefetch: int | None = None,
        max_items: int | None = None,
    ) -> None:
        check_call("fetch", fetch, "of the number of a page")
        if identity is not None:
            check_call("identity", identity, "of an item")
        self._fetch = fetch
        self._identify: _Identify = ids_of if identity is None else partial(map, identity)
        self._prefetch = 0 if prefetch is None else check_count("prefetch", prefetch)
        self._max_items = None if max_items is None else check_count("max_items", max_items)
        self._walk: Walk[T] | None = None

    @never_raises
    def __repr__(self) -> str:
        limit = "" if self._max_items is None else f" of at most {self._max_items:,} items"
        items = out_of(self.progress.items_done, self.progress.items_expected)
        read = f", {items} items read" if self.progress.pages_done else ""
        return (
            f"<Pager{limit}{read}: `async for item in pager` gives every item, "
            "`await pager` the first page>"
        )

    @property
    def progress(self) -> Progress:
        """How far the latest walk has come."""
        return Progress() if self._walk is None else self._walk.progress

    def __await__(self) -> Generator[Any, None, Page[T]]:
        return self._first_page().__await__()

    async def _first_page(self) -> Page[T]:
        page = await self.page(1)
        return page if self._max_items is None else evolve(page, items=page[: self._max_items])

    if not TYPE_CHECKING:  # a type checker is to refuse both

        def __iter__(self) -> NoReturn:
            raise TypeError(
                "a pager fetches its items as they are needed: write `async for item in pager`, "
                "or `for item in await pager` for the first page"
            )

        def __len__(self) -> NoReturn:
            raise TypeError(
                "a pager does not know the number of its items before it has fetched a page: "
                "write `(await pager).total` for all of them, or `len(await pager)` for a page"
            )

        def __bool__(self) -> bool:
            return True

    async def page(self, number: int) -> Page[T]:
        """One page, by its number from 1. After the last page, LiveChat answers an empty one.

        Raises:
            ConfigurationError: ``number`` is not a whole number above zero.
            CallError: the call failed.
        """
        return await self._fetch(check_count("number", number))

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        left = self._max_items
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                items = page.items
                del page  # frees it while the next page is read
                for item in items:
                    yield item
                    if left is not None:
                        left -= 1
                        if left == 0:
                            return
                del items

    async def pages(self, *, start: int = 1) -> AsyncGenerator[Page[T], None]:
        """Every page from number ``start`` on, without the items that an earlier page had.

        Args:
            start: the first page, such as a failed walk's ``resume_page``.

        Raises:
            ConfigurationError: ``start`` is not a whole number above zero.
            CallError: a page could not be fetched; its ``resume_page`` says which. Every page
                before it was handed out.
            PagingError: the server sends the same items again and again.
        """
        check_count("start", start)
        walk = self._walk = Walk(self._fetch, self._identify, start=start, prefetch=self._prefetch)
        try:
            while (page := await walk.next()) is not None:
                yield page
                page = None  # frees it while the next page is read
        finally:
            await walk.aclose()

    async def aclose(self) -> None:
        """Cancel the prefetched requests of the latest walk, and end it."""
        if self._walk is not None:
            await self._walk.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class Walk(Generic[T]):
    """One walk over numbered pages. It fetches ahead and drops repeated items.

    Attributes:
        progress: how far it has come.
        ids: what ``identify`` gave for the items of the latest page, None where it found nothing.
        prefetch: how many page requests to keep in flight; it may change during the walk.
    """

    def __init__(
        self,
        fetch: Callable[[int], Awaitable[Page[T]]],
        identify: _Identify,
        *,
        start: int = 1,
        prefetch: int = 0,
    ) -> None:
        self.progress: Progress = Progress()
        self.ids: list[Any] = []
        self.prefetch = prefetch
        self._fetch = fetch
        self._identify = identify
        self._start = self._number = start
        self._last: int | None = start  # until the first answer says how many pages there are
        self._in_flight: deque[asyncio.Task[Page[T]]] = deque()  # the first is page self._number
        self._seen: set[Hashable] = set()
        self._total: int | None = None
        self._largest_page = 1
        self._read_singly_to = 0
        self._pages_of_repeats = 0
        self._has_grown = False

    async def next(self) -> Page[T] | None:
        """The next page, without repeats; None after the last."""
        while self._last is None or self._number <= self._last:
            self._fetch_ahead()
            try:
                page = await (self._in_flight[0] if self._in_flight else self._fetch(self._number))
            except CallError as error:
                error.resume_page = self._number
                raise
            if self._in_flight:
                self._in_flight.popleft()
            self._last = page.pages
            if await self._went_back(page):
                continue
            if page.size == 0:
                return None
            self._number += 1
            self._fetch_ahead()
            return self._without_repeats(page)
        return None

    async def aclose(self) -> None:
        """End the walk and cancel its requests."""
        self._last = 0
        await self._cancel_requests()

    async def _cancel_requests(self) -> None:
        requests = list(self._in_flight)
        self._in_flight.clear()
        for request in requests:
            request.cancel()
        await asyncio.gather(*requests, return_exceptions=True)

    def _fetch_ahead(self) -> None:
        """Start requests until `prefetch` are in flight, but none after the last page."""
        wanted = min(self.prefetch, 1) if self._number <= self._read_singly_to else self.prefetch
        while len(self._in_flight) < wanted:
            number = self._number + len(self._in_flight)
            if self._last is not None and number > self._last:
                return
            self._in_flight.append(asyncio.ensure_future(self._fetch(number)))

    async def _went_back(self, page: Page[T]) -> bool:
        """Go back if items were deleted, because others then moved to a page already read."""
        before, self._total = self._total, page.total
        deleted = 0 if before is None or page.total is None else before - page.total
        self._has_grown = deleted < 0
        self._largest_page = max(self._largest_page, page.size)
        if deleted <= 0 or self._number == self._start:
            return False
        # With prefetch, answers can arrive out of order, so a smaller `total` may be a false
        # alarm; reading page by page until we are back here settles it.
        await self._cancel_requests()
        self._read_singly_to = max(self._read_singly_to, self._number)
        self._number = max(self._start, self._number - math.ceil(deleted / self._largest_page))
        return True

    def _without_repeats(self, page: Page[T]) -> Page[T]:
        ids = list(self._identify(page.items))
        unique = set(ids)
        if len(unique) < len(ids) or not unique.isdisjoint(self._seen):
            fresh: list[tuple[Hashable, T]] = []
            for id_, item in zip(ids, page.items, strict=True):
                if id_ is None or id_ not in self._seen:
                    fresh.append((id_, item))
                    self._seen.add(id_)
            ids = [id_ for id_, _ in fresh]
            page = evolve(page, items=[item for _, item in fresh])
        self.ids = ids
        self._seen |= unique
        # New items push known ones to later pages, so a page of repeats is normal while it grows.
        has_news = page.items or page.broken or self._has_grown
        self._pages_of_repeats = 0 if has_news else self._pages_of_repeats + 1
        if self._pages_of_repeats > _MAX_PAGES_OF_REPEATS:
            raise PagingError(method="GET", url=page.url, page=page.number)
        self.progress = Progress(
            pages_done=self.progress.pages_done + 1,
            pages_expected=page.pages,
            items_done=self.progress.items_done + len(page.items),
            items_expected=page.total,
        )
        return page


def ids_of(items: Sequence[Any]) -> list[str | int | None]:
    """The id of each item, typed or not; None for an item without one."""
    ids: list[str | int | None] = []
    for item in items:
        id_ = item.get("id") if isinstance(item, dict) else getattr(item, "id", None)
        ids.append(id_ if isinstance(id_, (str, int)) and id_ != "" else None)
    return ids


def check_policy(on_broken: BrokenPolicy) -> None:
    """Check that it is one of the two."""
    check_choice("on_broken", on_broken, get_args(BrokenPolicy))


def places_of(broken: Sequence[BrokenItem]) -> str:
    """Where the broken items are and what they are not, for a line in the log."""
    return ", ".join(f"{item.path} is not {item.expected}" for item in broken)


def skip_to(broken: list[BrokenItem], page: int = 1) -> Callable[[WireError], None]:
    """A function that reports the problem of an item of a page in this list."""
    return lambda problem: broken.append(
        BrokenItem(page, problem.path, problem.expected, shorten(problem.found, (), _SHOWN))
    )


def page_fetcher(
    session: SessionManager,
    request: Request,
    item_type: type[T],
    *,
    key: str,
    on_broken: BrokenPolicy,
) -> Callable[..., Awaitable[Page[T]]]:
    """A function that fetches a page by its number; keyword arguments are added to the query."""
    check_policy(on_broken)

    async def fetch(number: int, **query: Any) -> Page[T]:
        hook = session.converter.current.get_structure_hook(item_type)

        def read(content: bytes) -> Page[T]:
            broken: list[BrokenItem] = []
            skip = skip_to(broken, number) if on_broken == "skip" else None
            envelope = read_envelope(content, key, hook, item_type, skip)
            if envelope is None:
                raise wrong(f"an object with a list of {key}", load_json(content))
            return Page(
                items=envelope.items,
                number=number,
                pages=_count(envelope.pages, "pages"),
                total=_count(envelope.total, "total"),
                broken=broken,
                size=len(envelope.items) + len(broken),
                url=request.path,
                fetch=partial(fetch, **query),
            )

        return (await session.call(request.with_query(**query, page=number), read)).value

    return fetch


def _count(value: Any, name: str) -> int | None:
    number = whole_number(value)
    if is_nothing(value) or (number is not None and number >= 0):
        return number
    # A walk does without it: it ends at an empty page.
    logger.warning("left out what is no number at %s: %s", name, shorten(show(value), (), _SHOWN))
    return None
