"""One job, from its first attempt to its end, whatever its handler does."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from receiver_help import LIMIT, TOKEN, DeadLetters, Recorder, Stubborn, event, until

from livechat_async import (
    AuthenticationError,
    BadRequestError,
    ClientStateError,
    ConfigurationError,
    ConnectError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    ResponseTooLarge,
    ServerError,
    TLSError,
)
from livechat_async.webhooks import Job, RunPolicy, WebhookEvent, is_worth_another_run
from livechat_async.webhooks.events import current_client
from livechat_async.webhooks.runner import (
    HandlerRunner,
    _timed,
    seconds_to_next_run,
)

JOB = Job(event(), "show")
CALL = {"method": "POST", "url": "https://example.com/"}


class Naps:
    """Records the waits between attempts, which take no time."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def status_error(kind: type[Any], status: int, **others: Any) -> Any:
    return kind(**CALL, status=status, message="no", **others)


def make_runner(
    handler: Any,
    hook: Any = None,
    client: Any = None,
    grace: float = LIMIT,
    **policy: Any,
) -> HandlerRunner:
    runner = HandlerRunner(client, RunPolicy(**{"attempts": 3, **policy}), grace=grace)
    runner.handlers["show"] = handler
    runner.dead_letter_hook = hook
    return runner


async def test_a_success_takes_one_attempt() -> None:
    naps, recorder = Naps(), Recorder()
    runner = make_runner(recorder)
    assert await runner(JOB, naps) is True
    assert recorder.events == [JOB.event]
    assert naps.seconds == []
    assert (runner.counts.done, runner.counts.failed, runner.counts.dead) == (1, 0, 0)


async def test_a_failure_is_tried_again_after_a_wait(caplog: pytest.LogCaptureFixture) -> None:
    naps, recorder, letters = Naps(), Recorder(errors=[OSError(f"away, {TOKEN}")]), DeadLetters()
    runner = make_runner(recorder, letters, backoff=4, backoff_max=3)
    with caplog.at_level(logging.DEBUG, "livechat_async.webhooks"):
        assert await runner(JOB, naps) is True
    assert len(recorder.events) == 2
    assert len(naps.seconds) == 1
    assert 0 <= naps.seconds[0] <= 3
    assert letters.letters == []
    assert (runner.counts.done, runner.counts.failed) == (1, 1)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "show failed on" in record.getMessage()
    assert "attempt 1 of 3" in record.getMessage()
    assert "OSError: away, ***" in record.getMessage()


