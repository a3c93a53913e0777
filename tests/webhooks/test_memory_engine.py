"""Jobs in memory: none is lost, and none is done twice."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Coroutine
from itertools import groupby
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from receiver_help import LIMIT, document, event, until

from livechat_async.errors import ClientStateError, ConfigurationError, QueueFullError
from livechat_async.webhooks import EngineStatus, Job, MemoryEngine, parse_webhook
from livechat_async.webhooks.engine import Sleep


def job(number: int, handler: str = "show") -> Job:
    return Job(event(number), handler)


@define
class OrderedRunner:
    """A runner whose jobs wait for an order: succeed, fail, or rest until the next attempt."""

    runs: list[Job] = field(factory=list)
    orders: dict[str, asyncio.Future[str]] = field(factory=dict)
    resting: dict[str, asyncio.Future[str]] = field(factory=dict)
    abandoned: list[tuple[Job, str]] = field(factory=list)
    most_at_once: int = 0

    async def __call__(self, job: Job, sleep: Sleep | None = None) -> bool:
        assert sleep is not None
        self.runs.append(job)
        try:
            while True:
                order = self.orders[job.key] = asyncio.get_running_loop().create_future()
                self.most_at_once = max(self.most_at_once, len(self.orders))
                word = await order
                del self.orders[job.key]
                if word != "rest":
                    return word == "succeed"
                await sleep(0)
        finally:
            self.orders.pop(job.key, None)

    async def abandon(self, job: Job, reason: str) -> None:
        self.abandoned.append((job, reason))

    def say(self, key: str, word: str) -> None:
        self.orders[key].set_result(word)


def make_engine(**options: Any) -> tuple[MemoryEngine, OrderedRunner]:
    engine, runner = MemoryEngine(**options), OrderedRunner()
    engine.bind(runner)
    return engine, runner


async def spin() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class Deliveries(RuleBasedStateMachine):
    """Deliveries, successes, failures, waits and passing time, in any order.

    The model is the set of accepted jobs, and until when each successful job is remembered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = 0.0
        self.engine, self.runner = make_engine(
            queue_size=2, concurrency=2, remember=10.0, clock=lambda: self.now
        )
        self.accepted: set[str] = set()
        self.known_until: dict[str, float] = {}
        self.starts: Counter[str] = Counter()

    def do(self, call: Coroutine[Any, Any, Any]) -> Any:
        async def both() -> Any:
            result = await call
            await spin()
            return result

        return self.loop.run_until_complete(both())

    @rule(number=st.integers(1, 6))
    def deliver(self, number: int) -> None:
        wanted = job(number)
        key = wanted.key
        queued = self.engine.status().queued
        if key in self.accepted or self.known_until.get(key, -1) > self.now:
            assert self.do(self.engine.submit(wanted)) is False
        elif queued >= 2:
            with pytest.raises(QueueFullError, match="full with 2 jobs"):
                self.do(self.engine.submit(wanted))
        else:
            assert self.do(self.engine.submit(wanted)) is True
            self.accepted.add(key)
            self.starts[key] += 1

    @precondition(lambda self: self.runner.orders)
    @rule(data=st.data(), word=st.sampled_from(["succeed", "fail", "rest"]))
    def order(self, data: st.DataObject, word: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.runner.orders)))
        self.runner.say(key, word)
        if word != "rest":
            self.accepted.remove(key)
        if word == "succeed":
            self.known_until[key] = self.now + 10
        self.do(spin())

    @rule(seconds=st.sampled_from([1.0, 5.0, 10.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def every_accepted_job_waits_or_runs(self) -> None:
        status = self.engine.status()
        assert status.queued + status.running == len(self.accepted)
        assert status.running == len(self.runner.orders)
        assert self.runner.orders.keys() <= self.accepted
        assert status.running == 2 or status.queued == 0, "no place is free while a job waits"
        assert self.runner.most_at_once <= 2

    def teardown(self) -> None:
        self.do(self.engine.close(0))
        ran = Counter(job.key for job in self.runner.runs)
        left = Counter(job.key for job, _ in self.runner.abandoned)
        assert set(left) == self.accepted
        assert all(times == 1 for times in left.values())
        for key, times in self.starts.items():
            waited = any(job.key == key and "turn" in why for job, why in self.runner.abandoned)
            assert ran[key] == times - waited
        assert asyncio.all_tasks(self.loop) == set()
        self.loop.close()


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(stateful_step_count=40)


async def test_one_event_for_two_handlers_makes_two_jobs() -> None:
    engine, runner = make_engine()
    assert await engine.submit(job(1, "one"))
    assert await engine.submit(job(1, "two"))
    assert not await engine.submit(job(1, "two"))
    await spin()
    assert [each.handler for each in runner.runs] == ["one", "two"]
    await engine.close(0)


async def test_a_full_queue_still_recognises_repeats_and_has_room_later() -> None:
    engine, runner = make_engine(queue_size=1, concurrency=1)
    assert await engine.submit(job(1))
    assert await engine.submit(job(2))
    with pytest.raises(QueueFullError, match="full with 1 job: raise concurrency"):
        await engine.submit(job(3))
    assert not await engine.submit(job(1)), "it is a repeat although there is no room"
    await spin()
    runner.say(job(1).key, "succeed")
    await spin()
    assert await engine.submit(job(3)), "there is room again"
    assert engine.status() == EngineStatus(queued=1, running=1)
    await engine.close(0)


async def test_a_job_between_two_attempts_lets_another_job_run() -> None:
    engine, runner = make_engine(concurrency=1)
    await engine.submit(job(1))
    await engine.submit(job(2))
    await engine.submit(job(3))
    await spin()
    runner.say(job(1).key, "rest")
    await spin()
    assert list(runner.orders) == [job(2).key]
    assert engine.status() == EngineStatus(queued=2, running=1)
    runner.say(job(2).key, "succeed")
    await spin()
    assert list(runner.orders) == [job(1).key], "it comes before those that never ran"
    await engine.close(0)


async def test_close_finishes_the_jobs_that_wait() -> None:
    engine, runner = make_engine(concurrency=1)
    for number in range(5):
        await engine.submit(job(number))
    closing = asyncio.create_task(engine.close(LIMIT))
    for number in range(5):
        await until(lambda number=number: job(number).key in runner.orders)  # type: ignore[misc]
        runner.say(job(number).key, "succeed")
    await closing
    assert len(runner.runs) == 5
    assert runner.abandoned == []
    with pytest.raises(ClientStateError, match="closed"):
        await engine.submit(job(9))


async def test_close_abandons_the_jobs_that_are_left(caplog: pytest.LogCaptureFixture) -> None:
    engine, runner = make_engine(concurrency=1)
    for number in range(3):
        await engine.submit(job(number))
    await spin()
    runner.say(job(0).key, "rest")
    await spin()
    await engine.close(0.02)
    reasons = {each.key: reason for each, reason in runner.abandoned}
    assert reasons == {
        job(0).key: "the receiver was closed while its handler ran, or waited for another attempt",
        job(1).key: "the receiver was closed while its handler ran, or waited for another attempt",
        job(2).key: "the receiver was closed while it waited for its turn",
    }
    assert len(runner.runs) == 2
    assert "closed with 3 jobs left" in caplog.text
    assert engine.status() == EngineStatus(queued=0, running=0)


async def test_a_job_that_ends_during_close_does_not_start_another() -> None:
    runs: list[Job] = []

    class Stubborn(OrderedRunner):
        async def __call__(self, job: Job, sleep: Sleep | None = None) -> bool:  # noqa: ARG002
            runs.append(job)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.sleep(0)
            return True

    engine, runner = MemoryEngine(concurrency=1), Stubborn()
    engine.bind(runner)
    await engine.submit(job(1))
    await engine.submit(job(2))
    await spin()
    await engine.close(0)
    assert runs == [job(1)]
    assert [each for each, _ in runner.abandoned] == [job(2)]


async def test_close_may_be_called_several_times_at_once() -> None:
    engine, runner = make_engine()
    await engine.submit(job(1))
    await spin()
    closings = [asyncio.create_task(engine.close(LIMIT)) for _ in range(3)]
    await spin()
    closings[0].cancel()
    await spin()
    runner.say(job(1).key, "succeed")
    results = await asyncio.gather(*closings, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [None, None]
    await engine.close(LIMIT)
    assert runner.abandoned == []


async def test_close_does_not_wait_for_a_hook_that_never_ends(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livechat_async.webhooks.memory._ABANDON_SECONDS", 0.02)

    class HangingHook(OrderedRunner):
        async def abandon(self, job: Job, reason: str) -> None:
            await super().abandon(job, reason)
            await asyncio.Event().wait()

    engine, runner = MemoryEngine(), HangingHook()
    engine.bind(runner)
    await engine.submit(job(1))
    await engine.submit(job(2))
    await engine.close(0)
    assert len(runner.abandoned) == 2
    assert "did not end within 0.02 s" in caplog.text


async def test_a_job_that_is_delivered_again_at_the_moment_of_its_end_runs_once_more() -> None:
    engine = MemoryEngine()
    runs, again = list[Job](), list[asyncio.Task[bool]]()

    class Runner(OrderedRunner):
        async def __call__(self, job: Job, _: Sleep | None = None) -> bool:
            runs.append(job)
            if not again:  # this task runs between the end of the job's task and its callback
                again.append(asyncio.create_task(engine.submit(job)))
            return False

    engine.bind(Runner())
    assert await engine.submit(job(1))
    await spin()
    assert await again[0]
    assert runs == [job(1)] * 2
    assert engine.status() == EngineStatus(queued=0, running=0)


def test_a_job_cancelled_by_the_end_of_the_event_loop_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runners = []

    async def main() -> None:
        engine, runner = make_engine(concurrency=1)
        runners.append(runner)
        await engine.submit(job(1))
        await engine.submit(job(2))
        await spin()

    asyncio.run(main())
    gc.collect()
    (given_up,) = runners[0].abandoned
    assert given_up[0] == job(1), "its dead-letter hook is called (field case 45)"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert f"{job(1).key} was cancelled while it ran; close the receiver" in record.getMessage()


@pytest.mark.parametrize(("waits", "left"), [(0, "1 job"), (1, "2 jobs"), (5, "6 jobs")])
def test_jobs_left_when_the_event_loop_ends_during_close_are_abandoned(
    caplog: pytest.LogCaptureFixture, waits: int, left: str
) -> None:
    """Their dead-letter hook is called, whichever task ends first (field case 45)."""
    runners = []

    async def main() -> None:
        engine, runner = make_engine(concurrency=1)
        runners.append(runner)
        for number in range(1 + waits):
            await engine.submit(job(number))
        closing = asyncio.create_task(engine.close(LIMIT))
        await spin()
        assert not closing.done()

    asyncio.run(main())
    (record,) = caplog.records
    assert record.getMessage() == f"the event loop ended with {left} left"
    abandoned = [each for each, _ in runners[0].abandoned]
    assert sorted(abandoned, key=lambda each: each.key) == [job(n) for n in range(1 + waits)]


async def test_a_job_that_is_cancelled_while_the_engine_closes_does_not_hold_it_up() -> None:
    """The others run to their end, and it is abandoned (field case 45)."""
    engine, runner = make_engine(concurrency=1)
    await engine.submit(job(1))
    await engine.submit(job(2))
    closing = asyncio.create_task(engine.close(LIMIT))
    await spin()
    for task in list(engine._tasks):
        task.cancel()
    await until(lambda: job(2).key in runner.orders)
    runner.say(job(2).key, "succeed")
    async with asyncio.timeout(LIMIT / 2):
        await closing
    assert [each for each, _ in runner.abandoned] == [job(1)]


async def test_no_place_is_lost_when_a_returning_job_is_cancelled() -> None:
    engine, runner = make_engine(concurrency=1)
    await engine.submit(job(1))
    await spin()
    runner.say(job(1).key, "rest")
    await engine.submit(job(2))
    await spin()  # job 2 has the place, or job 1 has it back
    for task in list(engine._tasks):
        task.cancel()
    await spin()
    assert engine.status() == EngineStatus(queued=0, running=0)
    await engine.submit(job(3))
    await engine.submit(job(4))
    await spin()
    assert list(runner.orders) == [job(3).key], "one place, no more and no less"
    assert engine.status() == EngineStatus(queued=1, running=1)
    await engine.close(0)


async def test_a_place_given_to_a_cancelled_job_is_free_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, runner = make_engine(concurrency=1)
    await engine.submit(job(1))
    (first,) = engine._tasks
    await spin()
    runner.say(job(1).key, "rest")
    await engine.submit(job(2))
    await spin()
    runner.say(job(2).key, "rest")  # job 1 is next, and has its place from here on
    fill = engine._fill

    def fill_and_cancel() -> None:
        waited = len(engine._returning)
        fill()
        if len(engine._returning) < waited:
            first.cancel()

    monkeypatch.setattr(engine, "_fill", fill_and_cancel)
    await spin()
    assert first.cancelled()
    monkeypatch.undo()
    await engine.submit(job(3))
    await spin()
    assert len(runner.orders) == 1
    assert engine.status() == EngineStatus(queued=1, running=1)
    await engine.close(0)


async def test_an_engine_without_a_receiver_accepts_no_jobs() -> None:
    with pytest.raises(ConfigurationError, match="belongs to no receiver"):
        await MemoryEngine().submit(job(1))


async def test_an_engine_belongs_to_one_receiver() -> None:
    engine, _ = make_engine()
    with pytest.raises(ConfigurationError, match="belongs to one receiver"):
        engine.bind(OrderedRunner())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("queue_size", 0),
        ("concurrency", 1.5),
        ("remember", 0),
        ("remember", "7h"),
        ("remember_most", True),
    ],
)
def test_settings_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name):
        MemoryEngine(**{name: value})


async def test_successful_jobs_are_forgotten_when_they_are_old_or_too_many() -> None:
    now = [0.0]
    engine, runner = make_engine(remember=10, remember_most=3, clock=lambda: now[0])

    async def is_repeat(number: int) -> bool:
        if not await engine.submit(job(number)):
            return True
        await spin()
        runner.say(job(number).key, "succeed")
        await spin()
        return False

    assert not await is_repeat(1)
    now[0] = 5
    assert not await is_repeat(2)
    assert await is_repeat(1)
    now[0] = 10
    assert not await is_repeat(1), "it is 10 s old"
    assert await is_repeat(2)
    assert not await is_repeat(3)
    assert not await is_repeat(4)
    assert not await is_repeat(2), "three others were remembered later"
    assert [await is_repeat(number) for number in (3, 4, 2)] == [True] * 3
    await engine.close(0)


@given(st.lists(st.tuples(st.sampled_from(["A", "AB", "B"]), st.integers(1, 3)), max_size=8))
def test_without_an_id_each_change_is_one_event_however_often_it_is_delivered(
    changes: list[tuple[str, int]],
) -> None:
    """Tags that change there and back, each delivered some times (field case 15)."""

    def change(chat: str, tags: str) -> Job:
        chat_data = {"id": chat, "tags": list(tags)}
        content = document(kind="chat_changed", event_unique_id=None, chat=chat_data)
        return Job(parse_webhook(content), "show")

    async def main() -> int:
        engine, _ = make_engine(remember_most=2, concurrency=1)
        accepted = 0
        for tags, deliveries in changes:
            for _ in range(deliveries):
                accepted += await engine.submit(change("PJ1", tags))
        for chat in ("PJ2", "PJ3"):
            await engine.submit(change(chat, "A"))
        engine._forget()
        assert len(engine._latest) == 2, "old series are forgotten"
        await engine.close(0)
        return accepted

    assert asyncio.run(main()) == len([key for key, _ in groupby(tags for tags, _ in changes)])
