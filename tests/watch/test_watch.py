"""Watching: what changes say, when polls are made, and how a watch ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import pickle
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from attrs import define, evolve, field
from hypothesis import given
from hypothesis import strategies as st

from livechat_async import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConfigurationError,
    ConnectError,
    ConnectionLost,
    DecodeError,
    InvalidJSONError,
    LiveChatClient,
    LiveChatError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeout,
    RetryPolicy,
    ServerError,
    TLSError,
    Visitor,
)
from livechat_async.sandbox import DropConnection, EmptyBody, Sandbox, Slow, Status
from livechat_async.watch.changes import (
    Arrived,
    Change,
    Left,
    PageChanged,
    Resynced,
    StateChanged,
    Updated,
    VisitorChange,
    diff,
    page_of,
    to_snapshot,
)
from livechat_async.watch.watch import Poll, Poller, VisitorWatch

T = TypeVar("T")

CALL: dict[str, Any] = {"method": "GET", "url": "https://api.livechatinc.com/visitors"}
WRONG: dict[str, Any] = {"path": "", "expected": "a list", "found": "text", "status": 200}
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
FAST = 0.02


def visitor(id_: str, state: str = "browsing", page: str = "/", **fields: Any) -> Visitor:
    return Visitor(id=id_, state=state, page_current=page, **fields)


def fold(changes: Iterable[Change], visitors: Mapping[str, Visitor] | None = None) -> Any:
    """The visitors that the changes alone add up to, as the documentation says."""
    known = dict(visitors or {})
    for change in changes:
        match change:
            case Arrived(who):
                assert who.id not in known
                known[who.id] = who
            case StateChanged(who, before):
                assert known[who.id].state == before != who.state
                known[who.id] = evolve(known[who.id], state=who.state)
            case PageChanged(who, before):
                assert page_of(known[who.id]) == before != change.page
                known[who.id] = who
            case Updated(who, old):
                assert gist({who.id: who}) == gist({who.id: known[who.id]})
                assert old != who
                known[who.id] = who
            case Left(who):
                del known[who.id]
            case Resynced():
                pass
    return known


def gist(visitors: Mapping[str, Visitor]) -> dict[str, tuple[str, str]]:
    return {id_: (str(who.state), page_of(who)) for id_, who in visitors.items()}


# What changes say.

FEW_IDS = st.sampled_from(["", " ", "S1", "S2", "S3"])
SOMEBODY = st.builds(
    Visitor,
    id=FEW_IDS,
    state=st.sampled_from(["browsing", "chatting", "odd"]),
    page_current=st.sampled_from(["", "/", "/cart"]),
    page_address=st.sampled_from(["", "/", "/cart"]),
    city=st.sampled_from(["", "Paris"]),
    extra=st.sampled_from([{}, {"new": [1]}]),
    last_visit=st.none()
    | st.sampled_from([NOON, NOON + timedelta(hours=1), NOON.replace(tzinfo=None)]),
)
ANSWERS = st.lists(st.lists(SOMEBODY, max_size=5), max_size=6)


@given(ANSWERS)
def test_the_changes_turn_each_snapshot_into_the_next(answers: list[list[Visitor]]) -> None:
    known: dict[str, Visitor] = {}
    before: dict[str, Visitor] = {}
    for answer in answers:
        after = to_snapshot(answer)
        known = fold(diff(before, after), known)
        assert gist(known) == gist(after)
        before = after


@given(ANSWERS)
def test_with_updates_every_field_is_reported(answers: list[list[Visitor]]) -> None:
    known: dict[str, Visitor] = {}
    before: dict[str, Visitor] = {}
    for answer in answers:
        after = to_snapshot(answer)
        for change in diff(before, after, updates=True):
            match change:
                case Left(who):
                    del known[who.id]
                case Resynced():
                    raise AssertionError
                case _:
                    known[change.visitor.id] = change.visitor
        assert known == after
        before = after


@given(st.lists(SOMEBODY), st.lists(SOMEBODY))
def test_changes_come_in_a_fixed_order(old: list[Visitor], new: list[Visitor]) -> None:
    before, after = to_snapshot(old), to_snapshot(new)
    changes = diff(before, after, updates=True)

    ranks = [StateChanged, PageChanged, Updated]
    gone = [change.visitor.id for change in changes if isinstance(change, Left)]
    others = [change for change in changes if not isinstance(change, Left)]
    places = [
        (list(after).index(change.visitor.id), ranks.index(type(change)))
        if type(change) in ranks
        else (list(after).index(change.visitor.id), -1)
        for change in others
        if not isinstance(change, Resynced)
    ]
    assert changes[: len(gone)] == [Left(before[id_]) for id_ in gone]
    assert gone == [id_ for id_ in before if id_ in gone]
    assert places == sorted(set(places))


@given(st.lists(SOMEBODY))
def test_an_equal_answer_gives_no_change(answer: list[Visitor]) -> None:
    snapshot = to_snapshot(answer)
    assert diff(snapshot, to_snapshot(snapshot.values()), updates=True) == []


def test_each_change_has_the_newest_visitor_and_what_was_before() -> None:
    before = to_snapshot([visitor("S1"), visitor("S2"), visitor("S3")])
    mary = visitor("S1", "chatting", "/cart", name="Mary Brown")
    sam = visitor("S4", "queued")

    after = to_snapshot([sam, mary, visitor("S3", city="Paris")])

    changes = [
        Left(visitor("S2")),
        Arrived(sam),
        StateChanged(mary, "browsing"),
        PageChanged(mary, "/"),
    ]
    assert diff(before, after) == changes
    # Not for Mary, whose name came with the rest.
    assert diff(before, after, updates=True) == [*changes, Updated(after["S3"], visitor("S3"))]


def test_a_page_is_the_same_in_whichever_field_it_comes() -> None:
    old = Visitor(id="S1", state="browsing", page_current="/", page_address="/")
    new = Visitor(id="S1", state="browsing", page_address="/")
    gone = Visitor(id="S1", state="browsing")

    assert diff({"S1": old}, {"S1": new}) == []
    (change,) = diff({"S1": new}, {"S1": gone})
    assert isinstance(change, PageChanged)
    assert (change.before, change.page) == ("/", "")


@pytest.mark.parametrize(
    ("old", "new", "is_new_visit"),
    [
        (NOON, NOON + timedelta(seconds=1), True),
        (NOON, NOON, False),
        (NOON, NOON - timedelta(hours=1), False),
        (NOON, None, False),
        (None, NOON, False),
        (NOON.replace(tzinfo=None), NOON + timedelta(hours=1), False),
        (NOON, NOON.replace(tzinfo=None, hour=13), False),
    ],
)
def test_a_visitor_who_came_back_left_before(
    old: datetime | None, new: datetime | None, *, is_new_visit: bool
) -> None:
    before, after = visitor("S1", last_visit=old), visitor("S1", "queued", last_visit=new)

    assert diff({"S1": before}, {"S1": after}) == (
        [Left(before), Arrived(after)] if is_new_visit else [StateChanged(after, "browsing")]
    )


def test_the_later_visitor_with_an_id_counts_and_blank_ids_are_left_out() -> None:
    answer = [
        visitor("S1"),
        visitor("", "queued"),
        visitor(" "),
        visitor("S2"),
        visitor("S1", "chatting"),
    ]

    assert list(to_snapshot(answer).items()) == [
        ("S1", visitor("S1", "chatting")),
        ("S2", visitor("S2")),
    ]


def test_changes_pickle_and_hash() -> None:
    mary = visitor("S1", extra={"new": ["field"]})
    changes: list[Change] = [
        Arrived(mary),
        StateChanged(mary, "odd"),
        PageChanged(mary, "/cart"),
        Updated(mary, mary),
        Left(mary),
        Resynced((mary,), 1.5, 2),
    ]

    assert pickle.loads(pickle.dumps(changes)) == changes  # noqa: S301 (our own)
    assert len(set(changes)) == len(changes)
    assert all(isinstance(change, VisitorChange) for change in changes)


# When polls are made. Time passes only while a test waits.


class _Jump(selectors.DefaultSelector):
    now = 1_000.0

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "nothing would ever happen"
        self.now += max(timeout, 0.0)
        return super().select(0)


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.jump = _Jump()
        super().__init__(self.jump)

    def time(self) -> float:
        return self.jump.now


def play(story: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=_JumpingLoop) as runner:
        return runner.run(story)


async def step(watch: VisitorWatch) -> Change:
    return await anext(watch)


def now() -> float:
    return asyncio.get_running_loop().time()


@define
class Site:
    """Answers poll number *n* with answer number *n*, then always the last; records the times."""

    answers: list[Any] = field(factory=lambda: [[]])
    takes: Callable[[int], float] = lambda _: 0.0
    polls: list[float] = field(factory=list)

    async def fetch(self) -> Any:
        self.polls.append(now())
        number = len(self.polls) - 1
        await asyncio.sleep(self.takes(number))
        answer = self.answers[min(number, len(self.answers) - 1)]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def gaps(self) -> list[float]:
        return [later - earlier for earlier, later in zip(self.polls, self.polls[1:], strict=False)]

    def poller(self, **options: Any) -> Poller[Any]:
        return Poller(self.fetch, **{"retry": RetryPolicy(), "draw": lambda *_: 0.0, **options})

    def watch(self, **options: Any) -> VisitorWatch:
        return VisitorWatch(self.fetch, retry=RetryPolicy(), **options)


def down(retry_after: float | None = None, status: int = 503) -> ServerError:
    return ServerError(**CALL, status=status, message="down", retry_after=retry_after)


async def polls_of(poller: Poller[Any], number: int) -> list[Poll[Any]]:
    return [await poller.next() for _ in range(number)]


def test_polls_follow_a_grid_and_spread_a_little() -> None:
    site = Site(takes=lambda number: (number * 0.7) % 4.5)

    play(polls_of(Poller(site.fetch, retry=RetryPolicy(), interval=5), 1_000))

    late = [moment - (1_000 + 5 * number) for number, moment in enumerate(site.polls)]
    assert late[0] == 0
    assert all(-1e-6 <= seconds <= 0.25 + 1e-6 for seconds in late)
    assert max(late[1:]) - min(late[1:]) > 0.1


def test_two_pollers_do_not_poll_at_the_same_times() -> None:
    sites = [Site(), Site()]
    for site in sites:
        play(polls_of(Poller(site.fetch, retry=RetryPolicy()), 10))

    assert sites[0].polls[1:] != sites[1].polls[1:]


def test_polls_that_fall_into_a_slow_poll_are_skipped() -> None:
    site = Site(takes=lambda number: 13.0 if number == 1 else 0.0)

    play(polls_of(site.poller(interval=5), 5))

    assert site.gaps == pytest.approx([5, 15, 5, 5])


def test_polls_that_always_take_longer_than_the_interval_leave_a_pause() -> None:
    site = Site(takes=lambda _: 6.0)

    play(polls_of(site.poller(interval=5), 4))

    assert site.gaps == pytest.approx([10, 10, 10])


@pytest.mark.parametrize(
    ("busy", "gaps"),
    [(2.0, [5, 5]), (7.0, [7, 3]), (7.6, [7.6, 7.4]), (4_999.0, [4_999, 6])],
)
def test_after_a_slow_body_it_polls_at_once_and_finds_the_grid_again(
    busy: float, gaps: list[float]
) -> None:
    site = Site()

    async def story() -> None:
        poller = site.poller(interval=5)
        await poller.next()
        await asyncio.sleep(busy)
        await poller.next()
        await poller.next()

    play(story())
    assert site.gaps == pytest.approx(gaps)


@pytest.mark.parametrize(
    "error",
    [
        down(90),
        down(90, 599),
        RateLimitError(**CALL, status=429, message="slowly", retry_after=90),
        APIStatusError(**CALL, status=408, message="late", retry_after=90),
    ],
    ids=lambda error: str(error.status),
)
def test_the_next_poll_waits_as_long_as_the_server_asks(error: APIStatusError) -> None:
    site = Site([[], error, []])

    answers = play(polls_of(Poller(site.fetch, retry=RetryPolicy(), interval=5), 3))

    assert 90 <= site.gaps[1] <= 90.5
    assert answers[1].failures == 1
    assert 95 <= answers[1].outage <= 96
    assert (answers[2].failures, answers[2].outage) == (0, 0)
    # Again at a multiple of the interval after the first poll.
    assert (site.polls[3] - site.polls[0]) % 5 <= 0.25 + 1e-6


def test_waits_grow_while_polls_fail() -> None:
    site = Site([[], *[down()] * 7, []], takes=lambda number: 1.0 if number > 0 else 0.0)

    _, after, _ = play(polls_of(site.poller(interval=5), 3))

    assert site.gaps[:8] == pytest.approx([5, 6, 11, 21, 41, 61, 61, 61])
    assert (after.outage, after.failures) == (sum(site.gaps[:8]) + 1, 7)


def test_waits_are_never_shorter_than_the_interval_nor_beyond_any_float() -> None:
    site = Site([down()])

    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3_600 * 2_000):
                await site.poller(interval=3_600).next()

    play(story())
    assert len(site.polls) == 2_000
    assert set(site.gaps) == {3_600}


def test_a_poller_gives_up_after_max_outage() -> None:
    errors = [down(status=500 + number) for number in range(9)]
    site = Site([[], *errors])

    async def story() -> LiveChatError:
        poller = site.poller(interval=5, max_outage=60)
        await poller.next()
        with pytest.raises(ServerError) as raised:
            await poller.next()
        return raised.value

    assert play(story()) is errors[4]
    # The last poll is made when the time is over, counted from the first failure.
    assert site.gaps == pytest.approx([5, 5, 10, 20, 25])


def test_a_poller_gives_up_at_once_if_retry_after_is_longer_than_max_outage() -> None:
    site = Site([[], down(61), []])

    async def story() -> Poll[Any]:
        poller = site.poller(interval=5, max_outage=60)
        await poller.next()
        with pytest.raises(ServerError, match="61 s"):
            await poller.next()
        return await poller.next()

    assert play(story()) == Poll([], 1, 10)


def test_a_time_limit_of_a_poll_is_not_taken_for_the_end_of_the_watch() -> None:
    limit = RequestTimeout(**CALL, limit="deadline", seconds=60.0)
    with pytest.raises(RequestTimeout) as raised:
        play(step(Site([limit]).watch(max_outage=0)))
    assert raised.value is limit


def test_with_max_outage_zero_the_first_failure_is_raised() -> None:
    site = Site([down()])
    with pytest.raises(ServerError):
        play(site.poller(max_outage=0).next())
    assert len(site.polls) == 1


PASSING = [
    ConnectError(**CALL, reason="refused"),
    ConnectionLost(**CALL, reason="cut"),
    RequestTimeout(**CALL, limit="deadline", seconds=60.0),
    InvalidJSONError(**CALL, **WRONG),
    RateLimitError(**CALL, status=429, message="slowly"),
    down(status=500),
    down(status=520),
    APIStatusError(**CALL, status=408, message="timeout"),
]
LASTING = [
    AuthenticationError(**CALL, status=401, message="no"),
    PermissionDeniedError(**CALL, status=403, message="no"),
    BadRequestError(**CALL, status=400, message="no"),
    NotFoundError(**CALL, status=404, message="no"),
    DecodeError(**CALL, **WRONG),
    TLSError(**CALL, reason="expired"),
    ConfigurationError("no credentials"),
    ClientStateError("closed"),
    RuntimeError("of the caller's own function that gets credentials"),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_a_temporary_failure_is_reported_and_survived(
    error: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reported: list[Any] = []
    site = Site([error, [visitor("S1")]])

    with caplog.at_level(logging.INFO, "livechat_async"):
        answer = play(site.poller(on_failure=lambda *failure: reported.append(failure)).next())

    assert answer.value == [visitor("S1")]
    assert (answer.outage, answer.failures) == (5, 1)
    assert reported == [(error, 5)]
    (record,) = caplog.records
    assert record.getMessage() == f"poll failed (1 in a row), the next is in 5.00 s: {error}"


@pytest.mark.parametrize("error", LASTING, ids=lambda error: type(error).__name__)
def test_a_lasting_failure_is_raised_and_the_next_loop_continues(error: Exception) -> None:
    reported: list[Any] = []
    site = Site([[visitor("S1")], error, [visitor("S2")]])

    async def story() -> list[Change]:
        watch = site.watch(interval=5, on_failure=lambda *failure: reported.append(failure))
        changes: list[Change] = [await anext(watch)]
        with pytest.raises(type(error)) as raised:
            await anext(watch)
        assert raised.value is error
        changes.extend([await anext(watch) for _ in range(3)])
        return changes

    assert [type(change) for change in play(story())] == [Arrived, Resynced, Left, Arrived]
    assert not reported
    assert site.gaps == pytest.approx([5, 5], rel=0.06)


# What a watch gives.


@given(
    answers=st.lists(
        st.lists(SOMEBODY, max_size=4) | st.sampled_from([down(), down(7), down(100)]), max_size=8
    ),
    busy=st.lists(st.sampled_from([0.0, 0.3, 4.0, 50.0]), min_size=1, max_size=5),
)
def test_the_changes_of_a_watch_add_up_to_its_visitors(
    answers: list[Any], busy: list[float]
) -> None:
    last = [visitor("the last")]
    site = Site([*answers, last])

    async def story() -> list[Change]:
        changes: list[Change] = []
        watch = site.watch(interval=1, updates=True)
        async for change in watch:
            changes.append(change)
            if isinstance(change, Resynced):
                assert list(change.visitors) == list(watch.visitors.values())
                assert change.failures > 0
            await asyncio.sleep(busy[len(changes) % len(busy)])
            if watch.visitors.keys() == {"the last"} and fold(changes).keys() == {"the last"}:
                return changes
        raise AssertionError

    changes = play(story())
    failures = sum(change.failures for change in changes if isinstance(change, Resynced))
    assert failures == sum(isinstance(answer, Exception) for answer in answers)
    assert gist(fold(changes)) == gist(to_snapshot(last))


def test_visitors_in_the_first_answer_arrive_at_start() -> None:
    mary, sam = visitor("S1"), visitor("S2")

    async def story() -> list[Change]:
        watch = Site([[mary], [mary, sam]]).watch()
        assert watch.visitors == {}
        return [await anext(watch), await anext(watch)]

    assert play(story()) == [Arrived(mary, at_start=True), Arrived(sam)]


def test_an_outage_is_reported_before_the_changes_during_it() -> None:
    mary, sam = visitor("S1"), visitor("S2")
    site = Site([[mary], [mary], down(), down(100), [sam]])

    async def story() -> list[Change]:
        watch = site.watch(interval=5)
        return [await anext(watch) for _ in range(4)]

    first, resynced, *changes = play(story())
    assert first == Arrived(mary, at_start=True)
    assert isinstance(resynced, Resynced)
    assert (resynced.visitors, resynced.failures) == ((sam,), 2)
    # From the answer to the second poll on, not from the first failure.
    assert resynced.outage == pytest.approx(site.polls[4] - site.polls[1])
    assert 109 < resynced.outage < 112
    assert changes == [Left(mary), Arrived(sam)]


def test_an_outage_is_reported_even_if_nothing_changed() -> None:
    site = Site([down(), []])
    resynced = play(step(site.watch()))
    assert isinstance(resynced, Resynced)
    assert (resynced.visitors, resynced.failures) == ((), 1)


def test_the_snapshot_is_the_latest_and_cannot_be_changed() -> None:
    mary, sam = visitor("S1"), visitor("S2")

    async def story() -> None:
        watch = Site([[mary, sam], [sam]]).watch()
        await anext(watch)
        first = watch.visitors
        assert first == {"S1": mary, "S2": sam}
        with pytest.raises(TypeError):
            first["S3"] = mary  # type: ignore[index]
        await anext(watch)
        await anext(watch)
        assert watch.visitors == {"S2": sam}
        assert first == {"S1": mary, "S2": sam}

    play(story())


def test_a_slow_body_is_not_overtaken() -> None:
    site = Site([[visitor("S1")], [visitor("S2")], [visitor("S3")]])

    async def story() -> list[Change]:
        watch = site.watch(interval=1)
        changes = []
        async for change in watch:
            await asyncio.sleep(100)
            changes.append(change)
            if len(changes) == 5:
                return changes
        raise AssertionError

    assert [change.visitor.id for change in play(story())] == [  # type: ignore[union-attr]
        *("S1", "S1", "S2", "S2", "S3")
    ]
    assert len(site.polls) == 3


# How it ends.


def test_leaving_the_loop_leaves_nothing_behind_and_another_loop_goes_on() -> None:
    site = Site([[visitor("S1"), visitor("S2")], []])

    async def story() -> list[str]:
        watch = site.watch()
        async for change in watch:
            assert change == Arrived(visitor("S1"), at_start=True)
            break
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await asyncio.sleep(1_000)
        assert len(site.polls) == 1
        return [repr(await anext(watch)) for _ in range(3)]

    assert [text.partition("(")[0] for text in play(story())] == ["Arrived", "Left", "Left"]
    gc.collect()


@pytest.mark.parametrize("takes", [0.0, 1e6], ids=["in a wait", "in a poll"])
def test_cancelling_wins_at_once_and_takes_nothing_from_the_watch(takes: float) -> None:
    site = Site(
        [[visitor("S1")], [visitor("S2")], [visitor("S2")]],
        takes=lambda number: takes if number == 1 else 0.0,
    )

    async def story() -> list[Change]:
        watch = site.watch(interval=5)
        await anext(watch)
        begun = now()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4 if takes == 0 else 7):
                await anext(watch)
        assert now() - begun < 8
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return [await anext(watch), await anext(watch)]

    assert play(story()) == [Left(visitor("S1")), Arrived(visitor("S2"))]
    # A cancelled poll is repeated on schedule, not at once.
    assert all(gap > 4 for gap in site.gaps)


@pytest.mark.parametrize("takes", [0.0, 1e6], ids=["in a wait", "in a poll"])
def test_closing_it_from_another_task_ends_the_loop(takes: float) -> None:
    site = Site(takes=lambda number: takes if number else 0.0)

    async def story() -> None:
        watch = site.watch(interval=5)

        async def loop() -> str:
            async for _ in watch:
                raise AssertionError
            return "ended"

        task = asyncio.create_task(loop())
        await asyncio.sleep(17)
        assert not task.done()
        begun = now()
        await asyncio.gather(watch.aclose(), watch.aclose())
        assert await task == "ended"
        assert now() == begun
        assert not task.cancelled()
        assert task.cancelling() == 0
        polls = len(site.polls)
        assert [change async for change in watch] == []
        await watch.aclose()
        assert len(site.polls) == polls

    play(story())


def test_nothing_is_running_when_closing_returns() -> None:
    ended: list[float] = []

    async def fetch() -> list[Visitor]:
        try:
            await asyncio.sleep(1e6)
        finally:
            await asyncio.sleep(2)  # as a connection that takes its time to close
            ended.append(now())
        raise AssertionError

    async def story() -> None:
        watch = VisitorWatch(fetch, retry=RetryPolicy())
        task = asyncio.create_task(step(watch))
        await asyncio.sleep(1)
        await watch.aclose()
        assert ended == [now()]
        with pytest.raises(StopAsyncIteration):
            await task

    play(story())


def test_cancelling_the_task_that_is_being_closed_still_cancels_it() -> None:
    async def story() -> None:
        watch = Site().watch()
        task = asyncio.create_task(step(watch))
        await asyncio.sleep(1)
        closing = asyncio.create_task(watch.aclose())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await closing

    play(story())


def test_changes_not_handed_out_are_dropped_by_closing() -> None:
    async def story() -> None:
        async with Site([[visitor("S1"), visitor("S2")]]).watch() as watch:
            assert isinstance(await anext(watch), Arrived)
        assert [change async for change in watch] == []
        assert len(watch.visitors) == 2

    play(story())


def test_two_tasks_cannot_wait_for_one_watch() -> None:
    async def story() -> None:
        watch = Site([[], [visitor("S1")]]).watch()
        first = asyncio.create_task(step(watch))
        await asyncio.sleep(1)
        with pytest.raises(ClientStateError, match=r"another task waits .* make a watch for each"):
            await anext(watch)
        assert await first == Arrived(visitor("S1"))
        assert watch.visitors

    play(story())


def test_an_error_in_on_failure_reaches_the_loop() -> None:
    def hook(*_: object) -> None:
        raise LookupError("in the hook")

    with pytest.raises(LookupError, match="in the hook"):
        play(step(Site([down()]).watch(on_failure=hook)))


# Arguments.


async def _async_hook(_: Exception, __: float) -> None:
    return


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *(
            ({"interval": value}, rf"^interval={value!r}: a number of seconds .* 0\.01 or more$")
            for value in (0, -1, 0.001, math.nan, math.inf, True, None, "5")
        ),
        ({"interval": 10**400}, r"^interval=10+…: a number of seconds .* 0\.01 or more$"),
        *(
            ({"max_outage": value}, rf"^max_outage={value!r}: .* 0 or more$")
            for value in (-1, math.nan, math.inf, False, "60")
        ),
        ({"updates": 1}, "^updates=1: True or False is needed$"),
        ({"on_failure": "print"}, "^on_failure='print': a function .* is needed"),
        ({"on_failure": _async_hook}, "not an async one"),
        ({"state": "asleep"}, "^state='asleep' is none of"),
        ({"groups": []}, "^groups is empty"),
        ({"groups": ["2"]}, "^groups: '2' is no group"),
    ],
)
async def test_bad_arguments_are_refused_before_a_request(
    options: dict[str, Any],
    message: str,
    livechat_sandbox: Sandbox,
    livechat_client: LiveChatClient,
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        livechat_client.visitors.watch(**options)
    assert not livechat_sandbox.requests


# Against a LiveChat.


@pytest.fixture
async def client(livechat_sandbox: Sandbox) -> AsyncIterator[LiveChatClient]:
    async with LiveChatClient(
        livechat_sandbox.credentials, base_url=livechat_sandbox.url, retry=RetryPolicy.none()
    ) as client:
        yield client


async def test_each_step_of_a_visit_is_a_change(
    livechat_sandbox: Sandbox, client: LiveChatClient
) -> None:
    mary = livechat_sandbox.add_visitor(name="Mary Brown", page_current="https://example.com/")
    reported = []

    async with client.visitors.watch(interval=FAST) as watch:
        async for change in watch:
            reported.append(change)
            match change:
                case Arrived():
                    assert change.visitor.name == "Mary Brown"
                    livechat_sandbox.update_visitor(
                        mary, state="queued", page_current="https://example.com/cart"
                    )
                case PageChanged():
                    assert change.before == "https://example.com/"
                    assert change.page == "https://example.com/cart"
                    livechat_sandbox.start_chat(mary)
                case StateChanged(before="queued"):
                    assert change.visitor.operators[0].id == "john.doe@example.com"
                    livechat_sandbox.remove_visitor(mary)
                case Left():
                    break
                case _:
                    pass

    assert [type(change) for change in reported] == [
        *(Arrived, StateChanged, PageChanged, StateChanged, Left)
    ]
    assert reported[0].visitor.state == "browsing"
    assert reported[1].before == "browsing"
    assert reported[3].visitor == reported[4].visitor
    assert watch.visitors == {}


async def test_a_visitor_who_leaves_the_filter_has_left(
    livechat_sandbox: Sandbox, client: LiveChatClient
) -> None:
    mary = livechat_sandbox.add_visitor(state="queued", group=2)
    livechat_sandbox.add_visitor(state="queued", group=3)

    async with client.visitors.watch(interval=FAST, state="queued", groups=iter([0, 2])) as watch:
        arrived = await anext(watch)
        livechat_sandbox.start_chat(mary)
        left = await anext(watch)

    assert isinstance(arrived, Arrived)
    assert isinstance(left, Left)
    assert arrived.visitor == left.visitor
    assert left.visitor.id == mary
    for request in livechat_sandbox.requests:
        assert request.query == {"state": "queued", "group": ["0", "2"]}


@pytest.mark.parametrize(
    "fault", [Status(503), Status(429, retry_after=0.05), EmptyBody(), DropConnection()], ids=repr
)
async def test_a_watch_survives_faults(
    fault: Any, livechat_sandbox: Sandbox, client: LiveChatClient
) -> None:
    mary = livechat_sandbox.add_visitor()
    async with client.visitors.watch(interval=FAST) as watch:
        await anext(watch)
        livechat_sandbox.inject(fault, times=2)
        livechat_sandbox.remove_visitor(mary)
        changes = [await anext(watch), await anext(watch)]

    assert [type(change) for change in changes] == [Resynced, Left]
    assert changes[0].failures == 2  # type: ignore[union-attr]


async def test_a_long_retry_after_is_waited_for(
    livechat_sandbox: Sandbox, livechat_client: LiveChatClient
) -> None:
    # Longer than the policy waits, so the call fails at once, and the watch waits.
    client = livechat_client.with_options(retry=RetryPolicy(retry_after_max=0.5))
    livechat_sandbox.inject(Status(503, retry_after=1))

    async with client.visitors.watch(interval=FAST) as watch:
        resynced = await anext(watch)

    assert isinstance(resynced, Resynced)
    first, second = livechat_sandbox.requests
    assert (second.received_at - first.received_at).total_seconds() >= 1


async def test_an_outage_of_the_whole_server_is_survived(
    livechat_sandbox: Sandbox, client: LiveChatClient
) -> None:
    mary = livechat_sandbox.add_visitor()
    failed = asyncio.Event()

    async with client.visitors.watch(interval=FAST, on_failure=lambda *_: failed.set()) as watch:
        await anext(watch)
        await livechat_sandbox.stop()
        livechat_sandbox.remove_visitor(mary)
        sam = livechat_sandbox.add_visitor()
        task = asyncio.create_task(_take(watch, 3))
        await failed.wait()
        await livechat_sandbox.start()
        resynced, left, arrived = await task

    assert isinstance(resynced, Resynced)
    assert [who.id for who in resynced.visitors] == [sam]
    assert isinstance(left, Left)
    assert isinstance(arrived, Arrived)
    assert (left.visitor.id, arrived.visitor.id) == (mary, sam)


async def _take(watch: VisitorWatch, number: int) -> list[Change]:
    return [await anext(watch) for _ in range(number)]


async def test_wrong_credentials_end_a_watch_at_once(
    livechat_sandbox: Sandbox, client: LiveChatClient
) -> None:
    livechat_sandbox.inject(Status(401))
    with pytest.raises(AuthenticationError):
        await anext(client.visitors.watch(interval=FAST))
    assert len(livechat_sandbox.requests) == 1


async def test_without_credentials_nothing_is_sent(livechat_sandbox: Sandbox) -> None:
    async with LiveChatClient(base_url=livechat_sandbox.url) as client:
        watch = client.visitors.watch()
        with pytest.raises(ConfigurationError, match="needs credentials"):
            await anext(watch)
    assert not livechat_sandbox.requests


async def test_closing_the_client_ends_a_watch(
    livechat_sandbox: Sandbox, client: LiveChatClient
) -> None:
    livechat_sandbox.add_visitor()
    watch = client.visitors.watch(interval=FAST)
    await anext(watch)
    await client.close()
    with pytest.raises(ClientStateError, match="closed"):
        await anext(watch)


async def test_a_watch_can_be_closed_in_the_middle_of_an_answer(
    livechat_sandbox: Sandbox, client: LiveChatClient
) -> None:
    livechat_sandbox.inject(Slow(30))
    async with client.visitors.watch(interval=FAST) as watch:
        task = asyncio.create_task(_all(watch))
        while not livechat_sandbox.requests:  # noqa: ASYNC110 (it has no event for this)
            await asyncio.sleep(0.01)
    assert await asyncio.wait_for(task, 100) == []


async def _all(watch: VisitorWatch) -> list[Change]:
    return [change async for change in watch]


async def test_many_watches_run_at_once(livechat_sandbox: Sandbox, client: LiveChatClient) -> None:
    watches = [client.visitors.watch(interval=FAST) for _ in range(20)]
    tasks = [asyncio.create_task(_all(watch)) for watch in watches]
    while not all(watch.visitors for watch in watches):
        if not livechat_sandbox.visitors:
            livechat_sandbox.add_visitor()
        await asyncio.sleep(0.01)
    await asyncio.gather(*(watch.aclose() for watch in watches))

    assert all(len(changes) == 1 for changes in await asyncio.gather(*tasks))