async def test_a_job_that_fails_for_good_goes_to_the_dead_letter_hook(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors = [OSError("one"), OSError("two"), OSError(f"three\x1b[2J {TOKEN}")]
    recorder, letters = Recorder(errors=list(errors)), DeadLetters()
    runner = make_runner(recorder, letters)
    assert await runner(JOB, Naps()) is False
    assert letters.letters == [(JOB.event, errors[-1], "show")]
    assert (runner.counts.done, runner.counts.failed, runner.counts.dead) == (0, 3, 1)
    record = caplog.records[-1]
    assert record.levelname == "ERROR"
    assert f"show gave up {JOB.event.key}: OSError: three" in record.getMessage()
    assert "receiver_help.py" in record.getMessage(), "the log shows where it was raised"
    assert TOKEN not in caplog.text
    assert "\x1b" not in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError("no visitor.id"),
        ClientStateError("closed"),
        status_error(BadRequestError, 400),
        status_error(AuthenticationError, 401),
        status_error(PermissionDeniedError, 403),
        TLSError(**CALL, reason="expired"),
        RedirectError(**CALL, reason="to http", status=302, location="http://example.com"),
        ResponseTooLarge(**CALL, limit_bytes=1),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_permanent_error_is_not_tried_again(error: Exception) -> None:
    recorder, letters = Recorder(errors=[error]), DeadLetters()
    assert await make_runner(recorder, letters)(JOB, Naps()) is False
    assert len(recorder.events) == 1
    assert letters.letters == [(JOB.event, error, "show")]
    assert not is_worth_another_run(error)


@pytest.mark.parametrize(
    "error",
    [
        status_error(NotFoundError, 404),
        status_error(RateLimitError, 429),
        status_error(ServerError, 503),
        ConnectError(**CALL, reason="refused"),
        KeyError("email"),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_any_other_error_is_tried_again(error: Exception) -> None:
    recorder = Recorder(errors=[error])
    assert await make_runner(recorder)(JOB, Naps()) is True
    assert len(recorder.events) == 2
    assert is_worth_another_run(error)


async def test_the_wait_that_a_server_asks_for_is_respected_up_to_an_hour() -> None:
    naps = Naps()
    errors = [
        status_error(RateLimitError, 429, retry_after=seconds) for seconds in (7.5, 500.0, 1e9)
    ]
    runner = make_runner(Recorder(errors=errors), backoff=0.1, backoff_max=20, attempts=4)
    assert await runner(JOB, naps) is True
    assert naps.seconds == [7.5, 500, 3_600]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_handler_is_tried_for_about_an_hour_by_default(share: float) -> None:
    """An outage of half an hour costs no event, and one of minutes no hour (field case 16)."""
    policy = RunPolicy()
    waits = [
        seconds_to_next_run(OSError(), number, policy, lambda low, high: low + (high - low) * share)
        for number in range(1, policy.attempts)
    ]
    assert 2_340 < sum(waits) < 4_740
    assert waits == sorted(waits)
    assert max(waits) <= 300
    assert waits[0] >= 0.5


@given(
    attempt=st.integers(1, 10_000),
    backoff=st.floats(0, 100),
    backoff_max=st.floats(0, 1000),
    asked=st.none() | st.floats(0, 1e6),
    share=st.floats(0, 1),
)
def test_a_wait_stays_within_its_bounds(
    attempt: int, backoff: float, backoff_max: float, asked: float | None, share: float
) -> None:
    policy = RunPolicy(backoff=backoff, backoff_max=backoff_max)
    step = min(backoff * 2.0 ** min(attempt - 1, 60), backoff_max)
    error = status_error(RateLimitError, 429, retry_after=asked)
    drawn: list[float] = []

    def draw(low: float, high: float) -> float:
        assert (low, high) == (step / 2, step)
        drawn.append(low + (high - low) * share)
        return drawn[0]

    seconds = seconds_to_next_run(error, attempt, policy, draw)
    assert step / 2 <= seconds <= max(step, 3_600)
    assert seconds == max(drawn[0], min(asked or 0, 3_600))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", 0),
        ("timeout", float("nan")),
        ("timeout", True),
        ("timeout", "30"),
        ("timeout", 10**400),
        ("attempts", 0),
        ("attempts", 2.0),
        ("backoff", -1),
        ("backoff_max", float("inf")),
    ],
)
def test_policy_values_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}="):
        RunPolicy(**{name: value})


async def test_a_handler_that_never_ends_is_cancelled() -> None:
    cancelled: list[float] = []

    async def never(_: WebhookEvent) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(1)
            raise

    letters = DeadLetters()
    assert await make_runner(never, letters, timeout=0.02)(JOB, Naps()) is False
    assert len(cancelled) == 3
    ((_, error, _),) = letters.letters
    assert isinstance(error, TimeoutError)
    assert str(error) == "the handler show took longer than 0.02 s"


async def test_a_handler_that_returns_after_its_cancellation_has_succeeded() -> None:
    async def finishes(_: WebhookEvent) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)

    assert await make_runner(finishes, timeout=0.02)(JOB, Naps()) is True


async def test_a_handler_that_raises_at_its_cancellation_was_too_slow() -> None:
    async def confused(_: WebhookEvent) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise KeyError("confused")

    letters = DeadLetters()
    assert await make_runner(confused, letters, timeout=0.02, attempts=1)(JOB) is False
    ((_, error, _),) = letters.letters
    assert isinstance(error, TimeoutError)
    assert isinstance(error.__cause__, KeyError)


