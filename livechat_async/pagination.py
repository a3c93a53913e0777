"""Numbered pages: `Page`, and `Pager`, which can be awaited, or iterated over items or pages.

They work on any endpoint that takes ``page=`` and answers an object of a list, ``total`` and
``pages``; `LiveChatClient.paginate` is the way to one without a method.

https://developers.livechat.com/docs/management/configuration-api/v2.0#archives
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Hashable, Sequence
from contextlib import aclosing
from functools import partial
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar, get_args

from attrs import evolve, field, frozen

from livechat_async.checks import check_count
from livechat_async.decoding.bodies import Reader, load_json, read_envelope
from livechat_async.decoding.problems import WireError
from livechat_async.decoding.quick import Hook
from livechat_async.errors import CallError, ConfigurationError, PagingError
from livechat_async.http.request import Request
from livechat_async.http.session import SessionManager
from livechat_async.redaction import repr_of_fields

__all__ = ["BrokenItem", "BrokenPolicy", "Page", "Pager", "Progress", "paginate"]

T = TypeVar("T")

BrokenPolicy: TypeAlias = Literal["raise", "skip"]

_MOST_PAGES_OF_REPEATS = 10


@frozen
class BrokenItem:
    """An item that could not be read and was left out, as ``on_broken="skip"`` asks.

    Attributes:
        page: the number of its page.
        path: where in the answer, such as ``chats[3].started_timestamp``.
        expected: what should stand there.
        found: what stands there.
    """

    page: int
    path: str
    expected: str
    found: str

    def __repr__(self) -> str:
        return repr_of_fields(self)


@frozen
class Progress:
    """How far a walk has come.

    Attributes:
        pages_done: pages read.
        pages_expected: pages there are, by the latest answer; None where it does not say.
        items_done: items read, without repeats.
        items_expected: items there are, by the latest answer; None where it does not say.
    """

    pages_done: int = 0
    pages_expected: int | None = None
    items_done: int = 0
    items_expected: int | None = None

    def __repr__(self) -> str:
        return repr_of_fields(self)


@frozen(kw_only=True)
class Page(Generic[T]):
    """One page.

    Attributes:
        items: what is on it; in a walk, without what an earlier page had already.
        number: which page it is, from 1.
        pages: how many there are, by this answer; None where it does not say.
        total: how many items there are on all of them; None where it does not say.
        broken: items that were left out, with ``on_broken="skip"``.
        size: how many items the server sent, with repeats and broken ones.
        url: the path it came from.
    """

    items: Sequence[T]
    number: int
    pages: int | None
    total: int | None
    broken: Sequence[BrokenItem] = ()
    size: int
    url: str = field(repr=False)
    _fetch: Callable[[int], Awaitable[Page[T]]] = field(repr=False, eq=False, alias="fetch")

    def __repr__(self) -> str:
        return repr_of_fields(self)

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this one, as far as this answer can tell."""
        return self.size > 0 and (self.pages is None or self.number < self.pages)

    async def next(self) -> Page[T] | None:
        """The page after this one, or None if there is none."""
        return await self._fetch(self.number + 1) if self.has_next else None


