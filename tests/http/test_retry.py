"""Decides which failures are repeated, after which waits, and when a call ends."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livechat_async import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    CallError,
    ClientStateError,
    ConfigurationError,
    ConnectError,
    ConnectionLost,
    ConnectTimeout,
    DecodeError,
    ExportError,
    InvalidJSONError,
    LiveChatError,
    NotFoundError,
    OverfullDayError,
    PagingError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    RedirectError,
    RequestTimeout,
    ResponseTooLarge,
    RetryPolicy,
    ServerError,
    TLSError,
    TransportError,
    UnsettledDaysError,
    errors,
)
from livechat_async.http.retry import (
    Deadline,
    call_with_retries,
    is_worth_repeating,
    seconds_to_wait,
    was_surely_not_processed,
)

CALL = {"method": "GET", "url": "https://api.livechatinc.com/visitors"}
DAYS: dict[str, Any] = {"first": date(2026, 1, 31), "last": date(2026, 1, 31), "total": 25_001}
WRONG = {"path": "", "expected": "JSON", "found": "an empty body", "status": 200}


def status_error(
    cls: type[APIStatusError], status: int, retry_after: float | None = None
) -> APIStatusError:
    return cls(**CALL, status=status, message="no", retry_after=retry_after)


# Each error; whether a read, a write, and a write with retry_writes are repeated; whether the
# server surely did nothing.
YES, NO = True, False
TABLE: list[tuple[BaseException, bool, bool, bool, bool]] = [
    (ConnectError(**CALL, reason="refused"), YES, YES, YES, YES),
    (ConnectTimeout(**CALL, seconds=5.0), YES, YES, YES, YES),
    (TLSError(**CALL, reason="expired"), NO, NO, NO, YES),
    (TransportError(**CALL, reason="odd"), YES, NO, YES, NO),
    (ConnectionLost(**CALL, reason="cut"), YES, NO, YES, NO),
    (ProtocolError(**CALL, reason="no HTTP"), NO, NO, NO, NO),
    (RequestTimeout(**CALL, limit="attempt", seconds=15.0), YES, NO, YES, NO),
    (ResponseTooLarge(**CALL, limit_bytes=10), NO, NO, NO, NO),
    (PagingError(**CALL, page=9), NO, NO, NO, NO),
    (ExportError(**DAYS), NO, NO, NO, NO),
    (OverfullDayError(**DAYS, most=25_000), NO, NO, NO, NO),
    (UnsettledDaysError(**DAYS, passes=20), NO, NO, NO, NO),
    (errors.WebhookError(path="", expected="JSON", found="an empty body"), NO, NO, NO, NO),
    (errors.QueueFullError("full"), NO, NO, NO, NO),
    (RedirectError(**CALL, status=302, location="x", reason="no"), NO, NO, NO, NO),
    (InvalidJSONError(**CALL, **WRONG), YES, NO, NO, NO),
    (DecodeError(**CALL, **WRONG), NO, NO, NO, NO),
    (CallError(**CALL), NO, NO, NO, NO),
    (status_error(APIStatusError, 302), NO, NO, NO, NO),
    (status_error(BadRequestError, 400), NO, NO, NO, NO),
    (status_error(BadRequestError, 400, 1.0), NO, NO, NO, NO),
    (status_error(AuthenticationError, 401), NO, NO, NO, NO),
    (status_error(PermissionDeniedError, 403), NO, NO, NO, NO),
    (status_error(NotFoundError, 404), NO, NO, NO, NO),
    (status_error(APIStatusError, 405), NO, NO, NO, NO),
    (status_error(APIStatusError, 408), YES, NO, YES, NO),
    (status_error(APIStatusError, 408, 1.0), YES, NO, YES, NO),
    (status_error(APIStatusError, 409), NO, NO, NO, NO),
    (status_error(NotFoundError, 410), NO, NO, NO, NO),
    (status_error(APIStatusError, 421), NO, NO, NO, NO),
    (status_error(BadRequestError, 422), NO, NO, NO, NO),
    (status_error(RateLimitError, 429), YES, YES, YES, YES),
    (status_error(RateLimitError, 429, 0.0), YES, YES, YES, YES),
    (status_error(RateLimitError, 429, 30.0), YES, YES, YES, YES),
    (status_error(RateLimitError, 429, 30.1), NO, NO, NO, YES),
    (status_error(ServerError, 500), YES, NO, YES, NO),
    (status_error(ServerError, 500, 1.0), YES, NO, YES, NO),
    (status_error(ServerError, 501), NO, NO, NO, NO),
    (status_error(ServerError, 502), YES, NO, YES, NO),
    (status_error(ServerError, 503), YES, NO, YES, NO),
    (status_error(ServerError, 503, 0.0), YES, YES, YES, YES),
    (status_error(ServerError, 503, 30.0), YES, YES, YES, YES),
    (status_error(ServerError, 503, 31.0), NO, NO, NO, YES),
    (status_error(ServerError, 504), YES, NO, YES, NO),
    (status_error(ServerError, 504, 1.0), YES, NO, YES, NO),
    (LiveChatError("no"), NO, NO, NO, NO),
    (ConfigurationError("no"), NO, NO, NO, NO),
    (ClientStateError("no"), NO, NO, NO, NO),
    (ValueError("no"), NO, NO, NO, NO),
    (OSError("no"), NO, NO, NO, NO),
    (TimeoutError("no"), NO, NO, NO, NO),
    (asyncio.CancelledError(), NO, NO, NO, NO),
    (KeyboardInterrupt(), NO, NO, NO, NO),
    (SystemExit(), NO, NO, NO, NO),
    (GeneratorExit(), NO, NO, NO, NO),
]


def name_of(error: BaseException) -> str:
    status, wait = getattr(error, "status", ""), getattr(error, "retry_after", None)
    return f"{type(error).__name__} {status}{'' if wait is None else f' after {wait}'}".strip()


DECISIONS = pytest.mark.parametrize(
    ("error", "read", "write", "eager_write", "untouched"),
    [pytest.param(*row, id=name_of(row[0])) for row in TABLE],
)


@DECISIONS
def test_what_is_repeated(
    error: BaseException, *, read: bool, write: bool, eager_write: bool, untouched: bool
) -> None:
    policy, eager = RetryPolicy(), RetryPolicy(retry_writes=True)
    assert is_worth_repeating(error, policy, read=True) is read
    assert is_worth_repeating(error, eager, read=True) is read
    assert is_worth_repeating(error, policy, read=False) is write
    assert is_worth_repeating(error, eager, read=False) is eager_write
    assert was_surely_not_processed(error) is untouched


def test_the_table_has_every_error() -> None:
    listed = {type(error).__name__ for error, *_ in TABLE}
    assert listed >= set(errors.__all__)


def test_the_statuses_of_the_policy_are_the_ones_repeated() -> None:
    for status in range(400, 600):
        error = status_error(APIStatusError, status)
        assert is_worth_repeating(error, RetryPolicy(statuses=frozenset({status})), read=True)
        assert not is_worth_repeating(error, RetryPolicy(statuses=frozenset()), read=True)


def test_a_write_is_not_repeated_after_a_status_the_policy_leaves_out() -> None:
    policy = RetryPolicy(statuses=frozenset({503}))
    assert not is_worth_repeating(status_error(RateLimitError, 429), policy, read=False)


@pytest.mark.parametrize(("most", "again"), [(0.0, False), (6.9, False), (7.0, True), (8.0, True)])
def test_the_longest_wait_a_server_may_ask_for(most: float, *, again: bool) -> None:
    policy = RetryPolicy(retry_after_max=most)
    assert is_worth_repeating(status_error(RateLimitError, 429, 7.0), policy, read=True) is again


# --- waits ---

LOST = ConnectionLost(**CALL, reason="cut")
WAITS = st.floats(0, 1e308)


@settings(deadline=None)
@given(st.integers(1, 10_000), WAITS, WAITS)
def test_a_wait_is_between_nothing_and_the_doubled_backoff(
    attempt: int, backoff: float, backoff_max: float
) -> None:
    policy = RetryPolicy(backoff=backoff, backoff_max=backoff_max)
    wait = seconds_to_wait(LOST, attempt, policy)
    most = seconds_to_wait(LOST, attempt, policy, lambda _, high: high)
    least = seconds_to_wait(LOST, attempt, policy, lambda low, _: low)
    assert least == 0
    assert 0 <= wait <= most <= backoff_max
    assert math.isfinite(wait)


@pytest.mark.parametrize(
    ("attempt", "most"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (6, 8.0), (10_000, 8.0)]
)
def test_the_longest_wait_doubles_up_to_its_bound(attempt: int, most: float) -> None:
    assert seconds_to_wait(LOST, attempt, RetryPolicy(), lambda _, high: high) == most


def test_each_wait_is_drawn_again() -> None:
    assert len({seconds_to_wait(LOST, 3, RetryPolicy()) for _ in range(100)}) > 50


def test_no_backoff_is_no_wait() -> None:
    assert seconds_to_wait(LOST, 10_000, RetryPolicy(backoff=0)) == 0


@pytest.mark.parametrize("attempt", [1, 2, 10_000])
@pytest.mark.parametrize("seconds", [0.0, 0.25, 30.0])
def test_what_the_server_asks_for_takes_the_place_of_the_draw(attempt: int, seconds: float) -> None:
    error = status_error(RateLimitError, 429, seconds)
    assert seconds_to_wait(error, attempt, RetryPolicy()) == seconds


def test_a_wait_without_an_error_is_drawn_as_well() -> None:
    assert 0 <= seconds_to_wait(None, 1, RetryPolicy()) <= 0.5


# --- the loop ---


class Clock(Deadline):
    """A deadline by a clock that only sleeping moves."""

    def __init__(self, deadline: float = math.inf) -> None:
        # Made before the loop runs; `Deadline` would ask that for the time.
        self._ends = math.inf
        self.now = 0.0
        self.deadline = deadline
        self.slept: list[float] = []

    @property
    def left(self) -> float:
        return self.deadline - self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Attempts:
    """Fails with one outcome after the other, then gives the last."""

    def __init__(self, *outcomes: Any, takes: float = 0.0, clock: Clock | None = None) -> None:
        self.outcomes: Iterator[Any] = iter(outcomes)
        self.made = 0
        self.takes = takes
        self.clock = clock

    async def __call__(self) -> Any:
        self.made += 1
        if self.clock is not None:
            self.clock.now += self.takes
        outcome = next(self.outcomes)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


async def run(attempts: Callable[[], Awaitable[Any]], policy: RetryPolicy, clock: Clock) -> Any:
    return await call_with_retries(attempts, policy, read=True, deadline=clock, sleep=clock.sleep)


@pytest.mark.parametrize("most", [1, 2, 4, 50])
async def test_it_ends_after_so_many_attempts_with_the_last_error_itself(most: int) -> None:
    failures = [ConnectionLost(**CALL, reason=f"number {number}") for number in range(most)]
    attempts, clock = Attempts(*failures, "never"), Clock()
    with pytest.raises(ConnectionLost) as caught:
        await run(attempts, RetryPolicy(attempts=most), clock)
    assert caught.value is failures[-1]
    assert (attempts.made, len(clock.slept)) == (most, most - 1)


@pytest.mark.parametrize(
    ("asked", "deadline", "made"),
    [(7.0, 8.0, 2), (7.0, 7.1, 2), (7.0, 7.0, 1), (7.0, 6.9, 1), (7.0, 0.0, 1), (0.0, 0.0, 1)],
)
async def test_no_wait_is_begun_that_cannot_end_before_the_deadline(
    asked: float, deadline: float, made: int
) -> None:
    busy = status_error(RateLimitError, 429, asked)
    attempts, clock = Attempts(busy, "done"), Clock(deadline)
    if made == 2:
        assert await run(attempts, RetryPolicy(), clock) == "done"
    else:
        with pytest.raises(RateLimitError) as caught:
            await run(attempts, RetryPolicy(), clock)
        assert caught.value is busy
    assert (attempts.made, clock.slept) == (made, [asked] * (made - 1))


async def test_the_time_attempts_take_counts_against_the_deadline() -> None:
    clock = Clock(deadline=10.0)
    busy = status_error(ServerError, 503, 2.0)
    attempts = Attempts(busy, busy, busy, "never", takes=3.0, clock=clock)
    with pytest.raises(ServerError):
        await run(attempts, RetryPolicy(), clock)
    assert (attempts.made, clock.slept, clock.now) == (2, [2.0], 8.0)


@pytest.mark.parametrize(
    "error",
    [
        asyncio.CancelledError(),
        KeyboardInterrupt(),
        SystemExit(),
        GeneratorExit(),
        ValueError("no"),
        OSError("no"),
        TimeoutError(),
        RuntimeError("no"),
        ConfigurationError("no"),
        ClientStateError("no"),
        TLSError(**CALL, reason="expired"),
        DecodeError(**CALL, **WRONG),
        status_error(AuthenticationError, 401),
    ],
    ids=name_of,
)
async def test_all_else_passes_through_at_once(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    attempts, clock = Attempts(error, "never"), Clock()
    with caplog.at_level("INFO", "livechat_async"), pytest.raises(type(error)) as caught:
        await run(attempts, RetryPolicy(attempts=10), clock)
    assert caught.value is error
    assert (attempts.made, clock.slept, caplog.messages) == (1, [], [])


async def test_a_failure_that_is_not_repeated_has_a_short_traceback() -> None:
    """A notebook showed many frames of tenacity above the message of a 404."""
    with pytest.raises(AuthenticationError) as caught:
        await run(Attempts(status_error(AuthenticationError, 401)), RetryPolicy(), Clock())
    files = {Path(entry.path).parent.name for entry in caught.traceback}
    assert not files & {"tenacity", "asyncio"}


async def test_a_cancelled_wait_ends_the_call() -> None:
    async def interrupted(_: float) -> None:
        raise asyncio.CancelledError

    attempts = Attempts(LOST, "never")
    with pytest.raises(asyncio.CancelledError):
        await call_with_retries(
            attempts,
            RetryPolicy(),
            read=True,
            deadline=Deadline(None),
            sleep=interrupted,
        )
    assert attempts.made == 1


async def test_a_real_cancellation_wins_at_once() -> None:
    started = asyncio.Event()

    async def attempt() -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(run(attempt, RetryPolicy(attempts=100), Clock()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 60)


async def test_no_wait_is_logged_after_the_last_failure(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "livechat_async"), pytest.raises(ConnectionLost):
        await run(Attempts(LOST, LOST), RetryPolicy(attempts=2), Clock())
    assert len(caplog.messages) == 1


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 8),
    st.floats(0, 2),
    st.floats(0, 5),
    st.floats(0, 20),
    st.lists(st.sampled_from([None, 0.0, 0.5, 4.0, 29.0]), min_size=8, max_size=8),
)
def test_whatever_the_settings_the_bounds_hold(
    most: int, backoff: float, backoff_max: float, deadline: float, asked: list[float | None]
) -> None:
    clock = Clock(deadline)
    attempts = Attempts(*[status_error(ServerError, 503, wait) for wait in asked])
    policy = RetryPolicy(attempts=most, backoff=backoff, backoff_max=backoff_max)
    with pytest.raises(ServerError):
        asyncio.run(run(attempts, policy, clock))
    assert attempts.made == len(clock.slept) + 1 <= most
    assert clock.now <= deadline
    assert all(
        seconds == wait if wait is not None else 0 <= seconds <= backoff_max
        for seconds, wait in zip(clock.slept, asked, strict=False)
    )