async def test_a_handler_that_ignores_its_cancellation_is_left_behind() -> None:
    stubborn = Stubborn()

    async def raises_at_last(event: WebhookEvent) -> None:
        await stubborn(event)
        raise OSError("raised too late")

    letters = DeadLetters()
    runner = make_runner(raises_at_last, letters, timeout=0.02, grace=0.05)
    assert await runner(JOB, Naps()) is False
    assert stubborn.runs == 1, "there is no second run beside the first"
    ((_, error, _),) = letters.letters
    assert isinstance(error, TimeoutError)
    assert "goes on in the background" in str(error)
    assert len(runner.stuck) == 1
    stubborn.release.set()
    await until(lambda: len(runner.stuck) == 0)


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (asyncio.CancelledError("own"), "the handler show raised CancelledError"),
        (SystemExit(3), "the handler show raised SystemExit(3)"),
        (BaseException("odd"), "the handler show raised BaseException"),
        (GeneratorExit(), "the handler show raised GeneratorExit"),
    ],
    ids=["cancelled", "exit", "base", "generator"],
)
async def test_exceptions_beyond_exception_are_failures_too(odd: BaseException, said: str) -> None:
    recorder, letters = Recorder(errors=[odd] * 3), DeadLetters()
    assert await make_runner(recorder, letters)(JOB, Naps()) is False
    assert len(recorder.events) == 3
    ((_, error, _),) = letters.letters
    assert type(error) is RuntimeError
    assert str(error) == said


def test_a_keyboard_interrupt_reaches_the_user_after_the_dead_letter_hook() -> None:
    """The event of a handler that is interrupted is not lost (field case 45)."""
    recorder, letters = Recorder(errors=[KeyboardInterrupt()]), DeadLetters()

    async def main() -> None:
        await make_runner(recorder, letters)(JOB, Naps())
        await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert len(recorder.events) == 1, "the user wants the program to stop"
    ((event_, error, name),) = letters.letters
    assert (event_, name) == (JOB.event, "show")
    assert str(error) == "the handler show raised KeyboardInterrupt"