class Pager(Generic[T]):
    """All pages of an endpoint, fetched as they are needed.

    ::

        page = await pager                      # the first page
        async for item in pager: ...            # every item, each once
        async for page in pager.pages(): ...    # every page

    Each loop is a new walk. No connection is held between pages. Leaving a loop early cancels what
    was prefetched; ``async with pager`` (or `aclose`) makes sure of it even where something keeps
    the loop alive, such as an exception that is being looked at.

    Pages are numbered, so data that moves while a walk goes on moves between pages:

    - Items that arrive shift others to later pages. The repeats are dropped by their id.
    - Items that go away shift others to earlier pages. When ``total`` shrinks, the walk goes back
      as many pages as that can have been, so nothing is passed over.
    - An empty page ends the walk, whatever ``pages`` says.
    - Where as many arrive as go away between two answers, ``total`` stays as it was, and what
      moved to an earlier page is missed.

    Args:
        fetch: gets the page of a number.
        identity: what makes an item the same as another; None for an item that has nothing.
        prefetch: keep so many page requests in flight, ahead of the loop; memory is bounded by so
            many pages. None asks for each page when it is needed.
        max_items: stop after so many items.

    Raises:
        ConfigurationError: ``prefetch`` or ``max_items`` is not a whole number above zero.
    """

    def __init__(
        self,
        fetch: Callable[[int], Awaitable[Page[T]]],
        identity: Callable[[T], Hashable | None],
        *,
        prefetch: int | None = None,
        max_items: int | None = None,
    ) -> None:
        if prefetch is not None:
            check_count("prefetch", prefetch)
        if max_items is not None:
            check_count("max_items", max_items)
        self._fetch = fetch
        self._identity = identity
        self._prefetch = prefetch
        self._max_items = max_items
        self._walk: _Walk[T] | None = None

    @property
    def progress(self) -> Progress:
        """How far the latest walk has come."""
        return Progress() if self._walk is None else self._walk.progress

    def __await__(self) -> Generator[Any, None, Page[T]]:
        return self.page(1).__await__()

    async def page(self, number: int) -> Page[T]:
        """One page, by its number from 1. Beyond the last, LiveChat gives an empty one.

        Raises:
            ConfigurationError: ``number`` is not a whole number above zero.
            CallError: the call failed.
        """
        return await self._fetch(check_count("page", number))

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        left = self._max_items
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                items = page.items
                del page  # as in `pages`
                for item in items:
                    yield item
                    if left is not None:
                        left -= 1
                        if left == 0:
                            return
                del items

    async def pages(self, *, start: int = 1) -> AsyncGenerator[Page[T], None]:
        """Every page from number ``start`` on, without the items an earlier one had.

        Args:
            start: where to begin, such as a failed walk's ``resume_page``.

        Raises:
            ConfigurationError: ``start`` is not a whole number above zero.
            CallError: a page could not be had; its ``resume_page`` says which. Everything before
                it was handed out.
            PagingError: the pages lead nowhere.
        """
        check_count("start", start)
        walk = self._walk = _Walk(self._fetch, self._identity, start, self._prefetch or 0)
        try:
            while (page := await walk.next()) is not None:
                yield page
                page = None  # it need not be kept while the next one is read
        finally:
            await walk.aclose()

    async def aclose(self) -> None:
        """Cancel what the latest walk prefetched. The walk is over then."""
        if self._walk is not None:
            await self._walk.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


class _Walk(Generic[T]):
    """One walk over the pages, with what it prefetches and what it has seen."""

    def __init__(
        self,
        fetch: Callable[[int], Awaitable[Page[T]]],
        identity: Callable[[T], Hashable | None],
        start: int,
        prefetch: int,
    ) -> None:
        self.progress = Progress()
        self._fetch = fetch
        self._identity = identity
        self._number = start
        self._prefetch = prefetch
        self._start = start
        self._last: int | None = start  # until the first answer says how many there are
        self._flights: deque[asyncio.Task[Page[T]]] = deque()  # the first is of self._number
        self._seen: set[Hashable] = set()
        self._total: int | None = None
        self._largest = 1
        self._read_singly_to = 0
        self._pages_of_repeats = 0
        self._has_grown = False

    async def next(self) -> Page[T] | None:
        """The next page, without repeats; None after the last."""
        while self._last is None or self._number <= self._last:
            try:
                page = await self._arrival()
            except CallError as error:
                error.resume_page = self._number
                raise
            self._last = page.pages
            if await self._has_to_go_back(page):
                continue
            if page.size == 0:
                return None
            self._number += 1
            self._take_off()
            return self._without_repeats(page)
        return None

    async def aclose(self) -> None:
        """End the walk."""
        self._last = 0
        await self._cancel_flights()

    async def _cancel_flights(self) -> None:
        flights = list(self._flights)
        self._flights.clear()
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def _arrival(self) -> Page[T]:
        self._take_off()
        if not self._flights:
            return await self._fetch(self._number)
        page = await self._flights[0]
        self._flights.popleft()
        return page

    def _take_off(self) -> None:
        """Keep as many requests in flight as are wanted, and none beyond the last page."""
        wanted = min(self._prefetch, 1) if self._number <= self._read_singly_to else self._prefetch
        while len(self._flights) < wanted:
            number = self._number + len(self._flights)
            if self._last is not None and number > self._last:
                return
            self._flights.append(asyncio.ensure_future(self._fetch(number)))

    async def _has_to_go_back(self, page: Page[T]) -> bool:
        """Whether items went away, so that some moved to a page that was read already.

        Answers that were in flight together may have come out of order, and only look like it.
        So the pages are then read one at a time, until the walk is where it was.
        """
        before, self._total = self._total, page.total
        gone = 0 if before is None or page.total is None else before - page.total
        self._has_grown = gone < 0
        self._largest = max(self._largest, page.size)
        if gone <= 0 or self._number == self._start:
            return False
        await self._cancel_flights()
        self._read_singly_to = max(self._read_singly_to, self._number)
        self._number = max(self._start, self._number - math.ceil(gone / self._largest))
        return True

    def _without_repeats(self, page: Page[T]) -> Page[T]:
        identities = [self._identity(item) for item in page.items]
        unique = set(identities)
        if len(unique) < len(identities) or not unique.isdisjoint(self._seen):
            items: list[T] = []
            for item, identity in zip(page.items, identities, strict=True):
                if identity is None or identity not in self._seen:
                    items.append(item)
                    self._seen.add(identity)
            page = evolve(page, items=items)
        self._seen |= unique
        is_news = page.items or page.broken or self._has_grown  # what arrives pushes repeats ahead
        self._pages_of_repeats = 0 if is_news else self._pages_of_repeats + 1
        if self._pages_of_repeats > _MOST_PAGES_OF_REPEATS:
            raise PagingError(method="GET", url=page.url, page=page.number)
        self.progress = Progress(
            pages_done=self.progress.pages_done + 1,
            pages_expected=page.pages,
            items_done=self.progress.items_done + len(page.items),
            items_expected=page.total,
        )
        return page


