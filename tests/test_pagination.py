"""Walks over an archive in memory that changes while they go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from livechat_async import BadRequestError, ConfigurationError, Page, Pager, PagingError, Progress

SIZE = 5
PREFETCH = st.none() | st.integers(1, 9)


@define
class Archive:
    """Numbered pages of ids, newest first; something may happen before each answer."""

    ids: list[int]
    happens: Callable[[Archive], None] = lambda _: None
    cap: int | None = None
    pages_said: Callable[[Archive], int | None] = lambda archive: -(-len(archive.ids) // SIZE)
    steps: Callable[[int], int] = lambda number: number % 4  # answers come out of order
    asked: list[int] = field(factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    async def fetch(self, number: int) -> Page[int]:
        self.asked.append(number)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            for _ in range(self.steps(number)):
                await asyncio.sleep(0)
            if self.cap is not None and number > self.cap:
                raise BadRequestError(method="GET", url="/ids", status=400, message="too far")
            self.happens(self)
            shown = self.ids[(number - 1) * SIZE : number * SIZE]
            return Page(
                items=shown,
                number=number,
                pages=self.pages_said(self),
                total=len(self.ids),
                size=len(shown),
                url="/ids",
                fetch=self.fetch,
            )
        finally:
            self.in_flight -= 1

    def pager(self, **options: Any) -> Pager[int]:
        return Pager(self.fetch, lambda item: item, **options)


def archive_of(count: int, **options: Any) -> Archive:
    return Archive(list(range(count, 0, -1)), **options)


async def everything(items: AsyncIterator[int]) -> list[int]:
    return [item async for item in items]


async def fill(seen: list[int], items: AsyncIterator[int]) -> None:
    async for item in items:
        seen.append(item)  # noqa: PERF401 (what came before an error is to be kept)


def schedule(changes: Sequence[Callable[[Archive], None]]) -> Callable[[Archive], None]:
    left = iter(changes)

    def happens(archive: Archive) -> None:
        change = next(left, None)
        if change is not None:
            change(archive)

    return happens


def arrive(count: int) -> Callable[[Archive], None]:
    def change(archive: Archive) -> None:
        newest = max([*archive.ids, 1000])
        archive.ids[:0] = range(newest + count, newest, -1)

    return change


def go(gone: set[int]) -> Callable[[Archive], None]:
    def change(archive: Archive) -> None:
        archive.ids[:] = [item for item in archive.ids if item not in gone]

    return change


@given(st.integers(0, 60), PREFETCH)
def test_a_walk_gives_every_item_once_in_order(count: int, prefetch: int | None):
    archive = archive_of(count)
    assert asyncio.run(everything(aiter(archive.pager(prefetch=prefetch)))) == archive.ids


@given(st.integers(0, 60), PREFETCH, st.lists(st.integers(0, 12), max_size=20))
def test_old_items_are_given_once_while_new_ones_arrive(
    count: int, prefetch: int | None, arrivals: list[int]
):
    archive = archive_of(count, happens=schedule([arrive(number) for number in arrivals]))
    there = list(archive.ids)
    given_out = asyncio.run(everything(aiter(archive.pager(prefetch=prefetch))))
    assert len(given_out) == len(set(given_out))
    assert [item for item in given_out if item in there] == there


@given(st.integers(0, 60), PREFETCH, st.lists(st.sets(st.integers(1, 60), max_size=9), max_size=20))
def test_items_that_stay_are_given_once_while_others_are_deleted(
    count: int, prefetch: int | None, departures: list[set[int]]
):
    archive = archive_of(count, happens=schedule([go(gone) for gone in departures]))
    stays = [item for item in archive.ids if item not in set().union(*departures)]
    given_out = asyncio.run(everything(aiter(archive.pager(prefetch=prefetch))))
    assert len(given_out) == len(set(given_out))
    assert set(stays) <= set(given_out)


@given(st.integers(1, 60), PREFETCH, st.integers(1, 70))
def test_a_walk_stops_at_max_items(count: int, prefetch: int | None, most: int):
    archive = archive_of(count)
    pager = archive.pager(prefetch=prefetch, max_items=most)
    assert asyncio.run(everything(aiter(pager))) == archive.ids[:most]


async def test_awaiting_gives_the_first_page_and_pages_know_the_next():
    pager = archive_of(12).pager()
    first = await pager
    assert (first.number, first.pages, first.total, first.has_next) == (1, 3, 12, True)
    second = await first.next()
    assert second is not None
    assert second.items == [7, 6, 5, 4, 3]
    third = await second.next()
    assert third is not None
    assert not third.has_next
    assert await third.next() is None


async def test_pages_begin_at_the_given_page():
    pages = [page async for page in archive_of(23).pager().pages(start=4)]
    assert [(page.number, list(page.items)) for page in pages] == [
        (4, [8, 7, 6, 5, 4]),
        (5, [3, 2, 1]),
    ]


async def test_a_page_beyond_the_last_is_empty():
    page = await archive_of(12).pager().page(99)
    assert (page.items, page.has_next, page.total) == ([], False, 12)
    assert [page async for page in archive_of(12).pager().pages(start=99)] == []


async def test_without_prefetch_only_needed_pages_are_requested():
    archive = archive_of(60)
    async for item in archive.pager():
        if item == 50:
            break
    assert archive.asked == [1, 2, 3]


@pytest.mark.parametrize("prefetch", [1, 3, 8])
async def test_prefetch_is_how_many_requests_are_in_flight(prefetch: int):
    archive = archive_of(200, steps=lambda _: 20)
    await everything(aiter(archive.pager(prefetch=prefetch)))
    assert archive.most_in_flight == prefetch
    assert sorted(archive.asked) == list(range(1, 41))


async def test_prefetch_stays_within_its_bound_while_the_loop_is_slow():
    archive = archive_of(200)
    async for page in archive.pager(prefetch=4).pages():
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(archive.asked) <= page.number + 4


async def test_leaving_the_loop_cancels_prefetched_requests():
    archive = archive_of(200)
    pager = archive.pager(prefetch=8)
    async with aclosing(pager.pages()) as pages:
        async for _ in pages:
            break
    assert archive.in_flight == 0
    asked = len(archive.asked)
    await asyncio.sleep(0.01)
    assert len(archive.asked) == asked


async def test_leaving_the_pager_cancels_prefetched_requests():
    archive = archive_of(200, steps=lambda _: 20)
    async with archive.pager(prefetch=8) as pager:
        pages = pager.pages()
        await anext(pages)
        await asyncio.sleep(0)
        assert archive.in_flight > 0
    assert archive.in_flight == 0
    assert [page async for page in pages] == []


async def test_an_error_comes_after_everything_before_it_and_says_where_to_go_on():
    archive = archive_of(100, cap=16)
    seen, items = list[int](), aiter(archive.pager(prefetch=8))
    with pytest.raises(BadRequestError) as caught:
        await fill(seen, items)
    assert seen == archive.ids[: 16 * SIZE]
    assert caught.value.resume_page == 17
    assert "pages(start=17)" in str(caught.value)
    assert "LiveChat pages no further" in str(caught.value)
    assert archive.in_flight == 0


@pytest.mark.parametrize("prefetch", [None, 1, 4])
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, list(range(12, 0, -1))),
        (0, [12, 11, 10, 9, 8]),
        (1, [12, 11, 10, 9, 8]),
        (3, list(range(12, 0, -1))),
        (99, list(range(12, 0, -1))),
    ],
)
async def test_a_walk_ends_at_the_last_page_the_server_names_or_at_an_empty_one(
    said: int | None, expected: list[int], prefetch: int | None
):
    archive = archive_of(12, pages_said=lambda _: said)
    assert await everything(aiter(archive.pager(prefetch=prefetch))) == expected


@pytest.mark.parametrize("prefetch", [None, 3])
async def test_a_walk_ends_although_all_three_pages_are_the_same(
    prefetch: int | None,
):
    archive = archive_of(5, pages_said=lambda _: 3)
    fetch = archive.fetch

    async def always_the_first(_: int) -> Page[int]:
        return await fetch(1)

    assert await everything(aiter(Pager(always_the_first, int, prefetch=prefetch))) == archive.ids


async def test_a_walk_gives_up_on_a_server_that_sends_one_page_for_ever():
    archive = archive_of(5, pages_said=lambda _: None)
    fetch = archive.fetch

    async def always_the_first(_: int) -> Page[int]:
        return await fetch(1)

    seen, items = list[int](), aiter(Pager(always_the_first, int))
    with pytest.raises(PagingError, match="heed the parameter `page`"):
        await fill(seen, items)
    assert seen == archive.ids


async def test_items_without_an_identity_are_all_given():
    archive = archive_of(5, pages_said=lambda _: 2)
    pager = Pager(archive.fetch, lambda _: None)
    assert await everything(aiter(pager)) == archive.ids


async def test_progress_says_how_far_the_walk_is():
    pager = archive_of(12).pager()
    assert pager.progress == Progress()
    pages = pager.pages()
    await anext(pages)
    assert pager.progress == Progress(1, 3, 5, 12)
    await anext(pages)
    await anext(pages)
    assert pager.progress == Progress(3, 3, 12, 12)
    await pages.aclose()


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "8"])
@pytest.mark.parametrize("name", ["prefetch", "max_items"])
def test_an_option_is_a_whole_number_above_zero(name: str, value: object):
    with pytest.raises(ConfigurationError, match=name):
        archive_of(1).pager(**{name: value})


@pytest.mark.parametrize("value", [0, -1, True, "2"])
async def test_a_page_is_a_whole_number_above_zero(value: Any):
    pager = archive_of(1).pager()
    with pytest.raises(ConfigurationError, match="number="):
        await pager.page(value)
    with pytest.raises(ConfigurationError, match="start="):
        await anext(pager.pages(start=value))


# --- pages and pagers as people use them ---


@pytest.mark.parametrize("most", [1, 3, SIZE, SIZE + 1, 100])
async def test_an_awaited_page_holds_at_most_max_items(most: int) -> None:
    """What is awaited heeds the same arguments as what is iterated (field case 19)."""
    archive = archive_of(12)
    page = await archive.pager(max_items=most)
    assert list(page) == archive.ids[: min(most, SIZE)]
    assert (page.size, page.total, page.has_next) == (SIZE, 12, True)


async def test_a_page_is_a_sequence_of_its_items() -> None:
    """``len``, an index, a slice, ``in`` and ``for`` need no ``.items`` (field case 19)."""
    archive = archive_of(12)
    page = await archive.pager()
    assert isinstance(page, Sequence)
    assert (len(page), page[0], page[-1], list(page[1:3])) == (SIZE, 12, 8, [11, 10])
    assert (12 in page, 1 in page, page.index(11), page.count(12)) == (True, False, 1, 1)
    assert [*page] == page.items == [*reversed([*reversed(page)])]
    with pytest.raises(IndexError):
        page[SIZE]


async def test_a_page_without_items_is_not_false() -> None:
    """``while page := await page.next()`` goes on behind a page of broken items."""
    page = await archive_of(0).pager()
    assert (len(page), bool(page)) == (0, True)


@pytest.mark.parametrize(
    ("use", "hint"),
    [(iter, "`async for item in pager`"), (list, "`async for item in pager`"), (len, "`len(await")],
)
def test_a_plain_loop_over_a_pager_says_what_to_write(
    use: Callable[[Any], object], hint: str
) -> None:
    """A ``for`` without ``async`` hints at the right one (field case 19)."""
    pager = archive_of(12).pager()
    with pytest.raises(TypeError) as caught:
        use(pager)
    assert hint in str(caught.value)
    assert pager