def test_a_keyboard_interrupt_reaches_the_user_out_of_a_late_handler() -> None:
    """A handler that is interrupted while it is cancelled is buried too (field case 45)."""
    letters = DeadLetters()

    async def late(_: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise KeyboardInterrupt

    async def main() -> None:
        await make_runner(late, letters, timeout=0.02)(JOB, Naps())
        await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert len(letters.letters) == 1


def test_a_keyboard_interrupt_reaches_the_user_out_of_the_hook(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An interrupt of the hook is logged with its event (field case 45)."""

    async def hook(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    async def main() -> None:
        await make_runner(Recorder(errors=[OSError()]), hook, attempts=1)(JOB)
        await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert f"the dead-letter hook failed on {JOB.event.key}" in caplog.text


async def test_a_hook_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def hook(*_: object) -> NoReturn:
        raise LookupError(f"no table for {TOKEN}")

    runner = make_runner(Recorder(errors=[OSError()]), hook, attempts=1)
    assert await runner(JOB) is False
    assert "the dead-letter hook failed on" in caplog.records[-1].getMessage()
    assert "LookupError: no table for ***" in caplog.text
    assert TOKEN not in caplog.text
    assert runner.counts.dead == 1


async def test_a_hook_that_hangs_is_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    async def hook(*_: object) -> None:
        await asyncio.Event().wait()

    runner = make_runner(Recorder(errors=[OSError()]), hook, attempts=1, timeout=0.02)
    assert await runner(JOB) is False
    assert "the dead-letter hook took longer than 0.02 s" in caplog.text


class Clock:
    """The time by which the runner measures; it stands still unless a test advances it."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("livechat_async.webhooks.runner.time", clock)
    return clock


async def test_a_blocking_handler_is_named_in_the_log(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async def blocks(_: WebhookEvent) -> None:
        await asyncio.sleep(0)
        clock.now += 2.5
        await asyncio.sleep(0)

    assert await make_runner(blocks)(JOB) is True
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "the handler show blocked the event loop for 2.5 s" in record.getMessage()
    assert "asyncio.to_thread" in record.getMessage()


async def test_a_waiting_handler_is_not_logged_as_blocking(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    waiting, may_end = asyncio.Event(), asyncio.Event()

    async def waits(_: WebhookEvent) -> None:
        waiting.set()
        await may_end.wait()

    running = asyncio.create_task(make_runner(waits)(JOB))
    await waiting.wait()
    clock.now += 1_000
    may_end.set()
    assert await running is True
    assert caplog.records == []


async def test_a_handler_may_await_anything() -> None:
    seen: list[object] = []

    async def numbers() -> Any:
        for number in range(3):
            await asyncio.sleep(0)
            yield number

    async def handler(_: WebhookEvent) -> None:
        seen.append([number async for number in numbers()])
        seen.append(await asyncio.to_thread(lambda: "thread"))
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            seen.append("timeout")
        async with asyncio.TaskGroup() as group:
            task = group.create_task(asyncio.sleep(0, "task"))
        seen.append(task.result())
        try:
            await asyncio.gather(_raises(), asyncio.sleep(0))
        except LookupError as error:
            seen.append(str(error))

    assert await make_runner(handler)(JOB) is True
    assert seen == [[0, 1, 2], "thread", "timeout", "task", "raised"]


async def _raises() -> NoReturn:
    await asyncio.sleep(0)
    raise LookupError("raised")


async def test_closing_the_outer_coroutine_closes_the_handler() -> None:
    closed: list[int] = []

    async def handler() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            closed.append(1)

    call = _timed(handler(), "x")
    call.send(None)
    call.close()
    assert closed == [1]


async def test_a_cancelled_run_cancels_the_handler_and_calls_no_hook() -> None:
    recorder, letters = Recorder(gate=asyncio.Event()), DeadLetters()
    runner = make_runner(recorder, letters)
    task = asyncio.create_task(runner(JOB))
    await until(lambda: len(recorder.events) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert letters.letters == []
    assert (runner.counts.failed, runner.counts.dead) == (0, 0)


async def test_a_run_cancelled_twice_leaves_the_handler_behind() -> None:
    stubborn = Stubborn()
    runner = make_runner(stubborn)
    task = asyncio.create_task(runner(JOB))
    await until(lambda: stubborn.runs == 1)
    task.cancel()
    await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(runner.stuck) == 1
    stubborn.release.set()
    await until(lambda: len(runner.stuck) == 0)


async def test_a_run_cancelled_during_the_hook_does_not_count_as_dead() -> None:
    called = asyncio.Event()

    async def hook(*_: object) -> None:
        called.set()
        await asyncio.Event().wait()

    runner = make_runner(Recorder(errors=[OSError()]), hook, attempts=1)
    task = asyncio.create_task(runner(JOB))
    await called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert runner.counts.dead == 0


async def test_an_abandoned_job_is_a_dead_letter() -> None:
    letters = DeadLetters()
    runner = make_runner(Recorder(), letters)
    await runner.abandon(JOB, "the receiver was closed")
    ((event, error, name),) = letters.letters
    assert (event, name) == (JOB.event, "show")
    assert isinstance(error, ClientStateError)
    assert "not run to its end: the receiver was closed" in str(error)
    assert (runner.counts.dead, runner.counts.abandoned) == (1, 1)


async def test_a_job_for_an_unknown_handler_is_a_dead_letter() -> None:
    letters = DeadLetters()
    runner = make_runner(Recorder(), letters)
    assert await runner(Job(JOB.event, "other")) is False
    ((_, error, name),) = letters.letters
    assert name == "other"
    assert "no handler is named 'other' here" in str(error)


async def test_handlers_and_hook_see_the_current_client() -> None:
    seen: list[object] = []

    async def look(*_: object) -> None:
        seen.append(current_client.get())
        if len(seen) == 1:
            raise ConfigurationError("to the hook")

    client: Any = object()
    await make_runner(look, look, client)(JOB)
    assert seen == [client, client]
    assert current_client.get() is None


async def test_an_error_without_a_text_does_not_break_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            raise ValueError

    letters = DeadLetters()
    runner = make_runner(Recorder(errors=[OddError(), OSError("x" * 9_000)]), letters, attempts=2)
    assert await runner(JOB, Naps()) is False
    assert "OddError: (its text cannot be shown)" in caplog.records[0].getMessage()
    assert len(letters.letters) == 1
    assert "x" * 500 + "..." in caplog.records[1].getMessage()