def paginate(
    session: SessionManager,
    request: Request,
    item_type: type[T],
    *,
    key: str,
    on_broken: BrokenPolicy = "raise",
    prefetch: int | None = None,
    max_items: int | None = None,
) -> Pager[T]:
    """A pager over any endpoint of numbered pages. `LiveChatClient.paginate` documents it."""
    if on_broken not in get_args(BrokenPolicy):
        raise ConfigurationError(f"on_broken={on_broken!r}: 'raise' or 'skip' is needed")

    def read_page(number: int) -> Reader[Page[T]]:
        return partial(
            _read_page,
            hook=session.converter.get_structure_hook(item_type),
            item_type=item_type,
            key=key,
            number=number,
            skip_broken=on_broken == "skip",
            fetch=fetch,
            url=request.path,
        )

    async def fetch(number: int) -> Page[T]:
        numbered = request.with_query(page=number)
        response = await session.call(numbered, read_page(number))
        return response.value

    return Pager(fetch, _identity_of, prefetch=prefetch, max_items=max_items)


def _read_page(
    content: bytes,
    *,
    hook: Hook,
    item_type: type[T],
    key: str,
    number: int,
    skip_broken: bool,
    fetch: Callable[[int], Awaitable[Page[T]]],
    url: str,
) -> Page[T]:
    broken: list[BrokenItem] = []

    def skip(problem: WireError) -> None:
        broken.append(BrokenItem(number, problem.path, problem.expected, problem.found))

    envelope = read_envelope(content, key, hook, item_type, skip if skip_broken else None)
    if envelope is None:
        raise WireError(f"an object with a list of {key}", repr(load_json(content)))
    return Page(
        items=envelope.items,
        number=number,
        pages=_count(envelope.pages, "pages"),
        total=_count(envelope.total, "total"),
        broken=broken,
        size=len(envelope.items) + len(broken),
        url=url,
        fetch=fetch,
    )


def _count(value: Any, name: str) -> int | None:
    if value is None or value == "":
        return None
    text = str(value)
    if isinstance(value, (int, str)) and text.isascii() and text.isdigit():
        return int(text)
    raise WireError("a number", repr(value), name)


def _identity_of(item: Any) -> Hashable | None:
    """The id of a typed or untyped item; None if it has none, and so cannot be recognised."""
    identity = item.get("id") if isinstance(item, dict) else getattr(item, "id", None)
    if type(identity) is str:
        return identity or None
    return identity if isinstance(identity, (str, int)) and identity != "" else None
